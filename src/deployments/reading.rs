//! What a reader found.

use std::collections::BTreeMap;

use nth_ledger::Deployment;

/// What a reader found in a document. Nothing is dropped silently: what is not recorded is counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reading {
    /// The deployments, in the order of their starts. Those of the ledger are among them only if something about them is new.
    pub deployments: Vec<Deployment>,
    /// The names of applications that belong to no service, with the number of their deployments.
    pub unmapped: BTreeMap<String, usize>,
    /// The environments of deployments in other environments, with their number.
    pub other_environments: BTreeMap<String, usize>,
    /// The number of entries that are no deployments, by reason.
    pub skipped: BTreeMap<Skipped, usize>,
}

/// Why an entry is no deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Skipped {
    /// It is the same artifact as before: a restart, a configuration, a repeated job.
    SameArtifact,
    /// It is a return to an earlier artifact. The deployments that it reverts are rolled back.
    RollBack,
    /// Nothing was rolled out: it waits, was canceled, or failed before.
    NotStarted,
    /// Its status is not in the document, so that it is unknown whether it was rolled out.
    NoStatus,
    /// Its start is not in the document.
    NoStart,
    /// The service was removed.
    Removed,
    /// It is an event about something else.
    OtherEvent,
}

impl Reading {
    /// Adds what another reader found.
    pub fn extend(&mut self, other: Self) {
        self.deployments.extend(other.deployments);
        self.sort();
        for (name, count) in other.unmapped {
            *self.unmapped.entry(name).or_default() += count;
        }
        for (name, count) in other.other_environments {
            *self.other_environments.entry(name).or_default() += count;
        }
        for (reason, count) in other.skipped {
            *self.skipped.entry(reason).or_default() += count;
        }
    }

    /// Counts deployments of an application that belongs to no service.
    pub(crate) fn unmapped(&mut self, name: &str, count: usize) {
        if count > 0 {
            *self.unmapped.entry(name.to_owned()).or_default() += count;
        }
    }

    /// Counts entries that are no deployments.
    pub(crate) fn skip(&mut self, reason: Skipped, count: usize) {
        if count > 0 {
            *self.skipped.entry(reason).or_default() += count;
        }
    }

    pub(crate) fn sort(&mut self) {
        self.deployments
            .sort_by(|a, b| (a.started, &a.key).cmp(&(b.started, &b.key)));
    }
}
