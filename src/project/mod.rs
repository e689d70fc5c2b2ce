//! Projects: the folder with `nth.toml`, its sources, and the packages it imports from.
//!
//! This is the compiler's door to the file system on the way in: it reads everything that a build needs, and
//! what comes after it does no I/O. What a person wrote wrongly is a [`Diagnostic`]; what the machine
//! would not do is an [`Error`].

mod alertmanager;
mod bounded;
mod discover;
mod docs;
mod in_place;
mod left_out;
mod links;
mod lints;
mod manifest;
mod openslo;
mod output;
mod pagerduty;
pub mod paths;
mod policy;
mod table;
mod targets;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::limits;

pub use bounded::{read_at_most, read_file_at_most, size};
pub use discover::{Discovered, EXTENSION, Found, discover, module_name, projects_below};
pub use in_place::in_place;
pub use left_out::LeftOut;
pub use manifest::{
    DEFAULT_INTERVAL, DEFAULT_SCRAPE_INTERVAL, Dependency, Manifest, default_settings,
    is_identifier, is_url, parse as parse_manifest, to_identifier,
};
pub use table::{Findings, Located};

use crate::catalogue::{LOCK, Lock};
use crate::compile;
use crate::diagnostics::{Applicability, Diagnostic, FileSpan, Severity, SourceMap, codes};
use crate::ir::Settings;
use crate::levels::{Level, Levels};

/// The manifest's file name.
pub const MANIFEST: &str = "nth.toml";

/// A project, read whole.
#[derive(Debug, Clone)]
pub struct Project {
    /// The folder of `nth.toml`, or of the single file.
    pub root: PathBuf,
    /// The folder that builds write to.
    pub output: PathBuf,
    /// What the targets need to know.
    pub settings: Settings,
    /// What was pulled of a Prometheus, where there is a lock file that can be read.
    pub catalogue: Option<Arc<Lock>>,
    /// How loudly warnings are told.
    pub levels: Levels,
    /// The sources: the project's own in the order of their paths, then each package's.
    pub files: Vec<SourceFile>,
}

impl Project {
    /// What is compiled of it, for one environment or for all.
    pub fn input(&self, environment: Option<&str>) -> compile::Input {
        let files = self.files.iter().map(|file| compile::SourceInput {
            module: file.module.clone(),
            path: file.shown.clone(),
            text: file.text.clone(),
            package: file.package.is_some(),
        });
        compile::Input {
            settings: self.settings.clone(),
            catalogue: self.catalogue.clone(),
            levels: self.levels.clone(),
            files: files.collect(),
            environment: environment.map(str::to_owned),
        }
    }
}

/// A source file with its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// The package it belongs to; `None` for the project's own.
    pub package: Option<SmolStr>,
    /// Its module's name, which begins with the package's: `platform.teams.payments`.
    pub module: String,
    /// Where it is.
    pub path: PathBuf,
    /// Its path as shown: relative to the working directory, with `/`.
    pub shown: String,
    /// Its text.
    pub text: Arc<str>,
}

/// A project with what was wrong on the way to it.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The project, as far as it could be read.
    pub project: Project,
    /// The files that the diagnostics point into.
    pub sources: SourceMap,
    /// What was wrong, in the order of reading.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

/// What kept a project from being read, apart from what is written in it.
#[derive(Debug)]
pub enum Error {
    /// Neither the folder nor one above it has an `nth.toml`.
    NoManifest {
        /// The folder where the search began, as shown.
        from: String,
    },
    /// A file or folder could not be read.
    Read {
        /// Its path as shown.
        path: String,
        /// Why.
        cause: io::Error,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoManifest { from } => {
                write!(f, "no {MANIFEST} in {from} or any directory above it")
            }
            Self::Read { path, cause } => write!(f, "cannot read {path}: {}", io_cause(cause)),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoManifest { .. } => None,
            Self::Read { cause, .. } => Some(cause),
        }
    }
}

/// An I/O error's text without the number that the system gives it.
pub fn io_cause(cause: &io::Error) -> String {
    let text = cause.to_string();
    match text.split_once(" (os error ") {
        Some((text, _)) => text.to_lowercase(),
        None => text,
    }
}

/// The nearest folder with an `nth.toml`, from `from` upwards.
pub fn find(from: &Path) -> Option<PathBuf> {
    from.ancestors()
        .find(|folder| folder.join(MANIFEST).is_file())
        .map(Path::to_path_buf)
}

