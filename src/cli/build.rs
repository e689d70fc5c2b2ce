//! `nthc build`.

use std::path::Path;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Build, Format};
use super::progress::Progress;
use super::report::{self, Findings, count};
use super::select::{self, Selected};
use crate::backends::file_stem;
use crate::compile::Compilation;
use crate::diagnostics::{Diagnostic, FileSpan, Severity};
use crate::ir::Tally;
use crate::output::{self, Change, File, Folder, Plan, Refusal};
use crate::partial::Partial;
use crate::project::{self, paths};

/// Builds, and writes what was made where nothing is wrong.
///
/// # Errors
/// Where a file cannot be read or written, or there is no project.
pub fn run(context: &Context, options: &Build, console: &mut Console) -> Result<Exit, Failure> {
    let format = context.global.format;
    let progress = Progress::start(
        "building",
        console.is_interactive && format == Format::Human,
    );
    let selected = match &options.file {
        Some(file) => single(file, context)?,
        None => Selected::project(select::project(context)?),
    };
    let project = &selected.loaded.project;
    let name = &project.settings.project;
    let folder = match &options.output {
        Some(folder) => paths::absolute(folder, &context.cwd),
        None => project.output.clone(),
    };
    let shown = paths::shown(&folder, &context.cwd);

    let (compilation, partial) = compiled(&selected, options)?;
    let mut findings = Findings::default();
    findings.add(
        &selected.loaded.sources,
        selected.loaded.diagnostics.iter().cloned(),
    );
    findings.add(&compilation.sources, compilation.diagnostics);
    // The folder of an environment is named by the same rule as its files' paths.
    let only = options.env.as_deref().map(file_stem);
    let mut plan = None;
    let keeps_going = partial.is_some();
    let artifacts = partial
        .as_ref()
        .map_or(&compilation.artifacts, |partial| &partial.artifacts);
    let mut is_refused = false;
    if keeps_going || !findings.has_errors() {
        let target = Folder {
            path: &folder,
            shown: &shown,
            project: name,
            only: only.as_deref(),
            keeps: keeps_going,
        };
        let files = artifacts.iter().map(|artifact| File {
            path: &artifact.path,
            contents: artifact.contents.as_bytes(),
        });
        match output::plan(&target, files) {
            Ok(made) => {
                let warnings = made.warnings.iter().cloned();
                findings.add(
                    &made.sources,
                    warnings.filter_map(|warning| project.levels.apply(warning)),
                );
                plan = Some(made);
            }
            Err(Refusal::Problems {
                sources,
                diagnostics,
            }) => {
                is_refused = true;
                findings.add(&sources, diagnostics);
            }
            Err(Refusal::Io(error)) => return Err(error.into()),
        }
    }
    drop(progress);
    if options.deny_warnings {
        findings.deny_warnings();
    }
    findings.show(format, console)?;
    let plan = match plan {
        Some(plan) if (keeps_going && !is_refused) || !findings.has_errors() => plan,
        _ => {
            let line = format!("{name} was not built: {}", findings.counts());
            report::conclude(&line, &findings, format, console);
            return Ok(Exit::Found);
        }
    };
    if options.check {
        return Ok(tell_changes(&plan, &shown, &findings, format, console));
    }
    let report = plan.apply()?;
    let place = if shown.ends_with('/') {
        shown
    } else {
        format!("{shown}/")
    };
    let environments = match compilation.environments.as_slice() {
        [] => String::new(),
        [one] => format!(" for {one}"),
        several => format!(" for {}", count(several.len(), "environment")),
    };
    let line = format!("built {name}{environments}: {report} in {place}");
    let line = match compilation.signals.and_then(uncovered) {
        Some(signals) => format!("{line}\n{signals}"),
        None => line,
    };
    let line = match &partial {
        Some(partial) => in_part(name, partial, &format!("{report} in {place}"), &findings),
        None => line,
    };
    report::conclude(&line, &findings, format, console);
    Ok(match keeps_going {
        true => Exit::Found,
        false => Exit::Ok,
    })
}

