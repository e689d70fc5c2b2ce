//! Functions of PromQL that the ruler of the project does not evaluate.

use std::collections::HashSet;

use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::lower::report;
use crate::schema::names::{field, kind};
use nth_model::settings::Ruler;
use nth_promql::{Node, classify};

/// The functions and aggregations of Prometheus 3.16 that MetricsQL does not have, sorted:
/// <https://docs.victoriametrics.com/victoriametrics/metricsql/>.
const NOT_IN_METRICSQL: [&str; 14] = [
    "double_exponential_smoothing",
    "histogram_count",
    "histogram_sum",
    "info",
    "integral",
    "limit_ratio",
    "max_of",
    "min_of",
    "range",
    "start_timestamp",
    "ts_of_first_over_time",
    "ts_of_last_over_time",
    "ts_of_max_over_time",
    "ts_of_min_over_time",
];

/// Reports the queries of a block that the ruler cannot evaluate, once per place, and latencies of native histograms.
pub fn unsupported(block: &Instance, ruler: Ruler) -> Vec<Diag> {
    let mut found = Vec::new();
    if ruler == Ruler::VictoriaMetrics {
        check_block(block, block.head, &mut HashSet::new(), &mut found);
    }
    found
}

/// Checks a block, which is in one with the head `parent`.
fn check_block(
    block: &Instance,
    parent: Span,
    reported: &mut HashSet<Span>,
    found: &mut Vec<Diag>,
) {
    let is_native = *block.get(field::NATIVE) == Value::Bool(true);
    if is_native && block.variant.as_deref() == Some(kind::LATENCY) {
        // A template sets the field for the SLO that uses it.
        let set = block.span_of(field::NATIVE);
        let place = match set.item == parent.item {
            true => set,
            false => parent,
        };
        if reported.insert(place) {
            let diagnostic = Diag::new(
                &codes::UNSUPPORTED_BY_RULER,
                "vmalert does not evaluate native histograms",
                place,
            )
            .label("needs `histogram_count`, which MetricsQL does not have")
            .help("remove `native` and expose classic buckets, or set `good` and `total` of a `ratio`");
            report(block, found, diagnostic);
        }
    }
    for value in block.fields.values() {
        check_value(block, &value.value, reported, found);
    }
    for child in &block.children {
        check_block(child, block.head, reported, found);
    }
}

fn check_value(
    block: &Instance,
    value: &Value,
    reported: &mut HashSet<Span>,
    found: &mut Vec<Diag>,
) {
    match value {
        Value::Query(query) => {
            let names = classify::exprs(&query.expr).filter_map(|expr| match &expr.node {
                Node::Call(call) => Some(call.function.as_str()),
                Node::Aggregate(aggregate) => Some(aggregate.op.as_str()),
                _ => None,
            });
            let mut missing = names.filter(|name| NOT_IN_METRICSQL.binary_search(name).is_ok());
            if let Some(name) = missing.next()
                && reported.insert(query.span)
            {
                let diagnostic = Diag::new(
                    &codes::UNSUPPORTED_BY_RULER,
                    format!("vmalert does not have `{name}`"),
                    query.span,
                )
                .label("vmalert rejects the whole rule file")
                .help("write the query without it, or set `ruler` in `[prometheus]` of `nth.toml` to what evaluates the rules");
                report(block, found, diagnostic);
            }
        }
        Value::List(items) => {
            for item in items {
                check_value(block, item, reported, found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_those_of_prometheus() {
        assert!(NOT_IN_METRICSQL.is_sorted());
        for name in NOT_IN_METRICSQL {
            let is_function = nth_promql::functions::function(name).is_some();
            let is_aggregation = nth_promql::functions::aggregation(name).is_some();
            assert!(is_function || is_aggregation, "{name}");
        }
    }
}
