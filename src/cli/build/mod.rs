//! `nthc build`.

mod removals;
mod settled;
mod sources;
mod targets;
mod writing;

use std::path::Path;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Build, Format};
use super::progress::Progress;
use super::report::{self, Findings, count};
use super::select::{self, Selected};
use nthc::backends::{Artifact, file_stem};
use nthc::compile::{Build as _, Compilation};
use nthc::diagnostics::render::one_line;
use nthc::diagnostics::{Diagnostic, FileSpan, Severity};
use nthc::ir::Tally;
use nthc::output::settled::Shown;
use nthc::output::{Change, Folder, Plan, Report};
use nthc::partial::Partial;
use nthc::project::{self, paths};
use settled::Memory;

/// Builds the project and writes its outputs unless there are errors.
///
/// # Errors
///
/// If there is no project, or a file cannot be read or written.
pub fn run(context: &Context, options: &Build, console: &mut Console) -> Result<Exit, Failure> {
    let format = context.global.format;
    let progress = Progress::start(
        "building",
        console.is_interactive && format == Format::Human,
    );
    let selected = match &options.file {
        Some(file) => select_file(file, context)?,
        None => Selected::whole(select::project(context)?),
    };
    let project = &selected.loaded.project;
    let name = &project.settings.project;
    let targets = targets::choose(&options.targets, &project.settings.targets)?;
    let folder = match &options.output {
        Some(folder) => paths::absolute(folder, &context.cwd),
        None => project.output.clone(),
    };
    let shown = paths::display(&folder, &context.cwd);
    if options.output.is_some() && options.file.is_none() {
        let real = paths::real(&folder);
        let below = selected
            .own_files()
            .find(|file| paths::real(&file.path).starts_with(&real));
        if let Some(source) = below {
            return Err(Failure::usage(format!(
                "the output directory {shown} contains the sources"
            ))
            .help(format!(
                "choose a directory without sources, such as `--output build`: it contains {}",
                source.shown
            )));
        }
    }

    let mut findings = Findings::default();
    findings.add(
        &selected.loaded.sources,
        selected.loaded.diagnostics.iter().cloned(),
    );
    let memory = Memory::new(&selected, &folder, options);
    if let Some(before) = memory.as_ref().and_then(|memory| memory.recall(&folder)) {
        drop(progress);
        let input = selected.loaded.project.input(options.env.as_deref());
        findings.add(&input.sources(), before.diagnostics.clone());
        return show_settled(&before, name, &shown, findings, options, format, console);
    }
    let (compilation, partial) = compile(&selected, options)?;
    let kept = memory.is_some().then(|| Shown {
        diagnostics: compilation.diagnostics.clone(),
        environments: compilation.environments.clone(),
        signals: compilation.signals,
        files: compilation.artifacts.len(),
    });
    findings.add(&compilation.sources, compilation.diagnostics);
    // The folder of an environment is named by the same rule as the paths of its files.
    let only = options.env.as_deref().map(file_stem);
    let keeps_going = partial.is_some();
    let environments: Vec<String> = compilation
        .environments
        .iter()
        .map(|name| file_stem(name))
        .collect();
    let target = Folder {
        path: &folder,
        shown: &shown,
        project: name,
        only: only.as_deref(),
        targets: targets.as_ref(),
        environments: &environments,
        keeps_others: keeps_going,
    };
    let artifacts: Vec<&Artifact> = partial
        .as_ref()
        .map_or(&compilation.artifacts, |partial| &partial.artifacts)
        .iter()
        .filter(|artifact| target.builds(&artifact.path))
        .collect();
    drop(progress);
    let mut planned = None;
    if keeps_going || !findings.has_errors() {
        match writing::plan(&target, &artifacts, options, console)? {
            Ok((plan, lock)) => {
                let warnings = plan.warnings.iter().cloned();
                findings.add(
                    &plan.sources,
                    warnings.filter_map(|warning| project.levels.apply(warning)),
                );
                planned = Some((plan, lock));
            }
            Err((sources, diagnostics)) => findings.add(&sources, diagnostics),
        }
    }
    if options.deny_warnings {
        findings.deny_warnings();
    }
    let planned = planned.filter(|_| keeps_going || !findings.has_errors());
    // Excessive removals are confirmed on a terminal, and are an error elsewhere.
    let excess = planned
        .as_ref()
        .filter(|_| !options.allow_removals)
        .and_then(|(plan, _)| removals::diagnostic(plan, &shown));
    let asks = excess.is_some() && !options.check && console.can_ask() && format == Format::Human;
    if let Some((sources, diagnostic)) = &excess
        && !asks
    {
        findings.add(sources, [diagnostic.clone()]);
    }
    findings.show(format, console)?;
    let is_refused = excess.is_some() && !asks && !options.check;
    let Some((plan, lock)) = planned.filter(|_| !is_refused) else {
        let line = format!("{name} was not built: {}", findings.counts());
        report::conclude(&line, &findings, format, console);
        return Ok(Exit::Findings);
    };
    if options.check {
        return Ok(show_changes(&plan, &shown, &findings, format, console));
    }
    if asks && !removals::confirm(&plan, &shown, console)? {
        let line = format!("{name} was not built: the removals were declined");
        report::conclude(&line, &findings, format, console);
        return Ok(Exit::Findings);
    }
    let is_as_built = plan.warnings.is_empty();
    let applied = match &lock {
        Some(lock) => plan.apply(lock)?,
        // Without a lock there is nothing to write.
        None => plan.nothing_to_apply(),
    };
    let report = applied.report;
    // The sources of files of other targets may be older.
    let is_whole = !keeps_going && targets.is_none() && options.file.is_none();
    if project.record_sources && is_whole {
        sources::record(
            &selected.loaded,
            &context.cwd,
            &folder,
            only.as_deref(),
            &compilation.environments,
        )?;
    }
    // The sources of the last build may have been written now, and are not part of the output's record.
    if let (Some(memory), Some(kept)) = (&memory, &kept)
        && is_as_built
        && !project.record_sources
    {
        memory.keep(&folder, &applied, kept);
    }
    drop(lock);
    let line = match &partial {
        Some(partial) => {
            let report = format!("{report} in {}", as_folder(&shown));
            partial_summary(name, partial, &report, &findings)
        }
        None => summary(
            &format!("{}{name}", targets::describe(targets.as_ref())),
            &compilation.environments,
            report,
            &shown,
            compilation.signals,
        ),
    };
    report::conclude(&line, &findings, format, console);
    Ok(match keeps_going {
        true => Exit::Findings,
        false => Exit::Ok,
    })
}

