//! Recording rules.

use super::*;

#[test]
fn a_recording_has_the_name_and_the_labels_of_its_rule() {
    let mut store = store(&[r#"up{job="a",zone="z"} 1 2"#, r#"up{job="b"} 3 4"#]);
    let rule = recording_with("job:up", "up", &[("job", "c"), ("team", "t"), ("zone", "")]);
    let groups = [group(vec![rule])];
    let failure = run(&groups, &mut store, 0..=1000, Settings::default()).unwrap_err();
    assert_eq!(
        failure.to_string(),
        "rule: job:up, err: vector contains metrics with the same labelset after applying rule labels"
    );

    let mut store = super::store(&[r#"up{job="a",zone="z"} 1 2"#]);
    evaluate(&groups, &mut store, 1);
    assert_eq!(
        written(&store, "job:up"),
        [r#"job:up{job="c", team="t"} 1@0 2@1"#]
    );
}

#[test]
fn a_scalar_is_a_series_without_labels() {
    let mut store = MemoryStore::new();
    evaluate(&[group(vec![recording("now", "time()")])], &mut store, 2);
    assert_eq!(written(&store, "now"), ["now 0@0 1@1 2@2"]);
}

#[test]
fn a_series_that_disappears_is_marked_stale_once() {
    let mut store = store(&["x 1 2 stale _ 3 stale"]);
    evaluate(&[group(vec![recording("y", "x")])], &mut store, 7);
    assert_eq!(written(&store, "y"), ["y 1@0 2@1 stale@2 3@4 stale@5"]);
}

#[test]
fn series_are_marked_stale_between_blocks() {
    // The second block starts at 2048.
    let mut store = store(&["x 1x2046 2 stale", "z 1x2047 2 stale"]);
    evaluate(
        &[group(vec![recording("a", "x"), recording("b", "z")])],
        &mut store,
        5000,
    );
    let last = |line: &String| {
        line.rsplitn(3, ' ')
            .take(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        written(&store, "")
            .iter()
            .take(2)
            .map(last)
            .collect::<Vec<_>>(),
        [["stale@2048", "2@2047"], ["stale@2049", "2@2048"]]
    );
}

#[test]
fn two_series_can_become_one_at_different_times() {
    let mut store = store(&[r#"x{a="1"} 1 stale _ 4"#, r#"x{a="2"} _ 2 stale"#]);
    let rule = recording_with("y", "x", &[("a", "")]);
    evaluate(&[group(vec![rule])], &mut store, 3);
    assert_eq!(written(&store, "y"), ["y 1@0 2@1 stale@2 4@3"]);
}

#[test]
fn histograms_are_recorded() {
    let mut store = store(&["x {{schema:0 sum:1 count:1 buckets:[1]}} stale 5"]);
    evaluate(&[group(vec![recording("y", "x")])], &mut store, 3);
    let line = written(&store, "y").pop().unwrap();
    assert!(line.ends_with("@0 stale histogram@1 5@2 5@3"), "{line}");
}

#[test]
fn a_query_offset_moves_what_is_read_and_what_is_written() {
    let mut store = store(&["x 1 2 3 4 stale"]);
    let mut group = group(vec![recording("y", "x")]);
    group.query_offset = 2000;
    evaluate(&[group], &mut store, 7);
    assert_eq!(written(&store, "y"), ["y 1@0 2@1 3@2 4@3 stale@4"]);
}

#[test]
fn a_recording_may_equal_the_input() {
    let mut store = store(&["x 1 2 3", "y 1 2 3 9"]);
    evaluate(&[group(vec![recording("y", "x")])], &mut store, 2);
    assert_eq!(written(&store, "y"), ["y 1@0 2@1 3@2 9@3"]);
}