/// Compiles, and where there are errors and that is asked for, builds what has none.
fn compiled(
    selected: &Selected,
    options: &Build,
) -> Result<(Compilation, Option<Partial>), Failure> {
    if !options.keep_going {
        return Ok((selected.compile(options.env.as_deref())?, None));
    }
    let is_error = |found: &Diagnostic<FileSpan>| found.severity == Severity::Error;
    let (compilation, session, input) = selected.compile_kept(options.env.as_deref())?;
    // Of what could not be read, nobody knows what depends on it.
    let is_read = !selected.loaded.diagnostics.iter().any(is_error);
    if !is_read || !compilation.diagnostics.iter().any(is_error) {
        return Ok((compilation, None));
    }
    let partial =
        session.compile_sound(&input, &compilation.diagnostics, &compilation.environments);
    Ok((compilation, Some(partial)))
}

/// What was built of a project with errors, and what was not.
fn in_part(name: &str, partial: &Partial, report: &str, findings: &Findings) -> String {
    let mut line = format!("built {name} in part: {report}; {}", findings.counts());
    for skipped in &partial.skipped {
        let why = match skipped.is_imported {
            true => format!("it depends on {}, which has errors", skipped.file),
            false => format!("{} has errors", skipped.file),
        };
        line.push_str(&format!(
            "\n  not built: service {}: {why}",
            skipped.service
        ));
    }
    for service in &partial.in_part {
        line.push_str(&format!(
            "\n  built in part: service {service}: its runbook, OpenSLO documents and gates tell of services that are not built"
        ));
    }
    line + "\n  left as they were: their files of earlier builds, and the files that are written for all services at once"
}

/// How many signals have a metric, where some have none or it is not known.
fn uncovered(signals: Tally) -> Option<String> {
    (signals.found < signals.total()).then(|| {
        format!(
            "signals: {} of {} have a metric (nthc metrics coverage tells more)",
            signals.found,
            signals.total()
        )
    })
}

/// A file to build by itself.
fn single(file: &Path, context: &Context) -> Result<Selected, Failure> {
    let path = paths::absolute(file, &context.cwd);
    let shown = paths::shown(&path, &context.cwd);
    if path.is_dir() {
        return Err(Failure::usage(format!("{shown} is a folder")).help(format!(
            "Build the project in it with `nthc build --project {shown}`."
        )));
    }
    if let Some(root) = path.parent().and_then(project::find) {
        let loaded = project::load(&root, &context.cwd)?;
        if loaded.project.files.iter().any(|file| file.path == path) {
            let root = paths::shown(&root, &context.cwd);
            return Err(
                Failure::usage(format!("{shown} belongs to the project in {root}")).help(format!(
                    "Build the project with `nthc build --project {root}`."
                )),
            );
        }
    }
    Selected::file(path, context)
}

/// Prints what a build would change.
fn tell_changes(
    plan: &Plan<'_>,
    shown: &str,
    findings: &Findings,
    format: Format,
    console: &mut Console,
) -> Exit {
    let stream = if format.is_for_programs() {
        &mut console.err
    } else {
        &mut console.out
    };
    for (path, change) in plan.changes() {
        let verb = match change {
            Change::Create => "create",
            Change::Replace => "replace",
            Change::Remove => "remove",
        };
        stream.line(format_args!("would {verb} {shown}/{path}"));
    }
    let report = plan.report();
    let line = if plan.is_current() {
        format!("{shown}/ is up to date: {} unchanged", report.unchanged)
    } else {
        format!(
            "{shown}/ is not up to date: {} to write, {} to remove, {} unchanged",
            report.written, report.removed, report.unchanged
        )
    };
    report::conclude(&line, findings, format, console);
    if plan.is_current() {
        Exit::Ok
    } else {
        Exit::Found
    }
}
