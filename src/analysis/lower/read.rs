//! Reading what blocks have, for all that is lowered.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::buckets::Buckets;
use crate::db::{Diag, Workspace};
use crate::eval::{Instance, Value};
use nth_model as ir;
use nth_promql as promql;

/// Reports with the place that made a template's block, or, where the block is written out and what is wrong comes from
/// its base, with the block's head.
pub(crate) fn report(instance: &Instance, diagnostics: &mut Vec<Diag>, mut diagnostic: Diag) {
    let maker = instance.trail.last().copied().unwrap_or(instance.head);
    if maker.item != diagnostic.primary.span.item {
        diagnostic = diagnostic.because(maker, "in what this makes");
    }
    diagnostics.push(diagnostic);
}

/// What a service is lowered with besides its block.
pub(super) struct Surroundings<'a> {
    /// The database.
    pub db: &'a dyn salsa::Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The environment, where the project declares any.
    pub environment: Option<&'a SmolStr>,
    /// How often Prometheus scrapes what queries read.
    pub scrape_interval: ir::Duration,
    /// The texts of the bounds of its histograms' buckets.
    pub buckets: Buckets<'a>,
    /// The series that tell whether its targets are up; none where it has no selector.
    pub up: Option<promql::Expr>,
}

pub(super) fn query(value: &Value) -> Option<promql::Expr> {
    match value {
        Value::Query(query) => Some(query.expr.clone()),
        _ => None,
    }
}

pub(super) fn duration(value: &Value) -> Option<ir::Duration> {
    match value {
        Value::Duration(milliseconds) => Some(ir::Duration(*milliseconds)),
        _ => None,
    }
}

pub(super) fn severity(value: &Value) -> Option<ir::Severity> {
    match value {
        Value::Enum(_, member) if member == "page" => Some(ir::Severity::Page),
        Value::Enum(..) => Some(ir::Severity::Ticket),
        _ => None,
    }
}

pub(super) fn member(value: &Value) -> Option<SmolStr> {
    match value {
        Value::Enum(_, member) => Some(member.clone()),
        _ => None,
    }
}

pub(super) fn block_name(value: &Value) -> Option<SmolStr> {
    match value {
        Value::Block(block) => Some(block.name.clone()),
        _ => None,
    }
}

pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}

pub(super) fn alert_text(value: &Value) -> Option<ir::Text> {
    match value {
        Value::Text(text, _) => Some(text.clone()),
        Value::String(text) => Some(literal(text)),
        _ => None,
    }
}

pub(super) fn labels(value: &Value) -> BTreeMap<String, String> {
    match value {
        Value::Labels(entries) => entries
            .iter()
            .filter_map(|(name, value)| Some((name.to_string(), value.show()?)))
            .collect(),
        _ => BTreeMap::new(),
    }
}

pub(super) fn literal(text: &str) -> ir::Text {
    ir::Text {
        parts: vec![ir::TextPart::Literal(text.to_owned())],
    }
}
