//! Checks queries against the metric catalog and the metrics that the project declares: selects the queries to check and
//! places the findings. The check itself is in [`nth_metrics::check`].

use std::collections::HashMap;

use smol_str::SmolStr;

use super::labels::{Catalogued, ScopeLabels};
use super::node::NodeId;
use super::scope::Context;
use super::value::{Query, Shape, Value};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span, Workspace};
use crate::eval::metrics::{has_known_metrics, metrics_under};
use crate::schema::names::{field, kind};
use crate::schema::{self, Ty};
use nth_diagnostics::UnknownName;
use nth_metrics::Known;
use nth_metrics::check::{self, Case, Filled, Under};
use nth_promql::rewrite::{HoleValue, fill_holes, set_spans};
use nth_promql::{self as promql, Expr, Node, Selector};
use nth_syntax::tree::{self, Arg, QueryLit};

/// The checks against known metrics that an evaluation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MetricChecks {
    /// None.
    None,
    /// All but those for a missing metric or label: the signal has other candidates.
    ExceptAbsence,
    /// All.
    All,
}

/// The origin of the value of an interpolation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Not a query.
    Value,
    /// A query that was checked where it was written.
    Judged,
    /// A query that was not checked in any block: that of a top-level `let`.
    Unseen,
}

impl Source {
    pub(super) fn from_value(value: &Value) -> Self {
        match value {
            // A signal without a metric is reported where it is declared.
            Value::Query(query) if query.scoped || !query.missing.is_empty() => Self::Judged,
            Value::Query(_) => Self::Unseen,
            _ => Self::Value,
        }
    }
}

/// Looks up the metrics of selectors in one scope.
struct ScopedMetrics<'e, 'db> {
    db: &'db dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    labels: &'e ScopeLabels,
    /// True if the query is in the standard library.
    is_library: bool,
}

impl<'db> ScopedMetrics<'_, 'db> {
    /// Returns the metrics under a selector's labels, with the key they were looked up by. `None` for a recorded series.
    fn lookup(&self, selector: &Selector) -> Option<(&'db Known, String)> {
        let text = match self.labels.catalogued(selector) {
            Catalogued::Recorded => return None,
            // With the empty selector, only the project's declarations apply.
            Catalogued::Elsewhere => String::new(),
            Catalogued::Under(text) => text,
        };
        Some((self.under(text.clone()), text))
    }

    fn under(&self, selector: String) -> &'db Known {
        metrics_under(self.db, self.workspace, self.environment.clone(), selector)
    }

    /// Runs `check` on a tree whose selectors already have their scope's labels.
    fn check<T>(
        &self,
        expr: &Expr,
        holes: &[Filled],
        computed: &[promql::Span],
        absence: bool,
        check: impl FnOnce(&Case<'_>) -> T,
    ) -> T {
        // The check looks up each selector of the tree several times.
        let read: HashMap<*const Selector, (&Known, String)> = promql::classify::metrics(expr)
            .filter_map(|selector| Some((std::ptr::from_ref(selector), self.lookup(selector)?)))
            .collect();
        let under = |selector: &Selector| {
            let (known, selector) = read.get(&std::ptr::from_ref(selector))?;
            Some(Under { known, selector })
        };
        check(&Case {
            expr,
            holes,
            computed,
            under: &under,
            fixed: &|label| self.labels.sets(label),
            absence,
            is_library: self.is_library,
        })
    }
}

impl<'db> Evaluator<'db> {
    /// Enables checks of queries against known metrics if there are any and the block is a service.
    ///
    /// An evaluation of a single value does not check: its findings are not reported, and a `metric` whose declaration uses a
    /// service's value would cause a cycle.
    pub(super) fn enable_metric_checks(&mut self, root: NodeId) {
        if self.mode == Mode::Instantiate
            && [
                kind::SERVICE,
                kind::DEPENDENCY,
                kind::ALERT,
                kind::RECORDING,
            ]
            .contains(&self.node(root).kind.as_str())
            && has_known_metrics(self.db, self.workspace)
        {
            self.metric_checks = MetricChecks::All;
        }
    }

