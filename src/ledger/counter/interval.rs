//! The scrape interval of a target, from the distances of its scrapes.

use std::collections::BTreeMap;

use super::{LONGEST_INTERVAL, slice_of_millis};

/// The interval if there are too few scrapes to see it, in milliseconds.
const DEFAULT: i64 = 60_000;
/// How far before a slice distances are used, in milliseconds.
const BEFORE: i64 = 1_500_000;
/// How far after the start of a slice distances are used, in milliseconds.
const AFTER: i64 = 600_000;

/// The scrape interval at each time.
#[derive(Debug, Default)]
pub(super) struct ScrapeInterval {
    /// By the start of slices in seconds. Slices without scrapes nearby are missing.
    by_slice: BTreeMap<i64, i64>,
}

impl ScrapeInterval {
    /// The median distances of scrapes around each slice; of several replicas, those of the first one that has any there.
    pub(super) fn read(replicas: &[&[i64]]) -> Self {
        let mut by_slice = BTreeMap::new();
        for times in replicas.iter().rev() {
            let (Some(first), Some(last)) = (times.first(), times.last()) else {
                continue;
            };
            let end = slice_of_millis(last.saturating_add(BEFORE));
            let mut slice = slice_of_millis(first.saturating_sub(AFTER));
            while slice <= end {
                let start = slice * 1_000;
                let from = times.partition_point(|at| *at < start - BEFORE);
                let until = times.partition_point(|at| *at <= start + AFTER);
                if let Some(median) = median(times.get(from..until).unwrap_or_default()) {
                    by_slice.insert(slice, median);
                }
                slice += 300;
            }
        }
        Self { by_slice }
    }

    /// The interval at a time, in milliseconds.
    pub(super) fn at(&self, at: i64) -> i64 {
        let found = self.by_slice.get(&slice_of_millis(at));
        found.copied().unwrap_or(DEFAULT)
    }

    /// The longest distance of two scrapes at a time that is no gap, in milliseconds.
    pub(super) fn longest(&self, at: i64) -> i64 {
        (self.at(at) * 5 / 2).min(LONGEST_INTERVAL)
    }
}

/// The median distance of neighboring times; the lower one of two.
fn median(times: &[i64]) -> Option<i64> {
    let mut distances: Vec<i64> = times
        .windows(2)
        .filter_map(|pair| Some(pair.last()? - pair.first()?))
        .collect();
    let middle = distances.len().checked_sub(1)? / 2;
    let (_, median, _) = distances.select_nth_unstable(middle);
    Some(*median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_ignores_gaps() {
        let times: Vec<i64> = (0..100)
            .filter(|number| !(40..60).contains(number))
            .map(|number| number * 15_000)
            .collect();
        let interval = ScrapeInterval::read(&[&times]);
        assert_eq!(interval.at(750_000), 15_000);
        assert_eq!(interval.longest(750_000), 37_500);
        // Long after the last scrape.
        assert_eq!(interval.at(90_000_000), DEFAULT);
    }

    #[test]
    fn the_first_replica_decides() {
        let first: Vec<i64> = (0..40).map(|number| number * 30_000).collect();
        let second: Vec<i64> = (0..400).map(|number| number * 15_000).collect();
        let interval = ScrapeInterval::read(&[&first, &second]);
        assert_eq!(interval.at(600_000), 30_000);
        assert_eq!(interval.at(5_000_000), 15_000);
    }

    #[test]
    fn no_distance_is_longer_than_five_minutes() {
        let times: Vec<i64> = (0..10).map(|number| number * 300_000).collect();
        assert_eq!(ScrapeInterval::read(&[&times]).longest(1_000_000), 300_000);
    }
}
