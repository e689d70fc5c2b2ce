//! Finds the vectors of a query without an aggregation, whose series are shown one by one.
//!
//! A query's author does not know how many series a metric has: each scraped instance has its own.

use smol_str::SmolStr;

use super::labels::surely_scalar;
use super::tree::*;

/// A vector without aggregation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unaggregated<'e> {
    /// The vector, at the place where an aggregation would go.
    pub expr: &'e Expr,
    /// The aggregation, as source text before the parentheses. `None` if the rest of the query depends on the vector's labels, so
    /// that adding one is not enough.
    pub wants: Option<&'static str>,
}

/// Returns the vectors of a query without aggregation, in text order.
///
/// `is_one` returns true for selectors that need no aggregation, such as recorded series. With `buckets`, the query's result
/// must keep the buckets of a histogram. Vectors that only select or label the series of another one are ignored, and so are
/// sides of a one-to-one match whose other side is aggregated, because they cannot add series.
///
/// ```
/// use nth_promql::{parse, unaggregated};
///
/// let wants = |text| -> Vec<_> {
///     let query = parse(text).unwrap();
///     unaggregated(&query, false, &|_| false).iter().map(|found| found.wants).collect()
/// };
/// assert_eq!(wants("rate(x_total[5m])"), [Some("sum")]);
/// assert_eq!(wants("histogram_quantile(0.9, rate(x_bucket[5m]))"), [Some("sum by (le)")]);
/// assert_eq!(wants("sum by (job) (rate(x_total[5m])) / 2"), []);
/// ```
pub fn unaggregated<'e>(
    expr: &'e Expr,
    buckets: bool,
    is_one: &dyn Fn(&Selector) -> bool,
) -> Vec<Unaggregated<'e>> {
    let place = Place {
        buckets,
        labels_matter: false,
    };
    search(expr, place, is_one)
}

/// The context of a subexpression.
#[derive(Clone, Copy)]
struct Place {
    /// True inside a function that needs the label `le`.
    buckets: bool,
    /// True inside an operation that uses labels, which an aggregation would remove.
    labels_matter: bool,
}

impl Place {
    fn by_labels(self) -> Self {
        Self {
            labels_matter: true,
            ..self
        }
    }

    fn report<'e>(self, expr: &'e Expr, wants: &'static str) -> Vec<Unaggregated<'e>> {
        vec![Unaggregated {
            expr,
            wants: (!self.labels_matter).then_some(wants),
        }]
    }

    /// Returns `sum`, or `sum by (le)` to keep a histogram's buckets.
    fn sum(self, selector: &Selector) -> &'static str {
        let name = selector.metric.as_ref().map(|metric| &metric.text);
        if self.buckets && name.is_some_and(|name| name.ends_with("_bucket")) {
            "sum by (le)"
        } else {
            "sum"
        }
    }
}

fn search<'e>(
    expr: &'e Expr,
    place: Place,
    is_one: &dyn Fn(&Selector) -> bool,
) -> Vec<Unaggregated<'e>> {
    match &expr.node {
        Node::Number(_) | Node::String(_) | Node::Hole(_) | Node::Aggregate(_) => Vec::new(),
        Node::Selector(selector) if is_one(selector) => Vec::new(),
        Node::Selector(selector) => place.report(expr, place.sum(selector)),
        Node::Range(inner, _)
        | Node::Paren(inner)
        | Node::Unary(_, inner)
        | Node::Modified(inner, _) => search(inner, place, is_one),
        Node::Subquery(subquery) => search(&subquery.expr, place, is_one),
        Node::Call(call) => in_call(expr, call, place, is_one),
        Node::Binary(binary) => in_binary(expr, binary, place, is_one),
    }
}

