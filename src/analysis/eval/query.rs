//! Queries: PromQL with interpolations, which is checked, scoped by the innermost selector, and filled.

use std::collections::BTreeSet;
use std::sync::Arc;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use smol_str::SmolStr;

use super::metric_checks::Source;
use super::scope::Context;
use super::value::{BlockRef, Query, Shape, Value};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, Span, Workspace};
use crate::limits;
use crate::schema::Ty;
use crate::schema::names::kind;
use nth_diagnostics::Applicability;
use nth_model as ir;
use nth_promql::lint::{self, Known};
use nth_promql::rewrite::{self, HoleValue, fill_holes, set_spans};
use nth_promql::{self as promql, HoleType, classify};
use nth_syntax::tree::{ExprNode, QueryHole, QueryLit, StringPart, TextRange};

/// Parses a query's text. A query of a template is parsed once for all instances.
#[salsa::tracked(returns(ref))]
fn parsed_query(
    _db: &dyn salsa::Database,
    _workspace: Workspace,
    masked: SmolStr,
) -> Result<promql::Expr, Vec<promql::Error>> {
    promql::parse(&masked)
}

impl<'db> Evaluator<'db> {
    /// The text of a query in LogQL, which has no interpolations.
    pub(crate) fn logql(&mut self, literal: &'db QueryLit, context: &Context<'db>) -> Value {
        if let Some(hole) = literal.holes.first() {
            let diagnostic = Diag::new(
                &codes::BAD_LOGQL,
                "cannot interpolate into LogQL",
                self.span(context, hole.expr.range),
            )
            .help("write the value in the query");
            self.report(context, diagnostic);
            return Value::Error;
        }
        Value::String(literal.text.trim().to_owned())
    }

