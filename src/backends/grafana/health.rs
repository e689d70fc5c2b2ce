//! The row of the service's health: traffic, errors and latency. All its queries read the series of the SLIs; what they
//! do not count is not guessed.

use rust_decimal::Decimal;

use nth_model::number::decimal_text;
use nth_model::panel::{Histogram, Visualization};
use nth_model::text::list;
use nth_model::{Numerator, Sli, Slo};
use nth_promql::{BinaryOp, Expr, Node, build, classify, rewrite};

use super::board::Board;
use super::layout::{Draft, Section};
use super::text;
use super::view::{self, BAD, GOOD, View, is_aggregated, panel_query};

/// The size of a panel: three fit in a line.
const SIZE: (u8, u8) = (8, 8);

/// The displayed quantiles of latency, besides that of the objective.
const QUANTILES: [Decimal; 3] = [
    Decimal::from_parts(5, 0, 0, false, 1),
    Decimal::from_parts(9, 0, 0, false, 1),
    Decimal::from_parts(99, 0, 0, false, 2),
];

/// The terms for the events of a service.
struct Words {
    /// The title of the panel of all events.
    traffic: &'static str,
    /// The title of the panel of bad events.
    errors: &'static str,
    /// Grafana's name of the unit of their rate.
    unit: &'static str,
    /// The title of the panel of durations.
    latency: &'static str,
}

impl Words {
    fn for_type(service_type: Option<&str>) -> Self {
        let (traffic, errors, unit, latency) = match service_type {
            Some("api" | "web") => ("Requests", "Failed requests", "reqps", "Latency"),
            Some("worker") => ("Jobs", "Failed jobs", "cps", "Job duration"),
            Some("batch" | "pipeline") => ("Runs", "Failed runs", "cps", "Run duration"),
            Some("stream") => ("Events", "Failed events", "cps", "Processing time"),
            Some("database") => ("Operations", "Failed operations", "ops", "Latency"),
            _ => ("Events", "Failed events", "cps", "Latency"),
        };
        Self {
            traffic,
            errors,
            unit,
            latency,
        }
    }
}

impl Board<'_> {
    /// The row with traffic, errors and latency, and the measures of time-slice SLIs.
    pub fn health_section(&self) -> Section {
        let words = Words::for_type(self.service.service_type.as_deref());
        let slos = &self.service.slos;
        let counting = || {
            slos.iter()
                .filter(|slo| slo.histogram.is_none() && total(&slo.sli).is_some())
        };
        let timed: Vec<&Slo> = slos.iter().filter(|slo| slo.histogram.is_some()).collect();
        let counted: Vec<&Slo> = if counting().next().is_some() {
            counting().collect()
        } else {
            timed.clone()
        };
        let mut panels: Vec<Draft> = Vec::new();
        panels.extend(traffic(&words, &counted));
        panels.extend(
            counted
                .iter()
                .filter(|slo| slo.histogram.is_none())
                .filter_map(|slo| errors(&words, slo)),
        );
        for slo in timed {
            panels.extend(
                slo.histogram
                    .as_ref()
                    .map(|histogram| latency(&words, slo, histogram)),
            );
        }
        panels.extend(slos.iter().filter_map(slices));
        Section {
            key: "health".into(),
            title: "Service health".into(),
            panels,
            is_collapsed: false,
        }
    }
}

/// The rate of all events.
fn total(sli: &Sli) -> Option<&Expr> {
    match sli {
        Sli::Events { total, .. } => Some(total),
        Sli::ErrorRatio { total, .. } => total.as_ref(),
        Sli::TimeSlices { .. } => None,
    }
}

/// All events per second, of each SLO that counts different ones.
fn traffic(words: &Words, slos: &[&Slo]) -> Option<Draft> {
    let mut view = View::new("traffic", Visualization::Timeseries, words.unit, SIZE)
        .titled(
            words.traffic,
            "Events per second, as counted by the SLOs. Zero traffic does not mean healthy: check the \
            callers.",
        )
        .bounds(Some(Decimal::ZERO), None);
    let mut seen: Vec<String> = Vec::new();
    for slo in slos {
        let query = total(&slo.sli).map(panel_query)?;
        let text = query.to_string();
        if !seen.contains(&text) {
            seen.push(text);
            let name = text::literal(&slo.name);
            let groups = text::group_references(slo.by());
            view = view.add_query(query, format!("{name} {groups}").trim_end().to_owned());
        }
    }
    (!seen.is_empty()).then(|| view.build())
}

