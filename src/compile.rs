//! From the files of a project to its outputs and what is wrong with it: the one entry for the command line.
//!
//! What spans the project happens here, outside of any query: which modules there are, which names collide, which
//! rules are broken. Everything else is a query about one item.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rayon::prelude::*;
use smol_str::SmolStr;

use crate::backends::{self, Artifact};
use crate::check::{check_item, project, rules};
use crate::db::{Database, Diag, ItemClass, ItemKey, SourceFile, Span, Workspace, file_names, item_start};
use crate::diagnostics::{Code, Diagnostic, FileSpan, Severity, SourceMap, codes, suggest};
use crate::eval::BlockRef;
use crate::ir::Settings;
use crate::lower::service_model;

/// A file of a project or of a package.
#[derive(Debug, Clone)]
pub struct SourceInput {
    /// The module's name, `teams.payments`.
    pub module: String,
    /// The path to show.
    pub path: String,
    /// The text.
    pub text: Arc<str>,
}

/// What is compiled.
#[derive(Debug, Clone)]
pub struct Input {
    /// The project's settings; the environment in them is overwritten.
    pub settings: Settings,
    /// The project's files and those of its packages.
    pub files: Vec<SourceInput>,
    /// The environment to build; all that are declared where absent.
    pub environment: Option<String>,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct Compilation {
    /// The files that diagnostics point into.
    pub sources: SourceMap,
    /// What is wrong, in the order of files and places.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// The files to write; none if there is an error.
    pub artifacts: Vec<Artifact>,
    /// The environments that were built; none where the project declares none.
    pub environments: Vec<String>,
}

/// A module of the standard library: its name, and its text.
pub const STANDARD_LIBRARY: &[(&str, &str)] = &[
    ("std.prelude", include_str!("../stdlib/prelude.nth")),
    ("std.http", include_str!("../stdlib/http.nth")),
    ("std.services", include_str!("../stdlib/services.nth")),
    ("std.stream", include_str!("../stdlib/stream.nth")),
    ("std.worker", include_str!("../stdlib/worker.nth")),
];

/// A loaded workspace, for one compilation or for many edits.
pub struct Session {
    /// The database.
    pub db: Database,
    /// The workspace.
    pub workspace: Workspace,
    files: Vec<SourceFile>,
    standard: Vec<SourceFile>,
}

impl Session {
    /// Loads files into a database.
    pub fn new(db: Database, files: &[SourceInput]) -> Self {
        let standard: Vec<SourceFile> = STANDARD_LIBRARY
            .iter()
            .map(|(module, text)| {
                let path = format!("{}.nth", module.replace('.', "/"));
                SourceFile::builder((*module).into(), path, Arc::from(*text))
                    .durability(salsa::Durability::HIGH)
                    .new(&db)
            })
            .collect();
        let files: Vec<SourceFile> = files
            .iter()
            .map(|file| SourceFile::new(&db, file.module.as_str().into(), file.path.clone(), file.text.clone()))
            .collect();
        let prelude = standard.first().copied().unwrap_or_else(|| {
            SourceFile::new(&db, "std.prelude".into(), String::new(), Arc::from(""))
        });
        let modules = Arc::new(
            standard.iter().chain(&files).map(|file| (file.module(&db).clone(), *file)).collect::<BTreeMap<_, _>>(),
        );
        let workspace = Workspace::new(&db, modules, prelude, Arc::default(), Arc::default(), SmolStr::default());
        let mut session = Self { db, workspace, files, standard };
        session.refresh();
        session
    }

    /// Tells the name of the project, by which its own modules can be imported too.
    pub fn set_project(&mut self, name: &str) {
        use salsa::Setter;
        if self.workspace.project(&self.db) != name {
            self.workspace.set_project(&mut self.db).to(name.into());
        }
    }

    /// The project's own files.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Changes a file's text.
    pub fn edit(&mut self, file: SourceFile, text: Arc<str>) {
        use salsa::Setter;
        file.set_text(&mut self.db).to(text);
        self.refresh();
    }

