//! The two versions: git revisions, directories, or the working tree.

use std::path::{Path, PathBuf};

use nth_diff::Revision as Named;
use smol_str::SmolStr;
use tempfile::TempDir;

use super::super::Context;
use super::super::exit::Failure;
use super::super::revision::{self, Revision};
use super::super::select;
use nthc::backends::file_stem;
use nthc::output::{BuiltSources, SOURCES, Unreadable};
use nthc::project::{self, Loaded, MANIFEST, io_cause, paths};

/// A version that was read.
pub struct VersionFiles {
    /// How it is named.
    pub named: Named,
    /// The project, with paths relative to the top folder of its repository, or to itself.
    pub loaded: Loaded,
    /// The folder to which paths are relative.
    top: PathBuf,
    /// The temporary folder that it is in, which is removed when this is dropped.
    _folder: Option<TempDir>,
}

impl VersionFiles {
    /// The text of `nth.toml`, as it was read.
    pub fn manifest(&self) -> &str {
        let path = self.manifest_path();
        let mut files = self.loaded.sources.files().iter();
        files
            .find(|file| file.path == path)
            .map_or("", |file| &file.text)
    }

    /// The path of `nth.toml` as it is shown.
    pub fn manifest_path(&self) -> String {
        paths::display(&self.loaded.project.root.join(MANIFEST), &self.top)
    }
}

/// The name of the working tree.
pub const WORKING_TREE: &str = "working tree";

/// What the user asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Revision(String),
    Directory(PathBuf, String),
    WorkingTree,
}

/// Reads both versions.
///
/// # Errors
///
/// If a revision or a directory does not exist or has no project.
pub fn read(
    context: &Context,
    base: Option<&str>,
    head: Option<&str>,
    merge_base: bool,
    two_environments: bool,
) -> Result<[VersionFiles; 2], Failure> {
    let root = select::root(context);
    let head = match head {
        Some(name) => asked(context, name, root.as_deref().ok())?,
        None => Asked::WorkingTree,
    };
    let base = match base {
        Some(name) => asked(context, name, root.as_deref().ok())?,
        // Two environments of the working tree, unless something else is asked for.
        None if two_environments => Asked::WorkingTree,
        None => Asked::Revision("HEAD".to_owned()),
    };
    let base = match (&base, merge_base) {
        (Asked::Revision(name), true) => {
            let other = match &head {
                Asked::Revision(other) => other.as_str(),
                Asked::WorkingTree => "HEAD",
                Asked::Directory(..) => return Err(only_revisions()),
            };
            let root = root.as_deref().map_err(Failure::clone)?;
            Asked::Revision(revision::merge_base(root, name, other)?)
        }
        (_, true) => return Err(only_revisions()),
        _ => base,
    };
    let read = |asked: &Asked| match asked {
        Asked::Revision(name) => {
            let root = root.as_deref().map_err(Failure::clone)?;
            of_revision(root, name)
        }
        Asked::Directory(path, name) => of_directory(path, name),
        Asked::WorkingTree => {
            let root = root.as_deref().map_err(Failure::clone)?;
            of_directory(root, WORKING_TREE)
        }
    };
    let (base, head) = rayon::join(|| read(&base), || read(&head));
    Ok([base?, head?])
}