/// Bad events per second: in total, and by the labels that distinguish them.
fn errors(words: &Words, slo: &Slo) -> Option<Draft> {
    let Sli::Events {
        numerator,
        total,
        breakdown,
        ..
    } = &slo.sli
    else {
        return None;
    };
    let total = panel_query(total);
    let none = build::binary(BinaryOp::Multiply, total.clone(), build::number("0"));
    let all = match numerator {
        Numerator::Bad(bad) => build::binary(BinaryOp::Or, panel_query(bad), none),
        Numerator::Good(good) => {
            let good = build::binary(BinaryOp::Or, panel_query(good), none);
            let rest = build::binary(BinaryOp::Subtract, total, good);
            build::call("clamp_min", vec![rest, build::number("0")])
        }
    };
    let mut view = View::new(
        format!("errors\0{}", slo.name),
        Visualization::Timeseries,
        words.unit,
        SIZE,
    )
    .titled(
        format!("{}: {}", words.errors, text::literal(&slo.name)),
        "Bad events per second, as counted by the SLO.",
    )
    .bounds(Some(Decimal::ZERO), None)
    .add_query(
        all,
        match slo.by() {
            [] => "All".to_owned(),
            by => text::group_references(by),
        },
    );
    if let Some(breakdown) = breakdown
        && breakdown.is_of_bad_events()
        && !slo.breakdown.is_empty()
    {
        let labels: Vec<&str> = slo.breakdown.iter().map(String::as_str).collect();
        let by_label = breakdown.rate_by(&labels);
        let names: Vec<_> = labels
            .iter()
            .map(|label| text::label_reference(label))
            .collect();
        view = view.add_query(panel_query(&by_label), names.join(" "));
    }
    Some(view.build())
}

/// Quantiles of a histogram, with the SLO's limit as a line.
fn latency(words: &Words, slo: &Slo, histogram: &Histogram) -> Draft {
    let limit = histogram.unit.count(histogram.under);
    let rate = build::call(
        "rate",
        vec![build::range_window(
            histogram.series.unparenthesised().clone(),
        )],
    );
    let grouping = (!histogram.native).then(|| build::by_labels(&["le"]));
    let rates = panel_query(&build::aggregate("sum", grouping, rate));
    let mut quantiles: Vec<Decimal> = QUANTILES.to_vec();
    quantiles.push(slo.objective.normalize());
    quantiles.sort();
    quantiles.dedup();
    let names: Vec<String> = quantiles.iter().copied().map(quantile_name).collect();
    let mut view = View::new(
        format!("latency\0{}", slo.name),
        Visualization::Timeseries,
        view::unit(histogram.unit.into()),
        SIZE,
    )
    .titled(
        format!("{}: {}", words.latency, text::literal(&slo.name)),
        format!(
            "{} latency. The line is the SLO threshold, {}: {} must be below it.",
            list(&names, "and"),
            histogram.under.to_human(),
            quantile_name(slo.objective)
        ),
    )
    .bounds(Some(Decimal::ZERO), None)
    .steps([(None, GOOD), (Some(limit), BAD)]);
    for quantile in quantiles {
        let query = build::call(
            "histogram_quantile",
            vec![build::number(decimal_text(quantile)), rates.clone()],
        );
        view = view.add_query(query, quantile_name(quantile));
    }
    view.build()
}

/// The name of a quantile, `p99.9`.
fn quantile_name(quantile: Decimal) -> String {
    format!("p{}", decimal_text(quantile * Decimal::ONE_HUNDRED))
}

