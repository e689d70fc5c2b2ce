//! Writing what was built: only what changed, each file whole or not at all, and nothing that is not the
//! compiler's own.
//!
//! [`plan`](fn@plan) looks at the output folder and decides everything; it writes nothing. [`Plan::apply`] then
//! carries it out under the folder's [`lock`]: every new text is on the disk beside the output before the first file is
//! replaced, so a full disk leaves all as it was, the new files are there before the old ones go, and a build that is
//! cut off between two renames is taken up by the next one.

mod apply;
mod bound;
pub mod lock;
mod path;
mod plan;
mod record;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

pub use crate::regular::{check as check_regular, irregular, read as read_regular, replace_file};
pub use apply::Report;
pub use bound::Excess;
pub use record::{Hash, RECORD, Record, Unreadable};

use crate::diagnostics::{Diagnostic, FileSpan, SourceMap};
use plan::Planner;

/// A file to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct File<'a> {
    /// Its path below the output folder, with `/`.
    pub path: &'a str,
    /// What it holds.
    pub contents: &'a [u8],
}

/// Where to write.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    /// The folder. It need not exist.
    pub path: &'a Path,
    /// How messages name it.
    pub shown: &'a str,
    /// The project whose output it is.
    pub project: &'a str,
    /// The folder below it that is built, where only one environment is; what stands elsewhere is left alone.
    pub only: Option<&'a str>,
    /// Whether what is not made this time is left alone as well.
    pub keeps: bool,
}

/// A change to the output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A file that is not there yet.
    Create,
    /// A file that holds something else.
    Replace,
    /// A file that is no longer made.
    Remove,
}

/// What a build will do to its output folder.
#[derive(Debug)]
pub struct Plan<'a> {
    folder: PathBuf,
    shown: String,
    writes: Vec<(File<'a>, Change)>,
    removals: Vec<String>,
    unchanged: usize,
    before: Option<Record>,
    after: Record,
    /// The files that warnings point at.
    pub sources: SourceMap,
    /// Files that were edited by hand.
    pub warnings: Vec<Diagnostic<FileSpan>>,
    /// Where it would remove more than a fifth of what stands, which must be allowed.
    pub excesses: Vec<Excess>,
}

/// Why nothing will be written.
#[derive(Debug)]
pub enum Refusal {
    /// Something stands in the way, told to the user as diagnostics.
    Problems {
        /// The files that the diagnostics point at.
        sources: SourceMap,
        /// What stands in the way.
        diagnostics: Vec<Diagnostic<FileSpan>>,
    },
    /// The file system would not answer.
    Io(Error),
}

/// A failure of the file system.
#[derive(Debug)]
pub struct Error {
    /// What was tried: `write`, `read`, `remove`.
    pub action: &'static str,
    /// The path as shown.
    pub path: String,
    /// Why it failed.
    pub cause: io::Error,
    /// Whether some files are new and some are old, until the next build.
    pub is_part: bool,
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
    /// Whether the output folder already is what the build makes.
    pub fn is_current(&self) -> bool {
        self.writes.is_empty() && self.removals.is_empty()
    }

    /// Whether there is nothing at all to write: no file, no record, and nothing that a build left that was killed.
    pub fn is_settled(&self) -> bool {
        self.is_current()
            && self.before.as_ref() == Some(&self.after)
            && !lock::is_marked(&self.folder)
            && apply::leftovers(&self.folder).is_empty()
    }

    /// The files that would be removed, in the order of their paths.
    pub fn removals(&self) -> &[String] {
        &self.removals
    }

    /// Every change, in the order of the paths.
    pub fn changes(&self) -> Vec<(&str, Change)> {
        let mut out: Vec<_> = self
            .writes
            .iter()
            .map(|(file, change)| (file.path, *change))
            .collect();
        out.extend(
            self.removals
                .iter()
                .map(|path| (path.as_str(), Change::Remove)),
        );
        out.sort();
        out
    }

    /// What applying it would report.
    pub fn report(&self) -> Report {
        Report {
            written: self.writes.len(),
            removed: self.removals.len(),
            unchanged: self.unchanged,
        }
    }
}

/// Decides how to make the files in `folder` be `files` and nothing else of this project's. Nothing is written.
///
/// # Errors
/// A [`Refusal`] where a file that no build wrote stands in the way, a path leads out of the folder, the folder
/// is another project's, its record is unreadable, or the file system fails.
pub fn plan<'a>(
    folder: &Folder<'_>,
    files: impl IntoIterator<Item = File<'a>>,
) -> Result<Plan<'a>, Refusal> {
    Planner::new(folder)?.plan(files)
}
