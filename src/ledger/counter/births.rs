//! Whether the first value of a series counts.

use super::target::{Job, Target};
use super::{LONGEST_INTERVAL, LOOK_BACK};

/// The moments at which a job and all jobs were scraped, in order.
pub(super) struct Looks<'a> {
    /// Those of the job.
    pub(super) of_job: &'a [i64],
    /// Those of all jobs.
    pub(super) of_all: &'a [i64],
}

/// The moments at which the targets of a job were scraped, in order, successfully or not.
pub(super) fn attempts(job: &Job) -> Vec<i64> {
    let mut times: Vec<i64> = job
        .values()
        .flat_map(|target| target.attempts.iter().copied())
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// Whether one of ordered times is in an interval, both ends included.
fn has_between(times: &[i64], from: i64, until: i64) -> bool {
    let first = times.partition_point(|at| *at < from);
    times.get(first).is_some_and(|at| *at <= until)
}

/// Whether a series has counted from zero since the look before, so that its first value counts. In the hour before it has no
/// sample.
pub(super) fn starts_at_zero(at: i64, target: &Target, looks: &Looks<'_>) -> bool {
    let from = at - LOOK_BACK;
    // The target was scraped without it. If the series has times of its own, it may have been there at the last scrapes.
    let latest = if target.is_scraped_at(at) {
        at - 1
    } else {
        at - LONGEST_INTERVAL
    };
    let next = target.scrapes.partition_point(|scrape| scrape.at < from);
    if target
        .scrapes
        .get(next)
        .is_some_and(|scrape| scrape.at <= latest)
    {
        return true;
    }
    let pause = target.interval.longest(at);
    if let Some(start) = target.process_start(at) {
        // Everything that the process has counted happened within the last hour, and the server looked before.
        let is_young = start * 1_000.0 >= as_float(from);
        return is_young && has_between(looks.of_all, from, at - pause);
    }
    // The target is new, while others of its job were scraped.
    let first = target.attempts.partition_point(|attempt| *attempt < from);
    let first = target.attempts.get(first).copied().unwrap_or(at).min(at);
    has_between(looks.of_job, from, first - pause)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "milliseconds are exact up to 2^53"
)]
fn as_float(millis: i64) -> f64 {
    millis as f64
}
