//! Limits of an evaluation: steps, blocks and queries of one top-level item, and the size of values.

use super::scope::Context;
use super::value::{Runtime, Value};
use super::{Evaluator, Mode};
use crate::codes;
use crate::db::{Diag, ItemKey, Span, item_entry};
use crate::limits;
use nth_diagnostics::Code;
use nth_model::TextPart;
use nth_promql as promql;
use nth_syntax::tree::TextRange;

/// The maximum depth of nested lists and conditions.
const NESTED: usize = 64;

/// The resources that an evaluator has used so far.
#[derive(Default)]
pub(super) struct Budget {
    steps: u64,
    /// Additional steps beyond [`limits::STEPS`].
    more: u64,
    blocks: usize,
    queries: usize,
    depth: usize,
    /// The places of the current loops, outermost first.
    loops: Vec<(Span, Option<Span>)>,
    /// The number of diagnostics when a limit was exceeded, including the one about it; `None` if none was. Later ones are
    /// consequences and are dropped.
    limit_reported: Option<usize>,
}

/// The size of a value.
#[derive(Default)]
struct Size {
    /// The number of elements at all levels, and of 64-byte units of text.
    weight: usize,
    /// The bytes of its longest text.
    text: usize,
    /// The depth of nested lists.
    depth: usize,
}

impl Size {
    fn measure(value: &Value) -> Self {
        let mut size = Self::default();
        let mut waiting = vec![(value, 1)];
        while let Some((value, depth)) = waiting.pop() {
            size.weight += 1;
            size.depth = size.depth.max(depth);
            if size.weight > 2 * limits::LIST {
                break;
            }
            match value {
                Value::String(text) => size.add_text(text.len()),
                Value::Text(text, _) => size.add_text(text.parts.iter().map(length).sum()),
                Value::List(items) => waiting.extend(items.iter().map(|item| (item, depth + 1))),
                Value::Labels(labels) => {
                    waiting.extend(labels.values().map(|value| (value, depth + 1)));
                }
                Value::Matchers(matchers) => {
                    waiting.extend(matchers.values().map(|value| (value, depth + 1)));
                }
                Value::Runtime(Runtime::Unary(_, inner), _) => waiting.push((inner, depth + 1)),
                Value::Runtime(Runtime::Binary(_, left, right, _), _) => {
                    waiting.extend([(&**left, depth + 1), (&**right, depth + 1)]);
                }
                Value::Runtime(Runtime::Call(call), _) => {
                    waiting.extend(call.args.iter().map(|arg| (&arg.value, depth + 1)));
                }
                Value::Query(query) => size.weight += promql::size(&query.expr),
                _ => {}
            }
        }
        size
    }

    fn add_text(&mut self, bytes: usize) {
        self.weight += bytes / 64;
        self.text = self.text.max(bytes);
    }
}

fn length(part: &TextPart) -> usize {
    match part {
        TextPart::Literal(text) => text.len(),
        _ => 1,
    }
}

/// True if a value can be larger than its source text.
fn is_composed(value: &Value) -> bool {
    matches!(
        value,
        Value::String(_)
            | Value::Text(..)
            | Value::List(_)
            | Value::Labels(_)
            | Value::Matchers(_)
            | Value::Runtime(..)
            | Value::Query(_)
    )
}

impl<'db> Evaluator<'db> {
    /// Returns the steps that were used.
    pub(crate) fn steps(&self) -> u64 {
        self.budget.steps
    }

    /// Allows more steps.
    pub(crate) fn allow_steps(&mut self, more: u64) {
        self.budget.more = more;
    }

    /// True if a limit was exceeded, so that evaluation stops.
    pub(crate) fn is_over(&self) -> bool {
        self.budget.limit_reported.is_some()
    }

    /// Returns the diagnostics, without consequences of an exceeded limit.
    pub(crate) fn into_diagnostics(mut self) -> Vec<Diag> {
        self.diagnostics
            .truncate(self.budget.limit_reported.unwrap_or(usize::MAX));
        self.diagnostics
    }

