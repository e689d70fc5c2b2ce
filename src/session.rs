//! A loaded workspace: what spans the project happens here, outside of any query. Which modules there are, which
//! names collide, which rules are broken; everything else is a query about one item, asked in parallel.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use rayon::prelude::*;
use salsa::{Database as _, Durability, Setter};
use smol_str::SmolStr;

use crate::artifacts::{in_folder, of_service, settings_in, told, too_many_groups};
use crate::backends::policy::{ENVIRONMENT, SYNC_WINDOWS};
use crate::backends::{self, Artifact, Problem};
use crate::catalogue::Lock;
use crate::check::project::name_span;
use crate::check::references::{FileReferences, References, file_references};
use crate::check::{check_item, rules};
use crate::compile::{Compilation, Input, SourceInput};
use crate::db::{
    Database, Diag, FileNames, Held, ItemClass, ItemEntry, ItemKey, SourceFile, Span, Workspace,
    file_names, item_entry, item_start,
};
use crate::diagnostics::{Diagnostic, FileSpan, Severity, SourceMap, codes, suggest};
use crate::eval::{BlockRef, instance};
use crate::ir::{
    self, Duration, PolicyForm, PolicySettings, PrometheusVersion, Settings, Tally, TargetName,
};
use crate::judge::{
    self, Allowance, FileFindings, Remembered, file_findings, judge_file, syntax_errors,
};
use crate::levels::{self, Annotated, Levels, directives};
use crate::lower::{Lowered, LoweredTeam, hold_models, service_model, team_model};
use crate::project::DEFAULT_SCRAPE_INTERVAL;

/// A module of the standard library: its name, and its text.
pub const STANDARD_LIBRARY: &[(&str, &str)] = &[
    ("std.prelude", include_str!("../stdlib/prelude.nth")),
    (
        "std.alertmanager",
        include_str!("../stdlib/alertmanager.nth"),
    ),
    ("std.apache", include_str!("../stdlib/apache.nth")),
    ("std.batch", include_str!("../stdlib/batch.nth")),
    ("std.blackbox", include_str!("../stdlib/blackbox.nth")),
    ("std.consul", include_str!("../stdlib/consul.nth")),
    ("std.database", include_str!("../stdlib/database.nth")),
    (
        "std.elasticsearch",
        include_str!("../stdlib/elasticsearch.nth"),
    ),
    ("std.etcd", include_str!("../stdlib/etcd.nth")),
    ("std.grpc", include_str!("../stdlib/grpc.nth")),
    ("std.haproxy", include_str!("../stdlib/haproxy.nth")),
    ("std.http", include_str!("../stdlib/http.nth")),
    ("std.jvm", include_str!("../stdlib/jvm.nth")),
    ("std.kafka", include_str!("../stdlib/kafka.nth")),
    ("std.kubernetes", include_str!("../stdlib/kubernetes.nth")),
    ("std.memcached", include_str!("../stdlib/memcached.nth")),
    ("std.mongodb", include_str!("../stdlib/mongodb.nth")),
    ("std.mysql", include_str!("../stdlib/mysql.nth")),
    ("std.nats", include_str!("../stdlib/nats.nth")),
    ("std.nginx", include_str!("../stdlib/nginx.nth")),
    ("std.node", include_str!("../stdlib/node.nth")),
    ("std.pgbouncer", include_str!("../stdlib/pgbouncer.nth")),
    ("std.postgresql", include_str!("../stdlib/postgresql.nth")),
    ("std.process", include_str!("../stdlib/process.nth")),
    ("std.prometheus", include_str!("../stdlib/prometheus.nth")),
    ("std.pulsar", include_str!("../stdlib/pulsar.nth")),
    ("std.rabbitmq", include_str!("../stdlib/rabbitmq.nth")),
    ("std.redis", include_str!("../stdlib/redis.nth")),
    ("std.services", include_str!("../stdlib/services.nth")),
    ("std.stream", include_str!("../stdlib/stream.nth")),
    ("std.traefik", include_str!("../stdlib/traefik.nth")),
    ("std.varnish", include_str!("../stdlib/varnish.nth")),
    ("std.worker", include_str!("../stdlib/worker.nth")),
];

