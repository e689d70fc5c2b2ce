//! Slices from the raw samples of counters.

use std::collections::{BTreeMap, BTreeSet};

use nth_ledger::counter::{
    Counted, READ_AHEAD_SECONDS, READ_BACK_SECONDS, Series as SampledSeries, Targets, combine,
    count, slices,
};
use nth_ledger::{Interval, Slice, slice_start};
use rayon::prelude::*;

use super::{ByGroup, Group, Server, Wanted};
use crate::counting::{Counting, Series};
use nth_promql::{MatchOp, build};

/// The counters of several SLOs.
pub(super) struct Counters {
    within: Interval,
    replica_labels: Vec<String>,
    /// The series of each selector.
    raw: BTreeMap<String, Vec<SampledSeries>>,
    /// The series of targets.
    up: Vec<SampledSeries>,
    process_start: Vec<SampledSeries>,
    /// The counts of all series of a selector.
    counted: BTreeMap<String, Vec<Counted>>,
    /// The number of samples that the server sent.
    pub(super) samples: usize,
}

impl Counters {
    /// Reads the counters of all SLOs that are counted by them.
    pub(super) fn read<S: Server>(
        server: &S,
        wanted: &[Wanted],
        within: Interval,
        replica_labels: &[String],
    ) -> Result<Self, S::Error> {
        let mut selectors: BTreeMap<&str, &BTreeMap<String, String>> = BTreeMap::new();
        let mut buckets: BTreeSet<&str> = BTreeSet::new();
        // Those that are counted without groups.
        let mut whole: BTreeSet<&str> = BTreeSet::new();
        for slo in wanted {
            if let Counting::Counters { bad, total, bucket } = &slo.counting {
                let all = || bad.iter().chain(total);
                selectors.extend(all().map(|one| (&*one.selector, &one.labels)));
                buckets.extend(bucket.as_deref());
                if slo.by.is_empty() {
                    whole.extend(all().map(|one| &*one.selector));
                }
            }
        }
        let texts: BTreeSet<&str> = selectors.keys().chain(&buckets).copied().collect();
        let from = (within.from - READ_BACK_SECONDS) * 1_000;
        let to = (within.until + READ_AHEAD_SECONDS) * 1_000;
        let raw: Result<BTreeMap<String, Vec<SampledSeries>>, S::Error> = { texts.par_iter() }
            .map(|text| {
                Ok((
                    (*text).to_owned(),
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
        let mut counters = Self {
            within,
            replica_labels: replica_labels.to_vec(),
            raw,
            up,
            process_start,
            counted: BTreeMap::new(),
            samples,
        };
        counters.counted = { selectors.par_iter() }
            .filter(|(selector, _)| whole.contains(*selector))
            .map(|(selector, labels)| {
                let found = counters.series(selector);
                ((*selector).to_owned(), counters.count(found, labels))
            })
            .collect();
        Ok(counters)
    }

    /// The slices of each group of an SLO.
    pub(super) fn slices(
        &self,
        slo: &Wanted,
        bad: &[Series],
        total: &[Series],
        bucket: Option<&str>,
    ) -> ByGroup {
        if slo.by.is_empty() {
            let terms = |terms: &[Series]| {
                let counts = terms.iter().map(|term| {
                    let counted = self.counted.get(&term.selector).cloned();
                    (term.factor, counted.unwrap_or_default())
                });
                counts.collect()
            };
            let mut slices = counted_slices(terms(bad), terms(total));
            if let Some(bucket) = bucket {
                // Without the bucket, all events would look bad.
                let present = present(self.series(bucket));
                slices.retain(|slice| present.contains(&slice.start));
            }
            return ByGroup::from([(Group::new(), slices)]);
        }
        let selectors = bad.iter().chain(total).map(|term| &*term.selector);
        let parts: BTreeMap<&str, BTreeMap<Group, Vec<SampledSeries>>> =
            { selectors.chain(bucket) }
                .map(|selector| (selector, slo.by_group(self.series(selector).to_vec())))
                .collect();
        let part = |selector: &str, group: &Group| -> &[SampledSeries] {
            let groups = parts.get(selector);
            let series = groups.and_then(|groups| groups.get(group));
            series.map_or(&[][..], Vec::as_slice)
        };
        // A group exists while it has a series of all events.
        let groups: BTreeSet<&Group> = { total.iter() }
            .filter_map(|term| parts.get(&*term.selector))
            .flat_map(BTreeMap::keys)
            .collect();
        let slices_with = |group: &Group| {
            let count = |term: &Series| {
                let mut labels = term.labels.clone();
                let values = group.iter().filter(|(_, value)| !value.is_empty());
                labels.extend(values.map(|(label, value)| (label.clone(), value.clone())));
                (
                    term.factor,
                    self.count(part(&term.selector, group), &labels),
                )
            };
            let terms = |terms: &[Series]| terms.iter().map(count).collect();
            let mut slices = counted_slices(terms(bad), terms(total));
            let mut exists: BTreeSet<i64> = BTreeSet::new();
            for term in total {
                exists.extend(present(part(&term.selector, group)));
            }
            slices.retain(|slice| exists.contains(&slice.start));
            if let Some(bucket) = bucket {
                let present = present(part(bucket, group));
                slices.retain(|slice| present.contains(&slice.start));
            }
            slices
        };
        let groups: Vec<&Group> = groups.into_iter().collect();
        { groups.par_iter() }
            .map(|group| ((*group).clone(), slices_with(group)))
            .filter(|(_, slices)| !slices.is_empty())
            .collect()
    }

    fn series(&self, selector: &str) -> &[SampledSeries] {
        self.raw.get(selector).map_or(&[][..], Vec::as_slice)
    }

    /// Counts series of targets with these labels.
    fn count(&self, series: &[SampledSeries], labels: &BTreeMap<String, String>) -> Vec<Counted> {
        let targets = Targets {
            up: with_labels(&self.up, labels),
            process_start: with_labels(&self.process_start, labels),
            replica_labels: self.replica_labels.clone(),
        };
        count(self.within, series, &targets)
    }
}

/// Counts, each with its coefficient.
type Terms = Vec<(f64, Vec<Counted>)>;

/// The slices from the counts of bad and of all events.
fn counted_slices(bad: Terms, total: Terms) -> Vec<Slice> {
    let sum = |terms: &Terms| {
        let terms: Vec<(f64, &[Counted])> = { terms.iter() }
            .map(|(factor, counted)| (*factor, counted.as_slice()))
            .collect();
        combine(&terms)
    };
    let total = sum(&total);
    // Queries that cancel out count no bad events.
    let bad = match bad.is_empty() {
        true => total
            .iter()
            .map(|counted| Counted {
                increase: 0.0,
                ..*counted
            })
            .collect(),
        false => sum(&bad),
    };
    slices(&bad, &total)
}

/// The starts of the slices in which one of the series has a sample.
fn present(series: &[SampledSeries]) -> BTreeSet<i64> {
    let samples = series.iter().flat_map(|series| &series.samples);
    samples
        .map(|sample| slice_start(sample.at.div_euclid(1_000)))
        .collect()
}

/// Reads a series that targets have, of the jobs whose counters are read.
fn of_targets<S: Server>(
    server: &S,
    name: &str,
    raw: &BTreeMap<String, Vec<SampledSeries>>,
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
