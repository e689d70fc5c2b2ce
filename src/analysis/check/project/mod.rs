//! All findings about a project. Those of one file are a query ([`file_findings`]), so an edit recomputes only the files that
//! it affects. Project-wide ones are combined here, outside of queries, and kept in a [`ProjectCache`] until their inputs
//! change. What an edit costs here follows the files with diagnostics, not all files.

mod cache;
mod file;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::check::dependencies::{self, Needs};
use crate::check::exclusions::{self, Scene};
use crate::check::names;
use crate::check::origins::{self, Origins};
use crate::check::series::{self, Measured};
use crate::codes;
use crate::db::{Database, Diag, ItemKey, Span, Workspace, file_names};
use crate::schema::names::kind;
use nth_diagnostics::Code;

pub use cache::ProjectCache;
pub use file::{
    Allowance, BlockFindings, Condition, FileFindings, SyntaxErrors, check_file, evaluation_steps,
    file_findings, syntax_errors,
};

/// The inputs of a project's check.
pub struct Project<'a> {
    /// The database.
    pub db: &'a Database,
    /// The workspace.
    pub workspace: Workspace,
    /// Incremented whenever a declared name is added, removed or changed.
    pub names_revision: u64,
    /// Diagnostics about the project's settings.
    pub settings_findings: Vec<Diag>,
    /// True if Alertmanager can send email.
    pub sends_mail: bool,
    /// True if the output for Alertmanager is a resource of the Prometheus operator.
    pub is_for_operator: bool,
    /// The current time, for overrides that have expired. With `None`, nothing has expired.
    pub now: Option<Timestamp>,
    /// The value that the label `namespace` of every alert must have, for each environment; `None` if any is allowed.
    pub alert_namespaces: Vec<Option<String>>,
}

impl Project<'_> {
    /// Returns all diagnostics, from the findings of files and rules in `cache`.
    pub fn findings(self, cache: &mut ProjectCache) -> Vec<Diag> {
        cache.set_names_revision(self.names_revision);
        let duplicates = cache.duplicates(|files| {
            names::duplicate_globals(files.iter().flat_map(|file| &file.globals))
        });
        let environments = cache.rule_findings().len();
        let cycles = cache.cycles(|files| cycles(files, environments));
        let shared = cache.shared(|files| shared(files, environments));
        let declared = self.workspace.environments(self.db).len().max(1);
        let of_exclusions = cache.exclusions(|files| of_exclusions(files, environments, declared));
        let origins =
            cache.origins(|files| of_origins(self.db, self.workspace, files, environments));

        let checked = cache.reported().flat_map(|file| &file.checked);
        let mut own: Vec<Diag> = checked.cloned().collect();
        for file in cache.reported() {
            own.extend(file.duplicates.iter().cloned());
        }
        own.extend(duplicates.iter().cloned());
        own.extend(self.settings_findings.iter().cloned());
        own.extend(
            self.workspace
                .references(self.db)
                .diagnostics()
                .iter()
                .cloned(),
        );

        let mut findings: Vec<Diag> = of_exclusions.to_vec();
        findings.extend(origins.iter().cloned());
        let across = cycles.iter().zip(shared.iter());
        for (environment, (rule_findings, (cycles, shared))) in
            cache.rule_findings().iter().zip(across).enumerate()
        {
            findings.extend(cycles.iter().cloned());
            findings.extend(shared.iter().cloned());
            let each = || {
                cache
                    .reported()
                    .flat_map(move |file| file.blocks(environment))
            };
            findings.extend(each().flat_map(|findings| &findings.services).cloned());
            findings.extend(each().flat_map(|findings| &findings.promises).cloned());
            findings.extend(each().flat_map(|findings| &findings.paging).cloned());
            if let Some(Some(needed)) = self.alert_namespaces.get(environment) {
                let labels = each().flat_map(|findings| &findings.relabelled);
                let wrong = labels.filter(|label| label.namespace.as_ref() != Some(needed));
                findings.extend(wrong.map(|label| label.found.clone()));
            }
            let others = each().flat_map(|findings| &findings.others);
            let counts = others.filter(|other| match other.condition {
                Condition::Always => true,
                Condition::WithoutMail => !self.sends_mail,
                Condition::Operator => self.is_for_operator,
                Condition::From(moment) => self.now.is_some_and(|now| now >= moment),
            });
            findings.extend(counts.map(|other| other.diagnostic.clone()));
            findings.extend(rule_findings.iter().cloned());
        }
        let found = without_recorded(distinct(own, findings), cache.files());
        cache.resolve_unknown_names(self.db, self.workspace, found)
    }
}

