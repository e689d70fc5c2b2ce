//! From what the command line names to projects that are read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Context;
use super::exit::Failure;
use crate::compile::{self, Build as _, Compilation};
use crate::project::{self, Loaded, SourceFile, paths};
use crate::session::Session;

/// What a project is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder with a manifest.
    Folder(PathBuf),
    /// A file that belongs to no project.
    File(PathBuf),
}

impl Source {
    /// Reads it, once more.
    ///
    /// # Errors
    /// Where a file or folder cannot be read.
    pub fn load(&self, cwd: &Path) -> Result<Loaded, project::Error> {
        match self {
            Self::Folder(root) => project::load(root, cwd),
            Self::File(path) => project::load_file(path, cwd),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }
}

/// A project that was read, and the part of it that was asked about.
pub struct Selected {
    /// The project with its own diagnostics.
    pub loaded: Loaded,
    /// What it was read from.
    pub source: Source,
    /// The files and folders that were named, absolute; empty for the whole project.
    only: Vec<PathBuf>,
}

impl Selected {
    /// A whole project.
    pub fn project(loaded: Loaded) -> Self {
        Self {
            source: Source::Folder(loaded.project.root.clone()),
            loaded,
            only: Vec::new(),
        }
    }

    /// A file, absolute, that belongs to no project.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn file(path: PathBuf, context: &Context) -> Result<Self, Failure> {
        Ok(Self {
            loaded: project::load_file(&path, &context.cwd)?,
            source: Source::File(path),
            only: Vec::new(),
        })
    }

    /// The project's own sources that were asked about: those of packages belong to others.
    pub fn own_files(&self) -> impl Iterator<Item = &SourceFile> {
        self.loaded
            .project
            .files
            .iter()
            .filter(|file| file.package.is_none() && self.names(&file.path))
    }

    /// Whether a diagnostic at the path `shown` is to be told. The manifest's always are: everything rests on it.
    pub fn tells(&self, shown: &str, cwd: &Path) -> bool {
        let path = paths::absolute(Path::new(shown), cwd);
        path.ends_with(project::MANIFEST) || self.names(&path)
    }

    fn names(&self, path: &Path) -> bool {
        self.only.is_empty() || self.only.iter().any(|named| path.starts_with(named))
    }

    /// What the compiler makes of it, for one environment or for all.
    ///
    /// # Errors
    /// Where the environment is none of the project's.
    pub fn compile(&self, environment: Option<&str>) -> Result<Compilation, Failure> {
        self.run(environment, &compile::compile)
    }

    /// What is wrong with it, in one environment or in all; nothing is made.
    ///
    /// # Errors
    /// Where the environment is none of the project's.
    pub fn check(&self, environment: Option<&str>) -> Result<Compilation, Failure> {
        let now = Timestamp::now();
        self.run(environment, &|input| compile::check_at(input, now))
    }

    fn run(
        &self,
        environment: Option<&str>,
        compile: &dyn Fn(&compile::Input) -> Compilation,
    ) -> Result<Compilation, Failure> {
        known(environment, compile(&self.input(environment)))
    }

    /// What the compiler makes of it, with what it was made by, to ask for more.
    ///
    /// # Errors
    /// Where the environment is none of the project's.
    pub fn compile_kept(
        &self,
        environment: Option<&str>,
    ) -> Result<(Compilation, Session, compile::Input), Failure> {
        let input = self.input(environment);
        let session = compile::session(&input);
        let compilation = known(environment, session.compile(&input))?;
        Ok((compilation, session, input))
    }

    /// It, loaded into the compiler, to ask more than one thing.
    pub fn session(&self) -> Session {
        compile::session(&self.input(None))
    }

    fn input(&self, environment: Option<&str>) -> compile::Input {
        self.loaded.project.input(environment)
    }
}

/// What came of a project, unless the environment that was asked for is none of its.
///
/// # Errors
/// Where it is none.
pub fn known(environment: Option<&str>, compilation: Compilation) -> Result<Compilation, Failure> {
    match environment {
        Some(name) if !compilation.environments.iter().any(|known| known == name) => {
            let failure = Failure::usage(format!("unknown environment `{name}`"));
            let said = compilation
                .diagnostics
                .into_iter()
                .find_map(|diagnostic| diagnostic.help.into_iter().next());
            Err(match said {
                Some(help) => failure.help(help),
                None => failure,
            })
        }
        _ => Ok(compilation),
    }
}

/// The project that the command stands in, or that `--project` names.
///
/// # Errors
/// Where there is none, or it cannot be read.
pub fn project(context: &Context) -> Result<Loaded, Failure> {
    let root = match &context.global.project {
        Some(folder) => {
            let root = root(folder, context);
            let exists = root.join(project::MANIFEST).is_file();
            exists.then_some(root).ok_or_else(|| {
                let shown = paths::slashes(folder);
                Failure::usage(format!("unknown {} in {shown}", project::MANIFEST))
                    .help(format!("create a project there with `nthc init {shown}`"))
            })?
        }
        None => project::find(&context.cwd).ok_or_else(|| project::Error::NoManifest {
            from: "this directory".to_owned(),
        })?,
    };
    Ok(project::load(&root, &context.cwd)?)
}

/// The projects of the files and folders that are named, each once; a file that belongs to none is one of its own.
/// Without names, the project that the command stands in.
///
/// # Errors
/// Where something cannot be read, or a folder belongs to no project.
pub fn select(context: &Context, names: &[PathBuf]) -> Result<Vec<Selected>, Failure> {
    if names.is_empty() {
        return Ok(vec![Selected::project(project(context)?)]);
    }
    let mut projects: BTreeMap<PathBuf, Selected> = BTreeMap::new();
    let mut alone: BTreeMap<PathBuf, Selected> = BTreeMap::new();
    for name in names {
        let path = paths::absolute(name, &context.cwd);
        let is_folder = path.is_dir();
        let root = match &context.global.project {
            Some(folder) => Some(root(folder, context)),
            None => project::find(if is_folder {
                &path
            } else {
                path.parent().unwrap_or(&path)
            }),
        };
        if let Some(root) = root {
            let selected = match projects.remove(&root) {
                Some(selected) => selected,
                None if context.global.project.is_some() => Selected::project(project(context)?),
                None => Selected::project(project::load(&root, &context.cwd)?),
            };
            let belongs = is_folder || knows(&selected.loaded, &path, &context.cwd);
            let mut selected = selected;
            if belongs {
                selected.only.push(path.clone());
            }
            if belongs || !selected.only.is_empty() {
                projects.insert(root, selected);
            }
            if belongs {
                continue;
            }
        }
        if is_folder {
            return Err(Failure::from(project::Error::NoManifest {
                from: paths::shown(&path, &context.cwd),
            }));
        }
        alone.insert(path.clone(), Selected::file(path, context)?);
    }
    Ok(projects.into_values().chain(alone.into_values()).collect())
}

/// The folder that `--project` names, be it by the manifest in it.
fn root(named: &Path, context: &Context) -> PathBuf {
    let path = paths::absolute(named, &context.cwd);
    match path.parent() {
        Some(folder) if path.ends_with(project::MANIFEST) && path.is_file() => folder.to_path_buf(),
        _ => path,
    }
}

/// Whether a file is one of a project's, be it one that could not be taken in.
fn knows(loaded: &Loaded, path: &Path, cwd: &Path) -> bool {
    loaded.project.files.iter().any(|file| file.path == path)
        || loaded
            .sources
            .files()
            .iter()
            .any(|file| paths::absolute(Path::new(&file.path), cwd) == path)
}