    /// Gathers what spans the workspace, and sets what changed.
    fn refresh(&mut self) {
        use salsa::Setter;
        let found: Vec<(Vec<ItemKey>, Vec<(SmolStr, ItemKey)>)> = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                let names = file_names(db, *file);
                let extensions = names.of_class(ItemClass::Extension).map(|entry| entry.key).collect();
                let environments = names
                    .of_class(ItemClass::Block)
                    .filter(|entry| entry.kind == "environment" && !entry.name.is_empty())
                    .map(|entry| (entry.name.clone(), entry.key))
                    .collect();
                (extensions, environments)
            })
            .collect();
        let mut extensions = Vec::new();
        let mut environments = BTreeMap::new();
        for (file_extensions, file_environments) in found {
            extensions.extend(file_extensions);
            for (name, key) in file_environments {
                environments.entry(name).or_insert(key);
            }
        }
        if **self.workspace.extensions(&self.db) != extensions {
            self.workspace.set_extensions(&mut self.db).to(Arc::new(extensions));
        }
        if **self.workspace.environments(&self.db) != environments {
            self.workspace.set_environments(&mut self.db).to(Arc::new(environments));
        }
    }

    /// The blocks of a kind, in the order of files and of their texts.
    fn blocks(&self, kind: &str) -> Vec<ItemKey> {
        self.files
            .iter()
            .flat_map(|file| file_names(&self.db, *file).of_class(ItemClass::Block))
            .filter(|entry| entry.kind == kind)
            .map(|entry| entry.key)
            .collect()
    }

    /// Everything that is wrong, and the artifacts of every environment where nothing is.
    fn compile(&self, input: &Input) -> (Vec<Diag>, Vec<Artifact>, Vec<SmolStr>) {
        let db = &self.db;
        let workspace = self.workspace;
        let declared: Vec<SmolStr> = workspace.environments(db).keys().cloned().collect();
        let wanted: Vec<Option<SmolStr>> = match &input.environment {
            Some(name) => vec![Some(name.as_str().into())],
            None if declared.is_empty() => vec![None],
            None => declared.iter().cloned().map(Some).collect(),
        };
        let mut diagnostics: Vec<Diag> = Vec::new();
        let keys: Vec<ItemKey> = self
            .files
            .iter()
            .flat_map(|file| file_names(db, *file).items.iter().map(|entry| entry.key))
            .collect();
        let checked: Vec<Vec<Diag>> = keys
            .par_iter()
            .map_with(db.clone(), |db, key| check_item(db, workspace, *key).clone())
            .collect();
        let mut own: Vec<Diag> = checked.into_iter().flatten().collect();
        own.extend(project::duplicates(db, &self.files));

        let services = self.blocks("service");
        let others: Vec<ItemKey> = self
            .files
            .iter()
            .flat_map(|file| file_names(db, *file).of_class(ItemClass::Block))
            .filter(|entry| entry.kind != "service")
            .map(|entry| entry.key)
            .collect();
        let mut all: BTreeMap<SmolStr, Vec<BlockRef>> = BTreeMap::new();
        for file in &self.files {
            for entry in file_names(db, *file).of_class(ItemClass::Block) {
                all.entry(entry.kind.clone()).or_default().push(BlockRef {
                    item: entry.key,
                    path: Vec::new(),
                    kind: entry.kind.clone(),
                    name: entry.name.clone(),
                });
            }
        }
        let rules: Vec<ItemKey> = self
            .files
            .iter()
            .flat_map(|file| file_names(db, *file).of_class(ItemClass::Rule))
            .map(|entry| entry.key)
            .collect();
        for environment in &wanted {
            let found: Vec<Vec<Diag>> = services
                .par_iter()
                .map_with(db.clone(), |db, key| {
                    service_model(db, workspace, *key, environment.clone()).diagnostics.clone()
                })
                .collect();
            diagnostics.extend(found.into_iter().flatten());
            let found: Vec<Vec<Diag>> = others
                .par_iter()
                .map_with(db.clone(), |db, key| {
                    crate::eval::instance(db, workspace, *key, environment.clone()).diagnostics.clone()
                })
                .collect();
            diagnostics.extend(found.into_iter().flatten());
            for rule in &rules {
                diagnostics.extend(rules::run(db, workspace, *rule, environment.clone(), &all));
            }
        }
        let mut diagnostics = self.explain_names(distinct(own, diagnostics));
        if diagnostics.iter().any(|found| found.severity == Severity::Error) {
            return (diagnostics, Vec::new(), declared);
        }
        let mut artifacts = Vec::new();
        for environment in &wanted {
            let mut settings = input.settings.clone();
            settings.environment = environment.clone();
            let built: Vec<Result<Vec<Artifact>, Diag>> = services
                .par_iter()
                .map_with(db.clone(), |db, key| {
                    let lowered = service_model(db, workspace, *key, environment.clone());
                    let Some(service) = &lowered.service else { return Ok(Vec::new()) };
                    backends::service_artifacts(service, &settings).map_err(|problem| {
                        Diag::new(&codes::UNWRITABLE, problem, project::name_span(db, *key))
                    })
                })
                .collect();
            for built in built {
                match built {
                    Ok(built) => {
                        for mut artifact in built {
                            if let Some(environment) = environment {
                                artifact.path = format!("{}/{}", backends::file_stem(environment), artifact.path);
                            }
                            artifacts.push(artifact);
                        }
                    }
                    Err(problem) => diagnostics.push(problem),
                }
            }
        }
        if diagnostics.iter().any(|found| found.severity == Severity::Error) {
            artifacts.clear();
        }
        artifacts.sort_by(|left, right| left.path.cmp(&right.path));
        let built = wanted.into_iter().flatten().collect();
        (diagnostics, artifacts, built)
    }

    fn explain_names(&self, diagnostics: Vec<Diag>) -> Vec<Diag> {
        if diagnostics.iter().all(|found| found.unknown_name.is_none()) {
            return diagnostics;
        }
        let index = project::NameIndex::new(&self.db, self.workspace);
        diagnostics.into_iter().map(|found| index.explain(&self.db, found)).collect()
    }

    /// Places in files instead of places in items.
    fn locate(&self, diagnostics: Vec<Diag>) -> (SourceMap, Vec<Diagnostic<FileSpan>>) {
        let mut sources = SourceMap::default();
        let mut numbers = std::collections::HashMap::new();
        for file in &self.files {
            numbers.insert(*file, sources.add(file.path(&self.db).clone(), file.text(&self.db).clone()));
        }
        for file in &self.standard {
            numbers.insert(*file, sources.add(file.path(&self.db).clone(), file.text(&self.db).clone()));
        }
        let mut locate = |span: Span| {
            let start = item_start(&self.db, span.item) as usize;
            FileSpan {
                file: numbers.get(&span.item.file).copied().unwrap_or_default(),
                start: start + span.range.start as usize,
                end: start + span.range.end as usize,
            }
        };
        let mut located: Vec<Diagnostic<FileSpan>> =
            diagnostics.into_iter().map(|found| found.map_spans(&mut locate)).collect();
        located.sort_by(|left, right| {
            let key = |found: &Diagnostic<FileSpan>| (found.primary.span, found.code.id);
            key(left).cmp(&key(right)).then_with(|| left.message.cmp(&right.message))
        });
        (sources, located)
    }
}

