//! Writes the output of a build: only changed files, each completely or not at all, and only files of the compiler itself.
//!
//! [`plan`](fn@plan) compares the output folder with the build and decides all changes; it writes nothing. [`Plan::apply`]
//! then makes the changes under the folder's [`lock`]. All new files are written and synced beside the output before the
//! first file is replaced, so a full disk changes nothing. New files are moved in before old ones are removed, and the next
//! build completes one that was killed between two renames.

mod apply;
mod built_sources;
pub mod lock;
mod path;
mod plan;
mod record;
mod removal_limit;
pub mod settled;
mod spool;
mod stamp;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use crate::hash::Hash;
pub use crate::regular::{
    check as check_regular, irregular, read as read_regular, replace_file, replace_file_with,
};
pub use apply::{Applied, Report};
pub use built_sources::{BuiltSources, SOURCES};
pub use record::{RECORD, Record, Unreadable};
pub use removal_limit::Excess;
pub use spool::{Spool, Spooled, Taken};

use crate::diagnostics::{Diagnostic, FileSpan, SourceMap};
use crate::ir::TargetName;
use plan::Planner;

/// A file to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    /// The path below the output folder, with `/`.
    pub path: &'a str,
    /// The contents.
    pub contents: Contents<'a>,
}

/// The contents of a file to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents<'a> {
    /// In memory.
    Bytes(&'a [u8]),
    /// What became of them in a [`Spool`].
    Spooled(&'a Spooled),
}

impl<'a> File<'a> {
    /// A file with these contents.
    pub fn new(path: &'a str, bytes: &'a [u8]) -> Self {
        let contents = Contents::Bytes(bytes);
        Self { path, contents }
    }

    fn hash(&self) -> Hash {
        match self.contents {
            Contents::Bytes(bytes) => Hash::new(bytes),
            Contents::Spooled(spooled) => spooled.hash.clone(),
        }
    }
}

/// A file that a build creates or replaces.
#[derive(Debug)]
struct Write<'a> {
    file: File<'a>,
    hash: Hash,
    change: Change,
}

impl Write<'_> {
    fn path(&self) -> &str {
        self.file.path
    }

    /// Where the contents wait, in the order of the changes.
    fn staged(&self, staging: &Path, number: usize) -> PathBuf {
        match self.file.contents {
            Contents::Spooled(Spooled {
                kept: spool::Kept::Staged(place),
                ..
            }) => place.clone(),
            _ => staging.join(format!("new-{number}")),
        }
    }
}

/// The output folder of a build.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// The path. The folder need not exist.
    pub path: &'a Path,
    /// The path for messages.
    pub shown: &'a str,
    /// The name of the project.
    pub project: &'a str,
    /// The folder of the environment if only one is built; files outside of it are not changed.
    pub only: Option<&'a str>,
    /// The targets if only some are built; files of others are not changed.
    pub targets: Option<&'a BTreeSet<TargetName>>,
    /// The folders of the project's environments, which contain those of the targets. Empty if there are none.
    pub environments: &'a [String],
    /// What becomes of files that this build does not generate.
    pub others: Others,
}

/// What becomes of files in the folder of a build that it does not generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    /// They are removed.
    Removed,
    /// They are kept.
    Kept,
    /// They are kept, and are known to be as an earlier build wrote them.
    Unedited,
}

impl Folder<'_> {
    /// Returns true if this build generates the files of the folder that contains `path`: that of its environment and its
    /// target.
    pub fn builds(&self, path: &str) -> bool {
        let is_environment = self.only.is_none_or(|only| {
            path.strip_prefix(only)
                .is_some_and(|rest| rest.starts_with('/'))
        });
        is_environment
            && self.targets.is_none_or(|targets| {
                target_of(path, self.environments).is_some_and(|target| targets.contains(&target))
            })
    }
}

/// Returns the target whose folder contains `path`; `None` if it is in none. Folders of targets are in those of `environments`, or
/// in the output folder; in those of environments that no longer exist, too.
fn target_of(path: &str, environments: &[String]) -> Option<TargetName> {
    let named = |folder: &str| {
        let mut all = TargetName::ALL.into_iter();
        all.find(|target| target.name() == folder)
    };
    // The last part is a file.
    let (folders, _) = path.rsplit_once('/')?;
    let mut folders = folders.split('/');
    let first = folders.next()?;
    let second = folders.next().and_then(named);
    match environments.iter().any(|environment| environment == first) {
        true => second,
        false => named(first).or(second),
    }
}

/// A change to the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// The file does not exist yet.
    Create,
    /// The file has other contents.
    Replace,
    /// The file is no longer generated.
    Remove,
}

