//! A loaded workspace: what spans the project happens here, outside of any query. Which modules there are, which
//! names collide, which rules are broken; everything else is a query about one item, asked in parallel.

mod configuration;
mod findings;
mod input;
mod models;
mod standard_library;

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use rayon::prelude::*;
use salsa::{Database as _, Durability, Setter};
use smol_str::SmolStr;

use crate::codes;
use crate::db::references::{FileReferences, References, file_references};
use crate::db::{
    Database, Diag, FileNames, Held, ItemClass, ItemEntry, ItemKey, SourceFile, Span, Workspace,
    file_names, item_start,
};
use crate::eval::BlockRef;
use crate::judge::Remembered;
use crate::levels::Levels;
use crate::lower::{hold_models, service_model};
use crate::schema::names::kind;
use nth_diagnostics::{Diagnostic, FileSpan, SourceMap, suggest};
use nth_model::{Tally, default_settings};

pub use configuration::Configuration;
pub use findings::conclude;
pub use input::{Compilation, Input, SourceInput};
pub use standard_library::STANDARD_LIBRARY;

/// A loaded workspace, for one compilation or for many edits.
pub struct Session {
    /// The database.
    pub db: Database,
    /// The workspace.
    pub workspace: Workspace,
    files: Arc<Vec<SourceFile>>,
    standard: Arc<Vec<SourceFile>>,
    /// The places of all files: the session's own first, in their order, then the standard library's.
    numbers: Arc<HashMap<SourceFile, usize>>,
    /// The names of the session's own files, in their order.
    outlines: Arc<Vec<Arc<FileNames>>>,
    /// What the items of the session's own files are made of, in their order.
    references: Arc<Vec<Arc<FileReferences>>>,
    /// Counts how often one of these names changed.
    names: u64,
    configuration: Arc<Configuration>,
    /// The time at which it is asked what has expired; nothing has where there is none.
    now: Option<Timestamp>,
    remembered: Arc<Mutex<Remembered>>,
    /// Shared with each snapshot.
    handles: Arc<()>,
}

