//! Queries compared with the metric catalogue and with the metrics that the project declares: which of them are, and
//! where what is found is told. The judgment itself is [`catalogue::check`](nth_metrics::check)'s.

use std::collections::HashMap;

use smol_str::SmolStr;

use super::labels::{Catalogued, ScopeLabels};
use super::node::NodeId;
use super::scope::Context;
use super::value::{Query, Shape, Value};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span, Workspace};
use crate::eval::metrics::{anything_known, metrics_under};
use crate::schema::names::{field, kind};
use crate::schema::{self, Ty};
use nth_diagnostics::UnknownName;
use nth_metrics::Known;
use nth_metrics::check::{self, Case, Filled, Under};
use nth_promql::rewrite::{HoleValue, fill_holes, set_spans};
use nth_promql::{self as promql, Expr, Node, Selector};
use nth_syntax::tree::{self, Arg, QueryLit};

/// How the queries of an evaluation are compared with what is known of metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claims {
    /// Not at all.
    None,
    /// But for the absence of a metric or of its label: the signal that names it has other candidates.
    NotOfAbsence,
    /// In every way.
    All,
}

/// What came through a hole, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// No query.
    Value,
    /// A query that was judged where it was written.
    Judged,
    /// A query that no block has had a look at: that of a top-level `let`.
    Unseen,
}

impl Source {
    pub(super) fn of(value: &Value) -> Self {
        match value {
            // What a signal without a metric stands for is told where it is missing.
            Value::Query(query) if query.scoped || !query.missing.is_empty() => Self::Judged,
            Value::Query(_) => Self::Unseen,
            _ => Self::Value,
        }
    }
}

/// What is known of the selectors of a scope.
struct Scoped<'e, 'db> {
    db: &'db dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    labels: &'e ScopeLabels,
    /// Whether the query is the standard library's.
    is_library: bool,
}

