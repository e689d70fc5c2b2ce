//! SLOs by group, by promtool's own evaluation of the generated rules.

use nthc::ir::{
    BudgetAlert, Duration, GroupObjective, Grouping, MissingDataAlert, MissingDataCause, Numerator,
    Severity, Sli, Slo,
};
use nthc::promql::{Expr, Node, build, rewrite};

use crate::models::{absent, bad_based, rules, service, settings, slo};
use crate::scenario::{STEP, assert_rules, input, kinds};
use crate::support::promtool::{self, InputSeries, Test, TestFile, no_samples, scalar, series};

/// The SLI with a series for each route.
fn by_route(sli: Sli) -> Sli {
    let grouped = |mut expr: Expr| {
        rewrite::each_expr(&mut expr, &mut |expr| {
            if let Node::Aggregate(aggregate) = &mut expr.node {
                aggregate.grouping = Some(build::by_labels(&["route"]));
            }
        });
        expr
    };
    match sli {
        Sli::Events {
            numerator,
            total,
            total_series,
            bucket,
            breakdown,
        } => Sli::Events {
            numerator: match numerator {
                Numerator::Bad(bad) => Numerator::Bad(grouped(bad)),
                Numerator::Good(good) => Numerator::Good(grouped(good)),
            },
            total: grouped(total),
            total_series,
            bucket,
            breakdown,
        },
        Sli::TimeSlices { good } => Sli::TimeSlices {
            good: grouped(good),
        },
        Sli::ErrorRatio { ratio, total } => Sli::ErrorRatio {
            ratio: grouped(ratio),
            total: total.map(grouped),
        },
    }
}

/// An SLO by route, of which `/pay` has an objective of its own.
fn grouped(name: &str, objective: &str, sli: Sli, limit: u32) -> Slo {
    Slo {
        grouping: Some(Grouping {
            by: vec!["route".into()],
            limit,
            objectives: vec![GroupObjective {
                name: "pay".into(),
                labels: [("route".to_owned(), "/pay".to_owned())].into(),
                objective: "0.99".parse().expect("an objective"),
            }],
        }),
        budget_alerts: vec![BudgetAlert {
            consumed: "0.1".parse().expect("a share"),
            severity: Severity::ticket(),
            declared: Severity::ticket(),
        }],
        missing_data_alerts: vec![
            absent(10, Severity::page()),
            MissingDataAlert {
                cause: MissingDataCause::Groups,
                up: None,
                hold: Duration::minutes(2),
                severity: Severity::page(),
                declared: Severity::page(),
            },
        ],
        ..slo(name, objective, by_route(sli))
    }
}

