//! Ranges of the nodes of a PromQL expression.

use nthc::promql::{Duration, DurationNode, Expr, Node, Selector, Span};
use nthc::syntax::tree::TextRange;

/// The ranges of an expression and of all its descendants, from the start of the query's text.
pub fn spans(expr: &Expr) -> Vec<TextRange> {
    let mut found = Spans(Vec::new());
    found.expr(expr);
    found.0
}

struct Spans(Vec<TextRange>);

impl Spans {
    fn add(&mut self, span: Span) {
        if span.start < span.end {
            self.0.push(TextRange {
                start: span.start,
                end: span.end,
            });
        }
    }

    fn expr(&mut self, expr: &Expr) {
        self.add(expr.span);
        match &expr.node {
            Node::String(string) => self.add(string.span),
            Node::Selector(selector) => self.selector(selector),
            Node::Range(of, duration) => {
                self.expr(of);
                self.duration(duration);
            }
            Node::Subquery(subquery) => {
                self.expr(&subquery.expr);
                self.duration(&subquery.range);
                if let Some(step) = &subquery.step {
                    self.duration(step);
                    self.between(subquery.range.span, step.span);
                }
            }
            Node::Call(call) => {
                self.add(call.function_span);
                self.arguments(call.args.iter());
            }
            Node::Aggregate(aggregate) => {
                self.add(aggregate.op_span);
                if let Some(grouping) = &aggregate.grouping {
                    grouping
                        .labels
                        .iter()
                        .for_each(|label| self.add(label.span));
                    if let [first, .., last] = grouping.labels.as_slice() {
                        self.between(first.span, last.span);
                    }
                }
                self.arguments(aggregate.param.iter().chain([&aggregate.expr]));
            }
            Node::Binary(binary) => {
                self.expr(&binary.left);
                self.expr(&binary.right);
                for label in binary.matching.iter().flat_map(|matching| {
                    let group = matching.group.iter().flat_map(|group| &group.labels);
                    matching.labels.iter().chain(group)
                }) {
                    self.add(label.span);
                }
            }
            Node::Unary(_, of) | Node::Modified(of, _) => self.expr(of),
            Node::Paren(of) => self.expr(of),
            Node::Number(_) | Node::Hole(_) => {}
        }
    }

    fn arguments<'e>(&mut self, args: impl Iterator<Item = &'e Expr>) {
        let args: Vec<&Expr> = args.collect();
        for arg in &args {
            self.expr(arg);
        }
        if let [first, .., last] = args.as_slice() {
            self.between(first.span, last.span);
        }
    }

    fn selector(&mut self, selector: &Selector) {
        if let Some(metric) = &selector.metric {
            self.add(metric.span);
        }
        for matcher in &selector.matchers {
            self.add(matcher.label_span);
            self.add(matcher.value.span);
            let quotes = matcher.value.span;
            if quotes.end > quotes.start + 1 {
                self.add(Span {
                    start: quotes.start + 1,
                    end: quotes.end - 1,
                });
            }
            self.between(matcher.label_span, matcher.value.span);
        }
        if let [first, .., last] = selector.matchers.as_slice() {
            self.between(first.label_span, last.value.span);
        }
    }

    fn duration(&mut self, duration: &Duration) {
        self.add(duration.span);
        match &duration.node {
            DurationNode::Paren(of) | DurationNode::Unary(_, of) => self.duration(of),
            DurationNode::Binary(_, left, right) => {
                self.duration(left);
                self.duration(right);
            }
            DurationNode::Call(_, args) => args.iter().for_each(|arg| self.duration(arg)),
            DurationNode::Literal(_) | DurationNode::Window | DurationNode::Hole(_) => {}
        }
    }

    fn between(&mut self, first: Span, last: Span) {
        self.add(Span {
            start: first.start.min(last.start),
            end: first.end.max(last.end),
        });
    }
}
