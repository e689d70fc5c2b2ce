//! The results of tests, for people and programs.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use serde::Serialize;

use super::console::Console;
use super::exit::Failure as CommandFailure;
use super::options::Format;
use super::report::count;
use nthc::diagnostics::render::annotation;
use nthc::testing::{Failure, FailureKind, Outcome, TestResult};

/// The results of a run.
pub struct Report<'r> {
    /// The name of the project.
    pub project: &'r str,
    /// The results.
    pub results: &'r [TestResult],
    /// How long everything took.
    pub took: Duration,
}

impl Report<'_> {
    /// True if all tests passed.
    pub fn is_passed(&self) -> bool {
        self.results.iter().all(TestResult::is_passed)
    }

    fn number(&self, is: impl Fn(&Outcome) -> bool) -> usize {
        self.results
            .iter()
            .filter(|result| is(&result.outcome))
            .count()
    }

    /// `4 tests: 3 passed, 1 failed`
    pub fn counts(&self) -> String {
        let passed = self.number(|outcome| matches!(outcome, Outcome::Passed));
        let failed = self.number(|outcome| matches!(outcome, Outcome::Failed { .. }));
        let errors = self.number(|outcome| matches!(outcome, Outcome::Error { .. }));
        let mut text = format!("{}: {passed} passed", count(self.results.len(), "test"));
        if failed > 0 {
            let _ = write!(text, ", {failed} failed");
        }
        if errors > 0 {
            let _ = write!(text, ", {errors} could not run");
        }
        text
    }
}

/// Returns the results of each file in each environment, with their places in the report.
pub fn by_file(results: &[TestResult]) -> Vec<Vec<(usize, &TestResult)>> {
    let mut indices = HashMap::new();
    let mut groups: Vec<Vec<(usize, &TestResult)>> = Vec::new();
    for numbered in results.iter().enumerate() {
        let key = (&numbered.1.environment, &numbered.1.file);
        let index = *indices.entry(key).or_insert(groups.len());
        match groups.get_mut(index) {
            Some(group) => group.push(numbered),
            None => groups.push(vec![numbered]),
        }
    }
    groups
}

/// Prints the results. Documents in other formats are written elsewhere.
///
/// # Errors
///
/// If they cannot be written.
pub fn show(
    report: &Report<'_>,
    format: Format,
    quiet: bool,
    console: &mut Console,
) -> Result<(), CommandFailure> {
    match format {
        Format::Json => {
            console.out.json("the results", &document(report))?;
            return Ok(());
        }
        Format::Github => github(report, console),
        Format::Short => short(report, console),
        Format::Human | Format::Sarif | Format::Junit | Format::Markdown => {
            human(report, quiet, console)
        }
    }
    let took = elapsed(report.took);
    console
        .err
        .line(format_args!("{}, in {took}", report.counts()));
    Ok(())
}

/// Formats how long something took.
pub fn elapsed(took: Duration) -> String {
    match took.as_millis() {
        0 => format!("{}µs", took.as_micros()),
        millis if millis < 1000 => format!("{millis}ms"),
        _ => format!("{:.1}s", took.as_secs_f64()),
    }
}

/// The name of a test with its environment.
pub fn title(result: &TestResult) -> String {
    match &result.environment {
        Some(environment) => format!("{} ({environment})", result.name),
        None => result.name.to_string(),
    }
}

fn human(report: &Report<'_>, quiet: bool, console: &mut Console) {
    let plain = Style::new();
    // Failures are last, where they are seen.
    let (passed, failed): (Vec<_>, Vec<_>) =
        report.results.iter().partition(|result| result.is_passed());
    for result in passed.into_iter().chain(failed) {
        let (word, color) = match &result.outcome {
            Outcome::Passed if quiet => continue,
            Outcome::Passed => ("passed", AnsiColor::Green),
            Outcome::Failed { .. } => ("failed", AnsiColor::Red),
            Outcome::Error { .. } => ("error ", AnsiColor::Red),
        };
        let style = color.on_default().bold();
        let rest = format!("  {}  {}", title(result), elapsed(result.took));
        console.out.styled_line(&[(style, &word), (plain, &rest)]);
        match &result.outcome {
            Outcome::Passed => {}
            Outcome::Error { message, help } => {
                console
                    .out
                    .line(format_args!("  {}:{}: {message}", result.file, result.line));
                if let Some(help) = help {
                    console.out.line(format_args!("    help: {help}"));
                }
                console.out.line("");
            }
            Outcome::Failed { failures, story } => {
                for failure in failures {
                    show_failure(result, failure, console);
                }
                console.out.line("");
                let begin = Timestamp::from_second(result.begin)
                    .map_or_else(|_| String::new(), |begin| format!("  from {begin}:"));
                console.out.line(begin);
                // Lines are indented.
                let width = console.out.width.map(|width| width.saturating_sub(2));
                for line in story.lines_within(width) {
                    console.out.line(format_args!("  {line}"));
                }
                console.out.line("");
            }
        }
    }
}

