//! Recording what readers found, and reporting it.

use std::collections::BTreeMap;

use nth_deployments::{MappingError, Reading, Scope, Services, Skipped, reconcile};
use nth_ledger::{Change, Deployment, LedgerError, Store};
use serde::Serialize;

use super::list::{self, Document, EVER};
use super::services::{service_names, unknown_service};
use crate::Context;
use crate::compiled::CompiledProject;
use crate::console::Console;
use crate::exit::Failure;
use crate::ledger::open;
use crate::options::{Format, LedgerPlace};
use crate::report::count;
use crate::select;

/// A ledger that is open for what readers find.
pub struct Recorder<'c> {
    context: &'c Context,
    store: Store,
    /// What the readers need.
    pub scope: Scope,
    recorded: Recorded,
}

/// What was recorded.
#[derive(Default)]
struct Recorded {
    /// The deployments that are new or changed, with what the ledger did.
    changed: BTreeMap<String, Change>,
    /// The number of those that the ledger had.
    unchanged: usize,
    /// What is not recorded.
    found: Reading,
}

/// The result of `pull` and `import` as JSON.
#[derive(Serialize)]
struct Outcome<'r> {
    new: usize,
    updated: usize,
    unchanged: usize,
    deployments: Vec<Document>,
    /// The applications that belong to no service, with the number of their deployments.
    unmapped: &'r BTreeMap<String, usize>,
    /// The number of deployments in other environments.
    other_environments: &'r BTreeMap<String, usize>,
    /// The number of entries that are no deployments, by reason.
    skipped: BTreeMap<&'static str, usize>,
}

impl<'c> Recorder<'c> {
    /// Opens the ledger of a project, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// If a mapping is invalid, or the ledger cannot be used.
    pub fn new(
        context: &'c Context,
        built: &CompiledProject,
        place: &LedgerPlace,
        maps: &[String],
    ) -> Result<Self, Failure> {
        let names = service_names(built);
        let services =
            Services::new(names.clone(), maps).map_err(|error| mapping_failure(&error, &names))?;
        let root = select::root(context)?;
        let store = open::open_or_create(context, &root, place)?;
        let environment = built.settings.environment.as_ref().map(ToString::to_string);
        let mut recorder = Self {
            context,
            store,
            scope: Scope {
                project: built.settings.project.clone(),
                from_environment: environment.clone(),
                environment,
                services,
                known: Vec::new(),
            },
            recorded: Recorded::default(),
        };
        recorder.refresh()?;
        Ok(recorder)
    }

    /// Reads what the ledger has of this project and environment.
    fn refresh(&mut self) -> Result<(), Failure> {
        let mut known = self.with_store(|store| store.deployments(EVER))?;
        known.retain(|known| {
            known.project == self.scope.project && known.environment == self.scope.environment
        });
        self.scope.known = known;
        Ok(())
    }

    fn with_store<T>(
        &mut self,
        work: impl FnOnce(&mut Store) -> Result<T, LedgerError>,
    ) -> Result<T, Failure> {
        work(&mut self.store).map_err(|error| open::unusable(self.context, &self.store, &error))
    }

    /// Records what a reader found.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be used.
    pub fn record(&mut self, mut reading: Reading) -> Result<(), Failure> {
        let mut deployments = std::mem::take(&mut reading.deployments);
        reconcile(&mut deployments, &self.scope.known);
        for deployment in &deployments {
            match self.with_store(|store| store.record_deployment(deployment))? {
                Change::Unchanged => self.recorded.unchanged += 1,
                change => {
                    let changed = self.recorded.changed.entry(deployment.key.clone());
                    // What is new stays new if another source adds to it.
                    changed.or_insert(change);
                }
            }
        }
        self.recorded.found.extend(reading);
        self.refresh()
    }

    /// The deployments that are new or changed, newest first, as they are in the ledger.
    fn changed(&self) -> Vec<&Deployment> {
        let known = self.scope.known.iter().rev();
        known
            .filter(|known| self.recorded.changed.contains_key(&known.key))
            .collect()
    }

