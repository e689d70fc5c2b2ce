//! PromQL as Prometheus reads it: half of the table of its own parser's tests, and a second opinion.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;

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

fn data() -> Option<PathBuf> {
    let shared = std::env::var_os("NTH_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let file = shared.join("promql/cases.json");
    if !file.is_file() {
        println!("skipped, ../shared/data not present");
        return None;
    }
    Some(file)
}

fn accepts(text: &str) -> bool {
    parse(text).is_ok_and(|expr| !infer(&expr, &[]).1.iter().any(|error| error.is_error()))
}

#[test]
fn agrees_with_the_table() {
    let Some(file) = data() else { return };
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
    let Some(file) = data() else { return };
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