/// What a project says of itself outside of its sources.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The project's name, by which its own modules can be imported too.
    pub project: String,
    /// Whether other projects share its Prometheus.
    pub shared: bool,
    /// Whether every service's runbook stands at a base URL of the project's.
    pub has_runbooks: bool,
    /// How often Prometheus scrapes what queries read.
    pub scrape_interval: Duration,
    /// Which Prometheus reads the rules.
    pub prometheus_version: PrometheusVersion,
    /// What `page` and `ticket` are called in the label `severity`.
    pub severity_labels: BTreeMap<ir::Severity, String>,
    /// The labels that settings put on rules, with their values.
    pub given_labels: BTreeMap<ir::RuleLabel, String>,
    /// The forms in which gates are written.
    pub policy_forms: BTreeSet<PolicyForm>,
    /// What was pulled of a Prometheus, where the project has a lock file.
    pub catalogue: Option<Arc<Lock>>,
    /// How loudly warnings are told. No query reads it.
    pub levels: Levels,
    /// Whether Alertmanager can send mail. No query reads it.
    pub sends_mail: bool,
    /// The label `namespace` that every alert needs, where it needs one. No query reads it.
    pub alert_namespace: Option<String>,
    /// The team that is told of alerts that are no known team's. No query reads it.
    pub default_team: Option<String>,
}

impl Configuration {
    /// That of a project with these settings, this lock file and these levels.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>, levels: Levels) -> Self {
        Self {
            project: settings.project.clone(),
            shared: settings.shared,
            has_runbooks: settings.runbook_base_url.is_some(),
            scrape_interval: settings.prometheus.scrape_interval,
            prometheus_version: settings.prometheus.version,
            severity_labels: settings.severity_labels.clone(),
            given_labels: given_labels(settings),
            policy_forms: settings.policy.forms.clone(),
            catalogue,
            levels,
            sends_mail: settings.alertmanager.sends_mail()
                || !settings.targets.contains(&TargetName::Alertmanager),
            alert_namespace: settings.alert_namespace().map(str::to_owned),
            default_team: settings.alertmanager.default_team.clone(),
        }
    }
}

