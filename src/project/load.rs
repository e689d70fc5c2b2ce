//! Reads a project from disk: its manifest, its sources, its lock file; [`packages`] reads its dependencies, [`outside`] files of other
//! programs.

mod outside;
mod ownership;
mod packages;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nth_metrics::{LOCK, Lock};
use rayon::prelude::*;
use smol_str::SmolStr;

use super::source::{NotUtf8, decode, not_utf8, read_source};
use super::table::Findings;
use super::{
    Error, FoundSource, Loaded, MANIFEST, Manifest, Project, SkippedSource, SourceFile, Unlisted,
    discover, manifest, module_name, output, paths, read_file_at_most, resolve_file,
};
use crate::diagnostics::{Diagnostic, FileSpan, Severity, SourceMap, codes};
use crate::ir::default_settings;
use crate::limits;
use crate::suppressions::{Level, Levels};

/// Reads the project with its `nth.toml` in `root`. Paths are shown relative to `cwd`, which must be absolute.
///
/// # Errors
///
/// If a file or folder cannot be read.
pub fn load(root: &Path, cwd: &Path) -> Result<Loaded, Error> {
    load_edited(root, cwd, &|_| None)
}

/// Reads the project with its `nth.toml` in `root`. `edited` returns the text of a manifest that has unsaved changes, which
/// replaces that on disk.
///
/// # Errors
///
/// If a file or folder cannot be read.
pub fn load_edited(
    root: &Path,
    cwd: &Path,
    edited: &dyn Fn(&Path) -> Option<Arc<str>>,
) -> Result<Loaded, Error> {
    let root = paths::absolute(root, cwd);
    let mut loader = Loader::new(cwd, edited);
    let text = loader.read_manifest(&root)?;
    let (manifest, _) = loader.manifest(&root, &text);
    let output = paths::normalize(&root.join(&manifest.output.value));
    let source = paths::normalize(&root.join(&manifest.source.value));
    let holds_sources = paths::real(&source).starts_with(paths::real(&output));
    if source.starts_with(&output) || holds_sources {
        loader.diagnostics.push(
            Diagnostic::new(
                &codes::PROJECT_BAD_SETTING,
                "the output directory must not contain the sources",
                manifest.output.span,
            )
            .label("the sources are in this directory")
            .help("use another directory, usually `build`"),
        );
    } else {
        let found = loader.read_sources(None, &root, &manifest, std::slice::from_ref(&output))?;
        let diagnostics = &loader.diagnostics;
        // With an error, nothing is built anyway.
        if found == 0
            && !diagnostics
                .iter()
                .any(|found| found.severity == Severity::Error)
        {
            let ignored = diagnostics
                .iter()
                .any(|found| found.code == &codes::PROJECT_IGNORED_SOURCES);
            let diagnostic = output::no_sources(&manifest, ignored);
            loader.diagnostics.push(diagnostic);
        }
        let diagnostic = output::check(&root, &source, &output, &manifest, cwd);
        loader.diagnostics.extend(diagnostic);
    }
    let mut chain = vec![(manifest.name.value.clone(), canonical(&root))];
    loader.packages.insert(
        manifest.name.value.clone(),
        (canonical(&root), manifest.name.span),
    );
    loader.dependencies(&root, &manifest, &mut chain)?;
    loader.remove_collisions(&manifest);
    let catalogue = loader.catalogue(&root)?;
    let mut settings = manifest.settings.clone();
    settings.alertmanager_bases = loader.alertmanager_bases(&root, &output, &manifest)?;
    settings.ownership = loader.ownership(&root, &output, &manifest)?;
    let mut levels = manifest.levels;
    // A source that was not read may need the suppression.
    if loader
        .diagnostics
        .iter()
        .any(|found| found.severity == Severity::Error)
    {
        levels.set(&codes::UNUSED_ALLOW, Level::Allow);
    }
    let project = Project {
        root,
        output,
        settings,
        catalogue,
        levels,
        change_levels: manifest.change_levels,
        destinations: manifest.destinations,
        record_sources: manifest.record_sources,
        files: loader.files,
        outside: loader.outside,
    };
    Ok(Loaded {
        project,
        sources: loader.sources,
        diagnostics: loader.diagnostics,
    })
}

