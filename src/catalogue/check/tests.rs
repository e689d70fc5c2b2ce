#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{MetricType, Section};
use nth_promql::{LabelMatchers, MatchOp, build, parse};

fn metric(metric_type: MetricType, suffixes: &[&str], labels: &[&str], buckets: &[&str]) -> Metric {
    let texts = |texts: &[&str]| -> BTreeSet<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    };
    Metric {
        metric_type,
        suffixes: texts(suffixes),
        labels: texts(labels),
        buckets: buckets.iter().map(|text| (*text).to_owned()).collect(),
        values: BTreeMap::from([("outcome".to_owned(), texts(&["failed", "ok"]))]),
        ..Metric::default()
    }
}

fn known_metrics() -> Known {
    let metrics = BTreeMap::from([
        (
            "jobs_total".to_owned(),
            metric(MetricType::Counter, &[""], &["outcome"], &[]),
        ),
        (
            "depth".to_owned(),
            metric(MetricType::Gauge, &[""], &["queue"], &[]),
        ),
        (
            "wait_seconds".to_owned(),
            metric(
                MetricType::Histogram,
                &["_bucket", "_count", "_sum"],
                &["queue"],
                &["0.1", "+Inf"],
            ),
        ),
    ]);
    Known {
        section: Some(Arc::new(Section {
            metrics,
            ..Section::default()
        })),
        declared: Arc::default(),
    }
}

fn check_query(known: &Known, query: &str) -> Vec<Finding> {
    let expr = parse(query).unwrap();
    check(&Case {
        expr: &expr,
        holes: &[],
        computed: &[],
        under: &|_| {
            Some(Under {
                known,
                selector: "{}",
            })
        },
        fixed: &|_| false,
        absence: true,
        is_library: false,
    })
}

#[test]
fn bounds_are_compared_exactly() {
    let of = |text: &str| buckets::decimal(text).map(|value| value.to_string());
    for (text, value) in [
        ("0.3", Some("0.3")),
        ("3e-1", Some("0.3")),
        ("0.30", Some("0.3")),
        ("1.0", Some("1")),
        ("1e+06", Some("1000000")),
        ("+5", Some("5")),
        ("-2.5", Some("-2.5")),
        ("+Inf", None),
        ("NaN", None),
        ("1e400", None),
        ("", None),
        ("e5", None),
    ] {
        assert_eq!(of(text).as_deref(), value, "{text}");
    }
    let metric = metric(
        MetricType::Histogram,
        &["_bucket"],
        &[],
        &["1", "0.1", "1.0", "0.5", "+Inf"],
    );
    let bounds = Bounds::new(&metric);
    let half: Decimal = "0.50".parse().unwrap();
    assert_eq!(bounds.texts(half), ["0.5"]);
    assert_eq!(bounds.texts(Decimal::ONE), ["1", "1.0"]);
    let nearest = |text: &str| bounds.nearest(text.parse().unwrap()).unwrap().text;
    assert_eq!(nearest("0.05"), "0.1");
    // Equally near: the smaller one is the stricter objective.
    assert_eq!(nearest("0.3"), "0.1");
    assert_eq!(nearest("0.31"), "0.5");
    assert!(nearest("7").starts_with('1'));
}

#[test]
fn what_a_selector_reads_under() {
    let measured = LabelMatchers::from_iter([("env", "a"), ("job", "b")]);
    let read = |query: &str| {
        let expr = parse(query).unwrap();
        let Node::Selector(selector) = expr.node else {
            unreachable!()
        };
        read_under(&measured, &selector).map(|labels| crate::selector_of(&labels))
    };
    assert_eq!(
        read(r#"x{job="b",env="a",code="500"}"#).unwrap(),
        r#"{env="a",job="b"}"#
    );
    assert_eq!(
        read(r#"x{job="c",env="a"}"#).unwrap(),
        r#"{env="a",job="c"}"#
    );
    for other in [
        r#"x{job="b"}"#,
        r#"x{job=~"b",env="a"}"#,
        r#"x{job!="b",env="a"}"#,
        r#"x{job="b",job="c",env="a"}"#,
    ] {
        assert_eq!(read(other), None, "{other}");
    }
}

#[test]
fn what_a_selector_with_expressions_reads_under() {
    let mut measured = LabelMatchers::from_iter([("env", "a")]);
    measured.add("job", MatchOp::Matches, "web-.*");
    measured.add("job", MatchOp::NotEqual, "web-canary");
    let read = |query: &str| {
        let expr = parse(query).unwrap();
        let Node::Selector(selector) = expr.node else {
            unreachable!()
        };
        read_under(&measured, &selector).map(|labels| crate::selector_of(&labels))
    };
    let whole = r#"{env="a",job=~"web-.*",job!="web-canary"}"#;
    for (query, expected) in [
        (
            r#"x{job!="web-canary",job=~"web-.*",env="a",code="500"}"#,
            Some(whole),
        ),
        (
            r#"x{job="web-a",env="a"}"#,
            Some(r#"{env="a",job="web-a"}"#),
        ),
        // A subset that was not pulled, and more than what was.
        (r#"x{job=~"web-a.*",env="a"}"#, None),
        (r#"x{job=~"web-.*",env="a"}"#, None),
    ] {
        assert_eq!(read(query).as_deref(), expected, "{query}");
    }
    // The key is that of a pull.
    assert_eq!(crate::canonical(whole).unwrap().0, whole);
}

#[test]
fn one_place_has_one_mistake_of_a_kind() {
    let known = known_metrics();
    let found = check_query(&known, "depth / on (nowhere) rate(jobs_total[5m])");
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn many_terms_are_judged() {
    let known = known_metrics();
    let terms: Vec<&str> = std::iter::repeat_n("rate(jobs_total[5m])", 60).collect();
    assert_eq!(check_query(&known, &terms.join(" + ")), []);
    assert_eq!(
        check_query(&known, &terms.join(" - ").replace("rate", "delta")).len(),
        60
    );
}

proptest! {
    /// For every query, all places are in its text, and each suggestion results in a valid query.
    #[test]
    fn suggestions_can_be_read(
        function in prop::sample::select(vec!["rate", "delta", "deriv", "increase", "max_over_time", "absent_over_time"]),
        metric in prop::sample::select(vec!["jobs_total", "job_total", "depth", "dept", "wait_seconds", "wait_seconds_bucket", "other"]),
        label in prop::sample::select(vec!["outcome", "outcom", "queue", "le"]),
        value in prop::sample::select(vec!["failed", "faild", "ok|x", "0.1", "0.2", "a\"b"]),
        op in prop::sample::select(vec![MatchOp::Equal, MatchOp::NotEqual, MatchOp::Matches, MatchOp::NotMatches]),
    ) {
        let matcher = build::matcher(label, op, value);
        let selector = build::selector_with(metric, vec![matcher]);
        let query = format!("sum by ({label}) ({function}({selector}[5m])) > 1 and {selector} > 2");
        let known = known_metrics();
        for finding in check_query(&known, &query) {
            let span = finding.error.span.range();
            prop_assert!(query.get(span.clone()).is_some_and(|text| !text.is_empty()), "{query}: {span:?}");
            prop_assert!(!finding.error.is_error());
            if let Some((span, text)) = finding.error.suggestion {
                let mut mended = query.clone();
                mended.replace_range(span.range(), &text);
                prop_assert!(parse(&mended).is_ok(), "{mended}");
                prop_assert_ne!(mended, query.clone());
            }
        }
    }
}
