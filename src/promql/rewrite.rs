//! Rewriting of trees: labels, windows and interpolated values.

mod holes;

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::label_matchers::LabelMatchers;
use super::tree::*;
use super::{build, durations};

pub use holes::{HoleError, HoleValue, fill_holes};

/// Calls `visit` with every expression, parents first.
pub fn each_expr(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
    visit(expr);
    match &mut expr.node {
        Node::Number(_) | Node::String(_) | Node::Selector(_) | Node::Hole(_) => {}
        Node::Range(inner, _)
        | Node::Unary(_, inner)
        | Node::Paren(inner)
        | Node::Modified(inner, _) => {
            each_expr(inner, visit);
        }
        Node::Subquery(subquery) => each_expr(&mut subquery.expr, visit),
        Node::Call(call) => call.args.iter_mut().for_each(|arg| each_expr(arg, visit)),
        Node::Aggregate(aggregate) => {
            if let Some(param) = &mut aggregate.param {
                each_expr(param, visit);
            }
            each_expr(&mut aggregate.expr, visit);
        }
        Node::Binary(binary) => {
            each_expr(&mut binary.left, visit);
            each_expr(&mut binary.right, visit);
        }
    }
}

/// Calls `visit` with every duration, including those inside computed durations.
pub fn each_duration(expr: &mut Expr, visit: &mut impl FnMut(&mut Duration)) {
    fn inside(duration: &mut Duration, visit: &mut impl FnMut(&mut Duration)) {
        visit(duration);
        match &mut duration.node {
            DurationNode::Literal(_) | DurationNode::Window | DurationNode::Hole(_) => {}
            DurationNode::Paren(inner) | DurationNode::Unary(_, inner) => inside(inner, visit),
            DurationNode::Binary(_, left, right) => {
                inside(left, visit);
                inside(right, visit);
            }
            DurationNode::Call(_, args) => args.iter_mut().for_each(|arg| inside(arg, visit)),
        }
    }
    fn modifiers(modifiers: &mut Modifiers, visit: &mut impl FnMut(&mut Duration)) {
        if let Some(offset) = &mut modifiers.offset {
            inside(&mut offset.duration, visit);
        }
    }
    each_expr(expr, &mut |expr| match &mut expr.node {
        Node::Range(_, range) => inside(range, visit),
        Node::Selector(selector) => modifiers(&mut selector.modifiers, visit),
        Node::Modified(_, found) => modifiers(found, visit),
        Node::Subquery(subquery) => {
            inside(&mut subquery.range, visit);
            if let Some(step) = &mut subquery.step {
                inside(step, visit);
            }
            modifiers(&mut subquery.modifiers, visit);
        }
        _ => {}
    });
}

/// Adds `label="value"` to every selector without a matcher on that label. Idempotent.
///
/// ```
/// use nth_promql::{parse, rewrite::inject_labels};
///
/// let mut query = parse(r#"errors{job!="a"} / requests"#).unwrap();
/// inject_labels(&mut query, [("job", "checkout")]);
/// assert_eq!(query.to_string(), r#"errors{job!="a"} / requests{job="checkout"}"#);
/// ```
pub fn inject_labels<'l>(expr: &mut Expr, labels: impl IntoIterator<Item = (&'l str, &'l str)>) {
    inject_matchers(expr, &labels.into_iter().collect());
}

/// Adds the matchers of each label to every selector without a matcher on that label. Idempotent.
///
/// ```
/// use nth_promql::{LabelMatchers, MatchOp, parse, rewrite::inject_matchers};
///
/// let mut matchers = LabelMatchers::default();
/// matchers.add("job", MatchOp::Matches, "web-.*");
/// matchers.add("job", MatchOp::NotEqual, "web-canary");
/// let mut query = parse(r#"errors{job="a"} / requests"#).unwrap();
/// inject_matchers(&mut query, &matchers);
/// assert_eq!(
///     query.to_string(),
///     r#"errors{job="a"} / requests{job=~"web-.*",job!="web-canary"}"#
/// );
/// ```
pub fn inject_matchers(expr: &mut Expr, matchers: &LabelMatchers) {
    inject_matchers_by(expr, |_| matchers);
}

