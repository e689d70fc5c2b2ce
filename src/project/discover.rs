//! Finding the source files below a folder, and naming their modules.

use std::io;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;

use super::MANIFEST;
use super::manifest::{is_identifier, to_identifier};

/// The extension of source files.
pub const EXTENSION: &str = "nth";

/// A source file that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its module's name, `teams.payments`.
    pub module: Result<String, BadName>,
}

/// Why a file's path cannot be a module's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName {
    /// The part of the path, without the extension.
    pub part: String,
    /// What it could be called instead.
    pub better: Option<String>,
}

/// All `.nth` files below `source`, sorted by path. Hidden files and folders are left out, so are what a
/// `.gitignore` below `source` names, the folders in `skip`, and folders with a manifest of their own, which
/// are other projects. Links to folders are not followed; links to files are.
///
/// The user's and the machine's own git settings have no say, so that the same tree gives the same list
/// everywhere.
///
/// # Errors
/// Where a folder cannot be listed.
pub fn discover(source: &Path, skip: &[PathBuf]) -> Result<Vec<Found>, (PathBuf, io::Error)> {
    let skip = skip.to_vec();
    let top = source.to_path_buf();
    let walk = WalkBuilder::new(source)
        .hidden(true)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .git_ignore(true)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let path = entry.path();
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            path == top
                || !is_folder
                || !(skip.iter().any(|folder| folder == path) || path.join(MANIFEST).is_file())
        })
        .build();
    let mut found = Vec::new();
    for entry in walk {
        let entry = entry.map_err(|error| {
            let path = failed_path(&error).unwrap_or_else(|| source.to_path_buf());
            let text = error.to_string();
            (
                path,
                error
                    .into_io_error()
                    .unwrap_or_else(|| io::Error::other(text)),
            )
        })?;
        let is_folder = match entry.file_type() {
            Some(kind) if kind.is_symlink() => entry.path().is_dir(),
            Some(kind) => kind.is_dir(),
            None => true,
        };
        if is_folder
            || entry
                .path()
                .extension()
                .is_none_or(|extension| extension != EXTENSION)
        {
            continue;
        }
        let module = module_name(entry.path().strip_prefix(source).unwrap_or(entry.path()));
        found.push(Found {
            path: entry.into_path(),
            module,
        });
    }
    found.sort_by(|a, b| a.path.components().cmp(b.path.components()));
    Ok(found)
}

/// How many folders are looked into for projects, how deep, and how many projects are enough.
const MOST_FOLDERS: usize = 10_000;
const MOST_DEEP: usize = 8;
const MOST_PROJECTS: usize = 100;

/// The folders at and below `folder` that hold a project, sorted. Hidden folders and what a `.gitignore` names are left
/// out, and a folder so large that looking would take long is not looked through to its end.
pub fn projects_below(folder: &Path) -> Vec<PathBuf> {
    let walk = WalkBuilder::new(folder)
        .max_depth(Some(MOST_DEEP))
        .require_git(false)
        .git_global(false)
        .git_exclude(false)
        .ignore(false)
        .follow_links(false)
        .filter_entry(|entry| entry.file_type().is_some_and(|kind| kind.is_dir()))
        .build();
    // A folder that cannot be listed holds no project that could be read.
    let folders = walk.filter_map(Result::ok).take(MOST_FOLDERS);
    let mut found: Vec<PathBuf> = folders
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.join(MANIFEST).is_file())
        .take(MOST_PROJECTS)
        .collect();
    found.sort();
    found
}

/// The module at `path` below the source folder: `teams/payments.nth` is `teams.payments`.
pub fn module_name(path: &Path) -> Result<String, BadName> {
    let stem = path.with_extension("");
    let parts: Vec<String> = stem
        .components()
        .map(|part| part.as_os_str().to_string_lossy().into_owned())
        .collect();
    match parts.iter().find(|part| !is_identifier(part)) {
        Some(part) => Err(BadName {
            part: part.clone(),
            better: to_identifier(part),
        }),
        None => Ok(parts.join(".")),
    }
}

fn failed_path(error: &ignore::Error) -> Option<PathBuf> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path.clone()),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => {
            failed_path(err)
        }
        ignore::Error::Partial(errors) => errors.iter().find_map(failed_path),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;
    use std::fs;

    fn tree(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::Builder::new().prefix("tree").tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        folder
    }

    fn modules(folder: &Path, skip: &[PathBuf]) -> Vec<String> {
        discover(folder, skip)
            .unwrap()
            .into_iter()
            .map(|found| match found.module {
                Ok(name) => name,
                Err(bad) => format!("! {}", bad.part),
            })
            .collect()
    }

    #[test]
    fn finds_sources_in_order_and_nothing_else() {
        let folder = tree(&[
            "teams/payments.nth",
            "checkout.nth",
            "services/ledger.nth",
            "services/notes.md",
            ".hidden/x.nth",
            ".swap.nth",
            "build/old.nth",
            "drafts/idea.nth",
            "packages/platform/nth.toml",
            "packages/platform/tiers.nth",
            "2nd team.nth",
        ]);
        fs::write(folder.path().join(".gitignore"), "/drafts\n").unwrap();
        let skip = [folder.path().join("build")];
        assert_eq!(
            modules(folder.path(), &skip),
            [
                "! 2nd team",
                "checkout",
                "services.ledger",
                "teams.payments"
            ]
        );
    }

    #[test]
    fn projects_are_found_wherever_a_person_would_look() {
        let folder = tree(&[
            "shop/nth.toml",
            "shop/packages/platform/nth.toml",
            "platform/nth.toml",
            ".cache/nth.toml",
            "target/old/nth.toml",
            "notes/nth.md",
        ]);
        fs::write(folder.path().join(".gitignore"), "/target\n").unwrap();
        let found = projects_below(folder.path());
        let shown = found
            .iter()
            .map(|path| path.strip_prefix(folder.path()).unwrap());
        let shown: Vec<_> = shown.map(|path| path.display().to_string()).collect();
        assert_eq!(shown, ["platform", "shop", "shop/packages/platform"]);
        let itself = projects_below(&folder.path().join("platform"));
        assert_eq!(itself, [folder.path().join("platform")]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_parent_is_no_endless_loop() {
        let folder = tree(&["a/b.nth"]);
        std::os::unix::fs::symlink(folder.path(), folder.path().join("a/up")).unwrap();
        std::os::unix::fs::symlink(folder.path().join("a/b.nth"), folder.path().join("a/c.nth"))
            .unwrap();
        assert_eq!(modules(folder.path(), &[]), ["a.b", "a.c"]);
    }

    #[test]
    fn a_bad_part_is_named_with_a_better_one() {
        let bad = module_name(Path::new("teams.old/payments.nth")).unwrap_err();
        assert_eq!(
            bad,
            BadName {
                part: "teams.old".to_owned(),
                better: Some("teams-old".to_owned())
            }
        );
    }
}
