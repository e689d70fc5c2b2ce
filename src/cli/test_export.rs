//! `nthc test --export`.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Serialize;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{self, Format};
use super::report::{Findings, count};
use super::test_report::{self, Report};
use nthc::backends::file_stem;
use nthc::diagnostics::render::{annotation, one_line};
use nthc::output::lock::{self, LockError};
use nthc::output::{self, File, Folder, Others, Refusal};
use nthc::project::{Loaded, io_cause, paths};
use nthc::session::Session;
use nthc::testing::{self, Exported, Exports, Selection};

/// The default folder below that of the project.
const FOLDER: &str = "promtool";

/// How long to wait for another command that writes to the folder.
const PATIENCE: Duration = Duration::from_secs(10);

/// Writes the selected tests as files of promtool. Writes nothing if one does not pass, or cannot be exported.
///
/// # Errors
///
/// If the folder contains sources or files of others, or a file cannot be written.
pub fn run(
    context: &Context,
    options: &options::Test,
    (loaded, session): (&Loaded, &Session),
    selection: Selection<'_>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let project = &loaded.project;
    let format = context.global.format;
    let path = match &options.out {
        Some(path) => paths::absolute(path, &context.cwd),
        None => project.root.join(FOLDER),
    };
    let shown = paths::display(&path, &context.cwd);
    let real = paths::real(&path);
    let mut own = project.files.iter().filter(|file| file.package.is_none());
    let below = own.find(|file| paths::real(&file.path).starts_with(&real));
    if let Some(source) = below {
        return Err(
            Failure::usage(format!("the output directory {shown} contains the sources")).help(
                format!(
                    "choose a directory without sources, such as `--out {FOLDER}`: it contains {}",
                    source.shown
                ),
            ),
        );
    }
    let root = paths::display(&project.root, &context.cwd);
    let exports = testing::export(session, &project.settings, &root, selection);
    if !exports.failed.is_empty() || !exports.refused.is_empty() {
        return refuse(
            &exports,
            project.settings.project.as_str(),
            options,
            format,
            console,
        );
    }
    let name = format!("{}: tests for promtool", project.settings.project);
    let only = options.env.as_deref().map(file_stem);
    let folder = Folder {
        path: &path,
        shown: &shown,
        project: &name,
        only: only.as_deref(),
        // Those of other tests.
        targets: None,
        environments: &[],
        others: match options.names.is_empty() {
            true => Others::Removed,
            false => Others::Kept,
        },
    };
    let files = || {
        let all = exports.exported.iter().flat_map(|test| &test.files);
        all.map(|(path, contents)| File::new(path, contents.as_bytes()))
    };
    let lock = match lock::lock(&path, true, PATIENCE, &mut |_| {}) {
        Ok(lock) => lock,
        Err(LockError::Busy(holder)) => {
            let holder = holder.map_or_else(String::new, |holder| format!(": {holder}"));
            let busy = format!("another command writes to {shown}{holder}");
            return Err(Failure::io(busy).help("no file was changed"));
        }
        Err(LockError::Io(cause)) => {
            return Err(
                Failure::io(format!("cannot write to {shown}: {}", io_cause(&cause)))
                    .help("no file was changed"),
            );
        }
    };
    let plan = match output::plan(&folder, files()) {
        Ok(plan) => plan,
        Err(Refusal::Io(error)) => return Err(error.into()),
        Err(Refusal::Overtaken) => {
            return Err(Failure::io(format!("another command changes {shown}")));
        }
        Err(Refusal::Problems {
            sources,
            diagnostics,
        }) => {
            let mut findings = Findings::default();
            findings.add(&sources, diagnostics);
            findings.show(reading(format), console)?;
            console.err.line("no file was written");
            return Ok(Exit::Findings);
        }
    };
    let mut findings = Findings::default();
    let warnings = plan.warnings.iter().cloned();
    let warnings = warnings.filter_map(|warning| project.levels.apply(warning));
    findings.add(&plan.sources, warnings);
    findings.show(reading(format), console)?;
    let report = match &lock {
        Some(lock) => plan.apply(lock)?.report,
        None => plan.report(),
    };
    drop(lock);
    if format == Format::Json {
        let document = Document {
            project: &project.settings.project,
            folder: &shown,
            tests: exports.exported.iter().map(Test::new).collect(),
        };
        console.out.json("the results", &document)?;
    } else if !options.quiet {
        exports
            .exported
            .iter()
            .for_each(|test| print(test, console));
    }
    let alerts: usize = exports
        .exported
        .iter()
        .map(|test| test.alert_expectations)
        .sum();
    let queries: usize = exports
        .exported
        .iter()
        .map(|test| test.query_expectations)
        .sum();
    let missing = exports.exported.iter().flat_map(|test| &test.not_exported);
    let (expectations, alerts_missing): (Vec<_>, Vec<_>) =
        missing.partition(|missing| missing.line.is_some());
    console.err.line(format_args!(
        "exported {} with {} of alerts and {queries} of queries to {shown}: {report}",
        count(exports.exported.len(), "test"),
        count(alerts, "expectation"),
    ));
    let missing: Vec<String> = [(expectations, "expectation"), (alerts_missing, "alert")]
        .into_iter()
        .filter(|(all, _)| !all.is_empty())
        .map(|(all, what)| count(all.len(), what))
        .collect();
    if !missing.is_empty() {
        console.err.line(format_args!(
            "not exported: {}; the comments at the top of the files name them",
            missing.join(", ")
        ));
    }
    let folders: BTreeSet<&str> = exports
        .exported
        .iter()
        .flat_map(|test| test.files.keys())
        .filter_map(|path| path.rsplit_once('/'))
        .map(|(folder, _)| folder)
        .collect();
    let levels = folders.iter().any(|folder| folder.contains('/'));
    let below = if levels { "*/*" } else { "*" };
    console.err.line(format_args!(
        "run them: promtool test rules {shown}/{below}/test-*.yaml"
    ));
    Ok(Exit::Ok)
}