/// The series of a route.
fn on_route(route: &str, mut all: Vec<InputSeries>) -> Vec<InputSeries> {
    for one in &mut all {
        let job = r#"job="checkout""#;
        one.series = one
            .series
            .replace(job, &format!(r#"{job},route="{route}""#));
    }
    all
}

#[test]
fn the_only_group_is_like_no_groups() {
    if !promtool::available() {
        return;
    }
    for (kind, sli) in kinds() {
        let parts = [
            (0.0, Duration::hours(1)),
            (1.0, Duration::minutes(10)),
            (0.02, Duration::hours(2)),
            (0.0, Duration::hours(1)),
        ];
        let alone = Slo {
            grouping: None,
            ..grouped("alone", "0.999", sli.clone(), 10)
        };
        let alone = Slo {
            sli: sli.clone(),
            missing_data_alerts: vec![absent(10, Severity::page())],
            ..alone
        };
        let by_route = grouped("by-route", "0.999", sli, 10);
        let on = "on (alertname, alertstate, severity, long_window, budget_consumed)";
        let of = |slo: &str| format!(r#"ALERTS{{slo="{slo}"}}"#);
        let differs = |one: &str, other: &str| {
            let (one, other) = (of(one), of(other));
            no_samples(
                format!("count_over_time(({one} unless {on} {other})[4h:30s])"),
                "4h",
            )
        };
        let same = |metric: &str| {
            let value = |slo: &str| format!(r#"max by (window) ({metric}{{slo="{slo}"}})"#);
            let (one, other) = (value("alone"), value("by-route"));
            no_samples(
                format!(
                    "({one} unless {other}) or ({other} unless {one}) or abs({one} - {other}) > 1e-9"
                ),
                "3h",
            )
        };
        let test = Test {
            name: kind.into(),
            interval: STEP.to_string(),
            input_series: on_route("/cart", input(kind, &parts, STEP)),
            promql_expr_test: vec![
                differs("alone", "by-route"),
                differs("by-route", "alone"),
                scalar(
                    r#"count(count by (long_window) (last_over_time(ALERTS{slo="by-route",alertname="SLOErrorBudgetBurn",alertstate="firing",route="/cart"}[4h])))"#,
                    "4h",
                    4.0,
                ),
                same("slo:sli_error:ratio_rate5m"),
                same("slo:sli_error:ratio_rate30d"),
                same("slo:sli_coverage:ratio30d"),
                same("slo:sli_coverage:ratio1h"),
                same("slo:sli_total_events:increase3m"),
                same("slo:sli_bad_events:increase3m"),
                same("slo:objective:ratio"),
                same("slo:period_error_budget_remaining:ratio"),
            ],
            ..Test::default()
        };
        let file = TestFile {
            evaluation_interval: STEP.to_string(),
            tests: vec![test],
            ..TestFile::default()
        };
        let rules = rules(&service(vec![alone, by_route]), &settings(STEP));
        promtool::check_rules(&rules);
        if let Err(report) = promtool::test_rules(&rules, file) {
            panic!("{kind}: {report}");
        }
    }
}

/// Requests of a route: `all` of a code in each step.
fn requests(route: &str, code: &str, values: &str) -> InputSeries {
    let labels = format!(r#"code="{code}",job="checkout",route="{route}""#);
    series(format!("http_requests_total{{{labels}}}"), values)
}

/// The number of alerts that fire for a route.
fn firing(route: &str, alert: &str) -> String {
    format!(r#"count(ALERTS{{alertstate="firing",alertname="{alert}",route="{route}"}})"#)
}

#[test]
fn each_group_burns_its_own_budget_by_its_own_objective() {
    if !promtool::available() {
        return;
    }
    let burn = "SLOErrorBudgetBurn";
    let ratio = |route: &str| format!(r#"max(slo:sli_error:ratio_rate5m{{route="{route}"}})"#);
    assert_rules(
        "three routes",
        &grouped("availability", "0.999", bad_based(), 10),
        STEP,
        vec![
            // From 1h on, 2% of both fail: 20x of 99.9%, and 2x of 99%.
            requests("/cart", "200", "0+600x119 71400+588x240"),
            requests("/cart", "500", "0x119 0+12x240"),
            requests("/pay", "200", "0+600x119 71400+588x240"),
            requests("/pay", "500", "0x119 0+12x240"),
            // No request of it ever failed.
            requests("/images", "200", "0+600x360"),
            // It has no traffic.
            requests("/idle", "200", "100x360"),
        ],
        vec![
            no_samples(firing("/cart", burn), "1h"),
            scalar(
                r#"count(ALERTS{alertstate="firing",alertname="SLOErrorBudgetBurn",severity="page",long_window="1h",route="/cart"})"#,
                "2h",
                1.0,
            ),
            no_samples(firing("/pay", burn), "2h30m"),
            no_samples(firing("/images", burn), "2h30m"),
            scalar(ratio("/images"), "2h", 0.0),
            no_samples(ratio("/idle"), "2h"),
            scalar(
                r#"max(slo:sli_coverage:ratio1h{route="/images"})"#,
                "2h",
                1.0,
            ),
            scalar(r#"max(slo:objective:ratio{route="/cart"})"#, "2h", 0.999),
            scalar(r#"max(slo:objective:ratio{route="/pay"})"#, "2h", 0.99),
            scalar(
                r#"round(max(slo:current_burn_rate:ratio{route="/pay"}))"#,
                "2h",
                2.0,
            ),
            scalar(
                r#"round(max(slo:current_burn_rate:ratio{route="/cart"}))"#,
                "2h",
                20.0,
            ),
            scalar("max(slo:groups:count)", "2h", 4.0),
            scalar("count(slo:sli_known_time:seconds)", "2h", 4.0),
        ],
    );
}

#[test]
fn routes_come_and_go() {
    if !promtool::available() {
        return;
    }
    assert_rules(
        "a new route and one that is gone",
        &grouped("availability", "0.999", bad_based(), 10),
        STEP,
        vec![
            requests("/cart", "200", "0+600x720"),
            requests("/old", "200", "0+600x239 stale"),
            // Half of the events of a route fail for the first 5 minutes that it exists.
            requests("/new", "200", "_x239 0+300x10 3300+600x400"),
            requests("/new", "500", "_x239 0+300x10 3300+0x400"),
        ],
        vec![
            no_samples("ALERTS{alertname=\"SLOMetricAbsent\"}", "5h"),
            scalar(
                r#"max(slo:period_error_budget_remaining:ratio{route="/old"})"#,
                "5h",
                1.0,
            ),
            no_samples(r#"slo:sli_error:ratio_rate5m{route="/old"}"#, "5h"),
            // 2m45s of the 43m12s of full downtime that 30 days allow are consumed, not of the 7.2s that two hours allow.
            scalar(
                r#"max(slo:period_burn_rate:ratio{route="/new"}) < bool 0.07"#,
                "4h",
                1.0,
            ),
            scalar(
                r#"max(slo:period_burn_rate:ratio{route="/new"}) > bool 0.05"#,
                "4h",
                1.0,
            ),
            scalar(
                r#"min(slo:sli_coverage:ratio30d{route="/cart"}) > bool max(slo:sli_coverage:ratio30d{route="/old"})"#,
                "5h",
                1.0,
            ),
        ],
    );
}

#[test]
fn more_groups_than_the_limit_are_an_alert() {
    if !promtool::available() {
        return;
    }
    let slo = grouped("availability", "0.999", bad_based(), 3);
    let routes = |values: &str| {
        let mut all: Vec<InputSeries> = ["/a", "/b", "/c"]
            .map(|route| requests(route, "200", "0+600x480"))
            .into();
        all.push(requests("/d", "200", values));
        all
    };
    let text = rules(&service(vec![slo]), &settings(STEP));
    let unlimited = text.replace("  limit: 3\n", "");
    assert_ne!(text, unlimited);
    let file = |input_series, expected| TestFile {
        evaluation_interval: STEP.to_string(),
        tests: vec![Test {
            interval: STEP.to_string(),
            input_series,
            promql_expr_test: expected,
            ..Test::default()
        }],
        ..TestFile::default()
    };
    // promtool reports a rule that fails.
    let all = routes("_x240 0+600x240");
    let report = promtool::test_rules(&text, file(all, vec![no_samples("none", "3h")]));
    let report = report.expect_err("the rules fail");
    assert!(
        report.contains("exceeded limit of 3 with 4 series"),
        "{report}"
    );
    let limit =
        r#"count(ALERTS{alertname="SLOGroupLimitExceeded",alertstate="firing",severity="page"})"#;
    let expected = vec![
        no_samples(limit, "2h"),
        scalar(limit, "2h5m", 1.0),
        scalar("max(slo:groups:count)", "2h10m", 4.0),
        // It is still in the SLO window.
        scalar(limit, "3h50m", 1.0),
    ];
    let seen = routes("_x240 0+600x60 stale");
    promtool::test_rules(&unlimited, file(seen, expected)).expect("the alert fires");
    // As many groups as the limit are no alert.
    let few = vec![
        no_samples("ALERTS", "3h"),
        scalar("max(slo:groups:count)", "3h", 3.0),
    ];
    promtool::test_rules(&text, file(routes("_x480"), few)).expect("no rule fails");
}
