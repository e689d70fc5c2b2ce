//! What became of the files of earlier builds.

use std::fs;
use std::io;

use super::Planner;
use crate::diagnostics::codes;
use crate::output::Refusal;
use crate::output::record::Record;
use crate::regular;

impl Planner<'_> {
    /// Plans the removal of a file that is no longer generated. A file that was edited is kept and reported.
    pub(super) fn plan_removal(&mut self, path: &str, known: &Record) -> Result<Stale, Refusal> {
        let Some(what) = self.find_drift(path, known)? else {
            return Ok(Stale::Removed);
        };
        let Drift::Other { place, what } = what else {
            return Ok(Stale::Gone);
        };
        let shown = self.display_path(path);
        let message = match place == path {
            true => format!("{shown} {what} and is no longer generated"),
            false => format!(
                "{} {what}, and the files below it are no longer generated",
                self.display_path(&place)
            ),
        };
        if self.warnings.iter().any(|other| other.message == message) {
            return Ok(Stale::Kept);
        }
        let diagnostic = self
            .diagnostic_at(&place, &codes::OUTPUT_EDITED_FILE, message)
            .label("left unchanged")
            .help("delete it, or move it out of the output directory; every build reports it until then");
        self.warnings.push(diagnostic);
        Ok(Stale::Kept)
    }

    /// Reports a file outside of this build if it was edited.
    pub(super) fn warn_if_edited(&mut self, path: &str, known: &Record) -> Result<(), Refusal> {
        let Some(Drift::Other { place, what }) = self.find_drift(path, known)? else {
            return Ok(());
        };
        let message = format!("{} {what}", self.display_path(&place));
        if self.warnings.iter().any(|other| other.message == message) {
            return Ok(());
        }
        let diagnostic = self
            .diagnostic_at(&place, &codes::OUTPUT_EDITED_FILE, message)
            .label("not generated this time, left unchanged")
            .help(
                "change its source instead; the next build that generates this file overwrites it",
            );
        self.warnings.push(diagnostic);
        Ok(())
    }

    /// Returns the difference to what a build wrote; `None` if there is none.
    fn find_drift(&self, path: &str, known: &Record) -> Result<Option<Drift>, Refusal> {
        let ends = path.match_indices('/').map(|(at, _)| at);
        for part in ends.filter_map(|at| path.get(..at)) {
            let meta = fs::symlink_metadata(self.folder.path.join(part));
            if meta.is_ok_and(|meta| meta.is_symlink()) {
                return Ok(Some(Drift::Other {
                    place: part.to_owned(),
                    what: "is a symbolic link now".to_owned(),
                }));
            }
        }
        let place = self.folder.path.join(path);
        let meta = match fs::symlink_metadata(&place) {
            Ok(meta) => meta,
            Err(cause)
                if matches!(
                    cause.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(Some(Drift::Nothing));
            }
            Err(cause) => return Err(self.io_error("read", path, cause)),
        };
        let what = match regular::irregular(&meta) {
            // A folder may have replaced the file because other files need it.
            Some("a directory") => return Ok(Some(Drift::Nothing)),
            Some(what) => format!("is {what} now"),
            None => {
                let bytes =
                    regular::read(&place).map_err(|cause| self.io_error("read", path, cause))?;
                if known.matches(path, &bytes) {
                    return Ok(None);
                }
                "was edited by hand".to_owned()
            }
        };
        Ok(Some(Drift::Other {
            place: path.to_owned(),
            what,
        }))
    }
}

/// The difference between a file and what a build wrote.
enum Drift {
    /// The file does not exist.
    Nothing,
    /// Something else is at `place`, the path of the file or of a folder above it.
    Other { place: String, what: String },
}

/// The result of planning the removal of a file.
pub(super) enum Stale {
    /// The file does not exist any more.
    Gone,
    /// The file will be removed.
    Removed,
    /// The file was edited and is kept.
    Kept,
}
