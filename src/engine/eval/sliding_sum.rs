//! Sums of overlapping ranges.

use std::ops::Range;

use crate::value::FloatSample;

/// The fewest samples of a range for which a sum is kept: shorter ones are added up again as fast.
const MIN_SAMPLES: usize = 32;

/// The largest ratio of the sum of magnitudes to the magnitude of the sum for which a sum is kept.
const MOST_CANCELLATION: f64 = 2.0;

/// Larger values could overflow.
const MAX_VALUE: f64 = 1e290;

/// The sums of ranges of samples that only move on, in constant time per sample.
///
/// No sample is subtracted: the samples before some place are added up backwards from it, those after it forwards, and a range
/// is a part of each. With twice the precision of a float, the rounded sum is the same as that of Kahan's summation in order, as
/// long as negative values cancel out only a part of the positive ones.
pub(super) struct SlidingSum<'s> {
    floats: &'s [FloatSample],
    /// The place that divides the range.
    place: usize,
    /// The sums from each sample to `place`; of those from `first` on.
    before: Vec<Double>,
    first: usize,
    /// The sum from `place` to `end`.
    after: Double,
    end: usize,
    /// The sums of the values without their signs; `None` if no value is negative.
    magnitudes: Option<Magnitudes>,
}

/// The sums of the values without their signs, of the same samples.
#[derive(Debug, Default)]
struct Magnitudes {
    before: Vec<f64>,
    after: f64,
}

impl<'s> SlidingSum<'s> {
    /// Prepares the sums of a series. `None` if they might differ from those of Kahan's summation.
    pub(super) fn new(floats: &'s [FloatSample]) -> Option<Self> {
        let fits = |sample: &FloatSample| sample.value.abs() < MAX_VALUE;
        let has_negative = floats.iter().any(|sample| sample.value < 0.0);
        floats.iter().all(fits).then_some(Self {
            floats,
            place: 0,
            before: Vec::new(),
            first: 0,
            after: Double::default(),
            end: 0,
            magnitudes: has_negative.then(Magnitudes::default),
        })
    }

    /// Returns the sum of a range of indices, which does not begin or end before that of the last call. `None` for a short one,
    /// and if values cancel each other out.
    pub(super) fn of(&mut self, range: Range<usize>) -> Option<f64> {
        if range.len() < MIN_SAMPLES {
            return None;
        }
        if range.start >= self.place {
            self.divide_at_end(range.clone())?;
        }
        for sample in self.floats.get(self.end..range.end)? {
            self.after = self.after.plus_float(sample.value);
            if let Some(magnitudes) = &mut self.magnitudes {
                magnitudes.after += sample.value.abs();
            }
        }
        self.end = range.end;
        let index = range.start.checked_sub(self.first)?;
        let sum = self.before.get(index)?.plus(self.after).high;
        if let Some(magnitudes) = &self.magnitudes {
            let magnitude = magnitudes.before.get(index)? + magnitudes.after;
            return (magnitude <= MOST_CANCELLATION * sum.abs()).then_some(sum);
        }
        Some(sum)
    }

    fn divide_at_end(&mut self, range: Range<usize>) -> Option<()> {
        (self.first, self.place, self.end) = (range.start, range.end, range.end);
        self.after = Double::default();
        self.before.clear();
        let mut sum = Double::default();
        for sample in self.floats.get(range)?.iter().rev() {
            sum = sum.plus_float(sample.value);
            self.before.push(sum);
        }
        self.before.reverse();
        if let Some(magnitudes) = &mut self.magnitudes {
            magnitudes.after = 0.0;
            magnitudes.before.clear();
            let mut sum = 0.0;
            for sample in self.floats.get(self.first..self.place)?.iter().rev() {
                sum += sample.value.abs();
                magnitudes.before.push(sum);
            }
            magnitudes.before.reverse();
        }
        Some(())
    }
}

/// A number with twice the precision of a float: the sum of its rounded value and the remainder.
#[derive(Debug, Clone, Copy, Default)]
struct Double {
    high: f64,
    low: f64,
}

