//! Sets of labels and matchers: `{ namespace = "shop", job =~ "web-.*", job != "web-canary" }`.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use super::Evaluator;
use super::scope::Context;
use super::value::{Matchers, Value};
use crate::codes;
use crate::db::{Diag, Span};
use crate::resolve::did_you_mean;
use crate::schema::Ty;
use nth_diagnostics::suggest;
use nth_promql::lint::{self, Surroundings};
use nth_promql::{self as promql, MatchOp};
use nth_syntax::tree::{ExprNode, LabelEntry, LabelOp, Name, TextRange};

/// Returns the operator of PromQL.
pub(crate) fn operator(op: LabelOp) -> MatchOp {
    match op {
        LabelOp::Equal => MatchOp::Equal,
        LabelOp::NotEqual => MatchOp::NotEqual,
        LabelOp::Matches => MatchOp::Matches,
        LabelOp::NotMatches => MatchOp::NotMatches,
    }
}

/// True if a type takes matchers.
fn takes_matchers(ty: &Ty) -> bool {
    match ty.required() {
        Ty::Matchers => true,
        Ty::Union(members) => members.iter().any(takes_matchers),
        _ => false,
    }
}

impl<'db> Evaluator<'db> {
    /// Evaluates `{ job = "checkout" }`: labels, or matchers if a matcher is expected or written.
    pub(super) fn label_set(
        &mut self,
        entries: &'db [LabelEntry],
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let is_labels = matches!(expected.required(), Ty::Labels | Ty::Annotations);
        let first = entries.iter().find(|entry| entry.op != LabelOp::Equal);
        if is_labels && let Some(first) = first {
            self.report_matcher(first, entries, context);
        }
        if !is_labels && (takes_matchers(expected) || first.is_some()) {
            return self.matchers(entries, range, context);
        }
        self.labels(entries, range, context, expected)
    }

    /// Reports the first matcher where each label has a value.
    fn report_matcher(
        &mut self,
        first: &LabelEntry,
        entries: &[LabelEntry],
        context: &Context<'db>,
    ) {
        let op = first.op.as_str();
        let mut diagnostic = Diag::new(
            &codes::MATCHER_IN_LABELS,
            format!("unexpected `{op}` in labels"),
            self.span(context, first.op_range),
        )
        .label("expected `=`");
        let next = entries
            .iter()
            .filter(|entry| entry.op != LabelOp::Equal)
            .nth(1);
        if let Some(next) = next {
            diagnostic = diagnostic.because(self.span(context, next.op_range), "another matcher");
        }
        let label = &first.name.text;
        self.report(
            context,
            diagnostic.help(format!(
                "write the one value that the label has, as in `{{ {label} = \"…\" }}`; only a \
                `selector` takes matchers"
            )),
        );
    }

    fn labels(
        &mut self,
        entries: &'db [LabelEntry],
        range: TextRange,
        context: &Context<'db>,
        expected: &Ty,
    ) -> Value {
        let annotations = *expected.required() == Ty::Annotations;
        let element = if annotations { Ty::Text } else { Ty::String };
        let mut labels: BTreeMap<SmolStr, Value> = BTreeMap::new();
        let mut size = 0;
        for entry in entries {
            self.check_label_name(entry, context);
            if labels.contains_key(&entry.name.text) {
                self.report_repeated(
                    format!("duplicate label `{}`", entry.name.text),
                    entry,
                    context,
                );
            }
            let value = self.eval(&entry.value, context, &element);
            if !self.fits(&mut size, &value) {
                return self.value_too_large(range, context);
            }
            let value_span = self.span(context, entry.value.range);
            let mut value = self.coerce(value, &element, value_span, context);
            if entry.op != LabelOp::Equal {
                // The value of a matcher is not the value of the label.
                value = Value::Error;
            }
            labels.insert(entry.name.text.clone(), value);
        }
        Value::Labels(labels)
    }

    fn matchers(
        &mut self,
        entries: &'db [LabelEntry],
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        let mut matchers = Matchers::default();
        let mut size = 0;
        let mut written: Vec<promql::Matcher> = Vec::new();
        for entry in entries {
            self.check_label_name(entry, context);
            let op = operator(entry.op);
            let value = match &entry.value.node {
                ExprNode::String(string) if op.is_regex() => {
                    self.pattern(string, entry.value.range, context)
                }
                _ => self.eval(&entry.value, context, &Ty::String),
            };
            if !self.fits(&mut size, &value) {
                return self.value_too_large(range, context);
            }
            let value_span = self.span(context, entry.value.range);
            let mut value = self.coerce(value, &Ty::String, value_span, context);
            if op.is_regex() && !self.check_pattern(entry, &value, context) {
                value = Value::Error;
            }
            let label = &entry.name.text;
            let known = matchers.conditions(label).unwrap_or_default();
            if op == MatchOp::Equal && known.iter().any(|(op, _)| *op == MatchOp::Equal) {
                self.report_repeated(format!("duplicate label `{label}`"), entry, context);
            } else if known.contains(&(op, value.clone())) {
                let message = format!("duplicate matcher of label `{label}`");
                self.report_repeated(message, entry, context);
            } else if let Value::String(text) = &value {
                written.push(matcher_at(entry, op, text));
            }
            matchers.add(label.clone(), op, value);
        }
        self.lint_matchers(written, context);
        Value::Matchers(matchers)
    }