impl<'db> Scoped<'_, 'db> {
    /// The metrics where a selector reads, and the selector that they were looked up by.
    fn known(&self, selector: &Selector) -> Option<(&'db Known, String)> {
        let text = match self.labels.catalogued(selector) {
            Catalogued::Recorded => return None,
            // Under no selector there is what the project declares.
            Catalogued::Elsewhere => String::new(),
            Catalogued::Under(text) => text,
        };
        Some((self.under(text.clone()), text))
    }

    fn under(&self, selector: String) -> &'db Known {
        metrics_under(self.db, self.workspace, self.environment.clone(), selector)
    }

    /// Judges a tree whose selectors have their labels.
    fn judge<T>(
        &self,
        expr: &Expr,
        holes: &[Filled],
        computed: &[promql::Span],
        absence: bool,
        judgment: impl FnOnce(&Case<'_>) -> T,
    ) -> T {
        // The judgment asks of each selector several times, and always of those in the tree itself.
        let read: HashMap<*const Selector, (&Known, String)> = promql::classify::metrics(expr)
            .filter_map(|selector| Some((std::ptr::from_ref(selector), self.known(selector)?)))
            .collect();
        let under = |selector: &Selector| {
            let (known, selector) = read.get(&std::ptr::from_ref(selector))?;
            Some(Under { known, selector })
        };
        judgment(&Case {
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
    /// From now on compares queries with what is known of metrics, if anything is, and the block is a service.
    ///
    /// An evaluation that was asked for a value alone does not: nobody would read what it finds, and a `metric` whose
    /// declaration asks for a service's value would go in a circle.
    pub(super) fn compare_with_known(&mut self, root: NodeId) {
        if self.mode == Mode::Instantiate
            && self.node(root).kind == kind::SERVICE
            && anything_known(self.db, self.workspace)
        {
            self.claims = Claims::All;
        }
    }

    fn scoped_by<'e>(&self, labels: &'e ScopeLabels, is_library: bool) -> Scoped<'e, 'db> {
        Scoped {
            db: self.db,
            workspace: self.workspace,
            environment: self.environment.clone(),
            labels,
            is_library,
        }
    }

    /// The argument of `unscoped(…)`: of what a query reads without its block's labels nothing was pulled.
    pub(super) fn eval_unscoped(
        &mut self,
        expr: &'db tree::Expr,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let is_written_here = matches!(expr.node, tree::ExprNode::Query(_));
        let claims = self.claims;
        if is_written_here {
            self.claims = Claims::None;
        }
        let value = self.eval(expr, context, expected);
        self.claims = claims;
        value
    }

    /// A field's value. Which of a signal's candidates there are is for the signal to say.
    pub(super) fn eval_field(
        &mut self,
        expr: &'db tree::Expr,
        context: &Context<'db>,
        field: &schema::FieldSchema,
    ) -> Value {
        let claims = self.claims;
        if claims == Claims::All && field.name == field::ANY_OF {
            self.claims = Claims::NotOfAbsence;
        }
        let value = self.eval(expr, context, &field.ty);
        self.claims = claims;
        value
    }

    /// Judges a query where it is written: `tree` is that of its text, `fillings` is what its holes hold.
    pub(super) fn check_known(
        &mut self,
        literal: &'db QueryLit,
        tree: &Expr,
        labels: &ScopeLabels,
        sources: &[Source],
        (fillings, places): (&[HoleValue], &[promql::Span]),
        context: &Context<'db>,
    ) {
        if self.claims == Claims::None || context.node.is_none() {
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
        let absence = self.claims == Claims::All;
        let is_library = schema::is_standard(self.db, context.scope.item.file);
        let found = self.scoped_by(labels, is_library).judge(
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
            self.report_known(&context.scope.trail, diagnostic);
        }
    }

    /// Judges a selector that a field takes as a vector: there its value is used as it is.
    pub(super) fn check_known_value(
        &mut self,
        value: &Value,
        field: &schema::FieldSchema,
        context: &Context<'db>,
    ) {
        let (Value::Query(query), Some(node)) = (value, context.node) else {
            return;
        };
        if self.claims == Claims::None
            || query.shape != Shape::Selector
            || !is_vector(&field.ty)
            || !query.missing.is_empty()
        {
            return;
        }
        let labels = self.scope_labels(node);
        let mut expr = query.expr.clone();
        if !query.scoped {
            labels.add_to(&mut expr);
        }
        let found = self
            .scoped_by(&labels, false)
            .judge(&expr, &[], &[], true, check::check_value);
        for finding in found {
            let error = finding.error;
            let mut diagnostic =
                Diag::new(error.code, error.message, query.span).label(error.label);
            diagnostic.notes = error.notes;
            diagnostic.help = error.help;
            self.report_known(&context.scope.trail, diagnostic);
        }
    }

    /// Judges the matcher that `matching(…)` adds: its label and its value stand outside of any query.
    pub(super) fn check_known_matcher(
        &mut self,
        query: &Query,
        label: &'db Arg,
        regex: &'db Arg,
        context: &Context<'db>,
    ) {
        let (Some(node), false) = (context.node, self.claims == Claims::None) else {
            return;
        };
        if !query.missing.is_empty() {
            return;
        }
        // Only what has a place is judged.
        let mut expr = query.expr.clone();
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
            .scoped_by(&labels, false)
            .judge(&expr, &[], &[], true, check::check);
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
            self.report_known(&context.scope.trail, diagnostic);
        }
    }

    /// Reports at a place that an author can change: what the standard library's own text asks for is told where
    /// it was asked to.
    pub(super) fn report_known(&mut self, trail: &[Span], mut diagnostic: Diag) {
        let is_standard = |span: &Span| schema::is_standard(self.db, span.item.file);
        if is_standard(&diagnostic.primary.span)
            && let Some(place) = trail.iter().rev().find(|span| !is_standard(span))
        {
            let asked = diagnostic.primary.span;
            diagnostic.primary.span = *place;
            // A text that an argument replaces is not to be edited.
            diagnostic.fixes.clear();
            self.diagnostics
                .push(diagnostic.because(asked, "used here"));
            return;
        }
        self.report_at(trail, diagnostic);
    }

    /// What is known of a selector's metrics, for a block's own fields.
    pub(super) fn known_of(
        &self,
        labels: &ScopeLabels,
        selector: &Selector,
    ) -> Option<(&'db Known, String)> {
        self.scoped_by(labels, false).known(selector)
    }

    /// Whether a block's own fields are compared with what is known.
    pub(super) fn makes_claims(&self) -> bool {
        self.claims != Claims::None
    }

    /// Reports where the block's own selector matched nothing: N0907.
    pub(super) fn check_matches(&mut self, id: NodeId) {
        let kind = self.schema_kind(id);
        let Some(field) = self.schema.field(&kind, field::SELECTOR) else {
            return;
        };
        let setters = self.node(id).setters.get(field::SELECTOR);
        let setter = setters.and_then(|setters| setters.iter().max_by_key(|setter| setter.order));
        let (Ty::Labels, Some(setter)) = (field.ty.required(), setter.cloned()) else {
            return;
        };
        if !matches!(self.field(id, field::SELECTOR), Value::Labels(labels) if !labels.is_empty()) {
            return;
        }
        let labels = self.scope_labels(id);
        let selector = labels.selector();
        if !check::is_empty(self.scoped_by(&labels, false).under(selector.clone())) {
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
        self.report_known(&setter.context.scope.trail, diagnostic);
    }
}

/// `service.status_label`, by which templates ask for a label whose name only the service knows.
fn names_status_label(expr: &tree::Expr) -> bool {
    matches!(&expr.node, tree::ExprNode::Member(_, name) if name.text == field::STATUS_LABEL)
}

/// Whether a field takes a vector, and not a selector of which a rate would be taken.
fn is_vector(ty: &Ty) -> bool {
    match ty.required() {
        Ty::Vector => true,
        Ty::Union(members) => members.contains(&Ty::Vector) && !members.contains(&Ty::Selector),
        _ => false,
    }
}
