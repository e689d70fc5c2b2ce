//! Evaluates signals in queries to their metrics.

use std::sync::Arc;

use smol_str::SmolStr;

use super::metrics::MetricIndex;
use super::node::NodeId;
use super::value::{BlockRef, Query, Resolved, Value};
use super::{Evaluator, Mode};
use crate::db::Workspace;
use crate::schema::names::{field, kind};
use nth_model::Resolution;

impl Evaluator<'_> {
    /// Returns the query of a signal where a query is expected; `None` for other blocks. In a check, it is the first candidate: the
    /// catalog is only used for instances.
    pub(crate) fn signal_query(&mut self, block: &BlockRef) -> Option<Value> {
        if block.kind != kind::SIGNAL {
            return None;
        }
        if let Some(root) = self.root_of(block.item) {
            let node = self.find_node(root, &block.path)?;
            return self.carrier(node, block).map(Value::Query);
        }
        match self.mode {
            Mode::Instantiate => signal_of_another(
                self.db,
                self.workspace,
                block.clone(),
                self.environment.clone(),
            ),
            Mode::Check => {
                let candidates = super::block_field(
                    self.db,
                    self.workspace,
                    block.clone(),
                    field::ANY_OF.into(),
                    self.environment.clone(),
                )?;
                queries(candidates)?.into_iter().next()
            }
        }
        .map(Value::Query)
    }

    /// Returns the candidate that provides a signal. If there is none, the first one, marked as missing.
    fn carrier(&mut self, node: NodeId, block: &BlockRef) -> Option<Query> {
        let mut candidates = queries(self.field(node, field::ANY_OF))?;
        if self.mode == Mode::Check {
            return candidates.into_iter().next();
        }
        if !self.metric_index().is_available() {
            return candidates.into_iter().next();
        }
        let resolution = self.resolve(node, &candidates).resolution;
        let number = resolution.candidate_index();
        if number >= candidates.len() {
            return None;
        }
        let mut query = candidates.swap_remove(number);
        query.missing = Arc::new(match resolution {
            Resolution::Missing => vec![block.clone()],
            _ => Vec::new(),
        });
        Some(query)
    }

    /// Resolves the signal at a node. `None` for other blocks, and if its candidates have errors.
    pub(super) fn resolved(&mut self, node: NodeId) -> Option<Box<Resolved>> {
        if self.node(node).kind != kind::SIGNAL {
            return None;
        }
        let candidates =
            queries(self.field(node, field::ANY_OF)).filter(|found| !found.is_empty())?;
        Some(Box::new(self.resolve(node, &candidates)))
    }

    fn resolve(&mut self, node: NodeId, candidates: &[Query]) -> Resolved {
        let histogram = matches!(self.field(node, field::TYPE), Value::Enum(_, member) if member == "histogram");
        let scope = self.catalogue_scope(node);
        Resolved {
            resolution: self.metric_index().resolve(candidates, &scope, histogram),
            scope: scope.labels,
        }
    }

    fn metric_index(&self) -> MetricIndex<'_> {
        MetricIndex {
            db: self.db,
            workspace: self.workspace,
            environment: self.environment.as_ref(),
        }
    }
}

/// Returns the queries of a list; `None` if one has an error.
fn queries(value: Value) -> Option<Vec<Query>> {
    let Value::List(items) = value else {
        return None;
    };
    items
        .into_iter()
        .map(|item| match item {
            Value::Query(query) => Some(query),
            _ => None,
        })
        .collect()
}

/// Returns the query of a signal in another item.
#[salsa::tracked(returns(clone), cycle_result = signal_in_a_circle)]
fn signal_of_another(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: BlockRef,
    environment: Option<SmolStr>,
) -> Option<Query> {
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    let root = evaluator.root_block(block.item)?;
    let node = evaluator.find_node(root, &block.path)?;
    evaluator.carrier(node, &block)
}

fn signal_in_a_circle(
    _db: &dyn salsa::Database,
    _id: salsa::Id,
    _workspace: Workspace,
    _block: BlockRef,
    _environment: Option<SmolStr>,
) -> Option<Query> {
    None
}
