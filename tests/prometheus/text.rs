//! What Prometheus makes of texts.

use std::collections::BTreeMap;

use nthc::ir::{Alert, BudgetAlert, Duration, Service, Severity, Slo, Text, TextPart, ValueFormat};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::models::{bad_based, query, rules, service, settings, slo};
use crate::support::promtool::{
    self, AlertTest, ExpectedAlert, InputSeries, Test, TestFile, series,
};

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
        any::<char>()
            .prop_filter("Prometheus reads no NUL", |c| *c != '\0')
            .prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

fn alert(name: String, parts: Vec<TextPart>, label: String) -> Alert {
    Alert {
        name: name.into(),
        when: query(r#"metric{path="/pay"} > 0"#),
        hold: Some(Duration(0)),
        keep_firing: None,
        limit: None,
        severity: Severity::page(),
        summary: Some(Text { parts }),
        description: Some(Text {
            parts: vec![TextPart::Literal("d".into())],
        }),
        labels: BTreeMap::from([("note".to_owned(), label)]),
        annotations: BTreeMap::new(),
        runbook_url: None,
        impact: None,
        steps: None,
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
        let mut next = || text().new_tree(&mut runner).expect("a string").current();
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
        let exp_labels = labels
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .collect();
        let exp_annotations = BTreeMap::from([
            ("summary".to_owned(), format!("{before}50%{after}/pay")),
            ("description".to_owned(), "d".to_owned()),
        ]);
        tests.push(AlertTest {
            eval_time: "1m".into(),
            alertname: name,
            exp_alerts: vec![ExpectedAlert {
                exp_labels,
                exp_annotations,
            }],
        });
    }
    let test = Test {
        interval: "1m".into(),
        input_series: vec![series(r#"metric{path="/pay"}"#, "0.5x5")],
        alert_rule_test: tests,
        ..Test::default()
    };
    let file = TestFile {
        evaluation_interval: "1m".into(),
        tests: vec![test],
        ..TestFile::default()
    };
    let service = Service {
        alerts,
        ..service(Vec::new())
    };
    let contents = rules(&service, &settings(Duration::minutes(1)));
    if let Err(report) = promtool::test_rules(&contents, file) {
        panic!("{report}");
    }
}

/// The annotations of the budget alert of `checkout availability` an hour after a start in which requests failed,
/// or none did but the budget is gone all the same.
fn explanation(
    exp_description: &str,
    input_series: Vec<InputSeries>,
    eval_time: &str,
    value: &str,
) {
    let window = Duration::days(1);
    let pairs = nthc::ir::burn_rate::pairs(window, Duration::MINUTE);
    let slo = Slo {
        window,
        burn_rate_pairs: pairs,
        budget_alerts: vec![BudgetAlert {
            consumed: "0.75".parse().expect("a share"),
            severity: Severity::ticket(),
            declared: Severity::ticket(),
        }],
        breakdown: vec!["route".into(), "k8s.pod".into()],
        ..slo("availability", "0.99", bad_based())
    };
    let labels = [
        ("budget_consumed", "75%"),
        ("service", "checkout"),
        ("severity", "ticket"),
        ("slo", "availability"),
        ("team", "payments"),
        ("tier", "critical"),
    ];
    let exp_annotations = BTreeMap::from([
        (
            "summary".to_owned(),
            format!("checkout availability: at least {value} of the 1d error budget consumed"),
        ),
        ("description".to_owned(), exp_description.to_owned()),
    ]);
    let exp_labels = labels
        .into_iter()
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
        .collect();
    let test = Test {
        interval: "1m".into(),
        input_series,
        alert_rule_test: vec![AlertTest {
            eval_time: eval_time.into(),
            alertname: "SLOErrorBudgetConsumed".into(),
            exp_alerts: vec![ExpectedAlert {
                exp_labels,
                exp_annotations,
            }],
        }],
        ..Test::default()
    };
    let file = TestFile {
        evaluation_interval: "1m".into(),
        tests: vec![test],
        ..TestFile::default()
    };
    if let Err(report) = promtool::test_rules(
        &rules(&service(vec![slo]), &settings(Duration::minutes(1))),
        file,
    ) {
        panic!("{report}");
    }
}

#[test]
fn a_budget_alert_explains_itself() {
    if !promtool::available() {
        return;
    }
    let request = |labels: &str, values: &str| {
        series(
            format!(r#"http_requests_total{{job="checkout",{labels}}}"#),
            values,
        )
    };
    // 8 in 1000 fail: 80 % of a budget of 1 % is spent, 20 % of 14m24s (1 % of 1 d) is left: 172.8 s of full
    // outage, which at an error ratio of 0.8 % lasts for 125 times as long: 6h.
    explanation(
        "2m 53s left of the 14m24s error budget (99% over 1d).\n\
         At the rate of the last 12m, it will be exhausted in 6h 0m 0s.\n\
         Top contributors by bad events, last 12m (route, k8s.pod):\n\
         - /pay, a: 50%\n\
         - /pay, b: 25%\n\
         - /cart, no k8s.pod: 12.5%",
        vec![
            request(r#"code="200""#, "0+992x1600"),
            request(r#"code="500",route="/pay","k8s.pod"="a""#, "0+4x1600"),
            request(r#"code="500",route="/pay","k8s.pod"="b""#, "0+2x1600"),
            request(r#"code="500",route="/cart""#, "0+1x1600"),
            request(r#"code="503",route="/{{ $value }}""#, "0+0.5x1600"),
            request(r#"code="503",route="/slow""#, "0+0.5x1600"),
        ],
        "25h",
        "80%",
    );
}

#[test]
fn a_budget_alert_stands_without_anything_to_explain() {
    if !promtool::available() {
        return;
    }
    // All failed for an hour, then the service was switched off: no traffic, no rate, no contributor. A slice with a sample
    // is known: 62 minutes are.
    explanation(
        "0s left of the 14m24s error budget (99% over 1d).\n\
         The whole error budget is consumed.\n\
         Only 4.306% of the 1d has data; budget consumed without data is not counted.\n\
         Top contributors by bad events, last 12m (route, k8s.pod): none",
        vec![request_at_first()],
        "9h",
        "430.6%",
    );
}

fn request_at_first() -> InputSeries {
    series(
        r#"http_requests_total{job="checkout",code="500"}"#,
        "0+100x60 stale",
    )
}
