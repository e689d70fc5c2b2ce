//! What the rules do where series are missing, or contradict each other.

use nthc::ir::{Duration, MissingDataAlert, MissingDataCause, Severity, Sli, Slo};

use crate::models::{absent, bad_based, good_based, latency, native_latency, settings, slo};
use crate::scenario::{BURN, FAST, STEP, assert_rules, firing, input, kinds, no_nan};
use crate::support::promtool::{self, InputSeries, no_samples, scalar, series};

#[test]
fn a_native_histogram_without_observations_is_no_outage() {
    if !promtool::available() {
        return;
    }
    // In schema 0 the positive bucket at offset -3 ends at 0.125 s, the one at 3 at 8 s; 50 requests a step, all
    // fast for an hour, then none for two, then all slow.
    let fast = "{{schema:0 count:50 sum:5 offset:-3 buckets:[50]}}";
    let slow = "{{schema:0 count:50 sum:300 offset:3 buckets:[50]}}";
    let hour = |values: &str| format!("{values}x119");
    let total = "{{schema:0 count:6000 sum:600 offset:-3 buckets:[6000]}}";
    let values = format!(
        "{{{{schema:0}}}}+{} {total}x240 {total}+{}",
        hour(fast),
        hour(slow)
    );
    assert_rules(
        "native histogram",
        &slo("target", "0.999", native_latency()),
        STEP,
        vec![series(
            r#"http_request_duration_seconds{job="checkout"}"#,
            values,
        )],
        vec![
            scalar("max(slo:sli_error:ratio_rate5m)", "30m", 0.0),
            // NaN is what the query gives without the guard.
            scalar("count(slo:sli_bad_events:increase3m == 0)", "2h15m", 1.0),
            no_samples("slo:sli_error:ratio_rate5m", "2h"),
            no_nan("2h"),
            no_samples(firing(BURN), "2h59m"),
            scalar(firing(FAST), "3h10m", 1.0),
        ],
    );
}

#[test]
fn bad_events_may_appear_with_the_first_error() {
    if !promtool::available() {
        return;
    }
    // No series of errors at all for two hours; then one that starts at its first error and rises by 300 a step,
    // a third of all requests.
    let input = vec![
        series(
            r#"http_requests_total{code="200",job="checkout"}"#,
            "0+600x360",
        ),
        series(
            r#"http_requests_total{code="500",job="checkout"}"#,
            "_x239 1+300x120",
        ),
    ];
    assert_rules(
        "first error",
        &slo("target", "0.999", bad_based()),
        STEP,
        input,
        vec![
            scalar("max(slo:sli_error:ratio_rate5m)", "1h", 0.0),
            scalar("max(slo:period_error_budget_remaining:ratio)", "1h", 1.0),
            no_samples(firing(BURN), "2h"),
            scalar(firing(FAST), "2h5m", 1.0),
            scalar("max(slo:sli_error:ratio_rate5m) > bool 0.3", "2h10m", 1.0),
        ],
    );
}

#[test]
fn missing_good_events_are_an_outage() {
    if !promtool::available() {
        return;
    }
    let (good, rest) = (
        r#"settlements_total{outcome="ok",job="checkout"}"#,
        r#"settlements_total{outcome="lost",job="checkout"}"#,
    );
    // The good series goes after two hours, in which it was all there was; events go on.
    let input = vec![
        series(good, "0+600x239 stale"),
        series(rest, "0x239 0+600x240"),
    ];
    assert_rules(
        "good",
        &slo("target", "0.95", good_based()),
        STEP,
        input,
        vec![
            no_samples(firing(BURN), "2h"),
            // A rate over 5 min sees the good series for 5 min more.
            scalar("max(slo:sli_error:ratio_rate5m)", "2h10m", 1.0),
            // 14.4 × 0.05 = 72 % of an hour is 43 min 12 s; then `for`, 2 min, and an evaluation. A series that
            // ends inside a window is extrapolated by half a step, so nothing else is added but that.
            no_samples(firing(FAST), "2h43m"),
            scalar(firing(FAST), "2h47m", 1.0),
        ],
    );
}

/// The input of a histogram whose bucket is there for two hours, or never.
fn without_bucket(before: bool) -> Vec<InputSeries> {
    let mut input = vec![series(
        r#"http_request_duration_seconds_count{job="checkout"}"#,
        "0+600x600",
    )];
    if before {
        input.push(series(
            r#"http_request_duration_seconds_bucket{job="checkout",le="0.3"}"#,
            "0+600x239 stale",
        ));
    }
    input
}