/// Shows the result of a build that would change nothing.
///
/// # Errors
///
/// If it cannot be written.
fn show_settled(
    before: &Shown,
    name: &str,
    shown: &str,
    mut findings: Findings,
    options: &Build,
    format: Format,
    console: &mut Console,
) -> Result<Exit, Failure> {
    if options.deny_warnings {
        findings.deny_warnings();
    }
    findings.show(format, console)?;
    let report = Report {
        unchanged: before.files,
        ..Report::default()
    };
    let line = if findings.has_errors() {
        format!("{name} was not built: {}", findings.counts())
    } else if options.check {
        up_to_date(shown, report)
    } else {
        summary(name, &before.environments, report, shown, before.signals)
    };
    report::conclude(&line, &findings, format, console);
    Ok(findings.exit())
}

/// Describes a build: what it changed, and how many signals have a metric.
fn summary(
    name: &str,
    environments: &[String],
    report: Report,
    shown: &str,
    signals: Option<Tally>,
) -> String {
    let environments = match environments {
        [] => String::new(),
        [one] => format!(" for {one}"),
        several => format!(" for {}", count(several.len(), "environment")),
    };
    let line = format!(
        "built {name}{environments}: {report} in {}",
        as_folder(shown)
    );
    match signals.and_then(coverage_summary) {
        Some(signals) => format!("{line}\n{signals}"),
        None => line,
    }
}

/// Describes an output folder in which nothing would change.
fn up_to_date(shown: &str, report: Report) -> String {
    format!("{shown}/ is up to date: {} unchanged", report.unchanged)
}

fn as_folder(shown: &str) -> String {
    match shown.ends_with('/') {
        true => shown.to_owned(),
        false => format!("{shown}/"),
    }
}

/// Compiles the project. With `--keep-going` and errors, also builds the services that have none.
fn compile(
    selected: &Selected,
    options: &Build,
) -> Result<(Compilation, Option<Partial>), Failure> {
    if !options.keep_going {
        return Ok((selected.compile(options.env.as_deref())?, None));
    }
    let is_error = |found: &Diagnostic<FileSpan>| found.severity == Severity::Error;
    let (compilation, session, input) = selected.compile_with_session(options.env.as_deref())?;
    // If a file could not be read, its dependents are unknown.
    let is_read = !selected.loaded.diagnostics.iter().any(is_error);
    if !is_read || !compilation.diagnostics.iter().any(is_error) {
        return Ok((compilation, None));
    }
    let partial =
        session.compile_sound(&input, &compilation.diagnostics, &compilation.environments);
    Ok((compilation, Some(partial)))
}

/// Describes what was built of a project with errors, and what was not.
fn partial_summary(name: &str, partial: &Partial, report: &str, findings: &Findings) -> String {
    let mut line = format!("built {name} in part: {report}; {}", findings.counts());
    for skipped in &partial.skipped {
        let file = one_line(&skipped.file);
        let why = match skipped.is_imported {
            true => format!("it depends on {file}, which has errors"),
            false => format!("{file} has errors"),
        };
        line.push_str(&format!(
            "\n  not built: service {}: {why}",
            one_line(&skipped.service)
        ));
    }
    for service in &partial.incomplete {
        let service = one_line(service);
        line.push_str(&format!(
            "\n  built in part: service {service}: its runbook, OpenSLO documents and gates reference \
            services that are not built"
        ));
    }
    line + "\n  left unchanged: the files of services that are not built, and the files that are \
        generated for all services together"
}

/// Returns how many signals have a metric; `None` if all of them have one.
fn coverage_summary(signals: Tally) -> Option<String> {
    (signals.found < signals.total()).then(|| {
        format!(
            "signals: {} of {} found (details: nthc metrics coverage)",
            signals.found,
            signals.total()
        )
    })
}

/// Selects a standalone file to build.
///
/// # Errors
///
/// If the path is a directory, or the file belongs to a project or cannot be read.
fn select_file(file: &Path, context: &Context) -> Result<Selected, Failure> {
    let path = paths::absolute(file, &context.cwd);
    let shown = paths::display(&path, &context.cwd);
    if path.is_dir() {
        return Err(
            Failure::usage(format!("{shown} is a directory")).help(format!(
                "build its project with `nthc build --project {shown}`"
            )),
        );
    }
    if let Some(root) = path.parent().and_then(project::find) {
        let loaded = project::load(&root, &context.cwd)?;
        if loaded.project.files.iter().any(|file| file.path == path) {
            let root = paths::display(&root, &context.cwd);
            return Err(
                Failure::usage(format!("{shown} is part of the project in {root}")).help(format!(
                    "build the project with `nthc build --project {root}`"
                )),
            );
        }
    }
    Selected::load_file(path, context)
}

/// Prints what a build would change.
fn show_changes(
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
        up_to_date(shown, report)
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
        Exit::Findings
    }
}
