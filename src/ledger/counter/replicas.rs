//! One timeline from those of several replicas of Prometheus.

use super::interval::ScrapeInterval;

/// A successful scrape of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Scrape {
    /// When, in milliseconds.
    pub(super) at: i64,
    /// The number of the replica.
    pub(super) replica: usize,
}

/// Whether a moment lies in a gap of ordered scrapes, with half an interval to both ends. Replicas scrape at different moments, and
/// two values that are scraped at almost the same moment may come in the wrong order, which would look like a reset.
pub(super) fn is_in_gap(scrapes: &[Scrape], at: i64, interval: &ScrapeInterval) -> bool {
    let next = scrapes.partition_point(|scrape| scrape.at <= at);
    let longest = interval.longest(at);
    // A neighbor that is farther away than that makes a gap by itself.
    let before = next.checked_sub(1).and_then(|number| scrapes.get(number));
    let after = scrapes.get(next);
    let to_before = before
        .map_or(i64::MAX, |scrape| at - scrape.at)
        .min(longest + 1);
    let to_after = after
        .map_or(i64::MAX, |scrape| scrape.at - at)
        .min(longest + 1);
    let margin = interval.at(at) / 2;
    to_before + to_after > longest && to_before >= margin && to_after >= margin
}

/// The successful scrapes of the first replica, with those of the others in its gaps. `replicas` has the ordered times of each.
pub(super) fn merge(replicas: &[Vec<i64>], interval: &ScrapeInterval) -> Vec<Scrape> {
    let mut merged: Vec<Scrape> = Vec::new();
    for (replica, times) in replicas.iter().enumerate() {
        let scrapes = times.iter().map(|at| Scrape { at: *at, replica });
        if merged.is_empty() {
            merged = scrapes.collect();
            continue;
        }
        let filling: Vec<Scrape> = scrapes
            .filter(|scrape| is_in_gap(&merged, scrape.at, interval))
            .collect();
        merged.extend(filling);
        merged.sort_unstable();
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_gaps_are_filled() {
        let times = |offset: i64, missing: std::ops::Range<i64>| -> Vec<i64> {
            (0..60)
                .filter(|number| !missing.contains(number))
                .map(|number| number * 15_000 + offset)
                .collect()
        };
        // The second replica scrapes 1 ms later, which is too near to the ends of the gap.
        let replicas = [times(0, 20..30), times(1, 50..60)];
        let interval = ScrapeInterval::read(&[&replicas[0], &replicas[1]]);
        let merged = merge(&replicas, &interval);
        let filled: Vec<i64> = merged
            .iter()
            .filter(|scrape| scrape.replica == 1)
            .map(|scrape| scrape.at)
            .collect();
        let expected: Vec<i64> = (20..30).map(|number| number * 15_000 + 1).collect();
        assert_eq!(filled, expected);
        assert!(merged.is_sorted());
        assert_eq!(merged.len(), 60);
    }

    #[test]
    fn one_missing_scrape_is_no_gap() {
        let first: Vec<i64> = [0, 15_000, 45_000, 60_000].into();
        let second: Vec<i64> = [7_000, 22_000, 37_000, 52_000].into();
        let interval = ScrapeInterval::read(&[&[0, 15_000, 30_000]]);
        let merged = merge(&[first, second], &interval);
        assert!(merged.iter().all(|scrape| scrape.replica == 0));
    }
}
