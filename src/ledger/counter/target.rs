//! Targets with their scrapes and series, from what was read.

use std::collections::{BTreeMap, BTreeSet};

use super::interval::ScrapeInterval;
use super::replicas::{self, Scrape};
use super::{Labels, READ_AHEAD_SECONDS, READ_BACK_SECONDS, Sample, Series, Targets};
use crate::Interval;

/// The targets of a job by their instances.
pub(super) type Job = BTreeMap<String, Target>;

/// A target with its counters.
#[derive(Debug, Default)]
pub(super) struct Target {
    /// The successful scrapes, in order.
    pub(super) scrapes: Vec<Scrape>,
    /// All scrapes of all replicas, also failed ones, in order.
    pub(super) attempts: Vec<i64>,
    /// Stale markers of its `up`, in order.
    pub(super) removals: Vec<i64>,
    /// The scrape interval.
    pub(super) interval: ScrapeInterval,
    /// The start time of its process in seconds, by the time at which it was scraped.
    pub(super) process_start: BTreeMap<i64, f64>,
    /// The samples of its counters, each in order and from one replica at a time.
    pub(super) counters: Vec<Vec<Sample>>,
}

impl Target {
    /// Whether it was successfully scraped at a moment.
    pub(super) fn is_scraped_at(&self, at: i64) -> bool {
        self.scrapes
            .binary_search_by_key(&at, |scrape| scrape.at)
            .is_ok()
    }

    /// The start time of its process as it was scraped at a moment, or in the five minutes before.
    pub(super) fn process_start(&self, at: i64) -> Option<f64> {
        let known = self.process_start.range(at - 300_000..=at).next_back();
        known.map(|(_, start)| *start)
    }
}

/// The labels of a replica, in the order in which they are given.
type Replica = Vec<String>;

/// What was read of a target, before replicas are merged.
#[derive(Default)]
struct Unmerged {
    /// The samples of `up` by replica.
    up: BTreeMap<Replica, Vec<Sample>>,
    process_start: BTreeMap<i64, f64>,
    /// The samples of counters, by their labels without those of replicas, then by replica.
    counters: BTreeMap<Labels, BTreeMap<Replica, Vec<Sample>>>,
}

/// The job, the instance, the replica and the other labels of a series.
fn split(labels: &Labels, replica_labels: &[String]) -> (String, String, Replica, Labels) {
    let value = |name: &str| labels.get(name).cloned().unwrap_or_default();
    let replica = replica_labels.iter().map(|name| value(name)).collect();
    let mut others = labels.clone();
    others.retain(|name, _| !replica_labels.contains(name));
    (value("job"), value("instance"), replica, others)
}

/// Reads targets from series, without samples that no slice depends on.
pub(super) fn read(
    within: Interval,
    series: &[Series],
    targets: &Targets,
) -> BTreeMap<String, Job> {
    let from = (within.from - READ_BACK_SECONDS).saturating_mul(1_000);
    let until = (within.until + READ_AHEAD_SECONDS).saturating_mul(1_000);
    let in_range = |series: &Series| -> Vec<Sample> {
        let samples = series.samples.iter().copied();
        samples
            .filter(|sample| (from..=until).contains(&sample.at))
            .collect()
    };
    // `up` of replicas that no counter has says nothing about when counters were scraped.
    let replicas: BTreeSet<Replica> = series
        .iter()
        .map(|series| split(&series.labels, &targets.replica_labels).2)
        .collect();
    let mut jobs: BTreeMap<String, BTreeMap<String, Unmerged>> = BTreeMap::new();
    for up in &targets.up {
        let (job, instance, replica, _) = split(&up.labels, &targets.replica_labels);
        if !replicas.is_empty() && !replicas.contains(&replica) {
            continue;
        }
        let target = jobs.entry(job).or_default().entry(instance).or_default();
        let samples = target.up.entry(replica).or_default();
        samples.extend(in_range(up));
    }
    for counter in series {
        let (job, instance, replica, labels) = split(&counter.labels, &targets.replica_labels);
        let target = jobs.entry(job).or_default().entry(instance).or_default();
        let by_replica = target.counters.entry(labels).or_default();
        let samples = in_range(counter).into_iter();
        let samples = samples.filter(|sample| sample.is_count());
        by_replica.entry(replica).or_default().extend(samples);
    }
    for start in &targets.process_start {
        let (job, instance, _, _) = split(&start.labels, &targets.replica_labels);
        let target = jobs.get_mut(&job).and_then(|job| job.get_mut(&instance));
        if let Some(target) = target {
            let samples = in_range(start).into_iter();
            let samples = samples.filter(|sample| sample.is_count());
            let samples = samples.map(|sample| (sample.at, sample.value));
            target.process_start.extend(samples);
        }
    }
    let merged = |(name, target): (String, Unmerged)| (name, merge(target));
    let job = |(name, targets): (String, BTreeMap<String, Unmerged>)| {
        (name, targets.into_iter().map(merged).collect())
    };
    jobs.into_iter().map(job).collect()
}

fn merge(unmerged: Unmerged) -> Target {
    let of_counters = unmerged.counters.values().flat_map(BTreeMap::keys);
    let names: BTreeSet<&Replica> = unmerged.up.keys().chain(of_counters).collect();
    let names: Vec<&Replica> = names.into_iter().collect();
    let mut attempts = BTreeSet::new();
    let mut removals = BTreeSet::new();
    let mut successes: Vec<Vec<i64>> = Vec::new();
    for name in &names {
        let mut times = BTreeSet::new();
        if let Some(samples) = unmerged.up.get(*name) {
            for sample in samples {
                if sample.is_stale() {
                    removals.insert(sample.at);
                    continue;
                }
                attempts.insert(sample.at);
                if sample.value == 1.0 {
                    times.insert(sample.at);
                }
            }
        } else {
            // Without `up`, it is scraped when a counter has a sample.
            let counters = unmerged.counters.values();
            let samples = counters.filter_map(|replicas| replicas.get(*name));
            times = samples.flatten().map(|sample| sample.at).collect();
            attempts.extend(&times);
        }
        successes.push(times.into_iter().collect());
    }
    let references: Vec<&[i64]> = successes.iter().map(Vec::as_slice).collect();
    let interval = ScrapeInterval::read(&references);
    let scrapes = replicas::merge(&successes, &interval);
    let mut preferred = scrapes.clone();
    preferred.retain(|scrape| scrape.replica == 0);
    let is_used = |replica: usize, at: i64| {
        let is_scrape = successes
            .get(replica)
            .is_some_and(|times| times.binary_search(&at).is_ok());
        if is_scrape {
            scrapes.binary_search(&Scrape { at, replica }).is_ok()
        } else {
            // The counter has times of its own.
            replica == 0 || replicas::is_in_gap(&preferred, at, &interval)
        }
    };
    let mut counters = Vec::new();
    for by_replica in unmerged.counters.values() {
        let mut samples: Vec<Sample> = Vec::new();
        for (replica, name) in names.iter().enumerate() {
            let read = by_replica.get(*name).into_iter().flatten();
            samples.extend(read.filter(|sample| is_used(replica, sample.at)));
        }
        // Usually, they are in order already.
        samples.sort_by_key(|sample| sample.at);
        samples.dedup_by_key(|sample| sample.at);
        counters.push(samples);
    }
    Target {
        scrapes,
        attempts: attempts.into_iter().collect(),
        removals: removals.into_iter().collect(),
        interval,
        process_start: unmerged.process_start,
        counters,
    }
}
