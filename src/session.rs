//! A loaded workspace: what spans the project happens here, outside of any query. Which modules there are, which
//! names collide, which rules are broken; everything else is a query about one item, asked in parallel.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::Deref;
use std::sync::Arc;

use rayon::prelude::*;
use salsa::Setter;
use smol_str::SmolStr;

use crate::backends::{self, Artifact};
use crate::catalogue::Lock;
use crate::check::dependencies::{self, Needs};
use crate::check::{check_item, paging, project, reliability, rules};
use crate::compile::{Compilation, Input, SourceInput};
use crate::db::{
    Database, Diag, ItemClass, ItemEntry, ItemKey, SourceFile, Span, Workspace, file_names,
    item_start,
};
use crate::diagnostics::{Code, Diagnostic, FileSpan, Severity, SourceMap, codes, suggest};
use crate::eval::{BlockRef, instance};
use crate::ir::{self, Duration, PolicyForm, PolicySettings, Settings, Tally, TargetName};
use crate::levels::{self, Annotated, Levels, directives};
use crate::lower::{Lowered, LoweredTeam, mail_receivers, service_model, team_model};
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

/// Top-level blocks of one kind that a file declares, by name.
type Named = Vec<(SmolStr, ItemKey)>;

/// What a project says of itself outside of its sources.
#[derive(Debug, Clone)]
pub struct Configuration {
    /// The project's name, by which its own modules can be imported too.
    pub project: String,
    /// Whether every service's runbook stands at a base URL of the project's.
    pub has_runbooks: bool,
    /// How often Prometheus scrapes what queries read.
    pub scrape_interval: Duration,
    /// The forms in which gates are written.
    pub policy_forms: BTreeSet<PolicyForm>,
    /// What was pulled of a Prometheus, where the project has a lock file.
    pub catalogue: Option<Arc<Lock>>,
    /// How loudly warnings are told. No query reads it.
    pub levels: Levels,
    /// Whether Alertmanager can send mail. No query reads it.
    pub sends_mail: bool,
    /// The team that is told of alerts that are no known team's. No query reads it.
    pub default_team: Option<String>,
}

impl Configuration {
    /// That of a project with these settings, this lock file and these levels.
    pub fn new(settings: &Settings, catalogue: Option<Arc<Lock>>, levels: Levels) -> Self {
        Self {
            project: settings.project.clone(),
            has_runbooks: settings.runbook_base_url.is_some(),
            scrape_interval: settings.prometheus.scrape_interval,
            policy_forms: settings.policy.forms.clone(),
            catalogue,
            levels,
            sends_mail: settings.alertmanager.sends_mail()
                || !settings.targets.contains(&TargetName::Alertmanager),
            default_team: settings.alertmanager.default_team.clone(),
        }
    }
}