/// Like [`inject_matchers`], with matchers that depend on the metric: series that a service's rules record have other labels
/// than those of targets. `choose` gets the selector's metric name, if any.
pub fn inject_matchers_by<'l>(expr: &mut Expr, choose: impl Fn(Option<&str>) -> &'l LabelMatchers) {
    each_expr(expr, &mut |expr| {
        let Node::Selector(selector) = &mut expr.node else {
            return;
        };
        let added = choose(selector.metric.as_ref().map(|metric| metric.text.as_str()));
        let own: BTreeSet<SmolStr> = selector
            .matchers
            .iter()
            .map(|matcher| matcher.label.clone())
            .collect();
        selector
            .matchers
            .extend(added.matchers_except(|label| own.contains(label)));
    });
}

/// Replaces every `$window` with a duration, `5m`.
///
/// ```
/// use nth_promql::{parse, rewrite::set_window};
///
/// let mut query = parse("rate(x_total[$window])").unwrap();
/// set_window(&mut query, "1h");
/// assert_eq!(query.to_string(), "rate(x_total[1h])");
/// ```
pub fn set_window(expr: &mut Expr, window: &str) {
    each_duration(expr, &mut |duration| {
        if duration.node == DurationNode::Window {
            duration.node = DurationNode::Literal(window.into());
        }
    });
}

/// Converts a `rate` over `$window`, also in sums and counts of histograms, to an `increase`: the number of events instead of
/// events per second. `None` for other queries.
///
/// ```
/// use nth_promql::{parse, rewrite::as_increase};
///
/// let increase = as_increase(&parse("sum(rate(x_total[$window]))").unwrap()).unwrap();
/// assert_eq!(increase.to_string(), "sum(increase(x_total[$window]))");
/// assert_eq!(as_increase(&parse("sum(rate(x_total[5m]))").unwrap()), None);
/// ```
pub fn as_increase(expr: &Expr) -> Option<Expr> {
    fn change(expr: &mut Expr) -> Option<()> {
        match &mut expr.node {
            Node::Paren(inner) => change(inner),
            Node::Aggregate(aggregate) if aggregate.op == "sum" => change(&mut aggregate.expr),
            Node::Call(call) => match (call.function.as_str(), call.args.as_mut_slice()) {
                ("histogram_count", [arg]) => change(arg),
                ("rate", [arg]) => {
                    let over_window = matches!(&arg.unparenthesised().node,
                        Node::Range(_, range) if range.node == DurationNode::Window);
                    over_window.then(|| call.function = "increase".into())
                }
                _ => None,
            },
            Node::Binary(binary) => match binary.op {
                BinaryOp::Add | BinaryOp::Subtract => {
                    change(&mut binary.left)?;
                    change(&mut binary.right)
                }
                BinaryOp::Multiply | BinaryOp::Divide
                    if matches!(binary.right.unparenthesised().node, Node::Number(_)) =>
                {
                    change(&mut binary.left)
                }
                _ => None,
            },
            _ => None,
        }
    }
    let mut increase = expr.clone();
    change(&mut increase)?;
    Some(increase)
}

