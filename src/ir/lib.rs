#![forbid(unsafe_code)]
//! Owns the model: what a project says, resolved, checked and instantiated for one environment, and nothing
//! about any target. Backends read this and nothing else.
//!
//! Queries in it are PromQL trees with every hole filled and the service's labels injected; `$window` stands
//! where a backend chooses a window.

mod artifact;
pub mod burn_rate;
pub mod channel;
mod defaults;
mod dependency;
pub mod gate;
pub mod names;
pub mod panel;
mod project;
mod prometheus_version;
mod rule_label;
mod settings;
mod signal;
mod target_name;
mod team;

use std::collections::{BTreeMap, BTreeSet};

use rust_decimal::Decimal;
use smol_str::SmolStr;

use nth_promql as promql;

pub use artifact::Artifact;
pub use channel::{Channel, WebhookUrl};
pub use defaults::{
    DEFAULT_INTERVAL, DEFAULT_RULES_PER_GROUP, DEFAULT_SCRAPE_INTERVAL, default_settings,
};
pub use dependency::{Criticality, Dependency};
pub use nth_units::{Duration, DurationUnit, metric_unit, number};
pub use project::Project;
pub use prometheus_version::PrometheusVersion;
pub use rule_label::RuleLabel;
pub use settings::{
    AlertmanagerFormat, AlertmanagerSettings, DocsSettings, MailSettings, MatcherStrategy,
    OpenSloSettings, PagerDutySettings,
};
pub use signal::{LeftOut, Resolution, Rule, Signal, Tally};
pub use target_name::{TargetName, UnknownTarget};
pub use team::{
    Escalation, EscalationRef, Hours, IMPLIED_ESCALATION, Layer, Pace, Receiver, Schedule, Step,
    SupportHours, Target, Team, TimeOfDay, TimeOfWeek,
};

/// What each target needs to know of the project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Settings {
    /// The project's name.
    pub project: String,
    /// Whether other projects are built for the same Prometheus, Grafana or accounts, so that all that is called
    /// something there has to say whose it is.
    pub shared: bool,
    /// The environment this is for, where the project declares any.
    pub environment: Option<SmolStr>,
    /// Whether Kubernetes' objects are applied by the server, which keeps no copy of them in an annotation.
    pub server_side_apply: bool,
    /// What is made of it.
    pub targets: BTreeSet<TargetName>,
    /// The Prometheus target's settings.
    pub prometheus: PrometheusSettings,
    /// What `page` and `ticket` are called in the `severity` label.
    pub severity_labels: BTreeMap<Severity, String>,
    /// Runbooks stand at `<base>/<service>`; without one, alerts have no `runbook_url` but their own.
    pub runbook_base_url: Option<String>,
    /// Dashboards stand at `<base>/d/<uid>`.
    pub dashboard_base_url: Option<String>,
    /// The Grafana target's settings.
    pub grafana: GrafanaSettings,
    /// The Alertmanager target's settings.
    pub alertmanager: AlertmanagerSettings,
    /// The PagerDuty target's settings.
    pub pagerduty: PagerDutySettings,
    /// The OpenSLO target's settings.
    pub openslo: OpenSloSettings,
    /// The docs target's settings.
    pub docs: DocsSettings,
    /// The policy target's settings.
    pub policy: PolicySettings,
}

impl Settings {
    /// The project's name, where other projects share what this one is built for.
    pub fn shared_as(&self) -> Option<&str> {
        self.shared.then_some(self.project.as_str())
    }

    /// The labels that tell the series of this build from those of other environments and, where it is shared, other
    /// projects.
    pub fn scope(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let environment = self.environment.as_deref();
        let environment = environment.map(|environment| ("environment", environment));
        let project = self.shared_as().map(|project| ("project", project));
        environment.into_iter().chain(project)
    }

    /// The value of the label `namespace` by which the Prometheus operator hands alerts to the configuration of a namespace,
    /// and which every alert needs then.
    pub fn alert_namespace(&self) -> Option<&str> {
        let target = &self.alertmanager;
        let is_matched = target.format == AlertmanagerFormat::AlertmanagerConfig
            && target.matcher_strategy == MatcherStrategy::OnNamespace
            && self.targets.contains(&TargetName::Alertmanager);
        target.namespace.as_deref().filter(|_| is_matched)
    }

