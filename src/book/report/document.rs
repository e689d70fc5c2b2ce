//! The report as data: everything that renderers show, and what programs read as JSON.
//!
//! Amounts of budget are milliseconds of full downtime: as long as the service would have to be down, at its average traffic, to
//! have as many bad events. They are whole numbers, and parts add up to their totals exactly.

use nth_ledger::{Deployment, NamedIncident, SloKey};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::input::{Level, Period, Summary};
use super::sentence::Sentence;

/// A report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The project's name.
    pub project: String,
    /// The environment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The time that is reported.
    pub period: Period,
    /// The only team that is reported; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// What to talk about, the most important first.
    pub topics: Vec<Topic>,
    /// The teams, by name; services without a team are last.
    pub teams: Vec<TeamRow>,
    /// The SLOs, by service and name; the groups of one by their consumed shares, the worst first.
    pub slos: Vec<SloReport>,
    /// The groups without data in the period that are not in `slos`, because other groups of the same SLO have data.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups_without_data: Vec<SloKey>,
}

/// Something to talk about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// What it is about.
    pub kind: TopicKind,
    /// The SLOs that it is about.
    pub slos: Vec<SloKey>,
    /// The sentence.
    pub text: Sentence,
}

/// What a topic is about, the most important first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TopicKind {
    /// An objective was missed.
    Missed,
    /// The budget runs out soon.
    RunsOut,
    /// A deployment burned budget.
    Deployment,
    /// An incident consumed budget and nobody was paged.
    NotPaged,
    /// Much of the consumed budget has no known cause.
    Unexplained,
    /// Most pages were not useful.
    UselessPages,
    /// Much of the time was not seen.
    Unseen,
    /// Exclusions took out much.
    Excluded,
    /// The objective changed.
    ObjectiveChanged,
    /// Hardly any budget was consumed, twice in a row.
    Unused,
}

/// The SLOs of a team.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TeamRow {
    /// The team's name; `None` for services without a team.
    pub team: Option<String>,
    /// How many SLOs it has. One with groups counts once, here and below: it is missed if one of its groups is.
    pub slos: usize,
    /// How many were met.
    pub met: usize,
    /// How many were missed.
    pub missed: usize,
    /// How many of the SLOs have no events, or no objective.
    pub unknown: usize,
    /// The SLO with the largest consumed share of its budget, and that share.
    pub worst: Option<(SloKey, f64)>,
    /// How many deployments burned budget, or likely did.
    pub deployments: usize,
    /// How many incidents there were.
    pub incidents: usize,
    /// The pages.
    pub pages: Notified,
}

/// An SLO in a report, or a group of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SloReport {
    /// The SLO.
    pub slo: SloKey,
    /// The team that owns the service.
    pub team: Option<String>,
    /// The objective at the end of the period, between 0 and 1; `None` if there was none yet.
    pub objective: Option<Decimal>,
    /// The SLO window at the end of the period, in milliseconds.
    pub window_ms: Option<i64>,
    /// What recurs, if the SLO window follows the calendar: `month`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// The changes of the objective within the period.
    pub objective_changes: Vec<ObjectiveChange>,
    /// The share of good events without what is excluded, 0 to 1; `None` if there were none.
    pub attained: Option<f64>,
    /// The share of good events as if nothing were excluded.
    pub attained_gross: Option<f64>,
    /// How much was seen.
    pub coverage: Coverage,
    /// The budget; `None` if there were no events, or nothing may be bad.
    pub account: Option<Account>,
    /// The exclusions that took out time of the period.
    pub exclusions: Vec<ExclusionRow>,
    /// What was promised outside, for each period that ends in the report's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub contracts: Vec<ContractRow>,
    /// The deployments, in the order of time.
    pub deployments: Vec<DeploymentRow>,
    /// The incidents, in the order of time.
    pub incidents: Vec<IncidentRow>,
    /// The pages of the SLO.
    pub pages: Notified,
    /// The tickets of the SLO.
    pub tickets: Notified,
    /// The days of the period.
    pub days: Vec<Day>,
    /// When the budget of the SLO window runs out.
    pub trend: Trend,
    /// The report before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Summary>,
}

impl SloReport {
    /// Whether the objective was met; `None` if that is unknown.
    pub fn is_met(&self) -> Option<bool> {
        self.account.as_ref().map(|account| account.left_ms >= 0)
    }

    /// The consumed share of the budget; over 1 if more than all of it. `None` if there is no budget.
    pub fn consumed(&self) -> Option<f64> {
        self.account.as_ref().and_then(Account::consumed)
    }
}