    pub(crate) fn query(&mut self, literal: &'db QueryLit, context: &Context<'db>) -> Value {
        let masked = literal.masked();
        if masked.len() > limits::QUERY_TEXT {
            let diagnostic = Diag::new(
                &codes::QUERY_TOO_LARGE,
                format!(
                    "this query is longer than {} KiB",
                    limits::QUERY_TEXT / 1024
                ),
                self.span(context, literal.text_range),
            )
            .help("move parts of it into recording rules and use their results");
            self.report(context, diagnostic);
            return Value::Error;
        }
        let parsed = parsed_query(self.db, self.workspace, masked.as_str().into());
        let tree = match parsed {
            Ok(tree) => tree,
            Err(errors) => {
                for error in errors {
                    self.report_promql(error, literal, context);
                }
                // The interpolations may have errors too.
                for hole in &literal.holes {
                    self.eval(&hole.expr, context, &Ty::Any);
                }
                return Value::Error;
            }
        };
        self.record_metrics(tree, literal, context);
        let mut holes = Vec::new();
        let mut wrong = false;
        for hole in &literal.holes {
            match self.hole(hole, context) {
                Some(value) => holes.push(value),
                None => {
                    wrong = true;
                    holes.push(Value::Error);
                }
            }
        }
        let types: Vec<HoleType> = holes.iter().map(hole_type).collect();
        let (ty, errors) = promql::infer(tree, &types);
        for error in &errors {
            self.report_promql(error, literal, context);
        }
        if errors.iter().all(|error| !error.is_error()) {
            let surroundings = lint::Surroundings {
                scrape_interval: self.workspace.scrape_interval(self.db),
                added: self.added_labels(tree, context),
            };
            let known: Vec<Known> = holes.iter().map(lint_value).collect();
            for found in lint::lint(tree, &known, &surroundings) {
                self.report_promql(&found, literal, context);
            }
        }
        if wrong || errors.iter().any(promql::Error::is_error) {
            return Value::Error;
        }
        let shape = shape_of(tree, ty, &holes);
        if holes.iter().any(|hole| matches!(hole, Value::Unknown(_))) {
            return Self::unknown_query(shape);
        }
        let labels = context
            .node
            .map(|node| self.scope_labels(node))
            .unwrap_or_default();
        // Estimate the size before copying: each interpolation with its value, each selector with all labels.
        let filled: usize = holes.iter().map(size_of_hole).sum();
        let selectors = classify::exprs(tree)
            .filter(|expr| matches!(expr.node, promql::Node::Selector(_)))
            .count();
        let size = promql::size(tree) + filled + selectors * labels.count();
        if !self.count_query(size, literal.text_range, context) {
            return Value::Error;
        }
        let mut expr = tree.clone();
        labels.add_to(&mut expr);
        let missing = missing_signals(&holes);
        let sources: Vec<Source> = holes.iter().map(Source::from_value).collect();
        let places = hole_places(tree, holes.len());
        let fillings: Vec<HoleValue> = holes
            .into_iter()
            .zip(&places)
            .map(|(hole, place)| match hole {
                Value::Query(query) => {
                    let mut inserted = Arc::unwrap_or_clone(query.expr);
                    if !query.scoped {
                        labels.add_to(&mut inserted);
                    }
                    // All parts of an inserted query get the place of the interpolation.
                    set_spans(&mut inserted, *place);
                    HoleValue::Expr(inserted)
                }
                Value::Number(value) => HoleValue::Number(value.normalize().to_string()),
                Value::Percent(value) => {
                    HoleValue::Number((value / Decimal::ONE_HUNDRED).normalize().to_string())
                }
                Value::Size(value) => HoleValue::Number(value.normalize().to_string()),
                Value::Rate(value) => {
                    HoleValue::Number((value / Decimal::from(3600)).normalize().to_string())
                }
                Value::Duration(value) => HoleValue::Duration(promql_duration(value)),
                other => HoleValue::Text(other.show().unwrap_or_default()),
            })
            .collect();
        if let Err(errors) = fill_holes(&mut expr, &fillings) {
            for error in errors {
                let range = literal
                    .holes
                    .get(error.hole)
                    .map_or(literal.text_range, |hole| hole.expr.range);
                let diagnostic = Diag::new(
                    &codes::PROMQL_HOLE_TYPE,
                    error.message,
                    self.span(context, range),
                );
                self.report(context, diagnostic);
            }
            return Value::Error;
        }
        if fillings
            .iter()
            .any(|filling| matches!(filling, HoleValue::Expr(_)))
            && let Some(error) = grown_too_deep(&expr)
        {
            let range = literal
                .holes
                .first()
                .map_or(literal.text_range, |hole| hole.expr.range);
            let diagnostic = Diag::new(&codes::PROMQL_TOO_DEEP, error, self.span(context, range))
                .label("one interpolation too many")
                .help("move the inner part into a recording rule and use its result");
            self.report(context, diagnostic);
            return Value::Error;
        }
        // Some errors depend on the value, such as a duration of zero.
        if may_be_invalid(&mut expr, &fillings)
            && let Err(errors) = promql::parse(&expr.to_string())
            && let Some(error) = errors.first()
        {
            let zero =
                literal.holes.iter().zip(&fillings).find(
                    |(_, filling)| matches!(filling, HoleValue::Duration(text) if text == "0s"),
                );
            let range = zero.map_or(literal.text_range, |(hole, _)| hole.expr.range);
            let diagnostic =
                Diag::new(error.code, error.message.clone(), self.span(context, range));
            self.report(context, diagnostic);
            return Value::Error;
        }
        self.check_query_metrics(
            literal,
            tree,
            &labels,
            &sources,
            (&fillings, &places),
            context,
        );
        let span = self.span(context, literal.text_range);
        Value::Query(Query {
            expr: Arc::new(expr),
            scoped: context.node.is_some(),
            shape,
            span,
            missing,
        })
    }

    /// Evaluates an interpolation. A signal evaluates to its metric.
    fn hole(&mut self, hole: &'db QueryHole, context: &Context<'db>) -> Option<Value> {
        let value = match self.quoted_signal(hole, context) {
            Some(signal) => signal,
            None => self.eval(&hole.expr, context, &Ty::Any),
        };
        match value {
            Value::Error => None,
            Value::Block(block) => self.signal_hole(&block, hole, context),
            Value::Unknown(Ty::Ref(kind)) if kind == kind::SIGNAL => {
                Some(Value::Unknown(Ty::Selector))
            }
            value @ (Value::Labels(_)
            | Value::Matchers(_)
            | Value::List(_)
            | Value::None
            | Value::Runtime(..)
            | Value::TimeOfDay(_)
            | Value::TimeOfWeek(_)
            | Value::Bool(_)) => {
                let diagnostic = Diag::new(
                    &codes::TYPE_MISMATCH,
                    match &value {
                        Value::None => "interpolated value is unset".to_owned(),
                        other => format!("{} cannot be interpolated into a query", other.ty().phrase()),
                    },
                    self.span(context, hole.expr.range),
                )
                .help("interpolate a query, a signal, a number, a duration, or text inside a matcher's \
                    quotes");
                self.report(context, diagnostic);
                None
            }
            value => Some(value),
        }
    }

