//! Linear combinations of counts, and slices from them.

use std::collections::BTreeMap;

use super::Counted;
use crate::{Slice, SliceSource};

/// Adds counts, each with its coefficient: `total - good` has 1 and -1. A slice is seen as long as the one of which least was seen,
/// and a slice that one of them lacks is missing.
pub fn combine(terms: &[(f64, &[Counted])]) -> Vec<Counted> {
    let mut sums: BTreeMap<i64, (usize, Counted)> = BTreeMap::new();
    for (coefficient, counts) in terms {
        for counted in *counts {
            let (terms, sum) = sums.entry(counted.start).or_insert((
                0,
                Counted {
                    increase: 0.0,
                    ..*counted
                },
            ));
            *terms += 1;
            sum.increase += coefficient * counted.increase;
            sum.seen = sum.seen.min(counted.seen);
        }
    }
    let whole = sums
        .into_values()
        .filter(|(count, _)| *count == terms.len());
    whole.map(|(_, sum)| sum).collect()
}

/// Slices from the counts of bad and of all events. Counts below zero become zero: they occur if both are derived from counters that
/// a process does not increase at the same moment.
pub fn slices(bad: &[Counted], total: &[Counted]) -> Vec<Slice> {
    let bad: BTreeMap<i64, &Counted> = bad.iter().map(|counted| (counted.start, counted)).collect();
    let slices = total.iter().filter_map(|total| {
        let bad = bad.get(&total.start)?;
        Some(Slice {
            start: total.start,
            bad: bad.increase.max(0.0),
            total: total.increase.max(0.0),
            seen: bad.seen.min(total.seen),
            source: SliceSource::Raw,
        })
    });
    slices.collect()
}
