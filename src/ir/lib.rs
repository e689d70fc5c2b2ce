#![forbid(unsafe_code)]
//! Owns the model: a project, resolved, checked and instantiated for one environment, and nothing about any target.
//! Backends read this and nothing else.
//!
//! Queries in it are PromQL trees with all interpolations filled and the service's labels injected; `$window` is the
//! place where a backend inserts a window.

mod artifact;
mod breakdown;
pub mod burn_rate;
mod calendar_window;
pub mod channel;
pub mod composite;
mod contact;
mod contract;
mod dependency;
pub mod detection;
pub mod exclude;
pub mod gate;
mod grouping;
mod log_alert;
pub mod names;
pub mod origin;
mod outline;
pub mod panel;
mod project;
mod prometheus_version;
mod role;
mod rule_label;
pub mod settings;
mod severity;
mod signal;
mod slo_alert;
mod slo_recording;
mod support_hours;
mod target_name;
mod team;
pub mod test;
pub mod time_interval;
mod unpaged;
pub mod zone;

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use nth_promql as promql;

pub use artifact::Artifact;
pub use breakdown::Breakdown;
pub use calendar_window::{CalendarUnit, CalendarWindow};
pub use channel::{Channel, WebhookUrl};
pub use contact::{Contact, ContactMethod, Phone, PhoneError};
pub use contract::Contract;
pub use dependency::{Criticality, Dependency};
pub use grouping::{GroupObjective, Grouping};
pub use log_alert::LogAlert;
pub use nth_units::{Duration, DurationUnit, metric_unit, number, text};
pub use origin::Origin;
pub use project::Project;
pub use prometheus_version::PrometheusVersion;
pub use role::Role;
pub use rule_label::RuleLabel;
pub use settings::{
    AlertmanagerBase, AlertmanagerFormat, AlertmanagerSettings, BackstageSettings, BaseName,
    DEFAULT_INTERVAL, DEFAULT_SCRAPE_INTERVAL, DashboardFormat, DocsSettings, EnvironmentInNames,
    GrafanaSettings, MailSettings, MatcherStrategy, OpenSloSettings, PagerDutySettings, PolicyForm,
    PolicySettings, PrometheusSettings, RuleFormat, Settings, YamlNode, default_settings,
};
pub use severity::{Declaration, Response, Severities, Severity, Urgency};
pub use signal::{Resolution, Rule, Signal, SkippedRule, Tally};
pub use slo_alert::{AlertOptions, SloAlert, SloAlertKind, SloAlertRef};
pub use slo_recording::{SloRecording, SloValue};
pub use support_hours::{SupportHours, TimeOfDay};
pub use target_name::TargetName;
pub use team::{
    Escalation, EscalationRef, Hours, IMPLIED_ESCALATION, Layer, Pace, Receiver, Schedule,
    ScheduleOverride, Step, Target, Team, TimeOfWeek,
};
pub use time_interval::TimeInterval;

