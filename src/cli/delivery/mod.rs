//! `nthc plan`, `nthc apply` and `nthc status`: from files to what really runs.

mod apply;
mod objects;
mod place;
mod plan;
mod rollback;
mod silenced;
mod status;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use nth_delivery::journal::{self, Entry, Event};
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
use nthc::ir::settings::DestinationType;
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
    /// The file with what was applied.
    journal: PathBuf,
    /// The entries of the journal.
    entries: Vec<Entry>,
}

/// A target with what is live there.
struct Surveyed {
    target: Target,
    survey: Survey,
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
    let selected = Selected::whole(loaded);
    let project = &selected.loaded.project;
    let compilation = selected.compile(options.env.as_deref())?;
    let compilation = select::require_environment(options.env.as_deref(), compilation)?;
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
    let environment = match environments.as_slice() {
        [] => None,
        [only] => Some(only.clone()),
        several => {
            return Err(
                Failure::usage("the project has several environments").help(format!(
                    "choose one with `--env`: `{}`",
                    several.join("`, `")
                )),
            );
        }
    };
    let chosen = place::choose(&destinations, environment.as_deref(), options)?;
    let owner = Owner {
        project: project.settings.project.clone(),
        environment: environment.clone(),
    };
    let connection = place::Connecting {
        root: &root,
        output: &output,
        owner: &owner,
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
            settings: &project.settings,
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
    Ok(Some(Prepared {
        owner,
        targets,
        revision: match old {
            Some(old) => Some(old.commit),
            None => revision::head(&root),
        },
        journal,
        entries,
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
            found.push(Surveyed { target, survey });
        }
        if let Some(key) = unused.first() {
            return Err(
                Failure::usage(format!("nothing that is built has this name: {key}"))
                    .help("`nthc plan` shows the names of objects that can be adopted"),
            );
        }
        Ok((
            found,
            Parts {
                owner: self.owner,
                revision: self.revision,
                journal: self.journal,
                entries: self.entries,
            },
        ))
    }
}

/// What is left of [`Prepared`] without its targets.
struct Parts {
    owner: Owner,
    revision: Option<String>,
    journal: PathBuf,
    entries: Vec<Entry>,
}

/// The file with what was applied to an environment.
fn journal_file(root: &Path, environment: Option<&str>) -> PathBuf {
    root.join(".nth").join(match environment {
        Some(environment) => format!("applied-{}.jsonl", nthc::backends::file_stem(environment)),
        None => "applied.jsonl".to_owned(),
    })
}

/// The revisions of applies, in order, each once in a row.
fn applied_revisions(entries: &[Entry]) -> Vec<&str> {
    let mut found: Vec<&str> = Vec::new();
    for entry in entries {
        if let Event::Begun {
            revision: Some(revision),
            ..
        } = &entry.event
            && found.last() != Some(&revision.as_str())
        {
            found.push(revision);
        }
    }
    found
}

/// The plan of what was surveyed.
fn plan_of(surveyed: &[Surveyed], parts: &Parts) -> Plan {
    let created = jiff::Timestamp::now();
    let seconds = created.as_second() + EXPIRES;
    Plan {
        version: nth_delivery::PLAN_VERSION,
        owner: parts.owner.clone(),
        revision: parts.revision.clone(),
        compiler: env!("CARGO_PKG_VERSION").to_owned(),
        created,
        expires: jiff::Timestamp::from_second(seconds).unwrap_or(created),
        destinations: surveyed.iter().map(|one| one.survey.plan.clone()).collect(),
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
