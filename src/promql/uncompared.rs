//! Conditions whose values are not compared.
//!
//! An alert fires for each series of its condition, whatever its value. That is correct if a series exists only during an
//! incident: comparisons, `and` and `unless` filter, and a metric that describes a state may exist only in that state. A computed
//! value without a comparison is certainly a mistake.

use super::classify;
use super::labels::{may_be_scalar, surely_scalar};
use super::tree::*;

/// The reason that a condition holds for any value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uncompared<'e> {
    /// A comparison with `bool`, which returns 0 if it is false.
    Bool,
    /// The result of this function is not compared.
    Call(&'e str),
    /// The result of this operator is not compared.
    Operator(&'static str),
    /// `up`, which also exists for healthy targets.
    Up,
}

/// Returns the value in a condition that should certainly be compared; `None` if there is none.
///
/// Anything inside that filters, or tests for the existence of series, makes it uncertain.
///
/// ```
/// use nth_promql::{Uncompared, parse, uncompared};
///
/// let why = |text: &str| format!("{:?}", uncompared(&parse(text).unwrap()));
/// assert_eq!(why("sum(rate(errors_total[5m]))"), r#"Some(Call("rate"))"#);
/// assert_eq!(why("max(queue_depth) > bool 5"), "Some(Bool)");
/// assert_eq!(why("sum(queue_depth == 0)"), "None");
/// assert_eq!(why("a unless b"), "None");
/// ```
pub fn uncompared(expr: &Expr) -> Option<Uncompared<'_>> {
    match &expr.node {
        Node::Paren(inner) | Node::Unary(_, inner) | Node::Modified(inner, _) => uncompared(inner),
        Node::Selector(selector) => {
            let is_up = selector
                .metric
                .as_ref()
                .is_some_and(|name| name.text == "up");
            is_up.then_some(Uncompared::Up)
        }
        Node::Call(call) => match call.function.as_str() {
            "label_replace" | "label_join" | "sort" | "sort_desc" | "sort_by_label"
            | "sort_by_label_desc" | "last_over_time" => call.args.first().and_then(uncompared),
            function if computes(function) && !asks_for_series(expr) => {
                Some(Uncompared::Call(function))
            }
            _ => None,
        },
        Node::Aggregate(aggregate) => match aggregate.op.as_str() {
            "sum" | "avg" | "min" | "max" | "quantile" | "topk" | "bottomk" | "stddev"
            | "stdvar" => uncompared(&aggregate.expr),
            _ => None,
        },
        Node::Binary(binary) => uncompared_binary(binary, expr),
        Node::Range(inner, _) => uncompared(inner),
        Node::Subquery(subquery) => uncompared(&subquery.expr),
        Node::Number(_) | Node::String(_) | Node::Hole(_) => None,
    }
}

fn uncompared_binary<'e>(binary: &'e Binary, expr: &'e Expr) -> Option<Uncompared<'e>> {
    match binary.op {
        BinaryOp::Or => uncompared(&binary.left).or_else(|| uncompared(&binary.right)),
        op if op.is_set() => None,
        op if op.is_comparison() => {
            let is_vector = !(surely_scalar(&binary.left) && surely_scalar(&binary.right));
            (binary.return_bool && is_vector && !asks_for_series(expr)).then_some(Uncompared::Bool)
        }
        _ if asks_for_series(expr) => None,
        // `a * on (pod) group_left b` joins two metrics, and so can `+` and other operators with a metric that is 0 or 1.
        _ if !may_be_scalar(&binary.left) && !may_be_scalar(&binary.right) => {
            match (binary.op, &binary.matching) {
                (BinaryOp::Divide | BinaryOp::Modulo, _) | (BinaryOp::Subtract, None) => {
                    Some(Uncompared::Operator(binary.op.as_str()))
                }
                _ => uncompared(&binary.left).or_else(|| uncompared(&binary.right)),
            }
        }
        op => Some(Uncompared::Operator(op.as_str())),
    }
}

