//! What rules see of each other.

use super::*;

#[test]
fn a_rule_sees_what_earlier_rules_wrote_at_the_same_time() {
    let mut store = store(&["x 1 2 3"]);
    evaluate(
        &[group(vec![recording("a", "x"), recording("b", "a")])],
        &mut store,
        2,
    );
    assert_eq!(written(&store, "b"), ["b 1@0 2@1 3@2"]);
}

#[test]
fn a_rule_sees_what_later_rules_wrote_before() {
    let mut store = store(&["x 1 2 3"]);
    evaluate(
        &[group(vec![recording("a", "b"), recording("b", "x")])],
        &mut store,
        2,
    );
    assert_eq!(written(&store, "a"), ["a 1@1 2@2"]);
    let mut store = super::store(&["x 1 2 3"]);
    evaluate(
        &[
            group(vec![recording("a", "b")]),
            group(vec![recording("b", "x")]),
        ],
        &mut store,
        2,
    );
    assert_eq!(written(&store, "a"), ["a 1@1 2@2"]);
}

#[test]
fn a_rule_sees_its_own_past() {
    let mut store = MemoryStore::new();
    let rule = recording("count", "count + 1 or vector(0)");
    evaluate(&[group(vec![rule])], &mut store, 3);
    assert_eq!(written(&store, "count"), ["count 0@0 1@1 2@2 3@3"]);
}

#[test]
fn alerts_are_seen_by_later_rules() {
    let mut store = store(&["x 1 1 0"]);
    let rules = vec![
        recording("before", r#"ALERTS{alertname="High"}"#),
        alerting("High", "x > 0", 0, &[]),
        recording("after", r#"count(ALERTS{alertname="High"})"#),
    ];
    evaluate(&[group(rules)], &mut store, 3);
    assert_eq!(written(&store, "after"), ["after 1@0 1@1 stale@2"]);
    assert_eq!(
        written(&store, "before"),
        [r#"before{alertname="High", alertstate="firing"} 1@1 1@2 stale@3"#]
    );
}

#[test]
fn groups_are_evaluated_at_multiples_of_their_intervals() {
    let mut slow = group(vec![recording("slow", "time()")]);
    slow.interval = 2000;
    let fast = group(vec![recording("fast", "slow")]);
    let mut store = MemoryStore::new();
    evaluate(&[fast, slow], &mut store, 5);
    assert_eq!(written(&store, "slow"), ["slow 0@0 2@2 4@4"]);
    assert_eq!(written(&store, "fast"), ["fast 0@1 0@2 2@3 2@4 4@5"]);
}

#[test]
fn the_future_is_not_seen() {
    let mut store = store(&["x 1 2 3 4 5"]);
    let rules = vec![
        recording("shifted", "x offset -2s"),
        recording("at", "x @ 2"),
        recording("end", "sum_over_time(x[1s:1s] @ end())"),
    ];
    evaluate(&[group(rules)], &mut store, 4);
    // With a lookback of 5m, the last sample that exists is found.
    assert_eq!(written(&store, "shifted"), ["shifted 1@0 2@1 3@2 4@3 5@4"]);
    assert_eq!(written(&store, "at"), ["at 1@0 2@1 3@2 3@3 3@4"]);
    assert_eq!(written(&store, "end"), ["end 1@0 2@1 3@2 4@3 5@4"]);
}
