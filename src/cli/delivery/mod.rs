//! `nthc plan`, `nthc apply` and `nthc status`: from files to what really runs.

mod apply;
mod difference;
mod keep;
mod objects;
mod place;
mod plan;
mod revisions;
mod rollback;
mod routes;
mod silenced;
mod status;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use nth_delivery::journal::{self, Entry};
use nth_delivery::{
    ContentHash, DesiredObject, Destination, ObjectKey, Owner, Plan, RetryPolicy, SourceState,
    Survey, SurveyOptions, SystemClock, survey,
};

pub use apply::run as apply;
pub use plan::run as plan;
pub use rollback::run as rollback;
pub use status::run as status;

use crate::Context;
use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::options::{DeliveryOptions, Format};
use crate::progress::Progress;
use crate::report::Findings;
use crate::revision::{self, Revision};
use crate::select::{self, Selected};
use keep::WrittenAlerts;
use nthc::ir::settings::DestinationType;
use nthc::project::Loaded;
use place::TerraformPlan;

/// The number of repeated requests before a destination counts as unavailable.
const REPEATS: u32 = 4;

/// How long a plan can be applied.
const EXPIRES: i64 = 24 * 3_600;

/// A destination of the environment with what should be there.
struct Target {
    /// Its name in `nth.toml`.
    name: String,
    destination: Box<dyn Destination>,
    /// What is written to, if that is another one than what is looked at.
    written: Option<Box<dyn Destination>>,
    desired: Vec<DesiredObject>,
}

/// What a command does with destinations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// It looks.
    Look,
    /// It plans, and may apply that plan.
    Plan,
    /// It applies a plan that was made before.
    ApplyReviewed,
}

/// What a command about an environment needs.
struct Prepared {
    owner: Owner,
    targets: Vec<Target>,
    /// The commit of the sources.
    revision: Option<String>,
    /// True if the environment has destinations that are left out.
    is_partial: bool,
    /// The file with what was applied.
    journal: PathBuf,
    /// The entries of the journal.
    entries: Vec<Entry>,
    /// The alerts of the sources.
    alerts: WrittenAlerts,
}

/// A target with what is live there.
struct Surveyed {
    target: Target,
    survey: Survey,
    /// What its plan silences: plain sentences.
    silenced: Vec<String>,
}

/// Compiles the project, and connects to the destinations of the environment. `None` if the project has errors, which are reported.
fn prepare(
    context: &Context,
    options: &DeliveryOptions,
    purpose: Purpose,
    console: &mut Console,
) -> Result<Option<Prepared>, Failure> {
    let format = context.global.format;
    if format.is_for_programs() && format != Format::Json {
        return Err(Failure::usage("unsupported format for destinations")
            .help("use `--format human`, `--format short` or `--format json`"));
    }
    let current = select::project(context)?;
    let root = current.project.root.clone();
    let (output, destinations) = (
        current.project.output.clone(),
        current.project.destinations.clone(),
    );
    let old = { options.revision.as_deref() }
        .map(|name| Revision::check_out(&root, name))
        .transpose()?;
    let loaded = match &old {
        // Messages show the paths of the repository, not of the temporary folder.
        Some(old) => nthc::project::load(&old.root, &old.top)?,
        None => current,
    };
    let committed = match old {
        Some(_) => None,
        None => committed(&root, &loaded),
    };
    let selected = Selected::whole(loaded);
    let project = &selected.loaded.project;
    let (compilation, session, input) = selected.compile_with_session(options.env.as_deref())?;
    let mut findings = Findings::default();
    let own = selected.loaded.diagnostics.iter().cloned();
    findings.add(&selected.loaded.sources, own);
    let environments = compilation.environments.clone();
    let artifacts = compilation.artifacts;
    findings.add(&compilation.sources, compilation.diagnostics);
    if findings.has_errors() {
        let shown = match format {
            Format::Human => Format::Human,
            _ => Format::Short,
        };
        findings.show(shown, console)?;
        return Ok(None);
    }
    if purpose == Purpose::Plan && format != Format::Json {
        findings.show(format, console)?;
    }
    let environment = select::only_environment(&environments)?.map(str::to_owned);
    let settings = session.settings_in(&input.settings, &environment.as_deref().map(Into::into));
    let chosen = place::choose(&destinations, environment.as_deref(), options)?;
    let owner = Owner {
        project: project.settings.project.clone(),
        environment: environment.clone(),
    };
    let connection = place::Connecting {
        root: &root,
        output: &output,
        owner: &owner,
        secrets: &settings.alertmanager.secrets,
        tenant: settings.prometheus.tenant.as_deref(),
        timeout: options.timeout,
        variable: &|name| std::env::var(name).ok(),
    };
    let mut targets = Vec::new();
    for declared in &chosen {
        let looks = match purpose {
            Purpose::Plan => TerraformPlan::Kept,
            // Looking must not replace the plan that was reviewed.
            Purpose::Look | Purpose::ApplyReviewed => TerraformPlan::Discarded,
        };
        let destination = connection.connect(declared, looks)?;
        let is_kept =
            purpose == Purpose::ApplyReviewed && declared.kind == DestinationType::Terraform;
        let written = is_kept.then(|| connection.connect(declared, TerraformPlan::Kept));
        let source = objects::Source {
            owner: &owner,
            settings: &settings,
            of_project: &input.settings.targets,
            artifacts: &artifacts,
        };
        targets.push(Target {
            name: declared.name.value.clone(),
            desired: source.objects(declared)?,
            destination,
            written: written.transpose()?,
        });
    }
    let journal = journal_file(&root, owner.environment.as_deref());
    let entries = journal::read_journal(&journal).map_err(|error| failure(&error))?;
    let models = session.models(environment.as_deref());
    Ok(Some(Prepared {
        owner,
        targets,
        revision: match old {
            Some(old) => Some(old.commit),
            None => committed,
        },
        is_partial: !options.destinations.is_empty(),
        journal,
        entries,
        alerts: keep::written_alerts(
            { models.iter() }.filter_map(|lowered| lowered.service.as_ref()),
        ),
    }))
}

