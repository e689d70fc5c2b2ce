//! The integral of a series.

use super::notices;
use super::range::{only_floats, seconds};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::kahan::Sum;
use crate::value::{Point, Window};

/// The value that stands for the time between two samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// The earlier one.
    Left,
    /// The later one.
    Right,
    /// Their mean.
    Trapezoid,
}

impl Rule {
    /// Returns the rule of an argument: 0, 1 or 2.
    fn of(argument: f64) -> Option<Self> {
        [Self::Left, Self::Right, Self::Trapezoid]
            .into_iter()
            .zip([0.0, 1.0, 2.0])
            .find_map(|(rule, number)| (argument == number).then_some(rule))
    }

    /// Returns the value between two samples, with what rounding lost.
    fn between(self, before: f64, after: f64) -> Sum {
        let mut value = Sum::default();
        match self {
            Self::Left => value.total = before,
            Self::Right => value.total = after,
            Self::Trapezoid if before == 0.0 && after == 0.0 => {}
            Self::Trapezoid => {
                value.total = before;
                value.add(after);
                if value.total.is_infinite() && before.is_finite() && after.is_finite() {
                    value.total = before / 2.0;
                    value.compensation = 0.0;
                    value.add(after / 2.0);
                } else {
                    value.total /= 2.0;
                    value.compensation /= 2.0;
                }
            }
        }
        value
    }
}

/// `integral`: the area under the series in the range. NaN counts as 0.
pub(super) fn integral(
    window: &Window<'_>,
    parameters: &[f64],
    annotations: &mut Annotations,
) -> Result<Point, Error> {
    let floats = only_floats(window, annotations);
    if floats.is_empty() {
        return Ok(Point::Absent);
    }
    let rule = match parameters.first() {
        Some(argument) => Rule::of(*argument).unwrap_or_else(|| {
            annotations.warn(notices::invalid_integral_strategy(*argument));
            Rule::Trapezoid
        }),
        None => Rule::Trapezoid,
    };
    let or_zero = |value: f64| if value.is_nan() { 0.0 } else { value };
    let mut area = Sum::default();
    for pair in floats.windows(2) {
        let [before, after] = pair else { continue };
        let value = rule.between(or_zero(before.value), or_zero(after.value));
        if value.total != 0.0 || value.compensation != 0.0 {
            let elapsed = seconds(after.at - before.at);
            area.compensation += value.compensation * elapsed;
            area.add(value.total * elapsed);
        }
    }
    Ok(Point::Float(area.value()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_differ_between_samples() {
        for (argument, expected) in [(0.0, 1.0), (1.0, 4.0), (2.0, 2.5)] {
            let value = Rule::of(argument).map(|rule| rule.between(1.0, 4.0).value());
            assert_eq!(value, Some(expected));
        }
        assert_eq!(Rule::of(0.5), None);
        assert_eq!(Rule::of(f64::NAN), None);
        let large = Rule::Trapezoid.between(f64::MAX, f64::MAX);
        assert_eq!(large.value(), f64::MAX);
    }
}
