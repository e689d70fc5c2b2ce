//! Everything that is known about a change of a project.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::change::{Cause, Change, Number, Side};
use crate::class::{Class, Level};

/// The version of the JSON document. It rises when a reader of an older one would misunderstand a newer one.
pub const SCHEMA_VERSION: u32 = 1;

/// Everything that is known about a change of a project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// [`SCHEMA_VERSION`].
    pub version: u32,
    /// The name of the project.
    pub project: String,
    /// The old version.
    pub base: Revision,
    /// The new version.
    pub head: Revision,
    /// The environments that were compared, in order; empty if the project declares none, or if two of them are compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub environments: Vec<SmolStr>,
    /// True if everything was compared. False if a version has errors, or the search for incidents was ended.
    pub complete: bool,
    /// What could not be compared.
    pub errored: Vec<Problem>,
    /// The changes: by class, then by service, then by subject. Those of the level `allow` too.
    pub changes: Vec<Change>,
    /// What several changes come from, those with the gravest changes first.
    pub causes: Vec<Cause>,
    /// The numbers of the project.
    pub figures: Figures,
    /// The numbers of services with changes, by name.
    pub services: Vec<ServiceFigures>,
    /// Entries of the file of accepted changes that concern this comparison, or are not valid any longer.
    pub accepted: Vec<Accepted>,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// As the user named it: `main`, `working tree`, a folder.
    pub name: String,
    /// The full hash of the commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The environment, if two environments are compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
}

/// Something that could not be compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The version.
    pub side: Side,
    /// The environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// The error, without a full stop.
    pub message: String,
    /// The file, if it is in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
}

/// Numbers of a version and of the other one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The numbers that differ or that a reviewer wants in any case: `services`, `rules`, `series`, `samples per second`, `panels`.
    pub numbers: Vec<Number>,
}

/// Numbers of a service.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServiceFigures {
    /// The service.
    pub service: SmolStr,
    /// The environment; `None` if the project declares none, or they are the same in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<SmolStr>,
    /// The numbers of the service itself that differ: `ceiling by dependencies`, `rules`, `panels`. With Prometheus, also what its
    /// changed gates decide: "gate `release` now".
    pub numbers: Vec<Number>,
    /// The numbers of its SLOs, those with a difference.
    pub slos: Vec<Figure>,
}

/// Numbers of an SLO, and what a plot needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The name of the SLO.
    pub slo: SmolStr,
    /// The numbers: `objective`, `error budget`, `page 1h/5m trips at`, `100% bad: page after`.
    pub numbers: Vec<Number>,
    /// The error budget in minutes of full downtime, before and after.
    pub budget_minutes: [Option<f64>; 2],
    /// The burn-rate alerts before and after: what each one can reach.
    pub reach: [Vec<Reach>; 2],
}

/// What a burn-rate alert notices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reach {
    /// The name of the severity: `page`, `ticket` or one that the project declares.
    pub severity: String,
    /// The long window.
    pub long: String,
    /// The short window.
    pub short: String,
    /// The error ratio above which it fires, between 0 and 1.
    pub threshold: f64,
    /// The long window in seconds.
    pub long_seconds: f64,
}

/// An entry of the file of accepted changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// The fingerprint.
    pub fingerprint: String,
    /// Who accepts it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, `2026-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// True if that day has passed, so that the change is not accepted.
    pub expired: bool,
    /// True if a change has this fingerprint.
    pub used: bool,
}

/// The changes in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The number of changes of each class that has any, in their order. Changes of the level `allow` count too.
    pub classes: Vec<(Class, usize)>,
    /// The number of services with a change.
    pub services: usize,
    /// The number of changes for which an incident was searched.
    pub searched: usize,
    /// The number of these that an incident shows.
    pub witnessed: usize,
}

impl Document {
    /// The changes that are shown unless everything is: those whose level is not `allow`.
    pub fn shown(&self) -> impl Iterator<Item = &Change> {
        self.changes
            .iter()
            .filter(|change| change.level != Level::Allow)
    }

    /// The changes in numbers.
    pub fn verdict(&self) -> Verdict {
        let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
        let mut services: Vec<&SmolStr> = Vec::new();
        for change in &self.changes {
            *classes.entry(change.class).or_default() += 1;
            services.extend(&change.subject.service);
        }
        services.sort_unstable();
        services.dedup();
        let has = |found: &dyn Fn(&Change) -> bool| {
            self.changes.iter().filter(|change| found(change)).count()
        };
        let witnessed = has(&|change| change.witness.is_some());
        Verdict {
            classes: classes.into_iter().collect(),
            services: services.len(),
            searched: witnessed + has(&|change| change.no_witness.is_some()),
            witnessed,
        }
    }

    /// The gravest class; `None` if nothing changes.
    pub fn gravest(&self) -> Option<Class> {
        self.changes.iter().map(|change| change.class).min()
    }

    /// The cause of a name.
    pub fn cause(&self, name: &str) -> Option<&Cause> {
        self.causes.iter().find(|cause| cause.name == name)
    }
}
