//! Slices by number, without gaps.

use crate::input::{SLICE_SECONDS, Slice};

/// A slice is used if it was seen for at least this long, in seconds.
const LEAST_SEEN: u16 = 60;

/// Slices older than this many before the last one are ignored: 400 days.
const LONGEST: i64 = 400 * SLICES_PER_DAY;

/// The number of slices in a day.
pub(crate) const SLICES_PER_DAY: i64 = 86_400 / SLICE_SECONDS;

/// Counts by number of the slice; those that are not seen have a total of 0.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series {
    /// The number of the first slice since 1970.
    pub(crate) first: i64,
    bad: Vec<f64>,
    total: Vec<f64>,
    /// The share of the slice that was seen.
    seen: Vec<f64>,
}

/// Whether counts can be used: what contradicts itself is unknown.
fn is_usable(slice: &Slice) -> bool {
    slice.seen >= LEAST_SEEN
        && slice.bad.is_finite()
        && slice.total.is_finite()
        && slice.bad >= 0.0
        && slice.bad <= slice.total
}

impl Series {
    pub(crate) fn new(slices: &[Slice]) -> Self {
        let number = |slice: &Slice| slice.start.div_euclid(SLICE_SECONDS);
        let Some(last) = slices.iter().map(number).max() else {
            return Self::default();
        };
        let earliest = last.saturating_sub(LONGEST);
        let used = || slices.iter().filter(|slice| number(slice) >= earliest);
        let first = used().map(number).min().unwrap_or(last);
        let length = usize::try_from(last - first + 1).unwrap_or(0);
        let mut series = Self {
            first,
            bad: vec![0.0; length],
            total: vec![0.0; length],
            seen: vec![0.0; length],
        };
        for slice in used() {
            let index = usize::try_from(number(slice) - first).unwrap_or(usize::MAX);
            let places = (
                series.bad.get_mut(index),
                series.total.get_mut(index),
                series.seen.get_mut(index),
            );
            if let (Some(bad), Some(total), Some(seen)) = places {
                let usable = is_usable(slice);
                *bad = if usable { slice.bad } else { 0.0 };
                *total = if usable { slice.total } else { 0.0 };
                *seen = if usable {
                    (f64::from(slice.seen) / 300.0).min(1.0)
                } else {
                    0.0
                };
            }
        }
        series
    }

    /// The number after the last slice.
    pub(crate) fn end(&self) -> i64 {
        self.first + i64::try_from(self.bad.len()).unwrap_or(0)
    }

    fn index(&self, number: i64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    /// Bad and all events of a slice; both 0 if it was not seen.
    pub(crate) fn counts(&self, number: i64) -> (f64, f64) {
        let Some(index) = self.index(number) else {
            return (0.0, 0.0);
        };
        match (self.bad.get(index), self.total.get(index)) {
            (Some(bad), Some(total)) => (*bad, *total),
            _ => (0.0, 0.0),
        }
    }

    /// The share of a slice that was seen.
    pub(crate) fn seen(&self, number: i64) -> f64 {
        let seen = self.index(number).and_then(|index| self.seen.get(index));
        seen.copied().unwrap_or(0.0)
    }

    /// The share of a span of slices that was seen.
    pub(crate) fn coverage(&self, from: i64, until: i64) -> f64 {
        if until <= from {
            return 0.0;
        }
        let inside = from.max(self.first)..until.min(self.end());
        let seen: f64 = inside.map(|number| self.seen(number)).sum();
        seen / (until - from) as f64
    }

    /// Whether nothing was seen.
    pub(crate) fn is_empty(&self) -> bool {
        self.bad.is_empty()
    }
}

/// The number of the slice that a time is in.
pub(crate) fn slice_of(time: i64) -> i64 {
    time.div_euclid(SLICE_SECONDS)
}

/// When a slice begins.
pub(crate) fn start_of(number: i64) -> i64 {
    number.saturating_mul(SLICE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slice(number: i64, bad: f64, total: f64, seen: u16) -> Slice {
        Slice {
            start: number * SLICE_SECONDS,
            bad,
            total,
            seen,
        }
    }

    #[test]
    fn slices_need_no_order_and_the_last_one_counts() {
        let series = Series::new(&[
            slice(7, 1.0, 10.0, 300),
            slice(5, 2.0, 20.0, 150),
            slice(7, 3.0, 30.0, 300),
        ]);
        assert_eq!((series.first, series.end()), (5, 8));
        assert_eq!(series.counts(5), (2.0, 20.0));
        assert_eq!(series.counts(6), (0.0, 0.0));
        assert_eq!(series.counts(7), (3.0, 30.0));
        assert_eq!(series.coverage(5, 8), 0.5);
        assert_eq!(series.coverage(0, 10), 0.15);
    }

    #[test]
    fn what_contradicts_itself_is_unknown() {
        let series = Series::new(&[
            slice(0, 1.0, 10.0, 0),
            slice(1, 11.0, 10.0, 300),
            slice(2, f64::NAN, 10.0, 300),
            slice(3, -1.0, 10.0, 300),
            slice(4, 1.0, f64::INFINITY, 300),
            slice(5, 1.0, 10.0, 30),
        ]);
        for number in -1..7 {
            assert_eq!(series.counts(number), (0.0, 0.0));
            assert_eq!(series.seen(number), 0.0);
        }
    }

    #[test]
    fn a_stray_slice_does_not_make_the_series_endless() {
        let series = Series::new(&[
            slice(0, 1.0, 10.0, 300),
            slice(i64::MAX / 400, 1.0, 10.0, 300),
            slice(i64::MIN / 400, 1.0, 10.0, 300),
        ]);
        assert_eq!(series.end() - series.first, 1);
    }
}