fn in_call<'e>(
    expr: &'e Expr,
    call: &'e Call,
    place: Place,
    is_one: &dyn Fn(&Selector) -> bool,
) -> Vec<Unaggregated<'e>> {
    let function = call.function.as_str();
    // These have at most one series.
    if matches!(function, "absent" | "absent_over_time" | "vector") || surely_scalar(expr) {
        return Vec::new();
    }
    for arg in &call.args {
        if let Node::Range(inner, _) = &arg.unparenthesised().node {
            return match &inner.unparenthesised().node {
                Node::Selector(selector) if !is_one(selector) => {
                    place.report(expr, over_time(function, place.sum(selector)))
                }
                _ => Vec::new(),
            };
        }
    }
    if reads_labels_or_times(function) {
        let of = call.args.first();
        return of.map_or_else(Vec::new, |of| search(of, place.by_labels(), is_one));
    }
    let place = Place {
        buckets: place.buckets || function.starts_with("histogram_"),
        ..place
    };
    let args = call.args.iter();
    args.flat_map(|arg| search(arg, place, is_one)).collect()
}

/// Returns the aggregation for the result of an `_over_time` function.
fn over_time(function: &str, sum: &'static str) -> &'static str {
    match function {
        "min_over_time" => "min",
        "max_over_time" | "quantile_over_time" => "max",
        "avg_over_time" => "avg",
        _ => sum,
    }
}

/// True if a function uses something of its first argument that an aggregation removes: labels, or the time of a sample.
fn reads_labels_or_times(function: &str) -> bool {
    matches!(
        function,
        "label_replace"
            | "label_join"
            | "info"
            | "sort_by_label"
            | "sort_by_label_desc"
            | "timestamp"
            | "minute"
            | "hour"
            | "day_of_week"
            | "day_of_month"
            | "day_of_year"
            | "days_in_month"
            | "month"
            | "year"
    )
}

fn in_binary<'e>(
    expr: &'e Expr,
    binary: &'e Binary,
    place: Place,
    is_one: &dyn Fn(&Selector) -> bool,
) -> Vec<Unaggregated<'e>> {
    match binary.op {
        BinaryOp::And | BinaryOp::Unless => {
            return search(&binary.left, place.by_labels(), is_one);
        }
        BinaryOp::Or => {
            let mut found = search(&binary.left, place, is_one);
            found.extend(search(&binary.right, place, is_one));
            return found;
        }
        _ => {}
    }
    let with_number = match (surely_scalar(&binary.left), surely_scalar(&binary.right)) {
        (true, _) => Some(&binary.right),
        (_, true) => Some(&binary.left),
        _ => None,
    };
    if let Some(vector) = with_number {
        let found = search(vector, place, is_one);
        return if !binary.op.is_comparison() || found.is_empty() {
            found
        } else if binary.return_bool {
            place.report(expr, "sum")
        } else {
            place.report(expr, "count")
        };
    }
    let matching = binary.matching.as_ref();
    if let Some(group) = matching.and_then(|matching| matching.group.as_ref()) {
        let many = if group.left {
            &binary.left
        } else {
            &binary.right
        };
        return search(many, place.by_labels(), is_one);
    }
    let place = if matching.is_some() || binary.op.is_comparison() || binary.fill != Fill::default()
    {
        place.by_labels()
    } else {
        place
    };
    let mut found = search(&binary.left, place, is_one);
    let right = search(&binary.right, place, is_one);
    if found.is_empty() || right.is_empty() {
        return Vec::new();
    }
    found.extend(right);
    found
}

