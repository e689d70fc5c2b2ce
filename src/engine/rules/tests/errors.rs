//! Errors of rules.

use super::*;

fn failure(groups: &[Group], series: &[&str]) -> (i64, usize, String) {
    let mut store = store(series);
    let failure = run(groups, &mut store, 0..=10_000, Settings::default()).unwrap_err();
    (failure.at / 1000, failure.id.rule, failure.error.message)
}

#[test]
fn the_earliest_error_counts() {
    let rules = vec![
        recording("first", r#"x * on () y"#),
        recording_with("second", "z", &[("a", "")]),
    ];
    // Two series of `z` exist from 5 on, two of `y` from 7 on.
    let late = failure(
        &[group(rules.clone())],
        &[
            "x 1x10",
            r#"y{a="1"} 1x10"#,
            r#"y{a="2"} _x7 1x3"#,
            r#"z{a="1"} 1x10"#,
            r#"z{a="2"} _x5 1x5"#,
        ],
    );
    let message = "vector contains metrics with the same labelset after applying rule labels";
    assert_eq!(late, (5, 1, message.to_owned()));
    let (at, rule, message) = failure(
        &[group(rules)],
        &[
            "x 1x10",
            r#"y{a="1"} 1x10"#,
            r#"y{a="2"} _x5 1x5"#,
            r#"z{a="1"} 1x10"#,
            r#"z{a="2"} _x5 1x5"#,
        ],
    );
    assert_eq!((at, rule), (5, 0));
    assert!(
        message.contains("found duplicate series for the match group"),
        "{message}"
    );
}

#[test]
fn limits() {
    let series = [r#"x{a="1"} 1x10"#, r#"x{a="2"} _x3 1x7"#];
    let mut group = group(vec![recording("y", "x")]);
    group.limit = 1;
    let expected = (3, 0, "exceeded limit of 1 with 2 series".to_owned());
    assert_eq!(failure(std::slice::from_ref(&group), &series), expected);
    group.rules = vec![alerting("Y", "x", 5, &[])];
    let expected = (3, 0, "exceeded limit of 1 with 2 alerts".to_owned());
    assert_eq!(failure(&[group], &series), expected);
}

#[test]
fn alerts_must_have_different_labels() {
    let series = [r#"x{a="1"} 1x10"#, r#"x{a="2"} _x3 1x7"#];
    let message = "vector contains metrics with the same labelset after applying alert labels";
    let expected = (3, 0, message.to_owned());
    assert_eq!(
        failure(&[group(vec![alerting("Y", "x", 0, &[("a", "")])])], &series),
        expected
    );
}

#[test]
fn other_types_are_errors() {
    let message = "rule result is not a vector or scalar";
    let expected = (0, 0, message.to_owned());
    assert_eq!(
        failure(&[group(vec![recording("y", "x[5m]")])], &[]),
        expected
    );
    assert_eq!(
        failure(&[group(vec![recording("y", r#""text""#)])], &[]),
        expected
    );
}

#[test]
fn two_rules_must_not_write_different_samples() {
    let rules = vec![
        recording("y", "vector(1)"),
        recording("y", "vector(time() < bool 4)"),
    ];
    let expected = (4, 1, "duplicate sample for timestamp".to_owned());
    assert_eq!(failure(&[group(rules)], &[]), expected);
    let expected = (2, 0, "duplicate sample for timestamp".to_owned());
    assert_eq!(
        failure(&[group(vec![recording("y", "vector(1)")])], &["y 1 1 2"]),
        expected
    );
}

#[test]
fn a_sample_before_the_input_is_out_of_order() {
    let mut group = group(vec![recording("y", "vector(1)")]);
    group.query_offset = 2000;
    let expected = (6, 0, "out of order sample".to_owned());
    assert_eq!(failure(&[group], &["y _x5 _ 1"]), expected);
}
