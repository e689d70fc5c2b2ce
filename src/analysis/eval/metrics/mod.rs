//! The metric catalogue as evaluation asks it: what is known under a selector in an environment, which of a signal's candidates
//! carries it, and which labels queries carry.

mod claim;
mod known;

use std::collections::BTreeMap;

use super::instance;
use super::value::{Instance, Query, Value};
use crate::db::Workspace;
use crate::schema::names::field;
use nth_promql::{Node, Selector};

pub(crate) use claim::anything_known;
pub use claim::{Claim, Lookups, named};
pub use known::metrics_under;

/// The labels that all series of an environment carry.
pub fn environment_labels(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&str>,
) -> BTreeMap<String, String> {
    environment
        .and_then(|name| workspace.environments(db).get(name).copied())
        .and_then(|key| {
            let evaluated = instance(db, workspace, key, None);
            evaluated.instance.as_ref().map(block_labels)
        })
        .unwrap_or_default()
}

/// A block's selector. What is no text in it was reported, and no query carries it.
pub fn block_labels(block: &Instance) -> BTreeMap<String, String> {
    match block.get(field::SELECTOR) {
        Value::Labels(entries) => entries
            .iter()
            .filter_map(|(name, value)| match value {
                Value::String(value) => Some((name.to_string(), value.clone())),
                _ => None,
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// The selector that a query is, if it is one of a metric that is there.
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
