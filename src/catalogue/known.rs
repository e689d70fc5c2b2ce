//! What is known of the metrics under a selector: what was pulled, and what the project declares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use smol_str::SmolStr;

use super::{Metric, MetricType, Section};
use crate::db::{Workspace, item};
use crate::eval::{BlockRef, Value, block_field};
use crate::syntax::tree::ItemNode;

/// What is known of the metrics under a selector in an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What was pulled; `None` where there is no catalogue, or nobody asked for this selector.
    pub section: Option<Arc<Section>>,
    /// What the project declares by hand.
    pub declared: Arc<BTreeMap<SmolStr, Metric>>,
}

/// What is known of a metric by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lookup<'k> {
    /// It is there.
    Found(Part<'k>),
    /// The selector was pulled, and it is not there.
    Absent,
    /// Nothing is known of it.
    Unclaimed,
}

/// A series of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part<'k> {
    /// The metric's name, without the suffix.
    pub name: &'k str,
    /// What the series' name has after the metric's: `_bucket`; empty for the bare name.
    pub suffix: &'k str,
    /// The metric.
    pub metric: &'k Metric,
}

impl Known {
    /// A metric by the name of its series, first as pulled, then as declared.
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
            None => Lookup::Unclaimed,
        }
    }

    /// The names of all series that are known to be there, those of a histogram with their suffixes.
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

/// The metric that has a series of that name.
pub(super) fn part<'k>(
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

/// What is known of the metrics under `selector`, which is written as the lock file's keys are: see
/// [`selector_of`](super::selector_of).
#[salsa::tracked(returns(ref), cycle_result = known_in_a_circle)]
pub fn metrics_under(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    selector: String,
) -> Known {
    Known {
        section: pulled(db, workspace, environment.as_deref(), &selector),
        declared: declared(db, workspace, environment).clone(),
    }
}

fn pulled(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&str>,
    selector: &str,
) -> Option<Arc<Section>> {
    let lock = workspace.catalogue(db).as_ref()?;
    lock.section(environment, selector).cloned().map(Arc::new)
}

/// A declared metric that depends on a query, which depends on the metric, is told where the query is read.
fn known_in_a_circle(
    db: &dyn salsa::Database,
    _id: salsa::Id,
    workspace: Workspace,
    environment: Option<SmolStr>,
    selector: String,
) -> Known {
    Known {
        section: pulled(db, workspace, environment.as_deref(), &selector),
        declared: Arc::default(),
    }
}

/// What the project's `metric` blocks declare. Their fields are read one by one: those of a whole block may not go in
/// a circle.
#[salsa::tracked(returns(ref), cycle_result = declared_in_a_circle)]
fn declared(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
) -> Arc<BTreeMap<SmolStr, Metric>> {
    let blocks = workspace.metrics(db).iter();
    Arc::new(
        blocks
            .filter_map(|(name, key)| {
                let block = BlockRef {
                    item: *key,
                    path: Vec::new(),
                    kind: "metric".into(),
                    name: name.clone(),
                };
                let field = |field: &str| {
                    let environment = environment.clone();
                    block_field(db, workspace, block.clone(), field.into(), environment)
                        .unwrap_or(Value::Error)
                };
                let doc = match item(db, *key).as_ref().map(|tree| &tree.node) {
                    Some(ItemNode::Block(block)) => block.doc.clone(),
                    _ => None,
                };
                Some((name.clone(), metric(&field, doc)?))
            })
            .collect(),
    )
}

fn declared_in_a_circle(
    _db: &dyn salsa::Database,
    _id: salsa::Id,
    _workspace: Workspace,
    _environment: Option<SmolStr>,
) -> Arc<BTreeMap<SmolStr, Metric>> {
    Arc::default()
}

fn metric(get: &dyn Fn(&str) -> Value, doc: Option<SmolStr>) -> Option<Metric> {
    let texts = |field: &str| match get(field) {
        Value::List(items) => items.iter().filter_map(Value::show).collect(),
        _ => Vec::new(),
    };
    let Value::Enum(_, member) = get("type") else {
        return None;
    };
    let metric_type = match member.as_str() {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "summary" => MetricType::Summary,
        _ => MetricType::Unknown,
    };
    let native = get("native") == Value::Bool(true);
    let mut buckets = texts("buckets");
    if !buckets.is_empty() {
        buckets.push("+Inf".to_owned());
    }
    let suffixes: &[&str] = match metric_type {
        MetricType::Histogram if native && buckets.is_empty() => &[""],
        MetricType::Histogram if native => &["", "_bucket", "_count", "_sum"],
        MetricType::Histogram => &["_bucket", "_count", "_sum"],
        MetricType::Summary => &["", "_count", "_sum"],
        _ => &[""],
    };
    let unit = match get("unit") {
        Value::Enum(_, member) => Some(member.to_string()),
        _ => None,
    };
    Some(Metric {
        metric_type,
        unit,
        help: doc.as_ref().map(|doc| doc.trim().to_owned()),
        native,
        suffixes: suffixes.iter().map(|suffix| (*suffix).to_owned()).collect(),
        labels: texts("labels").into_iter().collect(),
        buckets,
        values: BTreeMap::new(),
    })
}