/// A service; or what else owns rules, a [`Role`] says which.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Service {
    /// The name, unique in the project.
    pub name: SmolStr,
    /// What owns the rules.
    pub role: Role,
    /// The purpose of the service, from its doc comment or `description`.
    pub description: Option<String>,
    /// The type of the service: `api`, `worker`, `stream` …
    pub service_type: Option<SmolStr>,
    /// The name of the team.
    pub team: Option<SmolStr>,
    /// The name of the tier.
    pub tier: SmolStr,
    /// The matchers of its series.
    pub selector: promql::LabelMatchers,
    /// Labels of all its rules, besides `service`, `team` and `tier`.
    pub labels: BTreeMap<String, String>,
    /// The SLOs, in the order of the source.
    pub slos: Vec<Slo>,
    /// The alerts, including those of its dependencies, in the order of the source.
    pub alerts: Vec<Alert>,
    /// The recording rules, in the order of the source.
    pub recordings: Vec<Recording>,
    /// Alerts on its logs.
    pub log_alerts: Vec<LogAlert>,
    /// The dependencies, in the order of the source.
    pub dependencies: Vec<Dependency>,
    /// The signals, including those of its dependencies, in the order of the source.
    pub signals: Vec<Signal>,
    /// The alerts and recording rules that are not generated, because no metric provides a signal that they read.
    pub skipped_rules: Vec<SkippedRule>,
    /// The URL of its runbook, if it is not at the project's base URL.
    pub runbook_url: Option<String>,
    /// The URL of its dashboard, if it is not at the project's base URL.
    pub dashboard_url: Option<String>,
    /// The URL of its logs.
    pub logs_url: Option<String>,
    /// The custom panels of its dashboard.
    pub panels: panel::Panels,
    /// The escalation that is notified when it fails; `None` if its team has no escalation to choose.
    pub escalation: Option<EscalationRef>,
    /// The default timing of that escalation, from the tier.
    pub pace: Pace,
    /// The support hours that the service sets itself. Within them, its incidents notify with the urgency of their
    /// alerts' severity; at other times with low urgency.
    pub support_hours: Option<SupportHours>,
    /// The custom sections of its runbook.
    pub runbook: Vec<Section>,
    /// The gates of its deployments.
    pub gates: Vec<gate::Gate>,
    /// The time of its last deployment, in seconds since 1970.
    pub deployed: Option<promql::Expr>,
    /// What it was in PagerDuty before.
    pub origin: Origin,
    /// The former names of its tier, the oldest first.
    pub former_tiers: Vec<SmolStr>,
}

/// A custom section of a runbook.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Section {
    /// The title.
    pub title: SmolStr,
    /// The text, in Markdown.
    pub text: String,
}

/// A service level objective (SLO).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slo {
    /// The name, unique in the service.
    pub name: SmolStr,
    /// The objective in the words of a customer.
    pub description: Option<String>,
    /// The share of events that must be good, between 0 and 1: 0.999.
    pub objective: Decimal,
    /// The SLO window, for which the error budget is computed; of a calendar window its usual length, to which burn rates relate.
    pub window: Duration,
    /// The calendar window, if it does not roll.
    pub calendar: Option<CalendarWindow>,
    /// The SLI that measures it.
    pub sli: Sli,
    /// The SLOs that the SLI combines, if it is a composite one, in the order of their declaration.
    pub parts: Vec<composite::Part>,
    /// The histogram that the SLI reads, if it is a latency SLI.
    pub histogram: Option<panel::Histogram>,
    /// Labels of its rules besides the service's.
    pub labels: BTreeMap<String, String>,
    /// The burn-rate alerts that can fire; see [`burn_rate`].
    pub burn_rate_pairs: Vec<burn_rate::Pair>,
    /// The least number of events in the long window for a burn-rate alert to fire.
    pub min_events: Option<u64>,
    /// The least number of bad events for a page to fire.
    pub min_bad_events: Option<u64>,
    /// The alerts on the budget consumed, in rising order.
    pub budget_alerts: Vec<BudgetAlert>,
    /// The missing-data alerts of the SLI, one for each cause.
    pub missing_data_alerts: Vec<MissingDataAlert>,
    /// The severity of its alerts that open tickets, including the one on inconsistent series.
    pub ticket_severity: Severity,
    /// True if its good (or bad) events are certainly a subset of all events, as those of a narrower selector are. If
    /// false, the rules report when there are more of them.
    pub is_consistent: bool,
    /// The labels by which budget alerts name the top contributors.
    pub breakdown: Vec<String>,
    /// The groups to each of which the SLO applies by itself; `None` if it has one error budget for all events.
    pub grouping: Option<Grouping>,
    /// The URL of its runbook, if it is not the service's.
    pub runbook_url: Option<String>,
    /// The windows over which gates of the service query its burn rate, besides those of its alerts.
    pub gate_windows: Vec<Duration>,
    /// The times whose events are not charged to its error budget, in the order of their names.
    pub exclusions: Vec<exclude::Exclusion>,
    /// How often its rules are evaluated, but for those of long windows; `None` for the project's interval.
    pub interval: Option<Duration>,
    /// How far in the past its rules are evaluated; `None` for the project's query offset.
    pub query_offset: Option<Duration>,
    /// Names, labels and annotations of its alerts. Of several that apply to an alert, a later one overrides an earlier one.
    pub alert_blocks: Vec<SloAlert>,
    /// Its values that are recorded under other names, in the order of the source.
    pub recordings: Vec<SloRecording>,
    /// What is promised outside about its SLI, in the order of the source.
    pub contracts: Vec<Contract>,
}

