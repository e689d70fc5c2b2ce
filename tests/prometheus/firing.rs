//! When burn-rate alerts fire, by promtool's own evaluation of the generated rules.

use nthc::ir::burn_rate::Pair;
use nthc::ir::{Duration, Severity, Slo};

use crate::models::{bad_based, slo};
use crate::scenario::{BURN, FAST, PAGES, STEP, assert_rules, firing, input, kinds, no_nan};
use crate::support::promtool::{self, no_samples, scalar, series};

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
fn a_declared_pair_fires_by_its_own_numbers() {
    if !promtool::available() {
        return;
    }
    let good_for = Duration::hours(2);
    let outage = Duration::minutes(10);
    let own = r#"alertname="SLOErrorBudgetBurn",long_window="30m",short_window="3m""#;
    for (kind, sli) in kinds() {
        // At 99.9 % the threshold is 20 × 0.001 = 2 %, and 2 % of 30 min are 36 s. With `for` of 1 min, the alert fires between
        // 1 min 36 s and two evaluations later.
        let mut slo = slo("target", "0.999", sli);
        let windows = [Duration::minutes(30), Duration::minutes(3)];
        let hold = Duration::MINUTE;
        slo.burn_rate_pairs = vec![Pair::new(
            Severity::page(),
            windows,
            20.into(),
            slo.window,
            hold,
        )];
        let after = |length: Duration| Duration(good_for.0 + length.0).to_string();
        let end = Duration(outage.0 + windows[1].0 + 2 * STEP.0);
        let parts = [(0.0, good_for), (1.0, outage), (0.0, Duration::hours(1))];
        assert_rules(
            kind,
            &slo,
            STEP,
            input(kind, &parts, STEP),
            vec![
                no_samples(firing(BURN), after(hold)),
                scalar(firing(own), after(Duration(96_000 + 3 * STEP.0)), 1.0),
                scalar("count(count by (long_window) (ALERTS))", after(outage), 1.0),
                no_samples(firing(BURN), after(end)),
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
