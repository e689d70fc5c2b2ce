//! Reads the slices of SLOs from a Prometheus.

mod answer;
mod counters;
mod recorded;
mod stepped;
pub mod versions;

use std::collections::BTreeMap;

use nth_ledger::counter::{READ_AHEAD_SECONDS, Series as SampledSeries};
use nth_ledger::{Interval, Pull, SLICE_SECONDS, Slice, SloKey};
use rayon::prelude::*;

use self::counters::Counters;
use super::counting::Counting;

pub use answer::samples;

/// The labels of a group of an SLO; empty for an SLO without groups.
pub type Group = BTreeMap<String, String>;

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
    /// The SLO, without a group.
    pub key: SloKey,
    /// The labels whose values are its groups; empty for an SLO without groups.
    pub by: Vec<String>,
    /// How its events are counted.
    pub counting: Counting,
}

impl Wanted {
    /// The identity of a group of the SLO.
    pub fn group(&self, group: Group) -> SloKey {
        SloKey {
            group,
            ..self.key.clone()
        }
    }

    /// The group that a series belongs to. A label that it does not have is empty.
    fn group_with(&self, labels: &BTreeMap<String, String>) -> Group {
        let value = |label: &String| labels.get(label).cloned().unwrap_or_default();
        { self.by.iter() }
            .map(|label| (label.clone(), value(label)))
            .collect()
    }

    /// Series by the groups that they belong to. Without groups, all of them are one, even if there are none.
    fn by_group(&self, series: Vec<SampledSeries>) -> BTreeMap<Group, Vec<SampledSeries>> {
        if self.by.is_empty() {
            return BTreeMap::from([(Group::new(), series)]);
        }
        let mut groups: BTreeMap<Group, Vec<SampledSeries>> = BTreeMap::new();
        for one in series {
            groups
                .entry(self.group_with(&one.labels))
                .or_default()
                .push(one);
        }
        groups
    }
}

/// The slices of each group of an SLO; of an SLO without groups, those of all events.
type ByGroup = BTreeMap<Group, Vec<Slice>>;

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The slices of each SLO; of an SLO with groups, those of each group that has any.
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
    let slices: Result<Vec<(ByGroup, usize)>, S::Error> = { wanted.par_iter() }
        .map(|slo| match &slo.counting {
            Counting::Counters { bad, total, bucket } => {
                Ok((counters.slices(slo, bad, total, bucket.as_deref()), 0))
            }
            Counting::Evaluations { bad, interval } => {
                stepped::read(server, slo, bad, *interval, within)
            }
            Counting::Recorded {
                bad, total, known, ..
            } => recorded::read(server, slo, [bad, total, known], within),
        })
        .collect();
    let mut samples = counters.samples;
    let mut pulls = Vec::new();
    for (slo, (groups, read)) in wanted.iter().zip(slices?) {
        samples += read;
        pulls.extend(groups.into_iter().map(|(group, slices)| Pull {
            slo: slo.group(group),
            slices,
            read: within,
        }));
    }
    Ok(Read { pulls, samples })
}
