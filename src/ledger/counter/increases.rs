//! The increases of all series, by slices.

use std::collections::BTreeMap;

use super::births::{self, Looks};
use super::target::{Job, Target};
use super::{LOOK_BACK, Sample, slice_of_millis};
use crate::Interval;

/// The distance of two start times of the same process, in seconds: exporters calculate it from the time since the boot.
const SAME_START: f64 = 1.5;

/// Adds the increases in an interval of whole slices to the slices.
pub(super) fn add(
    within: Interval,
    jobs: &BTreeMap<String, Job>,
    increases: &mut BTreeMap<i64, f64>,
) {
    let of_jobs: Vec<Vec<i64>> = jobs.values().map(births::attempts).collect();
    let mut of_all: Vec<i64> = of_jobs.iter().flatten().copied().collect();
    of_all.sort_unstable();
    for (job, of_job) in jobs.values().zip(&of_jobs) {
        let looks = Looks {
            of_job,
            of_all: &of_all,
        };
        for target in job.values() {
            for samples in &target.counters {
                add_series(within, samples, target, &looks, increases);
            }
        }
    }
}

fn add_series(
    within: Interval,
    samples: &[Sample],
    target: &Target,
    looks: &Looks<'_>,
    increases: &mut BTreeMap<i64, f64>,
) {
    let mut last: Option<Sample> = None;
    for sample in samples {
        let slice = slice_of_millis(sample.at);
        let previous = last.replace(*sample);
        if slice < within.from || slice >= within.until {
            continue;
        }
        let previous = previous.filter(|previous| sample.at - previous.at <= LOOK_BACK);
        let increase = match previous {
            Some(previous) if is_reset(previous, *sample, target) => sample.value,
            Some(previous) => sample.value - previous.value,
            None if births::starts_at_zero(sample.at, target, looks) => sample.value,
            None => continue,
        };
        *increases.entry(slice).or_default() += increase;
    }
}

fn is_reset(previous: Sample, sample: Sample, target: &Target) -> bool {
    let starts = (
        target.process_start(previous.at),
        target.process_start(sample.at),
    );
    let is_restarted =
        matches!(starts, (Some(before), Some(now)) if (now - before).abs() > SAME_START);
    sample.value < previous.value || is_restarted
}
