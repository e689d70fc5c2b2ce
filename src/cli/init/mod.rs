//! `nthc init`: a project that builds.

use std::fs;
use std::path::Path;

use super::Context;
use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Init;
use nthc::output::replace_file;
use nthc::project::{io_cause, paths, to_identifier};

/// The generated files with their templates. `{{name}}` is replaced by the name of the project.
const FILES: [(&str, &str); 4] = [
    ("nth.toml", include_str!("templates/nth.toml")),
    (".gitignore", include_str!("templates/gitignore")),
    (
        "services/checkout.nth",
        include_str!("templates/services/checkout.nth"),
    ),
    (
        "teams/payments.nth",
        include_str!("templates/teams/payments.nth"),
    ),
];

/// Creates a project.
///
/// # Errors
///
/// If one of its files exists, the name of the folder is not a valid project name, or a file cannot be written.
pub fn run(context: &Context, options: &Init, console: &mut Console) -> Result<Exit, Failure> {
    let root = paths::absolute(&options.folder, &context.cwd);
    let shown = paths::display(&root, &context.cwd);
    let name = match &options.name {
        Some(name) => name.clone(),
        None => root
            .file_name()
            .and_then(|name| to_identifier(&name.to_string_lossy()))
            .ok_or_else(|| {
                Failure::usage(format!("{shown} is not a valid project name"))
                    .help("set one with `--name`")
            })?,
    };
    let existing = FILES
        .iter()
        .map(|(path, _)| *path)
        .find(|path| fs::symlink_metadata(root.join(path)).is_ok());
    if let Some(path) = existing {
        return Err(Failure::usage(format!(
            "{} exists",
            paths::display(&root.join(path), &context.cwd)
        ))
        .help("nothing was written: `nthc init` never overwrites files"));
    }
    let linked = FILES
        .iter()
        .filter_map(|(path, _)| path.split_once('/'))
        .map(|(folder, _)| root.join(folder))
        .find(|folder| fs::symlink_metadata(folder).is_ok_and(|meta| !meta.is_dir()));
    if let Some(folder) = linked {
        return Err(Failure::usage(format!(
            "{} is not a directory",
            paths::display(&folder, &context.cwd)
        ))
        .help("nothing was written: `nthc init` does not follow symbolic links"));
    }
    for (number, (path, template)) in FILES.into_iter().enumerate() {
        let written = write(&root.join(path), &template.replace("{{name}}", &name));
        if let Err(cause) = written {
            // An incomplete project would block the next attempt.
            for (file, _) in FILES.iter().take(number) {
                let _ = fs::remove_file(root.join(file));
            }
            return Err(Failure::io(format!(
                "cannot write {shown}/{path}: {}",
                io_cause(&cause)
            )));
        }
    }
    console
        .err
        .line(format_args!("created project {name} in {shown}"));
    let build = if root == context.cwd {
        "nthc build".to_owned()
    } else {
        format!("nthc build --project {shown}")
    };
    console.err.line(format_args!("Build it with `{build}`."));
    Ok(Exit::Ok)
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    replace_file(path, text.as_bytes())
}
