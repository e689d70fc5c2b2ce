//! The results of tests as a JUnit document, which GitLab, Jenkins and reporters of GitHub Actions read.
//!
//! There is a suite for each file in each environment. The class name of a test is its environment and its file, with dots, as
//! these tools know a test again by its class and its name. Each of them shows one failure of a test: several are one element.

use std::path::{Component, Path};

use jiff::Timestamp;
use quick_junit::{NonSuccessKind, Report as Document, TestCase, TestCaseStatus, TestSuite};

use super::exit::Failure as CommandFailure;
use super::test_report::{Report, by_file, named};
use nthc::diagnostics::render::one_line;
use nthc::testing::{Failure, FailureKind, Outcome, Story, TestResult};

/// Returns the document of results.
///
/// # Errors
///
/// If it cannot be serialized.
pub fn document(report: &Report<'_>) -> Result<String, CommandFailure> {
    let mut document = Document::new(text(report.project));
    document.set_time(report.took);
    for group in by_file(report.results) {
        let Some((_, first)) = group.first() else {
            continue;
        };
        let mut suite = TestSuite::new(suite_name(first));
        suite.set_time(group.iter().map(|(_, result)| result.took).sum());
        suite.add_test_cases(group.iter().map(|(_, result)| test_case(result)));
        document.add_test_suite(suite);
    }
    serialize(&document)
}

/// Returns a document in which no test was run, because the sources have errors. `shown` are the diagnostics, one a line.
///
/// # Errors
///
/// If it cannot be serialized.
pub fn no_test(project: &str, message: &str, shown: &str) -> Result<String, CommandFailure> {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
    status
        .set_type("errors-in-sources")
        .set_message(text(message))
        .set_description(lines(shown));
    let mut case = TestCase::new("no test was run", status);
    case.set_classname("nthc");
    let mut suite = TestSuite::new("nthc test");
    suite.add_test_case(case);
    let mut document = Document::new(text(project));
    document.add_test_suite(suite);
    serialize(&document)
}

fn serialize(document: &Document) -> Result<String, CommandFailure> {
    document
        .to_string()
        .map_err(|error| CommandFailure::io(format!("cannot write the results: {error}")))
}

/// `tests/checkout.nth (production)`
fn suite_name(result: &TestResult) -> String {
    match &result.environment {
        Some(environment) => text(&format!("{} ({environment})", result.file)),
        None => text(&result.file),
    }
}

/// `production.tests.checkout`
fn class_name(result: &TestResult) -> String {
    let file = Path::new(&result.file).with_extension("");
    let folders = file.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
        _ => None,
    });
    let environment = result.environment.iter().map(ToString::to_string);
    let parts: Vec<String> = environment.chain(folders).collect();
    text(&parts.join("."))
}

fn test_case(result: &TestResult) -> TestCase {
    let status = match &result.outcome {
        Outcome::Passed => TestCaseStatus::success(),
        Outcome::Failed { failures, story } => failed(result, failures, story),
        Outcome::Error { message, help } => {
            let mut shown = format!("{}:{}: {message}\n", result.file, result.line);
            if let Some(help) = help {
                shown += &format!("help: {help}\n");
            }
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
            status
                .set_type("not-simulated")
                .set_message(text(message))
                .set_description(lines(&shown));
            status
        }
    };
    let mut case = TestCase::new(text(&result.name), status);
    case.set_classname(class_name(result));
    case.set_time(result.took);
    case.extra.insert("file".into(), text(&result.file).into());
    case.extra
        .insert("line".into(), result.line.to_string().into());
    case
}

fn failed(result: &TestResult, failures: &[Failure], story: &Story) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
    if let [first, others @ ..] = failures {
        let mut message = format!("expected {}, but {}", first.expected, first.happened);
        if !others.is_empty() {
            message += &format!(" (and {} more)", others.len());
        }
        status
            .set_type(kind(first.kind))
            .set_message(text(&message));
    }
    let mut shown = String::new();
    for failure in failures {
        shown += &format!(
            "{}:{}: {}expected {}\n  {}\n",
            result.file,
            failure.line,
            named(failure),
            one_line(&failure.expected),
            one_line(&failure.happened)
        );
        if let Some(help) = &failure.help {
            shown += &format!("  help: {}\n", one_line(help));
        }
    }
    shown.push('\n');
    if let Ok(begin) = Timestamp::from_second(result.begin) {
        shown += &format!("from {begin}:\n");
    }
    for line in story.lines() {
        shown += one_line(&line).trim_end();
        shown.push('\n');
    }
    status.set_description(lines(&shown));
    status
}

