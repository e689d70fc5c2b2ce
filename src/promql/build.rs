//! Constructors for queries that the compiler generates.
//!
//! Nothing is concatenated as text, so any name or value is safe.
//!
//! ```
//! use nth_promql::{BinaryOp, build};
//!
//! let errors = build::selector("requests_total", &[("job", "checkout"), ("code", "500")]);
//! let ratio = build::binary(
//!     BinaryOp::Divide,
//!     build::aggregate("sum", None, build::call("rate", vec![build::range(errors, "5m")])),
//!     build::number("14.4"),
//! );
//! assert_eq!(ratio.to_string(), r#"sum(rate(requests_total{job="checkout",code="500"}[5m])) / 14.4"#);
//! ```

use smol_str::SmolStr;

use super::tree::*;

/// `metric{label="value"}`. The metric may be a recording rule's name, or any UTF-8 text.
pub fn selector(metric: impl Into<SmolStr>, labels: &[(&str, &str)]) -> Expr {
    let matchers = labels
        .iter()
        .map(|(label, value)| matcher(*label, MatchOp::Equal, *value))
        .collect();
    selector_with(metric, matchers)
}

/// A metric with any matchers.
///
/// ```
/// use nth_promql::{MatchOp, build};
///
/// let selector = build::selector_with("up", vec![build::matcher("job", MatchOp::Matches, "a|b")]);
/// assert_eq!(selector.to_string(), r#"up{job=~"a|b"}"#);
/// ```
pub fn selector_with(metric: impl Into<SmolStr>, matchers: Vec<Matcher>) -> Expr {
    let metric = Some(MetricName {
        text: metric.into(),
        span: Span::default(),
    });
    Expr::new(Node::Selector(Selector {
        metric,
        matchers,
        modifiers: Modifiers::default(),
    }))
}

/// `label="value"`. With [`MatchOp::Matches`], the value is a regular expression; see
/// [`escape_regex`](super::escape_regex).
pub fn matcher(label: impl Into<SmolStr>, op: MatchOp, value: impl Into<SmolStr>) -> Matcher {
    Matcher {
        label: label.into(),
        label_span: Span::default(),
        op,
        value: StringLit::new(value),
    }
}

/// `expr[5m]`. Modifiers of the selector are those of the range, as in PromQL.
pub fn range(selector: Expr, duration: impl Into<SmolStr>) -> Expr {
    Expr::new(Node::Range(Box::new(selector), Duration::literal(duration)))
}

/// `expr[$window]`
pub fn range_window(selector: Expr) -> Expr {
    Expr::new(Node::Range(Box::new(selector), Duration::window()))
}

/// `expr[1h:5m]`, or `expr[1h:]` for the global evaluation interval.
pub fn subquery(expr: Expr, range: impl Into<SmolStr>, step: Option<&str>) -> Expr {
    Expr::new(Node::Subquery(Box::new(Subquery {
        expr,
        range: Duration::literal(range),
        step: step.map(Duration::literal),
        modifiers: Modifiers::default(),
    })))
}

/// `expr offset 1h`; a negative duration shifts into the future. Replaces an existing offset. Has no effect on anything but
/// selectors, ranges and subqueries.
///
/// ```
/// use nth_promql::build;
///
/// let week_ago = build::offset(build::range(build::selector("x", &[]), "5m"), "1w");
/// assert_eq!(week_ago.to_string(), "x[5m] offset 1w");
/// ```
pub fn offset(mut expr: Expr, duration: &str) -> Expr {
    if let Some(modifiers) = super::modifiers::modifiers(&mut expr) {
        let (negative, duration) = match duration.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, duration),
        };
        modifiers.offset = Some(Box::new(Offset {
            negative,
            duration: Duration::literal(duration),
        }));
    }
    expr
}

/// `function(args)`
pub fn call(function: &str, args: Vec<Expr>) -> Expr {
    Expr::new(Node::Call(Call {
        function: function.into(),
        function_span: Span::default(),
        args,
    }))
}

/// `sum by (job) (expr)`
///
/// ```
/// use nth_promql::build;
///
/// let sum = build::aggregate("sum", Some(build::by_labels(&["job"])), build::selector("x", &[]));
/// assert_eq!(sum.to_string(), "sum by (job) (x)");
/// ```
pub fn aggregate(op: &str, grouping: Option<Grouping>, expr: Expr) -> Expr {
    aggregate_with(op, grouping, None, expr)
}

