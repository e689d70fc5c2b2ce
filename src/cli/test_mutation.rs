//! `nthc test --mutate`.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};
use rust_decimal::Decimal;
use rust_decimal::prelude::FromPrimitive as _;
use serde::Serialize;

use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Format;
use super::report::count;
use super::test_report::elapsed;
use nthc::diagnostics::render::annotation;
use nthc::testing::mutation::{Fate, Killer, MutantResult, MutationReport};

/// The mutants of a project, and how they are shown.
pub struct Shown<'r> {
    /// The name of the project.
    pub project: &'r str,
    /// The mutants.
    pub report: &'r MutationReport,
    /// The least score in percent that is accepted, if one is required.
    pub min_score: Option<Decimal>,
    /// How long everything took.
    pub took: std::time::Duration,
}

/// Prints mutants, and returns how the program ends.
///
/// # Errors
///
/// If they cannot be written.
pub fn show(
    shown: &Shown<'_>,
    format: Format,
    quiet: bool,
    console: &mut Console,
) -> Result<Exit, Failure> {
    if !shown.report.failing.is_empty() {
        return Ok(failing(shown, console));
    }
    match format {
        Format::Json => {
            console.out.json("the mutants", &document(shown))?;
        }
        Format::Github => github(shown, console),
        Format::Short => short(shown, console),
        Format::Human | Format::Sarif | Format::Junit | Format::Markdown => {
            human(shown, quiet, console)
        }
    }
    if format != Format::Json {
        console.err.line(summary(shown));
    }
    if is_accepted(shown) {
        return Ok(Exit::Ok);
    }
    if let Some(least) = shown.min_score {
        console
            .err
            .line(format_args!("the score is below {}%", least.normalize()));
    }
    Ok(Exit::Findings)
}

fn is_accepted(shown: &Shown<'_>) -> bool {
    let score = Decimal::from_f64(shown.report.score()).unwrap_or_default();
    shown.min_score.is_none_or(|least| score >= least)
}

/// Prints the tests that must pass first.
fn failing(shown: &Shown<'_>, console: &mut Console) -> Exit {
    for test in &shown.report.failing {
        let environment = test.environment.as_ref();
        let environment = environment.map_or_else(String::new, |name| format!(" ({name})"));
        console.err.line(format_args!(
            "{}:{}: {}{environment}: {}",
            test.file, test.line, test.name, test.problem
        ));
    }
    console.err.line(format_args!(
        "no mutant was tested: {} without a change; see `nthc test`",
        match shown.report.failing.len() {
            1 => "1 test does not pass".to_owned(),
            more => format!("{more} tests do not pass"),
        }
    ));
    Exit::Findings
}

/// `212 mutants: 180 killed, 20 survived, 12 without a test; score 84.9%, in 3.1s`
fn summary(shown: &Shown<'_>) -> String {
    let report = shown.report;
    let of = |is: fn(&Fate) -> bool| {
        let fates = report.mutants.iter().map(|mutant| &mutant.fate);
        fates.filter(|fate| is(fate)).count()
    };
    let survived = of(|fate| matches!(fate, Fate::Survived));
    let untested = of(|fate| matches!(fate, Fate::NoTest));
    let mut text = format!(
        "{}: {} killed",
        count(report.mutants.len(), "mutant"),
        report.killed()
    );
    if survived > 0 {
        let _ = write!(text, ", {survived} survived");
    }
    if untested > 0 {
        let _ = write!(text, ", {untested} without a test");
    }
    let _ = write!(
        text,
        "; score {}, in {}",
        percent(report.score()),
        elapsed(shown.took)
    );
    text
}

/// A share with one digit, rounded down: 100.0% only if all are killed.
fn percent(score: f64) -> String {
    format!("{:.1}%", (score * 10.0).floor() / 10.0)
}

fn word(mutant: &MutantResult) -> &'static str {
    match mutant.fate {
        Fate::Killed { .. } => "killed",
        Fate::Survived => "survived",
        Fate::NoTest => "no test",
    }
}

/// `checkout.queue-backlog (production): `> 1000` becomes `> 10000``
fn named(mutant: &MutantResult) -> String {
    let places = match mutant.environments.as_slice() {
        [] => String::new(),
        some => format!(" ({})", some.join(", ")),
    };
    format!("{}{places}: {}", mutant.subject, mutant.change)
}

