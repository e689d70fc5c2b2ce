//! `nthc build`.

mod part;
mod removals;
mod settled;
mod sources;
mod targets;
mod writing;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Mutex;

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
use nthc::ir::{Tally, TargetName};
use nthc::output::lock::Lock;
use nthc::output::settled::{Older, Recalled, Shown};
use nthc::output::{Change, Folder, Others, Plan, Report, Taken};
use nthc::partial::Partial;
use nthc::parts::Parts;
use nthc::project::{self, paths};
use settled::Memory;
use writing::{Patience, Planned};

/// Builds the project and writes its outputs unless there are errors.
///
/// # Errors
///
/// If there is no project, or a file cannot be read or written.
pub fn run(context: &Context, options: &Build, console: &mut Console) -> Result<Exit, Failure> {
    let format = context.global.format;
    let progress = Mutex::new(Some(Progress::start(
        "building",
        console.is_interactive && format == Format::Human,
    )));
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
    let mut older = None;
    if let Some(memory) = &memory {
        match memory.recall(&folder) {
            Some(Recalled::Same(before)) => {
                writing::stop(&progress);
                findings.add(&memory.input.sources(), before.diagnostics.clone());
                return show_settled(&before, name, &shown, findings, options, format, console);
            }
            Some(Recalled::Older(found)) => older = Some(found),
            None => {}
        }
    }
    let setup = Setup {
        cwd: &context.cwd,
        selected: &selected,
        folder: &folder,
        shown: &shown,
        targets: targets.as_ref(),
        options,
        format,
        memory: memory.as_ref(),
        older: older.as_deref(),
        progress: &progress,
    };
    setup.build(&findings, console)
}

/// How often files are generated until nobody else has changed the folder in the meantime: the second time is under the lock.
const ATTEMPTS: usize = 2;

/// What a build is of, and where it goes.
struct Setup<'a> {
    cwd: &'a Path,
    selected: &'a Selected,
    folder: &'a Path,
    shown: &'a str,
    /// The targets that are built; `None` for all.
    targets: Option<&'a BTreeSet<TargetName>>,
    options: &'a Build,
    format: Format,
    memory: Option<&'a Memory>,
    /// The last build, if it was of other sources.
    older: Option<&'a Older>,
    progress: &'a Mutex<Option<Progress>>,
}

/// What was generated.
struct Generated {
    compilation: Compilation,
    /// What is built of a project with errors.
    partial: Option<Partial>,
    /// The files; an error if there are none because they could not be compared or written.
    taken: Result<Taken, Failure>,
    /// What the project is made of, if that is known.
    parts: Option<Parts>,
    /// True if only those files were generated that differ from the last build.
    is_part: bool,
}

