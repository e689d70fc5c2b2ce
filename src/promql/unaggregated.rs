//! Which vectors of a query show their series one by one, with nothing that adds them up or chooses among them.
//!
//! How many series a metric has is not known to a query's author: each instance that is scraped has its own.

use smol_str::SmolStr;

use super::labels::surely_scalar;
use super::tree::*;

/// A vector whose series are those that were measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unaggregated<'e> {
    /// The vector, at the place where an aggregation would stand around it.
    pub expr: &'e Expr,
    /// That aggregation, as it is written before the parentheses; absent where what is around the vector hangs on its
    /// labels, so that the query would have to be another one.
    pub wants: Option<&'static str>,
}

/// The vectors in a query that nothing aggregates, in the order of the text.
///
/// `is_one` says of a selector that there is nothing to aggregate about it, as one of a recording. With `buckets`, the
/// query's result is to have the buckets of a histogram. What only chooses or labels the series of another vector does
/// not count, nor do the sides of a one-to-one match where the other one is aggregated: there can be no more series.
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

/// Where in a query something stands.
#[derive(Clone, Copy)]
struct Place {
    /// Under a function that needs the label `le`.
    buckets: bool,
    /// Under something that reads labels, which an aggregation would take away.
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

    /// `sum`, or what keeps a histogram's buckets apart.
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
    // Each gives one series at most, or none at all.
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

/// The aggregation of what a function made of each series' range.
fn over_time(function: &str, sum: &'static str) -> &'static str {
    match function {
        "min_over_time" => "min",
        "max_over_time" | "quantile_over_time" => "max",
        "avg_over_time" => "avg",
        _ => sum,
    }
}

/// Whether a function is about what an aggregation takes away from its first argument: labels, or the time of a sample.
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

/// Whether a metric is the result of a recording rule, which says there how it aggregates. By Prometheus's convention
/// the names of such metrics, and of no others, have colons.
pub fn is_recorded(selector: &Selector) -> bool {
    let name: Option<&SmolStr> = selector.metric.as_ref().map(|metric| &metric.text);
    name.is_some_and(|name| name.contains(':'))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::parse;
    use super::*;

    /// The query with the aggregations that it wants, as a fix would write them; `?` where it must be another query.
    fn mended(text: &str, buckets: bool) -> String {
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
            assert_eq!(mended(text, false), text);
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
            // The colon is what tells a recorded series; these have none.
            ("{__name__=~\"x.*\"}", "sum({__name__=~\"x.*\"})"),
        ] {
            assert_eq!(
                mended(text, false).replace(") (", ")("),
                expected.replace(") (", ")(")
            );
        }
        assert_eq!(
            mended("rate(x_bucket[5m])", true),
            "sum by (le)(rate(x_bucket[5m]))"
        );
        assert_eq!(
            mended("rate(x_bucket[5m])", false),
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
            assert_eq!(mended(text, false), "?", "{text}");
        }
    }
}
