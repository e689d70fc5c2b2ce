//! A change, with what shows it and what it comes from.

use std::fmt;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::class::{Class, Level};
use crate::id::ChangeId;

/// A change of the meaning of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What kind of change it is.
    pub id: ChangeId,
    /// How much it matters.
    pub class: Class,
    /// What changes.
    pub subject: Subject,
    /// The environments with this change, in order; empty if the project declares none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<SmolStr>,
    /// What was there before, as plain text; `None` if there was nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What is there now, as plain text; `None` if there is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// What follows from it: plain text, a clause without a full stop.
    pub because: String,
    /// The rule of a gate that it is about, while it is compared; a document that is read does not have it.
    #[serde(skip)]
    pub rule: Option<GateRule>,
    /// The place that says so; in the old version, if the new one does not say it any longer.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The names of the causes in the document that it comes from; empty if its own service says it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<String>,
    /// The incident that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub witness: Option<Witness>,
    /// Why no incident shows it, if one was searched: a clause without a full stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_witness: Option<String>,
    /// How often alerts would have notified somebody in the past, if it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// What the project does about it.
    #[serde(default)]
    pub level: Level,
    /// True if it is accepted: it does not fail the comparison.
    #[serde(default)]
    pub accepted: bool,
    /// The same for the same change of the same subject from the same text to the same text, wherever it is written.
    pub fingerprint: String,
}

/// A rule of a gate: the kind of its block, `deny` or `warn`, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateRule {
    /// `deny` or `warn`.
    pub effect: &'static str,
    /// The name.
    pub name: SmolStr,
}

/// What changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Subject {
    /// The service; `None` for teams, settings and environments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<SmolStr>,
    /// The kind of the part: `service`, `slo`, `alert`, `gate`, `recording`, `dependency`, `signal`, `panel`, `runbook`,
    /// `exclusion`, `team`, `escalation`, `schedule`, `receiver`, `setting`, `environment`.
    pub kind: SmolStr,
    /// The name, complete: `checkout.availability`, `payments`, `prometheus.interval`.
    pub name: String,
}

impl Subject {
    /// A service.
    pub fn service(service: &str) -> Self {
        Self {
            service: Some(service.into()),
            kind: "service".into(),
            name: service.to_owned(),
        }
    }

    /// A part of a service.
    pub fn part(service: &str, kind: &'static str, name: &str) -> Self {
        Self {
            service: Some(service.into()),
            kind: SmolStr::new_static(kind),
            name: format!("{service}.{name}"),
        }
    }

    /// Something of the project.
    pub fn project(kind: &'static str, name: impl Into<String>) -> Self {
        Self {
            service: None,
            kind: SmolStr::new_static(kind),
            name: name.into(),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// One of the two versions that are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The old version.
    Base,
    /// The new version.
    Head,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The path, relative to the top folder of the repository if there is one, else to the project; with `/`.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The version in which that is the line.
    pub side: Side,
}

/// What several changes come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// The name, unique in the document: "tier `critical`".
    pub name: String,
    /// What it is.
    pub kind: CauseKind,
    /// Its place.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// The services that it reaches, in order: those with a change that comes from it.
    pub services: Vec<SmolStr>,
}

/// What a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseKind {
    /// A top-level block of the project that is not a service: a tier, a template, a `let`, a team, an environment.
    Item,
    /// A package.
    Package,
    /// The metrics in `nth.metrics.lock`.
    Metrics,
    /// A table of `nth.toml`.
    Setting,
}

/// An incident whose outcome differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Witness {
    /// The incident: "40m at 0.9% errors from 03:00".
    pub incident: String,
    /// The outcome with the old version: "paged after 22m".
    pub before: String,
    /// The outcome with the new version: "no alert".
    pub after: String,
    /// The environment in which it was run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// The incident as a `test` of the language, without expectations.
    pub test: String,
}

/// How often alerts would have notified somebody in the past: those of the SLO, the alert or the service that changes, in all
/// environments with the change together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The length of the past: `30d`.
    pub since: String,
    /// When it ends, RFC 3339; `None` if it ends with the comparison.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// With the old version.
    pub before: Fired,
    /// With the new version.
    pub after: Fired,
    /// Why the past is not whole, a clause without a full stop: "history begins 2026-11-20".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
}

/// How often alerts notified somebody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The number of pages.
    pub pages: usize,
    /// The number of tickets.
    pub tickets: usize,
}

impl std::ops::AddAssign for Fired {
    fn add_assign(&mut self, other: Self) {
        self.pages = self.pages.saturating_add(other.pages);
        self.tickets = self.tickets.saturating_add(other.tickets);
    }
}

/// A number of an SLO or a service, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Number {
    /// What it is: `error budget`.
    pub name: String,
    /// Before; `None` if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Now; `None` if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

impl Number {
    /// Returns whether both are the same.
    pub fn is_same(&self) -> bool {
        self.before == self.after
    }
}