/// Returns the dependency cycles among services, one list per environment.
fn cycles(files: &[Arc<FileFindings>], environments: usize) -> Vec<Vec<Diag>> {
    let of = |environment: usize| {
        let findings = files.iter().flat_map(|file| file.blocks(environment));
        let needs: Vec<Needs> = findings
            .flat_map(|findings| &findings.needs)
            .cloned()
            .collect();
        dependencies::cycles(&needs)
    };
    (0..environments).map(of).collect()
}

/// Returns diagnostics about services that share an SLI series, one list per environment.
fn shared(files: &[Arc<FileFindings>], environments: usize) -> Vec<Vec<Diag>> {
    let of = |environment: usize| {
        let findings = files.iter().flat_map(|file| file.blocks(environment));
        let measured: Vec<&Measured> = findings.flat_map(|findings| &findings.measured).collect();
        series::shared(&measured)
    };
    (0..environments).map(of).collect()
}

/// Returns diagnostics about objects in PagerDuty across files and environments.
fn of_origins(
    db: &Database,
    workspace: Workspace,
    files: &[Arc<FileFindings>],
    environments: usize,
) -> Vec<Diag> {
    let of = |environment: usize| {
        let findings = files.iter().flat_map(|file| file.blocks(environment));
        findings
            .map(|findings| &findings.origins)
            .collect::<Vec<&Origins>>()
    };
    let all: Vec<Vec<&Origins>> = (0..environments).map(of).collect();
    let usual = file_names(db, workspace.prelude(db)).items.iter();
    let usual: Vec<SmolStr> = usual
        .filter(|entry| entry.kind == kind::TIER)
        .map(|entry| entry.name.clone())
        .collect();
    origins::findings(&all, &usual)
}

/// Returns diagnostics about exclusions across files, in these of the `declared` environments.
fn of_exclusions(files: &[Arc<FileFindings>], environments: usize, declared: usize) -> Vec<Diag> {
    let scene = |environment: usize| {
        let findings = || files.iter().flat_map(move |file| file.blocks(environment));
        Scene {
            exclusions: findings()
                .flat_map(|findings| findings.exclusions.iter().map(|found| &**found))
                .collect(),
            services: findings().flat_map(|findings| &findings.covered).collect(),
        }
    };
    let scenes: Vec<Scene<'_>> = (0..environments).map(scene).collect();
    exclusions::findings(&scenes, environments == declared)
}

/// Removes diagnostics about unknown metrics that another service records: the catalog only has what targets expose.
fn without_recorded(found: Vec<Diag>, files: &[Arc<FileFindings>]) -> Vec<Diag> {
    let is_of_metric =
        |found: &Diag| matches!(&found.unknown_name, Some(name) if name.kind == kind::METRIC);
    if !found.iter().any(is_of_metric) {
        return found;
    }
    let findings = files
        .iter()
        .flat_map(|file| file.environments.iter().flatten());
    let recorded: HashSet<&str> = findings
        .flat_map(|findings| &findings.recorded)
        .map(SmolStr::as_str)
        .collect();
    found
        .into_iter()
        .filter_map(|mut found| {
            if is_of_metric(&found) {
                // Metrics are global: there is no module to import them from.
                let name = found.unknown_name.take()?;
                return (!recorded.contains(name.name.as_str())).then_some(found);
            }
            Some(found)
        })
        .collect()
}

/// Removes repeated diagnostics. One from an evaluated block is dropped if the check of the item has the same code at the same
/// place, whatever its message; of several that agree in message and all places, one is kept. Those that differ only in where a
/// template is used are kept for now: a comment may allow one of these places, and
/// [`suppressions::apply`](fn@crate::suppressions::apply) merges the rest.
fn distinct(checked: Vec<Diag>, instantiated: Vec<Diag>) -> Vec<Diag> {
    type Places = Vec<Span>;
    let own: HashSet<(&'static Code, Span)> = checked
        .iter()
        .map(|found| (found.code, found.primary.span))
        .collect();
    let mut met: HashSet<(&'static Code, ItemKey)> = HashSet::new();
    let mut seen: HashSet<(&'static Code, Span, String, Places)> = HashSet::new();
    checked
        .into_iter()
        .chain(
            instantiated
                .into_iter()
                .filter(|found| !own.contains(&(found.code, found.primary.span))),
        )
        // The check and the evaluation may meet a limit at different places: keep one per item.
        .filter(|found| {
            let bounds = [
                &codes::TOO_LONG_EVALUATION,
                &codes::TOO_MANY_BLOCKS,
                &codes::REFERENCES_TOO_DEEP,
            ];
            !bounds.contains(&found.code) || met.insert((found.code, found.primary.span.item))
        })
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
