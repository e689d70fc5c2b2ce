//! The metrics known for a selector: those that were pulled, and those that the project declares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::{Metric, MetricType, Section};

/// The metrics known for a selector in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The pulled section; `None` if there is no catalog or the selector was not pulled.
    pub section: Option<Arc<Section>>,
    /// The metrics that the project declares.
    pub declared: Arc<BTreeMap<SmolStr, Metric>>,
}

/// The result of looking up a metric by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'k> {
    /// The metric exists.
    Found(Part<'k>),
    /// The selector was pulled, and the metric does not exist.
    Absent,
    /// Nothing is known about the metric.
    Unknown,
}

/// A series of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'k> {
    /// The name of the metric, without the suffix.
    pub name: &'k str,
    /// The suffix of the series' name: `_bucket`; empty for the bare name.
    pub suffix: &'k str,
    /// The metric.
    pub metric: &'k Metric,
}

impl Known {
    /// Looks up a metric by the name of one of its series, first among the pulled ones, then among the declared ones.
    pub fn metric<'k>(&'k self, series: &str) -> Lookup<'k> {
        if let Some(section) = &self.section {
            let pulled = |name: &str| section.metrics.get_key_value(name);
            if let Some(part) = part(series, |name| pulled(name).map(|(k, v)| (k.as_str(), v))) {
                return Lookup::Found(part);
            }
        }
        let declared = |name: &str| self.declared.get_key_value(name);
        match part(series, |name| declared(name).map(|(k, v)| (k.as_str(), v))) {
            Some(part) => Lookup::Found(part),
            None if self.section.is_some() => Lookup::Absent,
            None => Lookup::Unknown,
        }
    }

    /// The names of all series that are known to exist; those of a histogram with their suffixes.
    pub fn series(&self) -> BTreeSet<String> {
        let pulled = self.section.iter().flat_map(|section| {
            section
                .metrics
                .iter()
                .map(|(name, metric)| (name.as_str(), metric))
        });
        let declared = self
            .declared
            .iter()
            .map(|(name, metric)| (name.as_str(), metric));
        pulled
            .chain(declared)
            .flat_map(|(name, metric)| {
                metric
                    .suffixes
                    .iter()
                    .map(move |suffix| format!("{name}{suffix}"))
            })
            .collect()
    }
}

/// The metric that has a series of this name.
fn part<'k>(
    series: &str,
    find: impl Fn(&str) -> Option<(&'k str, &'k Metric)>,
) -> Option<Part<'k>> {
    let bare = find(series).filter(|(_, metric)| metric.suffixes.contains(""));
    if let Some((name, metric)) = bare {
        return Some(Part {
            name,
            suffix: "",
            metric,
        });
    }
    series.match_indices('_').rev().find_map(|(at, _)| {
        let (base, suffix) = series.split_at(at);
        let (name, metric) = find(base)?;
        let suffix = metric.suffixes.get(suffix)?;
        Some(Part {
            name,
            suffix,
            metric,
        })
    })
}

/// The metric with a series of this name or, for a histogram, with this name without a suffix.
pub fn series_of<'k>(
    name: &str,
    histogram: bool,
    find: impl Fn(&str) -> Option<(&'k str, &'k Metric)>,
) -> Option<Part<'k>> {
    part(name, &find).or_else(|| {
        let (name, metric) = find(name).filter(|(_, metric)| {
            histogram
                && (metric.metric_type == MetricType::Histogram
                    || metric.suffixes.contains("_bucket"))
        })?;
        Some(Part {
            name,
            suffix: "",
            metric,
        })
    })
}
