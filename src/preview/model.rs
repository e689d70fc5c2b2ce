//! From models and artifacts to what the page reads.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::backends::{Artifact, project_dashboard_uid};
use crate::ir::burn_rate::{self, budget_time};
use crate::ir::number::percent_text;
use crate::ir::{self, Criticality, Severity, TextPart};

/// Where the Grafana target puts its documents.
const DASHBOARDS: &str = "grafana/";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// The project's name.
    pub project: String,
    /// All environments that the project declares.
    pub environments: Vec<String>,
    /// The one that is shown; `None` where there are none.
    pub environment: Option<String>,
    /// Whether panels show a Prometheus's data, and not a sample.
    pub live: bool,
    /// What is wrong with the project.
    pub problems: Problems,
    /// The services by name.
    pub services: Vec<Service>,
    /// The dashboard of all services, as Grafana reads it.
    pub overview: Option<Value>,
}

/// What is wrong with a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Problems {
    /// How many errors there are. With any, the rest of the model is from before them.
    pub errors: usize,
    /// How many warnings there are.
    pub warnings: usize,
    /// All of them as `nthc check` tells them.
    pub text: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Who owns it.
    pub team: Option<String>,
    /// How important it is.
    pub tier: String,
    /// What kind of work it does.
    #[serde(rename = "type")]
    pub service_type: Option<String>,
    /// What it promises.
    pub slos: Vec<Slo>,
    /// The alerts that its authors wrote, and its dependencies'.
    pub alerts: Vec<Alert>,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
    /// Its dashboard, as Grafana reads it.
    pub dashboard: Option<Value>,
}

/// An objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slo {
    /// Its name.
    pub name: String,
    /// What it promises.
    pub description: Option<String>,
    /// The share of good events, `99.95%`.
    pub objective: String,
    /// The period of the budget, `30d`.
    pub window: String,
    /// How long a total outage may last in the period, `21m36s`.
    pub budget: String,
    /// The burn-rate alerts.
    pub pairs: Vec<Pair>,
    /// The alerts on the share of the budget that is spent.
    pub budget_alerts: Vec<BudgetAlert>,
}

/// A burn-rate alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// What it asks for.
    pub severity: &'static str,
    /// The long window.
    pub long: String,
    /// The short window.
    pub short: String,
    /// The burn rate above which it fires.
    pub factor: String,
    /// The error ratio above which it fires.
    pub threshold: String,
    /// How long the whole budget lasts at that rate.
    pub exhaustion: String,
}

/// An alert on the share of the budget that is spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetAlert {
    /// The share, `75%`.
    pub consumed: String,
    /// The share between 0 and 1, for drawing: the text is exact.
    pub share: Decimal,
    /// What it asks for.
    pub severity: &'static str,
}

/// An alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub severity: &'static str,
    /// The condition in PromQL.
    pub when: String,
    /// For how long it must hold.
    pub hold: String,
    /// One line of it.
    pub summary: Option<String>,
}

/// Something that a service needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The service it is, if it is one of the project's.
    pub service: Option<String>,
    /// What it runs on.
    pub technology: Option<String>,
    /// `hard` or `soft`.
    pub criticality: &'static str,
}

/// The services and dashboards of the environment of these settings. `artifacts` are those of the whole build.
pub fn model<'a>(
    services: impl IntoIterator<Item = &'a ir::Service>,
    artifacts: &[Artifact],
    settings: &ir::Settings,
) -> (Vec<Service>, Option<Value>) {
    let mut dashboards = dashboards(artifacts, settings.environment.as_deref());
    let mut shown: Vec<Service> = services
        .into_iter()
        .map(|found| {
            service(
                found,
                dashboards.remove(&project_dashboard_uid(settings, &found.name)),
            )
        })
        .collect();
    shown.sort_by(|left, right| left.name.cmp(&right.name));
    // What no service claims is of the project as a whole.
    let overview = dashboards.into_values().next();
    (shown, overview)
}

/// The environment's dashboards by uid.
fn dashboards(artifacts: &[Artifact], environment: Option<&str>) -> BTreeMap<String, Value> {
    let folder = match environment {
        Some(name) => format!("{}/{DASHBOARDS}", crate::backends::file_stem(name)),
        None => DASHBOARDS.to_owned(),
    };
    artifacts
        .iter()
        .filter(|artifact| artifact.path.starts_with(&folder) && artifact.path.ends_with(".json"))
        .filter_map(|artifact| {
            let document: Value = serde_json::from_str(&artifact.contents).ok()?;
            let uid = document.get("uid")?.as_str()?.to_owned();
            Some((uid, document))
        })
        .collect()
}

fn service(found: &ir::Service, dashboard: Option<Value>) -> Service {
    Service {
        name: found.name.to_string(),
        description: found.description.clone(),
        team: found.team.as_ref().map(ToString::to_string),
        tier: found.tier.to_string(),
        service_type: found.service_type.as_ref().map(ToString::to_string),
        slos: found.slos.iter().map(slo).collect(),
        alerts: found.alerts.iter().map(alert).collect(),
        dependencies: found.dependencies.iter().map(dependency).collect(),
        dashboard,
    }
}

fn slo(found: &ir::Slo) -> Slo {
    Slo {
        name: found.name.to_string(),
        description: found.description.clone(),
        objective: percent_text(found.objective),
        window: found.window.to_human(),
        budget: budget_time(found.objective, found.window).to_human(),
        pairs: found
            .burn_rate_pairs
            .iter()
            .map(|pair| self::pair(pair, found.objective))
            .collect(),
        budget_alerts: found
            .budget_alerts
            .iter()
            .map(|alert| BudgetAlert {
                consumed: percent_text(alert.consumed),
                share: alert.consumed,
                severity: severity(alert.severity),
            })
            .collect(),
    }
}

fn pair(found: &burn_rate::Pair, objective: Decimal) -> Pair {
    Pair {
        severity: severity(found.severity),
        long: found.long.to_human(),
        short: found.short.to_human(),
        factor: found.factor.normalize().to_string(),
        threshold: percent_text(found.threshold(objective)),
        exhaustion: found.exhaustion().to_human(),
    }
}

fn alert(found: &ir::Alert) -> Alert {
    Alert {
        name: found.name.to_string(),
        severity: severity(found.severity),
        when: found.when.to_string(),
        hold: found.hold().to_human(),
        summary: found.summary.as_ref().map(text),
    }
}

/// A text with what is filled in later shown as it is written.
fn text(found: &ir::Text) -> String {
    found
        .parts
        .iter()
        .map(|part| match part {
            TextPart::Literal(text) => text.clone(),
            TextPart::Value(_) => "${value}".to_owned(),
            TextPart::Label(label) => format!("${{labels.{label}}}"),
            TextPart::External(label) => format!("${{external.{label}}}"),
        })
        .collect()
}

fn dependency(found: &ir::Dependency) -> Dependency {
    Dependency {
        name: found.name.to_string(),
        service: found.service.as_ref().map(ToString::to_string),
        technology: found.technology.clone(),
        criticality: match found.criticality {
            Criticality::Hard => "hard",
            Criticality::Soft => "soft",
        },
    }
}

fn severity(found: Severity) -> &'static str {
    match found {
        Severity::Page => "page",
        Severity::Ticket => "ticket",
    }
}