impl<'a> Setup<'a> {
    /// Generates the files and writes them; a second time, under the lock, if another build changed the folder in the meantime.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    fn build(&self, findings: &Findings, console: &mut Console) -> Result<Exit, Failure> {
        let mut lock = None;
        if let Some(part) = self.generate_part(console)? {
            match self.write(&part, findings.clone(), console)? {
                Written::As(exit) => return Ok(exit),
                Written::Overtaken(acquired) => {
                    lock = acquired.or_else(|| part.taken.ok()?.lock);
                }
            }
        }
        for _ in 0..ATTEMPTS {
            let generated = self.generate(lock, console)?;
            match self.write(&generated, findings.clone(), console)? {
                Written::As(exit) => return Ok(exit),
                Written::Overtaken(acquired) => {
                    lock = acquired.or_else(|| generated.taken.ok()?.lock);
                }
            }
        }
        let changes = format!("another program changes the files in {}", self.shown);
        let help = "no file was changed; build again when it has finished";
        Err(Failure::io(changes).help(help))
    }

    /// Compiles the project. With `--keep-going` and errors, builds the services that have none.
    fn generate(&self, lock: Option<Lock>, console: &mut Console) -> Result<Generated, Failure> {
        let environment = self.options.env.as_deref();
        let folder = self.output(None, &[], Others::Removed);
        let spool = writing::spool(&folder, lock, self.patience(console));
        let take = |artifact: Artifact| spool.take(artifact.path, artifact.contents.as_bytes());
        let (compilation, partial, parts) = match self.options.keep_going {
            false => {
                let (compilation, parts) = self.compile(environment, &take)?;
                (compilation, None, parts)
            }
            true => {
                let (mut compilation, mut partial) =
                    compile_sound_parts(self.selected, environment)?;
                let artifacts = match &mut partial {
                    Some(partial) => &mut partial.artifacts,
                    None => &mut compilation.artifacts,
                };
                std::mem::take(artifacts).into_iter().for_each(take);
                (compilation, partial, None)
            }
        };
        Ok(Generated {
            compilation,
            partial,
            taken: spool.finish(),
            parts,
            is_part: false,
        })
    }

    fn patience<'p>(&'p self, console: &'p mut Console) -> Patience<'p> {
        Patience {
            options: self.options,
            console,
            progress: self.progress,
        }
    }

    fn output<'f>(
        &'f self,
        only: Option<&'f str>,
        environments: &'f [String],
        others: Others,
    ) -> Folder<'f> {
        Folder {
            path: self.folder,
            shown: self.shown,
            project: &self.selected.loaded.project.settings.project,
            only,
            targets: self.targets,
            environments,
            others,
        }
    }

    /// Plans the changes to the output folder and makes them.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    fn write(
        &self,
        generated: &Generated,
        mut findings: Findings,
        console: &mut Console,
    ) -> Result<Written, Failure> {
        let Self {
            selected,
            folder,
            shown,
            options,
            format,
            ..
        } = *self;
        let Generated {
            compilation,
            partial,
            taken,
            parts,
            is_part,
        } = generated;
        let older = self.older.filter(|_| *is_part);
        let project = &selected.loaded.project;
        let name = &project.settings.project;
        findings.add(
            &compilation.sources,
            compilation.diagnostics.iter().cloned(),
        );
        // The folder of an environment is named by the same rule as the paths of its files.
        let only = options.env.as_deref().map(file_stem);
        let environments: Vec<String> = compilation
            .environments
            .iter()
            .map(|name| file_stem(name))
            .collect();
        let keeps_going = partial.is_some();
        let others = match (keeps_going, is_part) {
            (_, true) => Others::Unedited,
            (true, _) => Others::Kept,
            (false, false) => Others::Removed,
        };
        let target = self.output(only.as_deref(), &environments, others);
        writing::stop(self.progress);
        let mut planned = None;
        if keeps_going || !findings.has_errors() {
            let taken = taken.as_ref().map_err(Clone::clone)?;
            let (found, lock) = writing::plan(&target, taken, self.patience(console))?;
            if older.is_some_and(|older| !older.is_last(folder)) {
                return Ok(Written::Overtaken(lock));
            }
            match found {
                Planned::Changes(plan) => {
                    let warnings = plan.warnings.iter().cloned();
                    findings.add(
                        &plan.sources,
                        warnings.filter_map(|warning| project.levels.apply(warning)),
                    );
                    planned = Some((plan, lock));
                }
                Planned::Problems((sources, diagnostics)) => findings.add(&sources, diagnostics),
                Planned::Overtaken => return Ok(Written::Overtaken(lock)),
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
            .and_then(|(plan, _)| removals::diagnostic(plan, shown));
        let asks =
            excess.is_some() && !options.check && console.can_ask() && format == Format::Human;
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
            return Ok(Written::As(Exit::Findings));
        };
        // The files that were not generated because they do not differ.
        let elsewhere = older.map_or(0, |older| {
            let taken = taken.as_ref().map_or(0, |taken| taken.files.len());
            older.shown.files.saturating_sub(taken)
        });
        if options.check {
            return Ok(Written::As(show_changes(
                &plan, elsewhere, shown, &findings, format, console,
            )));
        }
        if asks && !removals::confirm(&plan, shown, console)? {
            let line = format!("{name} was not built: the removals were declined");
            report::conclude(&line, &findings, format, console);
            return Ok(Written::As(Exit::Findings));
        }
        let is_as_built = plan.warnings.is_empty();
        let held = taken.as_ref().ok().and_then(|taken| taken.lock.as_ref());
        let applied = match lock.as_ref().or(held) {
            Some(lock) => plan.apply(lock)?,
            // Without a lock there is nothing to write.
            None => plan.nothing_to_apply(),
        };
        let mut report = applied.report;
        report.unchanged += elsewhere;
        // The sources of files of other targets may be older.
        let is_whole = !keeps_going && self.targets.is_none() && options.file.is_none();
        if project.record_sources && is_whole {
            sources::record(
                &selected.loaded,
                self.cwd,
                folder,
                only.as_deref(),
                &compilation.environments,
            )?;
        }
        // The sources of the last build may have been written now, and are not part of the output's record.
        if let Some(memory) = self.memory
            && is_as_built
            && !project.record_sources
        {
            let kept = Shown {
                diagnostics: compilation.diagnostics.clone(),
                environments: compilation.environments.clone(),
                signals: compilation.signals,
                files: report.written + report.unchanged,
            };
            memory.keep(folder, &applied, &kept, parts.as_ref(), older);
        }
        let line = match &partial {
            Some(partial) => {
                let report = format!("{report} in {}", as_folder(shown));
                partial_summary(name, partial, &report, &findings)
            }
            None => summary(
                &format!("{}{name}", targets::describe(self.targets)),
                &compilation.environments,
                report,
                shown,
                compilation.signals,
            ),
        };
        report::conclude(&line, &findings, format, console);
        Ok(Written::As(match keeps_going {
            true => Exit::Findings,
            false => Exit::Ok,
        }))
    }
}

/// What writing a build came to.
enum Written {
    /// The exit code.
    As(Exit),
    /// The files must be generated again, under this lock if there is one.
    Overtaken(Option<Lock>),
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

/// Compiles the project; if it has errors, also builds the services that have none.
///
/// # Errors
///
/// If the project has no such environment.
fn compile_sound_parts(
    selected: &Selected,
    environment: Option<&str>,
) -> Result<(Compilation, Option<Partial>), Failure> {
    let is_error = |found: &Diagnostic<FileSpan>| found.severity == Severity::Error;
    let (compilation, session, input) = selected.compile_with_session(environment)?;
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
    elsewhere: usize,
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
    let mut report = plan.report();
    report.unchanged += elsewhere;
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
