//! Slices of an SLI each of whose evaluations is an event.

use std::collections::BTreeMap;

use nth_ledger::counter::Series as SampledSeries;
use nth_ledger::{Interval, SLICE_SECONDS, Slice, SliceSource, slice_start};

use super::{ByGroup, Server, Wanted};
use nth_model::Duration;

/// Reads the slices of each group, and the number of samples that the server sent.
///
/// # Errors
///
/// If there is no complete answer.
pub fn read<S: Server>(
    server: &S,
    slo: &Wanted,
    bad: &str,
    interval: Duration,
    within: Interval,
) -> Result<(ByGroup, usize), S::Error> {
    let step = step_seconds(interval);
    let series = server.steps(
        bad,
        (within.from + step) * 1_000,
        within.until * 1_000,
        step * 1_000,
        &format!("the condition of {}", slo.key),
    )?;
    let samples = series.iter().map(|one| one.samples.len()).sum();
    let groups = slo.by_group(series).into_iter();
    let slices = groups.map(|(group, series)| (group, evaluated(&series, step)));
    Ok((slices.collect(), samples))
}

/// The slices of the evaluations of a condition. Of several series, the worst counts.
fn evaluated(series: &[SampledSeries], step: i64) -> Vec<Slice> {
    let mut values: BTreeMap<i64, f64> = BTreeMap::new();
    for sample in series.iter().flat_map(|series| &series.samples) {
        if sample.value.is_finite() {
            let known = values.entry(sample.at.div_euclid(1_000)).or_insert(0.0);
            *known = known.max(if sample.value > 0.0 { 1.0 } else { 0.0 });
        }
    }
    let mut slices: BTreeMap<i64, Slice> = BTreeMap::new();
    for (at, bad) in values {
        let start = slice_start(at);
        let slice = slices.entry(start).or_insert(Slice {
            start,
            bad: 0.0,
            total: 0.0,
            seen: 0,
            source: SliceSource::TimeSlices,
        });
        slice.bad += bad;
        slice.total += 1.0;
        slice.seen = slice
            .seen
            .saturating_add(u16::try_from(step).unwrap_or(u16::MAX));
    }
    slices.into_values().collect()
}

/// The largest divisor of a slice that is not longer than the interval of the rules, so that all slices have equally many
/// evaluations.
fn step_seconds(interval: Duration) -> i64 {
    let longest = i64::try_from(interval.0 / 1_000).unwrap_or(SLICE_SECONDS);
    (1..=SLICE_SECONDS)
        .rev()
        .find(|step| SLICE_SECONDS % step == 0 && *step <= longest)
        .unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_slices_have_equally_many_evaluations() {
        let steps = [500, 1_000, 15_000, 45_000, 60_000, 180_000]
            .map(|interval| step_seconds(Duration(interval)));
        assert_eq!(steps, [1, 1, 15, 30, 60, 150]);
    }
}
