//! Builds PromQL trees for the rules of this target.

use rust_decimal::Decimal;

use nth_model::{Duration, number::decimal_text};
use nth_promql::{
    self as promql, Aggregate, Binary, BinaryOp, Call, Expr, Fill, MatchOp, Matcher, Matching,
    MetricName, Modifiers, Node, Selector, Span, StringLit, rewrite,
};

/// A number, digit for digit.
pub fn number(number: Decimal) -> Expr {
    Expr::new(Node::Number(decimal_text(number).into()))
}

pub use nth_promql::classify::is_label_free as label_free;

/// A series by its metric's name and the values of labels.
pub fn series<'l>(metric: &str, labels: impl IntoIterator<Item = (&'l str, &'l str)>) -> Expr {
    Expr::new(Node::Selector(Selector {
        metric: Some(MetricName {
            text: metric.into(),
            span: Span::default(),
        }),
        matchers: labels
            .into_iter()
            .map(|(label, value)| Matcher {
                label: label.into(),
                label_span: Span::default(),
                op: MatchOp::Equal,
                value: StringLit::new(value),
            })
            .collect(),
        modifiers: Modifiers::default(),
    }))
}

/// `function(args…)`
pub fn call(function: &str, args: impl IntoIterator<Item = Expr>) -> Expr {
    Expr::new(Node::Call(Call {
        function: function.into(),
        function_span: Span::default(),
        args: args.into_iter().collect(),
    }))
}

/// `function(series[window])`
pub fn over_window(function: &str, series: Expr, window: Duration) -> Expr {
    let range = promql::Duration::literal(window.to_string());
    call(function, [Expr::new(Node::Range(Box::new(series), range))])
}

/// `function((expr)[window:step])`
pub fn over_steps(function: &str, expr: Expr, window: Duration, step: Duration) -> Expr {
    let step = step.to_string();
    let steps = promql::build::subquery(paren(expr), window.to_string(), Some(&step));
    call(function, [steps])
}

/// `op(expr)`, without labels.
pub fn aggregate(op: &str, expr: Expr) -> Expr {
    aggregate_by(op, &[], None, expr)
}

/// `op by (labels) (param, expr)`
pub fn aggregate_by(op: &str, labels: &[String], param: Option<Expr>, expr: Expr) -> Expr {
    let label = |name: &String| promql::Label {
        name: name.into(),
        span: Span::default(),
    };
    let grouping = (!labels.is_empty()).then(|| promql::Grouping {
        without: false,
        labels: labels.iter().map(label).collect(),
    });
    Expr::new(Node::Aggregate(Box::new(Aggregate {
        op: op.into(),
        op_span: Span::default(),
        grouping,
        param,
        expr,
    })))
}

/// `left op right`; the printer adds parentheses where needed.
pub fn binary(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    Expr::new(Node::Binary(Box::new(Binary {
        op,
        op_span: Span::default(),
        left,
        right,
        return_bool: false,
        matching: None,
        fill: Fill::default(),
    })))
}

/// `left op on () right`: the presence of the right side decides, regardless of the labels of the left side.
pub fn on_nothing(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    let mut expr = binary(left, op, right);
    if let Node::Binary(binary) = &mut expr.node {
        binary.matching = Some(Matching {
            on: true,
            labels: Vec::new(),
            group: None,
        });
    }
    expr
}

/// `(expr)`
pub fn paren(expr: Expr) -> Expr {
    Expr::new(Node::Paren(Box::new(expr)))
}

/// The query with `$window` set.
pub fn at_window(query: &Expr, window: Duration) -> Expr {
    let mut query = query.clone();
    rewrite::set_window(&mut query, &window.to_string());
    query
}

/// `expr > 0`: no sample if there is none or if it is NaN.
pub fn positive(expr: Expr) -> Expr {
    binary(expr, BinaryOp::Greater, number(Decimal::ZERO))
}

/// Removes samples that are NaN (which `histogram_fraction` returns without observations) and would make every sum over
/// time NaN. `expr >= 0`, or `expr` if it cannot be NaN; the counted values are never negative.
pub fn without_nan(expr: Expr) -> Expr {
    if never_nan(&expr) {
        expr
    } else {
        binary(expr, BinaryOp::GreaterOrEqual, number(Decimal::ZERO))
    }
}

/// Returns whether an expression cannot return NaN from counters that are never NaN themselves; `false` if unsure.
pub fn never_nan(expr: &Expr) -> bool {
    match &expr.node {
        Node::Number(text) => text.bytes().all(|b| b.is_ascii_digit() || b == b'.'),
        Node::Paren(inner) => never_nan(inner),
        Node::Aggregate(aggregate) => {
            matches!(aggregate.op.as_str(), "count" | "group")
                || (matches!(aggregate.op.as_str(), "sum" | "min" | "max" | "avg")
                    && never_nan(&aggregate.expr))
        }
        Node::Call(call) => match call.function.as_str() {
            "rate" | "increase" | "irate" | "count_over_time" | "histogram_count" | "absent"
            | "time" => true,
            "clamp_min" | "clamp_max" | "vector" | "scalar" => call.args.iter().all(never_nan),
            _ => false,
        },
        Node::Binary(binary) => {
            let safe = matches!(
                binary.op,
                BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply
            ) || binary.op.is_set()
                || binary.op.is_comparison();
            safe && never_nan(&binary.left) && never_nan(&binary.right)
        }
        _ => false,
    }
}

/// `expr or vector(0)`: no series means 0. Only for expressions without labels.
pub fn or_zero(expr: Expr) -> Expr {
    let zero = call("vector", [number(Decimal::ZERO)]);
    binary(expr, BinaryOp::Or, zero)
}

/// `expr or 0 * groups`: a group of `groups` that `expr` does not have is 0. Both have the labels of the groups.
pub fn or_zero_of(expr: Expr, groups: Expr) -> Expr {
    let zeros = binary(number(Decimal::ZERO), BinaryOp::Multiply, groups);
    binary(expr, BinaryOp::Or, zeros)
}

/// `left op on () group_left () right`: a value without labels for each series of `left`.
pub fn for_each(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    let mut expr = binary(left, op, right);
    if let Node::Binary(binary) = &mut expr.node {
        binary.matching = Some(promql::Matching {
            on: true,
            labels: Vec::new(),
            group: Some(promql::Group {
                left: true,
                labels: Vec::new(),
            }),
        });
    }
    expr
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn nan_is_filtered_only_where_it_can_be() {
        for safe in [
            "sum(rate(x_total[5m]))",
            "sum(rate(a[5m])) - sum(rate(b[5m])) * 2",
            "histogram_count(sum(rate(h[5m])))",
        ] {
            assert_eq!(without_nan(parse(safe).unwrap()).to_string(), safe);
        }
        for unsafe_ in [
            "histogram_fraction(0, 0.3, sum(rate(h[5m])))",
            "a / b",
            "max(gauge)",
        ] {
            assert_eq!(
                without_nan(parse(unsafe_).unwrap()).to_string(),
                format!("{unsafe_} >= 0")
            );
        }
    }
}
