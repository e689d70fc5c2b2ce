//! Lowers evaluated blocks to the model that the targets use.

mod buckets;
mod budget_alerts;
mod burn_rates;
mod calendar;
mod channel;
mod composite;
mod contract;
mod exclude;
mod gate;
mod grouping;
mod hours;
mod lints;
mod log_alerts;
mod origin;
mod outside;
mod panel;
mod read;
mod receiver;
mod receiver_times;
mod recordings;
mod service;
mod signal;
mod sli;
mod slo_alerts;
mod team;
mod test;
mod time_units;
mod unaggregated;
mod units;

pub use sli::bound;

use std::sync::Arc;

use smol_str::SmolStr;

use buckets::Buckets;

pub use burn_rates::check_tier;
pub use channel::not_in_operator;
pub use exclude::{LoweredExclusion, exclusion_model};
pub use gate::expiring_overrides;
pub use hours::day_twice;
pub use outside::{OutsideRule, outside_rule};
pub(crate) use read::report;
pub use receiver::{Relabelled, mail_receivers, relabelled};
pub use receiver_times::{interval_findings, times_not_in_operator};
pub use team::{ended_overrides, ignored_urgency, override_times};
pub use test::{LoweredTest, test_model};

use crate::db::item_entry;
use crate::db::{Database, Diag, ItemKey, Workspace};
use crate::environment::instead_of_pages;
use crate::eval::instance;
use crate::eval::metrics::{block_labels, environment_labels};
use crate::schema::names::kind;
use crate::severities::severities;
use nth_model as ir;

/// The result of [`service_model`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// The model; `None` if errors prevent one.
    pub service: Option<ir::Service>,
    /// The diagnostics of the service or team in this environment.
    pub diagnostics: Vec<Diag>,
}

/// Evaluates and lowers a service or a shared dependency in an environment, or collects the rules of a team outside of any
/// service.
#[salsa::tracked(returns(ref), lru = 0)]
pub fn service_model(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<Lowered> {
    if let Some(team) = item_entry(db, key).filter(|entry| entry.kind == kind::TEAM) {
        return Arc::new(outside::team_rules(db, workspace, &team, environment));
    }
    let evaluated = instance(db, workspace, key, environment.clone());
    let mut diagnostics = evaluated.diagnostics.clone();
    let service = evaluated.instance.as_ref().and_then(|instance| {
        let surroundings = read::Surroundings {
            db,
            workspace,
            environment: environment.as_ref(),
            scrape_interval: workspace.scrape_interval(db),
            buckets: Buckets::new(db, workspace, environment.clone(), instance),
            up: up(db, workspace, environment.as_deref(), instance),
        };
        let mut service = service::lower(instance, &surroundings, &mut diagnostics)?;
        if let Some(instead) = instead_of_pages(db, workspace, environment.as_ref()) {
            service.without_pages(&instead);
        }
        exclude::attach(db, workspace, key, environment.as_ref(), &mut service.slos);
        Some(service)
    });
    Arc::new(Lowered {
        service,
        diagnostics,
    })
}

/// Selects the series `up` of a service's targets by the labels of its queries. `None` if the service has no selector.
fn up(
    db: &dyn salsa::Database,
    workspace: Workspace,
    environment: Option<&str>,
    service: &crate::eval::Instance,
) -> Option<nth_promql::Expr> {
    let own = block_labels(service);
    if own.is_empty() {
        return None;
    }
    let mut labels = environment_labels(db, workspace, environment);
    labels.replace(own);
    Some(nth_promql::build::selector_with(
        "up",
        labels.matchers().collect(),
    ))
}

/// Sets how many models are kept when stale results are evicted; 0 keeps all.
pub fn set_model_capacity(db: &mut Database, most: usize) {
    service_model::set_lru_capacity(db, most);
}

/// The result of [`team_model`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoweredTeam {
    /// The model; `None` if errors prevent one.
    pub team: Option<ir::Team>,
    /// The diagnostics of the service or team in this environment.
    pub diagnostics: Vec<Diag>,
}

/// Evaluates and lowers a team in an environment.
#[salsa::tracked(returns(ref))]
pub fn team_model(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<LoweredTeam> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let mut diagnostics = evaluated.diagnostics.clone();
    let block = evaluated.instance.as_ref();
    let mut team = block.map(|block| {
        let severities = severities(db, workspace, environment.clone());
        let surroundings = receiver_times::Surroundings {
            db,
            workspace,
            environment: environment.as_ref(),
            severities,
        };
        team::lower(block, &surroundings, &mut diagnostics)
    });
    if let (Some(block), Some(team), Some(environment)) = (block, &mut team, &environment)
        && let Some(instead) = instead_of_pages(db, workspace, Some(environment))
    {
        team.without_pages();
        diagnostics.extend(receiver::unreachable(block, team, environment, &instead));
    }
    Arc::new(LoweredTeam { team, diagnostics })
}

/// Lowers a block of hours; empty if it has errors.
pub fn hours_of(hours: &crate::eval::Instance) -> Vec<ir::Hours> {
    team::lower_hours(hours)
}
