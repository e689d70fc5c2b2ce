//! Applies a plan to the output folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::TempDir;

use super::lock::Lock;
use super::record::{RECORD, Record};
use super::stamp::Stamp;
use super::{Change, Contents, Error, Plan};
use crate::regular;

/// The prefix of temporary folders for new files.
pub(super) const STAGING: &str = ".nthc-staging-";

/// The names of records in a temporary folder. The files to write have numbers as names.
const UNDER_WAY: &str = "under-way";
const DONE: &str = "done";

/// What a build did to its output folder.
#[derive(Debug)]
pub struct Applied {
    /// The numbers of files.
    pub report: Report,
    /// The files that are in the folder now.
    pub(super) record: Record,
    /// The files that were written, with what the file system said of each before it got its name.
    pub(super) written: BTreeMap<String, Stamp>,
}

/// The numbers of files that a build changed in its output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The number of files that were created or replaced.
    pub written: usize,
    /// The number of files that were removed.
    pub removed: usize,
    /// The number of files that were up to date.
    pub unchanged: usize,
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} written, {} removed, {} unchanged",
            self.written, self.removed, self.unchanged
        )
    }
}

/// Finds the temporary folders and records of builds that were killed. `staging` is that of this build.
pub(super) fn leftovers(folder: &Path, staging: Option<&Path>) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let is_left = |entry: &fs::DirEntry| {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => name.starts_with(STAGING),
            // Earlier versions wrote the temporary record beside the record.
            Ok(kind) if kind.is_file() => name.strip_prefix(".nthc-").is_some_and(|rest| {
                rest.len() == 6 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
            }),
            _ => false,
        }
    };
    let left = entries.filter_map(Result::ok).filter(is_left);
    left.map(|entry| entry.path())
        .filter(|path| Some(path.as_path()) != staging)
        .collect()
}

/// Removes what builds that were killed left in a folder. `staging` is that of this build.
///
/// # Errors
///
/// If the file system fails.
pub(super) fn remove_leftovers(
    folder: &Path,
    shown: &str,
    staging: Option<&Path>,
) -> Result<(), Error> {
    for left in leftovers(folder, staging) {
        let removed = match left.is_dir() {
            true => fs::remove_dir_all(&left),
            false => fs::remove_file(&left),
        };
        let name = left.file_name().unwrap_or_default().to_string_lossy();
        removed.map_err(|cause| Error::new("remove", shown, &name, cause))?;
    }
    Ok(())
}

/// Creates a temporary folder for new files beside those of the output.
///
/// # Errors
///
/// If the file system fails.
pub(super) fn open_staging(folder: &Path, shown: &str) -> Result<TempDir, Error> {
    tempfile::Builder::new()
        .prefix(STAGING)
        .tempdir_in(folder)
        .map_err(|cause| Error::new("write to", shown, "", cause))
}