#[test]
fn a_bucket_that_is_missing_is_told_and_no_outage() {
    if !promtool::available() {
        return;
    }
    for before in [false, true] {
        let slo = Slo {
            missing_data_alerts: vec![absent(10, Severity::page())],
            ..slo("target", "0.95", latency())
        };
        let told = firing(r#"alertname="SLOMetricAbsent",severity="page""#);
        assert_rules(
            "latency",
            &slo,
            STEP,
            without_bucket(before),
            vec![
                no_samples(
                    r#"count_over_time(ALERTS{alertname="SLOErrorBudgetBurn"}[5h])"#,
                    "5h",
                ),
                no_samples("slo:sli_error:ratio_rate5m", "2h30m"),
                // Nothing of that time is known, so nothing of it is spent.
                no_samples("slo:sli_total_events:increase3m > 0", "3h30m"),
                scalar(
                    "max(slo:sli_coverage:ratio30d) < bool 0.005 or vector(1)",
                    "5h",
                    1.0,
                ),
                scalar(told, "2h30m", 1.0),
            ],
        );
    }
}

#[test]
fn an_absent_total_tells_its_owner() {
    if !promtool::available() {
        return;
    }
    for (kind, sli) in kinds() {
        let slo = Slo {
            missing_data_alerts: vec![absent(10, Severity::ticket())],
            ..slo("target", "0.999", sli)
        };
        let mut input = input(kind, &[(0.0, Duration::hours(1))], STEP);
        for series in &mut input {
            series.values.push_str(" stale");
        }
        let absent = firing(
            r#"alertname="SLOMetricAbsent",severity="ticket",service="checkout",slo="target""#,
        );
        assert_rules(
            kind,
            &slo,
            STEP,
            input,
            vec![
                no_samples(absent.clone(), "59m"),
                no_samples(absent.clone(), "1h9m"),
                // A rate over 5 min is still there for 5 min, then the 10 min count.
                scalar(absent, "1h16m", 1.0),
                no_samples(firing(BURN), "2h"),
            ],
        );
    }
}

#[test]
fn a_counter_that_no_event_has_made_yet_pages_nobody() {
    if !promtool::available() {
        return;
    }
    let slo = Slo {
        missing_data_alerts: vec![
            absent(10, Severity::page()),
            MissingDataAlert {
                cause: MissingDataCause::Series,
                hold: Duration::days(1),
                ..absent(10, Severity::ticket())
            },
        ],
        ..slo("target", "0.999", bad_based())
    };
    let told = |severity: &str| {
        firing(&format!(
            r#"alertname="SLOMetricAbsent",severity="{severity}""#
        ))
    };
    // Two targets of the service, one of which is up, and no series. Then none is up.
    let input = vec![
        series(r#"up{job="checkout",instance="a"}"#, "1x3119 0x600"),
        series(r#"up{job="checkout",instance="b"}"#, "0x3719"),
        series(r#"up{job="other"}"#, "1x3719"),
    ];
    assert_rules(
        "idle",
        &slo,
        STEP,
        input,
        vec![
            no_samples(told("page"), "12h"),
            no_samples(told("ticket"), "23h"),
            scalar(told("ticket"), "24h30m", 1.0),
            no_samples("count_over_time(ALERTS{severity=\"page\"}[1d])", "25h59m"),
            // 3120 steps are 26 h.
            scalar(told("page"), "26h12m", 1.0),
            no_samples(told("ticket"), "26h12m"),
        ],
    );
}

#[test]
fn more_good_events_than_events_are_recorded_and_told() {
    if !promtool::available() {
        return;
    }
    let slo = Slo {
        is_consistent: false,
        ..slo("target", "0.999", good_based())
    };
    let input = vec![
        series(
            r#"settlements_total{outcome="ok",job="checkout"}"#,
            "0+120x400",
        ),
        series(
            r#"settlements_total{outcome="undone",job="checkout"}"#,
            // A counter of what was taken back: it falls, which reads as resets.
            "100000-20x400",
        ),
    ];
    let mut settings = settings(STEP);
    settings.environment = None;
    let sli = Sli::Events {
        numerator: nthc::ir::Numerator::Good(crate::models::query(
            r#"sum(rate(settlements_total{outcome="ok",job="checkout"}[$window]))"#,
        )),
        total: crate::models::query(
            r#"sum(rate(settlements_total{outcome="ok",job="checkout"}[$window])) / 1.2"#,
        ),
        total_series: None,
        bucket: None,
        breakdown: None,
    };
    assert_rules(
        "inconsistent",
        &Slo { sli, ..slo },
        STEP,
        input,
        vec![
            scalar("round(max(slo:sli_error:ratio_rate1h), 0.001)", "2h", -0.2),
            scalar(
                firing(r#"alertname="SLIInconsistent",severity="ticket""#),
                "2h",
                1.0,
            ),
            no_samples(firing(BURN), "2h"),
        ],
    );
}
