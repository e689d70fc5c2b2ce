//! Compares the output folder with a build and decides all changes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;

use super::path::path_problem;
use super::record::{Hash, RECORD, Record, Unreadable};
use super::{Change, Error, File, Folder, Plan, Refusal, removal_limit};
use crate::diagnostics::{Code, Diagnostic, FileSpan, SourceMap, codes};
use crate::regular;

/// The state of planning.
pub(super) struct Planner<'f> {
    folder: &'f Folder<'f>,
    before: Option<Record>,
    sources: SourceMap,
    problems: Vec<Diagnostic<FileSpan>>,
    warnings: Vec<Diagnostic<FileSpan>>,
}

impl<'f> Planner<'f> {
    /// Reads the record.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] if the folder does not belong to this project, or its record is unreadable.
    pub(super) fn new(folder: &'f Folder<'f>) -> Result<Self, Refusal> {
        let mut planner = Self {
            folder,
            before: None,
            sources: SourceMap::default(),
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        let is_link = fs::symlink_metadata(folder.path).is_ok_and(|meta| meta.is_symlink());
        if is_link && !folder.path.exists() {
            let diagnostic = planner
                .diagnostic_at(
                    "",
                    &codes::OUTPUT_UNSAFE_PATH,
                    format!("{} is a dangling symbolic link", folder.shown),
                )
                .help("restore the link's target, or remove the link");
            planner.problems.push(diagnostic);
            return Err(planner.refuse());
        }
        match Record::read(folder.path) {
            Ok(record) => planner.before = record,
            Err(Unreadable::Io(cause)) if cause.kind() == io::ErrorKind::NotADirectory => {
                let diagnostic = planner
                    .diagnostic_at(
                        "",
                        &codes::OUTPUT_FOREIGN_FILE,
                        format!("{} is a file, not a directory", folder.shown),
                    )
                    .help("set another output directory");
                planner.problems.push(diagnostic);
            }
            Err(Unreadable::Io(cause)) => {
                return Err(Refusal::Io(Error {
                    action: "read",
                    path: planner.display_path(RECORD),
                    cause,
                    is_partial: false,
                }));
            }
            Err(Unreadable::Irregular(what)) => {
                let diagnostic = planner
                    .diagnostic_at(
                        RECORD,
                        &codes::OUTPUT_BAD_RECORD,
                        format!("{} is {what}, not a regular file", planner.display_path(RECORD)),
                    )
                    .label("expected the record of generated files")
                    .help(format!(
                        "remove it; restore the record from version control, or delete all of {} and \
                        build again",
                        folder.shown
                    ));
                planner.problems.push(diagnostic);
            }
            Err(Unreadable::Malformed(reason)) => {
                let diagnostic = planner
                    .diagnostic_at(
                        RECORD,
                        &codes::OUTPUT_BAD_RECORD,
                        format!("{} is not a build record", planner.display_path(RECORD)),
                    )
                    .label(reason)
                    .help(format!(
                        "restore it, or delete all of {} and build again",
                        folder.shown
                    ));
                planner.problems.push(diagnostic);
            }
        }
        let other = planner
            .before
            .as_ref()
            .filter(|record| record.project != folder.project && record.paths().next().is_some())
            .map(|record| record.project.clone());
        if let Some(other) = other {
            let diagnostic = planner
                .diagnostic_at(
                    RECORD,
                    &codes::OUTPUT_OTHER_PROJECT,
                    format!("{} contains the output of project `{other}`", folder.shown),
                )
                .help("build into another directory with `--output`")
                .help(format!(
                    "delete {} and build again if the project was renamed",
                    folder.shown
                ));
            planner.problems.push(diagnostic);
        }
        if planner.problems.is_empty() {
            Ok(planner)
        } else {
            Err(planner.refuse())
        }
    }

    fn refuse(self) -> Refusal {
        Refusal::Problems {
            sources: self.sources,
            diagnostics: self.problems,
        }
    }

    fn display_path(&self, path: &str) -> String {
        if path.is_empty() {
            self.folder.shown.to_owned()
        } else {
            format!("{}/{path}", self.folder.shown)
        }
    }

    /// Creates a diagnostic about a path in the output folder, or about the folder itself if `path` is empty.
    fn diagnostic_at(
        &mut self,
        path: &str,
        code: &'static Code,
        message: impl Into<String>,
    ) -> Diagnostic<FileSpan> {
        let place = self.folder.path.join(path);
        // The excerpt shows the first line of the file, if it is a text file.
        let is_file = fs::symlink_metadata(&place).is_ok_and(|meta| meta.is_file());
        let text = if is_file {
            let bytes = regular::read(&place).unwrap_or_default();
            String::from_utf8(bytes).unwrap_or_default()
        } else {
            String::new()
        };
        let file = self.sources.add(self.display_path(path), text);
        Diagnostic::new(
            code,
            message,
            FileSpan {
                file,
                start: 0,
                end: 0,
            },
        )
    }

    /// Plans the changes that generate exactly these files.
    pub(super) fn plan<'a>(
        mut self,
        files: impl IntoIterator<Item = File<'a>>,
    ) -> Result<Plan<'a>, Refusal> {
        let mut files: Vec<File<'a>> = files.into_iter().collect();
        files.sort_by_key(|file| file.path);
        self.check_paths(&files);
        if !self.problems.is_empty() {
            return Err(self.refuse());
        }
        let before = self.before.take();
        let empty = Record::new(self.folder.project);
        let known = before.as_ref().unwrap_or(&empty);