/// The changes of a build to its output folder.
#[derive(Debug)]
pub struct Plan<'a> {
    folder: PathBuf,
    shown: String,
    writes: Vec<Write<'a>>,
    /// The folder of the contents that a spool wrote.
    staging: Option<&'a Path>,
    removals: Vec<String>,
    unchanged: usize,
    before: Option<Record>,
    after: Record,
    /// The files that the warnings point into.
    pub sources: SourceMap,
    /// Warnings about files that were edited by hand.
    pub warnings: Vec<Diagnostic<FileSpan>>,
    /// The folders with more removals than a build may make without permission.
    pub excesses: Vec<Excess>,
}

/// The reason why nothing is written.
#[derive(Debug)]
pub enum Refusal {
    /// Obstacles that the user must remove.
    Problems {
        /// The files that the diagnostics point into.
        sources: SourceMap,
        /// The obstacles.
        diagnostics: Vec<Diagnostic<FileSpan>>,
    },
    /// A failure of the file system.
    Io(Error),
    /// Files changed after a [`Spool`] compared them: they must be generated again.
    Overtaken,
}

/// A failure of the file system.
#[derive(Debug)]
pub struct Error {
    /// The action that failed: `write`, `read`, `remove`.
    pub action: &'static str,
    /// The path for messages.
    pub path: String,
    /// The error.
    pub cause: io::Error,
    /// True if the folder contains a mix of old and new files until the next build.
    pub is_partial: bool,
}

impl Error {
    /// The failure of an action on the path below the folder that is `shown` in messages, or on the folder itself if it is empty.
    fn new(action: &'static str, shown: &str, path: &str, cause: io::Error) -> Self {
        Self {
            action,
            path: shown_path(shown, path),
            cause,
            is_partial: false,
        }
    }
}

/// The path for messages of a path below a folder, or of the folder itself if it is empty.
fn shown_path(shown: &str, path: &str) -> String {
    match path {
        "" => shown.to_owned(),
        path => format!("{shown}/{path}"),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "cannot {} {}: {}",
            self.action,
            self.path,
            crate::project::io_cause(&self.cause)
        )
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

impl Plan<'_> {
    /// Returns true if all files of the output are up to date.
    pub fn is_current(&self) -> bool {
        self.writes.is_empty() && self.removals.is_empty()
    }

    /// Returns true if there is nothing to write: no file, no record, and no temporary files of killed builds to remove.
    pub fn is_settled(&self) -> bool {
        self.is_current()
            && self.before.as_ref() == Some(&self.after)
            && !lock::is_marked(&self.folder)
            && apply::leftovers(&self.folder, self.staging).is_empty()
    }

    /// Returns the files to remove, sorted by path.
    pub fn removals(&self) -> &[String] {
        &self.removals
    }

    /// Returns all changes, sorted by path.
    pub fn changes(&self) -> Vec<(&str, Change)> {
        let mut out: Vec<_> = self
            .writes
            .iter()
            .map(|write| (write.path(), write.change))
            .collect();
        out.extend(
            self.removals
                .iter()
                .map(|path| (path.as_str(), Change::Remove)),
        );
        out.sort();
        out
    }

    /// Returns the report of applying the plan.
    pub fn report(&self) -> Report {
        Report {
            written: self.writes.len(),
            removed: self.removals.len(),
            unchanged: self.unchanged,
        }
    }
}

/// Plans the changes after which `folder` contains exactly `files` of this project. Writes nothing.
///
/// # Errors
///
/// A [`Refusal`] if a file that no build wrote is at the path of a new file, a path leads out of the folder, the folder
/// belongs to another project, its record is unreadable, or the file system fails.
pub fn plan<'a>(
    folder: &Folder<'_>,
    files: impl IntoIterator<Item = File<'a>>,
) -> Result<Plan<'a>, Refusal> {
    Planner::new(folder)?.plan(files, None)
}

/// The same for those files of a [`Spool`] that [are built](Folder::builds).
///
/// # Errors
///
/// Those of [`plan`](fn@plan), and [`Refusal::Overtaken`].
pub fn plan_taken<'a>(folder: &Folder<'_>, taken: &'a Taken) -> Result<Plan<'a>, Refusal> {
    let built = taken.files.iter().filter(|file| folder.builds(&file.path));
    let files = built.map(|spooled| File {
        path: &spooled.path,
        contents: Contents::Spooled(spooled),
    });
    Planner::new(folder)?.plan(files, taken.staging())
}

/// Returns whether `folder` can be the output of this project as far as its record tells.
pub fn is_usable(folder: &Folder<'_>) -> bool {
    Planner::new(folder).is_ok()
}
