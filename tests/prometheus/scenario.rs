//! The traffic of a service for each kind of SLI, and what its rules record and fire for it, by promtool.

use nthc::ir::{Duration, Sli, Slo};

use crate::models::{
    bad_based, error_ratio, good_based, latency, rules, service, settings, time_slices,
};
use crate::support::promtool::{self, ExprTest, InputSeries, Test, TestFile, scalar, series};

/// How often rules are evaluated and series have a value.
pub const STEP: Duration = Duration::seconds(30);

/// Values every [`STEP`]: what each stretch adds a step, and for how long.
#[derive(Clone)]
pub struct Counter(pub Vec<(f64, Duration)>);

impl Counter {
    /// promtool's notation. Each stretch starts one step after the one before.
    pub fn notation(&self, step: Duration) -> String {
        let mut value = 0.0;
        let mut parts = Vec::new();
        for (each, length) in &self.0 {
            let steps = length.0 / step.0;
            let last = value + each * (steps - 1) as f64;
            parts.push(format!("{value}+{each}x{}", steps - 1));
            value = last + each;
        }
        parts.join(" ")
    }
}

/// 600 a step; a tenth of that and so on by `share`.
pub fn traffic(parts: &[(f64, Duration)]) -> Counter {
    Counter(
        parts
            .iter()
            .map(|(share, length)| (600.0 * share, *length))
            .collect(),
    )
}

/// The input for each kind of SLI in which, in turn, that share of events is bad for that long.
pub fn input(kind: &str, parts: &[(f64, Duration)], step: Duration) -> Vec<InputSeries> {
    let counter = |name: &str, share: fn(f64) -> f64| {
        let parts: Vec<_> = parts
            .iter()
            .map(|(bad, length)| (share(*bad), *length))
            .collect();
        series(name, traffic(&parts).notation(step))
    };
    let bad = |name| counter(name, |bad| bad);
    let good = |name| counter(name, |bad| 1.0 - bad);
    let all = |name| counter(name, |_| 1.0);
    match kind {
        "bad" => vec![
            bad(r#"http_requests_total{code="500",job="checkout"}"#),
            good(r#"http_requests_total{code="200",job="checkout"}"#),
        ],
        "good" => vec![
            bad(r#"settlements_total{outcome="lost",job="checkout"}"#),
            good(r#"settlements_total{outcome="ok",job="checkout"}"#),
        ],
        "latency" => vec![
            good(r#"http_request_duration_seconds_bucket{job="checkout",le="0.3"}"#),
            all(r#"http_request_duration_seconds_count{job="checkout"}"#),
        ],
        "time slices" => {
            // The n-th slice is bad where the bad slices due so far reach the next whole number.
            let mut values = Vec::new();
            for (bad, length) in parts {
                for n in 0..length.0 / step.0 {
                    let due = |n: u64| (n as f64 * bad).floor();
                    values.push(if due(n + 1) > due(n) { "90" } else { "10" });
                }
            }
            vec![series(
                r#"queue_age_seconds{job="checkout"}"#,
                values.join(" "),
            )]
        }
        "error ratio" => vec![
            bad(r#"jobs_total{job="checkout",outcome="failed"}"#),
            good(r#"jobs_total{job="checkout",outcome="done"}"#),
        ],
        _ => unreachable!("{kind}"),
    }
}

pub fn kinds() -> Vec<(&'static str, Sli)> {
    vec![
        ("bad", bad_based()),
        ("good", good_based()),
        ("latency", latency()),
        ("time slices", time_slices()),
        ("error ratio", error_ratio(true)),
    ]
}

/// Asserts what queries give after the rules of an SLO ran over an input.
pub fn assert_rules(
    name: &str,
    slo: &Slo,
    step: Duration,
    input_series: Vec<InputSeries>,
    expected: Vec<ExprTest>,
) {
    let test = Test {
        name: name.into(),
        interval: step.to_string(),
        input_series,
        promql_expr_test: expected,
        ..Test::default()
    };
    let file = TestFile {
        evaluation_interval: step.to_string(),
        tests: vec![test],
        ..TestFile::default()
    };
    let mut settings = settings(step);
    settings.prometheus.scrape_interval = step.min(Duration::minutes(2));
    let rules = rules(&service(vec![slo.clone()]), &settings);
    if let Err(report) = promtool::test_rules(&rules, file) {
        panic!("{name}: {report}");
    }
}

/// No recording is NaN, which no comparison holds for.
pub fn no_nan(eval_time: &str) -> ExprTest {
    let all = r#"count({__name__=~"slo:.+"})"#;
    scalar(
        format!(r#"{all} - count({{__name__=~"slo:.+"}} >= -Inf)"#),
        eval_time,
        0.0,
    )
}

/// How many alerts with those labels fire.
pub fn firing(labels: &str) -> String {
    format!(r#"count(ALERTS{{alertstate="firing",{labels}}})"#)
}

pub const PAGES: &str = r#"alertname="SLOErrorBudgetBurn",severity="page""#;
pub const FAST: &str = r#"alertname="SLOErrorBudgetBurn",long_window="1h""#;
pub const BURN: &str = r#"alertname="SLOErrorBudgetBurn""#;