        let generated: BTreeSet<&str> = files.iter().map(|file| file.path).collect();
        let stale: BTreeSet<&str> = known
            .paths()
            .filter(|path| {
                !self.folder.keeps_others && self.folder.builds(path) && !generated.contains(path)
            })
            .collect();
        let mut after = Record::new(self.folder.project);
        for (path, hash) in known.files.iter().chain(&known.pending) {
            if self.folder.keeps_others || !self.folder.builds(path) {
                after.files.insert(path.clone(), hash.clone());
                if !generated.contains(path.as_str()) {
                    self.warn_if_edited(path, known)?;
                }
            }
        }

        let mut removals = Vec::new();
        let mut existing = BTreeSet::new();
        for path in &stale {
            match self.plan_removal(path, known)? {
                Stale::Gone => {}
                Stale::Removed => {
                    existing.insert(*path);
                    removals.push((*path).to_owned());
                }
                // The file stays in the record, so that the next build reports it too.
                Stale::Kept => {
                    existing.insert(*path);
                    let hash = known.files.get(*path).or_else(|| known.pending.get(*path));
                    after
                        .files
                        .extend(hash.map(|hash| ((*path).to_owned(), hash.clone())));
                }
            }
        }
        let removed: BTreeMap<String, &str> = removals
            .iter()
            .map(|path| (path.to_lowercase(), path.as_str()))
            .collect();
        let mut writes = Vec::new();
        let mut unchanged = 0;
        for file in files {
            let change = self.plan_write(&file, known, &removed)?;
            if known.contains(file.path) && change != Some(Change::Create) {
                existing.insert(file.path);
            }
            match change {
                Some(change) => writes.push((file, change)),
                None => unchanged += 1,
            }
            after
                .files
                .insert(file.path.to_owned(), Hash::new(file.contents));
        }
        if !self.problems.is_empty() {
            return Err(self.refuse());
        }
        let excesses = removal_limit::find_excesses(&existing, &removals, &generated);
        Ok(Plan {
            folder: self.folder.path.to_path_buf(),
            shown: self.folder.shown.to_owned(),
            writes,
            removals,
            unchanged,
            before,
            after,
            sources: self.sources,
            warnings: self.warnings,
            excesses,
        })
    }

    /// Reports unsafe paths, and paths that would be the same file.
    fn check_paths(&mut self, files: &[File<'_>]) {
        let mut taken: BTreeMap<String, &str> = BTreeMap::new();
        for file in files {
            if let Some(problem) = path_problem(file.path) {
                let diagnostic = self
                    .diagnostic_at(
                        "",
                        &codes::OUTPUT_UNSAFE_PATH,
                        format!("invalid output path {:?}", file.path),
                    )
                    .label(problem);
                self.problems.push(diagnostic);
            }
            if let Some(other) = taken.insert(file.path.to_lowercase(), file.path) {
                let message = if other == file.path {
                    format!("two files would be written to {other}")
                } else {
                    format!(
                        "{other} and {} would be one file on some systems",
                        file.path
                    )
                };
                let diagnostic = self
                    .diagnostic_at(file.path, &codes::OUTPUT_COLLISION, message)
                    .help("rename one of the blocks that the files are named after");
                self.problems.push(diagnostic);
            }
        }
        for file in files {
            let inside = file
                .path
                .match_indices('/')
                .filter_map(|(at, _)| file.path.get(..at));
            for folder in inside {
                if let Some(other) = taken.get(&folder.to_lowercase()).copied() {
                    let diagnostic = self.diagnostic_at(
                        file.path,
                        &codes::OUTPUT_COLLISION,
                        format!("{other} would be both a file and a directory"),
                    );
                    self.problems.push(diagnostic);
                }
            }
        }
    }

    /// Returns what exists at a path. Reports links and other obstacles at the path and on the way to it.
    fn inspect(
        &mut self,
        path: &str,
        removed: &BTreeMap<String, &str>,
    ) -> Result<Existing, Refusal> {
        let ends = path
            .match_indices('/')
            .map(|(at, _)| at)
            .chain([path.len()]);
        for end in ends {
            let Some(part) = path.get(..end) else {
                continue;
            };
            let is_last = end == path.len();
            let meta = match fs::symlink_metadata(self.folder.path.join(part)) {
                Ok(meta) => meta,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Existing::Nothing);
                }
                Err(cause) => return Err(self.io_error("read", part, cause)),
            };
            if meta.is_symlink() {
                let shown = self.display_path(part);
                let diagnostic = self
                    .diagnostic_at(
                        part,
                        &codes::OUTPUT_UNSAFE_PATH,
                        format!("{shown} is a symbolic link"),
                    )
                    .label("builds do not follow symbolic links")
                    .help(
                        "replace the link with a directory, or build into another directory with \
                        `--output`",
                    );
                self.report_once(diagnostic);
                return Ok(Existing::Obstacle);
            }
            if !is_last && !meta.is_dir() {
                if removed.values().any(|path| *path == part) {
                    return Ok(Existing::Nothing);
                }
                self.report_foreign(part, "is a file, but a directory is needed");
                return Ok(Existing::Obstacle);
            }
            if is_last && !meta.is_file() {
                // A folder is removed with the last of its files.
                let below = format!("{part}/");
                if removed.values().any(|path| path.starts_with(&below))
                    && self.contains_only_removed(part, removed)?
                {
                    return Ok(Existing::Nothing);
                }
                let what = regular::irregular(&meta).unwrap_or("no regular file");
                self.report_foreign(part, &format!("is {what}, not a generated file"));
                return Ok(Existing::Obstacle);
            }
        }
        match regular::read(&self.folder.path.join(path)) {
            Ok(bytes) => Ok(Existing::File(bytes)),
            Err(cause) => Err(self.io_error("read", path, cause)),
        }
    }

    /// Returns true if a folder contains only files that will be removed.
    fn contains_only_removed(
        &self,
        folder: &str,
        removed: &BTreeMap<String, &str>,
    ) -> Result<bool, Refusal> {
        let entries = fs::read_dir(self.folder.path.join(folder))
            .map_err(|cause| self.io_error("read", folder, cause))?;
        for entry in entries {
            let entry = entry.map_err(|cause| self.io_error("read", folder, cause))?;
            let path = format!("{folder}/{}", entry.file_name().to_string_lossy());
            let kind = entry
                .file_type()
                .map_err(|cause| self.io_error("read", &path, cause))?;
            let goes = if kind.is_dir() {
                self.contains_only_removed(&path, removed)?
            } else {
                removed.values().any(|r| *r == path)
            };
            if !goes {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Plans the removal of a file that is no longer generated. A file that was edited is kept and reported.
    fn plan_removal(&mut self, path: &str, known: &Record) -> Result<Stale, Refusal> {
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
    fn warn_if_edited(&mut self, path: &str, known: &Record) -> Result<(), Refusal> {
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

    /// Plans the change of a file; `None` if it is up to date, or if an obstacle was reported.
    fn plan_write(
        &mut self,
        file: &File<'_>,
        known: &Record,
        removed: &BTreeMap<String, &str>,
    ) -> Result<Option<Change>, Refusal> {
        let bytes = match self.inspect(file.path, removed)? {
            Existing::Nothing => return Ok(Some(Change::Create)),
            Existing::Obstacle => return Ok(None),
            Existing::File(bytes) => bytes,
        };
        if bytes == file.contents {
            return Ok(None);
        }
        if !known.contains(file.path) {
            // A file system that ignores case finds the old file of a renamed service here.
            if removed.contains_key(&file.path.to_lowercase()) {
                return Ok(Some(Change::Create));
            }
            self.report_foreign(file.path, "was not written by a build of this project");
            return Ok(None);
        }
        if !known.matches(file.path, &bytes) {
            let shown = self.display_path(file.path);
            let diagnostic = self
                .diagnostic_at(
                    file.path,
                    &codes::OUTPUT_EDITED_FILE,
                    format!("{shown} was edited by hand"),
                )
                .label("overwritten: your edit is lost")
                .help("change its source instead");
            self.warnings.push(diagnostic);
        }
        Ok(Some(Change::Replace))
    }

    fn report_foreign(&mut self, path: &str, what: &str) {
        let shown = self.display_path(path);
        let diagnostic = self
            .diagnostic_at(path, &codes::OUTPUT_FOREIGN_FILE, format!("{shown} {what}"))
            .label("in the place of a generated file")
            .help(
                "move it away, or build into another directory with `--output`; nothing was written",
            );
        self.report_once(diagnostic);
    }

    /// Reports an obstacle, but not a second time for another file.
    fn report_once(&mut self, diagnostic: Diagnostic<FileSpan>) {
        if self
            .problems
            .iter()
            .all(|other| other.message != diagnostic.message)
        {
            self.problems.push(diagnostic);
        }
    }

    fn io_error(&self, action: &'static str, path: &str, cause: io::Error) -> Refusal {
        Refusal::Io(Error {
            action,
            path: self.display_path(path),
            cause,
            is_partial: false,
        })
    }
}

/// The entry at the path of a file to write.
enum Existing {
    Nothing,
    File(Vec<u8>),
    /// An obstacle that was reported.
    Obstacle,
}

/// The difference between a file and what a build wrote.
enum Drift {
    /// The file does not exist.
    Nothing,
    /// Something else is at `place`, the path of the file or of a folder above it.
    Other { place: String, what: String },
}

/// The result of planning the removal of a file.
enum Stale {
    /// The file does not exist any more.
    Gone,
    /// The file will be removed.
    Removed,
    /// The file was edited and is kept.
    Kept,
}
