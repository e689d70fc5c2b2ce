//! PromQL as Prometheus reads it: half of the table of its own parser's tests, and a second opinion.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod tools;

use nthc::promql::{infer, parse};
use serde_json::Value;

/// Where this reader and the table differ, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (
        "some_metric{a=\"\u{ff}\"}",
        "Prometheus's test has the lone byte 0xFF here, which no Rust string can hold; the table's ÿ is fine",
    ),
    ("label_replace(a, `b`, `c\u{ff}`, `d`, `.*`)", "the same"),
];

fn accepts(text: &str) -> bool {
    parse(text).is_ok_and(|expr| !infer(&expr, &[]).1.iter().any(|error| error.is_error()))
}

#[test]
fn agrees_with_the_table() {
    let Some(file) = tools::find_shared("promql/cases.json") else {
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert!(cases.len() > 100, "the table is cut off");
    let mut wrong = Vec::new();
    for case in &cases {
        let (text, valid) = (
            case["expr"].as_str().unwrap(),
            case["valid"].as_bool().unwrap(),
        );
        let known = DIFFERENT.iter().any(|(expr, _)| *expr == text);
        if (accepts(text) == valid) == known {
            wrong.push(format!(
                "{text:?}: valid {valid}, listed {known}: {:?}",
                parse(text)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_accepted_reads_back_the_same() {
    let Some(file) = tools::find_shared("promql/cases.json") else {
        return;
    };
    let cases: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for case in &cases {
        let text = case["expr"].as_str().unwrap();
        if let Ok(expr) = parse(text) {
            let printed = expr.to_string();
            assert_eq!(
                parse(&printed).expect(&printed).to_string(),
                printed,
                "{text}"
            );
            assert_eq!(accepts(text), accepts(&printed), "{text} and {printed}");
        }
    }
}

/// What follows from Prometheus's lexer and grammar, rule by rule.
#[test]
fn follows_the_grammar() {
    let valid = [
        "foo smoothed[5m]",
        "rate(foo[5m] smoothed)",
        "foo[5m] anchored offset 1m @ 5",
        "foo anchored anchored",
        "foo + fill(0) bar",
        "foo + on (a) group_left (b) fill_left(-1) fill_right(1m) bar",
        "foo + fill_right(1) fill_left(2) bar",
        "fill + fill",
        "fill{a=\"b\"} * fill_left",
        "foo[--5m]",
        "foo[-(5m)]",
        "foo[1h*2^3-4m]",
        "foo offset -5m^2",
        "foo offset MAX_OF(step(), 5s) + 5",
        "foo offset (5m) + 2m",
        "max_of(1, 2)",
        "Inf + nAn + inf",
        "infinity",
        "nan5 + inf:foo",
        "089 + 0755 + 0x_ff + 1_0.5_0e+1_0",
        "1d + foo",
        "{a!~\"\"}",
        "{a!=\"\"}",
        "{\"a\", \"b\"}",
        "{on=\"x\", by=\"y\"}",
        "{\"a:b\"=\"c\"}",
        "{`a`=~`b.*`}",
        "sum by (a:b, bool, on, `x y`) (foo)",
        "SUM WITHOUT () (foo)",
        "sum offset 5m",
        "without{a=\"b\"} unless by",
        "and and and",
        "offset offset 5m",
        "foo @ END() offset 1h",
        "foo @ -1e3",
        "foo + on () 10",
        "a </ 1 >/ 2",
        "histogram_quantiles(foo, \"q\", 0.5, 0.9)",
        "info(foo, {})",
        "info(foo, {\"target_info\"})",
        "1 # end\r\n",
        "# start\n1",
        "-foo offset 5m ^ -2",
        "\"\\xff\\377\\u00e9\"",
        "`a\\\nb`",
        "foo[5m:] @ 1 offset 2m",
        "foo @ start()[5m:]",
        "start ( )",
    ];
    let invalid = [
        "# nothing",
        "sum(foo) anchored",
        "foo[5m:] smoothed",
        "foo anchored smoothed",
        "foo + fill(1) fill_left(2) bar",
        "foo + fill() bar",
        "foo + fill(1) on (a) bar",
        "foo + fill(1) 5",
        "foo and fill(1) bar",
        "fill(1)",
        "foo[-5m]",
        "foo[5m/-0]",
        "foo[step]",
        "foo[steps()]",
        "foo[step(1)]",
        "foo[max_of(1)]",
        "foo[1.5m]",
        "foo[Inf]",
        "foo[5m:0s]",
        "foo offset (5m) + bar",
        "foo offset bar",
        "STEP()",
        "RATE(foo[5m])",
        "0b1",
        "0o7",
        "0x1p-2",
        "1e400",
        "1_",
        "1__0",
        "1h1d",
        "foo{\"bar\"}",
        "foo{a=\"b\",,}",
        "{foo.bar=\"x\"}",
        "{a!~\".+\"}",
        "{__name__=\"\"}",
        "{\"\"}",
        "sum by (without) (foo)",
        "sum by (inf) (foo)",
        "sum by (,) (foo)",
        "sum by (a b) (foo)",
        "sum by (\"\") (foo)",
        "sum without (a) (foo) by (b)",
        "sum without (a) by (b) (foo)",
        "sum()",
        "sum by",
        "atan2",
        "on",
        "group_left + 1",
        "foo atan2: bar",
        "foo == bool bool bar",
        "foo </ bool bar",
        "foo * on (a) group_left (bar + baz)",
        "foo[5m][5m]",
        "foo[5m][5m:]",
        "1[5m:]",
        "(foo)[5m]",
        "(foo) offset 5m",
        "sum(foo) @ 5",
        "foo @ start",
        "foo @ (1)",
        "foo @ 1 @ 2",
        "foo @ 1e30",
        "foo:bar(x)",
        "by (job) (foo)",
        "info(foo, (bar))",
        "info(foo, 1)",
        "été",
        "foo\u{a0}+ bar",
        "\"\\400\"",
        "\"\\ud800\"",
        "\"\\'\"",
        "\"a\nb\"",
        "!foo",
        "foo =~ bar",
        "foo{a==\"b\"}",
    ];
    let wrong: Vec<_> = valid
        .iter()
        .filter(|text| !accepts(text))
        .chain(invalid.iter().filter(|text| accepts(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
