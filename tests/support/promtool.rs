//! Validation of rule files with `promtool`, and evaluation of their rules over given series.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde::Serialize;

/// Returns true if promtool is installed. If not, a test reports that and ends; on a build server it fails.
pub fn available() -> bool {
    let found = Command::new("promtool")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success());
    if !found {
        assert!(
            std::env::var_os("CI").is_none(),
            "promtool is not installed"
        );
        println!("skipped, promtool not installed");
    }
    found
}

/// Asserts that promtool accepts a rule file with all lints. A `PrometheusRule` is unwrapped first.
pub fn check_rules(contents: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("rules.yaml"), plain(contents))
        .expect("the rules are written");
    let output = run(
        folder.path(),
        &["check", "rules", "--lint=all", "--lint-fatal", "rules.yaml"],
    );
    assert!(output.status.success(), "{}\n{contents}", text(&output));
}

/// Returns the rules of a `PrometheusRule` as a plain rule file; a plain rule file is unchanged.
pub fn plain(contents: &str) -> String {
    let document: yaml_serde::Value = yaml_serde::from_str(contents).expect("the file is YAML");
    match document.get("spec") {
        Some(spec) => yaml_serde::to_string(spec).expect("it is written back"),
        None => contents.to_owned(),
    }
}

/// A file of unit tests for rules.
#[derive(Debug, Default, Serialize)]
pub struct TestFile {
    /// Set by [`test_rules`].
    pub rule_files: Vec<String>,
    /// The evaluation interval of all rules; the intervals of groups are ignored.
    pub evaluation_interval: String,
    /// Set by [`test_rules`]: the groups in the order of the file. Otherwise, promtool evaluates them in another order each time,
    /// and what a group reads of another one is of now or of the last evaluation.
    pub group_eval_order: Vec<String>,
    /// The tests.
    pub tests: Vec<Test>,
}

/// A unit test.
#[derive(Debug, Default, Serialize)]
pub struct Test {
    /// The name for error messages.
    pub name: String,
    /// The time between two input values.
    pub interval: String,
    /// The input series.
    pub input_series: Vec<InputSeries>,
    /// The expected alerts.
    pub alert_rule_test: Vec<AlertTest>,
    /// The expected query results.
    pub promql_expr_test: Vec<ExprTest>,
}

/// An input series.
#[derive(Debug, Serialize)]
pub struct InputSeries {
    /// `http_requests_total{code="500"}`
    pub series: String,
    /// `0+30x120 _x10`
    pub values: String,
}

/// The expected alerts of a name at a time.
#[derive(Debug, Serialize)]
pub struct AlertTest {
    /// The time since the start.
    pub eval_time: String,
    /// The alert's name.
    pub alertname: String,
    /// The firing alerts, and no others.
    pub exp_alerts: Vec<ExpectedAlert>,
}

/// An expected alert.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExpectedAlert {
    /// All its labels except the name.
    pub exp_labels: BTreeMap<String, String>,
    /// All its annotations.
    pub exp_annotations: BTreeMap<String, String>,
}

/// The expected result of a query at a time.
#[derive(Debug, Serialize)]
pub struct ExprTest {
    /// The query.
    pub expr: String,
    /// The time since the start.
    pub eval_time: String,
    /// The samples, and no others.
    pub exp_samples: Vec<ExpectedSample>,
}

/// An expected sample.
#[derive(Debug, Serialize)]
pub struct ExpectedSample {
    /// `{service="checkout"}`
    pub labels: String,
    /// Its value.
    pub value: f64,
}

/// Creates an input series.
pub fn series(series: impl Into<String>, values: impl Into<String>) -> InputSeries {
    InputSeries {
        series: series.into(),
        values: values.into(),
    }
}

/// Expects a query to return a single value without labels.
pub fn scalar(expr: impl Into<String>, eval_time: impl Into<String>, value: f64) -> ExprTest {
    let exp_samples = vec![ExpectedSample {
        labels: String::new(),
        value,
    }];
    ExprTest {
        expr: expr.into(),
        eval_time: eval_time.into(),
        exp_samples,
    }
}

/// Expects a query to return nothing.
pub fn no_samples(expr: impl Into<String>, eval_time: impl Into<String>) -> ExprTest {
    ExprTest {
        expr: expr.into(),
        eval_time: eval_time.into(),
        exp_samples: Vec::new(),
    }
}

/// Runs unit tests on a rule file. Returns the output of promtool if one fails.
pub fn test_rules(rules: &str, mut file: TestFile) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, contents: &str| {
        std::fs::write(folder.path().join(name), contents).expect("a file is written");
    };
    let rules = plain(rules);
    write("rules.yaml", &rules);
    file.group_eval_order = group_names(&rules);
    file.rule_files = vec!["rules.yaml".into()];
    // YAML includes JSON, in which strings are unambiguous.
    let json = serde_json::to_string(&file).expect("it is JSON");
    write("test.yaml", &escape_for_yaml(&json));
    let output = run(folder.path(), &["test", "rules", "test.yaml"]);
    if output.status.success() {
        Ok(())
    } else {
        Err(text(&output))
    }
}

/// Returns the names of the groups of a rule file, in order.
fn group_names(rules: &str) -> Vec<String> {
    let document: yaml_serde::Value = yaml_serde::from_str(rules).expect("the file is YAML");
    let groups = document
        .get("groups")
        .and_then(|groups| groups.as_sequence());
    let groups = groups.into_iter().flatten();
    groups
        .filter_map(|group| Some(group.get("name")?.as_str()?.to_owned()))
        .collect()
}

/// Escapes characters in JSON strings that YAML does not allow literally (DEL, the C1 controls, and similar ones).
fn escape_for_yaml(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for letter in json.chars() {
        if letter.is_control()
            || matches!(
                letter,
                '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
            )
        {
            text.push_str(&format!("\\u{:04x}", letter as u32));
        } else {
            text.push(letter);
        }
    }
    text
}

/// Returns the value of each numeric query after the rules ran over the input; `None` if there is none. The values are read
/// from promtool's report about an expectation that cannot be met.
pub fn values(
    rules: &str,
    evaluation_interval: &str,
    test: Test,
    queries: &[(&str, &str)],
) -> Vec<Option<f64>> {
    let impossible = |(expr, eval_time): &(&str, &str)| ExprTest {
        expr: (*expr).to_owned(),
        eval_time: (*eval_time).to_owned(),
        exp_samples: vec![ExpectedSample {
            labels: "{none=\"none\"}".into(),
            value: 0.0,
        }],
    };
    let test = Test {
        promql_expr_test: queries.iter().map(impossible).collect(),
        ..test
    };
    let file = TestFile {
        evaluation_interval: evaluation_interval.to_owned(),
        tests: vec![test],
        ..TestFile::default()
    };
    let report = test_rules(rules, file).expect_err("the expectation can't be met");
    let got: Vec<_> = report
        .lines()
        .filter_map(|line| line.trim().strip_prefix("got:"))
        .collect();
    assert_eq!(got.len(), queries.len(), "{report}");
    got.into_iter()
        .map(|line| match line.trim() {
            "nil" => None,
            sample => Some(
                sample
                    .rsplit(' ')
                    .next()
                    .unwrap_or_default()
                    .parse()
                    .expect("a number"),
            ),
        })
        .collect()
}

fn run(folder: &Path, args: &[&str]) -> Output {
    Command::new("promtool")
        .args(args)
        .current_dir(folder)
        .output()
        .expect("promtool runs")
}

fn text(output: &Output) -> String {
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    let _ = write!(text, "{}", String::from_utf8_lossy(&output.stderr));
    text
}
