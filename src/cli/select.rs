//! Resolves the paths on the command line to projects, and reads them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::Context;
use super::exit::Failure;
use nthc::compile::{self, Build as _, Compilation};
use nthc::project::{self, Loaded, SourceFile, paths};
use nthc::session::Session;

/// The source of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A folder with a manifest.
    Folder(PathBuf),
    /// A standalone file.
    File(PathBuf),
}

impl Source {
    /// Reads the project.
    ///
    /// # Errors
    ///
    /// If a file or folder cannot be read.
    pub fn load(&self, cwd: &Path) -> Result<Loaded, project::Error> {
        match self {
            Self::Folder(root) => project::load(root, cwd),
            Self::File(path) => project::load_file(path, cwd),
        }
    }

    /// Returns the path of the folder or file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }
}

/// A project that was read, and the selected part of it.
pub struct Selected {
    /// The project with the diagnostics of reading it.
    pub loaded: Loaded,
    /// The folder or file that it was read from.
    pub source: Source,
    /// The named files and folders, absolute; empty for the whole project.
    only: Vec<PathBuf>,
}

impl Selected {
    /// Selects a whole project.
    pub fn whole(loaded: Loaded) -> Self {
        Self {
            source: Source::Folder(loaded.project.root.clone()),
            loaded,
            only: Vec::new(),
        }
    }

    /// Reads a standalone file. The path must be absolute.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn load_file(path: PathBuf, context: &Context) -> Result<Self, Failure> {
        Ok(Self {
            loaded: project::load_file(&path, &context.cwd)?,
            source: Source::File(path),
            only: Vec::new(),
        })
    }

    /// Returns the selected sources of the project itself, without those of packages.
    pub fn own_files(&self) -> impl Iterator<Item = &SourceFile> {
        self.loaded
            .project
            .files
            .iter()
            .filter(|file| file.package.is_none() && self.is_selected(&file.path))
    }

    /// Returns true if a diagnostic at the path `shown` is reported. Diagnostics of the manifest always are: everything
    /// depends on it.
    pub fn reports(&self, shown: &str, cwd: &Path) -> bool {
        let path = paths::absolute(Path::new(shown), cwd);
        path.ends_with(project::MANIFEST) || self.is_selected(&path)
    }

    fn is_selected(&self, path: &Path) -> bool {
        self.only.is_empty() || self.only.iter().any(|named| path.starts_with(named))
    }

    /// Compiles the project, for one environment or for all, and gives each file to `take` as soon as it is generated.
    ///
    /// # Errors
    ///
    /// If the project has no such environment.
    pub fn compile_into(
        &self,
        environment: Option<&str>,
        take: compile::Take<'_>,
    ) -> Result<Compilation, Failure> {
        self.run(environment, &|input| compile::compile_into(input, take))
    }

    /// Checks the project in one environment or in all, and generates nothing.
    ///
    /// # Errors
    ///
    /// If the project has no such environment.
    pub fn check(&self, environment: Option<&str>) -> Result<Compilation, Failure> {
        let now = Timestamp::now();
        self.run(environment, &|input| compile::check_at(input, now))
    }

    fn run(
        &self,
        environment: Option<&str>,
        compile: &dyn Fn(&compile::Input) -> Compilation,
    ) -> Result<Compilation, Failure> {
        require_environment(environment, compile(&self.input(environment)))
    }

    /// Compiles the project, and returns the session and its input for further queries.
    ///
    /// # Errors
    ///
    /// If the project has no such environment.
    pub fn compile_with_session(
        &self,
        environment: Option<&str>,
    ) -> Result<(Compilation, Session, compile::Input), Failure> {
        let input = self.input(environment);
        let session = compile::session(&input);
        let compilation = require_environment(environment, session.compile(&input))?;
        Ok((compilation, session, input))
    }

    /// Loads the project into a session for several queries.
    pub fn session(&self) -> Session {
        compile::session(&self.input(None))
    }

    fn input(&self, environment: Option<&str>) -> compile::Input {
        self.loaded.project.input(environment)
    }
}