    pub(super) fn report_unknown_label<'l>(
        &mut self,
        name: &Name,
        labels: impl Iterator<Item = &'l SmolStr>,
        context: &Context<'db>,
    ) -> Value {
        let span = self.span(context, name.range);
        let message = format!("unknown label `{}`", name.text);
        let mut diagnostic = Diag::new(&codes::UNKNOWN_FIELD, message, span);
        if let Some(near) = suggest::nearest(&name.text, labels.map(SmolStr::as_str)) {
            diagnostic = did_you_mean(diagnostic, span, near);
        }
        self.report(context, diagnostic);
        Value::Error
    }

    /// Reports a label of a selector that has no single value, or no matcher at all.
    pub(super) fn report_open_label(
        &mut self,
        name: &Name,
        matchers: &Matchers,
        context: &Context<'db>,
    ) -> Value {
        let label = &name.text;
        let Some(conditions) = matchers.conditions(label) else {
            return self.report_unknown_label(name, matchers.labels(), context);
        };
        let is_reported = |(_, value): &(_, Value)| value.is_opaque();
        let is_repeated = |(op, _): &(MatchOp, Value)| *op == MatchOp::Equal;
        if conditions.iter().any(is_reported) || conditions.iter().any(is_repeated) {
            return Value::Error;
        }
        let written: Vec<String> = conditions
            .iter()
            .filter_map(|(op, value)| Some(format!("{label}{}{:?}", op.as_str(), value.show()?)))
            .collect();
        let diagnostic = Diag::new(
            &codes::NO_SINGLE_VALUE,
            format!("label `{label}` of the selector has no single value"),
            self.span(context, name.range),
        )
        .label("expected a label with `=`")
        .note(format!("the selector has `{}`", written.join(", ")))
        .help(format!(
            "write the value here, or select one value: `{label} = \"…\"`"
        ));
        self.report(context, diagnostic);
        Value::Error
    }

    fn check_label_name(&mut self, entry: &LabelEntry, context: &Context<'db>) {
        if let Some(problem) = super::coerce::label_name_problem(&entry.name.text) {
            let span = self.span(context, entry.name.range);
            self.report(context, Diag::new(&codes::BAD_TEXT, problem, span));
        }
    }

    fn report_repeated(&mut self, message: String, entry: &LabelEntry, context: &Context<'db>) {
        let span = self.span(context, entry.name.range);
        self.report(context, Diag::new(&codes::DUPLICATE_FIELD, message, span));
    }

    /// Reports an invalid regular expression at its character. Returns whether the value is valid.
    fn check_pattern(&mut self, entry: &LabelEntry, value: &Value, context: &Context<'db>) -> bool {
        let Value::String(pattern) = value else {
            return true;
        };
        let Err(error) = promql::check_regex(pattern) else {
            return true;
        };
        let place = self.span(context, entry.place_in_value(error.at));
        let diagnostic = Diag::new(&codes::PROMQL_BAD_REGEX, error.headline(pattern), place)
            .note("Prometheus uses the RE2 syntax: no look-around and no back references");
        self.report(context, diagnostic);
        false
    }

    /// Runs the lints of a query's matchers: contradictions, and regular expressions that need not be.
    fn lint_matchers(&mut self, matchers: Vec<promql::Matcher>, context: &Context<'db>) {
        if matchers.iter().all(|matcher| matcher.op == MatchOp::Equal) {
            return;
        }
        let selector = promql::Expr::new(promql::Node::Selector(promql::Selector {
            metric: None,
            matchers,
            modifiers: promql::Modifiers::default(),
        }));
        let surroundings = Surroundings {
            scrape_interval: self.workspace.scrape_interval(self.db),
            added: None,
        };
        for found in lint::lint(&selector, &[], &surroundings) {
            let place = |span: promql::Span| Span {
                item: context.scope.item,
                range: TextRange {
                    start: span.start,
                    end: span.end,
                },
            };
            let diagnostic = super::query::diagnostic_at(&found, place);
            self.report(context, diagnostic);
        }
    }
}

/// A matcher whose places are those in the item.
fn matcher_at(entry: &LabelEntry, op: MatchOp, text: &str) -> promql::Matcher {
    let span = |range: TextRange| promql::Span {
        start: range.start,
        end: range.end,
    };
    let mut value = promql::StringLit::new(text);
    value.span = span(entry.value.range);
    promql::Matcher {
        label: entry.name.text.clone(),
        label_span: span(entry.name.range),
        op,
        value,
    }
}