/// Reads the project whose `nth.toml` is in `root`. Paths are shown from `cwd`, which must be absolute.
///
/// # Errors
/// Where a file or folder cannot be read.
pub fn load(root: &Path, cwd: &Path) -> Result<Loaded, Error> {
    load_edited(root, cwd, &|_| None)
}

/// Reads the project whose `nth.toml` is in `root`, where `edited` gives the texts of manifests that count instead of
/// those on disk: what somebody types and has not saved.
///
/// # Errors
/// Where a file or folder cannot be read.
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
        let found = loader.sources_of(None, &root, &manifest, std::slice::from_ref(&output))?;
        let said = &loader.diagnostics;
        // What is wrong already lets nothing be built.
        if found == 0 && !said.iter().any(|said| said.severity == Severity::Error) {
            let ignored = said
                .iter()
                .any(|said| said.code == &codes::PROJECT_IGNORED_SOURCES);
            let told = output::no_sources(&manifest, ignored);
            loader.diagnostics.push(told);
        }
        let told = output::check(&root, &source, &output, &manifest, cwd);
        loader.diagnostics.extend(told);
    }
    let mut chain = vec![(manifest.name.value.clone(), identity(&root))];
    loader.packages.insert(
        manifest.name.value.clone(),
        (identity(&root), manifest.name.span),
    );
    loader.dependencies(&root, &manifest, &mut chain)?;
    loader.collisions(&manifest);
    let catalogue = loader.catalogue(&root)?;
    let mut levels = manifest.levels;
    // What was not read may be what a comment allows something for.
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
        settings: manifest.settings,
        catalogue,
        levels,
        files: loader.files,
    };
    Ok(Loaded {
        project,
        sources: loader.sources,
        diagnostics: loader.diagnostics,
    })
}

/// Reads a file that belongs to no project as a project of its own, named after the file, that builds into
/// `build` beside it.
///
/// # Errors
/// Where the file cannot be read.
pub fn load_file(file: &Path, cwd: &Path) -> Result<Loaded, Error> {
    let path = paths::absolute(file, cwd);
    let mut loader = Loader::new(cwd, &|_| None);
    let name = path.file_name().unwrap_or(path.as_os_str()).to_os_string();
    let found = Found {
        path: path.clone(),
        module: module_name(Path::new(&name)),
    };
    let bytes = read_source(&path);
    loader.source(None, found, bytes)?;
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
        files: loader.files,
    };
    Ok(Loaded {
        project,
        sources: loader.sources,
        diagnostics: loader.diagnostics,
    })
}

/// Bytes of a file as text.
///
/// # Errors
/// The text with what is no UTF-8 replaced, and the range of the first replacement in it.
pub fn decode(bytes: Vec<u8>) -> Result<String, (String, std::ops::Range<usize>)> {
    String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        (text, start..start + char::REPLACEMENT_CHARACTER.len_utf8())
    })
}

/// What a folder is, however it is reached.
fn identity(folder: &Path) -> PathBuf {
    fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf())
}