/// A contract in a period of its own: a calendar period, or its rolling window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContractRow {
    /// The SLO.
    pub slo: SloKey,
    /// The name of the contract.
    pub contract: String,
    /// To whom it is promised.
    pub with: String,
    /// The promised objective, between 0 and 1.
    pub promised: Decimal,
    /// The window that it is promised for: `30d`, `calendar month in Europe/Berlin`.
    pub window: String,
    /// The first second of the period, since 1970.
    pub from: i64,
    /// The second after its last one.
    pub until: i64,
    /// Until when the period is judged: its end, or that of what the ledger has.
    pub known_until: i64,
    /// The share of good events without what is excluded, 0 to 1; `None` if there were none.
    pub measured: Option<f64>,
    /// Whether it was kept.
    pub kept: Kept,
    /// The error budget of the whole period, without what is excluded.
    pub budget_ms: i64,
    /// The bad events, as milliseconds of full downtime; `None` if there were no events.
    pub bad_ms: Option<i64>,
    /// The length of what is judged, without what is excluded, in whole slices, in seconds.
    pub seconds: i64,
    /// How much of it was not seen.
    pub unseen_seconds: i64,
    /// How much exclusions took out, in whole slices.
    pub excluded_seconds: i64,
    /// What is owed, in Markdown, if the contract was broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// Whether a contract was kept in a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kept {
    /// It was, whatever happened in the time that was not seen.
    Kept,
    /// It was not, whatever happened in the time that was not seen.
    Broken,
    /// It depends on the time that was not seen, or there were no events.
    Unknown,
    /// The period has not ended, and it is not broken so far.
    Open,
}

/// The contracts of a report, without what is only for those inside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContractReport {
    /// The project's name.
    pub project: String,
    /// The environment's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The time that is reported.
    pub period: Period,
    /// The only team that is reported; `None` for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// The contracts, by SLO, in the order of the source, each with its periods.
    pub contracts: Vec<ContractRow>,
    /// The exclusions that took out time of these SLOs in the reported period.
    pub exclusions: Vec<ExclusionOfSlo>,
}

/// An exclusion of an SLO that has contracts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusionOfSlo {
    /// The SLO.
    pub slo: SloKey,
    /// The name of the exclusion.
    pub name: String,
    /// The reason.
    pub reason: String,
    /// How much time of the period it took out, in whole slices, in seconds.
    pub seconds: i64,
}

impl Report {
    /// The contracts of the report.
    pub fn contracts(&self) -> ContractReport {
        let slos = || self.slos.iter().filter(|slo| !slo.contracts.is_empty());
        let exclusions = slos().flat_map(|slo| {
            slo.exclusions.iter().map(|row| ExclusionOfSlo {
                slo: slo.slo.clone(),
                name: row.name.clone(),
                reason: row.reason.clone(),
                seconds: row.seconds,
            })
        });
        ContractReport {
            project: self.project.clone(),
            environment: self.environment.clone(),
            period: self.period.clone(),
            team: self.team.clone(),
            exclusions: exclusions.collect(),
            contracts: { slos() }
                .flat_map(|slo| slo.contracts.iter().cloned())
                .collect(),
        }
    }
}

/// A change of an objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectiveChange {
    /// The first second of the new objective.
    pub at: i64,
    /// The objective before; `None` if there was none.
    pub before: Option<Decimal>,
    /// The new objective.
    pub after: Decimal,
    /// The revision of the source that has it.
    pub revision: Option<String>,
}

/// How much of the period was seen, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Coverage {
    /// The length, without what is excluded, in whole slices.
    pub seconds: i64,
    /// How much of it was seen.
    pub seen: i64,
    /// How much of what was seen is an estimate from recording rules.
    pub estimated: i64,
}

/// The budget of the period without what is excluded, and what consumed it. `left_ms` and all causes add up to `budget_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The budget.
    pub budget_ms: i64,
    /// How much of it is consumed: the sum of the causes.
    pub spent_ms: i64,
    /// How much is left; negative if the objective was missed.
    pub left_ms: i64,
    /// What deployments burned that were compared.
    pub compared_ms: i64,
    /// What deployments likely burned, by the onset of errors.
    pub onset_ms: i64,
    /// What incidents consumed besides these deployments.
    pub incidents_ms: i64,
    /// What is consumed at all other times.
    pub unexplained_ms: i64,
    /// The time that was not seen. As much as this could be consumed as well.
    pub unseen_ms: i64,
    /// The budget as if nothing were excluded.
    pub gross_budget_ms: i64,
    /// What is consumed as if nothing were excluded.
    pub gross_spent_ms: i64,
    /// What exclusions took out of what is consumed: the difference of both.
    pub taken_out_ms: i64,
}

