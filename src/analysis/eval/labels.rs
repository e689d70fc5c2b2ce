//! The labels that are added to the selectors of a block's queries.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use smol_str::SmolStr;

use super::node::{BlockLabels, NodeId, State};
use super::value::{BlockRef, Value};
use super::{Evaluator, Mode};
use crate::db::Workspace;
use crate::schema::Ty;
use crate::schema::names::{field, kind};
use nth_metrics::check::read_under;
use nth_metrics::{Scope, selector_of};
use nth_promql as promql;
use nth_promql::rewrite::inject_matchers_by;
use nth_promql::{LabelMatchers, MatchOp};

/// The labels of a scope.
#[derive(Default)]
pub(crate) struct ScopeLabels {
    /// The matchers for metrics of targets: the innermost selector's.
    measured: Rc<LabelMatchers>,
    /// The labels for series that the service's rules record.
    recorded: Rc<LabelMatchers>,
    /// The names of the service's own recording rules.
    recordings: Rc<Vec<SmolStr>>,
    /// The labels for series that the project records outside of any service.
    outside: Rc<LabelMatchers>,
    /// The names of these recording rules.
    outside_recordings: Arc<BTreeSet<SmolStr>>,
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
        inject_matchers_by(expr, |metric| {
            if metric.is_some_and(|metric| self.is_recorded_outside(metric)) {
                &self.outside
            } else if metric.is_some_and(|metric| self.is_recorded(metric)) {
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
        let names = self.measured.labels().chain(self.recorded.labels());
        names.cloned().collect()
    }

    /// Returns the catalog's key for a selector that already has the labels.
    pub(crate) fn catalogued(&self, selector: &promql::Selector) -> Catalogued {
        let name = selector.metric.as_ref().map(|metric| metric.text.as_str());
        if name.is_some_and(|name| self.is_recorded(name) || self.is_recorded_outside(name)) {
            return Catalogued::Recorded;
        }
        match read_under(&self.measured, selector) {
            Some(labels) => Catalogued::Under(selector_of(&labels)),
            None => Catalogued::Elsewhere,
        }
    }

    /// True if all series of targets have a label, because a matcher of the scope requires it.
    pub(crate) fn sets(&self, label: &str) -> bool {
        self.measured.requires(label)
    }

    /// Returns the scope's selector in the form of the catalog's keys.
    pub(crate) fn selector(&self) -> String {
        selector_of(&self.measured)
    }

    /// True if the project records a metric outside of any service.
    fn is_recorded_outside(&self, metric: &str) -> bool {
        self.outside_recordings.contains(metric)
            && !self.recordings.iter().any(|known| known == metric)
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
        let BlockLabels { measured, recorded } = self.block_labels(node);
        ScopeLabels {
            measured,
            recorded,
            recordings: self.recordings(node),
            outside: self.rule_labels(),
            outside_recordings: Arc::clone(self.workspace.outside_recordings(self.db)),
        }
    }

    /// Returns the labels for all queries of a block. They are kept once all blocks around it are collected, so that no selector
    /// can be added.
    fn block_labels(&mut self, node: NodeId) -> BlockLabels {
        if let Some(known) = &self.node(node).labels {
            return known.clone();
        }
        let is_settled = std::iter::successors(Some(node), |node| self.node(*node).parent)
            .all(|node| self.node(node).is_settled(field::SELECTOR));
        let own = self.own_selector(node);
        let around = self.node(node).parent.filter(|_| own.is_none());
        let around = around.map(|around| self.block_labels(around));
        let measured = match &around {
            Some(around) => Rc::clone(&around.measured),
            None => {
                let mut labels = own.unwrap_or_default();
                labels.fill(&self.environment_labels());
                Rc::new(labels)
            }
        };
        let recorded = match around.filter(|_| self.node(node).kind != kind::SERVICE) {
            Some(around) => around.recorded,
            None => Rc::new(self.recording_labels(node)),
        };
        let labels = BlockLabels { measured, recorded };
        if is_settled {
            self.nodes[node.0].labels = Some(labels.clone());
        }
        labels
    }

    /// Returns the labels of all rules of the project in the environment.
    fn rule_labels(&mut self) -> Rc<LabelMatchers> {
        let known = self.rule_labels.clone();
        known.unwrap_or_else(|| {
            let labels = Rc::new(self.scope_of_rules());
            self.rule_labels = Some(Rc::clone(&labels));
            labels
        })
    }

    /// Returns the scope of a block's queries, for lookups in the catalog.
    pub(super) fn catalogue_scope(&mut self, node: NodeId) -> Scope {
        Scope {
            labels: self.block_labels(node).measured.as_ref().clone(),
            recordings: {
                let outside = self.workspace.outside_recordings(self.db).iter().cloned();
                let own = self.recordings(node);
                own.iter().cloned().chain(outside).collect()
            },
        }
    }

    /// Returns the block whose rules have the label `service`: a service, or a dependency that services share.
    fn service_of(&self, node: NodeId) -> Option<NodeId> {
        let mut at = Some(node);
        while let Some(node) = at {
            let kind = &self.node(node).kind;
            let parent = self.node(node).parent;
            if kind == kind::SERVICE || kind == kind::DEPENDENCY && parent.is_none() {
                return Some(node);
            }
            at = parent;
        }
        None
    }

    /// Returns the names of the service's own recording rules, and of those in its SLOs.
    fn recordings(&mut self, node: NodeId) -> Rc<Vec<SmolStr>> {
        let Some(service) = self.service_of(node) else {
            return Rc::default();
        };
        let mut names = Rc::clone(&self.node(service).recordings);
        // Its blocks are known.
        if self.node(service).state != State::Done {
            return names;
        }
        let slos = self.node(service).children.iter().copied();
        let slos: Vec<NodeId> = slos
            .filter(|child| self.node(*child).kind == kind::SLO)
            .collect();
        for slo in slos {
            self.collect(slo);
            let of_slo = &self.node(slo).recordings;
            if !of_slo.is_empty() {
                let of_slo = of_slo.as_ref().clone();
                Rc::make_mut(&mut names).extend(of_slo);
            }
        }
        names
    }

    /// Returns the labels that identify the service's recorded series.
    fn recording_labels(&self, node: NodeId) -> LabelMatchers {
        let Some(service) = self.service_of(node) else {
            return LabelMatchers::default();
        };
        let mut labels = LabelMatchers::from_iter([("service", self.node(service).name.as_str())]);
        labels.replace(self.scope_of_rules());
        labels
    }

    /// Collects the labels of all rules of the project in the environment.
    fn scope_of_rules(&self) -> LabelMatchers {
        let mut labels = LabelMatchers::default();
        if let Some(environment) = &self.environment {
            labels.add("environment", MatchOp::Equal, environment.as_str());
        }
        if self.workspace.shared(self.db) {
            let project = self.workspace.project(self.db);
            labels.add("project", MatchOp::Equal, project.as_str());
        }
        labels
    }

    /// Returns the matchers of a block's own selector; `None` if those of the block around it apply.
    fn own_selector(&mut self, node: NodeId) -> Option<LabelMatchers> {
        let kind = self.schema_kind(node);
        let field = self.schema.field(&kind, field::SELECTOR)?;
        if *field.ty.required() != Ty::Matchers {
            return None;
        }
        match self.field(node, field::SELECTOR) {
            Value::Matchers(found) if !found.is_empty() => Some(found.resolved()),
            _ => None,
        }
    }

    /// Returns the matchers of all series of the environment.
    fn environment_labels(&mut self) -> LabelMatchers {
        let Some(environment) = &self.environment else {
            return LabelMatchers::default();
        };
        let Some(key) = self
            .workspace
            .environments(self.db)
            .get(environment)
            .copied()
        else {
            return LabelMatchers::default();
        };
        let block = BlockRef {
            item: key,
            path: Vec::new(),
            kind: kind::ENVIRONMENT.into(),
            name: environment.clone(),
        };
        match super::block_field(self.db, self.workspace, block, field::SELECTOR.into(), None) {
            Some(Value::Matchers(matchers)) => matchers.resolved(),
            _ => LabelMatchers::default(),
        }
    }

    /// Adds the labels of a block to the queries in a value.
    pub(crate) fn scoped(&mut self, value: Value, node: NodeId) -> Value {
        match value {
            Value::Query(mut query) if !query.scoped => {
                let labels = self.scope_labels(node);
                labels.add_to(Arc::make_mut(&mut query.expr));
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