    /// Enters an expression, which uses one step. Returns false if a limit is exceeded.
    pub(super) fn enter(&mut self, range: TextRange, context: &Context<'db>) -> bool {
        self.budget.depth += 1;
        if self.budget.depth > limits::EVALUATIONS {
            let span = self.span(context, range);
            self.report_limit(
                &codes::REFERENCES_TOO_DEEP,
                format!(
                    "more than {} other values are referenced from this one",
                    limits::EVALUATIONS
                ),
                (span, use_site(context)),
                "shorten the chain of references between this name and a literal",
            );
        }
        self.spend(1, range, context)
    }

    pub(super) fn leave(&mut self) {
        self.budget.depth = self.budget.depth.saturating_sub(1);
    }

    /// Uses steps. Returns false if a limit is exceeded.
    pub(crate) fn spend(&mut self, steps: u64, range: TextRange, context: &Context<'db>) -> bool {
        self.budget.steps = self.budget.steps.saturating_add(steps);
        let most = limits::STEPS + self.budget.more;
        if self.budget.steps > most && !self.is_over() {
            let span = self.span(context, range);
            let message = format!(
                "evaluating {} takes more than {most} steps",
                self.what_is_evaluated()
            );
            let place = self.place(span, use_site(context));
            self.report_limit(
                &codes::TOO_LONG_EVALUATION,
                message,
                place,
                "loop over fewer elements, or split the block",
            );
        }
        !self.is_over()
    }

    /// Counts a block. Returns false if a limit is exceeded.
    pub(super) fn count_block(&mut self, head: TextRange, context: &Context<'db>) -> bool {
        self.budget.blocks += 1;
        if self.budget.blocks > limits::BLOCKS && !self.is_over() {
            let span = self.span(context, head);
            let message = format!(
                "{} has more than {} blocks",
                self.what_is_evaluated(),
                limits::BLOCKS
            );
            let place = self.place(span, use_site(context));
            self.report_limit(
                &codes::TOO_MANY_BLOCKS,
                message,
                place,
                "split it into several services, or loop over fewer elements",
            );
        }
        // The fixed cost of a block's fields.
        self.spend(50, head, context)
    }

    /// Counts a query of this size. Returns false if a limit is exceeded.
    pub(super) fn count_query(
        &mut self,
        size: usize,
        range: TextRange,
        context: &Context<'db>,
    ) -> bool {
        if size > limits::QUERY {
            let diagnostic = Diag::new(
                &codes::QUERY_TOO_LARGE,
                format!(
                    "this query has {size} operators, calls, matchers and numbers, more than {}",
                    limits::QUERY
                ),
                self.span(context, range),
            )
            .help("move the inner part into a recording rule and use its result");
            self.report(context, diagnostic);
            return false;
        }
        self.add_queries(size, range, context);
        self.spend(size as u64, range, context)
    }

    /// Counts another use of a query that is written elsewhere: the output contains it once per use.
    pub(super) fn count_used_query(
        &mut self,
        value: &Value,
        range: TextRange,
        context: &Context<'db>,
    ) {
        if let Value::Query(query) = value {
            self.add_queries(promql::size(&query.expr), range, context);
        }
    }

    fn add_queries(&mut self, size: usize, range: TextRange, context: &Context<'db>) {
        self.budget.queries += size;
        if self.budget.queries > limits::QUERIES && !self.is_over() {
            let span = self.span(context, range);
            let message = format!(
                "the queries of {} have more than {} operators, calls, matchers and numbers",
                self.what_is_evaluated(),
                limits::QUERIES
            );
            let place = self.place(span, use_site(context));
            self.report_limit(
                &codes::QUERY_TOO_LARGE,
                message,
                place,
                "split it into several services, or loop over fewer elements",
            );
        }
    }