impl Plan<'_> {
    /// Returns what applying does if the plan [is settled](Plan::is_settled), which needs no lock.
    pub fn nothing_to_apply(self) -> Applied {
        Applied {
            report: self.report(),
            record: self.after,
            written: BTreeMap::new(),
        }
    }

    /// Applies the plan under the lock of the folder.
    ///
    /// # Errors
    ///
    /// If the file system fails. Until the first rename nothing has changed; after it, the record tells the next build which
    /// files were pending.
    pub fn apply(self, _lock: &Lock) -> Result<Applied, Error> {
        remove_leftovers(&self.folder, &self.shown, self.staging)?;
        let is_recorded = self.before.as_ref() == Some(&self.after);
        if self.is_current() && is_recorded {
            return Ok(self.nothing_to_apply());
        }
        let staging = open_staging(&self.folder, &self.shown)?;
        let written = self.stage(staging.path())?;
        if !self.is_current() {
            self.check_folders()?;
            // If the build is killed from here on, the folder contains old and new files, so the record must name both.
            self.place_record(staging.path(), UNDER_WAY)?;
            self.replace_files(staging.path()).map_err(|error| Error {
                is_partial: true,
                ..error
            })?;
        }
        self.place_record(staging.path(), DONE)
            .map_err(|error| Error {
                is_partial: !self.is_current(),
                ..error
            })?;
        staging
            .close()
            .map_err(|cause| self.error("write to", "", cause))?;
        Ok(Applied {
            written,
            ..self.nothing_to_apply()
        })
    }

    /// Writes all new files and records to a temporary folder beside the output, and syncs them. Returns the stamps of those that
    /// have one.
    fn stage(&self, staging: &Path) -> Result<BTreeMap<String, Stamp>, Error> {
        let stamps: Result<Vec<Option<(String, Stamp)>>, Error> = self
            .writes
            .par_iter()
            .enumerate()
            .map(|(number, write)| {
                let staged = write.staged(staging, number);
                let written = match write.file.contents {
                    Contents::Bytes(bytes) => regular::create(&staged, bytes),
                    Contents::Spooled(_) => Ok(()),
                };
                let kept = written.and_then(|()| match write.change {
                    Change::Replace => keep_permissions(&self.folder.join(write.path()), &staged),
                    _ => Ok(()),
                });
                let stamp = kept.and_then(|()| Stamp::read(&staged));
                stamp
                    .map(|stamp| stamp.map(|stamp| (write.path().to_owned(), stamp)))
                    .map_err(|cause| self.error("write", write.path(), cause))
            })
            .collect();
        let stamps = stamps?.into_iter().flatten().collect();
        let mut under_way = self
            .before
            .clone()
            .unwrap_or_else(|| Record::new(&self.after.project));
        under_way.project.clone_from(&self.after.project);
        for write in &self.writes {
            let path = write.path().to_owned();
            under_way.pending.insert(path, write.hash.clone());
        }
        for (name, record) in [(UNDER_WAY, &under_way), (DONE, &self.after)] {
            record
                .to_bytes()
                .and_then(|bytes| regular::create(&staging.join(name), &bytes))
                .map_err(|cause| self.error("write", RECORD, cause))?;
        }
        let names = [UNDER_WAY, DONE].map(|name| staging.join(name));
        let files = self.writes.iter().enumerate();
        let files = files.map(|(number, write)| write.staged(staging, number));
        let files: Vec<PathBuf> = files.chain(names).collect();
        regular::sync_files(staging, &files).map_err(|cause| self.error("write to", "", cause))?;
        Ok(stamps)
    }

    /// Checks that files can be created in all folders that must change, before anything changes.
    fn check_folders(&self) -> Result<(), Error> {
        let paths = self.changes();
        let folders: BTreeSet<&str> = paths
            .iter()
            .filter_map(|(path, _)| {
                let mut above = path.rmatch_indices('/').map(|(at, _)| at);
                above.find_map(|at| {
                    let folder = path.get(..at)?;
                    self.folder.join(folder).is_dir().then_some(folder)
                })
            })
            .collect();
        for folder in folders {
            // The file has no name, so it leaves nothing behind.
            tempfile::tempfile_in(self.folder.join(folder))
                .map_err(|cause| self.error("write to", folder, cause))?;
        }
        Ok(())
    }

    /// Moves the new files to their places, and then removes the old ones.
    fn replace_files(&self, staging: &Path) -> Result<(), Error> {
        let removed: BTreeSet<&str> = self.removals.iter().map(String::as_str).collect();
        let removed_in_lower_case: BTreeSet<String> =
            removed.iter().map(|path| path.to_lowercase()).collect();
        // An old file that blocks a new one is removed first: a file where a folder is needed, a folder where a file is
        // needed, or a file whose name differs only in case on a file system that ignores case.
        let is_blocked = |path: &str| {
            let mut above = path.match_indices('/');
            let below = format!("{path}/");
            removed_in_lower_case.contains(&path.to_lowercase())
                || above.any(|(at, _)| path.get(..at).is_some_and(|part| removed.contains(part)))
                || removed
                    .range(below.as_str()..)
                    .next()
                    .is_some_and(|first| first.starts_with(&below))
        };
        let numbered = self.writes.iter().enumerate();
        let numbered =
            numbered.map(|(number, write)| (write.staged(staging, number), write.path()));
        let (late, early): (Vec<_>, Vec<_>) = numbered.partition(|(_, path)| is_blocked(path));
        self.move_files(&early)?;
        for path in &self.removals {
            match fs::remove_file(self.folder.join(path)) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(self.error("remove", path, cause));
                }
                _ => self.remove_empty_folders(path),
            }
        }
        self.move_files(&late)?;
        self.sync_folders(self.removals.iter().map(String::as_str))
    }

    fn move_files(&self, files: &[(PathBuf, &str)]) -> Result<(), Error> {
        for (staged, path) in files {
            let place = self.folder.join(path);
            let created = place.parent().map_or(Ok(()), fs::create_dir_all);
            created
                .and_then(|()| fs::rename(staged, &place))
                .map_err(|cause| self.error("write", path, cause))?;
        }
        self.sync_folders(files.iter().map(|(_, path)| *path))
    }

    /// Syncs the folders above these paths.
    fn sync_folders<'p>(&self, paths: impl Iterator<Item = &'p str>) -> Result<(), Error> {
        let above = |path: &'p str| path.rmatch_indices('/').map(move |(at, _)| path.get(..at));
        let folders: BTreeSet<&str> = paths
            .flat_map(|path| above(path).chain([Some("")]).flatten())
            .collect();
        folders.into_par_iter().try_for_each(|folder| {
            match regular::sync_folder(&self.folder.join(folder)) {
                // The folder became empty and was removed.
                Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(cause) => Err(self.error("write", folder, cause)),
                Ok(()) => Ok(()),
            }
        })
    }

    /// Removes the folders above a removed file that are empty now, up to the output folder.
    fn remove_empty_folders(&self, path: &str) {
        for (at, _) in path.rmatch_indices('/') {
            let Some(folder) = path.get(..at) else { return };
            // Removing a folder that is not empty fails, which ends the loop.
            if fs::remove_dir(self.folder.join(folder)).is_err() {
                return;
            }
        }
    }

    fn place_record(&self, staging: &Path, staged: &str) -> Result<(), Error> {
        let place = self.folder.join(RECORD);
        regular::check(&place)
            .and_then(|_| fs::rename(staging.join(staged), &place))
            .and_then(|()| regular::sync_folder(&self.folder))
            .map_err(|cause| self.error("write", RECORD, cause))
    }

    fn error(&self, action: &'static str, path: &str, cause: io::Error) -> Error {
        Error::new(action, &self.shown, path, cause)
    }
}

/// Copies the permissions of the old file to the new one.
fn keep_permissions(old: &Path, new: &Path) -> io::Result<()> {
    fs::set_permissions(new, fs::symlink_metadata(old)?.permissions())
}
