//! Everything that is wrong with a project. What is wrong in a file is a query ([`file_findings`]), so that an edit asks
//! anew of the files that it reaches alone; what takes the whole project is put together here, outside of any query,
//! and remembered as long as what it was made of stays the same.

mod file;
mod remembered;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;
use smol_str::SmolStr;

use crate::check::dependencies::{self, Needs};
use crate::check::project;
use crate::check::series::{self, Measured};
use crate::codes;
use crate::db::{Database, Diag, ItemKey, Span, Workspace};
use crate::schema::names::kind;
use nth_diagnostics::Code;

pub use file::{
    Allowance, Counts, FileFindings, Made, SyntaxErrors, file_findings, judge_file, syntax_errors,
};
pub use remembered::Remembered;

/// What the judgment of a project takes besides what was found in its files.
pub struct Project<'a> {
    /// The database.
    pub db: &'a Database,
    /// The workspace.
    pub workspace: Workspace,
    /// What was found in each file, in the order of files.
    pub files: Vec<Arc<FileFindings>>,
    /// Counts how often a name came, went or changed.
    pub names: u64,
    /// What is said of the project's settings.
    pub of_settings: Option<Diag>,
    /// Whether Alertmanager can send mail.
    pub sends_mail: bool,
    /// The time at which it is asked what has expired; nothing has where there is none.
    pub now: Option<Timestamp>,
    /// The label `namespace` that every alert needs, where it needs one.
    pub alert_namespace: Option<String>,
    /// What rules found, by environments.
    pub of_rules: Vec<Vec<Diag>>,
}

impl Project<'_> {
    /// Everything that is wrong, with what was known of it before the last edits.
    pub fn judge(self, remembered: &mut Remembered) -> Vec<Diag> {
        remembered.take(&self.files, self.names, &self.of_rules);
        let checked = self.files.iter().flat_map(|file| &file.checked);
        let mut own: Vec<Diag> = checked.cloned().collect();
        for file in &self.files {
            own.extend(file.duplicates.iter().cloned());
        }
        let duplicates = remembered.duplicates(|| {
            project::declared_twice(self.files.iter().flat_map(|file| &file.globals))
        });
        own.extend(duplicates.iter().cloned());
        own.extend(self.of_settings.clone());
        own.extend(self.workspace.references(self.db).found().iter().cloned());

        let environments = self.of_rules.len();
        let cycles = remembered.cycles(|| cycles(&self.files, environments));
        let shared = remembered.shared(|| shared(&self.files, environments));
        let mut made: Vec<Diag> = Vec::new();
        let across = cycles.iter().zip(shared.iter());
        for (environment, (of_rules, (cycles, shared))) in
            self.of_rules.iter().zip(across).enumerate()
        {
            made.extend(cycles.iter().cloned());
            made.extend(shared.iter().cloned());
            let each = || {
                self.files
                    .iter()
                    .filter_map(move |file| file.made.get(environment))
            };
            made.extend(each().flat_map(|made| &made.services).cloned());
            made.extend(each().flat_map(|made| &made.promises).cloned());
            made.extend(each().flat_map(|made| &made.paging).cloned());
            if let Some(needed) = &self.alert_namespace {
                let labels = each().flat_map(|made| &made.relabelled);
                let wrong = labels.filter(|label| label.namespace.as_ref() != Some(needed));
                made.extend(wrong.map(|label| label.found.clone()));
            }
            let others = each().flat_map(|made| &made.others);
            let counts = others.filter(|other| match other.counts {
                Counts::Always => true,
                Counts::WithoutMail => !self.sends_mail,
                Counts::From(moment) => self.now.is_some_and(|now| now >= moment),
            });
            made.extend(counts.map(|other| other.found.clone()));
            made.extend(of_rules.iter().cloned());
        }
        let found = without_recorded(distinct(own, made), &self.files);
        remembered.explain(self.db, self.workspace, found)
    }
}

/// The circles among services in each environment.
fn cycles(files: &[Arc<FileFindings>], environments: usize) -> Vec<Vec<Diag>> {
    let of = |environment: usize| {
        let made = files.iter().filter_map(|file| file.made.get(environment));
        let needs: Vec<Needs> = made.flat_map(|made| &made.needs).cloned().collect();
        dependencies::cycles(&needs)
    };
    (0..environments).map(of).collect()
}

/// The services that measure the same series in each environment.
fn shared(files: &[Arc<FileFindings>], environments: usize) -> Vec<Vec<Diag>> {
    let of = |environment: usize| {
        let made = files.iter().filter_map(|file| file.made.get(environment));
        let measured: Vec<&Measured> = made.flat_map(|made| &made.measured).collect();
        series::shared(&measured)
    };
    (0..environments).map(of).collect()
}

/// Leaves out that a metric is not there where another service records it: a catalogue has what targets expose.
fn without_recorded(found: Vec<Diag>, files: &[Arc<FileFindings>]) -> Vec<Diag> {
    let is_of_metric =
        |found: &Diag| matches!(&found.unknown_name, Some(name) if name.kind == kind::METRIC);
    if !found.iter().any(is_of_metric) {
        return found;
    }
    let made = files.iter().flat_map(|file| &file.made);
    let recorded: HashSet<&str> = made
        .flat_map(|made| &made.recorded)
        .map(SmolStr::as_str)
        .collect();
    found
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

/// What the check of an item found, its instances need not say again, whatever words the values give it. Of the
/// instances alike in every word and place one is kept. Those that differ in where a template is used are one
/// mistake too, which `levels::settle` tells once: a comment may allow it at one of these places.
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
        // Where exactly a bound is met may differ, with what a check looks at besides.
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