    /// Enters a loop.
    pub(crate) fn enter_loop(&mut self, range: TextRange, context: &Context<'db>) {
        let span = self.span(context, range);
        self.budget.loops.push((span, use_site(context)));
    }

    pub(crate) fn leave_loop(&mut self) {
        self.budget.loops.pop();
    }

    /// Returns the value, or reports it if it exceeds the limit.
    pub(super) fn bounded(
        &mut self,
        value: Value,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        if !is_composed(&value) {
            return value;
        }
        let size = Size::measure(&value);
        self.spend(size.weight as u64, range, context);
        if size.text > limits::TEXT {
            return self.text_too_long(range, context);
        }
        if size.depth > NESTED {
            let diagnostic = Diag::new(
                &codes::VALUE_TOO_LARGE,
                format!("this value is nested more than {NESTED} levels deep"),
                self.span(context, range),
            )
            .help("name the inner lists");
            self.report(context, diagnostic);
            return Value::Error;
        }
        if size.weight > limits::LIST && !matches!(value, Value::Query(_) | Value::String(_)) {
            return self.value_too_large(range, context);
        }
        value
    }

    /// Adds the size of an element to `so_far`. Returns false if the list exceeds the limit.
    pub(super) fn fits(&self, so_far: &mut usize, value: &Value) -> bool {
        *so_far += Size::measure(value).weight;
        *so_far <= limits::LIST
    }

    pub(super) fn value_too_large(&mut self, range: TextRange, context: &Context<'db>) -> Value {
        let diagnostic = Diag::new(
            &codes::VALUE_TOO_LARGE,
            format!("this value has more than {} elements", limits::LIST),
            self.span(context, range),
        )
        .help("split the list");
        self.report(context, diagnostic);
        Value::Error
    }

    pub(super) fn text_too_long(&mut self, range: TextRange, context: &Context<'db>) -> Value {
        let diagnostic = Diag::new(
            &codes::VALUE_TOO_LARGE,
            format!(
                "this text is longer than {} MiB",
                limits::TEXT / (1024 * 1024)
            ),
            self.span(context, range),
        )
        .help("interpolate less text");
        self.report(context, diagnostic);
        Value::Error
    }

    fn what_is_evaluated(&self) -> String {
        let root = self.budget_root();
        match root.and_then(|key| item_entry(self.db, key)) {
            Some(entry) if !entry.name.is_empty() && !entry.kind.is_empty() => {
                format!("{} `{}`", entry.kind, entry.name)
            }
            Some(entry) if !entry.name.is_empty() => format!("`{}`", entry.name),
            _ => "this".to_owned(),
        }
    }

    fn budget_root(&self) -> Option<ItemKey> {
        self.root.map(|(key, _)| key)
    }

    /// Returns the place of the current loop, or else the place itself.
    fn place(&self, span: Span, used: Option<Span>) -> (Span, Option<Span>) {
        self.budget.loops.first().copied().unwrap_or((span, used))
    }

    /// Reports an exceeded limit, once.
    fn report_limit(
        &mut self,
        code: &'static Code,
        message: String,
        (span, used): (Span, Option<Span>),
        help: &str,
    ) {
        if self.is_over() {
            return;
        }
        // A check only reports places in its own item.
        let span = match (self.mode, self.budget_root(), used) {
            (Mode::Check, Some(root), Some(used)) if span.item != root && used.item == root => used,
            _ => span,
        };
        let mut diagnostic = Diag::new(code, message, span).help(help);
        if let Some(used) = used.filter(|used| used.item != span.item) {
            diagnostic = diagnostic.because(used, "in the block generated by this");
        }
        self.diagnostics.push(diagnostic);
        self.budget.limit_reported = Some(self.diagnostics.len());
    }
}

/// Returns the place that uses the template under evaluation.
fn use_site(context: &Context<'_>) -> Option<Span> {
    context.scope.trail.first().copied()
}