/// Reads a standalone file as a project of its own, which is named after the file and builds into `build` beside it.
///
/// # Errors
///
/// If the file cannot be read.
pub fn load_file(file: &Path, cwd: &Path) -> Result<Loaded, Error> {
    let path = paths::absolute(file, cwd);
    let mut loader = Loader::new(cwd, &|_| None);
    let name = path.file_name().unwrap_or(path.as_os_str()).to_os_string();
    let found = FoundSource {
        path: path.clone(),
        module: module_name(Path::new(&name)),
    };
    let bytes = read_source(&path);
    loader.add_source(None, found, bytes)?;
    let root = path.parent().unwrap_or(Path::new("/")).to_path_buf();
    let stem = path
        .file_stem()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let project = Project {
        output: root.join("build"),
        root,
        settings: default_settings(&stem),
        catalogue: None,
        levels: Levels::default(),
        change_levels: super::ChangeLevels::new(),
        destinations: Vec::new(),
        record_sources: false,
        files: loader.files,
        outside: Vec::new(),
    };
    Ok(Loaded {
        project,
        sources: loader.sources,
        diagnostics: loader.diagnostics,
    })
}

/// Returns the canonical path of a folder.
fn canonical(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
}

struct Loader<'a> {
    cwd: &'a Path,
    edited: &'a dyn Fn(&Path) -> Option<Arc<str>>,
    sources: SourceMap,
    diagnostics: Vec<Diagnostic<FileSpan>>,
    files: Vec<SourceFile>,
    /// The files of other programs, with their texts.
    outside: Vec<(PathBuf, Arc<str>)>,
    /// The packages read so far, with their folders and the spans of their names.
    packages: BTreeMap<String, (PathBuf, FileSpan)>,
}

impl<'a> Loader<'a> {
    fn new(cwd: &'a Path, edited: &'a dyn Fn(&Path) -> Option<Arc<str>>) -> Self {
        Self {
            cwd,
            edited,
            sources: SourceMap::default(),
            diagnostics: Vec::new(),
            files: Vec::new(),
            outside: Vec::new(),
            packages: BTreeMap::new(),
        }
    }

    fn read_error(&self, path: &Path, cause: io::Error) -> Error {
        Error::Read {
            path: paths::display(path, self.cwd),
            cause,
        }
    }

    fn read_manifest(&mut self, root: &Path) -> Result<String, Error> {
        let path = root.join(MANIFEST);
        if let Some(text) = (self.edited)(&path) {
            return Ok(text.to_string());
        }
        let bytes = resolve_file(&path, Some(root))
            .and_then(|path| read_file_at_most(&path, limits::MANIFEST_BYTES))
            .map_err(|cause| self.read_error(&path, cause))?;
        Ok(decode(bytes).unwrap_or_else(|NotUtf8 { text, at }| {
            let span = self.add_span(&path, text.as_str(), at);
            self.diagnostics.push(not_utf8(span));
            text
        }))
    }

