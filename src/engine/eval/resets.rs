//! Resets of counters in overlapping ranges.

use std::ops::Range;

use crate::value::FloatSample;

/// The resets of a counter, of which ranges that only move on see a part. They are searched once, and not again in each range.
#[derive(Default)]
pub(super) struct Resets {
    /// The index of the first sample after each reset.
    samples: Vec<usize>,
    /// The value before each reset.
    values: Vec<f64>,
    from: usize,
    to: usize,
}

impl Resets {
    /// Finds the resets of a series.
    pub(super) fn new(floats: &[FloatSample]) -> Self {
        let mut resets = Self::default();
        for (index, pair) in floats.windows(2).enumerate() {
            if let [previous, sample] = pair
                && sample.value < previous.value
            {
                resets.samples.push(index + 1);
                resets.values.push(previous.value);
            }
        }
        resets
    }

    /// Returns the values before the resets between two samples of a range of indices, which does not begin or end before that
    /// of the last call.
    pub(super) fn within(&mut self, range: Range<usize>) -> &[f64] {
        let is_before =
            |place: usize, end: usize| self.samples.get(place).is_some_and(|sample| *sample < end);
        // A reset from a sample before the range to its first one does not count.
        while is_before(self.from, range.start.saturating_add(1)) {
            self.from += 1;
        }
        self.to = self.to.max(self.from);
        while is_before(self.to, range.end) {
            self.to += 1;
        }
        self.values.get(self.from..self.to).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ranges_that_move_on_see_their_resets(
            values in vec(0_u8..4, 0..12),
            length in 0_usize..5,
        ) {
            let sample = |(at, value): (i64, &u8)| FloatSample { at, value: f64::from(*value) };
            let floats: Vec<FloatSample> = (0..).zip(&values).map(sample).collect();
            let mut resets = Resets::new(&floats);
            for end in 0..=floats.len() {
                let range = end.saturating_sub(length)..end;
                let expected: Vec<f64> = floats[range.clone()]
                    .windows(2)
                    .filter(|pair| pair[1].value < pair[0].value)
                    .map(|pair| pair[0].value)
                    .collect();
                prop_assert_eq!(resets.within(range), expected);
            }
        }
    }
}
