//! Queries as trees: equal, whatever parentheses, order of matchers and labels they are written with.

use nth_promql::{
    Aggregate, Binary, Call, Duration, DurationNode, Expr, Grouping, Label, LabelMatchers, Matcher,
    Matching, Node, Selector, Span, Subquery,
};
use smol_str::SmolStr;

/// The matchers that every query of a service has, and that are reported by themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Known {
    /// Those of the environment and the project.
    pub scope: LabelMatchers,
    /// Those of the service.
    pub selector: LabelMatchers,
}

impl Known {
    fn has(&self, matcher: &Matcher) -> bool {
        self.selector.has(matcher) || self.scope.has(matcher)
    }
}

/// The query in the one form in which all equal queries are written, without the labels that every query has.
pub fn normal(expr: &Expr, known: &Known) -> Expr {
    let whole = |expr: &Expr| normal(expr.unparenthesised(), known);
    let node = match &expr.node {
        Node::Paren(_) => return whole(expr),
        Node::Number(text) => Node::Number(number(text)),
        Node::String(text) => {
            let mut text = text.clone();
            text.span = Span::default();
            Node::String(text)
        }
        Node::Hole(_) => expr.node.clone(),
        Node::Selector(selector) => Node::Selector(selector_of(selector, known)),
        Node::Range(inner, range) => Node::Range(Box::new(whole(inner)), duration(range)),
        Node::Subquery(subquery) => Node::Subquery(Box::new(Subquery {
            expr: whole(&subquery.expr),
            range: duration(&subquery.range),
            step: subquery.step.as_ref().map(duration),
            modifiers: subquery.modifiers.clone(),
        })),
        Node::Call(call) => Node::Call(Call {
            function: call.function.clone(),
            function_span: Span::default(),
            args: call.args.iter().map(whole).collect(),
        }),
        Node::Aggregate(aggregate) => Node::Aggregate(Box::new(Aggregate {
            op: aggregate.op.clone(),
            op_span: Span::default(),
            grouping: aggregate.grouping.as_ref().map(|grouping| Grouping {
                without: grouping.without,
                labels: labels(&grouping.labels),
            }),
            param: aggregate.param.as_ref().map(whole),
            expr: whole(&aggregate.expr),
        })),
        Node::Binary(binary) => Node::Binary(Box::new(Binary {
            op: binary.op,
            op_span: Span::default(),
            left: whole(&binary.left),
            right: whole(&binary.right),
            return_bool: binary.return_bool,
            matching: binary.matching.as_ref().map(|matching| Matching {
                on: matching.on,
                labels: labels(&matching.labels),
                group: matching.group.clone().map(|group| nth_promql::Group {
                    left: group.left,
                    labels: labels(&group.labels),
                }),
            }),
            fill: binary.fill.clone(),
        })),
        Node::Unary(op, inner) => Node::Unary(*op, Box::new(whole(inner))),
        Node::Modified(inner, modifiers) => {
            Node::Modified(Box::new(whole(inner)), modifiers.clone())
        }
    };
    Expr::new(node)
}

fn selector_of(selector: &Selector, known: &Known) -> Selector {
    let mut matchers: Vec<Matcher> = selector
        .matchers
        .iter()
        .filter(|matcher| !known.has(matcher))
        .map(|matcher| {
            let mut matcher = matcher.clone();
            matcher.label_span = Span::default();
            matcher.value.span = Span::default();
            matcher
        })
        .collect();
    matchers.sort_by_cached_key(|matcher| {
        (
            matcher.label.clone(),
            matcher.op.as_str(),
            format!("{:?}", matcher.value.parts),
        )
    });
    matchers.dedup();
    let mut metric = selector.metric.clone();
    if let Some(name) = &mut metric {
        name.span = Span::default();
    }
    let mut modifiers = selector.modifiers.clone();
    if let Some(offset) = &mut modifiers.offset {
        offset.duration = duration(&offset.duration);
    }
    Selector {
        metric,
        matchers,
        modifiers,
    }
}

fn labels(labels: &[Label]) -> Vec<Label> {
    let mut all: Vec<Label> = labels
        .iter()
        .map(|label| Label {
            name: label.name.clone(),
            span: Span::default(),
        })
        .collect();
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all.dedup();
    all
}

/// A duration as its length, if it is known: `60s` is `1m`.
fn duration(duration: &Duration) -> Duration {
    let node = match &duration.node {
        DurationNode::Literal(text) => match nth_promql::milliseconds(text) {
            Some(length) => {
                let length = nth_model::Duration(length.unsigned_abs());
                DurationNode::Literal(length.to_string().into())
            }
            None => duration.node.clone(),
        },
        DurationNode::Paren(inner) => return self::duration(inner),
        other => other.clone(),
    };
    Duration {
        node,
        span: Span::default(),
    }
}

/// A number in its shortest form: `1e3` is `1000`. A duration that is used as a number stays as it is.
fn number(text: &SmolStr) -> SmolStr {
    let is_plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    match nth_promql::number(text) {
        Some(value) if is_plain && value.is_finite() => format!("{value}").into(),
        _ => text.clone(),
    }
}

/// The text of a query, without the labels that every query has.
pub fn text(expr: &Expr, known: &Known) -> String {
    normal(expr, known).to_string()
}
