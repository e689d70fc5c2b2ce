//! Converts models and artifacts to the data of the page.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Serialize;
use serde_json::Value;

use crate::backends::{Artifact, project_dashboard_uid};
use crate::ir::burn_rate::{self, budget_time};
use crate::ir::number::percent_text;
use crate::ir::{self, Criticality};

/// The folder of the Grafana target.
const DASHBOARDS: &str = "grafana/";

/// The data of the page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Model {
    /// The project's name.
    pub project: String,
    /// All environments of the project.
    pub environments: Vec<String>,
    /// The environment of the data; `None` if there are none.
    pub environment: Option<String>,
    /// True if panels show data from Prometheus; false if they show sample data.
    pub live: bool,
    /// The diagnostics of the project.
    pub problems: Problems,
    /// The services by name.
    pub services: Vec<Service>,
    /// The SLO overview dashboard as Grafana JSON.
    pub overview: Option<Value>,
}

/// The diagnostics of a project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Problems {
    /// The number of errors. If there are any, the rest of the data is from before them.
    pub errors: usize,
    /// The number of warnings.
    pub warnings: usize,
    /// All diagnostics as `nthc check` prints them.
    pub text: String,
}

/// A service.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The team that owns it.
    pub team: Option<String>,
    /// Its tier.
    pub tier: String,
    /// Its type.
    #[serde(rename = "type")]
    pub service_type: Option<String>,
    /// Its SLOs.
    pub slos: Vec<Slo>,
    /// Its dependencies.
    pub dependencies: Vec<Dependency>,
    /// Its dashboard as Grafana JSON.
    pub dashboard: Option<Value>,
}

/// An SLO.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Slo {
    /// Its name.
    pub name: String,
    /// Its description.
    pub description: Option<String>,
    /// The share of good events, `99.95%`.
    pub objective: String,
    /// The SLO window, `30d`.
    pub window: String,
    /// The error budget as full downtime, `21m36s`.
    pub budget: String,
    /// The burn-rate alerts.
    pub pairs: Vec<Pair>,
    /// The alerts on consumed error budget.
    pub budget_alerts: Vec<BudgetAlert>,
}

/// A burn-rate alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// Its severity.
    pub severity: String,
    /// The long window.
    pub long: String,
    /// The short window.
    pub short: String,
    /// The burn rate above which it fires.
    pub factor: String,
    /// The error ratio above which it fires.
    pub threshold: String,
    /// The time until the whole budget is exhausted at that rate.
    pub exhaustion: String,
}

/// An alert on consumed error budget.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetAlert {
    /// The share, `75%`.
    pub consumed: String,
    /// The share between 0 and 1, for drawing; the text is exact.
    pub share: Decimal,
    /// Its severity.
    pub severity: String,
}

/// A dependency of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// The service it is, if that is one of the project.
    pub service: Option<String>,
    /// Its technology.
    pub technology: Option<String>,
    /// `hard` or `soft`.
    pub criticality: &'static str,
}

/// Returns the services, with their dashboards, and the overview dashboard for the environment in `settings`. `artifacts`
/// are those of the whole build.
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
    // The dashboard that no service claims is that of the project.
    let overview = dashboards.into_values().next();
    (shown, overview)
}

/// Returns the dashboards of an environment by uid.
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
                severity: alert.severity.name().to_owned(),
            })
            .collect(),
    }
}

fn pair(found: &burn_rate::Pair, objective: Decimal) -> Pair {
    Pair {
        severity: found.severity.name().to_owned(),
        long: found.long.to_human(),
        short: found.short.to_human(),
        factor: found.factor.normalize().to_string(),
        threshold: percent_text(found.threshold(objective)),
        exhaustion: found.exhaustion().to_human(),
    }
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
