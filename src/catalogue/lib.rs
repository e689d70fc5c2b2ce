#![forbid(unsafe_code)]
//! Owns the metric catalog: the metrics that the project's selectors match in a Prometheus, stored in [`LOCK`] beside
//! the manifest so that only the pull needs a network.
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
mod strict_json;
#[cfg(test)]
mod tests;
pub mod unit;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use answer::{BadAnswer, Gathered, Metadata, metadata, series, server_error};
pub use answer::{complete_data as complete_answer, data as answer_data};
pub use assemble::metrics;
pub use errors::{ErrorSeries, Errors, Initialized, counts_first_samples, find_error_series};
pub use known::{Known, Lookup, Part, series_of};
pub use lock::{Lock, Unreadable};
pub use selector::{
    NotASelector, Scope, canonical, fixed_labels, name_of, section_of, selector_of,
};
pub use strict_json::check_json;

/// The name of the lock file.
pub const LOCK: &str = "nth.metrics.lock";

/// The largest number of values of a label that are listed: with more, the label is an identifier and not an
/// enumeration.
pub const MOST_VALUES: usize = 20;

/// Labels that name a process, a machine or a deployment. Their values change with every deployment although the
/// metrics remain the same, so they are never listed.
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

/// The metrics that a selector matches.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// The services with this selector, as `checkout`, and their blocks, as `checkout.postgres`. Empty for a selector
    /// that was pulled by hand.
    #[serde(default)]
    pub used_by: BTreeSet<String>,
    /// The metrics by name: those that Prometheus has for this selector, and no others.
    #[serde(default)]
    pub metrics: BTreeMap<String, Metric>,
    /// The errors of the services' ratios, and which of their series exist before the first error.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ErrorSeries>,
}

/// A metric for a selector. A histogram or summary is one metric, with the name without `_bucket`, `_sum` and `_count`;
/// a counter has its complete name, `http_requests_total`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metric {
    /// The type of the metric.
    #[serde(rename = "type")]
    pub metric_type: MetricType,
    /// The help text of its targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The unit, as its targets report it (`ms`), or as a member of the prelude's `unit` if the metric is declared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// True if it is stored as a native histogram. It may be a classic one as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub native: bool,
    /// The suffixes of the names of its series: empty for the bare name. Omitted from the file if that is the only one.
    #[serde(default = "bare", skip_serializing_if = "is_bare")]
    pub suffixes: BTreeSet<String>,
    /// The names of its labels, without `le`.
    #[serde(default)]
    pub labels: BTreeSet<String>,
    /// The upper bounds of a classic histogram's buckets in rising order, as the text of their `le`, which a query has
    /// to match. If series differ, the bounds of all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buckets: Vec<String>,
    /// The values of those labels that have at most [`MOST_VALUES`], are not [`CHURNING`] and are not set by the
    /// selector.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, BTreeSet<String>>,
}

/// The type of a metric, with Prometheus's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricType {
    /// A value that only increases until its process restarts.
    Counter,
    /// A value that increases and decreases.
    Gauge,
    /// Observations by size.
    Histogram,
    /// A histogram whose counts may decrease.
    GaugeHistogram,
    /// Quantiles with a sum and a count.
    Summary,
    /// A constant with labels.
    Info,
    /// A set of states.
    StateSet,
    /// No target reports a type, or targets contradict one another.
    #[default]
    Unknown,
}

fn bare() -> BTreeSet<String> {
    BTreeSet::from([String::new()])
}

fn is_bare(suffixes: &BTreeSet<String>) -> bool {
    suffixes.len() == 1 && suffixes.contains("")
}

/// The name of the histogram to which a series belongs.
pub fn base_name(series: &str) -> &str {
    ["_bucket", "_count", "_sum"]
        .iter()
        .find_map(|suffix| series.strip_suffix(suffix))
        .unwrap_or(series)
}
