//! When alerts fire, by promtool's own evaluation of the generated rules.

use nthc::ir::{Duration, MissingDataAlert, MissingDataCause, Severity, Sli, Slo};

use crate::models::{
    absent, bad_based, error_ratio, good_based, latency, native_latency, rules, service, settings,
    slo, time_slices,
};
use crate::support::promtool::{
    self, ExprTest, InputSeries, Test, TestFile, no_samples, scalar, series,
};

/// How often rules are evaluated and series have a value.
const STEP: Duration = Duration::seconds(30);

/// Values every [`STEP`]: what each stretch adds a step, and for how long.
#[derive(Clone)]
struct Counter(Vec<(f64, Duration)>);

impl Counter {
    /// promtool's notation. Each stretch starts one step after the one before.
    fn notation(&self, step: Duration) -> String {
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
fn traffic(parts: &[(f64, Duration)]) -> Counter {
    Counter(
        parts
            .iter()
            .map(|(share, length)| (600.0 * share, *length))
            .collect(),
    )
}

/// The input for each kind of SLI in which, in turn, that share of events is bad for that long.
fn input(kind: &str, parts: &[(f64, Duration)], step: Duration) -> Vec<InputSeries> {
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

fn kinds() -> Vec<(&'static str, Sli)> {
    vec![
        ("bad", bad_based()),
        ("good", good_based()),
        ("latency", latency()),
        ("time slices", time_slices()),
        ("error ratio", error_ratio(true)),
    ]
}

/// Asserts what queries give after the rules of an SLO ran over an input.
fn assert_rules(
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
fn no_nan(eval_time: &str) -> ExprTest {
    let all = r#"count({__name__=~"slo:.+"})"#;
    scalar(
        format!(r#"{all} - count({{__name__=~"slo:.+"}} >= -Inf)"#),
        eval_time,
        0.0,
    )
}

/// How many alerts with those labels fire.
fn firing(labels: &str) -> String {
    format!(r#"count(ALERTS{{alertstate="firing",{labels}}})"#)
}

const PAGES: &str = r#"alertname="SLOErrorBudgetBurn",severity="page""#;
const FAST: &str = r#"alertname="SLOErrorBudgetBurn",long_window="1h""#;
const BURN: &str = r#"alertname="SLOErrorBudgetBurn""#;

#[test]
fn a_total_outage_pages_and_its_end_resolves() {
    if !promtool::available() {
        return;
    }
    let good_for = Duration::hours(2);
    let outage = Duration::minutes(10);
    for (kind, sli) in kinds() {
        // At 99.9 % the fast pair's threshold is 14.4 × 0.001 = 1.44 %. With an even rate of events, all of them
        // bad from the start of the outage, a window w is above it when the outage has lasted 1.44 % of w: after
        // 4.3 s for 5 min, after 51.84 s for 1 h. So the rule windows allow a page 51.84 s into the outage; `for`
        // is 2 min, and whatever happens between two evaluations is seen up to 30 s late. 3 min cover both.
        let allowed = Duration::seconds(52);
        let by = Duration(good_for.0 + allowed.0 + Duration::minutes(3).0);
        // The short window of 5 min forgets the outage 5 min after its end, the one of 30 min after 30 min (and a
        // counter's last step is seen one step later).
        let end = Duration(good_for.0 + outage.0);
        let after = |length: Duration| Duration(end.0 + length.0 + 2 * STEP.0).to_string();
        let parts = [(0.0, good_for), (1.0, outage), (0.0, Duration::hours(1))];
        assert_rules(
            kind,
            &slo("target", "0.999", sli),
            STEP,
            input(kind, &parts, STEP),
            vec![
                no_samples(firing(BURN), good_for.to_string()),
                scalar(firing(FAST), by.to_string(), 1.0),
                no_samples(firing(FAST), after(Duration::minutes(5))),
                no_samples(firing(PAGES), after(Duration::minutes(30))),
            ],
        );
    }
}

#[test]
fn what_the_budget_bears_never_alerts() {
    if !promtool::available() {
        return;
    }
    // The slowest pair alerts above 1 × the budget. At 0.9 × that, 4.5 % of a budget of 5 %, nothing may fire in
    // five days, in which every window but the period has filled.
    let step = Duration::minutes(2);
    // Latency is left out: its rules are those of good events.
    for (kind, sli) in kinds().into_iter().filter(|(kind, _)| *kind != "latency") {
        assert_rules(
            kind,
            &slo("target", "0.95", sli),
            step,
            input(kind, &[(0.045, Duration::days(5))], step),
            vec![
                no_samples(r#"count_over_time(ALERTS[5d])"#, "5d"),
                // It is not for want of data.
                scalar(r#"max(slo:sli_error:ratio_rate3d) > bool 0.044"#, "5d", 1.0),
            ],
        );
    }
}

#[test]
fn no_traffic_raises_no_burn_alert_and_no_nan() {
    if !promtool::available() {
        return;
    }
    let kinds = kinds()
        .into_iter()
        .filter(|(kind, _)| *kind != "time slices");
    for (kind, sli) in kinds {
        // Counters that stand still, after an hour with traffic.
        let mut input = input(kind, &[(0.0001, Duration::hours(1))], STEP);
        for series in &mut input {
            let rising = series.values.clone();
            let (each, steps) = rising
                .split_once('+')
                .and_then(|(_, rest)| rest.split_once('x'))
                .expect("a stretch");
            let last =
                each.parse::<f64>().expect("a number") * steps.parse::<f64>().expect("a scalar");
            series.values = format!("{rising} {last}+0x480");
        }
        assert_rules(
            kind,
            &slo("target", "0.999", sli),
            STEP,
            input,
            vec![
                no_samples(r#"count_over_time(ALERTS[5h])"#, "5h"),
                no_samples("slo:sli_error:ratio_rate5m", "2h"),
                no_samples("slo:sli_error:ratio_rate1h", "3h"),
                no_samples("slo:current_burn_rate:ratio", "3h"),
                // The period's ratio is what it was: the night adds nothing to it.
                scalar("count(slo:period_error_budget_remaining:ratio)", "5h", 1.0),
                no_nan("30m"),
                no_nan("5h"),
            ],
        );
    }
}

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
            missing_data_alerts: vec![absent(10, Severity::Page)],
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
            missing_data_alerts: vec![absent(10, Severity::Ticket)],
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
            absent(10, Severity::Page),
            MissingDataAlert {
                cause: MissingDataCause::Series,
                hold: Duration::days(1),
                ..absent(10, Severity::Ticket)
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
        breakdown_series: None,
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

#[test]
fn two_failures_page_nobody_and_three_do() {
    if !promtool::available() {
        return;
    }
    // A request a minute; after two hours, two or three of them fail, one a minute.
    let failing = |failures: u64| {
        let rises: String = (1..=failures).map(|n| format!(" {n}x1")).collect();
        vec![
            series(
                r#"http_requests_total{code="200",job="checkout"}"#,
                repeated_rises(400, 2),
            ),
            series(
                r#"http_requests_total{code="500",job="checkout"}"#,
                format!("0x239{rises} {failures}x500"),
            ),
        ]
    };
    let slo = slo("target", "0.999", bad_based());
    assert_rules(
        "two",
        &slo,
        STEP,
        failing(2),
        vec![
            // 2 of 60 are 33 times what 99.9 % allows.
            scalar("max(slo:sli_error:ratio_rate1h) > bool 0.0144", "2h5m", 1.0),
            no_samples(r#"count_over_time(ALERTS{severity="page"}[6h])"#, "6h"),
        ],
    );
    assert_rules(
        "three",
        &slo,
        STEP,
        failing(3),
        vec![scalar(
            "count(count_over_time(ALERTS{severity=\"page\",alertstate=\"firing\",long_window=\"1h\"}[6h]))",
            "6h",
            1.0,
        )],
    );
    let any = Slo {
        min_bad_events: Some(1),
        ..slo
    };
    assert_rules(
        "one is enough",
        &any,
        STEP,
        failing(2),
        vec![scalar(
            "count(count_over_time(ALERTS{severity=\"page\",alertstate=\"firing\",long_window=\"1h\"}[6h]))",
            "6h",
            1.0,
        )],
    );
}

#[test]
fn a_young_objective_has_spent_what_it_has_spent() {
    if !promtool::available() {
        return;
    }
    // Two hours old, then half of the requests are bad for ten minutes: five of the 43 minutes that 99.9 % allows. Then a
    // day without any.
    let mut slo = slo("target", "0.999", bad_based());
    slo.budget_alerts = crate::models::complete().0.slos[0].budget_alerts.clone();
    let parts = [
        (0.0, Duration::hours(2)),
        (0.5, Duration::minutes(10)),
        (0.0, Duration::hours(24)),
    ];
    assert_rules(
        "young",
        &slo,
        STEP,
        input("bad", &parts, STEP),
        vec![
            no_samples(
                r#"count_over_time(ALERTS{alertname="SLOErrorBudgetConsumed"}[1d])"#,
                "24h",
            ),
            // 5 min of 43 min 12 s: 11.57 %. What is known of the 30 d is a day.
            scalar("round(max(slo:period_burn_rate:ratio), 0.01)", "24h", 0.12),
            scalar("round(max(slo:sli_coverage:ratio30d), 0.001)", "24h", 0.033),
            // The ratio itself is that of what is known.
            scalar(
                "round(max(slo:sli_error:ratio_rate30d), 0.0001)",
                "24h",
                0.0035,
            ),
        ],
    );
}

#[test]
fn the_first_minutes_of_an_objective_page_only_for_what_they_spend() {
    if !promtool::available() {
        return;
    }
    // A page says that 2 % of the budget went within an hour. 3 % of requests that fail for 10 min are 0.7 % of it, half of them
    // 11.6 %.
    let fired =
        |window| format!("count_over_time(ALERTS{{{PAGES},alertstate=\"firing\"}}[{window}])");
    for (kind, sli) in kinds() {
        let slo = slo("target", "0.999", sli);
        for (share, pages) in [(0.03, 0.0), (0.5, 2.0)] {
            let parts = [(share, Duration::minutes(10)), (0.0, Duration::hours(2))];
            assert_rules(
                &format!("{kind}, {share}"),
                &slo,
                STEP,
                input(kind, &parts, STEP),
                vec![scalar(
                    format!("count({}) or vector(0)", fired("2h")),
                    "2h",
                    pages,
                )],
            );
        }
    }
}

#[test]
fn gaps_of_scrapes_are_bridged() {
    if !promtool::available() {
        return;
    }
    // A day with an outage of 15 min, in the middle of which 10 min are not scraped: 15 of 1440 minutes are bad.
    let steps = |minutes: u64| Duration::minutes(minutes).0 / STEP.0;
    let (before, bad, after) = (steps(600), steps(15), steps(825));
    let gap = steps(10);
    let at = |n: u64| 600 * n;
    let scraped = |value: &dyn Fn(u64) -> u64| {
        let values: Vec<String> = (0..=before + bad + after)
            .map(|n| {
                let missed = before + steps(3) <= n && n < before + steps(3) + gap;
                if missed {
                    "_".to_owned()
                } else {
                    value(n).to_string()
                }
            })
            .collect();
        values.join(" ")
    };
    let failed = |n: u64| at(n.saturating_sub(before).min(bad));
    let input = vec![
        series(
            r#"http_requests_total{code="200",job="checkout"}"#,
            scraped(&|n| at(n) - failed(n)),
        ),
        series(
            r#"http_requests_total{code="500",job="checkout"}"#,
            scraped(&failed),
        ),
    ];
    assert_rules(
        "gap",
        &slo("target", "0.999", bad_based()),
        STEP,
        input,
        vec![scalar(
            // 15 / 1440 = 0.01042
            "round(max(slo:sli_error:ratio_rate1d), 0.0001)",
            "1d",
            0.0104,
        )],
    );
}

#[test]
fn rules_that_are_evaluated_more_often_count_nothing_twice() {
    if !promtool::available() {
        return;
    }
    let slo = Slo {
        min_events: Some(1),
        ..slo("target", "0.999", bad_based())
    };
    // promtool evaluates all groups every step, whatever their interval is.
    for step in [STEP, Duration::minutes(1), Duration::minutes(3)] {
        assert_rules(
            &format!("every {step}"),
            &slo,
            step,
            input("bad", &[(0.001, Duration::hours(10))], step),
            vec![
                // 600 a step.
                scalar(
                    "round(sum(sum_over_time(slo:sli_total_events:increase3m[6h])), 100)",
                    "9h",
                    (600 * Duration::hours(6).0 / step.0) as f64,
                ),
                scalar("max(slo:sli_coverage:ratio6h)", "9h", 1.0),
            ],
        );
    }
}

#[test]
fn one_failed_request_at_night_pages_only_without_min_events() {
    if !promtool::available() {
        return;
    }
    // A request every 10 min, of which one fails: in an hour 6 requests, 17 % bad.
    let input = || {
        vec![
            series(
                r#"http_requests_total{code="200",job="checkout"}"#,
                repeated_rises(24, 20),
            ),
            series(
                r#"http_requests_total{code="500",job="checkout"}"#,
                "0x250 1x229",
            ),
        ]
    };
    let night = Slo {
        min_events: None,
        ..slo("target", "0.999", bad_based())
    };
    // 250 steps are 2h5m: the failure is in the 5 min window for 5 min from then on.
    let night = Slo {
        min_bad_events: Some(1),
        ..night
    };
    assert_rules(
        "without",
        &night,
        STEP,
        input(),
        vec![scalar(firing(FAST), "2h9m", 1.0)],
    );
    let quiet = Slo {
        min_events: Some(100),
        ..night
    };
    assert_rules(
        "with",
        &quiet,
        STEP,
        input(),
        vec![
            no_samples("count_over_time(ALERTS[4h])", "4h"),
            // Some 6 events in the hour, 100 wanted.
            scalar("max(slo:sli_events:increase1h) < bool 10", "2h9m", 1.0),
        ],
    );
}

/// A counter that rises by one every so many steps.
fn repeated_rises(times: u64, steps: u64) -> String {
    let rises: Vec<_> = (0..times).map(|n| format!("{n}x{}", steps - 1)).collect();
    rises.join(" ")
}

#[test]
fn min_events_does_not_keep_a_real_outage_quiet() {
    if !promtool::available() {
        return;
    }
    let slo = Slo {
        min_events: Some(1000),
        ..slo("target", "0.999", bad_based())
    };
    let parts = [(0.0, Duration::hours(2)), (1.0, Duration::minutes(10))];
    let expected = vec![
        // 1200 a minute. Over a day it comes from slices, which end up to 4 min before.
        scalar("round(max(slo:sli_events:increase1h), 100)", "2h", 72_000.0),
        scalar(
            "round(sum(sum_over_time(slo:sli_total_events:increase3m[1d])), 1000) > bool 139000",
            "2h",
            1.0,
        ),
        scalar(firing(FAST), "2h4m", 1.0),
    ];
    assert_rules("outage", &slo, STEP, input("bad", &parts, STEP), expected);
}

#[test]
fn an_slo_keeps_its_history_when_its_owner_changes() {
    if !promtool::available() {
        return;
    }
    // What the rules recorded for the former owner: half of the events bad, for two hours. Then the rules of now,
    // with no bad event at all, at the same rate of events for two hours.
    let old = r#"service="checkout",slo="target",team="former",tier="critical",window="3m""#;
    let input = vec![
        series(
            format!("slo:sli_bad_events:increase3m{{{old}}}"),
            "300x239 stale",
        ),
        series(
            format!("slo:sli_total_events:increase3m{{{old}}}"),
            "600x239 stale",
        ),
        series(
            r#"http_requests_total{code="200",job="checkout"}"#,
            "_x239 0+600x240",
        ),
    ];
    assert_rules(
        "owner",
        &slo("target", "0.999", bad_based()),
        STEP,
        input,
        vec![scalar(
            "round(max(slo:sli_error:ratio_rate30d), 0.01)",
            "4h",
            0.25,
        )],
    );
}
