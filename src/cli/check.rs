//! `nthc check`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Check, Format};
use super::progress::Progress;
use super::report::{self, Findings, count};
use super::select::{self, Selected};
use nthc::diagnostics::{Applicability, fix};
use nthc::output::replace_file;
use nthc::project::{MANIFEST, paths};

/// The maximum number of rounds of fixes: a fix may reveal another error, and two fixes may undo each other for ever.
const MOST_ROUNDS: usize = 10;

/// Checks the project, applies the safe fixes if `--fix` is given, and prints the diagnostics that are left.
///
/// # Errors
///
/// If there is no project, or a file cannot be read or written.
pub fn run(context: &Context, options: &Check, console: &mut Console) -> Result<Exit, Failure> {
    let format = context.global.format;
    let progress = Progress::start(
        "checking",
        console.is_interactive && format == Format::Human,
    );
    let mut applied = AppliedFixes::default();
    let (mut findings, files) = loop {
        let selected = select::select(context, &options.files)?;
        let mut findings = Findings::default();
        let mut files = BTreeSet::new();
        for project in &selected {
            collect_findings(project, options.env.as_deref(), context, &mut findings)?;
            files.extend(project.own_files().map(|file| file.path.clone()));
        }
        let is_done = !options.fix || applied.rounds == MOST_ROUNDS;
        if is_done || !apply_fixes(&findings, &selected, context, &mut applied)? {
            break (findings, files.len());
        }
    };
    drop(progress);
    if options.deny_warnings {
        findings.deny_warnings();
    }
    findings.show(format, console)?;
    let fixed = match applied.edits {
        0 => String::new(),
        edits => format!(
            ", {} fixed in {}",
            count(edits, "mistake"),
            count(applied.files.len(), "file")
        ),
    };
    let line = format!(
        "checked {}: {}{fixed}",
        count(files, "file"),
        findings.counts()
    );
    report::conclude(&line, &findings, format, console);
    Ok(findings.exit())
}

/// Adds all diagnostics of the selected files to `findings`.
fn collect_findings(
    project: &Selected,
    environment: Option<&str>,
    context: &Context,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let compilation = project.check(environment)?;
    let loaded = &project.loaded;
    for (sources, diagnostics) in [
        (&loaded.sources, &loaded.diagnostics),
        (&compilation.sources, &compilation.diagnostics),
    ] {
        let reported = diagnostics.iter().filter(|diagnostic| {
            let file = sources.file(diagnostic.primary.span.file);
            file.is_none_or(|file| project.reports(&file.path, &context.cwd))
        });
        findings.add(sources, reported.cloned());
    }
    Ok(())
}

/// The number of fixes and files so far.
#[derive(Default)]
struct AppliedFixes {
    rounds: usize,
    edits: usize,
    files: BTreeSet<PathBuf>,
}

/// Applies the safe fixes in the projects' own files. Returns whether there were any.
fn apply_fixes(
    findings: &Findings,
    selected: &[Selected],
    context: &Context,
    applied: &mut AppliedFixes,
) -> Result<bool, Failure> {
    let own: BTreeSet<PathBuf> = selected
        .iter()
        .flat_map(|project| {
            let manifest = project.loaded.project.root.join(MANIFEST);
            project
                .own_files()
                .map(|file| file.path.clone())
                .chain([manifest])
        })
        .collect();
    let is_own = |number: usize| {
        let file = findings.sources.file(number)?;
        let path = paths::absolute(file.path.as_ref(), &context.cwd);
        own.contains(&path).then_some(path)
    };
    // A fix that also edits a file of a package or of the standard library is not applied in part.
    let mut diagnostics = findings.diagnostics.clone();
    for diagnostic in &mut diagnostics {
        diagnostic.fixes.retain(|fix| {
            fix.edits
                .iter()
                .all(|edit| is_own(edit.span.file).is_some())
        });
    }
    let mut any = false;
    for fixed in fix::apply(&diagnostics, &findings.sources, Applicability::Always) {
        let Some(path) = is_own(fixed.file) else {
            continue;
        };
        let shown = paths::display(&path, &context.cwd);
        let root = path.parent().and_then(nthc::project::find);
        let written = nthc::project::resolve_file(&path, root.as_deref())
            .and_then(|place| replace_file(&place, fixed.text.as_bytes()));
        written.map_err(|cause| {
            Failure::io(format!(
                "cannot write {shown}: {}",
                nthc::project::io_cause(&cause)
            ))
        })?;
        applied.edits += fixed.count;
        applied.files.insert(path);
        any = true;
    }
    applied.rounds += 1;
    Ok(any)
}
