//! What the rules do over time: young SLOs, gaps, other intervals, other owners.

use nthc::ir::{Duration, Slo};

use crate::models::{bad_based, slo};
use crate::scenario::{PAGES, STEP, assert_rules, input, kinds};
use crate::support::promtool::{self, no_samples, scalar, series};

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
