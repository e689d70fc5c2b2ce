//! What a service promises, held against what it depends on and who answers for it.
//!
//! Other items are read field by field, so that only what is compared here reaches a service from them.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::dependencies::{hard_services, place};
use super::{alert_names, rule_labels, series, utf8_names};
use crate::codes;
use crate::db::{Diag, ItemKey, Workspace};
use crate::eval::{BlockRef, Instance, Value, block_children, block_field, instance};
use crate::lower::service_model;
use crate::schema::names::{field, kind};
use nth_model::{self as ir, Severity};

/// The objective that multiplies along dependencies: a request that fails there fails here. Others, of latency or
/// freshness, have thresholds of their own and do not.
const AVAILABILITY: &str = field::AVAILABILITY;

/// A product with more decimals than this is shown rounded down.
const SHOWN_DECIMALS: u32 = 8;

/// What is wrong between a service and the other items that it names.
#[salsa::tracked(returns(ref))]
pub fn service_facts(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Vec<Diag> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let Some(service) = &evaluated.instance else {
        return Vec::new();
    };
    let facts = Facts {
        db,
        workspace,
        environment,
        service,
    };
    let mut found: Vec<Diag> = facts.ceiling().into_iter().collect();
    facts.runbooks(&mut found);
    let labels = rule_labels::Labels {
        service,
        environment: facts.environment.as_ref(),
        severities: workspace.severity_labels(db),
        given: workspace.given_labels(db),
    };
    found.extend(labels.lost());
    let version = workspace.prometheus_version(db);
    found.extend(utf8_names::unreadable(
        service,
        version,
        &facts.given_labels(),
    ));
    let model = &service_model(db, workspace, key, facts.environment.clone()).service;
    if let Some(model) = model {
        found.extend(alert_names::alike(service, &model.alerts));
        if wakes_somebody(model) {
            found.extend(facts.on_call());
        }
        found.extend(series::everybodys(service, model, &facts.given_labels()));
    }
    found
}

/// Whether all that a top-level block's author wrote could be read and found.
#[salsa::tracked]
fn is_whole(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> bool {
    let evaluated = instance(db, workspace, key, environment);
    evaluated.instance.as_ref().is_some_and(whole)
}

fn whole(block: &Instance) -> bool {
    !block.incomplete && block.children.iter().all(whole)
}

/// A team's escalations that tell nobody.
pub fn empty_escalations(team: &Instance) -> impl Iterator<Item = Diag> {
    team.children_of(kind::ESCALATION)
        .filter(|escalation| !escalation.incomplete)
        .filter(|escalation| escalation.children_of(kind::STEP).next().is_none())
        .map(|escalation| {
            Diag::new(
                &codes::NO_STEPS,
                format!(
                    "escalation `{}` of team `{}` has no steps",
                    escalation.name, team.name
                ),
                place(team, escalation, escalation.head),
            )
            .label("notifies no one")
            .help("add a step: `step first { notify = \"ana@example.com\" }`")
        })
}

struct Facts<'db> {
    db: &'db dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    service: &'db Instance,
}