impl Slo {
    /// The SLO window in the names of recorded series: `30d`, or `month` of a calendar window.
    pub fn window_name(&self) -> String {
        match &self.calendar {
            Some(calendar) => calendar.unit.to_string(),
            None => self.window.to_string(),
        }
    }

    /// The SLO window in words: `30d`, or `calendar month`.
    pub fn window_text(&self) -> String {
        match &self.calendar {
            Some(calendar) => format!("calendar {}", calendar.unit),
            None => self.window.to_string(),
        }
    }

    /// The time that the error ratio and the consumed budget are of, in words: `last 30d`, or `current calendar month`.
    pub fn window_so_far(&self) -> String {
        match &self.calendar {
            Some(calendar) => format!("current calendar {}", calendar.unit),
            None => format!("last {}", self.window),
        }
    }

    /// How often its rules are evaluated, but for those of long windows, which are evaluated once per
    /// [`SLICE`](burn_rate::SLICE).
    pub fn interval(&self, settings: &PrometheusSettings) -> Duration {
        self.interval.unwrap_or(settings.interval)
    }

    /// How far in the past its rules are evaluated; `None` for the ruler's own setting.
    pub fn query_offset(&self, settings: &PrometheusSettings) -> Option<Duration> {
        self.query_offset.or(settings.query_offset)
    }

    /// The share of events that may be bad: 1 minus the objective, exact.
    pub fn error_budget(&self) -> Decimal {
        Decimal::ONE - self.objective
    }

    /// The labels whose values are separate groups; empty if the SLO has no groups.
    pub fn by(&self) -> &[String] {
        self.grouping
            .as_ref()
            .map_or(&[], |grouping| grouping.by.as_slice())
    }

    /// The groups with an objective of their own.
    pub fn own_objectives(&self) -> &[GroupObjective] {
        self.grouping
            .as_ref()
            .map_or(&[], |grouping| grouping.objectives.as_slice())
    }
}

// There are few of these, each behind the vector of a service's objectives: size does not matter.
#[allow(clippy::large_enum_variant)]
/// A service level indicator (SLI). Each query that contains `$window` is an event rate over that window without labels
/// (`sum(rate(x[$window]))`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Sli {
    /// Bad or good events out of all events.
    Events {
        /// The events counted in the numerator.
        numerator: Numerator,
        /// The rate of all events, over `$window`.
        total: promql::Expr,
        /// The series of all events, for the missing-data alerts: a plain selector, if there is one.
        total_series: Option<promql::Expr>,
        /// The bucket that counts the good events, if they are those of a classic histogram. It exists whenever there
        /// are events: if it is missing, nothing is known, and nothing is bad.
        bucket: Option<promql::Expr>,
        /// The selectors from which the bad events by labels are taken, to name the top contributors.
        breakdown: Option<Breakdown>,
    },
    /// Time slices: each evaluation is one slice, which is good if the condition holds.
    TimeSlices {
        /// A comparison without `bool` at its top: `max(queue_age_seconds) < 60`.
        good: promql::Expr,
    },
    /// A ratio of bad events over `$window`, computed by the author.
    ErrorRatio {
        /// The ratio, over `$window`.
        ratio: promql::Expr,
        /// The rate of all events over `$window`, which makes long windows event-weighted; without it they are
        /// time-weighted.
        total: Option<promql::Expr>,
    },
}

