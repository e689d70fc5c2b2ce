//! Checks a service's objectives against its dependencies, and its alerts against runbooks and on-call.
//!
//! Other items are read field by field, so that a service only depends on the fields that are compared here.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::dependencies::{hard_dependencies, place, references};
use super::{alert_names, rule_labels, ruler_functions, series, utf8_names};
use crate::codes;
use crate::db::{Diag, ItemKey, Workspace};
use crate::environment;
use crate::eval::{BlockRef, Instance, Value, block_children, block_field, instance};
use crate::lower::service_model;
use crate::schema::names::{field, kind};
use crate::severities::{severities, severity_named};
use nth_diagnostics::text::list;
use nth_model::{self as ir, Severity};

/// The objective that multiplies along dependencies: a request that fails there fails here. Latency and freshness have their own
/// thresholds, and do not.
const AVAILABILITY: &str = field::AVAILABILITY;

/// The maximum number of decimals of a product in messages. More are rounded down.
const SHOWN_DECIMALS: u32 = 8;

/// Checks a service against the other items that it names.
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
    found.extend(references(service));
    facts.runbooks(&mut found);
    let labels = rule_labels::Labels {
        service,
        environment: facts.environment.as_ref(),
        severities: severities(db, workspace, facts.environment.clone()),
        given: workspace.given_labels(db),
    };
    found.extend(labels.lost());
    let version = workspace.prometheus_version(db);
    found.extend(utf8_names::unreadable(
        service,
        version,
        &facts.given_labels(),
    ));
    found.extend(ruler_functions::unsupported(service, workspace.ruler(db)));
    if matches!(service.kind.as_str(), kind::ALERT | kind::RECORDING) {
        if service.kind == kind::ALERT
            && facts.is_page(service)
            && environment::pages(db, workspace, facts.environment.as_ref())
        {
            found.extend(facts.on_call());
        }
        return found;
    }
    let model = &service_model(db, workspace, key, facts.environment.clone()).service;
    if let Some(model) = model {
        found.extend(alert_names::alike(service, &model.alerts));
        if pages_anyone(model) {
            found.extend(facts.on_call());
        }
        found.extend(series::unscoped_series(
            service,
            model,
            &facts.given_labels(),
        ));
    }
    found
}

/// True if a top-level block has no reported errors that make it incomplete.
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

/// Diagnostics about a team's escalations that notify nobody.
pub fn empty_escalations(team: &Instance) -> impl Iterator<Item = Diag> {
    team.children_of(kind::ESCALATION)
        .filter(|escalation| !escalation.incomplete)
        .filter(|escalation| *escalation.get(field::PAGERDUTY_ID) == Value::None)
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

/// The availability that a dependency promises.
struct Promise<'s> {
    dependency: &'s Instance,
    /// The field that says it, or that names the service which does.
    field: &'static str,
    /// The dependency or the service.
    of: &'s str,
    /// In percent.
    share: Decimal,
}