/// Reads the sources of the last build, of an environment if one is given, and the working tree.
///
/// # Errors
///
/// If the last build recorded no sources.
pub fn read_against_build(
    context: &Context,
    environment: Option<&SmolStr>,
) -> Result<[VersionFiles; 2], Failure> {
    let head = of_directory(&select::root(context)?, WORKING_TREE)?;
    let output = &head.loaded.project.output;
    let shown = paths::display(output, &context.cwd);
    let alone = |name: &str| output.join(file_stem(name)).join(SOURCES);
    let folder = match environment {
        Some(name) if alone(name).is_file() => output.join(file_stem(name)),
        Some(_) => output.clone(),
        None => {
            let folders = std::fs::read_dir(output).into_iter().flatten().flatten();
            let mut names = folders.map(|entry| entry.file_name().to_string_lossy().into_owned());
            if let Some(name) = names.find(|name| output.join(name).join(SOURCES).is_file()) {
                return Err(Failure::usage(format!(
                    "environment `{name}` was last built by itself"
                ))
                .help(format!(
                    "compare it with `--env {name}`, or build all environments"
                )));
            }
            output.clone()
        }
    };
    let record = BuiltSources::read(&folder).map_err(|problem| {
        let why = match problem {
            Unreadable::Io(cause) => io_cause(&cause),
            Unreadable::Irregular(what) => format!("it is {what}"),
            Unreadable::Malformed(reason) => reason,
        };
        Failure::io(format!("cannot read {shown}/{SOURCES}: {why}"))
            .help("build again to write it anew")
    })?;
    let Some(record) = record else {
        return Err(Failure::usage(format!("{shown} has no sources of a build"))
            .help("set `record_sources = true` under `[project]` in `nth.toml`, and build once"));
    };
    let folder = tempfile::Builder::new()
        .prefix("nthc-base-")
        .tempdir()
        .map_err(|cause| unpackable(&cause))?;
    let root = record
        .unpack(folder.path())
        .map_err(|cause| unpackable(&cause))?;
    let base = VersionFiles {
        named: Named {
            name: "last build".to_owned(),
            commit: None,
            environment: None,
        },
        loaded: project::load(&root, folder.path())?,
        top: folder.path().to_path_buf(),
        _folder: Some(folder),
    };
    Ok([base, head])
}

fn unpackable(cause: &std::io::Error) -> Failure {
    Failure::io(format!(
        "cannot create a temporary folder: {}",
        io_cause(cause)
    ))
}

fn only_revisions() -> Failure {
    Failure::usage("`--merge-base` requires git revisions")
        .help("pass revisions, such as `nthc diff --merge-base origin/main HEAD`")
}

/// Decides whether a name is a directory or a revision.
fn asked(context: &Context, name: &str, root: Option<&Path>) -> Result<Asked, Failure> {
    let path = paths::absolute(Path::new(name), &context.cwd);
    let is_written_as_path = name.starts_with('.') || Path::new(name).is_absolute();
    let has_project = path.join(MANIFEST).is_file();
    if is_written_as_path && has_project {
        return Ok(Asked::Directory(path, name.to_owned()));
    }
    let is_revision = root.is_some_and(|root| revision::exists(root, name));
    match (has_project, is_revision) {
        (true, true) => Err(
            Failure::usage(format!("`{name}` is a git revision and a directory")).help(format!(
                "write `./{name}` for the directory, or the hash of the commit"
            )),
        ),
        (true, false) => Ok(Asked::Directory(path, name.to_owned())),
        (false, true) => Ok(Asked::Revision(name.to_owned())),
        (false, false) if path.is_dir() && is_written_as_path => {
            Err(Failure::usage(format!("no {MANIFEST} in `{name}`"))
                .help("pass the directory of a project, or a git revision"))
        }
        (false, false) if root.is_some() => Ok(Asked::Revision(name.to_owned())),
        (false, false) => Err(Failure::usage(format!(
            "`{name}` is neither a git revision nor a directory with {MANIFEST}"
        ))),
    }
}

fn of_revision(root: &Path, name: &str) -> Result<VersionFiles, Failure> {
    let revision = Revision::check_out(root, name)?;
    let loaded = project::load(&revision.root, &revision.top)?;
    Ok(VersionFiles {
        named: Named {
            name: name.to_owned(),
            commit: Some(revision.commit),
            environment: None,
        },
        loaded,
        top: revision.top,
        _folder: Some(revision.folder),
    })
}

fn of_directory(root: &Path, name: &str) -> Result<VersionFiles, Failure> {
    let top = revision::top(root).unwrap_or_else(|| root.to_path_buf());
    Ok(VersionFiles {
        named: Named {
            name: name.to_owned(),
            commit: None,
            environment: None,
        },
        loaded: project::load(root, &top)?,
        top,
        _folder: None,
    })
}
