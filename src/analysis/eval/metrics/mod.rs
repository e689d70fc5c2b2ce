//! The metric catalog as used by evaluation: the metrics under a selector in an environment, the candidate that provides a
//! signal, and the labels that are added to queries.

mod known;
mod presence;

use super::instance;
use super::value::{Instance, Query, Value};
use crate::db::Workspace;
use crate::schema::names::field;
use nth_promql::{LabelMatchers, Node, Selector};

pub use known::metrics_under;
pub(crate) use presence::has_known_metrics;
pub use presence::{MetricIndex, MetricPresence, named_selectors};

/// The matchers of all series of an environment; empty without one.
pub fn environment_labels(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&str>,
) -> LabelMatchers {
    environment
        .and_then(|name| workspace.environments(db).get(name).copied())
        .and_then(|key| {
            let evaluated = instance(db, workspace, key, None);
            evaluated.instance.as_ref().map(block_labels)
        })
        .unwrap_or_default()
}

/// The matchers of a block's selector. Values that are not strings were reported, and are skipped.
pub fn block_labels(block: &Instance) -> LabelMatchers {
    match block.get(field::SELECTOR) {
        Value::Matchers(matchers) => matchers.resolved(),
        _ => LabelMatchers::default(),
    }
}

/// Returns the query's selector, if the query is only a selector with a metric name and no modifiers.
pub(crate) fn plain_selector(query: &Query) -> Option<&Selector> {
    match &query.expr.unparenthesised().node {
        Node::Selector(selector)
            if query.missing.is_empty()
                && selector.modifiers.is_empty()
                && selector.metric.is_some() =>
        {
            Some(selector)
        }
        _ => None,
    }
}
