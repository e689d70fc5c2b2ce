//! Carrying out a plan.

use std::fs;
use std::io;

use super::record::{Hash, RECORD, Record};
use super::{Error, Plan};

/// What a build did to its output folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// How many files were created or replaced.
    pub written: usize,
    /// How many files were removed.
    pub removed: usize,
    /// How many files already were what they must be.
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

impl Plan<'_> {
    /// Makes the output folder what was planned.
    ///
    /// # Errors
    /// Where the file system fails. Up to the first rename nothing has changed; after it, the record tells the
    /// next build which files were under way.
    pub fn apply(self) -> Result<Report, Error> {
        let report = self.report();
        if self.is_current() {
            if self.before.as_ref() != Some(&self.after) {
                self.create_folder()?;
                self.write_record(&self.after)?;
            }
            return Ok(report);
        }
        self.create_folder()?;
        let staging = tempfile::Builder::new()
            .prefix(".nthc-staging-")
            .tempdir_in(&self.folder)
            .map_err(|cause| self.error("write to", "", cause))?;
        for (number, (file, _)) in self.writes.iter().enumerate() {
            fs::write(staging.path().join(number.to_string()), file.contents)
                .map_err(|cause| self.error("write", file.path, cause))?;
        }

        // From here on a cut leaves a folder of old and new files; the record has to name both.
        let mut under_way = self
            .before
            .clone()
            .unwrap_or_else(|| Record::new(&self.after.project));
        under_way.project.clone_from(&self.after.project);
        for (file, _) in &self.writes {
            under_way
                .pending
                .insert(file.path.to_owned(), Hash::of(file.contents));
        }
        self.write_record(&under_way)?;

        for path in &self.removals {
            match fs::remove_file(self.folder.join(path)) {
                Err(cause) if cause.kind() != io::ErrorKind::NotFound => {
                    return Err(self.error("remove", path, cause));
                }
                _ => self.remove_empty_folders(path),
            }
        }
        for (number, (file, _)) in self.writes.iter().enumerate() {
            let place = self.folder.join(file.path);
            if let Some(parent) = place.parent() {
                fs::create_dir_all(parent)
                    .map_err(|cause| self.error("write", file.path, cause))?;
            }
            fs::rename(staging.path().join(number.to_string()), &place)
                .map_err(|cause| self.error("write", file.path, cause))?;
        }
        self.write_record(&self.after)?;
        staging
            .close()
            .map_err(|cause| self.error("write to", "", cause))?;
        Ok(report)
    }

    fn create_folder(&self) -> Result<(), Error> {
        fs::create_dir_all(&self.folder).map_err(|cause| self.error("create", "", cause))
    }

    /// Removes the folders above a removed file that hold nothing any more, up to the output folder.
    fn remove_empty_folders(&self, path: &str) {
        for (at, _) in path.rmatch_indices('/') {
            let Some(folder) = path.get(..at) else { return };
            // It fails on a folder that holds something, which is what stops the way up.
            if fs::remove_dir(self.folder.join(folder)).is_err() {
                return;
            }
        }
    }

    fn write_record(&self, record: &Record) -> Result<(), Error> {
        let written = record
            .to_bytes()
            .and_then(|bytes| super::replace_file(&self.folder.join(RECORD), &bytes));
        written.map_err(|cause| self.error("write", RECORD, cause))
    }

    fn error(&self, action: &'static str, path: &str, cause: io::Error) -> Error {
        let path = if path.is_empty() {
            self.shown.clone()
        } else {
            format!("{}/{path}", self.shown)
        };
        Error {
            action,
            path,
            cause,
        }
    }
}
