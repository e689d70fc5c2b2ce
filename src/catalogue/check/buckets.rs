//! N0906: bounds of buckets, compared exactly.

use rust_decimal::Decimal;

use crate::Metric;

/// A bound of a classic histogram's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'k> {
    /// The bound in the histogram's unit.
    pub value: Decimal,
    /// The text of its `le`.
    pub text: &'k str,
}

/// The finite bounds of a classic histogram's buckets, in rising order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds<'k>(Vec<Bound<'k>>);

impl<'k> Bounds<'k> {
    /// Collects the bounds of a metric. Bounds that a [`Decimal`] cannot represent exactly are omitted.
    pub fn new(metric: &'k Metric) -> Self {
        let mut bounds: Vec<Bound<'k>> = metric
            .buckets
            .iter()
            .filter_map(|text| {
                Some(Bound {
                    value: decimal(text)?,
                    text,
                })
            })
            .collect();
        bounds.sort_by_key(|bound| bound.value);
        Self(bounds)
    }

    /// Returns whether there are no bounds.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts of the bounds with this value: several if targets format it differently.
    pub fn texts(&self, value: Decimal) -> Vec<&'k str> {
        self.0
            .iter()
            .filter(|bound| bound.value == value)
            .map(|bound| bound.text)
            .collect()
    }

    /// The nearest bounds below and above a value.
    pub fn neighbors(&self, value: Decimal) -> (Option<Bound<'k>>, Option<Bound<'k>>) {
        let below = self.0.iter().rev().find(|bound| bound.value < value);
        let above = self.0.iter().find(|bound| bound.value > value);
        (below.copied(), above.copied())
    }

    /// The bound nearest to a value; of two equally near ones the smaller, which is the stricter objective.
    pub fn nearest(&self, value: Decimal) -> Option<Bound<'k>> {
        match self.neighbors(value) {
            (Some(below), Some(above)) if above.value - value < value - below.value => Some(above),
            (Some(below), _) => Some(below),
            (None, above) => above,
        }
    }
}

/// Parses a number as Prometheus writes it, `0.3`, `3e-1`, `1.0`; `None` if it is infinite or cannot be represented
/// exactly.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let mut value = Decimal::from_str_exact(digits.strip_prefix('+').unwrap_or(digits)).ok()?;
    // A decimal has 28 digits: a number beyond them is not a bound of a duration or a size.
    if exponent.unsigned_abs() > 28 {
        return None;
    }
    for _ in 0..exponent.unsigned_abs() {
        value = if exponent > 0 {
            value.checked_mul(Decimal::TEN)?
        } else {
            value.checked_div(Decimal::TEN)?
        };
    }
    Some(value.normalize())
}
