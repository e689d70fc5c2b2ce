//! Takes the files of a build as they are generated, so that no build holds all of them in memory.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use tempfile::TempDir;

use super::apply::{open_staging, remove_leftovers};
use super::lock::Lock;
use super::path::path_problem;
use super::stamp::Stamp;
use super::{Error, Folder};
use crate::hash::Hash;
use crate::regular;

/// What became of the contents of a file that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// The output folder contains them already, as of this stamp. `None` if the file system does not say when files change.
    There(Option<Stamp>),
    /// They are in this file, beside the output.
    Staged(PathBuf),
    /// They were compared only.
    Nowhere,
}

/// A generated file without its contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spooled {
    /// The path below the output folder, with `/`.
    pub path: String,
    pub(super) hash: Hash,
    pub(super) kept: Kept,
}

/// All files of a build, and the right to write them.
#[derive(Debug)]
pub struct Taken {
    /// The files, sorted by path.
    pub files: Vec<Spooled>,
    /// The folder of the new contents. It is removed before the lock is released.
    staging: Option<TempDir>,
    /// The lock of the output folder; `None` if nothing was written.
    pub lock: Option<Lock>,
}

impl Taken {
    /// The folder of the new contents.
    pub(super) fn staging(&self) -> Option<&Path> {
        self.staging.as_ref().map(TempDir::path)
    }
}

/// Acquires the lock of the output folder; `None` if files are compared only.
type Locker<'l, E> = Box<dyn FnOnce() -> Result<Option<Lock>, E> + Send + 'l>;

/// Compares generated files with those of the output folder, and writes what differs beside the output, under the lock of the
/// folder. Several threads may give it files.
pub struct Spool<'l, E> {
    folder: PathBuf,
    shown: String,
    locker: Mutex<Option<Locker<'l, E>>>,
    /// The folder of the new contents with the lock of the output; `None` if they are compared only.
    staging: OnceLock<Option<(TempDir, Lock)>>,
    number: AtomicUsize,
    files: Mutex<Vec<Spooled>>,
    has_failed: AtomicBool,
    failure: Mutex<Option<E>>,
}

impl<'l, E: From<Error> + Send> Spool<'l, E> {
    /// A spool that calls `locker` before it writes the first file that differs. Without a lock, it writes nothing.
    pub fn new(
        folder: &Folder<'_>,
        locker: impl FnOnce() -> Result<Option<Lock>, E> + Send + 'l,
    ) -> Self {
        Self {
            folder: folder.path.to_path_buf(),
            shown: folder.shown.to_owned(),
            locker: Mutex::new(Some(Box::new(locker))),
            staging: OnceLock::new(),
            number: AtomicUsize::new(0),
            files: Mutex::new(Vec::new()),
            has_failed: AtomicBool::new(false),
            failure: Mutex::new(None),
        }
    }

    /// Takes a file. After a failure, which [`Spool::finish`] returns, it does nothing.
    pub fn take(&self, path: String, contents: &[u8]) {
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let kept = self.keep(&path, contents).unwrap_or_else(|failure| {
            self.fail(failure);
            Kept::Nowhere
        });
        let hash = Hash::new(contents);
        guard(&self.files).push(Spooled { path, hash, kept });
    }

    fn keep(&self, path: &str, contents: &[u8]) -> Result<Kept, E> {
        // Planning refuses such a path, and nothing outside of the folder is read until then.
        if path_problem(path).is_some() {
            return Ok(Kept::Nowhere);
        }
        if let Some(stamp) = find_same(&self.folder.join(path), contents) {
            return Ok(Kept::There(stamp));
        }
        let staging = self.staging.get_or_init(|| {
            self.open_staging().unwrap_or_else(|failure| {
                self.fail(failure);
                None
            })
        });
        let Some((staging, _)) = staging else {
            return Ok(Kept::Nowhere);
        };
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let place = staging.path().join(number.to_string());
        match regular::create(&place, contents) {
            Ok(()) => Ok(Kept::Staged(place)),
            Err(cause) => Err(Error::new("write", &self.shown, path, cause).into()),
        }
    }

    /// Creates the folder of the new contents under the lock; `None` if contents are compared only.
    fn open_staging(&self) -> Result<Option<(TempDir, Lock)>, E> {
        let locker = guard(&self.locker).take();
        let Some(lock) = locker.map_or(Ok(None), |locker| locker())? else {
            return Ok(None);
        };
        remove_leftovers(&self.folder, &self.shown, None)?;
        Ok(Some((open_staging(&self.folder, &self.shown)?, lock)))
    }

    fn fail(&self, failure: E) {
        self.has_failed.store(true, Ordering::Relaxed);
        guard(&self.failure).get_or_insert(failure);
    }

    /// Returns all files that were taken.
    ///
    /// # Errors
    ///
    /// The first failure: of the locker, or of the file system. What was written is removed then.
    pub fn finish(self) -> Result<Taken, E> {
        if let Some(failure) = inner(self.failure) {
            return Err(failure);
        }
        let mut files = inner(self.files);
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let (staging, lock) = self.staging.into_inner().flatten().unzip();
        Ok(Taken {
            files,
            staging,
            lock,
        })
    }
}

/// Returns the stamp of the regular file at `place` if it has these contents. The stamp is that of before the reading, so that a
/// change in between is noticed.
fn find_same(place: &Path, contents: &[u8]) -> Option<Option<Stamp>> {
    let stamp = Stamp::read(place).ok()?;
    let has_another_length = stamp.is_some_and(|stamp| stamp.size() != contents.len() as u64);
    if has_another_length {
        return None;
    }
    let found = regular::read(place).ok()?;
    (found == contents).then_some(stamp)
}

// A thread that panicked has left nothing half done: each of these is replaced as a whole.
fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn inner<T>(mutex: Mutex<T>) -> T {
    mutex.into_inner().unwrap_or_else(PoisonError::into_inner)
}
