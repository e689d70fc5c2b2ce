//! A loaded workspace. Project-wide work is done here, outside of queries: the list of modules, colliding names, rules.
//! Everything else is a query about one item. Queries run in parallel.

mod configuration;
mod edit;
mod findings;
mod input;
mod memory;
mod models;
mod outline;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rayon::prelude::*;
use salsa::{Durability, Setter};
use smol_str::SmolStr;

use crate::check::project::ProjectCache;
use crate::codes;
use crate::db::references::{ChainLengths, FileReferences};
use crate::db::{
    Database, Diag, FileNames, ItemClass, ItemEntry, ItemKey, SourceFile, Span, Workspace,
    file_names, item_start,
};
use crate::eval::BlockRef;
use crate::lower::service_model;
use crate::schema::names::kind;
use crate::standard_library;
use crate::suppressions::Levels;
use nth_diagnostics::{Diagnostic, FileSpan, SourceMap, suggest};
use nth_model::{Tally, default_settings};

pub use crate::standard_library::STANDARD_LIBRARY;
pub use configuration::Configuration;
pub use findings::conclude;
pub use input::{Compilation, Input, SourceInput};
pub use outline::{FileOutline, is_of_project};

/// A loaded workspace, for one compilation or for many edits.
pub struct Session {
    /// The database.
    pub db: Database,
    /// The workspace.
    pub workspace: Workspace,
    files: Arc<Vec<SourceFile>>,
    standard: Arc<Vec<SourceFile>>,
    /// The index of each file: the session's own first, in their order, then the standard library's.
    file_indices: Arc<HashMap<SourceFile, usize>>,
    /// The declared names of the session's own files, in their order.
    file_names: Arc<Vec<Arc<FileNames>>>,
    /// The references between items of the session's own files, in their order.
    references: Arc<Vec<Arc<FileReferences>>>,
    /// How far these reach.
    chain_lengths: Arc<ChainLengths>,
    /// The rules of the project and its packages.
    rules: Arc<Vec<ItemKey>>,
    /// The names of the teams of the project and its packages.
    teams: Arc<Vec<SmolStr>>,
    /// Incremented whenever `file_names` changes.
    names_revision: u64,
    configuration: Arc<Configuration>,
    /// The current time, for overrides that have expired. With `None`, nothing has expired.
    now: Option<Timestamp>,
    cache: Arc<Mutex<ProjectCache>>,
    /// Shared with each snapshot, to count them.
    handles: Arc<()>,
}

/// A read-only copy of a session.
pub struct Snapshot(Session);

impl Deref for Snapshot {
    type Target = Session;

    fn deref(&self) -> &Session {
        &self.0
    }
}

impl Session {
    /// Loads files into a database.
    pub fn new(db: Database, files: &[SourceInput]) -> Self {
        let standard: Vec<SourceFile> = STANDARD_LIBRARY
            .iter()
            .map(|(module, text)| {
                let path = standard_library::path(module);
                SourceFile::builder((*module).into(), path, Arc::from(*text), false)
                    .durability(Durability::HIGH)
                    .new(&db)
            })
            .collect();
        let files: Vec<SourceFile> = files.iter().map(|file| add(&db, file)).collect();
        let prelude = standard.first().copied().unwrap_or_else(|| {
            SourceFile::new(
                &db,
                "std.prelude".into(),
                String::new(),
                Arc::from(""),
                false,
            )
        });
        let modules = Arc::new(modules(&db, &standard, &files));
        let configuration = Configuration::new(&default_settings(""), None, Levels::default());
        let workspace = Workspace::builder(
            modules,
            prelude,
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::clone(&configuration.analysis),
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::default(),
            Arc::default(),
        )
        .durability(Durability::HIGH)
        .new(&db);
        let mut session = Self {
            db,
            workspace,
            files: Arc::new(files),
            standard: Arc::new(standard),
            file_indices: Arc::default(),
            file_names: Arc::default(),
            references: Arc::default(),
            chain_lengths: Arc::default(),
            rules: Arc::default(),
            teams: Arc::default(),
            names_revision: 0,
            configuration: Arc::new(configuration),
            now: None,
            cache: Arc::default(),
            handles: Arc::default(),
        };
        session.reload_names();
        session
    }

