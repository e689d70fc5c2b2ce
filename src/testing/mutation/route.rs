//! Mutants of routes: alerts that reach another team, or nobody.

use nth_model::{EscalationRef, Receiver, Severity, Team};
use smol_str::SmolStr;

use super::mutant::{MutationKind, Target};
use super::mutator::{Mutator, becomes};
use crate::schema::names::field;

/// Adds the mutants of a service's team and escalation.
pub fn of_service(mutator: &mut Mutator<'_>) {
    let service = mutator.service;
    let Some(own) = service.team.clone() else {
        return;
    };
    let places = mutator.places;
    let others = || {
        let teams = mutator.project.teams();
        teams.filter(|team| team.name != own)
    };
    let place = places.field(places.root, field::TEAM);
    let is_notified = |team: &&Team| !receivers(team).is_empty();
    if let Some(to) = others().find(is_notified) {
        let other = to.name.clone();
        // Without another one, the escalation is that of the team.
        let follows = places.own_field(places.root, field::ESCALATION).is_none();
        let escalation = to.escalations.first().map(|escalation| EscalationRef {
            team: to.name.clone(),
            name: escalation.name.clone(),
        });
        let change = becomes(format_args!("team = {own}"), format_args!("team = {other}"));
        mutator.add(
            MutationKind::Route,
            (Target::Service, place),
            change,
            |service| {
                service.team = Some(other);
                if follows {
                    service.escalation = escalation;
                }
                Some(())
            },
        );
    }
    let known = service.escalation.clone();
    let elsewhere = mutator
        .project
        .teams()
        .filter(|team| known.as_ref().is_none_or(|known| known.team != team.name))
        .filter(|team| team.name != own && !receivers(team).is_empty())
        .find_map(|team| Some((team, team.escalations.first()?)))
        .map(|(team, escalation)| EscalationRef {
            team: team.name.clone(),
            name: escalation.name.clone(),
        });
    let (Some(known), Some(elsewhere)) = (known, elsewhere) else {
        return;
    };
    let shown = |escalation: &EscalationRef| {
        format!("escalation = {}.{}", escalation.team, escalation.name)
    };
    let place = places.field(places.root, field::ESCALATION);
    let change = becomes(shown(&known), shown(&elsewhere));
    mutator.add(
        MutationKind::Route,
        (Target::Service, place),
        change,
        |service| {
            service.escalation = Some(elsewhere);
            Some(())
        },
    );
}

/// The receivers of a team that notify it, its own or the defaults.
fn receivers(team: &Team) -> Vec<Receiver> {
    team.effective_receivers().into_owned()
}

/// The alerts of a severity, in words.
fn plural(severity: &Severity) -> String {
    match severity.name() {
        Severity::PAGE => "pages".to_owned(),
        Severity::TICKET => "tickets".to_owned(),
        name => format!("alerts of severity `{name}`"),
    }
}

/// Returns changed teams with the change: no receiver for one of the severities.
pub fn of_team(team: &Team) -> Vec<(String, Team)> {
    let all = receivers(team);
    let mut found = Vec::new();
    for severity in team.severities.all() {
        if !all.iter().any(|receiver| receiver.on.contains(severity)) {
            continue;
        }
        let mut left = all.clone();
        for receiver in &mut left {
            receiver.on.retain(|of| of != severity);
        }
        left.retain(|receiver| !receiver.on.is_empty());
        let mut mutated = team.clone();
        if left.is_empty() {
            // No default either.
            mutated.slack = None;
            mutated.email = None;
            mutated.schedules.clear();
            mutated.escalations.clear();
        }
        mutated.receivers = left;
        found.push((
            format!("no receiver is notified of {}", plural(severity)),
            mutated,
        ));
    }
    found
}

/// The teams whose receivers a service's alerts reach.
pub fn teams_of(service: &nth_model::Service) -> impl Iterator<Item = &SmolStr> {
    let escalation = service.escalation.iter().map(|escalation| &escalation.team);
    service.team.iter().chain(escalation)
}
