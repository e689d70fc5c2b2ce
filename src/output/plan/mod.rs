//! Compares the output folder with a build and decides all changes.

mod drift;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use drift::Stale;

use super::path::path_problem;
use super::record::{RECORD, Record, Unreadable};
use super::spool::{Kept, Spooled};
use super::stamp::Stamp;
use super::{
    Change, Contents, Error, File, Folder, Others, Plan, Refusal, Write, removal_limit, shown_path,
};
use crate::diagnostics::{Code, Diagnostic, FileSpan, SourceMap, codes};
use crate::hash::Hash;
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
                return Err(planner.io_error("read", RECORD, cause));
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
        shown_path(self.folder.shown, path)
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

    /// Plans the changes that generate exactly these files. `staging` contains the new contents of those that were spooled.
    pub(super) fn plan<'a>(
        mut self,
        files: impl IntoIterator<Item = File<'a>>,
        staging: Option<&'a Path>,
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
                self.folder.others == Others::Removed
                    && self.folder.builds(path)
                    && !generated.contains(path)
            })
            .collect();
        let mut after = Record::new(self.folder.project);
        for (path, hash) in known.files.iter().chain(&known.pending) {
            if self.folder.others != Others::Removed || !self.folder.builds(path) {
                after.files.insert(path.clone(), hash.clone());
                if self.folder.others != Others::Unedited && !generated.contains(path.as_str()) {
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
            let hash = file.hash();
            let change = self.plan_write(&file, &hash, known, &removed)?;
            if known.contains(file.path) && change != Some(Change::Create) {
                existing.insert(file.path);
            }
            after.files.insert(file.path.to_owned(), hash.clone());
            match change {
                Some(change) => writes.push(Write { file, hash, change }),
                None => unchanged += 1,
            }
        }
        if !self.problems.is_empty() {
            return Err(self.refuse());
        }
        let excesses = removal_limit::find_excesses(&existing, &removals, &generated);
        Ok(Plan {
            folder: self.folder.path.to_path_buf(),
            shown: self.folder.shown.to_owned(),
            writes,
            staging,
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
        Ok(Existing::File)
    }

    /// Returns whether the file at the place of a new one certainly has its contents already.
    fn is_there(&self, file: &File<'_>) -> bool {
        let Contents::Spooled(Spooled {
            kept: Kept::There(Some(stamp)),
            ..
        }) = file.contents
        else {
            return false;
        };
        let now = Stamp::read(&self.folder.path.join(file.path));
        now.is_ok_and(|now| now.as_ref() == Some(stamp))
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

    /// Plans the change of a file; `None` if it is up to date, or if an obstacle was reported.
    fn plan_write(
        &mut self,
        file: &File<'_>,
        hash: &Hash,
        known: &Record,
        removed: &BTreeMap<String, &str>,
    ) -> Result<Option<Change>, Refusal> {
        // Contents that were there are not kept.
        let is_overtaken = matches!(
            file.contents,
            Contents::Spooled(Spooled {
                kept: Kept::There(_),
                ..
            })
        );
        let change_to = |change| match is_overtaken {
            true => Err(Refusal::Overtaken),
            false => Ok(Some(change)),
        };
        match self.inspect(file.path, removed)? {
            Existing::Nothing => return change_to(Change::Create),
            Existing::Obstacle => return Ok(None),
            Existing::File if self.is_there(file) => return Ok(None),
            Existing::File => {}
        }
        let found = regular::read(&self.folder.path.join(file.path));
        let bytes = found.map_err(|cause| self.io_error("read", file.path, cause))?;
        if Hash::new(&bytes) == *hash {
            return Ok(None);
        }
        if !known.contains(file.path) {
            // A file system that ignores case finds the old file of a renamed service here.
            if removed.contains_key(&file.path.to_lowercase()) {
                return change_to(Change::Create);
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
        change_to(Change::Replace)
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
        Refusal::Io(Error::new(action, self.folder.shown, path, cause))
    }
}

/// The entry at the path of a file to write.
enum Existing {
    Nothing,
    File,
    /// An obstacle that was reported.
    Obstacle,
}