fn human(shown: &Shown<'_>, quiet: bool, console: &mut Console) {
    let plain = Style::new();
    for mutant in &shown.report.mutants {
        if mutant.is_killed() {
            continue;
        }
        let style = AnsiColor::Yellow.on_default().bold();
        let rest = format!("  {}", named(mutant));
        console
            .out
            .styled_line(&[(style, &word(mutant)), (plain, &rest)]);
        console
            .out
            .line(format_args!("  {}:{}", mutant.file, mutant.line));
        match &mutant.killer {
            None => {}
            Some(Killer::NotFound { reason }) => {
                console.out.line(format_args!(
                    "  no test was found that notices it: {reason}"
                ));
            }
            Some(Killer::Found { .. }) if quiet => {}
            Some(Killer::Found { text }) => {
                console.out.line("  this test would notice it:");
                console.out.line("");
                for line in text.lines() {
                    let indent = if line.is_empty() { "" } else { "    " };
                    console.out.line(format_args!("{indent}{line}"));
                }
            }
        }
        console.out.line("");
    }
    let scores = shown.report.kinds();
    let width = scores.iter().map(|score| score.kind.name().len()).max();
    let width = width.unwrap_or_default();
    for score in scores {
        console.out.line(format_args!(
            "{:width$}  {:>4} of {:>4} killed",
            score.kind.name(),
            score.killed,
            score.all
        ));
    }
}

fn message(mutant: &MutantResult) -> String {
    let reason = match &mutant.killer {
        Some(Killer::NotFound { reason }) => {
            format!("; no test was found that notices it: {reason}")
        }
        _ => String::new(),
    };
    match mutant.fate {
        Fate::NoTest => format!("{}: no test simulates it{reason}", named(mutant)),
        _ => format!("{}: all tests pass{reason}", named(mutant)),
    }
}

fn short(shown: &Shown<'_>, console: &mut Console) {
    for mutant in shown
        .report
        .mutants
        .iter()
        .filter(|mutant| !mutant.is_killed())
    {
        console.out.line(format_args!(
            "{}:{}: {}",
            mutant.file,
            mutant.line,
            message(mutant)
        ));
    }
}

fn github(shown: &Shown<'_>, console: &mut Console) {
    for mutant in shown
        .report
        .mutants
        .iter()
        .filter(|mutant| !mutant.is_killed())
    {
        let title = format!("mutant {}", word(mutant));
        let place = (mutant.file.as_str(), mutant.line);
        let command = annotation("warning", Some(place), &title, &message(mutant));
        console.out.line(command);
    }
}

/// The output of `nthc test --mutate --format json`.
#[derive(Serialize)]
struct Document<'r> {
    project: &'r str,
    /// In percent.
    score: f64,
    killed: usize,
    survived: usize,
    untested: usize,
    seconds: f64,
    kinds: Vec<KindEntry>,
    mutants: Vec<MutantEntry<'r>>,
}

#[derive(Serialize)]
struct KindEntry {
    kind: &'static str,
    killed: usize,
    mutants: usize,
}

#[derive(Serialize)]
struct MutantEntry<'r> {
    kind: &'static str,
    subject: &'r str,
    change: &'r str,
    environments: &'r [smol_str::SmolStr],
    file: &'r str,
    line: usize,
    /// `killed`, `survived` or `no-test`.
    fate: &'static str,
    /// The test that fails.
    killed_by: Option<&'r str>,
    /// A test that would fail.
    test: Option<&'r str>,
    /// Why no such test was found.
    reason: Option<&'r str>,
}

fn document<'r>(shown: &Shown<'r>) -> Document<'r> {
    let report = shown.report;
    let of = |fate: &str| {
        let all = report.mutants.iter().map(fate_name);
        all.filter(|name| *name == fate).count()
    };
    Document {
        project: shown.project,
        score: report.score(),
        killed: report.killed(),
        survived: of("survived"),
        untested: of("no-test"),
        seconds: shown.took.as_secs_f64(),
        kinds: report
            .kinds()
            .into_iter()
            .map(|score| KindEntry {
                kind: score.kind.name(),
                killed: score.killed,
                mutants: score.all,
            })
            .collect(),
        mutants: report.mutants.iter().map(entry).collect(),
    }
}

fn fate_name(mutant: &MutantResult) -> &'static str {
    match mutant.fate {
        Fate::Killed { .. } => "killed",
        Fate::Survived => "survived",
        Fate::NoTest => "no-test",
    }
}

fn entry(mutant: &MutantResult) -> MutantEntry<'_> {
    let killer = mutant.killer.as_ref();
    MutantEntry {
        kind: mutant.kind.name(),
        subject: &mutant.subject,
        change: &mutant.change,
        environments: &mutant.environments,
        file: &mutant.file,
        line: mutant.line,
        fate: fate_name(mutant),
        killed_by: match &mutant.fate {
            Fate::Killed { test } => Some(test),
            _ => None,
        },
        test: killer.and_then(|killer| match killer {
            Killer::Found { text } => Some(text.as_str()),
            Killer::NotFound { .. } => None,
        }),
        reason: killer.and_then(|killer| match killer {
            Killer::NotFound { reason } => Some(reason.as_str()),
            Killer::Found { .. } => None,
        }),
    }
}