/// Standard output is reserved for results.
fn reading(format: Format) -> Format {
    match format {
        Format::Human | Format::Github => format,
        _ => Format::Short,
    }
}

/// Reports why nothing is written.
fn refuse(
    exports: &Exports,
    project: &str,
    options: &options::Test,
    format: Format,
    console: &mut Console,
) -> Result<Exit, Failure> {
    if !exports.failed.is_empty() {
        let report = Report {
            project,
            results: &exports.failed,
            took: exports.failed.iter().map(|result| result.took).sum(),
        };
        test_report::show(&report, format, options.quiet, console)?;
    }
    for refused in &exports.refused {
        if format == Format::Github {
            let title = format!("test {}", refused.name);
            let message = format!("cannot export the test: {}", refused.reason);
            let place = (refused.file.as_str(), refused.line);
            console
                .out
                .line(annotation("error", Some(place), &title, &message));
        }
        let place = one_line(&format!("{}:{}", refused.file, refused.line));
        let environment = match &refused.environment {
            Some(environment) => format!(" in environment `{environment}`"),
            None => String::new(),
        };
        console.err.line(format_args!(
            "{place}: cannot export test `{}`{environment}: {}",
            refused.name, refused.reason
        ));
    }
    let mut reasons = Vec::new();
    if !exports.failed.is_empty() {
        reasons.push(format!(
            "{} did not pass",
            count(exports.failed.len(), "test")
        ));
    }
    if !exports.refused.is_empty() {
        reasons.push(format!(
            "{} cannot be exported",
            count(exports.refused.len(), "test")
        ));
    }
    console.err.line(format_args!(
        "no file was written: {}; name other tests to export only those",
        reasons.join(", ")
    ));
    Ok(Exit::Findings)
}

fn print(test: &Exported, console: &mut Console) {
    let environment = match &test.environment {
        Some(environment) => format!(" ({environment})"),
        None => String::new(),
    };
    console.out.line(format_args!(
        "exported  {}{environment}: {} of alerts, {} of queries, {} given",
        test.name,
        count(test.alert_expectations, "expectation"),
        test.query_expectations,
        count(test.given.len(), "recording rule"),
    ));
    for missing in &test.not_exported {
        console.out.line(format_args!(
            "  not exported: {}: {}",
            missing.subject, missing.reason
        ));
    }
}

#[derive(Serialize)]
struct Document<'d> {
    project: &'d str,
    folder: &'d str,
    tests: Vec<Test<'d>>,
}

#[derive(Serialize)]
struct Test<'d> {
    name: &'d str,
    environment: Option<&'d str>,
    files: Vec<&'d str>,
    alert_expectations: usize,
    query_expectations: usize,
    given: &'d [String],
    not_exported: Vec<Missing<'d>>,
}

#[derive(Serialize)]
struct Missing<'d> {
    subject: &'d str,
    line: Option<usize>,
    reason: &'d str,
}

impl<'d> Test<'d> {
    fn new(test: &'d Exported) -> Self {
        Self {
            name: &test.name,
            environment: test.environment.as_deref(),
            files: test.files.keys().map(String::as_str).collect(),
            alert_expectations: test.alert_expectations,
            query_expectations: test.query_expectations,
            given: &test.given,
            not_exported: test
                .not_exported
                .iter()
                .map(|missing| Missing {
                    subject: &missing.subject,
                    line: missing.line,
                    reason: &missing.reason,
                })
                .collect(),
        }
    }
}