/// One diagnostic for one mistake: what a template does wrong is said once, not once for each instance, and what
/// holds in every environment is said once. What the check of an item found, its instances need not say again,
/// whatever words the values give it.
fn distinct(checked: Vec<Diag>, instantiated: Vec<Diag>) -> Vec<Diag> {
    let own: HashSet<(&'static Code, Span)> =
        checked.iter().map(|found| (found.code, found.primary.span)).collect();
    let mut seen: HashSet<(&'static Code, Span, String)> = HashSet::new();
    checked
        .into_iter()
        .chain(instantiated.into_iter().filter(|found| !own.contains(&(found.code, found.primary.span))))
        .filter(|found| seen.insert((found.code, found.primary.span, found.message.clone())))
        .collect()
}

/// Compiles a project.
pub fn compile(input: &Input) -> Compilation {
    let mut session = Session::new(Database::default(), &input.files);
    session.set_project(&input.settings.project);
    let declared = session.workspace.environments(&session.db);
    if let Some(name) = &input.environment
        && !declared.contains_key(name.as_str())
    {
        let (sources, mut diagnostics) = session.locate(Vec::new());
        let mut diagnostic = Diagnostic::new(
            &codes::UNKNOWN_ENVIRONMENT,
            format!("there is no environment `{name}`"),
            FileSpan { file: 0, start: 0, end: 0 },
        );
        if let Some(near) = suggest::nearest(name, declared.keys().map(SmolStr::as_str)) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        diagnostics.push(diagnostic);
        return Compilation { sources, diagnostics, artifacts: Vec::new(), environments: Vec::new() };
    }
    let (diagnostics, artifacts, environments) = session.compile(input);
    let (sources, diagnostics) = session.locate(diagnostics);
    let environments = environments.iter().map(ToString::to_string).collect();
    Compilation { sources, diagnostics, artifacts, environments }
}