impl Prepared {
    /// Reads all destinations.
    fn survey(
        self,
        adopt: &BTreeSet<ObjectKey>,
        may_be_empty: bool,
        cancel: &AtomicBool,
        progress: &Progress,
    ) -> Result<(Vec<Surveyed>, Parts), Failure> {
        let mut found = Vec::new();
        let mut unused = adopt.clone();
        for target in self.targets {
            let applied: BTreeMap<ObjectKey, ContentHash> =
                journal::applied(&self.entries, &self.owner, &target.destination.identity());
            let options = SurveyOptions {
                source: match may_be_empty {
                    true => SourceState::CompleteAndMayBeEmpty,
                    false => SourceState::Complete,
                },
                adopt,
                applied: Some(&applied),
                retry: retries(),
                clock: &SystemClock,
                cancel,
            };
            let desired = target.desired.clone();
            let survey = survey(&*target.destination, &self.owner, desired, &options)
                .map_err(|error| failure_at(&target.name, &error))?;
            for object in &survey.desired {
                unused.remove(&object.key);
            }
            progress.advance();
            found.push(Surveyed {
                target,
                survey,
                silenced: Vec::new(),
            });
        }
        if let Some(key) = unused.first() {
            return Err(
                Failure::usage(format!("nothing that is built has this name: {key}"))
                    .help("`nthc plan` shows the names of objects that can be adopted"),
            );
        }
        let alerts = silenced::labels_of_alerts(&found);
        for one in &mut found {
            one.silenced = silenced::silenced(one, &one.survey.plan.operations, &alerts);
        }
        Ok((
            found,
            Parts {
                owner: self.owner,
                revision: self.revision,
                is_partial: self.is_partial,
                journal: self.journal,
                entries: self.entries,
                alerts: self.alerts,
            },
        ))
    }
}

/// What is left of [`Prepared`] without its targets.
struct Parts {
    owner: Owner,
    revision: Option<String>,
    is_partial: bool,
    journal: PathBuf,
    entries: Vec<Entry>,
    alerts: WrittenAlerts,
}

/// The commit that is checked out, if the sources are those of it; `None` if they differ, and if there is no repository.
fn committed(root: &Path, loaded: &Loaded) -> Option<String> {
    let commit = revision::head(root)?;
    let checked_out = Revision::check_out(root, &commit).ok()?;
    let there = nthc::project::load(&checked_out.root, &checked_out.top).ok()?;
    let sources = |loaded: &Loaded| {
        let files = loaded.project.files.iter();
        let mut files: Vec<_> = files
            .map(|file| (file.module.clone(), file.text.clone()))
            .collect();
        files.sort();
        files
    };
    let settings = |loaded: &Loaded| {
        let project = &loaded.project;
        (project.settings.clone(), project.catalogue.clone())
    };
    let is_same = sources(&there) == sources(loaded) && settings(&there) == settings(loaded);
    is_same.then_some(commit)
}

/// The file with what was applied to an environment.
fn journal_file(root: &Path, environment: Option<&str>) -> PathBuf {
    root.join(".nth").join(match environment {
        Some(environment) => format!("applied-{}.jsonl", nthc::backends::file_stem(environment)),
        None => "applied.jsonl".to_owned(),
    })
}

/// The journals of all environments, in order.
fn journal_files(root: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root.join(".nth"));
    let mut found: Vec<PathBuf> = { entries.into_iter().flatten().flatten() }
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("applied") && name.ends_with(".jsonl"))
        })
        .collect();
    found.sort();
    found
}

/// The plan of what was surveyed.
fn plan_of(surveyed: &[Surveyed], parts: &Parts, meaning: Option<&plan::Meaning>) -> Plan {
    let created = jiff::Timestamp::now();
    let seconds = created.as_second() + EXPIRES;
    Plan {
        version: nth_delivery::PLAN_VERSION,
        owner: parts.owner.clone(),
        revision: parts.revision.clone(),
        is_partial: parts.is_partial,
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        created,
        expires: jiff::Timestamp::from_second(seconds).unwrap_or(created),
        destinations: surveyed.iter().map(|one| one.survey.plan.clone()).collect(),
        silenced: { surveyed.iter() }
            .flat_map(|one| one.silenced.iter().cloned())
            .chain(meaning.into_iter().flat_map(plan::Meaning::silenced))
            .collect(),
    }
}

/// When requests are repeated.
fn retries() -> RetryPolicy {
    RetryPolicy {
        repeats: REPEATS,
        first: Duration::from_millis(300),
        most: Duration::from_secs(20),
    }
}

/// The failure of a destination.
fn failure_at(name: &str, error: &nth_delivery::DeliveryError) -> Failure {
    let failure = failure(error);
    Failure {
        message: format!("destination `{name}`: {}", failure.message),
        ..failure
    }
}

fn failure(error: &nth_delivery::DeliveryError) -> Failure {
    let failure = Failure::io(error.to_string());
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Set by the first signal, which ends the work after the current operation; the second one ends the process.
fn cancelled_by_signal() -> Result<Arc<AtomicBool>, Failure> {
    let is_cancelled = Arc::new(AtomicBool::new(false));
    let (send, _) = std::sync::mpsc::channel();
    crate::signals::on_signal(Arc::clone(&is_cancelled), send)?;
    Ok(is_cancelled)
}

/// The exit code of something that is not as it should be.
const DIFFERENT: Exit = Exit::Findings;