impl Facts<'_> {
    fn field(&self, block: &BlockRef, field: &str) -> Value {
        let environment = self.environment.clone();
        block_field(
            self.db,
            self.workspace,
            block.clone(),
            field.into(),
            environment,
        )
        .unwrap_or(Value::Error)
    }

    /// The labels that the environment adds to every query.
    fn given_labels(&self) -> BTreeSet<SmolStr> {
        let Some(name) = &self.environment else {
            return BTreeSet::new();
        };
        let environments = self.workspace.environments(self.db);
        let Some(item) = environments.get(name).copied() else {
            return BTreeSet::new();
        };
        let environment = BlockRef {
            item,
            path: Vec::new(),
            kind: kind::ENVIRONMENT.into(),
            name: name.clone(),
        };
        match block_field(
            self.db,
            self.workspace,
            environment,
            field::SELECTOR.into(),
            None,
        ) {
            Some(Value::Labels(labels)) => labels.into_keys().collect(),
            _ => BTreeSet::new(),
        }
    }

    fn children(&self, block: &BlockRef, kind: &str) -> Vec<BlockRef> {
        let environment = self.environment.clone();
        block_children(
            self.db,
            self.workspace,
            block.clone(),
            kind.into(),
            environment,
        )
    }

    /// Whether the service's tier sets a field of truth.
    fn tier_says(&self, field: &str) -> bool {
        match self.service.get(field::TIER) {
            Value::Block(tier) => self.field(tier, field) == Value::Bool(true),
            _ => false,
        }
    }

    /// The objective of availability of another service, in percent.
    fn promise_of(&self, service: &BlockRef) -> Option<Decimal> {
        let slos = self.children(service, kind::SLO);
        let slo = slos.iter().find(|slo| slo.name == AVAILABILITY)?;
        match self.field(slo, field::OBJECTIVE) {
            Value::Percent(percent) => Some(percent),
            _ => None,
        }
    }

    /// An objective above the product of those of the services that this one cannot work without. One of them that
    /// has no such objective is left out, which only raises the ceiling.
    fn ceiling(&self) -> Option<Diag> {
        let slo = self
            .service
            .children_of(kind::SLO)
            .find(|slo| slo.name == AVAILABILITY)?;
        let Value::Percent(objective) = slo.get(field::OBJECTIVE) else {
            return None;
        };
        let mut ceiling = Decimal::ONE_HUNDRED;
        let mut seen = vec![self.service.head.item];
        let mut promises = Vec::new();
        for (dependency, other) in hard_services(self.service) {
            if seen.contains(&other.item) {
                continue;
            }
            seen.push(other.item);
            if let Some(promise) = self.promise_of(other) {
                ceiling = ceiling
                    .checked_mul(promise)?
                    .checked_div(Decimal::ONE_HUNDRED)?;
                promises.push((dependency, other, promise.normalize()));
            }
        }
        if *objective <= ceiling {
            return None;
        }
        let what = match promises.as_slice() {
            [(_, other, _)] => format!("{}, the objective of `{}`", shown(ceiling), other.name),
            _ => {
                let factors: Vec<_> = promises
                    .iter()
                    .map(|(_, other, promise)| {
                        format!("`{}` has an objective of {promise}%", other.name)
                    })
                    .collect();
                format!("{}, the product of {}", shown(ceiling), and(&factors))
            }
        };
        let mut diagnostic = Diag::new(
            &codes::ABOVE_CEILING,
            format!("an objective of {}% is above {what}", objective.normalize()),
            place(self.service, slo, slo.span_of(field::OBJECTIVE)),
        )
        .label("higher than its hard dependencies allow");
        for (dependency, other, promise) in promises {
            diagnostic = diagnostic.because(
                place(self.service, dependency, dependency.span_of(field::SERVICE)),
                format!("objective of `{}`: {promise}%", other.name),
            );
        }
        Some(diagnostic.help(
            "lower the objective, or set `criticality = soft` if the service degrades without the dependency \
                instead of failing",
        ))
    }

    /// Alerts that page without saying what to do, where the tier asks for it. Those that one text makes are told once.
    fn runbooks(&self, found: &mut Vec<Diag>) {
        let service = self.service;
        let known = service.incomplete
            || *service.get(field::RUNBOOK_URL) != Value::None
            || service.children_of(kind::RUNBOOK).next().is_some()
            || self.workspace.has_runbooks(self.db);
        if known || !self.tier_says(field::RUNBOOK_EXPECTED) {
            return;
        }
        let of_dependencies = service
            .children_of(kind::DEPENDENCY)
            .flat_map(|dependency| dependency.children_of(kind::ALERT));
        let mut seen = Vec::new();
        for alert in service.children_of(kind::ALERT).chain(of_dependencies) {
            let place = place(service, alert, alert.span_of(field::SEVERITY));
            if !pages(alert)
                || alert.incomplete
                || *alert.get(field::RUNBOOK_URL) != Value::None
                || seen.contains(&place)
            {
                continue;
            }
            seen.push(place);
            found.push(
                Diag::new(
                    &codes::NO_RUNBOOK,
                    format!("alert `{}` of `{}` pages but has no runbook", alert.name, service.name),
                    place,
                )
                .label("no instructions for the on-call engineer")
                .help("set `runbook_url` on the alert or the service, write a `runbook` block, or set \
                    `runbooks` under `[urls]` in `nth.toml`"),
            );
        }
    }

    /// A team that nobody is on call for: it has neither a schedule, which always has members, nor a step. One that
    /// says nothing of who is on call may do so elsewhere, unless the tier asks for it here.
    fn on_call(&self) -> Option<Diag> {
        let Value::Block(team) = self.service.get(field::TEAM) else {
            return None;
        };
        let escalations = self.children(team, kind::ESCALATION);
        let reached = !self.children(team, kind::SCHEDULE).is_empty()
            || escalations
                .iter()
                .any(|escalation| !self.children(escalation, kind::STEP).is_empty());
        if reached || escalations.is_empty() && !self.tier_says(field::ON_CALL_EXPECTED) {
            return None;
        }
        // What is missing may be what could not be read, of which enough is said.
        if !is_whole(self.db, self.workspace, team.item, self.environment.clone()) {
            return None;
        }
        Some(
            Diag::new(
                &codes::NOBODY_ON_CALL,
                format!(
                    "`{}` can page, but no one in team `{}` is on call",
                    self.service.name, team.name
                ),
                place(
                    self.service,
                    self.service,
                    self.service.span_of(field::TEAM),
                ),
            )
            .label("no schedule and no escalation step")
            .help("give the team a `schedule` with `members`, or an `escalation` with a `step`"),
        )
    }
}

/// Whether anything of a service, written or made for an objective, pages.
pub(super) fn wakes_somebody(service: &ir::Service) -> bool {
    let page = |severity: &Severity| *severity == Severity::Page;
    service.alerts.iter().any(|alert| page(&alert.severity))
        || service.slos.iter().any(|slo| {
            let burns = slo.burn_rate_pairs.iter().map(|pair| &pair.severity);
            let spent = slo.budget_alerts.iter().map(|alert| &alert.severity);
            let absent = slo.absences.iter().map(|alert| &alert.severity);
            burns.chain(spent).chain(absent).any(page)
        })
}

/// Whether a block says that somebody is woken.
fn pages(alert: &Instance) -> bool {
    matches!(alert.get(field::SEVERITY), Value::Enum(_, member) if member == "page")
}

/// A percentage, exact where it has few decimals, else rounded down so that what is above it looks so too.
fn shown(percent: Decimal) -> String {
    let percent = percent.normalize();
    if percent.scale() <= SHOWN_DECIMALS {
        return format!("{percent}%");
    }
    let rounded = percent.trunc_with_scale(SHOWN_DECIMALS).normalize();
    format!("about {rounded}%")
}

/// `a`, `a and b`, `a, b and c`.
fn and(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rust_decimal::Decimal;

    use super::{and, shown};

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_product_is_exact_or_rounded_down() {
        assert_eq!(shown(percent("99.8500500")), "99.85005%");
        assert_eq!(shown(percent("99.85005001")), "99.85005001%");
        assert_eq!(shown(percent("99.9499999999")), "about 99.94999999%");
    }

    #[test]
    fn items_are_listed_as_one_speaks() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(and(&items[..1]), "a");
        assert_eq!(and(&items[..2]), "a and b");
        assert_eq!(and(&items), "a, b and c");
    }
}
