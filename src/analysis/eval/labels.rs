//! The labels that are added to the selectors of a block's queries.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use smol_str::SmolStr;

use super::node::NodeId;
use super::value::{BlockRef, Value};
use super::{Evaluator, Mode};
use crate::db::Workspace;
use crate::schema::Ty;
use crate::schema::names::{field, kind};
use nth_metrics::check::read_under;
use nth_metrics::{Scope, selector_of};
use nth_promql as promql;
use nth_promql::rewrite::inject_labels_by;

/// The labels of a scope.
#[derive(Default)]
pub(crate) struct ScopeLabels {
    /// The labels for metrics of targets: the innermost selector's.
    measured: BTreeMap<String, String>,
    /// The labels for series that the service's rules record.
    recorded: BTreeMap<String, String>,
    /// The names of the service's own recording rules.
    recordings: Rc<Vec<SmolStr>>,
}

/// The catalog's key for a selector.
pub(crate) enum Catalogued {
    /// The section of this selector.
    Under(String),
    /// None that the catalog could have: the selector overrides a label of the scope.
    Elsewhere,
    /// The selector uses series that the service's rules record.
    Recorded,
}

impl ScopeLabels {
    /// Adds the labels to each selector that does not set them.
    pub(crate) fn add_to(&self, expr: &mut promql::Expr) {
        inject_labels_by(expr, |metric| {
            if metric.is_some_and(|metric| self.is_recorded(metric)) {
                &self.recorded
            } else {
                &self.measured
            }
        });
    }

    /// Returns the maximum number of labels that a selector gets.
    pub(crate) fn count(&self) -> usize {
        self.measured.len().max(self.recorded.len())
    }

    /// Returns the names of all labels, for any metric.
    pub(crate) fn names(&self) -> BTreeSet<SmolStr> {
        let names = self.measured.keys().chain(self.recorded.keys());
        names.map(SmolStr::from).collect()
    }

    /// Returns the catalog's key for a selector that already has the labels.
    pub(crate) fn catalogued(&self, selector: &promql::Selector) -> Catalogued {
        let name = selector.metric.as_ref().map(|metric| metric.text.as_str());
        if name.is_some_and(|name| self.is_recorded(name)) {
            return Catalogued::Recorded;
        }
        match read_under(&self.measured, selector) {
            Some(labels) => Catalogued::Under(selector_of(&labels)),
            None => Catalogued::Elsewhere,
        }
    }

    /// True if the scope sets a label, so that all series of targets have it.
    pub(crate) fn sets(&self, label: &str) -> bool {
        self.measured.contains_key(label)
    }

    /// Returns the scope's selector in the form of the catalog's keys.
    pub(crate) fn selector(&self) -> String {
        selector_of(&self.measured)
    }

    /// True if the service's rules record a metric: its own recording rules, and those of objectives.
    fn is_recorded(&self, metric: &str) -> bool {
        metric.starts_with("slo:")
            || metric == "slo_info"
            || self.recordings.iter().any(|known| known == metric)
    }
}

/// Returns the scope of a block's queries in an environment, for lookups in the catalog. In a template, it is the scope that
/// the template itself sets.
pub fn query_scope(
    db: &dyn salsa::Database,
    workspace: Workspace,
    block: &BlockRef,
    environment: Option<SmolStr>,
) -> Scope {
    let mut evaluator = Evaluator::new(db, workspace, environment, Mode::Instantiate);
    evaluator
        .root_block(block.item)
        .or_else(|| evaluator.root_template(block.item))
        .and_then(|root| evaluator.find_node(root, &block.path))
        .map(|node| evaluator.catalogue_scope(node))
        .unwrap_or_default()
}

impl Evaluator<'_> {
    /// Returns the labels of a block's queries: those of the innermost selector and of the environment. Series that the service
    /// records have the labels of its rules instead.
    pub(crate) fn scope_labels(&mut self, node: NodeId) -> ScopeLabels {
        ScopeLabels {
            measured: self.selector_labels(node),
            recorded: self.recording_labels(node),
            recordings: self.recordings(node),
        }
    }

    /// Returns the scope of a block's queries, for lookups in the catalog.
    pub(super) fn catalogue_scope(&mut self, node: NodeId) -> Scope {
        Scope {
            labels: self.selector_labels(node),
            recordings: self.recordings(node).to_vec(),
        }
    }

    fn service_of(&self, node: NodeId) -> Option<NodeId> {
        let mut at = Some(node);
        while let Some(node) = at {
            if self.node(node).kind == kind::SERVICE {
                return Some(node);
            }
            at = self.node(node).parent;
        }
        None
    }

    /// Returns the names of the service's own recording rules.
    fn recordings(&self, node: NodeId) -> Rc<Vec<SmolStr>> {
        let service = self.service_of(node);
        service
            .map(|service| Rc::clone(&self.node(service).recordings))
            .unwrap_or_default()
    }

    /// Returns the labels that identify the service's recorded series.
    fn recording_labels(&self, node: NodeId) -> BTreeMap<String, String> {
        let Some(service) = self.service_of(node) else {
            return BTreeMap::new();
        };
        let mut labels =
            BTreeMap::from([("service".to_owned(), self.node(service).name.to_string())]);
        if let Some(environment) = &self.environment {
            labels.insert("environment".to_owned(), environment.to_string());
        }
        if self.workspace.shared(self.db) {
            let project = self.workspace.project(self.db);
            labels.insert("project".to_owned(), project.to_string());
        }
        labels
    }

    fn selector_labels(&mut self, node: NodeId) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        let mut at = Some(node);
        while let Some(node) = at {
            let kind = self.schema_kind(node);
            if self
                .schema
                .field(&kind, field::SELECTOR)
                .is_some_and(|field| *field.ty.required() == Ty::Labels)
                && let Value::Labels(found) = self.field(node, field::SELECTOR)
                && !found.is_empty()
            {
                for (name, value) in found {
                    if let Value::String(value) = value {
                        labels.insert(name.to_string(), value);
                    }
                }
                break;
            }
            at = self.node(node).parent;
        }
        for (name, value) in self.environment_labels() {
            labels.entry(name).or_insert(value);
        }
        labels
    }

    /// Returns the labels of all series of the environment.
    fn environment_labels(&mut self) -> Vec<(String, String)> {
        let Some(environment) = &self.environment else {
            return Vec::new();
        };
        let Some(key) = self
            .workspace
            .environments(self.db)
            .get(environment)
            .copied()
        else {
            return Vec::new();
        };
        let block = BlockRef {
            item: key,
            path: Vec::new(),
            kind: kind::ENVIRONMENT.into(),
            name: environment.clone(),
        };
        match super::block_field(self.db, self.workspace, block, field::SELECTOR.into(), None) {
            Some(Value::Labels(labels)) => labels
                .into_iter()
                .filter_map(|(name, value)| match value {
                    Value::String(value) => Some((name.to_string(), value)),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Adds the labels of a block to the queries in a value.
    pub(crate) fn scoped(&mut self, value: Value, node: NodeId) -> Value {
        match value {
            Value::Query(mut query) if !query.scoped => {
                let labels = self.scope_labels(node);
                labels.add_to(&mut query.expr);
                query.scoped = true;
                Value::Query(query)
            }
            Value::List(items) => Value::List(
                items
                    .into_iter()
                    .map(|item| self.scoped(item, node))
                    .collect(),
            ),
            other => other,
        }
    }
}
