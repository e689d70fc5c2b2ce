//! Changes to a tree.

use super::tree::*;

/// Calls `visit` with every expression, parents before what is in them.
fn each_expr(expr: &mut Expr, visit: &mut impl FnMut(&mut Expr)) {
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

/// Calls `visit` with every duration, the ones inside computed durations too.
fn each_duration(expr: &mut Expr, visit: &mut impl FnMut(&mut Duration)) {
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

/// Adds `label="value"` to every selector that has no matcher on that label, whatever its operator.
///
/// Doing it again changes nothing.
///
/// ```
/// use nthc::promql::{parse, rewrite::inject_labels};
///
/// let mut query = parse(r#"errors{job!="a"} / requests"#).unwrap();
/// inject_labels(&mut query, [("job", "checkout")]);
/// assert_eq!(query.to_string(), r#"errors{job!="a"} / requests{job="checkout"}"#);
/// ```
pub fn inject_labels<'l>(expr: &mut Expr, labels: impl IntoIterator<Item = (&'l str, &'l str)>) {
    let labels: Vec<_> = labels.into_iter().collect();
    each_expr(expr, &mut |expr| {
        if let Node::Selector(selector) = &mut expr.node {
            for (label, value) in &labels {
                if selector
                    .matchers
                    .iter()
                    .all(|matcher| matcher.label != *label)
                {
                    selector.matchers.push(Matcher {
                        label: (*label).into(),
                        label_span: Span::default(),
                        op: MatchOp::Equal,
                        value: StringLit::made(*value),
                    });
                }
            }
        }
    });
}

/// Replaces every `$window` with a duration, `5m`.
///
/// ```
/// use nthc::promql::{parse, rewrite::set_window};
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