    /// Sets the current time. Without it nothing has expired, so the same sources always give the same findings.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = Some(now);
    }

    /// `alertmanager.default_team` of `nth.toml`: the team that receives alerts without a known team.
    pub fn default_team(&self) -> Option<&str> {
        self.configuration.default_team.as_deref()
    }

    /// Returns a snapshot for another thread. A change to the session waits until all snapshots are dropped, and makes their
    /// running queries unwind with [`salsa::Cancelled`].
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Self {
            db: self.db.clone(),
            workspace: self.workspace,
            files: Arc::clone(&self.files),
            standard: Arc::clone(&self.standard),
            file_indices: Arc::clone(&self.file_indices),
            file_names: Arc::clone(&self.file_names),
            references: Arc::clone(&self.references),
            chain_lengths: Arc::clone(&self.chain_lengths),
            rules: Arc::clone(&self.rules),
            teams: Arc::clone(&self.teams),
            names_revision: self.names_revision,
            configuration: Arc::clone(&self.configuration),
            now: self.now,
            cache: Arc::clone(&self.cache),
            handles: Arc::clone(&self.handles),
        })
    }

    /// True if no snapshot is left, so that a change does not wait.
    pub fn has_no_snapshots(&self) -> bool {
        Arc::strong_count(&self.handles) == 1
    }

    /// The files of the project and its packages, in the order of their index in diagnostics.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The standard library's files.
    pub fn standard_library(&self) -> &[SourceFile] {
        &self.standard
    }

    /// Returns the file with an index as in diagnostics: the session's own first, in their order, then the standard library's.
    pub fn file(&self, number: usize) -> Option<SourceFile> {
        let standard = || self.standard.get(number.checked_sub(self.files.len())?);
        self.files.get(number).or_else(standard).copied()
    }

    /// Replaces the project's files, in this order. A file with the same module and path as before keeps its computed results.
    pub fn set_files(&mut self, files: &[SourceInput]) {
        let mut known: HashMap<(SmolStr, String), SourceFile> = self
            .files
            .iter()
            .map(|file| {
                (
                    (file.module(&self.db).clone(), file.path(&self.db).clone()),
                    *file,
                )
            })
            .collect();
        let mut kept = Vec::with_capacity(files.len());
        for input in files {
            match known.remove(&(input.module.as_str().into(), input.path.clone())) {
                Some(file) => {
                    if *file.text(&self.db) != input.text {
                        if file.before(&self.db).is_some() {
                            file.set_before(&mut self.db).to(None);
                        }
                        file.set_text(&mut self.db).to(input.text.clone());
                    }
                    kept.push(file);
                }
                None => kept.push(add(&self.db, input)),
            }
        }
        self.files = Arc::new(kept);
        let modules = modules(&self.db, &self.standard, &self.files);
        if **self.workspace.modules(&self.db) != modules {
            self.workspace
                .set_modules(&mut self.db)
                .to(Arc::new(modules));
        }
        self.reload_names();
    }

    /// Reads the declared names of all files.
    fn reload_names(&mut self) {
        let all = self.files.iter().chain(self.standard.iter());
        self.file_indices = Arc::new(all.copied().zip(0..).collect());
        let file_names = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                Arc::new(file_names(db, *file).clone())
            })
            .collect();
        self.file_names = Arc::new(file_names);
        self.names_revision += 1;
        self.update_workspace();
        self.recompute_references();
    }

    /// Collects extensions, environments, metrics and blocks from the names of all files, and sets those that changed.
    fn update_workspace(&mut self) {
        let mut extensions = Vec::new();
        let mut environments = BTreeMap::new();
        let mut severities = BTreeMap::new();
        let mut metrics = BTreeMap::new();
        let mut exclusions = Vec::new();
        let mut outside_rules = Vec::new();
        let mut outside_recordings = BTreeSet::new();
        let mut rules = Vec::new();
        let mut teams = Vec::new();
        for entry in self.file_names.iter().flat_map(|names| &names.items) {
            match (entry.class, entry.kind.as_str()) {
                (ItemClass::Extension, _) => extensions.push(entry.key),
                (ItemClass::Rule, _) => rules.push(entry.key),
                (ItemClass::Block, kind::TEAM) => {
                    teams.push(entry.name.clone());
                }
                _ if entry.name.is_empty() => {}
                // Those of a package apply to what the package builds.
                (ItemClass::Block, kind::EXCLUDE) if !entry.key.file.package(&self.db) => {
                    exclusions.push(entry.key);
                }
                (ItemClass::Block, kind::ALERT | kind::RECORDING)
                    if !entry.key.file.package(&self.db) =>
                {
                    if entry.kind == kind::RECORDING {
                        outside_recordings.insert(entry.name.clone());
                    }
                    outside_rules.push(entry.key);
                }
                (ItemClass::Block, kind::ENVIRONMENT) => {
                    environments.entry(entry.name.clone()).or_insert(entry.key);
                }
                (ItemClass::Block, kind::SEVERITY) => {
                    severities.entry(entry.name.clone()).or_insert(entry.key);
                }
                (ItemClass::Block, kind::METRIC) => {
                    metrics.entry(entry.name.clone()).or_insert(entry.key);
                }
                _ => {}
            }
        }
        let blocks = if rules.is_empty() {
            BTreeMap::new()
        } else {
            self.blocks_by_kind()
        };
        self.rules = Arc::new(rules);
        self.teams = Arc::new(teams);
        if !Arc::ptr_eq(self.workspace.declared_names(&self.db), &self.file_names) {
            self.workspace
                .set_declared_names(&mut self.db)
                .with_durability(Durability::LOW)
                .to(Arc::clone(&self.file_names));
        }
        if **self.workspace.blocks(&self.db) != blocks {
            self.workspace.set_blocks(&mut self.db).to(Arc::new(blocks));
        }
        if **self.workspace.metrics(&self.db) != metrics {
            self.workspace
                .set_metrics(&mut self.db)
                .to(Arc::new(metrics));
        }
        if **self.workspace.exclusions(&self.db) != exclusions {
            self.workspace
                .set_exclusions(&mut self.db)
                .to(Arc::new(exclusions));
        }
        if **self.workspace.outside_rules(&self.db) != outside_rules {
            self.workspace
                .set_outside_rules(&mut self.db)
                .to(Arc::new(outside_rules));
        }
        if **self.workspace.outside_recordings(&self.db) != outside_recordings {
            self.workspace
                .set_outside_recordings(&mut self.db)
                .to(Arc::new(outside_recordings));
        }
        if **self.workspace.extensions(&self.db) != extensions {
            self.workspace
                .set_extensions(&mut self.db)
                .to(Arc::new(extensions));
        }
        if **self.workspace.declared_severities(&self.db) != severities {
            self.workspace
                .set_declared_severities(&mut self.db)
                .to(Arc::new(severities));
        }
        if **self.workspace.environments(&self.db) != environments {
            self.workspace
                .set_environments(&mut self.db)
                .to(Arc::new(environments));
        }
    }

    /// Iterates over the items of a class in the session's own files, in the order of files and their text.
    pub fn entries(&self, class: ItemClass) -> impl Iterator<Item = &ItemEntry> {
        self.file_names
            .iter()
            .flat_map(move |names| names.of_class(class))
    }

    /// Returns the items with a model of their own, by [`ir::Role`](nth_model::Role): the project's services, the dependencies that
    /// they share, and, if the project has rules outside of any service, the teams. Services and dependencies of packages are not
    /// included: the package builds them.
    pub fn services(&self) -> Vec<ItemKey> {
        let has_rules = !self.workspace.outside_rules(&self.db).is_empty();
        let is_modeled = |entry: &&ItemEntry| match entry.kind.as_str() {
            kind::SERVICE | kind::DEPENDENCY => !entry.key.file.package(&self.db),
            kind::TEAM => has_rules,
            _ => false,
        };
        self.entries(ItemClass::Block)
            .filter(is_modeled)
            .map(|entry| entry.key)
            .collect()
    }

    /// Returns the project's alerts and recording rules outside of any service.
    pub fn outside_rules(&self) -> &[ItemKey] {
        self.workspace.outside_rules(&self.db)
    }

    /// Returns the environments that the project declares; `None` for one without any.
    pub fn declared_environments(&self) -> Vec<Option<SmolStr>> {
        let declared = self.workspace.environments(&self.db);
        match declared.is_empty() {
            true => vec![None],
            false => declared.keys().cloned().map(Some).collect(),
        }
    }

    /// Returns the environments to check: the given one, else all that are declared, else `None` for a project without any.
    fn environments(&self, asked: Option<&str>) -> Result<Vec<Option<SmolStr>>, Box<Diag>> {
        let declared = self.workspace.environments(&self.db);
        match asked {
            Some(name) if declared.contains_key(name) => Ok(vec![Some(name.into())]),
            Some(name) => Err(Box::new(self.unknown_environment(name))),
            None => Ok(self.declared_environments()),
        }
    }

    /// A place for diagnostics that belong to no file: the start of the first file.
    pub fn fallback_span(&self) -> Span {
        let file = self
            .files
            .first()
            .copied()
            .unwrap_or_else(|| self.workspace.prelude(&self.db));
        Span {
            item: ItemKey { file, local: 0 },
            range: Default::default(),
        }
    }

    /// Diagnostic about an environment that is not declared.
    fn unknown_environment(&self, name: &str) -> Diag {
        let diagnostic = Diag::new(
            &codes::UNKNOWN_ENVIRONMENT,
            format!("unknown environment `{name}`"),
            self.fallback_span(),
        );
        let known = self
            .workspace
            .environments(&self.db)
            .keys()
            .map(SmolStr::as_str);
        match suggest::nearest(name, known) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help(format!("declare it: `environment {name} {{ }}`")),
        }
    }

    /// Runs a query for each of `keys` in parallel. The results are in the order of `keys`.
    pub fn par_query<T: Send>(
        &self,
        keys: &[ItemKey],
        question: impl Fn(&Database, ItemKey) -> T + Sync,
    ) -> Vec<T> {
        keys.par_iter()
            .map_with(self.db.clone(), |db, key| question(db, *key))
            .collect()
    }

    /// Counts the signals that have a metric. `None` without a catalog.
    pub fn signals(&self, environments: &[Option<SmolStr>]) -> Option<Tally> {
        self.workspace.catalogue(&self.db).as_ref()?;
        let mut tally = Tally::default();
        for environment in environments {
            for key in self.services() {
                let lowered = service_model(&self.db, self.workspace, key, environment.clone());
                let services = lowered.service.iter();
                tally.merge(Tally::of(services.flat_map(|service| &service.signals)));
            }
        }
        Some(tally)
    }

    /// Diagnostic about a default team that is not declared; `None` if it is declared or not set.
    fn unknown_default_team(&self) -> Option<Diag> {
        let name = self.configuration.default_team.as_deref()?;
        // A project without sources is reported elsewhere.
        if self.files.iter().all(|file| file.package(&self.db)) {
            return None;
        }
        if self.teams.iter().any(|team| team == name) {
            return None;
        }
        let diagnostic = Diag::new(
            &codes::PROJECT_BAD_SETTING,
            format!("`alertmanager.default_team` in `nth.toml` names an unknown team: {name:?}"),
            self.fallback_span(),
        );
        Some(
            match suggest::nearest(name, self.teams.iter().map(SmolStr::as_str)) {
                Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                None => diagnostic.help("set it to one of the project's teams"),
            },
        )
    }

    /// Returns all top-level blocks by kind, for rules. Excludes the services of packages.
    fn blocks_by_kind(&self) -> BTreeMap<SmolStr, Vec<BlockRef>> {
        let mut all: BTreeMap<SmolStr, Vec<BlockRef>> = BTreeMap::new();
        let foreign = |entry: &ItemEntry| {
            let is_built = matches!(
                entry.kind.as_str(),
                kind::SERVICE | kind::DEPENDENCY | kind::ALERT | kind::RECORDING
            );
            is_built && entry.key.file.package(&self.db)
        };
        for entry in self
            .entries(ItemClass::Block)
            .filter(|entry| !foreign(entry))
        {
            all.entry(entry.kind.clone()).or_default().push(BlockRef {
                item: entry.key,
                path: Vec::new(),
                kind: entry.kind.clone(),
                name: entry.name.clone(),
            });
        }
        all
    }

    /// Returns all files, in the order of their index in diagnostics.
    pub fn sources(&self) -> SourceMap {
        let mut sources = SourceMap::default();
        for file in self.files.iter().chain(self.standard.iter()) {
            sources.add(file.path(&self.db).clone(), file.text(&self.db).clone());
        }
        sources
    }

    /// Converts a span in an item to a span in a file.
    pub fn file_span(&self, span: Span) -> FileSpan {
        let start = item_start(&self.db, span.item) as usize;
        FileSpan {
            file: self
                .file_indices
                .get(&span.item.file)
                .copied()
                .unwrap_or_default(),
            start: start + span.range.start as usize,
            end: start + span.range.end as usize,
        }
    }

    /// Converts spans in items to spans in files.
    pub fn locate(&self, diagnostics: Vec<Diag>) -> Vec<Diagnostic<FileSpan>> {
        diagnostics
            .into_iter()
            .map(|found| found.map_spans(&mut |span| self.file_span(span)))
            .collect()
    }
}

fn add(db: &Database, file: &SourceInput) -> SourceFile {
    SourceFile::builder(
        file.module.as_str().into(),
        file.path.clone(),
        file.text.clone(),
        file.package,
    )
    .durability(Durability::HIGH)
    .new(db)
}

/// Returns all modules by name.
fn modules(
    db: &Database,
    standard: &[SourceFile],
    files: &[SourceFile],
) -> BTreeMap<SmolStr, SourceFile> {
    standard
        .iter()
        .chain(files)
        .map(|file| (file.module(db).clone(), *file))
        .collect()
}
