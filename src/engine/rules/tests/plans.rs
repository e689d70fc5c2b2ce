//! The order in which rules are evaluated.

use super::*;
use crate::labels::{Labels, METRIC_NAME};
use crate::rules::input::Input;
use crate::rules::plan::{Context, Placed, Unit, units};
use crate::value::FloatSample;

/// Returns the units of rules; those of `instants` in parentheses.
fn plan(groups: &[Group]) -> String {
    let mut placed = Vec::new();
    for group in groups {
        for rule in &group.rules {
            placed.push(Placed {
                rule,
                expr: rule.expr().clone(),
                interval: group.interval,
                query_offset: group.query_offset,
            });
        }
    }
    let mut input = store(&["x 1 1"]);
    let one = |metric: &str| [(METRIC_NAME, metric)].into_iter().collect::<Labels>();
    for (metric, at) in [("past", -1500), ("leaving", -2000)] {
        input.add_float(&one(metric), FloatSample { at, value: 1.0 });
    }
    let context = Context {
        lookback: 300_000,
        start: 0,
        input: Input::new(&input, 300_000),
    };
    let units = units(&mut placed, &context);
    let name = |index: &usize| placed[*index].rule.name().to_string();
    let units = units.into_iter().map(|unit| match unit {
        Unit::Range(rule) => name(&rule),
        Unit::Instants(rules) => {
            format!("({})", rules.iter().map(name).collect::<Vec<_>>().join(" "))
        }
    });
    units.collect::<Vec<_>>().join(" ")
}

fn plan_of(rules: &[(&str, &str)]) -> String {
    let rules = rules
        .iter()
        .map(|(record, expr)| recording(record, expr))
        .collect();
    plan(&[group(rules)])
}

#[test]
fn rules_come_after_those_that_they_read() {
    assert_eq!(
        plan_of(&[("a", "x"), ("b", "a"), ("c", "rate(b[5m]) / a")]),
        "a b c"
    );
    // An offset never reaches what the later rule has not written yet.
    assert_eq!(plan_of(&[("a", "b offset 1m"), ("b", "x")]), "b a");
    assert_eq!(
        plan_of(&[("a", "max_over_time(b[5m:1m] offset 1m)"), ("b", "x")]),
        "b a"
    );
}

#[test]
fn input_from_before_the_evaluations_is_no_obstacle() {
    // The input of `x` begins with the first evaluation, that of `past` ended before.
    assert_eq!(
        plan_of(&[("a", "max_over_time(x[5m])"), ("x", "b")]),
        "(a x)"
    );
    assert_eq!(
        plan_of(&[("a", "max_over_time(past[5m])"), ("past", "b")]),
        "past a"
    );
    assert_eq!(
        plan_of(&[("a", "timestamp(past)"), ("past", "b")]),
        "past a"
    );
    // An evaluation sees the last sample leave the lookback.
    assert_eq!(
        plan_of(&[("a", "timestamp(leaving)"), ("leaving", "b")]),
        "(a leaving)"
    );
}

#[test]
fn rules_that_depend_on_the_order_are_evaluated_together() {
    assert_eq!(
        plan_of(&[("a", "rate(b[5m])"), ("b", "x"), ("c", "a")]),
        "(a b) c"
    );
    // Also input.
    assert_eq!(plan_of(&[("a", "x"), ("x", "b")]), "(a x)");
    assert_eq!(plan_of(&[("a", "a offset 1m")]), "(a)");
    assert_eq!(
        plan_of(&[("a", "b offset 1m"), ("c", "x"), ("b", "a")]),
        "(a b) c"
    );
    assert_eq!(
        plan_of(&[("a", "x"), ("b", r#"{a="b"}"#), ("c", "x")]),
        "a (b c)"
    );
    assert_eq!(
        plan_of(&[("a", "x"), ("b", r#"{__name__=~"a|b"}"#), ("c", "x")]),
        "a (b) c"
    );
}

#[test]
fn samples_of_later_rules_at_the_same_time_can_be_excluded() {
    assert_eq!(plan_of(&[("a", "b"), ("b", "x"), ("c", "a")]), "b a c");
    assert_eq!(
        plan_of(&[("a", "b + max_over_time(b[5m])"), ("b", "x")]),
        "b a"
    );
    assert_eq!(plan_of(&[("a", "b"), ("b", "a")]), "(a b)");
    // Without samples in between, the lookback would be longer.
    let mut rare = group(vec![recording("b", "x")]);
    rare.interval = 300_000;
    assert_eq!(plan(&[group(vec![recording("a", "b")]), rare]), "(a b)");
}

#[test]
fn queries_of_the_future_are_evaluated_one_time_after_another() {
    assert_eq!(
        plan_of(&[("a", "x @ 100"), ("b", "a offset -1m")]),
        "(a) (b)"
    );
    assert_eq!(plan_of(&[("a", "b offset -1m"), ("b", "x")]), "(a b)");
}

#[test]
fn known_labels_decide() {
    let one = |value: &str, expr: &str| recording_with("a", expr, &[("slo", value)]);
    let rules = vec![
        one("x", "m"),
        one("y", r#"a{slo="x"}"#),
        recording("b", r#"a{slo=~"[yz]"}"#),
    ];
    assert_eq!(plan(&[group(rules)]), "a a b");
    let rules = vec![one("x", r#"a{slo!="x"}"#), one("y", "m")];
    assert_eq!(plan(&[group(rules)]), "a a");
    // Their series may be the same.
    assert_eq!(plan_of(&[("a", "x"), ("a", "y")]), "(a a)");
    let alerts = vec![
        alerting("A", "x", 0, &[("severity", "page")]),
        alerting("A", "y", 0, &[("severity", "ticket")]),
        alerting("B", r#"ALERTS{alertname="A"}"#, 0, &[]),
        alerting("C", "x", 0, &[]),
    ];
    assert_eq!(plan(&[group(alerts)]), "A A B C");
    let alerts = vec![
        alerting("A", "x", 0, &[("severity", "{{ $labels.severity }}")]),
        alerting("A", "y", 0, &[("severity", "ticket")]),
    ];
    assert_eq!(plan(&[group(alerts)]), "(A A)");
}

#[test]
fn query_offsets() {
    let later = |offset: i64, rule: Rule| {
        let mut group = group(vec![rule]);
        group.query_offset = offset;
        group
    };
    let (read, write) = (recording("a", "b"), recording("b", "x"));
    assert_eq!(
        plan(&[later(1000, read.clone()), later(0, write.clone())]),
        "b a"
    );
    assert_eq!(
        plan(&[later(0, write.clone()), later(1000, read.clone())]),
        "b a"
    );
    // What is written at the next time may be before the time of the query.
    assert_eq!(plan(&[later(1000, write), later(0, read)]), "(b a)");
}
