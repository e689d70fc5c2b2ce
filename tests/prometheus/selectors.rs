//! A selector with expressions and negations: its SLO fires for the series that match, and for no other.

use nthc::compile::{self, Compilation, Input, SourceInput};
use nthc::project::default_settings;

use crate::support::promtool::{self, Test, TestFile, no_samples, scalar, series};

const SOURCE: &str = r##"
import std.http
environment production { selector = { cluster =~ "eu-.*" } }
environment staging { selector = { cluster = "test" } }
team t { slack = "#t" }
service shop {
  team     = t
  selector = { job =~ "web-.*", job != "web-canary", namespace !~ "load-.*" }
  slo availability : http.availability { objective = 99% }
  alert backlog {
    when     = `max(queue_depth) > 100`
    for      = 5m
    severity = ticket
  }
}
"##;

fn built() -> Compilation {
    let compilation = compile::compile(&Input {
        settings: default_settings("test"),
        files: vec![SourceInput {
            path: "main.nth".into(),
            module: "main".to_owned(),
            text: SOURCE.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    });
    let messages: Vec<&str> = compilation
        .diagnostics
        .iter()
        .map(|diagnostic| diagnostic.message.as_str())
        .collect();
    assert_eq!(messages, Vec::<&str>::new());
    compilation
}

fn rules<'c>(built: &'c Compilation, environment: &str) -> &'c str {
    let path = format!("{environment}/prometheus/shop.yaml");
    let mut artifacts = built.artifacts.iter();
    &artifacts
        .find(|artifact| artifact.path == path)
        .unwrap()
        .contents
}

/// The labels of a target, whether the selector matches it in production, and in staging.
const TARGETS: [(&str, bool, bool); 7] = [
    (r#"job="web-a",cluster="eu-1""#, true, false),
    (
        r#"job="web-b",namespace="shop",cluster="eu-2""#,
        true,
        false,
    ),
    (r#"job="web-a",cluster="test""#, false, true),
    (r#"job="web-canary",cluster="eu-1""#, false, false),
    (
        r#"job="web-a",namespace="load-1",cluster="eu-1""#,
        false,
        false,
    ),
    // Expressions match whole values.
    (r#"job="my-web-a",cluster="eu-1""#, false, false),
    (r#"job="web-a",cluster="my-eu-1""#, false, false),
];

#[test]
fn only_series_that_match_page() {
    if !promtool::available() {
        return;
    }
    let built = built();
    for (environment, place) in [("production", 0), ("staging", 1)] {
        let rules = rules(&built, environment);
        promtool::check_rules(rules);
        for (failing, in_production, in_staging) in TARGETS {
            let counts = [in_production, in_staging][place];
            // One target fails every request; the others, of which some match, fail none.
            let input_series = TARGETS
                .iter()
                .flat_map(|(labels, ..)| {
                    let is_failing = *labels == failing;
                    let values = |fails: bool| match fails == is_failing {
                        true => "0+600x360",
                        false => "0x360",
                    };
                    [
                        series(
                            format!("http_requests_total{{status=\"200\",{labels}}}"),
                            values(false),
                        ),
                        series(
                            format!("http_requests_total{{status=\"500\",{labels}}}"),
                            values(true),
                        ),
                        series(
                            format!("queue_depth{{{labels}}}"),
                            if is_failing { "500x360" } else { "1x360" },
                        ),
                        series(format!("up{{{labels}}}"), "1x360"),
                    ]
                })
                .collect();
            let pages = r#"ALERTS{alertstate="firing",severity="page",slo="availability"} > 0"#;
            let backlog = r#"ALERTS{alertstate="firing",alertname=~".*[Bb]acklog.*"}"#;
            let promql_expr_test = match counts {
                true => vec![
                    scalar(format!("min({pages})"), "2h", 1.0),
                    scalar(format!("count({backlog})"), "2h", 1.0),
                ],
                false => vec![
                    no_samples(r#"ALERTS{alertstate="firing"}"#, "2h"),
                    scalar("max(slo:sli_error:ratio_rate1h)", "2h", 0.0),
                ],
            };
            let file = TestFile {
                evaluation_interval: "30s".to_owned(),
                tests: vec![Test {
                    name: format!("{environment}: {failing}"),
                    interval: "30s".to_owned(),
                    input_series,
                    promql_expr_test,
                    ..Test::default()
                }],
                ..TestFile::default()
            };
            if let Err(report) = promtool::test_rules(rules, file) {
                panic!("{environment}, {failing}: {report}");
            }
        }
    }
}

#[test]
fn labels_of_rules_are_values() {
    let built = built();
    for environment in ["production", "staging"] {
        let document: yaml_serde::Value = yaml_serde::from_str(rules(&built, environment)).unwrap();
        let groups = document["groups"].as_sequence().unwrap();
        let all = groups
            .iter()
            .flat_map(|group| group["rules"].as_sequence().unwrap());
        let mut count = 0;
        for rule in all {
            let labels = rule["labels"].as_mapping().unwrap();
            for label in ["job", "namespace", "cluster"] {
                assert!(!labels.contains_key(label), "{rule:?}");
            }
            count += 1;
        }
        assert!(count > 10, "{count}");
    }
}