    fn scoped_metrics<'e>(
        &self,
        labels: &'e ScopeLabels,
        is_library: bool,
    ) -> ScopedMetrics<'e, 'db> {
        ScopedMetrics {
            db: self.db,
            workspace: self.workspace,
            environment: self.environment.clone(),
            labels,
            is_library,
        }
    }

    /// Evaluates the argument of `unscoped(…)` without metric checks: nothing is pulled without the block's labels.
    pub(super) fn eval_unscoped(
        &mut self,
        expr: &'db tree::Expr,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let is_written_here = matches!(expr.node, tree::ExprNode::Query(_));
        let checks = self.metric_checks;
        if is_written_here {
            self.metric_checks = MetricChecks::None;
        }
        let value = self.eval(expr, context, expected);
        self.metric_checks = checks;
        value
    }

    /// Evaluates a field. The candidates of a signal may be missing: that is checked for the signal as a whole.
    pub(super) fn eval_field(
        &mut self,
        expr: &'db tree::Expr,
        context: &Context<'db>,
        field: &schema::FieldSchema,
    ) -> Value {
        let checks = self.metric_checks;
        if checks == MetricChecks::All && field.name == field::ANY_OF {
            self.metric_checks = MetricChecks::ExceptAbsence;
        }
        let value = self.eval(expr, context, &field.ty);
        self.metric_checks = checks;
        value
    }

    /// Checks a query where it is written. `tree` is the parsed text, `fillings` are the values of its interpolations.
    pub(super) fn check_query_metrics(
        &mut self,
        literal: &'db QueryLit,
        tree: &Expr,
        labels: &ScopeLabels,
        sources: &[Source],
        (fillings, places): (&[HoleValue], &[promql::Span]),
        context: &Context<'db>,
    ) {
        if self.metric_checks == MetricChecks::None || context.node.is_none() {
            return;
        }
        let mut judged = tree.clone();
        labels.add_to(&mut judged);
        if fill_holes(&mut judged, fillings).is_err() {
            return;
        }
        let holes: Vec<Filled> = sources
            .iter()
            .zip(places)
            .filter(|(source, _)| **source != Source::Value)
            .map(|(source, place)| Filled {
                span: *place,
                judged: *source == Source::Judged,
            })
            .collect();
        let has_hole = |matcher: &&promql::Matcher| {
            let parts = &matcher.value.parts;
            parts
                .iter()
                .any(|part| matches!(part, promql::tree::StringPart::Hole(_)))
        };
        let computed: Vec<promql::Span> = promql::classify::metrics(tree)
            .flat_map(|selector| &selector.matchers)
            .filter(has_hole)
            .map(|matcher| matcher.value.span)
            .collect();
        let absence = self.metric_checks == MetricChecks::All;
        let is_library = schema::is_standard(self.db, context.scope.item.file);
        let found = self.scoped_metrics(labels, is_library).check(
            &judged,
            &holes,
            &computed,
            absence,
            check::check,
        );
        for finding in found {
            let mut diagnostic = Self::promql_diagnostic(&finding.error, literal, context);
            diagnostic.unknown_name = finding.unknown.map(|name| UnknownName {
                kind: kind::METRIC.to_owned(),
                name,
            });
            self.report_metric_finding(&context.scope.trail, diagnostic);
        }
    }

    /// Checks a selector in a field that takes a vector, where its value is used without a function.
    pub(super) fn check_vector_metrics(
        &mut self,
        value: &Value,
        field: &schema::FieldSchema,
        context: &Context<'db>,
    ) {
        let (Value::Query(query), Some(node)) = (value, context.node) else {
            return;
        };
        if self.metric_checks == MetricChecks::None
            || query.shape != Shape::Selector
            || !is_vector(&field.ty)
            || !query.missing.is_empty()
        {
            return;
        }
        let labels = self.scope_labels(node);
        let mut expr = (*query.expr).clone();
        if !query.scoped {
            labels.add_to(&mut expr);
        }
        let found =
            self.scoped_metrics(&labels, false)
                .check(&expr, &[], &[], true, check::check_value);
        for finding in found {
            let error = finding.error;
            let mut diagnostic =
                Diag::new(error.code, error.message, query.span).label(error.label);
            diagnostic.notes = error.notes;
            diagnostic.help = error.help;
            self.report_metric_finding(&context.scope.trail, diagnostic);
        }
    }

    /// Checks the matcher that `matching(…)` adds, whose label and value are not in the text of a query.
    pub(super) fn check_matcher_metrics(
        &mut self,
        query: &Query,
        label: &'db Arg,
        regex: &'db Arg,
        context: &Context<'db>,
    ) {
        let (Some(node), false) = (context.node, self.metric_checks == MetricChecks::None) else {
            return;
        };
        if !query.missing.is_empty() {
            return;
        }
        // Findings without one of these spans are ignored below.
        let mut expr = (*query.expr).clone();
        set_spans(&mut expr, promql::Span::default());
        let (of_label, of_value) = (promql::Span::new(0, 1), promql::Span::new(1, 2));
        if let Node::Selector(selector) = &mut expr.node
            && let Some(added) = selector.matchers.last_mut()
        {
            added.label_span = of_label;
            added.value.span = of_value;
        }
        let labels = self.scope_labels(node);
        if !query.scoped {
            labels.add_to(&mut expr);
        }
        let found = self
            .scoped_metrics(&labels, false)
            .check(&expr, &[], &[], true, check::check);
        for finding in found {
            let error = finding.error;
            let arg = match error.span {
                span if span == of_label => label,
                span if span == of_value => regex,
                _ => continue,
            };
            let span = self.span(context, arg.value.range);
            let mut diagnostic = Diag::new(error.code, error.message, span).label(error.label);
            diagnostic.notes = error.notes;
            diagnostic.help = error.help;
            if error.span == of_label && names_status_label(&label.value) {
                diagnostic = diagnostic.help(
                    "set the service's `status_label` to the label that holds the outcome of an \
                        event",
                );
            }
            self.report_metric_finding(&context.scope.trail, diagnostic);
        }
    }

    /// Reports a finding at a place that the author can change: one in the standard library is moved to the place that uses it.
    pub(super) fn report_metric_finding(&mut self, trail: &[Span], mut diagnostic: Diag) {
        let is_standard = |span: &Span| schema::is_standard(self.db, span.item.file);
        if is_standard(&diagnostic.primary.span)
            && let Some(place) = trail.iter().rev().find(|span| !is_standard(span))
        {
            let asked = diagnostic.primary.span;
            diagnostic.primary.span = *place;
            // The standard library must not be edited.
            diagnostic.fixes.clear();
            self.diagnostics
                .push(diagnostic.because(asked, "used here"));
            return;
        }
        self.report_at(trail, diagnostic);
    }

    /// Returns the metrics under a selector and its key, for checks of a block's fields.
    pub(super) fn known_metrics(
        &self,
        labels: &ScopeLabels,
        selector: &Selector,
    ) -> Option<(&'db Known, String)> {
        self.scoped_metrics(labels, false).lookup(selector)
    }

    /// True if checks against known metrics are enabled.
    pub(super) fn checks_metrics(&self) -> bool {
        self.metric_checks != MetricChecks::None
    }

    /// Reports N0907 if the block's selector matched no series.
    pub(super) fn check_matches(&mut self, id: NodeId) {
        let kind = self.schema_kind(id);
        let Some(field) = self.schema.field(&kind, field::SELECTOR) else {
            return;
        };
        let setters = self.node(id).setters.get(field::SELECTOR);
        let setter = setters.and_then(|setters| setters.iter().max_by_key(|setter| setter.order));
        let (Ty::Matchers, Some(setter)) = (field.ty.required(), setter.cloned()) else {
            return;
        };
        if !matches!(self.field(id, field::SELECTOR), Value::Matchers(matchers) if !matchers.is_empty())
        {
            return;
        }
        let labels = self.scope_labels(id);
        let selector = labels.selector();
        if !check::is_empty(self.scoped_metrics(&labels, false).under(selector.clone())) {
            return;
        }
        let node = self.node(id);
        let diagnostic = Diag::new(
            &codes::MATCHES_NOTHING,
            format!(
                "no series matched the selector of the {} `{}`",
                node.kind, node.name
            ),
            self.span(&setter.context, setter.expr.range),
        )
        .label(format!("`{selector}` matched nothing"))
        .note("its queries were not checked")
        .help("compare these labels with the target's labels in Prometheus, or run `nthc metrics pull` \
            again if the target has started since");
        self.report_metric_finding(&setter.context.scope.trail, diagnostic);
    }
}

/// True for `service.status_label`, which templates use for the label that holds the outcome of an event.
fn names_status_label(expr: &tree::Expr) -> bool {
    matches!(&expr.node, tree::ExprNode::Member(_, name) if name.text == field::STATUS_LABEL)
}

/// True if a field takes a vector, and not a selector that is wrapped in `rate()`.
fn is_vector(ty: &Ty) -> bool {
    match ty.required() {
        Ty::Vector => true,
        Ty::Union(members) => members.contains(&Ty::Vector) && !members.contains(&Ty::Selector),
        _ => false,
    }
}