impl Double {
    fn plus(self, other: Self) -> Self {
        let high = Self::exact(self.high, other.high);
        let low = Self::exact(self.low, other.low);
        let high = Self::ordered(high.high, high.low + low.high);
        Self::ordered(high.high, high.low + low.low)
    }

    /// Adds a float, as `plus` does.
    fn plus_float(self, value: f64) -> Self {
        // A past without errors consists of zeros.
        if value == 0.0 {
            return self;
        }
        let high = Self::exact(self.high, value);
        Self::ordered(high.high, self.low + high.low)
    }

    /// Adds two floats without loss.
    fn exact(left: f64, right: f64) -> Self {
        let high = left + right;
        let of_right = high - left;
        let low = (left - (high - of_right)) + (right - of_right);
        Self { high, low }
    }

    /// Adds two floats without loss, of which the first is larger.
    fn ordered(large: f64, small: f64) -> Self {
        let high = large + small;
        Self {
            high,
            low: small - (high - large),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::histogram::kahan::Sum;

    /// Compares the sums of ranges that move on with Kahan's summation.
    fn compare(values: &[f64], moves: &[(usize, usize)]) -> Result<(), TestCaseError> {
        let sample = |(at, value): (i64, &f64)| FloatSample { at, value: *value };
        let floats: Vec<FloatSample> = (0..).zip(values).map(sample).collect();
        let mut sums = SlidingSum::new(&floats).ok_or(TestCaseError::fail("no sums"))?;
        let (mut start, mut end) = (0, 0);
        for (by_start, by_end) in moves {
            end = floats.len().min(end + by_end);
            start = end.min(start + by_start);
            let found = sums.of(start..end);
            let mut sum = Sum::default();
            floats[start..end]
                .iter()
                .for_each(|sample| sum.add(sample.value));
            if end - start < MIN_SAMPLES {
                prop_assert_eq!(found, None);
            } else {
                prop_assert_eq!(found, Some(sum.value()));
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn sums_are_those_of_kahan(
            values in vec(prop_oneof![0.0..1.0, 0.0..1e9, (0_u8..9).prop_map(f64::from)], 40..300),
            moves in vec((0_usize..20, 0_usize..20), 40),
        ) {
            compare(&values, &moves)?;
        }

        #[test]
        fn sums_with_negative_values_are_those_of_kahan(
            values in vec(prop_oneof![8 => 0.0..1e3, 2 => -1e-12..0.0, 1 => -50.0..0.0], 40..300),
            moves in vec((0_usize..20, 0_usize..20), 40),
        ) {
            compare(&values, &moves)?;
        }

        #[test]
        fn a_float_is_added_like_a_number_with_twice_the_precision(
            values in vec(prop_oneof![-1e9..1e9, Just(0.0), Just(-0.0), 0.0..1e-9], 0..50),
        ) {
            let mut sum = Double::default();
            for value in values {
                let of = Double { high: value, low: 0.0 };
                let (found, expected) = (sum.plus_float(value), sum.plus(of));
                prop_assert_eq!(found.high.to_bits(), expected.high.to_bits());
                prop_assert_eq!(found.low, expected.low);
                sum = found;
            }
        }
    }

    #[test]
    fn values_that_cancel_out_are_added_up_in_order() {
        let value = |index: i64| if index % 2 == 0 { 1.0 } else { -1.0 };
        let sample = |at: i64| FloatSample {
            at,
            value: value(at),
        };
        let floats: Vec<FloatSample> = (0..100).map(sample).collect();
        assert_eq!(
            SlidingSum::new(&floats).and_then(|mut sums| sums.of(0..50)),
            None
        );
    }

    #[test]
    fn other_values_are_added_up_in_order() {
        for value in [f64::NAN, f64::INFINITY, 1e300] {
            assert!(SlidingSum::new(&[FloatSample { at: 0, value }]).is_none());
        }
    }
}