/// Shifts a query into the past: adds `offset`, in milliseconds, to the offset of each selector, and of each subquery as a
/// whole. The result of `time()` does not change.
///
/// `None` if an existing offset is not a plain duration.
///
/// ```
/// use nth_promql::{parse, rewrite::moved_back};
///
/// let query = parse("sum(rate(x_total[5m])) / max_over_time(y[1h:1m] offset 1m)").unwrap();
/// let moved = moved_back(&query, 180_000).unwrap();
/// assert_eq!(moved.to_string(), "sum(rate(x_total[5m] offset 3m)) / max_over_time(y[1h:1m] offset 4m)");
/// ```
pub fn moved_back(expr: &Expr, offset: u64) -> Option<Expr> {
    fn add(modifiers: &mut Modifiers, offset: u64) -> Option<()> {
        let own = match &modifiers.offset {
            None => 0,
            Some(own) => {
                let DurationNode::Literal(text) = &own.duration.node else {
                    return None;
                };
                let length = (durations::seconds(text)? * 1000.0).round() as i64;
                if own.negative { -length } else { length }
            }
        };
        let all = own.checked_add(i64::try_from(offset).ok()?)?;
        modifiers.offset = (all != 0).then(|| {
            Box::new(Offset {
                negative: all < 0,
                duration: Duration::literal(nth_units::Duration(all.unsigned_abs()).to_string()),
            })
        });
        Some(())
    }
    fn walk(expr: &mut Expr, offset: u64) -> Option<()> {
        match &mut expr.node {
            Node::Number(_) | Node::String(_) => Some(()),
            Node::Hole(_) | Node::Modified(..) => None,
            Node::Selector(selector) => add(&mut selector.modifiers, offset),
            Node::Subquery(subquery) => add(&mut subquery.modifiers, offset),
            Node::Range(inner, _) | Node::Unary(_, inner) | Node::Paren(inner) => {
                walk(inner, offset)
            }
            Node::Call(call) => call.args.iter_mut().try_for_each(|arg| walk(arg, offset)),
            Node::Aggregate(aggregate) => {
                if let Some(param) = &mut aggregate.param {
                    walk(param, offset)?;
                }
                walk(&mut aggregate.expr, offset)
            }
            Node::Binary(binary) => {
                walk(&mut binary.left, offset)?;
                walk(&mut binary.right, offset)
            }
        }
    }
    let mut moved = expr.clone();
    walk(&mut moved, offset)?;
    Some(moved)
}

/// Escapes characters in strings, so that a tool that searches the query's text for them does not find any. The meaning does
/// not change. `hidden` gets the rest of a string, and returns whether to escape its first character, if that is ASCII. A
/// metric's name with such a character becomes a matcher on `__name__`.
///
/// ```
/// use nth_promql::{parse, rewrite::hide};
///
/// let mut query = parse(r#"x{path="/$id"}"#).unwrap();
/// hide(&mut query, &|rest| rest.starts_with("$"));
/// assert_eq!(query.to_string(), r#"x{path="/\x24id"}"#);
/// ```
pub fn hide(expr: &mut Expr, hidden: &impl Fn(&str) -> bool) {
    let is_hidden = |rest: &str| rest.as_bytes().first().is_some_and(u8::is_ascii) && hidden(rest);
    let found = |text: &str| text.char_indices().any(|(at, _)| is_hidden(&text[at..]));
    let hide_in = |literal: &mut StringLit| {
        let parts = std::mem::take(&mut literal.parts);
        for part in parts {
            match part {
                StringPart::Text(text) if found(&text) => {
                    let mut kept = String::new();
                    for (at, c) in text.char_indices() {
                        if is_hidden(&text[at..]) {
                            if !kept.is_empty() {
                                literal
                                    .parts
                                    .push(StringPart::Text(std::mem::take(&mut kept).into()));
                            }
                            literal.parts.push(StringPart::Byte(c as u8));
                        } else {
                            kept.push(c);
                        }
                    }
                    if !kept.is_empty() {
                        literal.parts.push(StringPart::Text(kept.into()));
                    }
                }
                other => literal.parts.push(other),
            }
        }
    };
    each_expr(expr, &mut |expr| match &mut expr.node {
        Node::String(literal) => hide_in(literal),
        Node::Selector(selector) => {
            if let Some(metric) = selector.metric.take_if(|metric| found(&metric.text)) {
                let name = build::matcher("__name__", MatchOp::Equal, metric.text.as_str());
                selector.matchers.insert(0, name);
            }
            for matcher in &mut selector.matchers {
                hide_in(&mut matcher.value);
            }
        }
        _ => {}
    });
}

