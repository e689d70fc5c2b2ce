//! Reads the slices of SLOs from a Prometheus.

mod answer;
mod recorded;
mod stepped;
pub mod versions;

use std::collections::{BTreeMap, BTreeSet};

use nth_ledger::counter::{
    Counted, READ_AHEAD_SECONDS, READ_BACK_SECONDS, Series as SampledSeries, Targets, combine,
    count, slices,
};
use nth_ledger::{Interval, Pull, SLICE_SECONDS, Slice, SloKey};
use rayon::prelude::*;

use super::counting::{Counting, Series};
use nth_promql::{MatchOp, build};

pub use answer::samples;

/// Where samples come from.
pub trait Server: Sync {
    /// Why there are none.
    type Error: Send;

    /// Returns the raw samples of a selector after `from` until `to`, in milliseconds since 1970. An error names `what`.
    ///
    /// # Errors
    ///
    /// If there is no complete answer.
    fn raw(
        &self,
        selector: &str,
        from: i64,
        to: i64,
        what: &str,
    ) -> Result<Vec<SampledSeries>, Self::Error>;

    /// Evaluates a query every `step` from `from` to `to`, in milliseconds since 1970. An error names `what`.
    ///
    /// # Errors
    ///
    /// If there is no complete answer.
    fn steps(
        &self,
        query: &str,
        from: i64,
        to: i64,
        step: i64,
        what: &str,
    ) -> Result<Vec<SampledSeries>, Self::Error>;
}

/// An SLO to read.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// The SLO.
    pub key: SloKey,
    /// How its events are counted.
    pub counting: Counting,
}

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The slices of each SLO.
    pub pulls: Vec<Pull>,
    /// The number of samples that the server sent.
    pub samples: usize,
}

/// The last moment at which a slice can end that is counted at `now`, in seconds: later scrapes may still belong to it.
pub fn countable_until(now: i64) -> i64 {
    (now - READ_AHEAD_SECONDS).div_euclid(SLICE_SECONDS) * SLICE_SECONDS
}

/// Reads the slices of SLOs that are wanted together, in an interval of whole slices. Selectors that several of them have are read
/// once. `replica_labels` are the labels in which replicas of Prometheus differ.
///
/// # Errors
///
/// That of the server, if there is no complete answer. Then nothing is returned.
pub fn read<S: Server>(
    server: &S,
    wanted: &[Wanted],
    within: Interval,
    replica_labels: &[String],
) -> Result<Read, S::Error> {
    let counters = Counters::read(server, wanted, within, replica_labels)?;
    let slices: Result<Vec<(Vec<Slice>, usize)>, S::Error> = { wanted.par_iter() }
        .map(|slo| match &slo.counting {
            Counting::Counters { bad, total, bucket } => {
                Ok((counters.slices(bad, total, bucket.as_deref()), 0))
            }
            Counting::Evaluations { bad, interval } => {
                stepped::read(server, &slo.key, bad, *interval, within)
            }
            Counting::Recorded {
                bad, total, known, ..
            } => recorded::read(server, &slo.key, [bad, total, known], within),
        })
        .collect();
    let mut samples = counters.samples;
    let pulls = wanted
        .iter()
        .zip(slices?)
        .map(|(slo, (slices, read))| {
            samples += read;
            Pull {
                slo: slo.key.clone(),
                slices,
                read: within,
            }
        })
        .collect();
    Ok(Read { pulls, samples })
}

/// The counters of several SLOs.
struct Counters {
    counted: BTreeMap<String, Vec<Counted>>,
    /// The slices in which a bucket has a sample.
    present: BTreeMap<String, BTreeSet<i64>>,
    samples: usize,
}