    /// Evaluates `${"queue depth"}` to the signal of that name.
    fn quoted_signal(&mut self, hole: &'db QueryHole, context: &Context<'db>) -> Option<Value> {
        let ExprNode::String(string) = &hole.expr.node else {
            return None;
        };
        let kinds = [SmolStr::new_static(kind::SIGNAL)];
        let [StringPart::Text(text)] = string.parts.as_slice() else {
            return None;
        };
        self.block_of_text(text, &kinds, context)?;
        let expected = Ty::Ref(SmolStr::new_static(kind::SIGNAL));
        Some(self.quoted_block(string, hole.expr.range, context, &expected))
    }

    fn signal_hole(
        &mut self,
        block: &BlockRef,
        hole: &QueryHole,
        context: &Context<'db>,
    ) -> Option<Value> {
        if block.kind != kind::SIGNAL {
            let diagnostic = Diag::new(
                &codes::TYPE_MISMATCH,
                format!(
                    "the {} `{}` cannot be interpolated into a query",
                    block.kind, block.name
                ),
                self.span(context, hole.expr.range),
            )
            .help("interpolate a `signal`: other blocks are not metrics");
            self.report(context, diagnostic);
            return None;
        }
        match self.signal_query(block) {
            Some(Value::Query(query)) => Some(Value::Query(query)),
            // Errors in the signal are reported there.
            _ => Some(Value::Unknown(Ty::Selector)),
        }
    }

    /// Returns the labels that will be added to the selectors of a query, if they do not depend on its use: not in a template, nor
    /// at the top level, nor if environments have labels.
    fn added_labels(
        &mut self,
        tree: &promql::Expr,
        context: &Context<'db>,
    ) -> Option<BTreeSet<SmolStr>> {
        let node = context.node?;
        let (root, _) = self.root?;
        let is_settled = self.mode == Mode::Instantiate
            && context.scope.item == root
            && self.workspace.environments(self.db).is_empty();
        // Only a few queries have a matcher that needs it.
        (is_settled && lint::asks_for_added(tree)).then(|| self.scope_labels(node).names())
    }

    fn report_promql(&mut self, error: &promql::Error, literal: &QueryLit, context: &Context<'db>) {
        let diagnostic = Self::promql_diagnostic(error, literal, context);
        self.report(context, diagnostic);
    }

    /// Converts an error in a query's text to a diagnostic in the item.
    pub(super) fn promql_diagnostic(
        error: &promql::Error,
        literal: &QueryLit,
        context: &Context<'db>,
    ) -> Diag {
        diagnostic_at(error, |span| Span {
            item: context.scope.item,
            range: TextRange {
                start: span.start,
                end: span.end,
            }
            .shifted(literal.text_range.start),
        })
    }
}

/// Converts an error of PromQL to a diagnostic at the places that `place` returns.
pub(super) fn diagnostic_at(error: &promql::Error, place: impl Fn(promql::Span) -> Span) -> Diag {
    let mut diagnostic =
        Diag::new(error.code, error.message.clone(), place(error.span)).label(error.label.clone());
    for note in &error.notes {
        diagnostic = diagnostic.note(note.clone());
    }
    for help in &error.help {
        diagnostic = diagnostic.help(help.clone());
    }
    if let Some((span, text)) = &error.suggestion {
        let title = match (span.start == span.end, text.is_empty()) {
            (true, _) => format!("Insert `{text}`"),
            (false, true) => "Remove it".to_owned(),
            (false, false) => format!("Replace with `{text}`"),
        };
        let applicability = if error.is_sure {
            Applicability::Always
        } else {
            Applicability::Maybe
        };
        diagnostic = diagnostic.fix(title, place(*span), text.clone(), applicability);
    }
    diagnostic
}

/// Describes the problem if a query with inserted ones is nested deeper than allowed.
fn grown_too_deep(expr: &promql::Expr) -> Option<String> {
    let depth = classify::depth(expr);
    if depth > promql::MAX_TREE_DEPTH {
        return Some(format!(
            "the query is nested more than {} operators deep",
            promql::MAX_TREE_DEPTH
        ));
    }
    // Print only trees that could exceed the limit for brackets.
    (depth > promql::MAX_DEPTH / 2)
        .then(|| promql::too_deep(&expr.to_string()))
        .flatten()
        .map(|error| error.message)
}

/// True if a quantity may make the query invalid: a duration that is zero or computed from others, a negative number. Parsing
/// tells; it takes longer than all else.
fn may_be_invalid(expr: &mut promql::Expr, fillings: &[HoleValue]) -> bool {
    let is_usual = |text: &str| {
        let is_simple = text.starts_with(|c: char| c.is_ascii_digit());
        is_simple && promql::seconds(text).is_some_and(|seconds| (1e-3..=1e9).contains(&seconds))
    };
    let mut has_quantities = false;
    for filling in fillings {
        if let HoleValue::Duration(text) | HoleValue::Number(text) = filling {
            has_quantities = true;
            if !is_usual(text) {
                return true;
            }
        }
    }
    let mut is_computed = false;
    rewrite::each_duration(expr, &mut |duration| {
        is_computed |= !matches!(
            duration.node,
            promql::DurationNode::Literal(_) | promql::DurationNode::Window
        );
    });
    has_quantities && is_computed
}