/// The events that a ratio counts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Numerator {
    /// The rate of bad events, over `$window`. No series means no bad event.
    Bad(promql::Expr),
    /// The rate of good events, over `$window`. No series while there is traffic means full downtime.
    Good(promql::Expr),
}

/// An alert on the share of the error budget that is consumed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BudgetAlert {
    /// The share consumed at which it fires, between 0 and 1.
    pub consumed: Decimal,
    /// The severity of the alert.
    pub severity: Severity,
    /// The severity where the environment pages, as for [`burn_rate::Pair::declared`].
    pub declared: Severity,
}

/// A missing-data alert: it fires if the total of an SLI has no series.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingDataAlert {
    /// The cause that the alert detects.
    pub cause: MissingDataCause,
    /// The series that show whether the SLI's targets are up, if the cause depends on it.
    pub up: Option<promql::Expr>,
    /// The duration for which the data must be missing.
    pub hold: Duration,
    /// The severity of the alert.
    pub severity: Severity,
    /// The severity where the environment pages, as for [`burn_rate::Pair::declared`].
    pub declared: Severity,
}

/// A cause for which an SLI has no series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MissingDataCause {
    /// No target is up that could provide any, or the bucket that counts the good events does not exist.
    Data,
    /// The service's targets are up. A counter that is created with the first event does not exist before it; one whose
    /// metric was renamed no longer exists.
    Series,
    /// The SLO has more groups than its limit, so that none of its rules is evaluated.
    Groups,
}

impl MissingDataCause {
    /// The kind of the alert on it.
    pub const fn alert_kind(self) -> SloAlertKind {
        match self {
            Self::Data | Self::Series => SloAlertKind::MissingData,
            Self::Groups => SloAlertKind::GroupLimit,
        }
    }
}

/// A custom alert, of a service or of a template.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Alert {
    /// Its name as written, `queue-backlog`; unique in its service (a dependency's alerts are prefixed with
    /// the dependency's name).
    pub name: SmolStr,
    /// The condition.
    pub when: promql::Expr,
    /// The duration for which the condition must hold; `None` for the severity's default.
    pub hold: Option<Duration>,
    /// The duration for which it keeps firing after the condition has ended.
    pub keep_firing: Option<Duration>,
    /// The largest number of series for which it may fire at once.
    pub limit: Option<u32>,
    /// The severity of the alert.
    pub severity: Severity,
    /// One line for small screens.
    pub summary: Option<Text>,
    /// The longer description.
    pub description: Option<Text>,
    /// Labels besides the service's.
    pub labels: BTreeMap<String, String>,
    /// Annotations besides summary, description and URLs.
    pub annotations: BTreeMap<String, Text>,
    /// The URL of its runbook, if it is not the service's.
    pub runbook_url: Option<String>,
    /// The name of the dependency whose template it comes from.
    pub dependency: Option<SmolStr>,
    /// The impact on customers, in Markdown.
    pub impact: Option<String>,
    /// The first steps of the response, in Markdown.
    pub steps: Option<String>,
}

impl Alert {
    /// The duration for which the condition must hold, including the default.
    pub fn hold(&self) -> Duration {
        self.hold.unwrap_or_else(|| self.severity.default_hold())
    }
}

/// A recording rule.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Recording {
    /// The name of the recorded metric.
    pub record: SmolStr,
    /// The recorded query.
    pub query: promql::Expr,
    /// Labels besides the service's.
    pub labels: BTreeMap<String, String>,
}

/// Text of an alert, with parts that Prometheus fills in when it fires.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Text {
    /// The parts in order.
    pub parts: Vec<TextPart>,
}

/// A part of an alert's text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TextPart {
    /// Literal text, never a template, whatever it contains.
    Literal(String),
    /// The value of the condition, in a format.
    Value(ValueFormat),
    /// The value of a label of the series that fires.
    Label(SmolStr),
    /// The value of an external label, which Prometheus adds to every alert that it sends.
    External(SmolStr),
}

/// The format of an alert's value.
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
