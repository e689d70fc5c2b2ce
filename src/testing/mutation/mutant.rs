//! Mutants, and what becomes of them.

use nth_model::{Service, Team};
use serde::Serialize;
use smol_str::SmolStr;

use super::killer::Killer;
use crate::db::Span;

/// What a mutant changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MutationKind {
    /// The number that a query is compared with.
    Threshold,
    /// The operator of a comparison.
    Comparison,
    /// How long a condition must hold, or continues to fire.
    For,
    /// The range of a query.
    Window,
    /// The operator of an aggregation.
    Aggregation,
    /// A matcher of a selector.
    Matcher,
    /// The severity of an alert.
    Severity,
    /// Who is notified.
    Route,
    /// The objective of an SLO.
    Objective,
    /// A burn-rate alert, which is removed.
    BurnRate,
    /// A budget alert, which is removed.
    Budget,
    /// A missing-data alert, which is removed.
    MissingData,
    /// A custom alert, which is removed.
    Alert,
    /// A condition of a gate, or the gate's effect.
    Gate,
}

impl MutationKind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Self; 14] = [
        Self::Threshold,
        Self::Comparison,
        Self::For,
        Self::Window,
        Self::Aggregation,
        Self::Matcher,
        Self::Severity,
        Self::Route,
        Self::Objective,
        Self::BurnRate,
        Self::Budget,
        Self::MissingData,
        Self::Alert,
        Self::Gate,
    ];

    /// The name, as in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Threshold => "threshold",
            Self::Comparison => "comparison",
            Self::For => "for",
            Self::Window => "window",
            Self::Aggregation => "aggregation",
            Self::Matcher => "matcher",
            Self::Severity => "severity",
            Self::Route => "route",
            Self::Objective => "objective",
            Self::BurnRate => "burn-rate",
            Self::Budget => "budget",
            Self::MissingData => "missing-data",
            Self::Alert => "alert",
            Self::Gate => "gate",
        }
    }
}

/// The part of the model that a mutant replaces.
#[derive(Debug, Clone)]
pub enum Replacement {
    /// The service of this name.
    Service(Box<Service>),
    /// The team of this name.
    Team(Box<Team>),
}

/// What a mutant is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// An SLO of a service.
    Slo(SmolStr),
    /// A custom alert of a service, by its name as written.
    Alert(SmolStr),
    /// A gate of a service.
    Gate(SmolStr),
    /// A service as a whole.
    Service,
    /// A team.
    Team,
}

/// A changed project.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// What is changed.
    pub kind: MutationKind,
    /// The service or the team.
    pub of: SmolStr,
    /// The part of it.
    pub target: Target,
    /// What it is about, as in a test: `checkout.queue-backlog`.
    pub subject: String,
    /// The change: "`> 1000` becomes `> 10000`".
    pub change: String,
    /// The place in the project's own files that says what is changed.
    pub place: Span,
    /// What replaces the original.
    pub replacement: Replacement,
}

/// What became of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// A test fails.
    Killed {
        /// The name of the test.
        test: SmolStr,
    },
    /// All tests pass.
    Survived,
    /// No test simulates the service.
    NoTest,
}

/// A mutant with its fate.
#[derive(Debug, Clone, PartialEq)]
pub struct MutantResult {
    /// What is changed.
    pub kind: MutationKind,
    /// The service or the team.
    pub of: SmolStr,
    /// What it is about, as in a test: `checkout.queue-backlog`.
    pub subject: String,
    /// The change: "`> 1000` becomes `> 10000`".
    pub change: String,
    /// The environments in which there is this change; empty if the project declares none.
    pub environments: Vec<SmolStr>,
    /// The file, as it is shown.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What became of it.
    pub fate: Fate,
    /// A test that would kill it, or the reason why none was found; `None` if it is killed.
    pub killer: Option<Killer>,
}

impl MutantResult {
    /// True if a test fails with the change.
    pub fn is_killed(&self) -> bool {
        matches!(self.fate, Fate::Killed { .. })
    }
}
