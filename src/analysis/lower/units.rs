//! Lints of the unit of a latency SLI's histogram: an assumed unit, and a contradiction.

use rust_decimal::Decimal;

use super::read::report;
use crate::codes;
use crate::db::Diag;
use crate::eval::{Instance, Value};
use crate::schema::names::field;
use nth_metrics::unit::{HistogramUnit, MetricUnit, Source};
use nth_metrics::{base_name, name_of};
use nth_model::DurationUnit;
use nth_model::number::decimal_text;
use nth_promql::{Expr, Node};

/// Returns the unit that an SLI sets for its histogram.
pub(super) fn field_unit(sli: &Instance) -> Option<DurationUnit> {
    match sli.get(field::UNIT) {
        Value::Enum(_, member) => DurationUnit::from_name(member),
        _ => None,
    }
}

/// Reports a unit that is only assumed or is contradicted. `limit` is the SLI's, in that unit.
pub(super) fn check(
    sli: &Instance,
    histogram: &Expr,
    found: &HistogramUnit<'_>,
    limit: Decimal,
    diagnostics: &mut Vec<Diag>,
) {
    let Node::Selector(selector) = &histogram.unparenthesised().node else {
        return;
    };
    let Some(name) = name_of(selector).map(base_name) else {
        return;
    };
    let place = match (found.source, sli.get(field::HISTOGRAM)) {
        (Some(Source::Field), _) => sli.span_of(field::UNIT),
        (_, Value::Query(query)) => query.span,
        _ => sli.span_of(field::HISTOGRAM),
    };
    let unit = found.unit.name();
    let limit = decimal_text(limit);
    let limit = if *sli.get(field::NATIVE) == Value::Bool(true) {
        format!("the rules read the limit as {limit}")
    } else {
        format!("the rules read the bucket `le=\"{limit}\"`")
    };
    let set = |unit: &str| match sli.trail.last() {
        None => format!("set `unit = {unit}` in the SLI"),
        Some(_) => format!("pass `unit: {unit}` to the template, or set `unit` in the SLI"),
    };
    let diagnostic = match found.against {
        Some((who, said)) if found.source.is_none() => Diag::new(
            &codes::CONTRADICTED_UNIT,
            format!("`{name}` counts {}, not seconds", said.word()),
            place,
        )
        .label(format!("{} says {}", phrase(who), said.word()))
        .help("use a histogram of durations in seconds, milliseconds, microseconds or nanoseconds")
        .help(format!(
            "{} if it is one; without it {limit}",
            set("seconds")
        )),
        Some((who, said)) => Diag::new(
            &codes::CONTRADICTED_UNIT,
            format!("unit `{unit}` of `{name}` contradicts {}", phrase(who)),
            place,
        )
        .label(format!("{} says {}", phrase(who), said.word()))
        .help(remedy(name, found, said, &set))
        .help(limit),
        None if found.source.is_none() => Diag::new(
            &codes::ASSUMED_UNIT,
            format!("unknown unit of the histogram `{name}`"),
            place,
        )
        .label("no unit in its name, declaration or the metric catalog")
        .help(format!(
            "{} if its bounds are milliseconds",
            set("milliseconds")
        ))
        .help(format!(
            "or declare it: `metric {name} {{ type = histogram  unit = seconds }}`"
        ))
        .note(format!("seconds are assumed: {limit}")),
        None => return,
    };
    report(sli, diagnostics, diagnostic);
}

fn phrase(source: Source) -> &'static str {
    match source {
        Source::Field => "the SLI",
        Source::Declaration => "its declaration",
        Source::Catalogue => "the metric catalog",
        Source::Name => "its name",
    }
}

/// The help for a contradicted unit.
fn remedy(
    name: &str,
    found: &HistogramUnit<'_>,
    said: MetricUnit<'_>,
    set: &dyn Fn(&str) -> String,
) -> String {
    let other = said.word();
    match (found.source, said) {
        (Some(Source::Field), MetricUnit::Time(_)) => {
            format!("remove `unit` if the histogram counts {other}")
        }
        (Some(Source::Field), MetricUnit::Other(_)) => {
            format!("use another histogram if this one counts {other}")
        }
        (Some(Source::Declaration), _) => {
            format!("fix `unit` of `metric {name}` if the histogram counts {other}")
        }
        (_, MetricUnit::Time(_)) => {
            format!("{} if the histogram counts {other}", set(other))
        }
        (_, MetricUnit::Other(_)) => {
            format!("{} if the histogram counts that", set(found.unit.name()))
        }
    }
}