/// True if a metric is recorded by a rule, which defines its aggregation. By Prometheus's convention, only the names of recorded
/// metrics have colons.
pub fn is_recorded(selector: &Selector) -> bool {
    let name: Option<&SmolStr> = selector.metric.as_ref().map(|metric| &metric.text);
    name.is_some_and(|name| name.contains(':'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::parse;
    use super::*;

    /// Adds the suggested aggregations to a query, like a fix; `?` if there is none.
    fn with_aggregations(text: &str, buckets: bool) -> String {
        let query = parse(text).unwrap();
        let mut mended = text.to_owned();
        for found in unaggregated(&query, buckets, &is_recorded).iter().rev() {
            let Some(wants) = found.wants else {
                return "?".to_owned();
            };
            let range = found.expr.span.range();
            let whole = format!("{wants}({})", &mended[range.clone()]);
            mended.replace_range(range, &whole);
        }
        parse(&mended).unwrap();
        mended
    }

    #[test]
    fn what_is_aggregated_stays() {
        for text in [
            "sum(x)",
            "topk(3, x)",
            "quantile by (a) (0.9, x)",
            "count_values(\"v\", x)",
            "sum without (instance) (rate(x[5m])) * 100",
            "histogram_quantile(0.99, sum by (le) (rate(x_bucket[5m])))",
            "scalar(x) + 1",
            "time() - scalar(x)",
            "vector(1)",
            "hour()",
            "1",
            "absent(x)",
            "absent_over_time(x[5m])",
            "max_over_time(sum(x)[1h:1m])",
            "label_replace(sum by (a) (x), \"d\", \"$1\", \"a\", \"(.*)\")",
            "sum(x) unless y",
            "sum(x) and on () (y > 1)",
            "sum by (a) (x) * on (a) group_left (t) y",
            "y * on (a) group_right (t) sum by (a) (x)",
            "sum by (a) (x) / y",
            "sum(x) or vector(0)",
            "slo:error_budget:ratio",
            "max_over_time(slo:error_budget:ratio[1h])",
            "-sum(x)",
        ] {
            assert_eq!(with_aggregations(text, false), text);
        }
    }

    #[test]
    fn what_is_not_is_wrapped_where_it_counts() {
        for (text, expected) in [
            ("x", "sum(x)"),
            ("x{a=\"b\"} offset 1h", "sum(x{a=\"b\"} offset 1h)"),
            ("rate(x[$window])", "sum(rate(x[$window]))"),
            ("-rate(x[5m]) * 60", "-sum(rate(x[5m])) * 60"),
            ("max_over_time(x[5m])", "max(max_over_time(x[5m]))"),
            ("min_over_time(x[5m])", "min(min_over_time(x[5m]))"),
            ("avg_over_time(x[5m])", "avg(avg_over_time(x[5m]))"),
            (
                "quantile_over_time(0.9, x[5m])",
                "max(quantile_over_time(0.9, x[5m]))",
            ),
            (
                "rate(a[5m]) / rate(b[5m])",
                "sum(rate(a[5m])) / sum(rate(b[5m]))",
            ),
            ("x or vector(0)", "sum(x) or vector(0)"),
            ("sum(x) or y", "sum(x) or sum(y)"),
            ("x > 5", "count(x > 5)"),
            ("5 < bool x", "sum(5 < bool x)"),
            ("clamp_min(x - 1, 0)", "clamp_min(sum(x) - 1, 0)"),
            (
                "histogram_quantile(0.9, rate(x_bucket[5m]))",
                "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))",
            ),
            (
                "histogram_quantile(0.9, rate(x_seconds[5m]))",
                "histogram_quantile(0.9, sum(rate(x_seconds[5m])))",
            ),
            (
                "max_over_time(rate(x[5m])[1h:1m])",
                "max_over_time(sum(rate(x[5m]))[1h:1m])",
            ),
            // Without a colon in the name, it is not known to be recorded.
            ("{__name__=~\"x.*\"}", "sum({__name__=~\"x.*\"})"),
        ] {
            assert_eq!(
                with_aggregations(text, false).replace(") (", ")("),
                expected.replace(") (", ")(")
            );
        }
        assert_eq!(
            with_aggregations("rate(x_bucket[5m])", true),
            "sum by (le)(rate(x_bucket[5m]))"
        );
        assert_eq!(
            with_aggregations("rate(x_bucket[5m])", false),
            "sum(rate(x_bucket[5m]))"
        );
    }

    #[test]
    fn where_labels_matter_the_query_must_be_another() {
        for text in [
            "x / on (a) y",
            "x * on (a) group_left (t) y",
            "x and y",
            "x unless sum(y)",
            "x > y",
            "time() - timestamp(x)",
            "hour(x)",
            "label_replace(x, \"d\", \"$1\", \"a\", \"(.*)\")",
            "info(x)",
            "label_replace(x > 1, \"d\", \"$1\", \"a\", \"(.*)\")",
        ] {
            assert_eq!(with_aggregations(text, false), "?", "{text}");
        }
    }
}
