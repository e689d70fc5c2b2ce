//! What Prometheus makes of texts.

use std::collections::BTreeMap;

use nthc::ir::{Alert, Duration, Service, Severity, Text, TextPart, ValueFormat};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::models::{query, rules, service, settings};
use crate::support::promtool::{self, AlertTest, ExpectedAlert, Test, TestFile, series};

/// Pieces that mean something to Go templates, YAML or PromQL, and others.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("{".to_owned()),
        Just("{{".to_owned()),
        Just("}}".to_owned()),
        Just("{{ $value }}".to_owned()),
        Just("{{- /* x */ -}}".to_owned()),
        Just("{{`".to_owned()),
        Just("\\{".to_owned()),
        Just("\n".to_owned()),
        Just("\n  ".to_owned()),
        Just("  ".to_owned()),
        Just(": ".to_owned()),
        Just(" # ".to_owned()),
        Just("'\"".to_owned()),
        Just("\u{85}\u{2028}\u{feff}".to_owned()),
        "[a-z]{1,30} ",
        any::<char>().prop_filter("Prometheus reads no NUL", |c| *c != '\0').prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn alert(name: String, parts: Vec<TextPart>, label: String) -> Alert {
    Alert {
        name: name.into(),
        when: query(r#"metric{path="/pay"} > 0"#),
        hold: Some(Duration(0)),
        severity: Severity::Page,
        summary: Some(Text { parts }),
        description: Some(Text { parts: vec![TextPart::Literal("d".into())] }),
        labels: BTreeMap::from([("note".to_owned(), label)]),
        annotations: BTreeMap::new(),
        runbook_url: None,
        dependency: None,
    }
}

/// Whatever the text, what Prometheus shows is the text: it opens no template, and survives YAML.
#[test]
fn no_text_becomes_a_template() {
    if !promtool::available() {
        return;
    }
    let mut runner = TestRunner::deterministic();
    let mut tests = Vec::new();
    let mut alerts = Vec::new();
    for number in 0..300 {
        let mut next = || text().new_tree(&mut runner).expect("a text").current();
        let (before, after, label) = (next(), next(), next());
        let name = format!("A{number}");
        let parts = vec![
            TextPart::Literal(before.clone()),
            TextPart::Value(ValueFormat::Percentage),
            TextPart::Literal(after.clone()),
            TextPart::Label("path".into()),
        ];
        alerts.push(alert(name.clone(), parts, label.clone()));
        let labels = [
            ("note", label.as_str()),
            ("path", "/pay"),
            ("service", "checkout"),
            ("severity", "page"),
            ("team", "payments"),
            ("tier", "critical"),
        ];
        // An empty label is no label.
        let labels = labels.into_iter().filter(|(_, value)| !value.is_empty());
        let exp_labels = labels.map(|(label, value)| (label.to_owned(), value.to_owned())).collect();
        let exp_annotations = BTreeMap::from([
            ("summary".to_owned(), format!("{before}50%{after}/pay")),
            ("description".to_owned(), "d".to_owned()),
        ]);
        tests.push(AlertTest {
            eval_time: "1m".into(),
            alertname: name,
            exp_alerts: vec![ExpectedAlert { exp_labels, exp_annotations }],
        });
    }
    let test = Test {
        interval: "1m".into(),
        input_series: vec![series(r#"metric{path="/pay"}"#, "0.5x5")],
        alert_rule_test: tests,
        ..Test::default()
    };
    let file = TestFile { evaluation_interval: "1m".into(), tests: vec![test], ..TestFile::default() };
    let service = Service { alerts, ..service(Vec::new()) };
    let contents = rules(&service, &settings(Duration::minutes(1)));
    if let Err(report) = promtool::test_rules(&contents, file) {
        panic!("{report}");
    }
}
