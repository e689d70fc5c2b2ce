//! N0906: bounds of buckets, compared exactly.

use rust_decimal::Decimal;

use crate::Metric;

/// A bound of a classic histogram's bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound<'k> {
    /// In the histogram's unit.
    pub value: Decimal,
    /// The text of its `le`.
    pub text: &'k str,
}

/// The finite bounds of a classic histogram's buckets, in rising order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds<'k>(Vec<Bound<'k>>);

impl<'k> Bounds<'k> {
    /// Those of a metric. What cannot be held exactly is left out.
    pub fn of(metric: &'k Metric) -> Self {
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

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The texts of the bounds with that value: several where targets write it differently.
    pub fn texts(&self, value: Decimal) -> Vec<&'k str> {
        self.0
            .iter()
            .filter(|bound| bound.value == value)
            .map(|bound| bound.text)
            .collect()
    }

    /// The nearest below and above a value.
    pub fn around(&self, value: Decimal) -> (Option<Bound<'k>>, Option<Bound<'k>>) {
        let below = self.0.iter().rev().find(|bound| bound.value < value);
        let above = self.0.iter().find(|bound| bound.value > value);
        (below.copied(), above.copied())
    }

    /// The nearest to a value; of two that are equally near the smaller, which promises more.
    pub fn nearest(&self, value: Decimal) -> Option<Bound<'k>> {
        match self.around(value) {
            (Some(below), Some(above)) if above.value - value < value - below.value => Some(above),
            (Some(below), _) => Some(below),
            (None, above) => above,
        }
    }
}

/// A number as Prometheus writes it, `0.3`, `3e-1`, `1.0`; `None` for what is infinite, or cannot be held exactly.
pub(super) fn decimal(text: &str) -> Option<Decimal> {
    let (digits, exponent) = match text.split_once(['e', 'E']) {
        Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let mut value = Decimal::from_str_exact(digits.strip_prefix('+').unwrap_or(digits)).ok()?;
    // A decimal has 28 digits: what is further away is no bound of a duration or a size.
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
