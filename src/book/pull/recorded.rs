//! Slices from what the recording rules wrote: an estimate.

use std::collections::BTreeMap;

use nth_ledger::counter::Series as SampledSeries;
use nth_ledger::{Interval, SLICE_SECONDS, Slice, SliceSource};

use super::{ByGroup, Group, Server, Wanted};
use nth_targets::prometheus::BudgetStatus;

/// How far a recorded slice reaches back, at most, in seconds.
const LONGEST: i64 = 600;

/// Reads the slices of each group, and the number of samples that the server sent. A recorded slice that two slices share counts for each to the
/// share that lies in it.
///
/// # Errors
///
/// If there is no complete answer.
pub fn read<S: Server>(
    server: &S,
    slo: &Wanted,
    selectors: [&str; 3],
    within: Interval,
) -> Result<(ByGroup, usize), S::Error> {
    let from = within.from * 1_000;
    let to = (within.until + LONGEST) * 1_000;
    let mut samples = 0;
    let mut read = |selector: &str| {
        let what = format!("what rules recorded of {}", slo.key);
        let series = server.raw(selector, from, to, &what)?;
        samples += series.iter().map(|one| one.samples.len()).sum::<usize>();
        let groups = slo.by_group(series).into_iter();
        let values = groups.map(|(group, series)| (group, by_time(&series)));
        Ok::<BTreeMap<Group, BTreeMap<i64, f64>>, S::Error>(values.collect())
    };
    let [bad, total, known] = selectors;
    let (bad, total, known) = (read(bad)?, read(total)?, read(known)?);
    let of_group = |(group, known): (Group, BTreeMap<i64, f64>)| {
        let slices = match (bad.get(&group), total.get(&group)) {
            (Some(bad), Some(total)) => recorded_slices([bad, total, &known], within),
            _ => Vec::new(),
        };
        (group, slices)
    };
    Ok((known.into_iter().map(of_group).collect(), samples))
}

/// The slices of the bad events, all events and the known seconds that were recorded, by time.
fn recorded_slices(recorded: [&BTreeMap<i64, f64>; 3], within: Interval) -> Vec<Slice> {
    let [bad, total, known] = recorded;
    let late = i64::try_from(BudgetStatus::recorded_late().0).unwrap_or(0);
    let mut slices: BTreeMap<i64, [f64; 3]> = BTreeMap::new();
    for (at, known) in known.iter().map(|(at, known)| (*at, *known)) {
        let (Some(bad), Some(total)) = (bad.get(&at), total.get(&at)) else {
            continue;
        };
        if known <= 0.0 {
            continue;
        }
        let until = seconds(at - late);
        let from = until - known;
        for (start, share) in shares(from, until) {
            let sums = slices.entry(start).or_default();
            for (sum, value) in sums.iter_mut().zip([*bad, *total, known]) {
                *sum += value * share;
            }
        }
    }
    let slices = slices
        .into_iter()
        .filter(|(start, _)| (within.from..within.until).contains(start))
        .map(|(start, [bad, total, known])| Slice {
            start,
            bad,
            total,
            seen: whole(known),
            source: SliceSource::Recorded,
        });
    slices.collect()
}

/// The values by time; of several series, those of an owner before and after a change, the largest.
fn by_time(series: &[SampledSeries]) -> BTreeMap<i64, f64> {
    let mut values: BTreeMap<i64, f64> = BTreeMap::new();
    for sample in series.iter().flat_map(|one| &one.samples) {
        if sample.value.is_finite() {
            let known = values.entry(sample.at).or_insert(sample.value);
            *known = known.max(sample.value);
        }
    }
    values
}

/// The slices in which a time lies, in seconds, each with its share of it.
fn shares(from: f64, until: f64) -> Vec<(i64, f64)> {
    let length = until - from;
    #[allow(clippy::cast_possible_truncation)]
    let first = (from as i64).div_euclid(SLICE_SECONDS) * SLICE_SECONDS;
    let starts = std::iter::successors(Some(first), |start| Some(start + SLICE_SECONDS));
    starts
        .take_while(|start| seconds(start * 1_000) < until)
        .filter_map(|start| {
            let (begin, end) = (
                seconds(start * 1_000),
                seconds((start + SLICE_SECONDS) * 1_000),
            );
            let share = (until.min(end) - from.max(begin)) / length;
            (share > 0.0).then_some((start, share))
        })
        .collect()
}

/// Milliseconds as seconds. They are far below 2^53.
#[allow(clippy::cast_precision_loss)]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1_000.0
}

/// Seconds of a slice, rounded.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn whole(seconds: f64) -> u16 {
    seconds.round().clamp(0.0, 300.0) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_slice_is_shared() {
        let found = shares(240.0, 420.0);
        assert_eq!(found.len(), 2);
        assert!((found[0].1 - 60.0 / 180.0).abs() < 1e-12, "{found:?}");
        assert!((found[1].1 - 120.0 / 180.0).abs() < 1e-12, "{found:?}");
        assert_eq!(shares(300.0, 480.0), [(300, 1.0)]);
    }
}