/// A session that can be asked and not be changed.
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
                let path = format!("{}.nth", module.replace('.', "/"));
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
            Arc::clone(&configuration.analysis),
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
            numbers: Arc::default(),
            outlines: Arc::default(),
            references: Arc::default(),
            names: 0,
            configuration: Arc::new(configuration),
            now: None,
            remembered: Arc::default(),
            handles: Arc::default(),
        };
        session.read_names();
        session
    }

    /// Says what time it is. Without it nothing is found to have expired, and the same sources always give the same.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = Some(now);
    }

    /// The team that receives alerts of no known team, as `nth.toml` has it.
    pub fn default_team(&self) -> Option<&str> {
        self.configuration.default_team.as_deref()
    }

    /// The workspace as it is now, for questions of another thread. Whatever changes the session waits until every
    /// snapshot is gone, and makes what they are asked unwind with [`salsa::Cancelled`].
    pub fn snapshot(&self) -> Snapshot {
        Snapshot(Self {
            db: self.db.clone(),
            workspace: self.workspace,
            files: Arc::clone(&self.files),
            standard: Arc::clone(&self.standard),
            numbers: Arc::clone(&self.numbers),
            outlines: Arc::clone(&self.outlines),
            references: Arc::clone(&self.references),
            names: self.names,
            configuration: Arc::clone(&self.configuration),
            now: self.now,
            remembered: Arc::clone(&self.remembered),
            handles: Arc::clone(&self.handles),
        })
    }

    /// Whether no snapshot is left, so that nothing has to be waited for.
    pub fn is_alone(&self) -> bool {
        Arc::strong_count(&self.handles) == 1
    }

    /// Lets go of the answers that newer ones have taken the place of, which are kept until the next edit otherwise:
    /// after one that reaches the whole project, that is as much again as the project takes. It waits until every
    /// snapshot is gone.
    pub fn let_go(&mut self) {
        self.db.trigger_lru_eviction();
    }

    /// Has the session hold few of the services' models once they were let go of: for one that nobody asks again.
    pub fn hold_few(&mut self) {
        hold_models(&mut self.db, FEW_MODELS);
    }

    /// What the database holds. It waits until every snapshot is gone.
    pub fn held(&mut self) -> Held {
        self.db.held()
    }

    /// The project's own files.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The standard library's files.
    pub fn standard_library(&self) -> &[SourceFile] {
        &self.standard
    }

    /// The place of a file among all: the session's own first, in their order, then the standard library's. Diagnostics
    /// point into files by it.
    pub fn file(&self, number: usize) -> Option<SourceFile> {
        let standard = || self.standard.get(number.checked_sub(self.files.len())?);
        self.files.get(number).or_else(standard).copied()
    }

    /// Changes a file's text. From now on it is one that changes often: what reads none such needs no look after
    /// the next edit.
    pub fn edit(&mut self, file: SourceFile, text: Arc<str>) {
        file.set_text(&mut self.db)
            .with_durability(Durability::LOW)
            .to(text);
        let names = file_names(&self.db, file);
        let place = self.numbers.get(&file).copied();
        let known = place.and_then(|place| self.outlines.get(place));
        if let (Some(place), Some(known)) = (place, known)
            && **known != *names
        {
            let names = Arc::new(names.clone());
            if let Some(known) = Arc::make_mut(&mut self.outlines).get_mut(place) {
                *known = names;
            }
            self.names += 1;
            self.gather();
            self.follow_references();
        } else if let Some(place) = place {
            let now = file_references(&self.db, self.workspace, file);
            let before = self.references.get(place);
            if before.is_some_and(|before| *before != now) {
                if let Some(before) = Arc::make_mut(&mut self.references).get_mut(place) {
                    *before = now;
                }
                self.set_references();
            }
        }
    }

    /// Looks anew at what the items of all files are made of.
    fn follow_references(&mut self) {
        let workspace = self.workspace;
        let references = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                file_references(db, workspace, *file)
            })
            .collect();
        self.references = Arc::new(references);
        self.set_references();
    }

    fn set_references(&mut self) {
        let references = References::of(self.references.iter().map(|file| &**file));
        if **self.workspace.references(&self.db) != references {
            self.workspace
                .set_references(&mut self.db)
                .to(Arc::new(references));
        }
    }

    /// Makes these the project's files, in this order. One that is known by its module and path keeps what was
    /// computed of it; the others are added, and what is not among them is gone.
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
        self.read_names();
    }

    /// Reads the names of all files.
    fn read_names(&mut self) {
        let all = self.files.iter().chain(self.standard.iter());
        self.numbers = Arc::new(all.copied().zip(0..).collect());
        let outlines = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                Arc::new(file_names(db, *file).clone())
            })
            .collect();
        self.outlines = Arc::new(outlines);
        self.names += 1;
        self.gather();
        self.follow_references();
    }

    /// Gathers what spans the workspace from the names of its files, and sets what changed.
    fn gather(&mut self) {
        let mut extensions = Vec::new();
        let mut environments = BTreeMap::new();
        let mut metrics = BTreeMap::new();
        let mut has_rules = false;
        for entry in self.outlines.iter().flat_map(|names| &names.items) {
            match (entry.class, entry.kind.as_str()) {
                (ItemClass::Extension, _) => extensions.push(entry.key),
                (ItemClass::Rule, _) => has_rules = true,
                _ if entry.name.is_empty() => {}
                (ItemClass::Block, kind::ENVIRONMENT) => {
                    environments.entry(entry.name.clone()).or_insert(entry.key);
                }
                (ItemClass::Block, kind::METRIC) => {
                    metrics.entry(entry.name.clone()).or_insert(entry.key);
                }
                _ => {}
            }
        }
        let blocks = if has_rules {
            self.blocks_by_kind()
        } else {
            BTreeMap::new()
        };
        if **self.workspace.blocks(&self.db) != blocks {
            self.workspace.set_blocks(&mut self.db).to(Arc::new(blocks));
        }
        if **self.workspace.metrics(&self.db) != metrics {
            self.workspace
                .set_metrics(&mut self.db)
                .to(Arc::new(metrics));
        }
        if **self.workspace.extensions(&self.db) != extensions {
            self.workspace
                .set_extensions(&mut self.db)
                .to(Arc::new(extensions));
        }
        if **self.workspace.environments(&self.db) != environments {
            self.workspace
                .set_environments(&mut self.db)
                .to(Arc::new(environments));
        }
    }

    /// The items of the session's own files of a class, in the order of files and of their texts.
    pub fn entries(&self, class: ItemClass) -> impl Iterator<Item = &ItemEntry> {
        self.outlines
            .iter()
            .flat_map(move |names| names.of_class(class))
    }

    /// The project's own services; those of a package are for it to build.
    pub fn services(&self) -> Vec<ItemKey> {
        self.entries(ItemClass::Block)
            .filter(|entry| entry.kind == kind::SERVICE && !entry.key.file.package(&self.db))
            .map(|entry| entry.key)
            .collect()
    }

    /// The environments to look at: the one that is asked for, all that are declared, or the one that has no name.
    fn environments(&self, asked: Option<&str>) -> Result<Vec<Option<SmolStr>>, Box<Diag>> {
        let declared = self.workspace.environments(&self.db);
        match asked {
            Some(name) if declared.contains_key(name) => Ok(vec![Some(name.into())]),
            Some(name) => Err(Box::new(self.unknown_environment(name))),
            None if declared.is_empty() => Ok(vec![None]),
            None => Ok(declared.keys().cloned().map(Some).collect()),
        }
    }

    /// Where what stands in no file is told of; the first file is as good as any.
    pub fn nowhere(&self) -> Span {
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

    /// What is said of an environment that is asked for and not declared.
    fn unknown_environment(&self, name: &str) -> Diag {
        let diagnostic = Diag::new(
            &codes::UNKNOWN_ENVIRONMENT,
            format!("unknown environment `{name}`"),
            self.nowhere(),
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

    /// Asks the same of many items in parallel; the answers come in the items' order.
    pub fn ask<T: Send>(
        &self,
        keys: &[ItemKey],
        question: impl Fn(&Database, ItemKey) -> T + Sync,
    ) -> Vec<T> {
        keys.par_iter()
            .map_with(self.db.clone(), |db, key| question(db, *key))
            .collect()
    }

    /// How many signals have a metric, where there is a catalogue.
    pub fn signals(&self, environments: &[Option<SmolStr>]) -> Option<Tally> {
        self.workspace.catalogue(&self.db).as_ref()?;
        let mut tally = Tally::default();
        for environment in environments {
            for key in self.services() {
                let lowered = service_model(&self.db, self.workspace, key, environment.clone());
                for signal in lowered.service.iter().flat_map(|service| &service.signals) {
                    tally.add(signal.resolution);
                }
            }
        }
        Some(tally)
    }

    /// What is said of a default team that is not declared.
    fn unknown_default_team(&self) -> Option<Diag> {
        let name = self.configuration.default_team.as_deref()?;
        // Without sources there is nothing at all, which is reported by itself.
        if self.files.iter().all(|file| file.package(&self.db)) {
            return None;
        }
        let teams = self.entries(ItemClass::Block);
        let teams: Vec<&str> = teams
            .filter(|entry| entry.kind == kind::TEAM)
            .map(|entry| entry.name.as_str())
            .collect();
        if teams.contains(&name) {
            return None;
        }
        let diagnostic = Diag::new(
            &codes::PROJECT_BAD_SETTING,
            format!("`alertmanager.default_team` in `nth.toml` names an unknown team: {name:?}"),
            self.nowhere(),
        );
        Some(match suggest::nearest(name, teams) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("set it to one of the project's teams"),
        })
    }

    /// All blocks, for rules to look at.
    fn blocks_by_kind(&self) -> BTreeMap<SmolStr, Vec<BlockRef>> {
        let mut all: BTreeMap<SmolStr, Vec<BlockRef>> = BTreeMap::new();
        let foreign =
            |entry: &ItemEntry| entry.kind == kind::SERVICE && entry.key.file.package(&self.db);
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

    /// The files of the project and its packages, in the order in which diagnostics number them.
    pub fn own_files(&self) -> &[SourceFile] {
        &self.files
    }

    /// All files as diagnostics point into them.
    pub fn sources(&self) -> SourceMap {
        let mut sources = SourceMap::default();
        for file in self.files.iter().chain(self.standard.iter()) {
            sources.add(file.path(&self.db).clone(), file.text(&self.db).clone());
        }
        sources
    }

    /// Places in files instead of places in items.
    pub fn locate(&self, diagnostics: Vec<Diag>) -> Vec<Diagnostic<FileSpan>> {
        let mut locate = |span: Span| {
            let start = item_start(&self.db, span.item) as usize;
            FileSpan {
                file: self
                    .numbers
                    .get(&span.item.file)
                    .copied()
                    .unwrap_or_default(),
                start: start + span.range.start as usize,
                end: start + span.range.end as usize,
            }
        };
        diagnostics
            .into_iter()
            .map(|found| found.map_spans(&mut locate))
            .collect()
    }
}

/// How many models a session holds that was told to hold few.
const FEW_MODELS: usize = 64;

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

/// Every module by name.
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