/// True if anything in it filters, or tests for the existence of series.
fn asks_for_series(expr: &Expr) -> bool {
    classify::exprs(expr).any(|expr| match &expr.node {
        Node::Binary(binary) => {
            matches!(binary.op, BinaryOp::And | BinaryOp::Unless)
                || (binary.op.is_comparison() && !binary.return_bool)
        }
        Node::Call(call) => matches!(
            call.function.as_str(),
            "absent" | "absent_over_time" | "present_over_time" | "count_over_time" | "vector"
        ),
        Node::Aggregate(aggregate) => {
            matches!(
                aggregate.op.as_str(),
                "count" | "count_values" | "group" | "limitk" | "limit_ratio"
            )
        }
        // An interpolated query may filter.
        Node::Hole(_) => true,
        _ => false,
    })
}

/// True if a function computes a value that should be compared.
fn computes(function: &str) -> bool {
    matches!(
        function,
        "rate"
            | "irate"
            | "increase"
            | "delta"
            | "idelta"
            | "deriv"
            | "predict_linear"
            | "double_exponential_smoothing"
            | "changes"
            | "resets"
            | "avg_over_time"
            | "sum_over_time"
            | "min_over_time"
            | "max_over_time"
            | "quantile_over_time"
            | "stddev_over_time"
            | "stdvar_over_time"
            | "mad_over_time"
            | "histogram_quantile"
            | "histogram_fraction"
            | "histogram_avg"
            | "histogram_count"
            | "histogram_sum"
            | "histogram_stddev"
            | "histogram_stdvar"
            | "abs"
            | "ceil"
            | "floor"
            | "round"
            | "clamp"
            | "clamp_min"
            | "clamp_max"
            | "exp"
            | "ln"
            | "log2"
            | "log10"
            | "sqrt"
            | "sgn"
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::parse;
    use super::*;

    #[test]
    fn values_that_nothing_compares() {
        for text in [
            "up",
            "sum(up)",
            "avg by (job) (up{job=\"x\"})",
            "x > bool 5",
            "sum(x > bool 5)",
            "rate(x_total[5m])",
            "-rate(x_total[5m])",
            "sum(rate(a[5m])) / sum(rate(b[5m]))",
            "a / b",
            "a - b",
            "a * 100",
            "max_over_time(rate(x_total[5m])[1h:])",
            "rate(x_total[5m]) * on (pod) group_left (node) pod_info",
            "x > 5 or rate(y_total[5m])",
            "label_replace(rate(x_total[5m]), \"a\", \"$1\", \"b\", \"(.*)\")",
            "histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))",
            "time() - process_start_time_seconds",
        ] {
            assert!(uncompared(&parse(text).unwrap()).is_some(), "{text}");
        }
    }

    #[test]
    fn series_that_are_there_only_in_trouble() {
        for text in [
            "vector(1)",
            "vector(1) > 0",
            "kube_job_failed{condition=\"true\"}",
            "kube_job_failed{condition=\"true\"} and on (job_name) kube_job_owner",
            "a unless b",
            "group by (instance) (up offset 1h) unless group by (instance) (up)",
            "count by (cluster) (node_info) unless on (cluster) count by (cluster) (up == 1)",
            "max(queue_depth)",
            "sum(x == 0)",
            "max by (name) (ready{condition!=\"True\"} == 1)",
            "(up - 1) + on (job) (sum by (job) (increase(uploads_total[3h])) == 0)",
            "(up == 0) * on (instance) group_left () (boot - 1 > 600)",
            "max without (revision) (a unless b) * (c != d)",
            "group without (pod) (timestamp(a > b) < time() - 36000)",
            "absent(x)",
            "rate(x_total[5m]) > 0",
            "clamp_max(x > 5, 1)",
            "count(bookie == 0) by (pod)",
            "a * on (pod) group_left b",
            "a + b",
            "max_over_time((x > 5)[1h:])",
            "sum by (a) (ALERTS{alertstate=\"firing\"})",
            "present_over_time(restarted[5m])",
            "x",
        ] {
            assert_eq!(uncompared(&parse(text).unwrap()), None, "{text}");
        }
    }
}
