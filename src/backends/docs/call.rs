//! The escalation section: who is notified after which time.

use super::page::Page;
use super::pagerduty::{self, ESCALATION_POLICIES, SCHEDULES, SERVICES};
use super::{text, words};
use nth_model::text::list;
use nth_model::{
    Duration, Escalation, Layer, Project, Response, Schedule, Service, Settings, Severity, Step,
    Target, Team, Urgency,
};

/// Adds the section on the escalation of a service whose alerts have these severities.
pub fn section(
    page: &mut Page,
    service: &Service,
    project: &Project<'_>,
    settings: &Settings,
    severities: &[&Severity],
) {
    if let (Some(id), true) = (&service.origin.pagerduty_id, is_paged(service, project)) {
        page.paragraph(format!(
            "Pages go to service {}, which has its own escalation policy, urgency and support hours.",
            pagerduty::managed(SERVICES, id, settings)
        ));
    } else if is_paged(service, project) {
        loudness(page, service, project);
        match project.escalation_for(service) {
            Some((team, escalation)) => match &escalation.origin.pagerduty_id {
                Some(id) => page.paragraph(format!(
                    "Escalation policy {}.",
                    pagerduty::managed(ESCALATION_POLICIES, id, settings)
                )),
                None => steps(page, service, project, settings, (team, &escalation)),
            },
            None => page.paragraph(nobody_on_call(service, project)),
        }
    } else {
        page.paragraph("No page is sent in this environment: all alerts are tickets.".to_owned());
    }
    page.list(severities.iter().map(|severity| {
        format!(
            "{} {}",
            self::severity(service, severity, project),
            recipients(service, severity, project)
        )
    }));
    if let Some(team) = project.owner(service) {
        page.list(contacts(team));
    }
}

/// Returns whether anyone is paged for a service in its environment.
fn is_paged(service: &Service, project: &Project<'_>) -> bool {
    project.owner(service).is_none_or(|team| team.is_paged)
}

/// The paragraph for a service without anyone on call, with the people to contact.
fn nobody_on_call(service: &Service, project: &Project<'_>) -> String {
    let what = service.role.word();
    let mut told = format!("**No one is on call**: the {what} has no escalation.");
    match project.owner(service).and_then(contact_channels) {
        Some(reach) => told.push_str(&format!(" Contact {reach}.")),
        None => told.push_str(" Its team has no Slack channel and no email address."),
    }
    told
}

/// Adds the urgency of incidents, by time.
fn loudness(page: &mut Page, service: &Service, project: &Project<'_>) {
    let mut told = match project.support_hours(service) {
        Some(hours) => format!(
            "Urgency of pages: high {}; low at other times, until these hours begin. Urgency of \
            tickets: low.",
            words::support_hours(hours, &text::inline(&hours.zone))
        ),
        None => "Urgency of pages: high, at all times. Urgency of tickets: low.".to_owned(),
    };
    let declared = project.owner(service).into_iter();
    for severity in declared.flat_map(|team| team.severities.all()) {
        let urgency = match severity.urgency() {
            Urgency::High => "high",
            Urgency::Low => "low",
        };
        let name = severity.name();
        if ![Severity::PAGE, Severity::TICKET].contains(&name) {
            told.push_str(&format!(
                " Urgency of severity {}: {urgency}.",
                text::inline(name)
            ));
        }
    }
    page.paragraph(told);
}

/// Summarizes the effect of an alert of this severity: who is notified and how.
pub fn severity(service: &Service, severity: &Severity, project: &Project<'_>) -> String {
    let name = severity.name();
    match severity.response() {
        Response::Page if chain(service, project).is_none() => {
            format!("**Severity:** {name}, respond now. No one is on call.")
        }
        Response::Page => match project.support_hours(service) {
            Some(hours) => format!(
                "**Severity:** {name}, respond now {}; at other times the page waits until these hours \
                begin.",
                words::support_hours(hours, &text::inline(&hours.zone))
            ),
            None => format!("**Severity:** {name}, respond now."),
        },
        Response::Ticket => format!("**Severity:** {name}, handle during working hours."),
    }
}

/// The steps of the escalation on one line.
fn chain(service: &Service, project: &Project<'_>) -> Option<String> {
    let managed = |what: &str, id: &str| Some(format!("{what} {} in PagerDuty", text::code(id)));
    if let Some(id) = &service.origin.pagerduty_id {
        return managed("service", id);
    }
    let (_, escalation) = project.escalation_for(service)?;
    if let Some(id) = &escalation.origin.pagerduty_id {
        return managed("escalation policy", id);
    }
    let starts = step_delays(&escalation, service);
    let steps: Vec<_> = escalation
        .steps
        .iter()
        .zip(starts)
        .map(|(step, start)| step_in_short(step, start))
        .collect();
    Some(steps.join("; "))
}

fn steps(
    page: &mut Page,
    service: &Service,
    project: &Project<'_>,
    settings: &Settings,
    (team, escalation): (&Team, &Escalation),
) {
    page.paragraph(format!(
        "Escalation policy {} (team {}). Times are since the incident opened, unless it is acknowledged:",
        text::code(&escalation.name),
        text::inline(&team.name)
    ));
    let starts = step_delays(escalation, service);
    let lines = escalation.steps.iter().zip(&starts).map(|(step, start)| {
        let targets: Vec<_> = step
            .notify
            .iter()
            .map(|target| target_in_full(target, project, settings, team))
            .collect();
        format!("**{}:** {}", delay_text(*start), list(&targets, "and"))
    });
    page.steps(lines);
    let last = escalation
        .waits(&service.pace)
        .last()
        .copied()
        .unwrap_or(Duration(0));
    page.paragraph(match escalation.loops(&service.pace) {
        0 => format!(
            "The last step times out after {}; then no one else is notified.",
            words::duration(last)
        ),
        loops => format!(
            "The last step times out after {}; then the policy repeats {}.",
            words::duration(last),
            if loops == 1 {
                "once".to_owned()
            } else {
                format!("{loops} times")
            }
        ),
    });
    let reach = pagerduty::reach(escalation, project, settings);
    if !reach.is_empty() {
        page.paragraph("How to reach them besides by email:");
        page.list(reach);
    }
}