    /// The number of deployments that the ledger has for another reason than their report.
    fn count(&self, change: Change) -> usize {
        let changes = self.recorded.changed.values();
        changes.filter(|other| **other == change).count()
    }

    /// Prints what was recorded, and what was not.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn report(&self, console: &mut Console) -> Result<(), Failure> {
        let found = &self.recorded.found;
        let changed = self.changed();
        let (new, updated) = (self.count(Change::New), self.count(Change::Corrected));
        if self.context.global.format == Format::Json {
            let skipped = found.skipped.iter();
            let result = Outcome {
                new,
                updated,
                unchanged: self.recorded.unchanged,
                deployments: changed.into_iter().map(Document::new).collect(),
                unmapped: &found.unmapped,
                other_environments: &found.other_environments,
                skipped: skipped
                    .map(|(reason, count)| (reason_id(*reason), *count))
                    .collect(),
            };
            return console.out.json("the deployments", &result);
        }
        if !changed.is_empty() {
            let layout = list::Layout {
                is_short: self.context.global.format == Format::Short,
                has_environments: false,
            };
            list::show(&changed, &BTreeMap::new(), layout, console);
        }
        let mut line = format!("{}, {updated} updated", count(new, "new deployment"));
        if self.recorded.unchanged > 0 {
            line.push_str(&format!(", {} unchanged", self.recorded.unchanged));
        }
        console.err.line(line);
        for (name, deployments) in &found.unmapped {
            console.err.line(format_args!(
                "note: {} of `{name}`, which is no service: map it with `--map {name}=SERVICE`",
                count(*deployments, "deployment")
            ));
        }
        for (name, deployments) in &found.other_environments {
            console.err.line(format_args!(
                "note: {} in environment `{name}`",
                count(*deployments, "deployment")
            ));
        }
        for (reason, entries) in &found.skipped {
            let noun = if *entries == 1 { "entry" } else { "entries" };
            console.err.line(format_args!(
                "note: {entries} {noun} not recorded: {}",
                reason_text(*reason)
            ));
        }
        Ok(())
    }

    /// Returns whether the reader of the last report found the same artifact again or a return.
    pub fn has_skipped(&self, reason: Skipped) -> bool {
        self.recorded.found.skipped.contains_key(&reason)
    }

    /// Returns the deployments that are new or changed, newest first, with what the ledger did.
    pub fn changes(&self) -> Vec<(&Deployment, Change)> {
        let known = self.scope.known.iter().rev();
        known
            .filter_map(|known| Some((known, *self.recorded.changed.get(&known.key)?)))
            .collect()
    }
}

fn mapping_failure(error: &MappingError, names: &[String]) -> Failure {
    match error {
        MappingError::UnknownService { service } => unknown_service(service, names),
        MappingError::Malformed { .. } => Failure::usage(format!("invalid `--map`: {error}"))
            .help("pass the other name and the service: `--map shop/web=checkout`"),
        MappingError::Contradictory { .. } => Failure::usage(format!("invalid `--map`: {error}")),
    }
}

fn reason_id(reason: Skipped) -> &'static str {
    match reason {
        Skipped::SameArtifact => "same-artifact",
        Skipped::RollBack => "roll-back",
        Skipped::NotStarted => "not-started",
        Skipped::NoStatus => "no-status",
        Skipped::NoStart => "no-start",
        Skipped::Removed => "removed",
        Skipped::OtherEvent => "other-event",
    }
}

fn reason_text(reason: Skipped) -> &'static str {
    match reason {
        Skipped::SameArtifact => "the same artifact as before",
        Skipped::RollBack => "a return to an earlier artifact, which rolls back those after it",
        Skipped::NotStarted => "nothing was rolled out",
        Skipped::NoStatus => "no status; import the statuses of the deployments too",
        Skipped::NoStart => {
            "no start; import the ReplicaSets too: `kubectl get rollouts,replicasets -o json`"
        }
        Skipped::Removed => "the service was removed",
        Skipped::OtherEvent => "an event about something else",
    }
}