/// The value that a time-slice SLI compares, with the limit as a line if it is a number.
fn slices(slo: &Slo) -> Option<Draft> {
    let Sli::TimeSlices { good } = &slo.sli else {
        return None;
    };
    let Node::Binary(condition) = &good.unparenthesised().node else {
        return None;
    };
    let op = condition.op;
    let (value, limit, flipped) = match (number(&condition.left), number(&condition.right)) {
        (None, limit) => (&condition.left, limit, false),
        (limit, None) => (&condition.right, limit, true),
        _ => return None,
    };
    let rising = matches!(op, BinaryOp::Greater | BinaryOp::GreaterOrEqual);
    let falling = matches!(op, BinaryOp::Less | BinaryOp::LessOrEqual);
    // True if high values are good.
    let great_is_good = (rising && !flipped) || (falling && flipped);
    let worst = if great_is_good { "min" } else { "max" };
    let query = if is_aggregated(value) {
        panel_query(value)
    } else {
        panel_query(&build::aggregate(worst, None, value.clone()))
    };
    let mut view = View::new(
        format!("slices\0{}", slo.name),
        Visualization::Timeseries,
        unit_of(value),
        SIZE,
    );
    let mut shown = good.clone();
    rewrite::set_window(&mut shown, "$window");
    view = view
        .titled(
            format!("{}: measured value", text::literal(&slo.name)),
            format!(
                "A time slice is good while {}.",
                text::code(&shown.to_string())
            ),
        )
        .add_query(query, text::literal(&slo.name));
    if let Some(limit) = limit {
        let steps = if great_is_good || !(rising || falling) {
            [(None, BAD), (Some(limit), GOOD)]
        } else {
            [(None, GOOD), (Some(limit), BAD)]
        };
        view = view.steps(steps);
    }
    Some(view.build())
}

/// The value of a limit that is a decimal number or arithmetic on such numbers.
fn number(expr: &Expr) -> Option<Decimal> {
    match &expr.unparenthesised().node {
        Node::Number(text) => text.parse().ok(),
        Node::Binary(binary) => {
            let (left, right) = (number(&binary.left)?, number(&binary.right)?);
            match binary.op {
                BinaryOp::Multiply => left.checked_mul(right),
                BinaryOp::Add => left.checked_add(right),
                BinaryOp::Subtract => left.checked_sub(right),
                BinaryOp::Divide => left.checked_div(right),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The unit of a value, by Prometheus's conventions for names of metrics.
fn unit_of(value: &Expr) -> &'static str {
    let is_age = classify::exprs(value)
        .any(|expr| matches!(&expr.node, Node::Call(call) if call.function == "time"));
    let is_share = matches!(&value.unparenthesised().node, Node::Binary(binary) if binary.op == BinaryOp::Divide);
    let mut suffixes = classify::metrics(value)
        .filter_map(|selector| selector.metric.as_ref())
        .map(|metric| match metric.text.rsplit('_').next() {
            Some("seconds") => "s",
            Some("milliseconds" | "ms") => "ms",
            Some("microseconds") => "µs",
            Some("nanoseconds") => "ns",
            Some("bytes") => "bytes",
            Some("ratio") => "percentunit",
            _ => "short",
        });
    match suffixes.next() {
        _ if is_age => "s",
        _ if is_share => "none",
        Some(unit) if suffixes.all(|other| other == unit) => unit,
        _ => "short",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn units_follow_the_names_of_metrics() {
        for (query, unit) in [
            ("time() - max(job_last_success_timestamp_seconds)", "s"),
            ("max(replication_lag_seconds)", "s"),
            ("max(memory_bytes)", "bytes"),
            ("sum(memory_bytes) / sum(memory_limit_bytes)", "none"),
            ("min(up)", "short"),
        ] {
            assert_eq!(unit_of(&parse(query).unwrap()), unit, "{query}");
        }
    }

    #[test]
    fn limits_are_computed() {
        for (text, limit) in [
            ("60", Some("60")),
            ("6 * 3600", Some("21600")),
            ("(1 / 4)", Some("0.25")),
            ("scalar(x)", None),
        ] {
            let limit = limit.map(|limit| limit.parse::<Decimal>().unwrap());
            assert_eq!(number(&parse(text).unwrap()), limit, "{text}");
        }
    }
}
