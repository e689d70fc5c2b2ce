//! Services.

use std::collections::BTreeSet;

use nth_model::{Criticality, Dependency, Project, Role, Section, Service, Signal};
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::changes::Changes;
use super::matching::{Match, never_renamed, pairs, pairs_with_former};
use super::query;
use super::texts;
use super::{Sides, Version, alert, dashboard, gate, log_alerts, origins, slo};
use crate::change::{Change, Side, Subject};
use crate::id::ChangeId;

/// Compares the services of two versions.
pub fn compare(base: Version<'_>, head: Version<'_>, changes: &mut Changes) {
    let (old, new): (Vec<&Service>, Vec<&Service>) = (
        base.project.services().collect(),
        head.project.services().collect(),
    );
    for found in pairs_with_former(
        old,
        new,
        |one| one.name.as_str(),
        |one| one.origin.renamed_from.as_slice(),
        key,
    ) {
        match found {
            // A team has no rules rather than rules without a rule: each of them is a change.
            Match::Removed(rules) if rules.role == Role::Team => {
                let none = without_rules(rules);
                let sides = Sides::new((base, rules), (head, &none));
                both((base, rules), (head, &none), &sides, changes);
            }
            Match::Added(rules) if rules.role == Role::Team => {
                let none = without_rules(rules);
                let sides = Sides::new((base, &none), (head, rules));
                both((base, &none), (head, rules), &sides, changes);
            }
            Match::Removed(service) => changes.plain(
                ChangeId::ServiceRemoved,
                &Subject::service(&service.name),
                Some(parts(service)),
                None,
            ),
            Match::Added(service) => changes.plain(
                ChangeId::ServiceAdded,
                &Subject::service(&service.name),
                None,
                Some(parts(service)),
            ),
            Match::Both(before, after) => {
                let scopes = (base.environment_labels, head.environment_labels);
                let same_scope =
                    scopes.0 == scopes.1 && base.settings.shared == head.settings.shared;
                let same_team = escalation(base.project, before) == escalation(head.project, after);
                if before == after && same_scope && same_team {
                    continue;
                }
                let sides = Sides::new((base, before), (head, after));
                both((base, before), (head, after), &sides, changes);
            }
        }
    }
}

/// The rules of a team without any of them.
fn without_rules(rules: &Service) -> Service {
    Service {
        alerts: Vec::new(),
        recordings: Vec::new(),
        log_alerts: Vec::new(),
        skipped_rules: Vec::new(),
        ..rules.clone()
    }
}

/// The names of the parts of a service, by which it is recognized under another name.
fn part_names(service: &Service) -> BTreeSet<(&'static str, &str)> {
    let slos = service.slos.iter().map(|slo| ("slo", slo.name.as_str()));
    let alerts = service.alerts.iter();
    let alerts = alerts.map(|alert| ("alert", alert.name.as_str()));
    let gates = service
        .gates
        .iter()
        .map(|gate| ("gate", gate.name.as_str()));
    slos.chain(alerts).chain(gates).collect()
}