impl Counters {
    fn read<S: Server>(
        server: &S,
        wanted: &[Wanted],
        within: Interval,
        replica_labels: &[String],
    ) -> Result<Self, S::Error> {
        let mut selectors: BTreeMap<&str, &BTreeMap<String, String>> = BTreeMap::new();
        let mut buckets: BTreeSet<&str> = BTreeSet::new();
        for slo in wanted {
            if let Counting::Counters { bad, total, bucket } = &slo.counting {
                let all = bad.iter().chain(total);
                selectors.extend(all.map(|one| (&*one.selector, &one.labels)));
                buckets.extend(bucket.as_deref());
            }
        }
        let texts: BTreeSet<&str> = selectors.keys().chain(&buckets).copied().collect();
        let from = (within.from - READ_BACK_SECONDS) * 1_000;
        let to = (within.until + READ_AHEAD_SECONDS) * 1_000;
        let raw: Result<BTreeMap<&str, Vec<SampledSeries>>, S::Error> = { texts.par_iter() }
            .map(|text| {
                Ok((
                    *text,
                    server.raw(text, from, to, &format!("the samples of {text}"))?,
                ))
            })
            .collect();
        let raw = raw?;
        let (up, process_start) = rayon::join(
            || of_targets(server, "up", &raw, &selectors, [from, to]),
            || {
                of_targets(
                    server,
                    "process_start_time_seconds",
                    &raw,
                    &selectors,
                    [from, to],
                )
            },
        );
        let (up, process_start) = (up?, process_start?);
        let all = raw.values().flatten().chain(&up).chain(&process_start);
        let samples = all.map(|series| series.samples.len()).sum();
        let counted: BTreeMap<String, Vec<Counted>> = { selectors.par_iter() }
            .map(|(selector, labels)| {
                let targets = Targets {
                    up: with_labels(&up, labels),
                    process_start: with_labels(&process_start, labels),
                    replica_labels: replica_labels.to_vec(),
                };
                let found = raw.get(selector).map_or(&[][..], Vec::as_slice);
                ((*selector).to_owned(), count(within, found, &targets))
            })
            .collect();
        let present = buckets
            .into_iter()
            .map(|text| {
                let found = raw.get(text).into_iter().flatten();
                let samples = found.flat_map(|series| &series.samples);
                let slices =
                    samples.map(|sample| nth_ledger::slice_start(sample.at.div_euclid(1_000)));
                (text.to_owned(), slices.collect())
            })
            .collect();
        Ok(Self {
            counted,
            present,
            samples,
        })
    }

    fn slices(&self, bad: &[Series], total: &[Series], bucket: Option<&str>) -> Vec<Slice> {
        let sum = |terms: &[Series]| {
            let terms: Vec<(f64, &[Counted])> = terms
                .iter()
                .map(|term| {
                    let counted = self.counted.get(&term.selector);
                    (term.factor, counted.map_or(&[][..], Vec::as_slice))
                })
                .collect();
            combine(&terms)
        };
        let total = sum(total);
        // Queries that cancel out count no bad events.
        let bad = match bad {
            [] => total
                .iter()
                .map(|counted| Counted {
                    increase: 0.0,
                    ..*counted
                })
                .collect(),
            bad => sum(bad),
        };
        let mut slices = slices(&bad, &total);
        if let Some(present) = bucket.and_then(|bucket| self.present.get(bucket)) {
            // Without the bucket, all events would look bad.
            slices.retain(|slice| present.contains(&slice.start));
        }
        slices
    }
}

/// Reads a series that targets have, of the jobs whose counters are read.
fn of_targets<S: Server>(
    server: &S,
    name: &str,
    raw: &BTreeMap<&str, Vec<SampledSeries>>,
    selectors: &BTreeMap<&str, &BTreeMap<String, String>>,
    [from, to]: [i64; 2],
) -> Result<Vec<SampledSeries>, S::Error> {
    let found = { raw.values().flatten() }.filter_map(|series| series.labels.get("job"));
    let written = { selectors.values() }.filter_map(|labels| labels.get("job"));
    let jobs: BTreeSet<&String> = found.chain(written).collect();
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let any: Vec<String> = jobs
        .into_iter()
        .map(|job| nth_promql::escape_regex(job))
        .collect();
    let matcher = build::matcher("job", MatchOp::Matches, any.join("|"));
    let selector = build::selector_with(name, vec![matcher]).to_string();
    server.raw(&selector, from, to, &format!("the samples of {selector}"))
}

/// The series of targets that can have the series of a selector: of each label that it requires, those with the value, if any target
/// has the label.
fn with_labels(series: &[SampledSeries], labels: &BTreeMap<String, String>) -> Vec<SampledSeries> {
    let known: Vec<(&String, &String)> = labels
        .iter()
        .filter(|(name, _)| series.iter().any(|one| one.labels.contains_key(*name)))
        .collect();
    let is_target = |one: &&SampledSeries| {
        known
            .iter()
            .all(|(name, value)| one.labels.get(*name) == Some(*value))
    };
    series.iter().filter(is_target).cloned().collect()
}