/// The delay of each step from the start.
fn step_delays(escalation: &Escalation, service: &Service) -> Vec<Duration> {
    let first = escalation.steps.first().and_then(|step| step.after);
    let mut start = first.unwrap_or(Duration(0));
    escalation
        .waits(&service.pace)
        .into_iter()
        .map(|wait| {
            let this = start;
            start = Duration(start.0.saturating_add(wait.0));
            this
        })
        .collect()
}

fn delay_text(start: Duration) -> String {
    if start.0 == 0 {
        "Immediately".to_owned()
    } else {
        format!("After {}", words::duration(start))
    }
}

/// The target of a step, in short.
fn target_in_short(target: &Target) -> String {
    match target {
        Target::Person(mail) => text::person(mail),
        Target::Schedule { name, .. } => format!("{} on call", text::code(name)),
    }
}

fn target_in_full(
    target: &Target,
    project: &Project<'_>,
    settings: &Settings,
    of: &Team,
) -> String {
    let Target::Schedule { team, name } = target else {
        return target_in_short(target);
    };
    let mut told = format!("{} on call", text::code(name));
    if *team != of.name {
        told.push_str(&format!(" of {}", text::inline(team)));
    }
    let schedule = project
        .team(team)
        .and_then(|team| team.schedules.iter().find(|known| known.name == *name));
    if let Some(schedule) = schedule {
        told.push_str(&match &schedule.origin.pagerduty_id {
            Some(id) => format!(" ({})", pagerduty::managed(SCHEDULES, id, settings)),
            None => format!(" ({})", rotations(schedule)),
        });
    }
    told
}

/// The rotation of a schedule: the layer with the highest precedence first.
fn rotations(schedule: &Schedule) -> String {
    let zone = text::inline(&schedule.zone);
    let overrides = schedule.overrides.iter();
    let overrides = overrides.map(|one| format!("{} {}", text::person(&one.member), one.times()));
    let layers = schedule.layers.iter().rev().map(layer);
    let layers: Vec<_> = overrides.chain(layers).collect();
    format!("{}; times are {zone}", layers.join("; otherwise "))
}

fn layer(layer: &Layer) -> String {
    let members: Vec<_> = layer
        .members
        .iter()
        .map(|member| text::person(member))
        .collect();
    let mut told = members.join(", ");
    if layer.members.len() > 1 {
        // Shifts of whole weeks always begin on the same weekday.
        let begin = if layer.shift.0.is_multiple_of(Duration::days(7).0) {
            format!("on {}", words::time_of_week(layer.handoff))
        } else {
            format!("at {}", words::time(layer.handoff.time))
        };
        told.push_str(&format!(
            " in a {} rotation, handoff {begin}, starting {}",
            words::shift_length(layer.shift),
            layer.start
        ));
    }
    if !layer.hours.is_empty() {
        let hours: Vec<_> = layer.hours.iter().map(words::hours).collect();
        told.push_str(&format!(", only {}", list(&hours, "and")));
    }
    told
}

/// The contact addresses of a team, if it has any.
pub fn contact_channels(team: &Team) -> Option<String> {
    let slack = team.slack.as_ref().map(|slack| text::code(slack));
    let mail = team.email.as_ref().map(|mail| text::person(mail));
    let ways: Vec<_> = slack.into_iter().chain(mail).collect();
    (!ways.is_empty()).then(|| list(&ways, "and"))
}

/// The team with its description and contact addresses.
pub fn contacts(team: &Team) -> Vec<String> {
    let mut lines = Vec::new();
    let people = |people: &[String]| {
        let people: Vec<_> = people.iter().map(|mail| text::person(mail)).collect();
        list(&people, "and")
    };
    if let Some(reach) = contact_channels(team) {
        lines.push(format!(
            "Contact team {} in {reach}.",
            text::inline(&team.name)
        ));
    }
    if !team.members.is_empty() {
        lines.push(format!("Members: {}.", people(&team.members)));
    }
    if !team.managers.is_empty() {
        lines.push(format!("Managers: {}.", people(&team.managers)));
    }
    lines
}

/// The people that an alert notifies, step by step, on one line.
fn recipients(service: &Service, severity: &Severity, project: &Project<'_>) -> String {
    let owner = project.owner(service);
    match (severity.response(), chain(service, project)) {
        (Response::Page, Some(chain)) => format!("{}.", capitalized(&chain)),
        (Response::Page, None) => nobody_on_call(service, project),
        (Response::Ticket, chain) => {
            let first = match owner.and_then(contact_channels) {
                Some(reach) => format!("No page is sent; contact {reach}."),
                None => "No page is sent.".to_owned(),
            };
            match chain {
                _ if !is_paged(service, project) => first,
                Some(chain) => format!("{first} If customers are affected: {chain}."),
                None => format!("{first} {}", nobody_on_call(service, project)),
            }
        }
    }
}

/// A text as the beginning of a sentence.
fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}

fn step_in_short(step: &Step, start: Duration) -> String {
    let targets: Vec<_> = step.notify.iter().map(target_in_short).collect();
    let when = if start.0 == 0 {
        "now".to_owned()
    } else {
        format!("after {}", words::duration(start))
    };
    format!("{} {when}", list(&targets, "and"))
}
