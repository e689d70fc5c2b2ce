//! The metrics under a selector: those pulled from Prometheus, and those that the project declares.

use std::collections::BTreeMap;
use std::sync::Arc;

use smol_str::SmolStr;

use super::super::block_field;
use super::super::value::{BlockRef, Value};
use crate::db::{Workspace, item};
use crate::schema::names::{field, kind};
use nth_metrics::{Known, Metric, MetricType, Section};
use nth_syntax::tree::ItemNode;

/// Returns the metrics under `selector`, which has the form of the lock file's keys; see
/// [`selector_of`](nth_metrics::selector_of).
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

/// Result for a cycle between a declared metric and a query. The cycle is reported where the query is evaluated.
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

/// Returns the metrics that the project's `metric` blocks declare. Reads their fields one by one: evaluating a whole block
/// could cause a cycle.
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
                    kind: kind::METRIC.into(),
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
    let Value::Enum(_, member) = get(field::TYPE) else {
        return None;
    };
    let metric_type = match member.as_str() {
        "counter" => MetricType::Counter,
        "gauge" => MetricType::Gauge,
        "histogram" => MetricType::Histogram,
        "summary" => MetricType::Summary,
        _ => MetricType::Unknown,
    };
    let native = get(field::NATIVE) == Value::Bool(true);
    let mut buckets = texts(field::BUCKETS);
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
    let unit = match get(field::UNIT) {
        Value::Enum(_, member) => Some(member.to_string()),
        _ => None,
    };
    Some(Metric {
        metric_type,
        unit,
        help: doc.as_ref().map(|doc| doc.trim().to_owned()),
        native,
        suffixes: suffixes.iter().map(|suffix| (*suffix).to_owned()).collect(),
        labels: texts(field::LABELS).into_iter().collect(),
        buckets,
        values: BTreeMap::new(),
    })
}
