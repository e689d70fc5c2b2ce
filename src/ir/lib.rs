#![forbid(unsafe_code)]
//! Owns the model: what a project says, resolved, checked and instantiated for one environment, and nothing
//! about any target. Backends read this and nothing else.
//!
//! Queries in it are PromQL trees with every hole filled and the service's labels injected; `$window` stands
//! where a backend chooses a window.

mod artifact;
pub mod burn_rate;
pub mod channel;
mod dependency;
pub mod gate;
pub mod names;
pub mod panel;
mod project;
mod prometheus_version;
mod rule_label;
pub mod settings;
mod signal;
mod target_name;
mod team;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use nth_promql as promql;

pub use artifact::Artifact;
pub use channel::{Channel, WebhookUrl};
pub use dependency::{Criticality, Dependency};
pub use nth_units::{Duration, DurationUnit, metric_unit, number, text};
pub use project::Project;
pub use prometheus_version::PrometheusVersion;
pub use rule_label::RuleLabel;
pub use settings::{
    AlertmanagerFormat, AlertmanagerSettings, DEFAULT_INTERVAL, DEFAULT_SCRAPE_INTERVAL,
    DashboardFormat, DocsSettings, EnvironmentInNames, GrafanaSettings, MailSettings,
    MatcherStrategy, OpenSloSettings, PagerDutySettings, PolicyForm, PolicySettings,
    PrometheusSettings, RuleFormat, Settings, default_settings,
};
pub use signal::{LeftOut, Resolution, Rule, Signal, Tally};
pub use target_name::TargetName;
pub use team::{
    Escalation, EscalationRef, Hours, IMPLIED_ESCALATION, Layer, Pace, Receiver, Schedule, Step,
    SupportHours, Target, Team, TimeOfDay, TimeOfWeek,
};

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Service {
    /// Its name, unique in the project.
    pub name: SmolStr,
    /// What it is for, from its doc comment or `description`.
    pub description: Option<String>,
    /// `api`, `worker`, `stream` …
    pub service_type: Option<SmolStr>,
    /// The team's name.
    pub team: Option<SmolStr>,
    /// The tier's name.
    pub tier: SmolStr,
    /// The labels that its series carry.
    pub selector: BTreeMap<String, String>,
    /// Labels that every rule of it carries, besides `service`, `team` and `tier`.
    pub labels: BTreeMap<String, String>,
    /// Its objectives, in the order of the source.
    pub slos: Vec<Slo>,
    /// Its alerts, those of its dependencies included, in the order of the source.
    pub alerts: Vec<Alert>,
    /// Its recordings, in the order of the source.
    pub recordings: Vec<Recording>,
    /// What it needs, in the order of the source.
    pub dependencies: Vec<Dependency>,
    /// Its signals, those of its dependencies included, in the order of the source.
    pub signals: Vec<Signal>,
    /// The alerts and recordings that are not among the above, because no metric carries a signal that they read.
    pub left_out: Vec<LeftOut>,
    /// Where its runbook is, if not at the project's base URL.
    pub runbook_url: Option<String>,
    /// Where its dashboard is, if not at the project's base URL.
    pub dashboard_url: Option<String>,
    /// What its dashboard shows besides what every service's does.
    pub panels: panel::Panels,
    /// Who is told when it fails, and who next; `None` where its team has no escalation to choose.
    pub escalation: Option<EscalationRef>,
    /// How that escalation goes for its tier.
    pub pace: Pace,
    /// When its incidents notify by what their alerts ask for, where it says so itself; at other times they notify with low
    /// urgency.
    pub support_hours: Option<SupportHours>,
    /// What its runbook says besides what every service's does.
    pub runbook: Vec<Section>,
    /// What is decided about its deployments.
    pub gates: Vec<gate::Gate>,
    /// When it was last deployed, in seconds since 1970.
    pub deployed: Option<promql::Expr>,
}

/// A section of a runbook, as a person wrote it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Section {
    /// Its title.
    pub title: SmolStr,
    /// What it says, in Markdown.
    pub text: String,
}

/// What an alert asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody is woken.
    Page,
    /// Somebody looks in working hours.
    Ticket,
}

impl Severity {
    /// For how long a condition must hold before an alert fires that sets no time itself.
    pub fn default_hold(self) -> Duration {
        match self {
            Self::Page => Duration::minutes(2),
            Self::Ticket => Duration::minutes(15),
        }
    }
}

/// A service level objective.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slo {
    /// Its name, unique in its service.
    pub name: SmolStr,
    /// What customers would say it promises.
    pub description: Option<String>,
    /// The share of events that must be good, between 0 and 1: 0.999.
    pub objective: Decimal,
    /// The period that the error budget is for.
    pub window: Duration,
    /// How it is measured.
    pub sli: Sli,
    /// The histogram that it is measured by, if it is one of latency.
    pub histogram: Option<panel::Histogram>,
    /// Labels that its rules carry besides the service's.
    pub labels: BTreeMap<String, String>,
    /// The pairs of windows whose alerts can fire; see [`burn_rate`].
    pub burn_rate_pairs: Vec<burn_rate::Pair>,
    /// The least number of events in the long window for a burn-rate alert to fire.
    pub min_events: Option<u64>,
    /// The least number of bad events for a page to fire.
    pub min_bad_events: Option<u64>,
    /// Alerts on budget consumed, in rising order.
    pub budget_alerts: Vec<BudgetAlert>,
    /// The alerts on an SLI without data, each for a cause of its own.
    pub absences: Vec<AbsenceAlert>,
    /// Whether its good (or bad) events are surely among all events, as those of a narrower selector are. Where they are not,
    /// the rules tell when there are more of them.
    pub is_consistent: bool,
    /// The labels by which the budget alerts name the top contributors.
    pub breakdown: Vec<String>,
    /// Where its runbook is, if not the service's.
    pub runbook_url: Option<String>,
    /// The windows over which gates of its service ask how fast its budget is spent, besides those of its alerts.
    pub gate_windows: Vec<Duration>,
}