/// `quantile by (job) (0.9, expr)`
pub fn aggregate_with(
    op: &str,
    grouping: Option<Grouping>,
    param: Option<Expr>,
    expr: Expr,
) -> Expr {
    Expr::new(Node::Aggregate(Box::new(Aggregate {
        op: op.into(),
        op_span: Span::default(),
        grouping,
        param,
        expr,
    })))
}

/// `topk(5, expr)`
pub fn topk(count: u32, expr: Expr) -> Expr {
    aggregate_with("topk", None, Some(number(count.to_string())), expr)
}

/// `by (job, instance)`
pub fn by_labels(labels: &[&str]) -> Grouping {
    Grouping {
        without: false,
        labels: self::labels(labels),
    }
}

/// `without (instance)`
pub fn without(labels: &[&str]) -> Grouping {
    Grouping {
        without: true,
        labels: self::labels(labels),
    }
}

/// Labels by name.
pub fn labels(names: &[&str]) -> Vec<Label> {
    names
        .iter()
        .map(|name| Label {
            name: (*name).into(),
            span: Span::default(),
        })
        .collect()
}

/// `left op right`; printing adds parentheses where precedence requires them.
pub fn binary(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    binary_with(op, left, right, false, None)
}

/// `left op bool right`: 0 or 1.
pub fn compare_bool(op: BinaryOp, left: Expr, right: Expr) -> Expr {
    binary_with(op, left, right, true, None)
}

/// `left op on (job) group_left right`
///
/// ```
/// use nth_promql::{BinaryOp, build};
///
/// let matching = build::on_labels(&["job"]);
/// let joined = build::binary_matching(
///     BinaryOp::And, build::selector("a", &[]), build::selector("b", &[]), matching,
/// );
/// assert_eq!(joined.to_string(), "a and on (job) b");
/// ```
pub fn binary_matching(op: BinaryOp, left: Expr, right: Expr, matching: Matching) -> Expr {
    binary_with(op, left, right, false, Some(matching))
}

fn binary_with(
    op: BinaryOp,
    left: Expr,
    right: Expr,
    return_bool: bool,
    matching: Option<Matching>,
) -> Expr {
    Expr::new(Node::Binary(Box::new(Binary {
        op,
        op_span: Span::default(),
        left,
        right,
        return_bool,
        matching,
        fill: Fill::default(),
    })))
}

/// `on (job)`
pub fn on_labels(names: &[&str]) -> Matching {
    Matching {
        on: true,
        labels: labels(names),
        group: None,
    }
}

/// `ignoring (instance)`
pub fn ignoring(names: &[&str]) -> Matching {
    Matching {
        on: false,
        labels: labels(names),
        group: None,
    }
}

/// Joins all expressions from the left; `None` if there are none.
///
/// ```
/// use nth_promql::{BinaryOp, build};
///
/// let all = build::join(BinaryOp::Or, ["a", "b", "c"].map(|metric| build::selector(metric, &[])));
/// assert_eq!(all.unwrap().to_string(), "a or b or c");
/// ```
pub fn join(op: BinaryOp, exprs: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    exprs
        .into_iter()
        .reduce(|left, right| binary(op, left, right))
}

/// A number in PromQL's syntax, `0.001`. A sign becomes an operator.
///
/// The text is not escaped, like that of durations and function names: it must be a formatted number, never user input.
pub fn number(text: impl AsRef<str>) -> Expr {
    let text = text.as_ref();
    match text.strip_prefix('-') {
        Some(rest) => negate(number(rest)),
        None => Expr::new(Node::Number(text.strip_prefix('+').unwrap_or(text).into())),
    }
}

/// A string, `"text"`.
pub fn string(text: impl Into<SmolStr>) -> Expr {
    Expr::new(Node::String(StringLit::new(text)))
}

/// `(expr)`; has no effect on an expression in parentheses.
pub fn paren(expr: Expr) -> Expr {
    match expr.node {
        Node::Paren(_) => expr,
        _ => Expr::new(Node::Paren(Box::new(expr))),
    }
}

/// `-expr`
pub fn negate(expr: Expr) -> Expr {
    Expr::new(Node::Unary(UnaryOp::Minus, Box::new(expr)))
}

/// `absent(expr)`
pub fn absent(expr: Expr) -> Expr {
    call("absent", vec![expr])
}

/// `vector(0)`
pub fn vector(value: impl AsRef<str>) -> Expr {
    call("vector", vec![number(value)])
}
