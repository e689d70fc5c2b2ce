//! `nthc test --detection`.

mod document;
mod report;
mod table;

use std::fs;
use std::path::Path;

use smol_str::SmolStr;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options;
use super::report::count;
use nthc::diagnostics::suggest;
use nthc::limits;
use nthc::output::replace_file;
use nthc::project::{NotUtf8, decode, io_cause, paths, read_file_at_most};
use nthc::session::Session;
use nthc::testing::Selection;
use nthc::testing::detection::{self, SloDetection};
use nthc::testing::detection_file::{self, HEADER};

use document::Report;

/// A project without errors.
pub struct Checked<'s> {
    /// Its session.
    pub session: &'s Session,
    /// Its settings, without an environment.
    pub settings: &'s nthc::ir::Settings,
    /// The environments; one `None` if the project declares none.
    pub environments: &'s [Option<SmolStr>],
}

/// Shows, writes or checks how soon the alerts of SLOs fire.
///
/// # Errors
///
/// If there is no SLO, or none of a given name, or a file cannot be read or written.
pub fn run(
    context: &Context,
    options: &options::Test,
    project: &Checked<'_>,
    console: &mut Console,
) -> Result<Exit, Failure> {
    require_slos(project, options)?;
    let of = &options.detection;
    let expected = of.check.as_deref().map(|path| read(path, context));
    let expected = expected.transpose()?;
    if let Some(path) = &of.write
        && !of.force
    {
        require_own(path, context)?;
    }
    let selection = Selection {
        environments: project.environments,
        names: &options.names,
    };
    let found = detection::detect(project.session, project.settings, selection);
    let is_whole = options.names.is_empty() && options.env.is_none();
    let changes = expected.map(|file| detection_file::changes(&file, &found, is_whole));
    if let Some(path) = &of.write {
        write(path, &found, context)?;
    }
    let shown = |path: &Path| paths::display(&paths::absolute(path, &context.cwd), &context.cwd);
    let file = of.check.as_deref().map(shown).unwrap_or_default();
    let report = Report {
        project: &project.settings.project,
        found: &found,
        changes: changes.as_deref(),
        file: &file,
    };
    let is_brief = of.write.is_some() || options.quiet;
    report::show(&report, is_brief, context.global.format, console)?;
    let unknown = found.iter().filter(|one| one.reaction.is_err()).count();
    let counted = match unknown {
        0 => count(found.len(), "SLO"),
        _ => format!(
            "{}, of which {unknown} could not be simulated",
            count(found.len(), "SLO")
        ),
    };
    let (line, is_ok) = match (&of.write, &changes) {
        (Some(path), _) => (format!("wrote {}: {counted}", shown(path)), true),
        (_, Some(changes)) if changes.is_empty() => {
            (format!("{file} is up to date: {counted}"), true)
        }
        (_, Some(changes)) => {
            let number = count(changes.len(), "change");
            let line = format!(
                "{file} is not up to date: {number}\n  help: if they are intended, run the command with \
                 `--write` instead of `--check`"
            );
            (line, false)
        }
        _ => (counted, unknown == 0),
    };
    console.err.lines(&line);
    Ok(if is_ok { Exit::Ok } else { Exit::Findings })
}

/// Requires that there are SLOs, and that each name selects one.
fn require_slos(project: &Checked<'_>, options: &options::Test) -> Result<(), Failure> {
    let env = options.env.as_ref();
    let place = env.map_or_else(String::new, |env| format!(" in environment `{env}`"));
    let known = detection::known_slos(project.session, project.environments);
    if known.is_empty() {
        return Err(Failure::usage(format!("the project has no SLOs{place}")));
    }
    for name in &options.names {
        if known.iter().any(|slo| slo.contains(name.as_str())) {
            continue;
        }
        let failure = Failure::usage(format!("unknown SLO `{name}`{place}"));
        let all = known.iter().map(String::as_str);
        return Err(match suggest::nearest(name, all) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure
                .help("use a part of an SLO's name, such as `checkout` or `checkout.availability`"),
        });
    }
    Ok(())
}

fn read(path: &Path, context: &Context) -> Result<String, Failure> {
    let path = paths::absolute(path, &context.cwd);
    let shown = paths::display(&path, &context.cwd);
    let bytes = read_file_at_most(&path, limits::DOCUMENT_BYTES).map_err(|cause| {
        Failure::io(format!("cannot read {shown}: {}", io_cause(&cause)))
            .help("write it with `nthc test --detection --write FILE`")
    })?;
    let text = decode(bytes)
        .map_err(|NotUtf8 { .. }| Failure::io(format!("cannot read {shown}: not UTF-8")))?;
    match text.starts_with(HEADER) {
        true => Ok(text),
        false => Err(
            Failure::usage(format!("{shown} contains no detection times"))
                .help("write a file with `nthc test --detection --write FILE`"),
        ),
    }
}

/// Requires that a file does not exist, or was written by this command.
fn require_own(path: &Path, context: &Context) -> Result<(), Failure> {
    let path = paths::absolute(path, &context.cwd);
    if fs::symlink_metadata(&path).is_err() {
        return Ok(());
    }
    let shown = paths::display(&path, &context.cwd);
    let is_own = !path.is_dir()
        && read_file_at_most(&path, limits::DOCUMENT_BYTES)
            .is_ok_and(|bytes| bytes.starts_with(HEADER.as_bytes()));
    match is_own {
        true => Ok(()),
        false if path.is_dir() => Err(Failure::usage(format!("{shown} is a directory"))
            .help("name a file, such as `detection.md`")),
        false => Err(
            Failure::usage(format!("{shown} exists and has other contents"))
                .help("overwrite it with `--force`; nothing was written"),
        ),
    }
}

fn write(path: &Path, found: &[SloDetection], context: &Context) -> Result<(), Failure> {
    let path = paths::absolute(path, &context.cwd);
    let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
    let text = detection_file::markdown(found);
    folder
        .and_then(|()| replace_file(&path, text.as_bytes()))
        .map_err(|cause| {
            let shown = paths::display(&path, &context.cwd);
            Failure::io(format!("cannot write {shown}: {}", io_cause(&cause)))
        })
}