/// The labels that settings put on rules.
fn given_labels(settings: &Settings) -> BTreeMap<ir::RuleLabel, String> {
    // `namespace` has a check of its own, which knows what the Prometheus operator does with it.
    let project = settings.shared_as();
    let project = project.map(|project| (ir::RuleLabel::Project, project.to_owned()));
    project.into_iter().collect()
}

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
    levels: Levels,
    sends_mail: bool,
    alert_namespace: Option<String>,
    default_team: Option<String>,
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
        let workspace = Workspace::builder(
            modules,
            prelude,
            Arc::default(),
            Arc::default(),
            SmolStr::default(),
            false,
            false,
            DEFAULT_SCRAPE_INTERVAL,
            PrometheusVersion::default(),
            BTreeMap::new(),
            BTreeMap::new(),
            PolicySettings::default().forms,
            None,
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
            levels: Levels::default(),
            sends_mail: false,
            alert_namespace: None,
            default_team: None,
            now: None,
            remembered: Arc::default(),
            handles: Arc::default(),
        };
        session.read_names();
        session
    }

    /// Tells what the project says of itself outside of its sources. Only what changed is asked again.
    pub fn configure(&mut self, configuration: &Configuration) {
        let Configuration {
            project,
            shared,
            has_runbooks,
            scrape_interval,
            prometheus_version,
            severity_labels,
            given_labels,
            policy_forms,
            catalogue,
            levels,
            sends_mail,
            alert_namespace,
            default_team,
        } = configuration;
        self.levels.clone_from(levels);
        self.sends_mail = *sends_mail;
        self.alert_namespace.clone_from(alert_namespace);
        self.default_team.clone_from(default_team);
        let (workspace, db) = (self.workspace, &mut self.db);
        if workspace.project(db) != project {
            workspace.set_project(db).to(project.as_str().into());
        }
        if workspace.shared(db) != *shared {
            workspace.set_shared(db).to(*shared);
        }
        if workspace.runbooks(db) != *has_runbooks {
            workspace.set_runbooks(db).to(*has_runbooks);
        }
        if workspace.scrape_interval(db) != *scrape_interval {
            workspace.set_scrape_interval(db).to(*scrape_interval);
        }
        if workspace.prometheus_version(db) != *prometheus_version {
            workspace.set_prometheus_version(db).to(*prometheus_version);
        }
        if workspace.severity_labels(db) != severity_labels {
            workspace
                .set_severity_labels(db)
                .to(severity_labels.clone());
        }
        if workspace.given_labels(db) != given_labels {
            workspace.set_given_labels(db).to(given_labels.clone());
        }
        if workspace.policy_forms(db) != policy_forms {
            workspace.set_policy_forms(db).to(policy_forms.clone());
        }
        if workspace.catalogue(db) != catalogue {
            workspace.set_catalogue(db).to(catalogue.clone());
        }
    }

    /// Tells what the project of another workspace says of itself.
    pub fn configure_like(&mut self, other: &Database, of: Workspace) {
        self.configure(&Configuration {
            project: of.project(other).to_string(),
            shared: of.shared(other),
            has_runbooks: of.runbooks(other),
            scrape_interval: of.scrape_interval(other),
            prometheus_version: of.prometheus_version(other),
            severity_labels: of.severity_labels(other).clone(),
            given_labels: of.given_labels(other).clone(),
            policy_forms: of.policy_forms(other).clone(),
            catalogue: of.catalogue(other).clone(),
            levels: self.levels.clone(),
            sends_mail: self.sends_mail,
            alert_namespace: self.alert_namespace.clone(),
            default_team: self.default_team.clone(),
        });
    }

    /// Says what time it is. Without it nothing is found to have expired, and the same sources always give the same.
    pub fn set_now(&mut self, now: Timestamp) {
        self.now = Some(now);
    }

    /// The team that is told of alerts that are no known team's, as the manifest calls it.
    pub fn default_team(&self) -> Option<&str> {
        self.default_team.as_deref()
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
            levels: self.levels.clone(),
            sends_mail: self.sends_mail,
            alert_namespace: self.alert_namespace.clone(),
            default_team: self.default_team.clone(),
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
                (ItemClass::Block, "environment") => {
                    environments.entry(entry.name.clone()).or_insert(entry.key);
                }
                (ItemClass::Block, "metric") => {
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
    fn entries(&self, class: ItemClass) -> impl Iterator<Item = &ItemEntry> {
        self.outlines
            .iter()
            .flat_map(move |names| names.of_class(class))
    }

    /// The project's own services; those of a package are for it to build.
    pub fn services(&self) -> Vec<ItemKey> {
        self.entries(ItemClass::Block)
            .filter(|entry| entry.kind == "service" && !entry.key.file.package(&self.db))
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
    fn nowhere(&self) -> Span {
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
            format!("there is no environment `{name}`"),
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
    fn ask<T: Send>(
        &self,
        keys: &[ItemKey],
        question: impl Fn(&Database, ItemKey) -> T + Sync,
    ) -> Vec<T> {
        keys.par_iter()
            .map_with(self.db.clone(), |db, key| question(db, *key))
            .collect()
    }

    /// Everything that is wrong in the environment that is asked for, or in all of them; nothing is made.
    pub fn check(&self, environment: Option<&str>) -> Compilation {
        let (diagnostics, environments) = self.told(environment);
        conclude(self.sources(), diagnostics, environments, Vec::new(), None)
    }

    /// Everything that is wrong, in the order of files and places. [`Session::file`] gives the files that it points into.
    pub fn findings(&self) -> Vec<Diagnostic<FileSpan>> {
        let (mut diagnostics, _) = self.told(None);
        sort(&mut diagnostics);
        diagnostics
    }

    /// Looks at the files from that place on, until so many of them are others than when the project was last judged;
    /// gives the place of the first that was not looked at. What is computed on the way is let go of by
    /// [`Session::let_go`], so that a project need not be held at once with all that its findings were made of.
    pub fn look(&self, from: usize, most: usize) -> usize {
        let known = self.remembered().files_of(self.files.len());
        let (mut place, mut changed, mut at_once) = (from, 0, most);
        while changed < most
            && let Some(files) = self.files.get(place..self.files.len().min(place + at_once))
            && !files.is_empty()
        {
            let found: Vec<Arc<FileFindings>> = files
                .par_iter()
                .map_with(self.db.clone(), |db, file| file_findings(db, *file))
                .collect();
            let before = known.iter().skip(place);
            let others = found
                .iter()
                .zip(before)
                .filter(|(now, before)| !Arc::ptr_eq(now, before))
                .count();
            changed += others;
            place += files.len();
            // Where an edit reaches nothing, it costs little to look at many; but what it reaches may begin anywhere.
            at_once = if others == 0 {
                (at_once * 2).min(most * MANY_PARTS)
            } else {
                most
            };
        }
        place
    }

    /// What is wrong as far as these files say, before the others are looked at: of those it is what was known before the
    /// last edits, but for what stands in items that are gone. [`Session::findings`] follows with the truth.
    pub fn first_findings(&self, files: &[SourceFile]) -> Vec<Diagnostic<FileSpan>> {
        let environments: Vec<Option<SmolStr>> = self.environments(None).unwrap_or_default();
        let mut known = self.remembered().files_of(self.files.len());
        for file in files {
            let place = self.numbers.get(file).copied();
            if let Some(known) = place.and_then(|place| known.get_mut(place)) {
                *known = file_findings(&self.db, *file);
            }
        }
        let of_rules = self.remembered().of_rules(environments.len());
        let has_directives: Vec<bool> = known.iter().map(|file| file.has_directives).collect();
        let mut found = self.project(known, of_rules).judge(&mut self.remembered());
        found.retain(|found| {
            let places = found.secondary.iter().map(|label| label.span);
            let edits = found.fixes.iter().flat_map(|fix| &fix.edits);
            std::iter::once(found.primary.span)
                .chain(places)
                .chain(edits.map(|edit| edit.span))
                .all(|span| item_entry(&self.db, span.item).is_some())
        });
        let mut found = self.settle(found, &environments, &has_directives);
        sort(&mut found);
        found
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        // Each part of it is whole whenever a query can unwind.
        self.remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn project(
        &self,
        files: Vec<Arc<FileFindings>>,
        of_rules: Vec<Vec<Diag>>,
    ) -> judge::Project<'_> {
        judge::Project {
            db: &self.db,
            workspace: self.workspace,
            files,
            names: self.names,
            of_settings: self.unknown_default_team(),
            sends_mail: self.sends_mail,
            now: self.now,
            alert_namespace: self.alert_namespace.clone(),
            of_rules,
        }
    }

    fn told(&self, environment: Option<&str>) -> (Vec<Diagnostic<FileSpan>>, Vec<Option<SmolStr>>) {
        match self.environments(environment) {
            Ok(environments) => (self.judge(environment, &environments), environments),
            Err(unknown) => {
                let none = vec![false; self.files.len()];
                (self.settle(vec![*unknown], &[], &none), Vec::new())
            }
        }
    }

    /// Everything that is wrong in these environments, which are all of them where none was asked for.
    fn judge(
        &self,
        asked: Option<&str>,
        environments: &[Option<SmolStr>],
    ) -> Vec<Diagnostic<FileSpan>> {
        let workspace = self.workspace;
        if asked.is_none() && self.remembered().is_empty() {
            self.look_ahead(environments);
        }
        let files: Vec<Arc<FileFindings>> = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| match asked {
                None => file_findings(db, *file),
                Some(_) => Arc::new(judge_file(db, workspace, *file, environments)),
            })
            .collect();
        let rules: Vec<ItemKey> = self.entries(ItemClass::Rule).map(|rule| rule.key).collect();
        let of_rules = environments.iter().map(|environment| {
            let found = self.ask(&rules, |db, key| {
                rules::rule_findings(db, workspace, key, environment.clone()).clone()
            });
            found.into_iter().flatten().collect()
        });
        let has_directives: Vec<bool> = files.iter().map(|file| file.has_directives).collect();
        let project = self.project(files, of_rules.collect());
        let found = match asked {
            None => project.judge(&mut self.remembered()),
            Some(_) => project.judge(&mut Remembered::default()),
        };
        self.settle(found, environments, &has_directives)
    }

    /// Asks of the items of long files in parallel, as the findings of one file are put together one after another.
    fn look_ahead(&self, environments: &[Option<SmolStr>]) {
        let workspace = self.workspace;
        let long = self
            .outlines
            .iter()
            .zip(self.files.iter())
            .filter(|(names, file)| {
                names.items.len() > LONG && !syntax_errors(&self.db, **file).is_too_many()
            })
            .map(|(names, _)| names);
        for names in long {
            // No further than the file is judged.
            let mut allowance = Allowance::default();
            for entries in names.items.chunks(LOOKED_AHEAD) {
                let keys: Vec<ItemKey> = entries.iter().map(|entry| entry.key).collect();
                let steps = self.ask(&keys, |db, key| {
                    let checked = check_item(db, workspace, key);
                    let made = environments.iter().filter(|_| !checked.is_over);
                    let made = made
                        .map(|environment| instance(db, workspace, key, environment.clone()).steps);
                    checked.steps.saturating_add(made.sum())
                });
                let each = environments.len().max(1) as u64;
                if !steps.into_iter().all(|steps| allowance.take(steps / each)) {
                    break;
                }
            }
        }
    }

    /// What is told of what was found in these environments: what comments and levels leave of it.
    fn settle(
        &self,
        found: Vec<Diag>,
        environments: &[Option<SmolStr>],
        has_directives: &[bool],
    ) -> Vec<Diagnostic<FileSpan>> {
        // An error may keep a warning from being found, and so may an environment that was not looked at.
        let is_whole = environments.len() >= self.workspace.environments(&self.db).len()
            && found
                .iter()
                .all(|found| found.code.severity != Severity::Error);
        let has_catalogue = self.workspace.catalogue(&self.db).is_some();
        let annotated: Vec<Annotated<'_>> = self
            .files
            .iter()
            .zip(has_directives)
            .enumerate()
            .filter(|(_, (_, has_directives))| **has_directives)
            .map(|(number, (file, _))| Annotated {
                file: number,
                directives: directives(&self.db, *file),
                is_own: !file.package(&self.db),
            })
            .collect();
        let located = self.locate(found);
        levels::settle(located, &annotated, &self.levels, |code| {
            is_whole && (has_catalogue || !code.needs_catalogue())
        })
    }

    /// How many signals have a metric, where there is a catalogue.
    fn signals(&self, environments: &[Option<SmolStr>]) -> Option<Tally> {
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
        let name = self.default_team.as_deref()?;
        // Without sources there is nothing at all, which is reported by itself.
        if self.files.iter().all(|file| file.package(&self.db)) {
            return None;
        }
        let teams = self.entries(ItemClass::Block);
        let teams: Vec<&str> = teams
            .filter(|entry| entry.kind == "team")
            .map(|entry| entry.name.as_str())
            .collect();
        if teams.contains(&name) {
            return None;
        }
        let diagnostic = Diag::new(
            &codes::PROJECT_BAD_SETTING,
            format!(
                "`alertmanager.default_team` of `nth.toml` is {name:?}, and there is no such team"
            ),
            self.nowhere(),
        );
        Some(match suggest::nearest(name, teams) {
            Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
            None => diagnostic.help("it names one of the project's teams"),
        })
    }

    /// All blocks, for rules to look at.
    fn blocks_by_kind(&self) -> BTreeMap<SmolStr, Vec<BlockRef>> {
        let mut all: BTreeMap<SmolStr, Vec<BlockRef>> = BTreeMap::new();
        let foreign =
            |entry: &ItemEntry| entry.kind == "service" && entry.key.file.package(&self.db);
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

    /// The models of the project's services in an environment, in the order of the source, those that have one.
    pub fn models(&self, environment: Option<&str>) -> Vec<Arc<Lowered>> {
        let workspace = self.workspace;
        let environment = environment.map(SmolStr::from);
        self.ask(&self.services(), |db, key| {
            service_model(db, workspace, key, environment.clone()).clone()
        })
    }

    /// The models of the teams that own these services or that their escalations name, and of the project's own that
    /// own none, in an environment.
    pub fn teams(
        &self,
        services: &[Arc<Lowered>],
        environment: &Option<SmolStr>,
    ) -> Vec<Arc<LoweredTeam>> {
        let workspace = self.workspace;
        let services = services
            .iter()
            .filter_map(|lowered| lowered.service.as_ref());
        let named: HashSet<&str> = services
            .flat_map(|service| {
                let escalation = service.escalation.as_ref();
                let of_escalation = escalation.map(|escalation| &escalation.team);
                service.team.iter().chain(of_escalation)
            })
            .map(SmolStr::as_str)
            .collect();
        let mut named: BTreeSet<SmolStr> = named.into_iter().map(SmolStr::from).collect();
        let of_project = |entry: &&ItemEntry| !entry.key.file.package(&self.db);
        let is_team = |entry: &&ItemEntry| entry.kind == "team";
        let own = self.entries(ItemClass::Block).filter(is_team);
        named.extend(own.filter(of_project).map(|entry| entry.name.clone()));
        named.extend(self.default_team.as_deref().map(SmolStr::from));
        let mut models: BTreeMap<SmolStr, Arc<LoweredTeam>> = BTreeMap::new();
        // A step may tell whoever is on call for another team.
        while !named.is_empty() {
            let keys: Vec<ItemKey> = self
                .entries(ItemClass::Block)
                .filter(is_team)
                .filter(|entry| named.contains(&entry.name))
                .map(|entry| entry.key)
                .collect();
            let lowered = self.ask(&keys, |db, key| {
                team_model(db, workspace, key, environment.clone()).clone()
            });
            let known: Vec<SmolStr> = std::mem::take(&mut named).into_iter().collect();
            for model in lowered {
                let Some(team) = &model.team else {
                    continue;
                };
                let steps = team.escalations.iter().flat_map(|way| &way.steps);
                named.extend(steps.flat_map(|step| &step.notify).filter_map(
                    |target| match target {
                        ir::Target::Schedule { team, .. } => Some(team.clone()),
                        ir::Target::Person(_) => None,
                    },
                ));
                models.entry(team.name.clone()).or_insert(model);
            }
            named.retain(|name| !models.contains_key(name) && !known.contains(name));
        }
        models.into_values().collect()
    }

    /// The files of the project and its packages, in the order in which diagnostics number them.
    pub(crate) fn own_files(&self) -> &[SourceFile] {
        &self.files
    }

    /// Compiles what is loaded. `input`'s files are not read again: edits count.
    pub fn compile(&self, input: &Input) -> Compilation {
        let (mut diagnostics, environments) = self.told(input.environment.as_deref());
        let is_sound = |diagnostics: &[Diagnostic<FileSpan>]| {
            diagnostics
                .iter()
                .all(|found| found.severity != Severity::Error)
        };
        let mut artifacts = Vec::new();
        if is_sound(&diagnostics) {
            let mut problems = Vec::new();
            for environment in &environments {
                for built in self.build(&input.settings, environment) {
                    match built {
                        Ok(built) => artifacts.extend(built),
                        Err(problem) => problems.push(*problem),
                    }
                }
            }
            problems.extend(self.shared_windows(&artifacts, &input.settings));
            diagnostics.extend(self.locate(problems));
        }
        if !is_sound(&diagnostics) {
            artifacts.clear();
        }
        artifacts.sort_by(|left, right| left.path.cmp(&right.path));
        let signals = self.signals(&environments);
        conclude(
            self.sources(),
            diagnostics,
            environments,
            artifacts,
            signals,
        )
    }

    /// The artifacts of every service in an environment, and those of all of them together; each environment's in a
    /// folder of its own.
    fn build(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
    ) -> Vec<Result<Vec<Artifact>, Box<Diag>>> {
        self.with_project(environment, |project, models| {
            let settings = settings_in(settings, environment);
            let keys = self.services();
            let mut built = self.ask(&keys, |db, key| {
                let Some(service) = models.get(&key) else {
                    return Ok(Vec::new());
                };
                of_service(db, key, service, project, &settings)
            });
            built.push(self.artifacts_of_all(project, &settings));
            let services = keys
                .iter()
                .filter_map(|key| Some((*key, *models.get(key)?)));
            if settings.targets.contains(&TargetName::Prometheus)
                && let Some(found) = too_many_groups(services, &self.db, &settings)
            {
                built.push(Err(Box::new(found)));
            }
            built
        })
    }

    /// The artifacts that one of the project's services has in an environment, as a build makes them; none where the
    /// service is too wrong to have a model.
    ///
    /// # Errors
    ///
    /// What a target could not write.
    pub fn service_artifacts(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
        key: ItemKey,
    ) -> Result<Vec<Artifact>, Box<Diag>> {
        self.with_project(environment, |project, models| match models.get(&key) {
            Some(service) => {
                let settings = settings_in(settings, environment);
                of_service(&self.db, key, service, project, &settings)
            }
            None => Ok(Vec::new()),
        })
    }

    /// The artifacts that the project has in an environment besides those of its services, as a build makes them.
    ///
    /// # Errors
    ///
    /// What a target could not write.
    pub fn project_artifacts(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
    ) -> Result<Vec<Artifact>, Box<Diag>> {
        self.with_project(environment, |project, _| {
            self.artifacts_of_all(project, &settings_in(settings, environment))
        })
    }

    /// What is said where the sync windows of several environments would be in one Argo CD project.
    fn shared_windows(&self, artifacts: &[Artifact], settings: &Settings) -> Option<Diag> {
        let name = settings.policy.argo_project.as_deref()?;
        let with_windows: Vec<(&SmolStr, &ItemKey)> = self
            .workspace
            .environments(&self.db)
            .iter()
            .filter(|(environment, _)| {
                let path = format!("{}/{SYNC_WINDOWS}", backends::file_stem(environment));
                artifacts.iter().any(|artifact| artifact.path == path)
            })
            .collect();
        let (false, [(first, before), (second, key), ..]) =
            (name.contains(ENVIRONMENT), with_windows.as_slice())
        else {
            return None;
        };
        let diagnostic = Diag::new(
            &codes::SHARED_WINDOWS,
            format!(
                "the sync windows of `{first}` and `{second}` would be in one Argo CD project, `{name}`"
            ),
            name_span(&self.db, **key),
        )
        .label("these take the place of the others when they are applied")
        .because(name_span(&self.db, **before), "these are applied to the same")
        .help(format!(
            "write `argo_project = \"{name}-{ENVIRONMENT}\"` in `[policy]` of `nth.toml`, and have each environment's \
             applications in its own project"
        ));
        Some(diagnostic)
    }

    fn service_named(&self, name: &str) -> Option<ItemKey> {
        self.entries(ItemClass::Block)
            .find(|entry| {
                entry.kind == "service" && entry.name == name && !entry.key.file.package(&self.db)
            })
            .map(|entry| entry.key)
    }

    pub(crate) fn artifacts_of_all(
        &self,
        project: &ir::Project<'_>,
        settings: &Settings,
    ) -> Result<Vec<Artifact>, Box<Diag>> {
        let made = backends::project_artifacts(project, settings);
        made.map(|artifacts| in_folder(artifacts, settings))
            .map_err(|problem| {
                let span = match &problem {
                    Problem::TooLarge(excess) => excess.service.as_deref(),
                    Problem::Unwritable(_) => None,
                }
                .and_then(|name| self.service_named(name))
                .map_or_else(|| self.nowhere(), |key| name_span(&self.db, key));
                Box::new(told(problem, span))
            })
    }

    /// Asks something of all that is built together in an environment.
    pub(crate) fn with_project<T>(
        &self,
        environment: &Option<SmolStr>,
        question: impl FnOnce(&ir::Project<'_>, &HashMap<ItemKey, &ir::Service>) -> T,
    ) -> T {
        let services = self.models(environment.as_deref());
        let teams = self.teams(&services, environment);
        let project = ir::Project::new(
            services
                .iter()
                .filter_map(|lowered| lowered.service.as_ref()),
            teams.iter().filter_map(|lowered| lowered.team.as_ref()),
        );
        let models: HashMap<ItemKey, &ir::Service> = self
            .services()
            .into_iter()
            .zip(&services)
            .filter_map(|(key, lowered)| Some((key, lowered.service.as_ref()?)))
            .collect();
        question(&project, &models)
    }

    /// All files as diagnostics point into them.
    fn sources(&self) -> SourceMap {
        let mut sources = SourceMap::default();
        for file in self.files.iter().chain(self.standard.iter()) {
            sources.add(file.path(&self.db).clone(), file.text(&self.db).clone());
        }
        sources
    }

    /// Places in files instead of places in items.
    fn locate(&self, diagnostics: Vec<Diag>) -> Vec<Diagnostic<FileSpan>> {
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

/// So many parts of a project are looked at together where nothing has changed.
const MANY_PARTS: usize = 8;

/// So many items of a file are looked at together.
const LOOKED_AHEAD: usize = 8;

/// How many models a session holds that was told to hold few.
const FEW_MODELS: usize = 64;

/// A file with more items is looked at item by item when it is looked at first.
const LONG: usize = 16;

fn sort(diagnostics: &mut [Diagnostic<FileSpan>]) {
    diagnostics.sort_by(|left, right| {
        let key = |found: &Diagnostic<FileSpan>| (found.primary.span, found.code.id);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.message.cmp(&right.message))
    });
}

/// What came of it, in the order of files and places.
fn conclude(
    sources: SourceMap,
    mut diagnostics: Vec<Diagnostic<FileSpan>>,
    environments: Vec<Option<SmolStr>>,
    artifacts: Vec<Artifact>,
    signals: Option<Tally>,
) -> Compilation {
    sort(&mut diagnostics);
    let environments = environments.into_iter().flatten();
    Compilation {
        sources,
        diagnostics,
        artifacts,
        environments: environments.map(|name| name.to_string()).collect(),
        signals,
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
