//! Finds the source files below a folder, and names their modules.

mod links;

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ignore::gitignore::Gitignore;
use ignore::{Match, WalkBuilder};

use super::MANIFEST;
use super::skipped::SkippedSource;
use crate::ir::settings::texts::{is_identifier, to_identifier};

/// The file with the patterns that git ignores.
pub const IGNORES: &str = ".gitignore";

/// The maximum number of entries that are visited to find ignored sources.
const MOST_ENTRIES: usize = 50_000;

/// The extension of source files.
pub const EXTENSION: &str = "nth";

/// A folder that cannot be listed.
#[derive(Debug)]
pub struct Unlisted {
    /// The folder, or the entry in it that cannot be read.
    pub path: PathBuf,
    /// The error.
    pub cause: io::Error,
}

/// A source file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSource {
    /// Its path.
    pub path: PathBuf,
    /// The name of its module, `teams.payments`, or why it has none.
    pub module: Result<String, BadName>,
}

/// A path that is not a valid module name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName {
    /// The invalid part of the path, without the extension.
    pub part: String,
    /// A valid name to use instead, if there is one.
    pub better: Option<String>,
}

/// The source files below a folder, and the skipped ones.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The sources, sorted by path.
    pub files: Vec<FoundSource>,
    /// The sources that are skipped with a warning.
    pub skipped: Vec<SkippedSource>,
}

/// Finds all `.nth` files below `source`, sorted by path. Skips hidden files and folders, files that a `.gitignore` below
/// `source` ignores, the folders in `skip`, and folders with a manifest of their own, which are other projects. Follows
/// links that stay within `root`, the folder of the project, and whose targets are not found otherwise.
///
/// The git settings of the user and the machine are not read, so that the same tree gives the same list everywhere.
///
/// # Errors
///
/// If a folder cannot be listed.
pub fn discover(root: &Path, source: &Path, skip: &[PathBuf]) -> Result<Discovered, Unlisted> {
    let listed = list(source, skip, true)?;
    let mut discovered = Discovered {
        skipped: ignored_sources(source, skip, &listed),
        ..Discovered::default()
    };
    for path in &listed.files {
        let module = module_name(path.strip_prefix(source).unwrap_or(path));
        discovered.files.push(FoundSource {
            path: path.clone(),
            module,
        });
    }
    links::follow(root, source, skip, listed, &mut discovered)?;
    discovered
        .files
        .sort_by(|a, b| a.path.components().cmp(b.path.components()));
    Ok(discovered)
}

/// The entries below a folder.
#[derive(Default)]
pub(super) struct Listed {
    /// Sources that are not links.
    pub(super) files: Vec<PathBuf>,
    /// Links to anything.
    pub(super) links: Vec<PathBuf>,
    /// True if a folder below has a [`IGNORES`] file.
    has_ignores: bool,
}

/// Lists the entries below a folder without following links. If `skip_ignored` is true, ignored entries are skipped.
pub(super) fn list(
    folder: &Path,
    skip: &[PathBuf],
    skip_ignored: bool,
) -> Result<Listed, Unlisted> {
    let skip = skip.to_vec();
    let top = folder.to_path_buf();
    let has_ignores = Arc::new(AtomicBool::new(folder.join(IGNORES).is_file()));
    let noticed = Arc::clone(&has_ignores);
    let walk = WalkBuilder::new(folder)
        .hidden(true)
        .parents(false)
        .ignore(false)
        .git_global(false)
        .git_exclude(false)
        .git_ignore(skip_ignored)
        .require_git(false)
        .follow_links(false)
        .filter_entry(move |entry| {
            let path = entry.path();
            let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
            if path == top || !is_folder {
                return true;
            }
            if path.join(IGNORES).is_file() {
                noticed.store(true, Ordering::Relaxed);
            }
            !(skip.iter().any(|folder| folder == path) || path.join(MANIFEST).is_file())
        })
        .build();
    let mut listed = Listed::default();
    for (count, entry) in walk.enumerate() {
        // Ignored folders may be large, and are visited only for a warning.
        if !skip_ignored && count > MOST_ENTRIES {
            break;
        }
        let entry = match entry {
            Ok(entry) => entry,
            Err(_) if !skip_ignored => continue,
            Err(error) => {
                let path = failed_path(&error).unwrap_or_else(|| folder.to_path_buf());
                let text = error.to_string();
                let cause = error.into_io_error();
                return Err(Unlisted {
                    path,
                    cause: cause.unwrap_or_else(|| io::Error::other(text)),
                });
            }
        };
        let kind = entry.file_type();
        if kind.is_some_and(|kind| kind.is_symlink()) && entry.path() != folder {
            listed.links.push(entry.into_path());
        } else if kind.is_some_and(|kind| kind.is_file()) && is_source(entry.path()) {
            listed.files.push(entry.into_path());
        }
    }
    listed.has_ignores = has_ignores.load(Ordering::Relaxed);
    listed.files.sort();
    listed.links.sort();
    Ok(listed)
}

fn is_source(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == EXTENSION)
}

