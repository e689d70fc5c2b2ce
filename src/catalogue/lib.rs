#![forbid(unsafe_code)]
//! Owns the metric catalogue: which metrics the project's selectors match, as a Prometheus told it, kept in
//! [`LOCK`] beside the manifest so that nothing but the pull needs a network.
//!
//! Nothing here does I/O: answers come in as bytes, and the lock file goes out as text.

mod annotation;
mod answer;
mod assemble;
pub mod check;
pub mod codes;
mod errors;
mod known;
mod lock;
mod selector;
mod sound;
#[cfg(test)]
mod tests;
pub mod unit;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use answer::{BadAnswer, Gathered, Metadata, error_of, metadata, series};
pub use answer::{data as answer_data, whole as whole_answer};
pub use assemble::metrics;
pub use errors::{ErrorSeries, Errors, Initialized, counts_first_samples, initialized};
pub use known::{Known, Lookup, Part, series_of};
pub use lock::{Lock, Unreadable};
pub use selector::{
    NotASelector, Scope, canonical, fixed_labels, name_of, section_of, selector_of,
};
pub use sound::sound;

/// The lock file's name.
pub const LOCK: &str = "nth.metrics.lock";

/// The most values of a label that are listed: with more, it is an identifier and no enumeration.
pub const MOST_VALUES: usize = 20;

/// Labels that name a process, a machine or a deployment. Their values change with every deployment though the
/// metrics stay what they are, so they are never listed.
pub const CHURNING: [&str; 14] = [
    "container_id",
    "host",
    "hostname",
    "id",
    "instance",
    "ip",
    "node",
    "pod",
    "pod_ip",
    "pod_name",
    "pod_template_hash",
    "pod_uid",
    "replicaset",
    "uid",
];

/// What a selector matched.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The services that have this selector, as `checkout`, and their blocks that do, as `checkout.postgres`. Empty
    /// for a selector that was asked for by hand.
    #[serde(default)]
    pub used_by: BTreeSet<String>,
    /// The metrics by name: those that stand under this selector in the Prometheus, and no others.
    #[serde(default)]
    pub metrics: BTreeMap<String, Metric>,
    /// The errors of the services' ratios, and which of their series are there before the first one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorSeries>,
}

/// A metric under a selector. A histogram or summary is one metric, by the name without `_bucket`, `_sum` and
/// `_count`; a counter has its full name, `http_requests_total`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// What it is.
    #[serde(rename = "type")]
    pub metric_type: MetricType,
    /// What its targets say it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// What it counts, as its targets write it (`ms`), or as a member of the prelude's `unit` where it is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Whether it is stored as a native histogram. It may be a classic one as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub native: bool,
    /// What stands after the name in the names of its series: empty for one of the bare name. Left out of the file
    /// where that is all.
    #[serde(default = "bare", skip_serializing_if = "is_bare")]
    pub suffixes: BTreeSet<String>,
    /// The names of its labels, without `le`.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// The upper bounds of a classic histogram's buckets in rising order, as the text of their `le`: that is what a
    /// query has to match. Where series differ, all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<String>,
    /// The values of those labels that have at most [`MOST_VALUES`] and are not [`CHURNING`], nor set by the selector.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, BTreeSet<String>>,
}

/// What a metric is, by the name that Prometheus gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricType {
    /// It only grows, until its process starts anew.
    Counter,
    /// It grows and shrinks.
    Gauge,
    /// Observations by size.
    Histogram,
    /// A histogram whose counts shrink too.
    GaugeHistogram,
    /// Quantiles, with a sum and a count.
    Summary,
    /// A constant with labels.
    Info,
    /// A set of states.
    StateSet,
    /// No target says, or they contradict one another.
    #[default]
    Unknown,
}

fn bare() -> BTreeSet<String> {
    BTreeSet::from([String::new()])
}

fn is_bare(suffixes: &BTreeSet<String>) -> bool {
    suffixes.len() == 1 && suffixes.contains("")
}

/// A histogram's own name, whichever of its series was named.
pub fn base_name(series: &str) -> &str {
    ["_bucket", "_count", "_sum"]
        .iter()
        .find_map(|suffix| series.strip_suffix(suffix))
        .unwrap_or(series)
}