fn show_failure(result: &TestResult, failure: &Failure, console: &mut Console) {
    let named = named(failure);
    console.out.line(format_args!(
        "  {}:{}: {named}expected {}",
        result.file, failure.line, failure.expected
    ));
    console.out.line(format_args!("    {}", failure.happened));
    if let Some(help) = &failure.help {
        console.out.line(format_args!("    help: {help}"));
    }
}

/// The name of the expectation that a failure is about, before its text: "`paged`: "; empty for an unexpected page.
pub fn named(failure: &Failure) -> String {
    match &failure.expectation {
        Some(name) => format!("`{name}`: "),
        None => String::new(),
    }
}

fn short(report: &Report<'_>, console: &mut Console) {
    for (result, line, message) in messages(report) {
        console.out.line(format_args!(
            "{}:{line}: {}: {message}",
            result.file,
            title(result)
        ));
    }
}

/// Prints commands of GitHub Actions.
fn github(report: &Report<'_>, console: &mut Console) {
    for (result, line, message) in messages(report) {
        let title = format!("test {}", title(result));
        let command = annotation("error", Some((&result.file, line)), &title, &message);
        console.out.line(command);
    }
}

/// Each failure and error with its line, on one line.
fn messages<'r>(report: &Report<'r>) -> Vec<(&'r TestResult, usize, String)> {
    let mut all = Vec::new();
    for result in report.results {
        match &result.outcome {
            Outcome::Passed => {}
            Outcome::Error { message, help } => {
                let help = help
                    .as_ref()
                    .map_or_else(String::new, |help| format!("; {help}"));
                all.push((result, result.line, format!("{message}{help}")));
            }
            Outcome::Failed { failures, .. } => all.extend(failures.iter().map(|failure| {
                let text = format!(
                    "{}expected {}, but {}",
                    named(failure),
                    failure.expected,
                    failure.happened
                );
                (result, failure.line, text)
            })),
        }
    }
    all
}

/// The output of `nthc test --format json`.
#[derive(Serialize)]
struct Document<'r> {
    project: &'r str,
    passed: usize,
    failed: usize,
    errors: usize,
    seconds: f64,
    tests: Vec<TestEntry<'r>>,
}

#[derive(Serialize)]
struct TestEntry<'r> {
    name: &'r str,
    environment: Option<&'r str>,
    file: &'r str,
    line: usize,
    /// `passed`, `failed` or `error`.
    outcome: &'static str,
    seconds: f64,
    /// The reason why the test could not run.
    error: Option<&'r str>,
    help: Option<&'r str>,
    failures: Vec<FailureEntry<'r>>,
    /// The notifications of a test that failed.
    notifications: Vec<NotificationEntry<'r>>,
}

#[derive(Serialize)]
struct FailureEntry<'r> {
    kind: FailureKind,
    expectation: Option<&'r str>,
    line: usize,
    expected: &'r str,
    happened: &'r str,
    /// Seconds since the beginning of the test.
    at: Option<f64>,
    help: Option<&'r str>,
}

#[derive(Serialize)]
struct NotificationEntry<'r> {
    /// Seconds since the beginning of the test.
    at: f64,
    team: &'r str,
    receiver: &'r str,
    channel: &'r str,
    about: &'r str,
    alerts: &'r [String],
}

#[allow(clippy::cast_precision_loss)]
fn seconds(millis: i64) -> f64 {
    millis as f64 / 1000.0
}

fn document<'r>(report: &Report<'r>) -> Document<'r> {
    Document {
        project: report.project,
        passed: report.number(|outcome| matches!(outcome, Outcome::Passed)),
        failed: report.number(|outcome| matches!(outcome, Outcome::Failed { .. })),
        errors: report.number(|outcome| matches!(outcome, Outcome::Error { .. })),
        seconds: report.took.as_secs_f64(),
        tests: report.results.iter().map(entry).collect(),
    }
}

fn entry(result: &TestResult) -> TestEntry<'_> {
    let mut entry = TestEntry {
        name: &result.name,
        environment: result.environment.as_deref(),
        file: &result.file,
        line: result.line,
        outcome: "passed",
        seconds: result.took.as_secs_f64(),
        error: None,
        help: None,
        failures: Vec::new(),
        notifications: Vec::new(),
    };
    match &result.outcome {
        Outcome::Passed => {}
        Outcome::Error { message, help } => {
            entry.outcome = "error";
            entry.error = Some(message);
            entry.help = help.as_deref();
        }
        Outcome::Failed { failures, story } => {
            entry.outcome = "failed";
            entry.failures = failures
                .iter()
                .map(|failure| FailureEntry {
                    kind: failure.kind,
                    expectation: failure.expectation.as_deref(),
                    line: failure.line,
                    expected: &failure.expected,
                    happened: &failure.happened,
                    at: failure.at.map(seconds),
                    help: failure.help.as_deref(),
                })
                .collect();
            entry.notifications = story
                .notifications
                .iter()
                .map(|row| NotificationEntry {
                    at: seconds(row.at),
                    team: &row.team,
                    receiver: &row.receiver,
                    channel: &row.channel,
                    about: row.about,
                    alerts: &row.alerts,
                })
                .collect();
        }
    }
    entry
}