/// Returns the sources that a `.gitignore` ignores, grouped by its line.
fn ignored_sources(source: &Path, skip: &[PathBuf], listed: &Listed) -> Vec<SkippedSource> {
    if !listed.has_ignores {
        return Vec::new();
    }
    let Ok(all) = list(source, skip, false) else {
        return Vec::new();
    };
    let known: HashSet<&Path> = listed.files.iter().map(PathBuf::as_path).collect();
    let mut rules: BTreeMap<PathBuf, Option<Gitignore>> = BTreeMap::new();
    let mut lines: BTreeMap<(PathBuf, String), Vec<PathBuf>> = BTreeMap::new();
    for path in all
        .files
        .iter()
        .filter(|path| !known.contains(path.as_path()))
    {
        let folders = path.ancestors().skip(1);
        let folders = folders.take_while(|folder| folder.starts_with(source));
        for folder in folders {
            let rules = rules.entry(folder.to_path_buf()).or_insert_with(|| {
                let file = folder.join(IGNORES);
                file.is_file().then(|| Gitignore::new(&file).0)
            });
            let Some(rules) = rules else { continue };
            if let Match::Ignore(line) = rules.matched_path_or_any_parents(path, false) {
                let file = line
                    .from()
                    .map_or_else(|| folder.join(IGNORES), Path::to_path_buf);
                let of = lines.entry((file, line.original().to_owned()));
                of.or_default().push(path.clone());
                break;
            }
        }
    }
    lines
        .into_iter()
        .map(|((file, line), files)| SkippedSource::Ignored { file, line, files })
        .collect()
}

/// The maximum number of folders to search for projects, the maximum depth, and the maximum number of projects.
const MOST_FOLDERS: usize = 10_000;
const MOST_DEEP: usize = 8;
const MOST_PROJECTS: usize = 100;

/// Finds the folders at and below `folder` that contain a project, sorted. Skips hidden and ignored folders, and stops early
/// in very large folders.
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
    // A folder that cannot be listed contains no readable project.
    let folders = walk.filter_map(Result::ok).take(MOST_FOLDERS);
    let mut found: Vec<PathBuf> = folders
        .map(ignore::DirEntry::into_path)
        .filter(|path| path.join(MANIFEST).is_file())
        .take(MOST_PROJECTS)
        .collect();
    found.sort();
    found
}

/// Returns the module at `path` below the source folder: `teams/payments.nth` is `teams.payments`.
///
/// # Errors
///
/// If a part of the path is not a valid name.
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
        discover(folder, folder, skip)
            .unwrap()
            .files
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
        assert_eq!(modules(folder.path(), &[]), ["a.b"]);
        let skipped = discover(folder.path(), folder.path(), &[]).unwrap().skipped;
        assert_eq!(skipped.len(), 2, "{skipped:?}");
        assert!(
            skipped
                .iter()
                .all(|left| matches!(left, SkippedSource::Twice { .. }))
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_within_the_project_are_followed_and_others_are_not() {
        use std::os::unix::fs::symlink;
        let folder = tree(&[
            "project/src/main.nth",
            "project/common/teams.nth",
            "project/common/deep/tiers.nth",
            "project/platform/nth.toml",
            "project/platform/other.nth",
            "elsewhere/pay.nth",
        ]);
        let root = folder.path().join("project");
        let source = root.join("src");
        symlink("../common", source.join("shared")).unwrap();
        symlink("../common", source.join("shared-too")).unwrap();
        symlink("../common/teams.nth", source.join("again.nth")).unwrap();
        symlink("../platform", source.join("platform")).unwrap();
        symlink("../../elsewhere", source.join("out")).unwrap();
        symlink("../../elsewhere/pay.nth", source.join("pay.nth")).unwrap();
        symlink("nowhere", source.join("gone")).unwrap();
        symlink("nowhere.nth", source.join("gone.nth")).unwrap();
        symlink("nowhere.txt", source.join("notes.txt")).unwrap();
        let found = discover(&root, &source, &[]).unwrap();
        let files: Vec<_> = found
            .files
            .iter()
            .map(|found| found.module.clone().unwrap())
            .collect();
        assert_eq!(files, ["again", "main", "shared.deep.tiers"]);
        let mut left: Vec<_> = found
            .skipped
            .iter()
            .map(|left| {
                let (what, link) = match left {
                    SkippedSource::Dangling { link, .. } => ("dangling", link),
                    SkippedSource::Outside { link, .. } => ("outside", link),
                    SkippedSource::Project { link, .. } => ("project", link),
                    SkippedSource::Twice { link, .. } => ("twice", link),
                    SkippedSource::Ignored { file, .. } => ("ignored", file),
                };
                format!("{what} {}", link.file_name().unwrap().to_string_lossy())
            })
            .collect();
        left.sort();
        assert_eq!(
            left,
            [
                "dangling gone",
                "dangling gone.nth",
                "outside out",
                "outside pay.nth",
                "project platform",
                "twice shared",
                "twice shared-too",
            ]
        );
    }

    #[test]
    fn the_line_that_ignores_sources_is_known() {
        let folder = tree(&[
            "a.nth",
            "drafts/b.nth",
            "drafts/c.nth",
            "old/d.nth",
            "old/e.nth",
            "old/f.txt",
        ]);
        fs::write(folder.path().join(".gitignore"), "# ours\n/drafts/\n").unwrap();
        fs::write(
            folder.path().join("old/.gitignore"),
            "*.txt\n*.nth\n!e.nth\n",
        )
        .unwrap();
        let found = discover(folder.path(), folder.path(), &[]).unwrap();
        assert_eq!(modules(folder.path(), &[]), ["a", "old.e"]);
        let ignored: Vec<_> = found
            .skipped
            .iter()
            .map(|left| match left {
                SkippedSource::Ignored { line, files, .. } => (line.as_str(), files.len()),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(ignored, [("/drafts/", 2), ("*.nth", 1)]);
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