/// A loaded workspace, for one compilation or for many edits.
pub struct Session {
    /// The database.
    pub db: Database,
    /// The workspace.
    pub workspace: Workspace,
    files: Arc<Vec<SourceFile>>,
    standard: Arc<Vec<SourceFile>>,
    levels: Levels,
    sends_mail: bool,
    default_team: Option<String>,
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
                    .durability(salsa::Durability::HIGH)
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
        let workspace = Workspace::new(
            &db,
            modules,
            prelude,
            Arc::default(),
            Arc::default(),
            SmolStr::default(),
            false,
            DEFAULT_SCRAPE_INTERVAL,
            PolicySettings::default().forms,
            None,
            Arc::default(),
        );
        let mut session = Self {
            db,
            workspace,
            files: Arc::new(files),
            standard: Arc::new(standard),
            levels: Levels::default(),
            sends_mail: false,
            default_team: None,
        };
        session.refresh();
        session
    }

    /// Tells what the project says of itself outside of its sources. Only what changed is asked again.
    pub fn configure(&mut self, configuration: &Configuration) {
        let Configuration {
            project,
            has_runbooks,
            scrape_interval,
            policy_forms,
            catalogue,
            levels,
            sends_mail,
            default_team,
        } = configuration;
        self.levels.clone_from(levels);
        self.sends_mail = *sends_mail;
        self.default_team.clone_from(default_team);
        let (workspace, db) = (self.workspace, &mut self.db);
        if workspace.project(db) != project {
            workspace.set_project(db).to(project.as_str().into());
        }
        if workspace.runbooks(db) != *has_runbooks {
            workspace.set_runbooks(db).to(*has_runbooks);
        }
        if workspace.scrape_interval(db) != *scrape_interval {
            workspace.set_scrape_interval(db).to(*scrape_interval);
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
            has_runbooks: of.runbooks(other),
            scrape_interval: of.scrape_interval(other),
            policy_forms: of.policy_forms(other).clone(),
            catalogue: of.catalogue(other).clone(),
            levels: self.levels.clone(),
            sends_mail: self.sends_mail,
            default_team: self.default_team.clone(),
        });
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
            levels: self.levels.clone(),
            sends_mail: self.sends_mail,
            default_team: self.default_team.clone(),
        })
    }

    /// The project's own files.
    pub fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// The standard library's files.
    pub fn standard_library(&self) -> &[SourceFile] {
        &self.standard
    }

    /// Changes a file's text.
    pub fn edit(&mut self, file: SourceFile, text: Arc<str>) {
        file.set_text(&mut self.db).to(text);
        self.refresh();
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
        self.refresh();
    }

    /// Gathers what spans the workspace, and sets what changed.
    fn refresh(&mut self) {
        let found: Vec<(Vec<ItemKey>, Named, Named)> = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                let names = file_names(db, *file);
                let extensions = names
                    .of_class(ItemClass::Extension)
                    .map(|entry| entry.key)
                    .collect();
                let of_kind = |kind: &str| {
                    names
                        .of_class(ItemClass::Block)
                        .filter(|entry| entry.kind == kind && !entry.name.is_empty())
                        .map(|entry| (entry.name.clone(), entry.key))
                        .collect()
                };
                (extensions, of_kind("environment"), of_kind("metric"))
            })
            .collect();
        let mut extensions = Vec::new();
        let mut environments = BTreeMap::new();
        let mut metrics = BTreeMap::new();
        for (file_extensions, file_environments, file_metrics) in found {
            extensions.extend(file_extensions);
            for (name, key) in file_environments {
                environments.entry(name).or_insert(key);
            }
            for (name, key) in file_metrics {
                metrics.entry(name).or_insert(key);
            }
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

    /// The blocks of the project's own files, in the order of files and of their texts.
    fn entries(&self, class: ItemClass) -> impl Iterator<Item = &ItemEntry> {
        self.files
            .iter()
            .flat_map(move |file| file_names(&self.db, *file).of_class(class))
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
        let (found, environments) = self.judge(environment);
        let files = self.numbered();
        let diagnostics = self.settle(found, &environments, &files);
        conclude(files, diagnostics, environments, Vec::new(), None)
    }

    fn judge(&self, environment: Option<&str>) -> (Vec<Diag>, Vec<Option<SmolStr>>) {
        match self.environments(environment) {
            Ok(environments) => (self.check_in(&environments), environments),
            Err(unknown) => (vec![*unknown], Vec::new()),
        }
    }

    /// What is told of what was found in these environments: what comments and levels leave of it.
    fn settle(
        &self,
        found: Vec<Diag>,
        environments: &[Option<SmolStr>],
        files: &Numbered,
    ) -> Vec<Diagnostic<FileSpan>> {
        // An error may keep a warning from being found, and so may an environment that was not looked at.
        let is_whole = environments.len() >= self.workspace.environments(&self.db).len()
            && found
                .iter()
                .all(|found| found.code.severity != Severity::Error);
        let has_catalogue = self.workspace.catalogue(&self.db).is_some();
        let has_directives: Vec<bool> = self
            .files
            .par_iter()
            .map_with(self.db.clone(), |db, file| {
                !directives(db, *file).is_empty()
            })
            .collect();
        let annotated: Vec<Annotated<'_>> = self
            .files
            .iter()
            .zip(has_directives)
            .filter(|(_, has_directives)| *has_directives)
            .map(|(file, _)| Annotated {
                file: files.number(*file),
                directives: directives(&self.db, *file),
                is_own: !file.package(&self.db),
            })
            .collect();
        let located = self.locate(found, files);
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

    fn check_in(&self, environments: &[Option<SmolStr>]) -> Vec<Diag> {
        let workspace = self.workspace;
        let keys: Vec<ItemKey> = self
            .files
            .iter()
            .flat_map(|file| {
                file_names(&self.db, *file)
                    .items
                    .iter()
                    .map(|entry| entry.key)
            })
            .collect();
        let checked = self.ask(&keys, |db, key| check_item(db, workspace, key).clone());
        let mut own: Vec<Diag> = checked.into_iter().flatten().collect();
        own.extend(project::duplicates(&self.db, &self.files));

        own.extend(self.unknown_default_team());

        let sends_mail = self.sends_mail;
        let services = self.services();
        let others: Vec<ItemKey> = self
            .entries(ItemClass::Block)
            .filter(|entry| entry.kind != "service")
            .map(|entry| entry.key)
            .collect();
        let rules: Vec<ItemKey> = self
            .entries(ItemClass::Rule)
            .map(|entry| entry.key)
            .collect();
        let all = if rules.is_empty() {
            BTreeMap::new()
        } else {
            self.blocks_by_kind()
        };
        let mut made: Vec<Diag> = Vec::new();
        for environment in environments {
            let of_services = self.ask(&services, |db, key| {
                service_model(db, workspace, key, environment.clone())
                    .diagnostics
                    .clone()
            });
            let of_promises = self.ask(&services, |db, key| {
                reliability::service_facts(db, workspace, key, environment.clone()).clone()
            });
            let of_paging = self.ask(&services, |db, key| {
                paging::paging_facts(db, workspace, key, environment.clone()).clone()
            });
            let needs: Vec<Needs> = self
                .ask(&services, |db, key| {
                    let evaluated = instance(db, workspace, key, environment.clone());
                    evaluated.instance.as_ref().map(Needs::of)
                })
                .into_iter()
                .flatten()
                .collect();
            made.extend(dependencies::cycles(&needs));
            let of_others = self.ask(&others, |db, key| {
                let evaluated = instance(db, workspace, key, environment.clone());
                let is_team = evaluated
                    .instance
                    .as_ref()
                    .is_some_and(|block| block.kind == "team");
                let mut found = if is_team {
                    let lowered = team_model(db, workspace, key, environment.clone());
                    let mail = evaluated.instance.iter().flat_map(mail_receivers);
                    let found = lowered.diagnostics.iter().cloned();
                    found.chain(mail.filter(|_| !sends_mail)).collect()
                } else {
                    evaluated.diagnostics.clone()
                };
                if let Some(block) = &evaluated.instance {
                    found.extend(reliability::empty_escalations(block));
                    if is_team {
                        found.extend(paging::team_facts(block));
                    }
                }
                found
            });
            let of_rules = self.ask(&rules, |db, key| {
                rules::run(db, workspace, key, environment.clone(), &all)
            });
            made.extend(
                of_services
                    .into_iter()
                    .chain(of_promises)
                    .chain(of_paging)
                    .chain(of_others)
                    .chain(of_rules)
                    .flatten(),
            );
        }
        let found = self.without_recorded(distinct(own, made), environments);
        self.explain_names(found)
    }

    /// What is said of a default team that is not declared.
    fn unknown_default_team(&self) -> Option<Diag> {
        let name = self.default_team.as_deref()?;
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

    /// Leaves out that a metric is not there where another service records it: a catalogue has what targets expose.
    fn without_recorded(
        &self,
        diagnostics: Vec<Diag>,
        environments: &[Option<SmolStr>],
    ) -> Vec<Diag> {
        let is_of_metric =
            |found: &Diag| matches!(&found.unknown_name, Some(name) if name.kind == "metric");
        if !diagnostics.iter().any(is_of_metric) {
            return diagnostics;
        }
        let mut recorded: HashSet<SmolStr> = HashSet::new();
        for key in self.services() {
            for environment in environments {
                let evaluated = instance(&self.db, self.workspace, key, environment.clone());
                if let Some(service) = &evaluated.instance {
                    let recordings = service.children_of("recording");
                    recorded.extend(recordings.map(|recording| recording.name.clone()));
                }
            }
        }
        diagnostics
            .into_iter()
            .filter_map(|mut found| {
                if is_of_metric(&found) {
                    // No module has a metric that would have to be imported.
                    let name = found.unknown_name.take()?;
                    return (!recorded.contains(name.name.as_str())).then_some(found);
                }
                Some(found)
            })
            .collect()
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

    /// Compiles what is loaded. `input`'s files are not read again: edits count.
    pub fn compile(&self, input: &Input) -> Compilation {
        let (found, environments) = self.judge(input.environment.as_deref());
        let files = self.numbered();
        let mut diagnostics = self.settle(found, &environments, &files);
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
            diagnostics.extend(self.locate(problems, &files));
        }
        if !is_sound(&diagnostics) {
            artifacts.clear();
        }
        artifacts.sort_by(|left, right| left.path.cmp(&right.path));
        let signals = self.signals(&environments);
        conclude(files, diagnostics, environments, artifacts, signals)
    }

    /// The artifacts of every service in an environment, and those of all of them together; each environment's in a
    /// folder of its own.
    fn build(
        &self,
        settings: &Settings,
        environment: &Option<SmolStr>,
    ) -> Vec<Result<Vec<Artifact>, Box<Diag>>> {
        let settings = Settings {
            environment: environment.clone(),
            ..settings.clone()
        };
        let keys = self.services();
        let services = self.models(environment.as_deref());
        let teams = self.teams(&services, environment);
        let project = ir::Project::new(
            services
                .iter()
                .filter_map(|lowered| lowered.service.as_ref()),
            teams.iter().filter_map(|lowered| lowered.team.as_ref()),
        );
        let models: HashMap<ItemKey, &ir::Service> = keys
            .iter()
            .zip(&services)
            .filter_map(|(key, lowered)| Some((*key, lowered.service.as_ref()?)))
            .collect();
        let mut built = self.ask(&keys, |db, key| {
            let Some(service) = models.get(&key) else {
                return Ok(Vec::new());
            };
            backends::service_artifacts(service, &project, &settings).map_err(|problem| {
                Box::new(Diag::new(
                    &codes::UNWRITABLE,
                    problem,
                    project::name_span(db, key),
                ))
            })
        });
        let of_all = backends::project_artifacts(&project, &settings);
        built.push(
            of_all.map_err(|problem| {
                Box::new(Diag::new(&codes::UNWRITABLE, problem, self.nowhere()))
            }),
        );
        if let Some(environment) = environment {
            for artifact in built.iter_mut().flatten().flatten() {
                artifact.path = format!("{}/{}", backends::file_stem(environment), artifact.path);
            }
        }
        built
    }

    fn explain_names(&self, diagnostics: Vec<Diag>) -> Vec<Diag> {
        if diagnostics.iter().all(|found| found.unknown_name.is_none()) {
            return diagnostics;
        }
        let index = project::NameIndex::new(&self.db, self.workspace);
        diagnostics
            .into_iter()
            .map(|found| index.explain(&self.db, found))
            .collect()
    }

    /// All files as diagnostics point into them: the session's own first, in their order.
    fn numbered(&self) -> Numbered {
        let mut numbered = Numbered {
            sources: SourceMap::default(),
            numbers: HashMap::new(),
        };
        for file in self.files.iter().chain(self.standard.iter()) {
            let number = numbered
                .sources
                .add(file.path(&self.db).clone(), file.text(&self.db).clone());
            numbered.numbers.insert(*file, number);
        }
        numbered
    }

    /// Places in files instead of places in items.
    fn locate(&self, diagnostics: Vec<Diag>, files: &Numbered) -> Vec<Diagnostic<FileSpan>> {
        let mut locate = |span: Span| {
            let start = item_start(&self.db, span.item) as usize;
            FileSpan {
                file: files.number(span.item.file),
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

/// The files that diagnostics point into, with the number of each.
struct Numbered {
    sources: SourceMap,
    numbers: HashMap<SourceFile, usize>,
}

impl Numbered {
    fn number(&self, file: SourceFile) -> usize {
        self.numbers.get(&file).copied().unwrap_or_default()
    }
}

/// What came of it, in the order of files and places.
fn conclude(
    files: Numbered,
    mut diagnostics: Vec<Diagnostic<FileSpan>>,
    environments: Vec<Option<SmolStr>>,
    artifacts: Vec<Artifact>,
    signals: Option<Tally>,
) -> Compilation {
    diagnostics.sort_by(|left, right| {
        let key = |found: &Diagnostic<FileSpan>| (found.primary.span, found.code.id);
        key(left)
            .cmp(&key(right))
            .then_with(|| left.message.cmp(&right.message))
    });
    let environments = environments.into_iter().flatten();
    Compilation {
        sources: files.sources,
        diagnostics,
        artifacts,
        environments: environments.map(|name| name.to_string()).collect(),
        signals,
    }
}

fn add(db: &Database, file: &SourceInput) -> SourceFile {
    SourceFile::new(
        db,
        file.module.as_str().into(),
        file.path.clone(),
        file.text.clone(),
        file.package,
    )
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

/// What the check of an item found, its instances need not say again, whatever words the values give it. Of the
/// instances alike in every word and place one is kept. Those that differ in where a template is used are one
/// mistake too, which `levels::settle` tells once: a comment may allow it at one of these places.
fn distinct(checked: Vec<Diag>, instantiated: Vec<Diag>) -> Vec<Diag> {
    type Places = Vec<Span>;
    let own: HashSet<(&'static Code, Span)> = checked
        .iter()
        .map(|found| (found.code, found.primary.span))
        .collect();
    let mut seen: HashSet<(&'static Code, Span, String, Places)> = HashSet::new();
    checked
        .into_iter()
        .chain(
            instantiated
                .into_iter()
                .filter(|found| !own.contains(&(found.code, found.primary.span))),
        )
        .filter(|found| {
            let places = found.secondary.iter().map(|label| label.span).collect();
            seen.insert((
                found.code,
                found.primary.span,
                found.message.clone(),
                places,
            ))
        })
        .collect()
}