    /// Reads the lock file of the project, if there is one. The lock file of a package covers only its own services.
    fn catalogue(&mut self, root: &Path) -> Result<Option<Arc<Lock>>, Error> {
        let path = root.join(LOCK);
        let bytes = match resolve_file(&path, Some(root))
            .and_then(|path| read_file_at_most(&path, limits::LOCK_BYTES))
        {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.read_error(&path, cause)),
        };
        let text = match decode(bytes) {
            Ok(text) => text,
            Err(NotUtf8 { text, at }) => {
                let span = self.add_span(&path, text.as_str(), at);
                self.diagnostics.push(not_utf8(span));
                return Ok(None);
            }
        };
        match Lock::parse(&text) {
            Ok(lock) => Ok(Some(Arc::new(lock))),
            Err(unreadable) => {
                let at = unreadable.range(&text);
                let span = self.add_span(&path, text.as_str(), at);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_BAD_CATALOGUE,
                        format!("cannot read `{LOCK}`: {unreadable}"),
                        span,
                    )
                    .help("restore the file from version control, or remove it and pull it again: `nthc \
                        metrics pull`"),
                );
                Ok(None)
            }
        }
    }

    fn manifest(&mut self, root: &Path, text: &str) -> (Manifest, bool) {
        let file = self
            .sources
            .add(paths::display(&root.join(MANIFEST), self.cwd), text);
        let mut findings = Findings {
            file,
            diagnostics: Vec::new(),
        };
        let manifest = manifest::parse(text, &mut findings);
        let is_sound = findings.diagnostics.is_empty();
        self.diagnostics.append(&mut findings.diagnostics);
        (manifest, is_sound)
    }

    fn add_span(
        &mut self,
        path: &Path,
        text: impl Into<Arc<str>>,
        range: std::ops::Range<usize>,
    ) -> FileSpan {
        let file = self.sources.add(paths::display(path, self.cwd), text);
        FileSpan {
            file,
            start: range.start,
            end: range.end,
        }
    }

    /// Reads the sources of the project, or of a package, in `root`. Returns their number.
    fn read_sources(
        &mut self,
        package: Option<&SmolStr>,
        root: &Path,
        manifest: &Manifest,
        skip: &[PathBuf],
    ) -> Result<usize, Error> {
        let source = paths::normalize(&root.join(&manifest.source.value));
        if !source.is_dir() {
            self.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!(
                        "the source directory `{}` does not exist",
                        manifest.source.value
                    ),
                    manifest.source.span,
                )
                .label("not found"),
            );
            return Ok(0);
        }
        let found =
            discover(root, &source, skip).map_err(|Unlisted { path, cause }| Error::Read {
                path: paths::display(&path, self.cwd),
                cause,
            })?;
        for skipped in &found.skipped {
            // Ignored sources of a package are the decision of its authors.
            if package.is_some() && matches!(skipped, SkippedSource::Ignored { .. }) {
                continue;
            }
            let diagnostic = skipped.diagnostic(self.cwd, &mut self.sources);
            self.diagnostics.extend(manifest.levels.apply(diagnostic));
        }
        let count = found.files.len();
        let read: Vec<_> = found
            .files
            .into_par_iter()
            .map(|found| {
                let bytes = read_source(&found.path);
                (found, bytes)
            })
            .collect();
        for (found, bytes) in read {
            self.add_source(package, found, bytes)?;
        }
        Ok(count)
    }

    fn add_source(
        &mut self,
        package: Option<&SmolStr>,
        found: FoundSource,
        bytes: io::Result<Vec<u8>>,
    ) -> Result<(), Error> {
        let bytes = bytes.map_err(|cause| self.read_error(&found.path, cause))?;
        let text = match decode(bytes) {
            Ok(text) => text,
            Err(NotUtf8 { text, at }) => {
                let span = self.add_span(&found.path, text, at);
                self.diagnostics.push(not_utf8(span));
                return Ok(());
            }
        };
        match found.module {
            Ok(module) => self.files.push(SourceFile {
                module: match package {
                    Some(package) => format!("{package}.{module}"),
                    None => module,
                },
                package: package.cloned(),
                shown: paths::display(&found.path, self.cwd),
                path: found.path,
                text: text.into(),
            }),
            Err(bad) => {
                let span = self.add_span(&found.path, text, 0..0);
                let mut diagnostic = Diagnostic::new(
                    &codes::PROJECT_BAD_MODULE_NAME,
                    format!("{:?} is not allowed in a module name", bad.part),
                    span,
                );
                if let Some(better) = bad.better {
                    diagnostic = diagnostic.help(format!("rename it to `{better}`"));
                }
                self.diagnostics.push(diagnostic);
            }
        }
        Ok(())
    }
}