impl Slo {
    /// The share of events that may be bad, 1 minus the objective, exact.
    pub fn error_budget(&self) -> Decimal {
        Decimal::ONE - self.objective
    }
}

// There are few of these, each behind the vector of a service's objectives: size is no matter.
#[allow(clippy::large_enum_variant)]
/// A service level indicator. Every query that holds `$window` is an event rate over that window without
/// labels (`sum(rate(x[$window]))`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sli {
    /// Bad or good events out of all events.
    Events {
        /// Which events are counted in the numerator.
        numerator: Numerator,
        /// The rate of all events, over `$window`.
        total: promql::Expr,
        /// The series of all events, for the absence alert: a plain selector where there is one.
        total_series: Option<promql::Expr>,
        /// The bucket that counts the good events, where they are those of a classic histogram. It is there whenever there
        /// are events: where it is missing, nothing is known, and nothing is bad.
        bucket: Option<promql::Expr>,
        /// The bad events' (or, for good ones, the total's) rate by labels is taken from this selector, to name
        /// the top contributors.
        breakdown_series: Option<promql::Expr>,
    },
    /// Time slices: each evaluation is one slice, which is good where the condition holds.
    TimeSlices {
        /// A comparison without `bool` at its top: `max(queue_age_seconds) < 60`.
        good: promql::Expr,
    },
    /// A ratio of bad events over `$window` that the author computed.
    ErrorRatio {
        /// The ratio, over `$window`.
        ratio: promql::Expr,
        /// The rate of all events over `$window`, which weighs long windows; without it they weigh by time.
        total: Option<promql::Expr>,
    },
}

/// Which events a ratio counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Numerator {
    /// The rate of bad events, over `$window`. No series means no bad event.
    Bad(promql::Expr),
    /// The rate of good events, over `$window`. No series while there is traffic means an outage.
    Good(promql::Expr),
}

/// An alert on the share of the error budget that is spent.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BudgetAlert {
    /// The share spent at which it fires, between 0 and 1.
    pub consumed: Decimal,
    /// What it asks for.
    pub severity: Severity,
}

/// An alert on an SLI whose total has no series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AbsenceAlert {
    /// What is missing.
    pub of: Absent,
    /// The series that tell whether its targets are up, where it matters whether they are.
    pub up: Option<promql::Expr>,
    /// For how long.
    pub hold: Duration,
    /// What it asks for.
    pub severity: Severity,
}

/// Why an SLI may have no series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Absent {
    /// No target is up that could have any, or the bucket that counts its good events does not exist.
    Data,
    /// The service's targets are up. A counter that is made with the first event is not there before; one whose metric was
    /// renamed is not there any more.
    Series,
}

/// An alert written by a person, or by a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alert {
    /// Its name as written, `queue-backlog`; unique in its service (a dependency's alerts are prefixed with
    /// the dependency's name).
    pub name: SmolStr,
    /// The condition.
    pub when: promql::Expr,
    /// For how long it must hold; the severity's default where absent (2 min for pages, 15 min for tickets).
    pub hold: Option<Duration>,
    /// For how long it keeps firing after the condition has ended.
    pub keep_firing: Option<Duration>,
    /// The most series that it may fire for at once.
    pub limit: Option<u32>,
    /// What it asks for.
    pub severity: Severity,
    /// One line, as a phone shows it.
    pub summary: Option<Text>,
    /// More of it.
    pub description: Option<Text>,
    /// Labels besides the service's.
    pub labels: BTreeMap<String, String>,
    /// Annotations besides summary, description and URLs.
    pub annotations: BTreeMap<String, Text>,
    /// Where its runbook is, if not the service's.
    pub runbook_url: Option<String>,
    /// The dependency it came from.
    pub dependency: Option<SmolStr>,
    /// What customers notice, in Markdown.
    pub impact: Option<String>,
    /// What to do first, in Markdown.
    pub steps: Option<String>,
}

impl Alert {
    /// For how long the condition must hold, in the end.
    pub fn hold(&self) -> Duration {
        self.hold.unwrap_or_else(|| self.severity.default_hold())
    }
}

/// A recording rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recording {
    /// The metric's name.
    pub record: SmolStr,
    /// What is recorded.
    pub query: promql::Expr,
    /// Labels besides the service's.
    pub labels: BTreeMap<String, String>,
}

/// Text of an alert, with places that Prometheus fills in when it fires.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    /// Its parts in order.
    pub parts: Vec<TextPart>,
}

/// A part of an alert's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextPart {
    /// Literal text: whatever it holds, it is never a template.
    Literal(String),
    /// The value of the condition, in a format.
    Value(ValueFormat),
    /// The value of a label of the series that fires.
    Label(SmolStr),
    /// The value of a label that Prometheus adds to whatever it sends: an external label.
    External(SmolStr),
}

/// How an alert's value is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueFormat {
    /// As a number with an SI prefix: 1.234k
    Number,
    /// As a share: 12.3%
    Percentage,
    /// As a duration: 1h 2m 3s
    Duration,
    /// As a size with a binary prefix: 1.5Gi
    Size,
    /// As a whole number, without a prefix: 1234
    Rounded,
}