/// Returns the compilation if the project has this environment.
///
/// # Errors
///
/// If it has not.
pub fn require_environment(
    environment: Option<&str>,
    compilation: Compilation,
) -> Result<Compilation, Failure> {
    match environment {
        Some(name) if !compilation.environments.iter().any(|known| known == name) => {
            let failure = Failure::usage(format!("unknown environment `{name}`"));
            let help = compilation
                .diagnostics
                .into_iter()
                .find_map(|diagnostic| diagnostic.help.into_iter().next());
            Err(match help {
                Some(help) => failure.help(help),
                None => failure,
            })
        }
        _ => Ok(compilation),
    }
}

/// Returns the one environment that was compiled; `None` if the project has none.
///
/// # Errors
///
/// If there are several.
pub fn only_environment(environments: &[String]) -> Result<Option<&str>, Failure> {
    match environments {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        several => Err(
            Failure::usage("the project has several environments").help(format!(
                "choose one with `--env`: `{}`",
                several.join("`, `")
            )),
        ),
    }
}

/// Reads the project of the working directory, or of `--project`.
///
/// # Errors
///
/// If there is none, or it cannot be read.
pub fn project(context: &Context) -> Result<Loaded, Failure> {
    Ok(project::load(&root(context)?, &context.cwd)?)
}

/// Returns the folder of the project of the working directory, or of `--project`.
///
/// # Errors
///
/// If there is none.
pub fn root(context: &Context) -> Result<PathBuf, Failure> {
    Ok(match &context.global.project {
        Some(folder) => {
            let root = project_root(folder, context);
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
    })
}

/// Reads the projects of the named files and folders, each once; a standalone file is a project of its own. Without names,
/// reads the project of the working directory.
///
/// # Errors
///
/// If something cannot be read, or a folder belongs to no project.
pub fn select(context: &Context, names: &[PathBuf]) -> Result<Vec<Selected>, Failure> {
    if names.is_empty() {
        return Ok(vec![Selected::whole(project(context)?)]);
    }
    let mut projects: BTreeMap<PathBuf, Selected> = BTreeMap::new();
    let mut alone: BTreeMap<PathBuf, Selected> = BTreeMap::new();
    for name in names {
        let path = paths::absolute(name, &context.cwd);
        let is_folder = path.is_dir();
        let root = match &context.global.project {
            Some(folder) => Some(project_root(folder, context)),
            None => project::find(if is_folder {
                &path
            } else {
                path.parent().unwrap_or(&path)
            }),
        };
        if let Some(root) = root {
            let selected = match projects.remove(&root) {
                Some(selected) => selected,
                None if context.global.project.is_some() => Selected::whole(project(context)?),
                None => Selected::whole(project::load(&root, &context.cwd)?),
            };
            let belongs = is_folder || contains_file(&selected.loaded, &path, &context.cwd);
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
                from: paths::display(&path, &context.cwd),
            }));
        }
        alone.insert(path.clone(), Selected::load_file(path, context)?);
    }
    Ok(projects.into_values().chain(alone.into_values()).collect())
}

/// Returns the folder that `--project` names. The path may also be that of the manifest in it.
fn project_root(named: &Path, context: &Context) -> PathBuf {
    let path = paths::absolute(named, &context.cwd);
    match path.parent() {
        Some(folder) if path.ends_with(project::MANIFEST) && path.is_file() => folder.to_path_buf(),
        _ => path,
    }
}

/// Returns true if a file belongs to a project, even if it could not be used.
fn contains_file(loaded: &Loaded, path: &Path, cwd: &Path) -> bool {
    loaded.project.files.iter().any(|file| file.path == path)
        || loaded
            .sources
            .files()
            .iter()
            .any(|file| paths::absolute(Path::new(&file.path), cwd) == path)
}
