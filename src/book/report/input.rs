//! What a report is made from.

use nth_ledger::{
    AlertEpisode, Deployment, Interval, NamedIncident, ObjectiveVersion, Slice, SloKey,
};
use nth_model::{CalendarWindow, Contract};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// Everything that a report shows.
#[derive(Debug, Clone, PartialEq)]
pub struct ReportInput {
    /// The project's name.
    pub project: String,
    /// The environment's name; `None` in a project without environments.
    pub environment: Option<String>,
    /// The time that is reported.
    pub period: Period,
    /// The end of what the ledger has, in seconds since 1970: periods of contracts may end after the reported one.
    pub known_until: i64,
    /// When it is known which alerts fired, in order. At all other times, alerts that the ledger does not have may have fired.
    pub alerts_known: Vec<Interval>,
    /// The SLOs.
    pub slos: Vec<SloInput>,
}

/// The time that is reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// Its name: `2026-10`.
    pub name: String,
    /// Its first second, since 1970.
    pub from: i64,
    /// The second after its last one; of a period that has not ended, the end of what the ledger has.
    pub until: i64,
    /// Whether it has ended.
    pub is_complete: bool,
    /// The time zone in which times are shown and days begin, a name of the IANA database.
    pub zone: String,
}

/// An SLO, or a group of one.
#[derive(Debug, Clone, PartialEq)]
pub struct SloInput {
    /// The calendar window of the SLO, if it does not roll.
    pub calendar: Option<CalendarWindow>,
    /// Its identity.
    pub key: SloKey,
    /// The team that owns the service.
    pub team: Option<String>,
    /// Its counts in the order of their starts, each start once: of the period, and before it as far as the SLO window and four
    /// weeks reach. A slice that is missing was not seen.
    pub slices: Vec<Slice>,
    /// Its objectives in the order of time.
    pub objectives: Vec<ObjectiveVersion>,
    /// Its exclusions.
    pub exclusions: Vec<ExcludedTimes>,
    /// What is promised outside about it.
    pub contracts: Vec<Contract>,
    /// Its counts as in `slices`, from [`first_moment`](super::first_moment) of its contracts on; empty without contracts.
    pub contract_slices: Vec<Slice>,
    /// Its incidents, found in the ledger or named by hand.
    pub incidents: Vec<Incident>,
    /// The deployments of its service, with what is known about their part in the consumed budget.
    pub deployments: Vec<JudgedDeployment>,
    /// The alerts that fired for it.
    pub episodes: Vec<AlertEpisode>,
    /// What the last report said.
    pub previous: Option<Summary>,
}

/// The times of an exclusion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludedTimes {
    /// The name.
    pub name: String,
    /// The reason.
    pub reason: String,
    /// Who agreed to it.
    pub by: String,
    /// When it applies.
    pub intervals: Vec<Interval>,
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// The name by which people know it; `None` if it was only found in the ledger.
    pub named: Option<NamedIncident>,
    /// The first second, since 1970.
    pub from: i64,
    /// The second after the last one; `None` while it lasts.
    pub until: Option<i64>,
}

/// A deployment with the judgment about it.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedDeployment {
    /// The deployment.
    pub deployment: Deployment,
    /// How well the judgment is founded.
    pub level: Level,
    /// The bad events that it stands for, beyond those that the service usually has: its share, if several deployments share
    /// them. Only read with [`Level::Compared`] and [`Level::Onset`].
    pub bad: Option<Bounds>,
    /// When its bad events begin, in seconds since 1970.
    pub from: i64,
    /// Until when they count.
    pub until: i64,
    /// The dependency whose own errors began first.
    pub dependency: Option<String>,
}

/// How well a judgment about a deployment is founded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The new version was compared with the old one at the same moment: it burned the budget.
    Compared,
    /// Errors began inside of the roll-out: it likely burned the budget.
    Onset,
    /// Neither; it is only listed.
    Coincides,
    /// There is no judgment, for this reason: a clause without a full stop.
    NotJudged(String),
}

/// An estimate with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The lower bound.
    pub low: f64,
    /// The best estimate.
    pub mid: f64,
    /// The upper bound.
    pub high: f64,
}

/// What a report says about an SLO, in short: for the report after it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The name of the period.
    pub period: String,
    /// The SLO.
    pub slo: SloKey,
    /// The objective at the end of the period.
    pub objective: Option<Decimal>,
    /// The share of good events, 0 to 1; `None` if none were seen.
    pub attained: Option<f64>,
    /// The consumed share of the budget; over 1 if more than all of it.
    pub consumed: Option<f64>,
    /// How many pages there were.
    pub pages: usize,
    /// How many of them were useful.
    pub useful_pages: usize,
}