/// Returns the total rate of a selector over `$window`: `sum(rate(selector[$window]))`.
///
/// ```
/// use nth_promql::{parse, rewrite::as_rate};
///
/// let rate = as_rate(parse(r#"errors_total{code="500"}"#).unwrap());
/// assert_eq!(rate.to_string(), r#"sum(rate(errors_total{code="500"}[$window]))"#);
/// ```
pub fn as_rate(selector: Expr) -> Expr {
    as_rate_by(selector, None)
}

/// Returns the rate of a selector over `$window`, summed for each group: `sum by (route) (rate(selector[$window]))`.
pub fn as_rate_by(selector: Expr, grouping: Option<Grouping>) -> Expr {
    let selector = match selector.unparenthesised() {
        inner if std::ptr::eq(inner, &selector) => selector,
        inner => inner.clone(),
    };
    let range = Expr::new(Node::Range(Box::new(selector), Duration::window()));
    build::aggregate("sum", grouping, build::call("rate", vec![range]))
}

/// Converts a condition to 0 and 1 instead of filtered series: adds `bool` to its topmost comparison, if it has none.
///
/// `None` if the topmost operator is not a comparison.
///
/// ```
/// use nth_promql::{parse, rewrite::as_bool};
///
/// let slices = as_bool(parse("max(queue_depth) > 1000").unwrap()).unwrap();
/// assert_eq!(slices.to_string(), "max(queue_depth) > bool 1000");
/// assert_eq!(as_bool(parse("a and b > 1").unwrap()), None);
/// ```
pub fn as_bool(mut condition: Expr) -> Option<Expr> {
    fn set(expr: &mut Expr) -> bool {
        match &mut expr.node {
            Node::Paren(inner) => set(inner),
            Node::Binary(binary) if binary.op.is_comparison() => {
                binary.return_bool = true;
                true
            }
            _ => false,
        }
    }
    set(&mut condition).then_some(condition)
}

/// Removes all places from the tree, so that trees can be compared by content.
///
/// ```
/// use nth_promql::{parse, rewrite::clear_spans};
///
/// let (mut spaced, mut tight) = (parse("a +  b").unwrap(), parse("a+b").unwrap());
/// clear_spans(&mut spaced);
/// clear_spans(&mut tight);
/// assert_eq!(spaced, tight);
/// ```
pub fn clear_spans(expr: &mut Expr) {
    set_spans(expr, Span::default());
}

/// Sets all places in the tree to `span`.
pub fn set_spans(expr: &mut Expr, span: Span) {
    let labels = |labels: &mut [Label]| labels.iter_mut().for_each(|label| label.span = span);
    each_duration(expr, &mut |duration| duration.span = span);
    each_expr(expr, &mut |expr| {
        expr.span = span;
        match &mut expr.node {
            Node::String(string) => string.span = span,
            Node::Selector(selector) => {
                if let Some(metric) = &mut selector.metric {
                    metric.span = span;
                }
                for matcher in &mut selector.matchers {
                    matcher.label_span = span;
                    matcher.value.span = span;
                }
            }
            Node::Call(call) => call.function_span = span,
            Node::Aggregate(aggregate) => {
                aggregate.op_span = span;
                if let Some(grouping) = &mut aggregate.grouping {
                    labels(&mut grouping.labels);
                }
            }
            Node::Binary(binary) => {
                binary.op_span = span;
                if let Some(matching) = &mut binary.matching {
                    labels(&mut matching.labels);
                    if let Some(group) = &mut matching.group {
                        labels(&mut group.labels);
                    }
                }
            }
            _ => {}
        }
    });
}