struct Loader<'a> {
    cwd: &'a Path,
    edited: &'a dyn Fn(&Path) -> Option<Arc<str>>,
    sources: SourceMap,
    diagnostics: Vec<Diagnostic<FileSpan>>,
    files: Vec<SourceFile>,
    /// The packages read so far: where each is, and where it says its name.
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
            packages: BTreeMap::new(),
        }
    }

    fn unread(&self, path: &Path, cause: io::Error) -> Error {
        Error::Read {
            path: paths::shown(path, self.cwd),
            cause,
        }
    }

    fn read_manifest(&mut self, root: &Path) -> Result<String, Error> {
        let path = root.join(MANIFEST);
        if let Some(text) = (self.edited)(&path) {
            return Ok(text.to_string());
        }
        let bytes = in_place(&path, Some(root))
            .and_then(|path| read_file_at_most(&path, limits::MANIFEST_BYTES))
            .map_err(|cause| self.unread(&path, cause))?;
        Ok(decode(bytes).unwrap_or_else(|(text, at)| {
            let span = self.place(&path, text.as_str(), at);
            self.diagnostics.push(not_utf8(span));
            text
        }))
    }

    /// The project's lock file, where it has one. A package's is for its own services.
    fn catalogue(&mut self, root: &Path) -> Result<Option<Arc<Lock>>, Error> {
        let path = root.join(LOCK);
        let bytes = match in_place(&path, Some(root))
            .and_then(|path| read_file_at_most(&path, limits::LOCK_BYTES))
        {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(self.unread(&path, cause)),
        };
        let text = match decode(bytes) {
            Ok(text) => text,
            Err((text, at)) => {
                let span = self.place(&path, text.as_str(), at);
                self.diagnostics.push(not_utf8(span));
                return Ok(None);
            }
        };
        match Lock::parse(&text) {
            Ok(lock) => Ok(Some(Arc::new(lock))),
            Err(unreadable) => {
                let at = unreadable.range(&text);
                let span = self.place(&path, text.as_str(), at);
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
            .add(paths::shown(&root.join(MANIFEST), self.cwd), text);
        let mut findings = Findings {
            file,
            diagnostics: Vec::new(),
        };
        let manifest = manifest::parse(text, &mut findings);
        let is_sound = findings.diagnostics.is_empty();
        self.diagnostics.append(&mut findings.diagnostics);
        (manifest, is_sound)
    }

    fn place(
        &mut self,
        path: &Path,
        text: impl Into<Arc<str>>,
        range: std::ops::Range<usize>,
    ) -> FileSpan {
        let file = self.sources.add(paths::shown(path, self.cwd), text);
        FileSpan {
            file,
            start: range.start,
            end: range.end,
        }
    }

    /// Reads the sources of the project, or of a package, in `root`, and says how many there are.
    fn sources_of(
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
        let found = discover(root, &source, skip).map_err(|(path, cause)| Error::Read {
            path: paths::shown(&path, self.cwd),
            cause,
        })?;
        for left_out in &found.left_out {
            // What a package leaves out on purpose is its own affair.
            if package.is_some() && matches!(left_out, LeftOut::Ignored { .. }) {
                continue;
            }
            let diagnostic = left_out.diagnostic(self.cwd, &mut self.sources);
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
            self.source(package, found, bytes)?;
        }
        Ok(count)
    }

    fn source(
        &mut self,
        package: Option<&SmolStr>,
        found: Found,
        bytes: io::Result<Vec<u8>>,
    ) -> Result<(), Error> {
        let bytes = bytes.map_err(|cause| self.unread(&found.path, cause))?;
        let text = match decode(bytes) {
            Ok(text) => text,
            Err((text, at)) => {
                let span = self.place(&found.path, text, at);
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
                shown: paths::shown(&found.path, self.cwd),
                path: found.path,
                text: text.into(),
            }),
            Err(bad) => {
                let span = self.place(&found.path, text, 0..0);
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

    /// Reads the packages that the manifest in `root` names, and theirs. `chain` is the way from the project.
    fn dependencies(
        &mut self,
        root: &Path,
        manifest: &Manifest,
        chain: &mut Vec<(String, PathBuf)>,
    ) -> Result<(), Error> {
        for dependency in &manifest.dependencies {
            let folder = paths::normalize(&root.join(&dependency.path.value));
            if !folder.join(MANIFEST).is_file() {
                let shown = paths::shown(&folder, self.cwd);
                let label = if folder.is_dir() {
                    "this directory has no `nth.toml`"
                } else {
                    "this directory does not exist"
                };
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MISSING_PACKAGE,
                        format!("no package in {shown}"),
                        dependency.path.span,
                    )
                    .label(label),
                );
                continue;
            }
            let here = identity(&folder);
            if let Some(start) = chain.iter().position(|(_, path)| *path == here) {
                let mut names: Vec<&str> = chain
                    .iter()
                    .skip(start)
                    .map(|(name, _)| name.as_str())
                    .collect();
                let first = names.first().copied().unwrap_or_default();
                names.push(first);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_PACKAGE_CYCLE,
                        format!("the package `{first}` depends on itself"),
                        dependency.path.span,
                    )
                    .label(names.join(" → ")),
                );
                continue;
            }
            if let Some((other, named)) = self.packages.get(&dependency.name.value).cloned() {
                if other != here {
                    self.diagnostics.push(
                        Diagnostic::new(
                            &codes::PROJECT_PACKAGE_NAME,
                            format!("duplicate package name `{}`", dependency.name.value),
                            dependency.name.span,
                        )
                        .label("not the same directory as the first one")
                        .because(named, "first package with this name"),
                    );
                }
                continue;
            }
            self.package(dependency, &folder, here, chain)?;
        }
        Ok(())
    }

    fn package(
        &mut self,
        dependency: &Dependency,
        folder: &Path,
        here: PathBuf,
        chain: &mut Vec<(String, PathBuf)>,
    ) -> Result<(), Error> {
        let text = self.read_manifest(folder)?;
        let (manifest, is_sound) = self.manifest(folder, &text);
        let name = &dependency.name;
        if is_sound && manifest.name.value != name.value {
            self.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_PACKAGE_NAME,
                    format!(
                        "package `{}` is imported as `{}`",
                        manifest.name.value, name.value
                    ),
                    name.span,
                )
                .label("not the package's name")
                .because(manifest.name.span, "named here")
                .fix(
                    format!("Replace with `{}`", manifest.name.value),
                    name.span,
                    manifest.name.value.clone(),
                    Applicability::Maybe,
                ),
            );
        }
        self.packages
            .insert(name.value.clone(), (here.clone(), manifest.name.span));
        let output = paths::normalize(&folder.join(&manifest.output.value));
        self.sources_of(
            Some(&SmolStr::from(name.value.as_str())),
            folder,
            &manifest,
            &[output],
        )?;
        chain.push((name.value.clone(), here));
        self.dependencies(folder, &manifest, chain)?;
        chain.pop();
        Ok(())
    }

    /// Reports and takes out modules whose names are taken.
    fn collisions(&mut self, manifest: &Manifest) {
        let packages: BTreeMap<String, FileSpan> = manifest
            .dependencies
            .iter()
            .map(|dependency| {
                (
                    dependency.name.value.to_ascii_lowercase(),
                    dependency.name.span,
                )
            })
            .collect();
        let mut taken: BTreeMap<String, (String, String, Arc<str>)> = BTreeMap::new();
        let mut kept = Vec::with_capacity(self.files.len());
        for file in std::mem::take(&mut self.files) {
            let lower = file.module.to_ascii_lowercase();
            // A package's files all begin with its name, which is known to be free.
            let first = lower.split('.').next().unwrap_or_default();
            let own = file.package.is_none();
            if own && first == "std" {
                let span = self.place(&file.path, file.text, 0..0);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MODULE_COLLISION,
                        format!("module `{}` has the standard library's name", file.module),
                        span,
                    )
                    .help("rename the file or directory: `std` is reserved"),
                );
            } else if let Some(span) = packages.get(first).copied().filter(|_| own) {
                let at = self.place(&file.path, file.text, 0..0);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MODULE_COLLISION,
                        format!("module `{}` has the name of a package", file.module),
                        at,
                    )
                    .because(span, "the package"),
                );
            } else if let Some((module, shown, text)) = taken.get(&lower).cloned() {
                let at = self.place(&file.path, file.text, 0..0);
                let first = self.sources.add(shown, text);
                self.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_MODULE_COLLISION,
                        format!(
                            "modules `{module}` and `{}` differ only in case",
                            file.module
                        ),
                        at,
                    )
                    .because(
                        FileSpan {
                            file: first,
                            start: 0,
                            end: 0,
                        },
                        "the other module",
                    ),
                );
            } else {
                taken.insert(
                    lower,
                    (file.module.clone(), file.shown.clone(), file.text.clone()),
                );
                kept.push(file);
            }
        }
        self.files = kept;
    }
}

/// What is told of a file that is not UTF-8; `span` is the first place that is not.
pub fn not_utf8(span: FileSpan) -> Diagnostic<FileSpan> {
    Diagnostic::new(
        &codes::PROJECT_NOT_UTF8,
        "the file is not valid UTF-8",
        span,
    )
    .label("first invalid bytes")
    .help("save the file as UTF-8")
}

/// The bytes of a source file; of one that is too large as many as show that it is.
///
/// # Errors
///
/// Where the file cannot be read.
pub fn read_source(path: &Path) -> io::Result<Vec<u8>> {
    read_source_from(fs::File::open(path)?)
}

/// The same of a source that a reader gives.
///
/// # Errors
///
/// Where it cannot be read.
pub fn read_source_from(reader: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limits::FILE_BYTES + 1;
    reader.take(most as u64 + 4).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        // A character that is cut is no mistake of the file.
        let end =
            (most..bytes.len()).find(|at| bytes.get(*at).is_some_and(|byte| byte & 0xC0 != 0x80));
        bytes.truncate(end.unwrap_or(most));
    }
    Ok(bytes)
}
