#![allow(clippy::unwrap_used, clippy::expect_used)]
use std::collections::BTreeSet;

use nth_engine::rules::{Alerting, Group, Recording, Rule};
use nth_promql::parse;

use super::*;

const MINUTE: i64 = 60_000;

fn recording(record: &str, expr: &str) -> Rule {
    Rule::Recording(Recording {
        record: record.into(),
        expr: parse(expr).expect("a query"),
        labels: [("slo".into(), "a".into())].into(),
    })
}

fn alerting(alert: &str, expr: &str, hold: i64) -> Rule {
    Rule::Alerting(Alerting {
        alert: alert.into(),
        expr: parse(expr).expect("a query"),
        hold,
        keep_firing: 0,
        labels: [].into(),
        annotations: [].into(),
    })
}

fn rules(rules: Vec<Rule>) -> RuleSet {
    let group = Group {
        name: "group".into(),
        interval: MINUTE,
        query_offset: 0,
        limit: 0,
        rules,
    };
    RuleSet::of_groups(vec![group], vec!["checkout".into()])
}

/// The queries for the server, and the expressions that are left.
fn divided(all: Vec<Rule>) -> Result<(Vec<String>, Vec<String>), String> {
    let rules = rules(all);
    let mut split = Split::new(&rules);
    let groups = split.groups().map_err(|error| error.to_string())?;
    let asked = split.asked.iter().map(|asked| asked.text.clone());
    let left = groups.iter().flat_map(|group| &group.rules);
    Ok((
        asked.collect(),
        left.map(|rule| rule.expr().to_string()).collect(),
    ))
}

#[test]
fn the_server_evaluates_the_largest_parts_that_it_can() {
    let (asked, left) = divided(vec![
        recording("r", "sum(rate(x[5m])) or vector(0)"),
        recording("s", "(sum(increase(x[1h])) - sum(y)) * max(r) / 180"),
        alerting("a", "max(r) > 1 and absent(x)", 0),
        alerting("b", "scalar(max(x)) + time() > bool 3 and r", 0),
        alerting("c", "vector(1)", 0),
    ])
    .expect("it can be divided");
    assert_eq!(
        asked,
        [
            "sum(rate(x[5m])) or vector(0)",
            "(sum(increase(x[1h])) - sum(y))",
            "absent(x)",
            "max(x)",
        ]
    );
    assert_eq!(
        left,
        [
            "nth_replay_0",
            "nth_replay_1 * max(r) / 180",
            "max(r) > 1 and nth_replay_2",
            "scalar(nth_replay_3) + time() > bool 3 and r",
            "vector(1)",
        ]
    );
}

#[test]
fn what_neither_can_evaluate_is_an_error() {
    for (expr, why) in [
        (
            "max_over_time((max(x) + max(r))[1h:1m])",
            "a subquery reads",
        ),
        (
            "quantile_over_time(scalar(r), x[5m])",
            "a function reads the range",
        ),
        ("sum({job=\"checkout\"})", "name its metric"),
        ("sum({__name__=~\"r|x\"})", "name its metric"),
        ("max(x @ end())", "depends on the range"),
    ] {
        let all = vec![recording("r", "vector(1)"), alerting("a", expr, 0)];
        let error = divided(all).expect_err(expr);
        assert!(error.contains(why), "{error}");
        assert!(error.contains("`a`"), "{error}");
    }
    let all = vec![
        recording("r", "vector(1)"),
        alerting("a", "sum({__name__=~\"x|y\"})", 0),
    ];
    assert!(divided(all).is_ok());
}

#[test]
fn rules_are_evaluated_as_long_before_as_they_are_read() {
    let set = rules(vec![
        recording("slice", "sum(increase(x[3m]))"),
        recording("month", "sum_over_time(slice[30d])"),
        recording("now", "sum(rate(x[5m]))"),
        alerting("a", "month > 1 and now > 1", 10 * MINUTE),
    ]);
    let needs = Needs::new(&set.groups);
    let day = 24 * 60 * MINUTE;
    assert_eq!(needs.phases.len(), 2);
    assert!((30 * day..31 * day).contains(&needs.phases[0]), "{needs:?}");
    assert!(needs.phases[1] < day, "{needs:?}");
    let first = needs.of_phase(&set.groups, 0);
    let names: Vec<&str> = first[0]
        .rules
        .iter()
        .map(|rule| rule.name().as_str())
        .collect();
    assert_eq!(names, ["slice"]);
    // Through the recorded month, the alert reads thirty days of `x`.
    let mut found = std::collections::BTreeMap::new();
    coverage::collect_for_tests(&set, &set.groups[0].rules[3], &mut found);
    let (_, reach) = found.iter().next().expect("a selector");
    assert!((30 * day..31 * day).contains(reach), "{found:?}");
    let distinct: BTreeSet<&i64> = needs.phases.iter().collect();
    assert_eq!(distinct.len(), needs.phases.len());
}

#[test]
fn a_series_ends_where_the_server_has_none() {
    let query = HistoryQuery {
        text: "max(x)".to_owned(),
        interval: MINUTE,
        before: 0,
        rule: "a".into(),
        service: "checkout".into(),
    };
    let sample = |minute: i64| FloatSample {
        at: minute * MINUTE,
        value: 1.0,
    };
    let series = HistorySeries {
        labels: [("a", "b")].into_iter().collect(),
        samples: vec![sample(0), sample(1), sample(5)],
    };
    let mut store = MemoryStore::new();
    load("m", vec![series.clone()], &query, 6 * MINUTE, &mut store).expect("it is loaded");
    let stored = store.iter().next().expect("a series");
    let times: Vec<(i64, bool)> = stored
        .floats
        .iter()
        .map(|sample| (sample.at / MINUTE, nth_engine::is_stale(sample.value)))
        .collect();
    assert_eq!(
        times,
        [(0, false), (1, false), (2, true), (5, false), (6, true)]
    );
    // Two series that differ in their metric only would be one.
    let other = HistorySeries {
        labels: series.labels.with(METRIC_NAME, "other"),
        ..series.clone()
    };
    let mut store = MemoryStore::new();
    let error = load("m", vec![series, other], &query, 6 * MINUTE, &mut store);
    assert!(error.is_err());
}