/// The size that an interpolation adds to a query.
fn size_of_hole(hole: &Value) -> usize {
    match hole {
        Value::Query(query) => promql::size(&query.expr),
        Value::String(text) => 1 + text.len() / 64,
        _ => 1,
    }
}

/// Returns the place of each interpolation that is an expression.
fn hole_places(tree: &promql::Expr, holes: usize) -> Vec<promql::Span> {
    let mut places = vec![promql::Span::default(); holes];
    for expr in classify::exprs(tree) {
        if let promql::Node::Hole(number) = expr.node
            && let Some(place) = places.get_mut(number)
        {
            *place = expr.span;
        }
    }
    places
}

/// Returns the missing signals in a query's interpolations, without duplicates.
fn missing_signals(holes: &[Value]) -> Arc<Vec<BlockRef>> {
    let mut missing: Vec<BlockRef> = Vec::new();
    for hole in holes {
        if let Value::Query(query) = hole {
            for signal in query.missing.iter() {
                if !missing.contains(signal) {
                    missing.push(signal.clone());
                }
            }
        }
    }
    Arc::new(missing)
}

fn hole_type(value: &Value) -> HoleType {
    match value {
        Value::Query(query) => match query.shape {
            Shape::Selector => HoleType::Selector,
            Shape::Scalar => HoleType::Scalar,
            Shape::Unknown => HoleType::Unknown,
            _ => HoleType::Vector,
        },
        Value::Number(_) | Value::Percent(_) | Value::Size(_) | Value::Rate(_) => HoleType::Scalar,
        Value::Duration(_) => HoleType::Duration,
        Value::Unknown(ty) => match ty.required() {
            Ty::Selector => HoleType::Selector,
            Ty::Vector | Ty::Windowed | Ty::Condition => HoleType::Vector,
            Ty::Number | Ty::Percent | Ty::Size | Ty::Rate => HoleType::Scalar,
            Ty::Duration => HoleType::Duration,
            Ty::Any | Ty::Union(_) => HoleType::Unknown,
            _ => HoleType::String,
        },
        Value::Error => HoleType::Unknown,
        _ => HoleType::String,
    }
}

/// Converts an interpolation's value for the PromQL lints.
fn lint_value(value: &Value) -> Known<'_> {
    let number = |number: Decimal| match number.to_f64() {
        Some(number) => Known::Number(number),
        None => Known::Type(HoleType::Scalar),
    };
    match value {
        Value::Query(query) => Known::Query(&query.expr),
        Value::Number(value) | Value::Size(value) => number(*value),
        Value::Percent(value) => number(value / Decimal::ONE_HUNDRED),
        Value::Rate(value) => number(value / Decimal::from(3600)),
        Value::Duration(milliseconds) => Known::Duration(ir::Duration(*milliseconds)),
        other => Known::Type(hole_type(other)),
    }
}

fn shape_of(tree: &promql::Expr, ty: Option<promql::Type>, holes: &[Value]) -> Shape {
    // A query that is only an interpolation has its shape.
    if let promql::Node::Hole(number) = tree.node {
        return match holes.get(number) {
            Some(Value::Query(query)) => query.shape,
            Some(Value::Unknown(ty)) => match ty.required() {
                Ty::Selector => Shape::Selector,
                Ty::Windowed => Shape::Windowed,
                Ty::Condition => Shape::Condition,
                Ty::Vector => Shape::Vector,
                Ty::Number | Ty::Percent => Shape::Scalar,
                _ => Shape::Unknown,
            },
            _ => Shape::Scalar,
        };
    }
    let windowed_hole = holes.iter().any(|hole| {
        matches!(
            hole,
            Value::Query(Query {
                shape: Shape::Windowed,
                ..
            })
        )
    }) || holes
        .iter()
        .any(|hole| matches!(hole, Value::Unknown(Ty::Windowed)));
    if classify::is_selector(tree) {
        Shape::Selector
    } else if classify::uses_window(tree) || windowed_hole {
        Shape::Windowed
    } else if classify::is_condition(tree) {
        Shape::Condition
    } else {
        match ty {
            Some(promql::Type::Scalar) => Shape::Scalar,
            _ => Shape::Vector,
        }
    }
}

/// Formats a duration in milliseconds for PromQL.
pub fn promql_duration(milliseconds: u64) -> String {
    super::value::show_duration(milliseconds)
}