/// The name of a kind, as in JSON.
fn kind(kind: FailureKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "failure".to_owned(),
    }
}

/// Formats a text on one line, without characters that XML cannot contain.
fn text(text: &str) -> String {
    valid(&one_line(text))
}

/// The same for a text of several lines.
fn lines(text: &str) -> String {
    valid(&nthc::diagnostics::render::lines(text))
}

/// Replaces the two code points that remain and are not in XML: control characters are visible already.
fn valid(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;

    fn result(environment: Option<&str>, file: &str, name: &str, outcome: Outcome) -> TestResult {
        TestResult {
            name: name.into(),
            environment: environment.map(Into::into),
            file: file.to_owned(),
            line: 7,
            begin: 1_767_614_400,
            outcome,
            detail: None,
            took: Duration::from_millis(1500),
        }
    }

    fn failure(kind: FailureKind) -> Failure {
        Failure {
            kind,
            expectation: Some("paged".into()),
            line: 9,
            expected: "a page".to_owned(),
            happened: "no alert was \"pending\" & <firing>".to_owned(),
            at: None,
            help: Some("write another\u{1b}[2J one".to_owned()),
        }
    }

    #[test]
    fn each_file_in_each_environment_is_a_suite() {
        let failed = || Outcome::Failed {
            failures: vec![
                failure(FailureKind::NotFired),
                failure(FailureKind::TooLate),
            ],
            story: Box::default(),
        };
        let error = Outcome::Error {
            message: "no\u{fffe}series\u{0}".to_owned(),
            help: Some("write them".to_owned()),
        };
        let results = [
            result(Some("production"), "tests/a.nth", "one", failed()),
            result(
                Some("production"),
                "tests/a.nth",
                "two ]]> \u{8}\u{ffff}",
                Outcome::Passed,
            ),
            result(Some("production"), "../b.nth", "three", error),
            result(Some("staging"), "tests/a.nth", "one", Outcome::Passed),
        ];
        let written = document(&Report {
            project: "shop",
            results: &results,
            took: Duration::from_secs(2),
        })
        .unwrap();
        let read = Document::deserialize_from_str(&written).unwrap();
        assert_eq!(
            (read.tests, read.failures, read.errors),
            (4, 1, 1),
            "{written}"
        );
        let suites: Vec<(&str, usize)> = read
            .test_suites
            .iter()
            .map(|suite| (suite.name.as_str(), suite.test_cases.len()))
            .collect();
        assert_eq!(
            suites,
            [
                ("tests/a.nth (production)", 2),
                ("../b.nth (production)", 1),
                ("tests/a.nth (staging)", 1)
            ]
        );
        let cases: Vec<&TestCase> = read
            .test_suites
            .iter()
            .flat_map(|suite| &suite.test_cases)
            .collect();
        let classes: Vec<&str> = cases
            .iter()
            .filter_map(|case| case.classname.as_deref())
            .collect();
        assert_eq!(
            classes,
            [
                "production.tests.a",
                "production.tests.a",
                "production.b",
                "staging.tests.a"
            ]
        );
        assert_eq!(cases[1].name.as_str(), "two ]]> \u{2408}\u{fffd}");
        let TestCaseStatus::NonSuccess {
            kind: NonSuccessKind::Failure,
            message,
            ty,
            description,
            ..
        } = &cases[0].status
        else {
            panic!("{written}");
        };
        assert_eq!(ty.as_deref(), Some("not-fired"));
        assert_eq!(
            message.as_deref(),
            Some("expected a page, but no alert was \"pending\" & <firing> (and 1 more)")
        );
        let description = description.as_deref().unwrap();
        assert!(
            description.starts_with("tests/a.nth:9: `paged`: expected a page\n"),
            "{description}"
        );
        assert!(description.contains("\u{241b}[2J one"), "{description}");
        assert!(description.contains("from 2026-01-05T12:00:00Z:\nno SLO was bad"));
        let TestCaseStatus::NonSuccess {
            kind: NonSuccessKind::Error,
            message,
            ..
        } = &cases[2].status
        else {
            panic!("{written}");
        };
        assert_eq!(message.as_deref(), Some("no\u{fffd}series\u{2400}"));
    }
}