impl Promise<'_> {
    fn what(&self) -> &'static str {
        match self.field {
            field::AVAILABILITY | field::SHARED => "promised availability",
            _ => "objective",
        }
    }
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

    /// Returns the labels that the environment adds to every query.
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
            Some(Value::Matchers(matchers)) => matchers.labels().cloned().collect(),
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

    /// True if the service's tier sets a bool field.
    fn tier_sets(&self, field: &str) -> bool {
        match self.service.get(field::TIER) {
            Value::Block(tier) => self.field(tier, field) == Value::Bool(true),
            _ => false,
        }
    }

    /// Returns the availability objective of another service, or what a shared dependency promises, in percent.
    fn availability_of(&self, service: &BlockRef) -> Option<Decimal> {
        if service.kind == kind::DEPENDENCY {
            return match self.field(service, field::AVAILABILITY) {
                Value::Percent(percent) => Some(percent),
                _ => None,
            };
        }
        let slos = self.children(service, kind::SLO);
        let slo = slos.iter().find(|slo| slo.name == AVAILABILITY)?;
        match self.field(slo, field::OBJECTIVE) {
            Value::Percent(percent) => Some(percent),
            _ => None,
        }
    }

    /// What the hard dependencies of the service promise: their own `availability`, or else the objective of their service. Those with
    /// neither are left out, which can only raise the limit.
    fn promises(&self) -> Vec<Promise<'_>> {
        let mut seen = vec![self.service.head.item];
        let mut found = Vec::new();
        for dependency in hard_dependencies(self.service) {
            let (of, other) = match dependency.depended_on() {
                Some((of, other)) => (of, Some(other)),
                None => (field::SERVICE, None),
            };
            if let Some(other) = other {
                if seen.contains(&other.item) {
                    continue;
                }
                seen.push(other.item);
            }
            let promise = match (dependency.get(field::AVAILABILITY), other) {
                (Value::Percent(share), _) => Promise {
                    dependency,
                    field: field::AVAILABILITY,
                    of: &dependency.name,
                    share: share.normalize(),
                },
                (_, Some(other)) => match self.availability_of(other) {
                    Some(share) => Promise {
                        dependency,
                        field: of,
                        of: &other.name,
                        share: share.normalize(),
                    },
                    None => continue,
                },
                (_, None) => continue,
            };
            found.push(promise);
        }
        found
    }

    /// Diagnostic about an objective above the product of what the hard dependencies promise.
    fn ceiling(&self) -> Option<Diag> {
        let slo = self
            .service
            .children_of(kind::SLO)
            .find(|slo| slo.name == AVAILABILITY)?;
        let Value::Percent(objective) = slo.get(field::OBJECTIVE) else {
            return None;
        };
        let mut ceiling = Decimal::ONE_HUNDRED;
        let promises = self.promises();
        for promise in &promises {
            ceiling = ceiling
                .checked_mul(promise.share)?
                .checked_div(Decimal::ONE_HUNDRED)?;
        }
        if *objective <= ceiling {
            return None;
        }
        let what = match promises.as_slice() {
            [only] => format!(
                "{}, the {} of `{}`",
                format_percent(ceiling),
                only.what(),
                only.of
            ),
            _ => {
                let factors: Vec<_> = promises
                    .iter()
                    .map(|promise| match promise.field {
                        field::AVAILABILITY | field::SHARED => {
                            format!("`{}` promises {}%", promise.of, promise.share)
                        }
                        _ => format!("`{}` has an objective of {}%", promise.of, promise.share),
                    })
                    .collect();
                format!(
                    "{}, the product of {}",
                    format_percent(ceiling),
                    list(&factors, "and")
                )
            }
        };
        let mut diagnostic = Diag::new(
            &codes::ABOVE_CEILING,
            format!("an objective of {}% is above {what}", objective.normalize()),
            place(self.service, slo, slo.span_of(field::OBJECTIVE)),
        )
        .label("higher than its hard dependencies allow");
        for promise in promises {
            let dependency = promise.dependency;
            diagnostic = diagnostic.because(
                place(self.service, dependency, dependency.span_of(promise.field)),
                format!("{} of `{}`: {}%", promise.what(), promise.of, promise.share),
            );
        }
        Some(diagnostic.help(
            "lower the objective, or set `criticality = soft` if the service degrades without the dependency \
                instead of failing",
        ))
    }

    /// Reports paging alerts without a runbook, if the tier requires one. Alerts from one text are reported once.
    fn runbooks(&self, found: &mut Vec<Diag>) {
        let service = self.service;
        let known = service.incomplete
            || *service.get(field::RUNBOOK_URL) != Value::None
            || service.children_of(kind::RUNBOOK).next().is_some()
            || self.workspace.has_runbooks(self.db)
            || !environment::pages(self.db, self.workspace, self.environment.as_ref());
        if known || !self.tier_sets(field::RUNBOOK_EXPECTED) {
            return;
        }
        let of_dependencies = service
            .children_of(kind::DEPENDENCY)
            .flat_map(|dependency| dependency.children_of(kind::ALERT));
        let mut seen = Vec::new();
        for alert in service.children_of(kind::ALERT).chain(of_dependencies) {
            let place = place(service, alert, alert.span_of(field::SEVERITY));
            if !self.is_page(alert)
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

    /// True if an alert has a severity that pages.
    fn is_page(&self, alert: &Instance) -> bool {
        let all = severities(self.db, self.workspace, self.environment.clone());
        severity_named(alert.get(field::SEVERITY), all).is_some_and(|severity| severity.pages())
    }

    /// Diagnostic about a team without on-call: it has no schedule with members and no step. A team without any on-call data may
    /// have it elsewhere, and is only reported if the tier requires it.
    fn on_call(&self) -> Option<Diag> {
        let Value::Block(team) = self.service.get(field::TEAM) else {
            return None;
        };
        let escalations = self.children(team, kind::ESCALATION);
        let reached = !self.children(team, kind::SCHEDULE).is_empty()
            || escalations.iter().any(|escalation| {
                self.field(escalation, field::PAGERDUTY_ID) != Value::None
                    || !self.children(escalation, kind::STEP).is_empty()
            })
            || *self.service.get(field::PAGERDUTY_ID) != Value::None;
        if reached || escalations.is_empty() && !self.tier_sets(field::ON_CALL_EXPECTED) {
            return None;
        }
        // An incomplete team was already reported.
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

/// True if any alert of a service pages, declared or generated.
pub(super) fn pages_anyone(service: &ir::Service) -> bool {
    let page = |severity: &Severity| severity.pages();
    service.alerts.iter().any(|alert| page(&alert.severity))
        || service.slos.iter().any(|slo| {
            let burns = slo.burn_rate_pairs.iter().map(|pair| &pair.severity);
            let promised = slo.contracts.iter().flat_map(|contract| &contract.alerts);
            let spent = slo.budget_alerts.iter().chain(promised);
            let spent = spent.map(|alert| &alert.severity);
            let absent = slo.missing_data_alerts.iter().map(|alert| &alert.severity);
            burns.chain(spent).chain(absent).any(page)
        })
}

/// Formats a percentage: exact if it has few decimals, else rounded down, so that a higher objective also looks higher.
fn format_percent(percent: Decimal) -> String {
    let percent = percent.normalize();
    if percent.scale() <= SHOWN_DECIMALS {
        return format!("{percent}%");
    }
    let rounded = percent.trunc_with_scale(SHOWN_DECIMALS).normalize();
    format!("about {rounded}%")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rust_decimal::Decimal;

    use super::{format_percent, list};

    fn percent(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_product_is_exact_or_rounded_down() {
        assert_eq!(format_percent(percent("99.8500500")), "99.85005%");
        assert_eq!(format_percent(percent("99.85005001")), "99.85005001%");
        assert_eq!(
            format_percent(percent("99.9499999999")),
            "about 99.94999999%"
        );
    }

    #[test]
    fn items_are_listed_as_one_speaks() {
        let items = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&items[..1], "and"), "a");
        assert_eq!(list(&items[..2], "and"), "a and b");
        assert_eq!(list(&items, "and"), "a, b and c");
    }
}
