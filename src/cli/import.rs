//! `nthc import`.

use std::fs;
use std::path::{Path, PathBuf};

use smol_str::SmolStr;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::{Import, ImportCommand, ImportOpenSlo};
use super::report::{self, Findings, count};
use super::select::{self, Selected};
use nthc::diagnostics::{FileSpan, SourceMap};
use nthc::import::openslo::{self, MODULE};
use nthc::ir::Settings;
use nthc::limits;
use nthc::output::replace_file;
use nthc::project::{
    self, EXTENSION, NotUtf8, decode, io_cause, not_utf8, paths, read_file_at_most,
};

/// The extensions of the files that are read from a folder.
const READ: [&str; 3] = ["yaml", "yml", "json"];

/// Converts files of another format to `.nth`.
///
/// # Errors
///
/// If a file cannot be read or written, or the output file exists.
pub fn run(context: &Context, options: &Import, console: &mut Console) -> Result<Exit, Failure> {
    match &options.command {
        ImportCommand::Openslo(options) => import_openslo(context, options, console),
    }
}

fn import_openslo(
    context: &Context,
    options: &ImportOpenSlo,
    console: &mut Console,
) -> Result<Exit, Failure> {
    let format = context.global.format;
    if options.output.is_none() && format.is_for_programs() {
        return Err(
            Failure::usage("diagnostics in this format go to standard output")
                .help("set the output file of the import with `--output`"),
        );
    }
    let target = match &options.output {
        Some(output) => Some(target(output, options.force, context)?),
        None => None,
    };
    let mut findings = Findings::default();
    let mut files = Vec::new();
    let (paths, refused) = sources(&options.files, context)?;
    if !refused.is_empty() {
        for failure in &refused {
            report::show_failure(failure, console);
        }
        let line = format!(
            "nothing was imported: cannot read {}",
            count(refused.len(), "file")
        );
        report::conclude(&line, &findings, format, console);
        return Ok(Exit::Io);
    }
    for path in paths {
        let shown = paths::display(&path, &context.cwd);
        let bytes = read_file_at_most(&path, limits::DOCUMENT_BYTES)
            .map_err(|cause| Failure::io(format!("cannot read {shown}: {}", io_cause(&cause))))?;
        match decode(bytes) {
            Ok(text) => files.push((shown, text)),
            Err(NotUtf8 { text, at }) => {
                let mut sources = SourceMap::default();
                let file = sources.add(shown, text);
                let span = FileSpan {
                    file,
                    start: at.start,
                    end: at.end,
                };
                findings.add(&sources, [not_utf8(span)]);
            }
        }
    }
    let read = files.len();
    let (settings, environments) = target_project(target.as_deref(), context);
    let import = openslo::import_into(files, &settings, &environments);
    findings.add(&import.sources, import.diagnostics);
    if options.deny_warnings {
        findings.deny_warnings();
    }
    let text = import.text.filter(|_| !findings.has_errors());
    findings.show(format, console)?;
    let line = match (&text, &target) {
        (None, _) => format!(
            "nothing was imported from {}: {}",
            count(read, "file"),
            findings.counts()
        ),
        (Some(text), None) => {
            console.out.text(text);
            return Ok(findings.exit());
        }
        (Some(text), Some(target)) => {
            let shown = paths::display(target, &context.cwd);
            write(target, text).map_err(|cause| {
                Failure::io(format!("cannot write {shown}: {}", io_cause(&cause)))
            })?;
            format!("imported {shown} from {}", count(read, "file"))
        }
    };
    report::conclude(&line, &findings, format, console);
    Ok(findings.exit())
}

/// Returns the settings of the project that the output is for, and the environments that its other files declare: the
/// project that contains the output file, or else that of the working directory. Defaults for a file outside of projects.
fn target_project(target: Option<&Path>, context: &Context) -> (Settings, Vec<SmolStr>) {
    let loaded = match target.and_then(Path::parent) {
        Some(folder) => {
            project::find(folder).and_then(|root| project::load(&root, &context.cwd).ok())
        }
        None => select::project(context).ok(),
    };
    let Some(mut loaded) = loaded else {
        return (project::default_settings(MODULE), Vec::new());
    };
    // The file that is overwritten no longer counts.
    loaded
        .project
        .files
        .retain(|file| Some(file.path.as_path()) != target);
    let settings = loaded.project.settings.clone();
    let session = Selected::whole(loaded).session();
    let environments = session.workspace.environments(&session.db);
    (settings, environments.keys().cloned().collect())
}

/// Returns the path of the output file. A folder gets a file that is named after the format.
fn target(output: &Path, force: bool, context: &Context) -> Result<PathBuf, Failure> {
    let is_folder_name = output.as_os_str().to_string_lossy().ends_with(['/', '\\']);
    let mut path = paths::absolute(output, &context.cwd);
    if is_folder_name || path.is_dir() {
        path.push(format!("{MODULE}.{EXTENSION}"));
    }
    if !force && fs::symlink_metadata(&path).is_ok() {
        let shown = paths::display(&path, &context.cwd);
        return Err(Failure::usage(format!("{shown} exists"))
            .help("overwrite it with `--force`; nothing was written"));
    }
    Ok(path)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    replace_file(path, text.as_bytes())
}

/// Returns the named files and those below the named folders, with a failure for each entry of a folder that is not a
/// regular file within it. A path that is named itself may be anything readable, such as a shell's `<(…)`.
fn sources(names: &[PathBuf], context: &Context) -> Result<(Vec<PathBuf>, Vec<Failure>), Failure> {
    let mut found = Vec::new();
    let mut refused = Vec::new();
    for name in names {
        let path = paths::absolute(name, &context.cwd);
        let unread = |path: &Path, cause: &std::io::Error| {
            let shown = paths::display(path, &context.cwd);
            Failure::io(format!("cannot read {shown}: {}", io_cause(cause)))
        };
        if !path.is_dir() {
            found.push(path);
            continue;
        }
        let mut below_it = Vec::new();
        below(&path, &mut below_it).map_err(|cause| unread(&path, &cause))?;
        for file in below_it {
            match project::resolve_file(&file, Some(&path)) {
                Ok(_) => found.push(file),
                Err(cause) => refused.push(unread(&file, &cause)),
            }
        }
    }
    found.sort();
    found.dedup();
    Ok((found, refused))
}

fn below(folder: &Path, out: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // A link to a folder could lead in a circle.
        if entry.file_type()?.is_dir() {
            below(&path, out)?;
        } else if path
            .extension()
            .is_some_and(|extension| READ.iter().any(|read| extension == *read))
        {
            out.push(path);
        }
    }
    Ok(())
}