    /// The value of the `severity` label.
    pub fn severity_label(&self, severity: Severity) -> String {
        self.severity_labels
            .get(&severity)
            .cloned()
            .unwrap_or_else(|| {
                match severity {
                    Severity::Page => "page",
                    Severity::Ticket => "ticket",
                }
                .to_owned()
            })
    }
}

/// The policy target's settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicySettings {
    /// The forms in which gates are written.
    pub forms: BTreeSet<PolicyForm>,
    /// The Prometheus that Argo asks, as it is reached from the cluster.
    pub prometheus: Option<String>,
    /// The image with `nthc` in it, for Argo CD's job.
    pub image: Option<String>,
    /// The namespace of the resources.
    pub namespace: Option<String>,
    /// The Argo CD project that gets the sync windows; one named after the project where absent.
    pub argo_project: Option<String>,
}

impl Default for PolicySettings {
    fn default() -> Self {
        Self {
            forms: BTreeSet::from([PolicyForm::Json, PolicyForm::Rego]),
            prometheus: None,
            image: None,
            namespace: None,
            argo_project: None,
        }
    }
}

/// A form in which gates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PolicyForm {
    /// What `nthc gate check` reads.
    Json,
    /// For OPA and conftest, over what `nthc gate facts` writes.
    Rego,
    /// `AnalysisTemplate` resources of Argo Rollouts.
    ArgoRollouts,
    /// PreSync jobs and sync windows of Argo CD.
    ArgoCd,
}

impl PolicyForm {
    /// All forms.
    pub const ALL: [Self; 4] = [Self::Json, Self::Rego, Self::ArgoRollouts, Self::ArgoCd];

    /// Its name in `nth.toml`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Rego => "rego",
            Self::ArgoRollouts => "argo-rollouts",
            Self::ArgoCd => "argo-cd",
        }
    }
}

/// The Grafana target's settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GrafanaSettings {
    /// The folder that the dashboards are in; one named after the project where absent.
    pub folder: Option<String>,
    /// Tags of every dashboard, besides those that say what it is of.
    pub tags: Vec<String>,
    /// The name or uid of the data source that dashboards open with; Grafana's default one where absent.
    pub datasource: Option<String>,
    /// Plain JSON or Kubernetes resources.
    pub format: DashboardFormat,
    /// The namespace of `ConfigMap` resources.
    pub namespace: Option<String>,
    /// Where the dashboards lie on Grafana's own disk, for its provisioning.
    pub path: String,
}

impl Default for GrafanaSettings {
    fn default() -> Self {
        Self {
            folder: None,
            tags: Vec::new(),
            datasource: None,
            format: DashboardFormat::Json,
            namespace: None,
            path: "/var/lib/grafana/dashboards".to_owned(),
        }
    }
}

/// How dashboards are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DashboardFormat {
    /// JSON files, with a provisioning file beside them.
    Json,
    /// A `ConfigMap` for each, as Grafana's sidecar collects them.
    ConfigMap,
}

/// The Prometheus target's settings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PrometheusSettings {
    /// Plain rule files or Kubernetes resources.
    pub format: RuleFormat,
    /// How often rules are evaluated.
    pub interval: Duration,
    /// How often Prometheus scrapes what queries read: a rate needs a few samples in its range.
    pub scrape_interval: Duration,
    /// Which Prometheus reads the rules.
    pub version: PrometheusVersion,
    /// The namespace of `PrometheusRule` resources.
    pub namespace: Option<String>,
    /// Labels on `PrometheusRule` resources, by which a Prometheus selects them.
    pub resource_labels: BTreeMap<String, String>,
    /// The most groups that whoever evaluates the rules takes of one project's environment; any number where absent.
    pub max_groups: Option<usize>,
    /// The most rules of a group. Mimir, Cortex and Grafana Cloud take 20 unless told otherwise.
    pub rules_per_group: usize,
}

impl PrometheusSettings {
    /// The shortest range over raw series that can be relied on: four scrapes, so that a rate has two samples even where
    /// two scrapes in a row fail.
    pub fn least_range(&self) -> Duration {
        burn_rate::least_range(self.scrape_interval)
    }

    /// The window over which it is said how an objective stands right now: 5 min, or what scrapes allow.
    pub fn current_window(&self) -> Duration {
        burn_rate::CURRENT.max(self.least_range())
    }
}

/// How rule files are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuleFormat {
    /// `groups:` at the top.
    Plain,
    /// A `PrometheusRule` of the Prometheus operator (`monitoring.coreos.com/v1`).
    PrometheusRule,
}

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