impl Account {
    /// The consumed share of the budget; `None` if there is none.
    pub fn consumed(&self) -> Option<f64> {
        (self.budget_ms > 0).then(|| {
            super::apportion::as_float(self.spent_ms) / super::apportion::as_float(self.budget_ms)
        })
    }

    /// What a cause consumed.
    pub fn spent_by(&self, cause: Cause) -> i64 {
        match cause {
            Cause::Compared => self.compared_ms,
            Cause::Onset => self.onset_ms,
            Cause::Incident => self.incidents_ms,
            Cause::Unexplained => self.unexplained_ms,
        }
    }
}

/// What consumes budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Deployments that were compared.
    Compared,
    /// Deployments with an onset of errors.
    Onset,
    /// Incidents besides these deployments.
    Incident,
    /// All other times.
    Unexplained,
}

impl Cause {
    /// All causes, in their order.
    pub const ALL: [Self; 4] = [
        Self::Compared,
        Self::Onset,
        Self::Incident,
        Self::Unexplained,
    ];
}

/// An exclusion in a report. What they took out adds up to the account's `taken_out_ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExclusionRow {
    /// The name.
    pub name: String,
    /// The reason.
    pub reason: String,
    /// Who agreed to it.
    pub by: String,
    /// How much time of the period it took out, in whole slices, in seconds.
    pub seconds: i64,
    /// What it took out of what is consumed.
    pub taken_out_ms: i64,
}

/// A deployment in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRow {
    /// The deployment.
    pub deployment: Deployment,
    /// How well the judgment is founded.
    pub level: Level,
    /// What it consumed within the period; `None` unless it is compared or has an onset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumed: Option<Consumed>,
    /// The dependency whose own errors began first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<String>,
}

/// An amount of budget with its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consumed {
    /// The best estimate, which is part of the account.
    pub ms: i64,
    /// The lower bound.
    pub low_ms: i64,
    /// The upper bound.
    pub high_ms: i64,
}

/// An incident in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IncidentRow {
    /// The name by which people know it; `None` if it was only found in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<NamedIncident>,
    /// The first second.
    pub from: i64,
    /// The second after the last one; `None` while it lasts.
    pub until: Option<i64>,
    /// What was consumed during the incident, by whatever.
    pub total_ms: i64,
    /// What is charged to it: without what is charged to deployments and to incidents that overlap it.
    pub own_ms: i64,
    /// How many pages fired during it.
    pub pages: usize,
    /// How long after its begin the first page fired, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paged_after: Option<i64>,
    /// Whether it is known for all of it which alerts fired. Otherwise, there may have been more pages.
    pub alerts_known: bool,
}

/// How many notifications there were, and how many were useful: they overlap an incident that consumed budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Notified {
    /// All of them.
    pub all: usize,
    /// The useful ones.
    pub useful: usize,
    /// The seconds of the period of which it is unknown which alerts fired: there may have been more.
    pub unknown_seconds: i64,
}

impl Notified {
    /// How many there were: `3`, `at least 3`, `unknown`.
    pub fn count(&self) -> String {
        match (self.all, self.unknown_seconds > 0) {
            (0, true) => "unknown".to_owned(),
            (all, true) => format!("at least {all}"),
            (all, false) => all.to_string(),
        }
    }
}

impl std::ops::AddAssign for Notified {
    fn add_assign(&mut self, other: Self) {
        self.all += other.all;
        self.useful += other.useful;
        self.unknown_seconds = self.unknown_seconds.max(other.unknown_seconds);
    }
}

/// A day of the period. What the days consumed adds up to the account's `spent_ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    /// The day: `2026-10-03`.
    pub date: String,
    /// What was consumed on it.
    pub spent_ms: i64,
    /// What is left at its end.
    pub left_ms: i64,
    /// How many seconds of it were not seen.
    pub unseen: i64,
    /// How many seconds of it are excluded.
    pub excluded: i64,
}

/// When the budget of the SLO window runs out, if it is consumed as in the last four weeks. Days are counted from the end of the
/// period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// It is unknown, for this reason: a clause without a full stop.
    Unknown(String),
    /// It is already exhausted.
    Exhausted {
        /// The consumed share of the budget of the SLO window.
        consumed: f64,
    },
    /// It is not.
    Expected {
        /// The consumed share of the budget of the SLO window.
        consumed: f64,
        /// The days until it is exhausted at the average pace; `None` if it is not within [`HORIZON`](super::HORIZON) days.
        mid: Option<u32>,
        /// The same at the pace of the worst of the four weeks.
        early: Option<u32>,
        /// The same at the pace of the best of the four weeks.
        late: Option<u32>,
    },
}
