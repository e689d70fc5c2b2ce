//! PagerDuty's limits for teams, schedules and escalations, reported at the line that exceeds them.
//!
//! The numbers come from PagerDuty's REST schema, its Terraform provider (3.32.4), and its documentation of escalation policies.

mod contacts;
mod hours;
mod objects;
mod overrides;
mod people;
mod steps;
mod zones;

use smol_str::SmolStr;

use super::dependencies::place;
use crate::codes;
use crate::db::{Diag, ItemKey, Workspace};
use crate::eval::{Instance, Value, instance};
use crate::lower::{day_twice, service_model, team_model};
use crate::schema::names::{field, kind};
use nth_model as ir;

/// Checks a team against PagerDuty's limits, and its hours.
pub fn team_facts(team: &Instance) -> Vec<Diag> {
    let mut found = Vec::new();
    people::check(team, &mut found);
    contacts::check(team, &mut found);
    objects::team(team, &mut found);
    for schedule in team.children_of(kind::SCHEDULE) {
        overrides::check(team, schedule, &mut found);
        zones::check(team, schedule, &mut found);
        hours::layer(team, schedule, &mut found);
        for layer in schedule.children_of(kind::LAYER) {
            hours::layer(team, layer, &mut found);
        }
    }
    for escalation in team.children_of(kind::ESCALATION) {
        steps::check(team, escalation, &mut found);
    }
    support_hours(team, &mut found);
    found
}

/// Checks a service, and its escalation with the pace of its tier, against PagerDuty's limits.
#[salsa::tracked(returns(ref))]
pub fn paging_facts(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Vec<Diag> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let Some(service) = &evaluated.instance else {
        return Vec::new();
    };
    let mut found = Vec::new();
    support_hours(service, &mut found);
    objects::object(service, service, &mut found);
    let model = &service_model(db, workspace, key, environment.clone()).service;
    let Some(model) = model else {
        return found;
    };
    // The escalation's team, or else the service's own.
    let holder = match (service.get(field::ESCALATION), service.get(field::TEAM)) {
        (Value::Block(block), _) | (_, Value::Block(block)) => block.item,
        _ => return found,
    };
    let evaluated = instance(db, workspace, holder, environment.clone());
    let Some(team) = &evaluated.instance else {
        return found;
    };
    // The service has an escalation policy in PagerDuty.
    if model.origin.pagerduty_id.is_some() {
        let lowered = team_model(db, workspace, holder, environment);
        found.extend(nothing_sent(service, lowered.team.as_ref(), model));
        return found;
    }
    match &model.escalation {
        Some(named) => {
            let lowered = team_model(db, workspace, holder, environment);
            let ways = lowered.team.iter().flat_map(|team| &team.escalations);
            let lowered = ways.into_iter().find(|way| way.name == named.name);
            let written = team.children_of(kind::ESCALATION);
            let written = written.into_iter().find(|way| way.name == named.name);
            if let (Some(lowered), Some(written)) = (lowered, written) {
                steps::at_pace(team, written, lowered, model, &mut found);
            }
        }
        None => found.extend(no_default_escalation(service, team, model)),
    }
    found
}

/// Diagnostic about a service in PagerDuty that pages, if its team sends nothing there.
fn nothing_sent(service: &Instance, team: Option<&ir::Team>, model: &ir::Service) -> Option<Diag> {
    let team = team.filter(|team| team.is_paged)?;
    let receivers = team.effective_receivers();
    let is_sent = receivers.iter().any(|receiver| {
        matches!(receiver.channel, ir::Channel::PagerDuty(_))
            && receiver.on.iter().any(ir::Severity::pages)
    });
    if is_sent || service.incomplete || !super::reliability::pages_anyone(model) {
        return None;
    }
    Some(
        Diag::new(
            &codes::PAGERDUTY_OBJECT,
            format!(
                "`{}` is a service in PagerDuty, but team `{}` sends no page there",
                service.name, team.name
            ),
            place(service, service, service.span_of(field::PAGERDUTY_ID)),
        )
        .label("never receives an event")
        .help(format!(
            "add `receiver oncall : pagerduty {{ on = [page] }}` to team `{}`, or an escalation",
            team.name
        )),
    )
}

/// Diagnostic about a service that pages, if its team has several escalations and none is the default.
fn no_default_escalation(service: &Instance, team: &Instance, model: &ir::Service) -> Option<Diag> {
    let names: Vec<&str> = team
        .children_of(kind::ESCALATION)
        .map(|way| way.name.as_str())
        .collect();
    let [first, _, ..] = names.as_slice() else {
        return None;
    };
    if service.incomplete || team.incomplete || !super::reliability::pages_anyone(model) {
        return None;
    }
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    Some(
        Diag::new(
            &codes::NO_ESCALATION_CHOSEN,
            format!(
                "`{}` does not say which escalation of `{}` to use",
                service.name, team.name
            ),
            place(service, service, service.span_of(field::TEAM)),
        )
        .label(format!("the team has {}", all.join(", ")))
        .help(format!(
            "set `escalation = {}.{first}` on the service, or name one of them `default`",
            team.name
        )),
    )
}

/// Reports support hours that end before they begin, or that contain a day twice.
fn support_hours(block: &Instance, found: &mut Vec<Diag>) {
    for hours in block.children_of(kind::SUPPORT_HOURS) {
        zones::check(block, hours, found);
        if let (Value::TimeOfDay(from), Value::TimeOfDay(to)) =
            (hours.get(field::FROM), hours.get(field::TO))
            && from >= to
        {
            let field = if hours.fields.get(field::TO).is_some_and(|to| to.explicit) {
                field::TO
            } else {
                field::FROM
            };
            found.push(
                Diag::new(
                    &codes::BAD_SUPPORT_HOURS,
                    format!(
                        "support hours from {:02}:{:02} end at {:02}:{:02} of the same day",
                        from.hour, from.minute, to.hour, to.minute
                    ),
                    place(block, hours, hours.span_of(field)),
                )
                .label("not after the start")
                .help(
                    "stay within one day: PagerDuty does not support support hours across midnight",
                ),
            );
        }
        if let Some(day) = day_twice(hours) {
            found.push(
                Diag::new(
                    &codes::BAD_SUPPORT_HOURS,
                    format!("duplicate day `{day}` in support hours"),
                    place(block, hours, hours.span_of(field::DAYS)),
                )
                .label("already listed"),
            );
        }
    }
}