/// The key by which a service is recognized under another name.
fn key(_: Side, service: &Service) -> Option<impl Ord> {
    let parts: BTreeSet<(&'static str, String)> = part_names(service)
        .into_iter()
        .map(|(kind, name)| (kind, name.to_owned()))
        .collect();
    let objectives: BTreeSet<(String, rust_decimal::Decimal, nth_model::Duration)> = service
        .slos
        .iter()
        .map(|slo| (slo.name.to_string(), slo.objective, slo.window))
        .collect();
    let of = (
        service.role,
        service.team.clone(),
        service.tier.clone(),
        service.service_type.clone(),
        // Two services of a template are as alike: what is written of them tells them apart.
        service.description.clone(),
    );
    (!parts.is_empty()).then_some((of, parts, objectives))
}

fn parts(service: &Service) -> String {
    let count = |number: usize, noun: &str| nth_model::text::count(number, noun);
    let mut all = Vec::new();
    for (number, noun) in [
        (service.slos.len(), "SLO"),
        (service.alerts.len(), "alert"),
        (service.gates.len(), "gate"),
        (service.dependencies.len(), "dependency"),
    ] {
        if number > 0 {
            all.push(count(number, noun));
        }
    }
    match all.len() {
        0 => "no SLOs and no alerts".to_owned(),
        _ => nth_model::text::list(&all, "and"),
    }
}

/// The escalation of a service as a text; `None` if no person is notified.
fn escalation(project: &Project<'_>, service: &Service) -> Option<String> {
    project.paged_for(service)
}

fn both(
    (base, before): (Version<'_>, &Service),
    (head, after): (Version<'_>, &Service),
    sides: &Sides,
    changes: &mut Changes,
) {
    let Service {
        name,
        // A team's rules are compared with a team's only, and a dependency may become a service.
        role: _,
        description,
        service_type,
        team,
        tier,
        selector,
        labels,
        slos,
        alerts: _,
        recordings: _,
        log_alerts: _,
        dependencies,
        signals,
        // With alerts and recording rules.
        skipped_rules: _,
        runbook_url,
        dashboard_url,
        logs_url,
        panels,
        // With the implied escalation of a team that has only schedules.
        escalation: _,
        pace,
        support_hours,
        runbook,
        gates,
        deployed,
        origin,
        // Which objects in Terraform's state are moved.
        former_tiers: _,
    } = after;
    let subject = &Subject::service(name);
    if before.name != *name {
        changes.plain(
            ChangeId::ServiceRenamed,
            subject,
            Some(before.name.to_string()),
            Some(name.to_string()),
        );
    }
    changes.text(
        ChangeId::ServiceDescriptionChanged,
        subject,
        before.description.as_ref(),
        description.as_ref(),
        String::clone,
    );
    changes.text(
        ChangeId::ServiceTypeChanged,
        subject,
        before.service_type.as_ref(),
        service_type.as_ref(),
        ToString::to_string,
    );
    changes.text(
        ChangeId::ServiceTeamChanged,
        subject,
        before.team.as_ref(),
        team.as_ref(),
        ToString::to_string,
    );
    changes.text(
        ChangeId::ServiceTierChanged,
        subject,
        Some(&before.tier),
        Some(tier),
        ToString::to_string,
    );
    changes.text(
        ChangeId::SelectorChanged,
        subject,
        Some(&before.selector),
        Some(selector),
        texts::matchers,
    );
    changes.text(
        ChangeId::ServiceLabelsChanged,
        subject,
        Some(&before.labels),
        Some(labels),
        texts::labels,
    );
    for (id, old, new) in [
        (
            ChangeId::ServiceRunbookUrlChanged,
            &before.runbook_url,
            runbook_url,
        ),
        (
            ChangeId::ServiceDashboardUrlChanged,
            &before.dashboard_url,
            dashboard_url,
        ),
        (ChangeId::ServiceLogsUrlChanged, &before.logs_url, logs_url),
    ] {
        changes.text(id, subject, old.as_ref(), new.as_ref(), String::clone);
    }
    let (old, new) = (
        escalation(base.project, before),
        escalation(head.project, after),
    );
    // The rules of a team exist with the first of them.
    let is_compared =
        before.role != Role::Team || before.alerts.is_empty() == after.alerts.is_empty();
    origins::compare(subject, &before.origin, origin, changes);
    if old != new && is_compared {
        let id = match new {
            None => ChangeId::ServiceUnescalated,
            Some(_) => ChangeId::ServiceEscalationChanged,
        };
        changes.plain(id, subject, old, new);
    }
    if before.pace != *pace {
        let text = |pace: &nth_model::Pace| {
            let waits: Vec<String> = pace.waits.iter().map(ToString::to_string).collect();
            format!(
                "steps of {}, repeated {} times",
                waits.join(", "),
                pace.loops
            )
        };
        changes.plain(
            ChangeId::PaceChanged,
            subject,
            Some(text(&before.pace)),
            Some(text(pace)),
        );
    }
    changes.text(
        ChangeId::ServiceSupportHoursChanged,
        subject,
        before.support_hours.as_ref(),
        support_hours.as_ref(),
        texts::support_hours,
    );
    let is_same_deployment = match (&before.deployed, deployed) {
        (Some(one), Some(other)) => sides.is_same_query(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    if !is_same_deployment {
        let text = |expr: &Option<nth_promql::Expr>, known| {
            expr.as_ref().map(|expr| query::text(expr, known))
        };
        changes.plain(
            ChangeId::DeploymentQueryChanged,
            subject,
            text(&before.deployed, &sides.base),
            text(deployed, &sides.head),
        );
    }
    compare_runbook(name, &before.runbook, runbook, changes);
    slo::compare(name, &before.slos, slos, sides, changes);
    alert::compare_alerts(before, after, sides, changes);
    log_alerts::compare(before, after, changes);
    alert::compare_recordings(before, after, sides, changes);
    compare_dependencies(name, &before.dependencies, dependencies, changes);
    compare_signals(name, &before.signals, signals, sides, changes);
    let renamed = renamed(before, after, changes);
    gate::compare(name, &before.gates, gates, &renamed, changes);
    dashboard::compare(name, &before.panels, panels, sides, changes);
}

/// The SLOs that have another name in the new version, or are of a service with another name.
fn renamed(before: &Service, after: &Service, changes: &Changes) -> gate::Renamed {
    let new_name = |slo: &SmolStr| {
        let is_renamed = |change: &&Change| {
            change.id == ChangeId::SloRenamed
                && change.before.as_deref() == Some(slo.as_str())
                && change.subject.service.as_ref() == Some(&after.name)
        };
        let renamed = changes.found.iter().find(is_renamed);
        renamed.and_then(|change| change.after.as_deref().map(SmolStr::from))
    };
    let slos = before.slos.iter().map(|slo| &slo.name);
    slos.map(|slo| {
        let new = new_name(slo).unwrap_or_else(|| slo.clone());
        (
            [before.name.clone(), slo.clone()],
            [after.name.clone(), new],
        )
    })
    .filter(|(old, new)| old != new)
    .collect()
}

fn compare_runbook(service: &str, base: &[Section], head: &[Section], changes: &mut Changes) {
    for found in pairs(base, head, |one| one.title.as_str(), never_renamed) {
        let subject = |one: &Section| Subject::part(service, "runbook", &one.title);
        match found {
            Match::Removed(one) => changes.plain(
                ChangeId::RunbookSectionRemoved,
                &subject(one),
                Some(one.title.to_string()),
                None,
            ),
            Match::Added(one) => changes.plain(
                ChangeId::RunbookSectionAdded,
                &subject(one),
                None,
                Some(one.title.to_string()),
            ),
            Match::Both(before, after) => changes.text(
                ChangeId::RunbookSectionChanged,
                &subject(after),
                Some(&before.text),
                Some(&after.text),
                String::clone,
            ),
        }
    }
}

fn compare_dependencies(
    service: &str,
    base: &[Dependency],
    head: &[Dependency],
    changes: &mut Changes,
) {
    let kind = |one: &Dependency| match one.criticality {
        Criticality::Hard => "hard",
        Criticality::Soft => "soft",
    };
    for found in pairs(base, head, |one| one.name.as_str(), never_renamed) {
        let subject = |one: &Dependency| Subject::part(service, "dependency", &one.name);
        let text = |one: &Dependency| Some(kind(one).to_owned());
        match found {
            Match::Removed(one) => {
                changes.plain(ChangeId::DependencyRemoved, &subject(one), text(one), None);
            }
            Match::Added(one) => {
                changes.plain(ChangeId::DependencyAdded, &subject(one), None, text(one));
            }
            Match::Both(before, after) => {
                let Dependency {
                    name: _,
                    service: referred,
                    technology,
                    criticality,
                    availability,
                    impact,
                    description,
                } = after;
                let subject = &subject(after);
                if before.criticality != *criticality {
                    let id = match criticality {
                        Criticality::Hard => ChangeId::DependencyHardened,
                        Criticality::Soft => ChangeId::DependencySoftened,
                    };
                    changes.plain(id, subject, text(before), text(after));
                }
                changes.text(
                    ChangeId::DependencyServiceChanged,
                    subject,
                    before.service.as_ref(),
                    referred.as_ref(),
                    ToString::to_string,
                );
                changes.text(
                    ChangeId::DependencyTechnologyChanged,
                    subject,
                    before.technology.as_ref(),
                    technology.as_ref(),
                    String::clone,
                );
                changes.text(
                    ChangeId::DependencyPromiseChanged,
                    subject,
                    before.availability.as_ref(),
                    availability.as_ref(),
                    |share| format!("{}%", (share * Decimal::ONE_HUNDRED).normalize()),
                );
                for (old, new) in [(&before.impact, impact), (&before.description, description)] {
                    changes.text(
                        ChangeId::DependencyTextChanged,
                        subject,
                        old.as_ref(),
                        new.as_ref(),
                        String::clone,
                    );
                }
            }
        }
    }
}

fn compare_signals(
    service: &str,
    base: &[Signal],
    head: &[Signal],
    sides: &Sides,
    changes: &mut Changes,
) {
    let name = |signal: &Signal| match &signal.dependency {
        Some(dependency) => format!("{dependency}.{}", signal.name),
        None => signal.name.to_string(),
    };
    let candidates = |signal: &Signal, known: &query::Known| {
        let all: Vec<String> = signal
            .candidates
            .iter()
            .map(|candidate| query::text(candidate, known))
            .collect();
        all.join(" or ")
    };
    let find = |all: &'_ [Signal], wanted: &Signal| {
        all.iter()
            .position(|one| (&one.name, &one.dependency) == (&wanted.name, &wanted.dependency))
    };
    for before in base {
        let subject = &Subject::part(service, "signal", &name(before));
        let Some(after) = find(head, before).and_then(|place| head.get(place)) else {
            changes.plain(
                ChangeId::SignalRemoved,
                subject,
                Some(candidates(before, &sides.base)),
                None,
            );
            continue;
        };
        let Signal {
            name: _,
            dependency: _,
            technology: _,
            description,
            unit,
            metric_type,
            candidates: _,
            scope: _,
            hint,
            // Rules that are no longer generated are changes of their own.
            resolution: _,
        } = after;
        let text = |signal: &Signal, known| {
            format!(
                "{} ({} {})",
                candidates(signal, known),
                signal.unit,
                signal.metric_type
            )
        };
        let is_other = (&before.unit, &before.metric_type) != (unit, metric_type)
            || candidates(before, &sides.base) != candidates(after, &sides.head);
        if is_other {
            changes.plain(
                ChangeId::SignalChanged,
                subject,
                Some(text(before, &sides.base)),
                Some(text(after, &sides.head)),
            );
        }
        for (old, new) in [(&before.description, description), (&before.hint, hint)] {
            changes.text(
                ChangeId::SignalDescriptionChanged,
                subject,
                old.as_ref(),
                new.as_ref(),
                String::clone,
            );
        }
    }
    for after in head {
        if find(base, after).is_none() {
            changes.plain(
                ChangeId::SignalAdded,
                &Subject::part(service, "signal", &name(after)),
                None,
                Some(candidates(after, &sides.head)),
            );
        }
    }
}
