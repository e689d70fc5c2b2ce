//! What happens in an incident, and the expectations that tell it from what happens with a mutant.

use std::collections::BTreeMap;

use nth_model::test::SloRef;
use nth_model::{Duration, Project, Response, Service, Settings};
use smol_str::SmolStr;

use super::mutant::{Mutant, Target};
use crate::ir::names::alert_names;
use crate::testing::decisions;
use crate::testing::incident::{Delivery, Incident};
use crate::testing::incidents::Incident as Given;

/// What a person could notice of an incident.
#[derive(Debug, Clone, Default)]
pub struct Observed {
    alerts: Vec<Seen>,
    budgets: Vec<(SloRef, Option<f64>)>,
    /// Service, gate, and the name of the verdict at the end.
    verdicts: Vec<(SmolStr, SmolStr, String)>,
}

/// A time in which an alert fired.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    /// As an expectation names it: `slo = checkout.availability`.
    subject: String,
    response: Response,
    /// When its notification was sent, in milliseconds since the beginning.
    sent: Option<i64>,
    /// When it was resolved.
    end: Option<i64>,
    /// The teams that were notified.
    teams: Vec<String>,
    summary: String,
}

/// Returns what happens in an incident that the services of a test see.
pub fn observe(
    incident: &Incident<'_>,
    project: &Project<'_>,
    settings: &Settings,
    services: &[SmolStr],
) -> Observed {
    let names = names(project, services);
    let mut seen = Observed::default();
    for (index, fired) in incident.fired.iter().enumerate() {
        let Some(alert) = incident.alert(fired) else {
            continue;
        };
        let subject = match &alert.slo {
            Some(slo) => Some(format!("slo = {}.{slo}", alert.service)),
            None => names
                .get(&(alert.service.clone(), alert.name.to_string()))
                .map(|name| format!("alert = {name}")),
        };
        let (Some(subject), Some(severity)) = (subject, &alert.severity) else {
            continue;
        };
        let at = incident.simulation.begin.saturating_add(fired.start);
        let texts = incident.annotations(fired, at).unwrap_or_default();
        let teams = incident.notifications(index);
        seen.alerts.push(Seen {
            subject,
            response: severity.response(),
            sent: match incident.delivery(index) {
                Delivery::Sent(at) => Some(at),
                Delivery::Unrouted => Some(fired.start),
                _ => None,
            },
            end: fired.end,
            teams: teams.map(|found| found.recipient.team.to_owned()).collect(),
            summary: texts.get("summary").cloned().unwrap_or_default(),
        });
    }
    let known = || services.iter().filter_map(|name| project.service(name));
    for service in known() {
        for slo in &service.slos {
            let slo = SloRef {
                service: service.name.clone(),
                slo: slo.name.clone(),
                group: BTreeMap::new(),
            };
            let left = decisions::budget_left(incident, &slo, incident.length());
            seen.budgets.push((slo, left));
        }
        for gate in &service.gates {
            let of = (service.name.as_str(), gate.name.as_str());
            let decision = decisions::decision(incident, project, settings, of, incident.length());
            if let Ok(decision) = decision {
                let verdict = decision.verdict.name().to_owned();
                seen.verdicts
                    .push((service.name.clone(), gate.name.clone(), verdict));
            }
        }
    }
    seen
}

/// The names of custom alerts as tests write them, by service and name in the rules.
fn names(project: &Project<'_>, services: &[SmolStr]) -> BTreeMap<(SmolStr, String), String> {
    let known = services.iter().filter_map(|name| project.service(name));
    known.flat_map(of_service).collect()
}

fn of_service(service: &Service) -> Vec<((SmolStr, String), String)> {
    let written: Vec<&str> = service
        .alerts
        .iter()
        .map(|alert| alert.name.as_str())
        .collect();
    let names = alert_names(&written).into_iter();
    names
        .zip(&service.alerts)
        .map(|(names, alert)| {
            let own = alert.dependency.as_ref().and_then(|of| {
                let name = alert.name.strip_prefix(of.as_str())?;
                Some((of, name.strip_prefix('-')?))
            });
            let written = match own {
                Some((of, name)) => format!("{}.{of}.{name}", service.name),
                None if !service.has_service_label() => alert.name.to_string(),
                None => format!("{}.{}", service.name, alert.name),
            };
            ((service.name.clone(), names.unique), written)
        })
        .collect()
}

/// Returns expectations that hold of what happens without a mutant, and not with it: several alternatives, the plainest first.
pub fn expectations(
    given: &Given,
    original: &Observed,
    changed: &Observed,
    mutant: &Mutant,
) -> Vec<Vec<String>> {
    let mut found: Vec<String> = Vec::new();
    let subjects = original.subjects(changed);
    for (subject, response) in &subjects {
        found.extend(fires(given, original, changed, (subject, *response)));
    }
    if let Target::Gate(gate) = &mutant.target {
        let of = |observed: &Observed| {
            let mut all = observed.verdicts.iter();
            all.find(|(service, name, _)| *service == mutant.of && name == gate)
                .map(|(_, _, verdict)| verdict.clone())
        };
        if let (Some(before), Some(after)) = (of(original), of(changed))
            && before != after
        {
            let verdict = match before.as_str() {
                "allow" => "allowed",
                "warn" => "warned",
                _ => "denied",
            };
            found.push(format!(
                "verdict {{ gate = {}.{gate}  is = {verdict} }}",
                mutant.of
            ));
        }
    }
    found.extend(budgets(original, changed));
    let pages = original.pages();
    found
        .into_iter()
        .map(|expectation| {
            let is_other =
                |subject: &&String| !expectation.starts_with(&format!("page {{ {subject} "));
            let others = pages.iter().filter(is_other);
            let others = others.map(|subject| format!("page {{ {subject} }}"));
            std::iter::once(expectation.clone()).chain(others).collect()
        })
        .collect()
}

/// True if an incident shows no difference that a test can expect.
pub fn is_same(one: &Observed, other: &Observed) -> bool {
    one.alerts == other.alerts && one.verdicts == other.verdicts && budgets(one, other).is_none()
}

impl Observed {
    /// The subjects with pages or tickets that fired in one of both.
    fn subjects(&self, other: &Self) -> Vec<(String, Response)> {
        let mut found: Vec<(String, Response)> = Vec::new();
        for seen in self.alerts.iter().chain(&other.alerts) {
            let key = (seen.subject.clone(), seen.response);
            if !found.contains(&key) {
                found.push(key);
            }
        }
        found
    }

    /// The subjects about which a page was sent.
    fn pages(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        for seen in &self.alerts {
            if seen.response == Response::Page
                && seen.sent.is_some()
                && !found.contains(&seen.subject)
            {
                found.push(seen.subject.clone());
            }
        }
        found
    }

    fn of<'o>(&'o self, subject: &'o str, response: Response) -> impl Iterator<Item = &'o Seen> {
        let all = self.alerts.iter();
        all.filter(move |seen| seen.subject == subject && seen.response == response)
    }

    /// When it was first notified about, and by whom.
    fn first<'o>(&'o self, subject: &'o str, response: Response) -> Option<(i64, &'o Seen)> {
        let sent = self.of(subject, response);
        sent.filter_map(|seen| Some((seen.sent?, seen)))
            .min_by_key(|(at, _)| *at)
    }
}

/// The whole minutes that a time takes, at least one.
fn minutes(millis: i64) -> Duration {
    let millis = u64::try_from(millis).unwrap_or(0).max(1);
    Duration::minutes(millis.div_ceil(60_000))
}

fn fires(
    given: &Given,
    original: &Observed,
    changed: &Observed,
    (subject, response): (&str, Response),
) -> Vec<String> {
    let since = i64::try_from(given.from.0).unwrap_or(0);
    let word = response.word();
    let mut found = Vec::new();
    let after = changed.first(subject, response);
    if let Some((at, seen)) = original
        .first(subject, response)
        .filter(|(at, _)| *at >= since)
    {
        let within = minutes(at - since);
        let bound = since.saturating_add(i64::try_from(within.0).unwrap_or(i64::MAX));
        if after.is_none_or(|(later, _)| later > bound) {
            found.push(format!(
                "{word} {{ {subject}  within = {} }}",
                within.to_human()
            ));
        }
        let teams = |observed: &Observed| -> Vec<String> {
            let all = observed.of(subject, response);
            all.flat_map(|seen| seen.teams.clone()).collect()
        };
        let lost = seen
            .teams
            .iter()
            .find(|team| !teams(changed).contains(team));
        if let Some(team) = lost {
            found.push(format!("{word} {{ {subject}  team = {team} }}"));
        }
        // What only the alert without the change says.
        for seen in original
            .of(subject, response)
            .filter(|seen| seen.sent.is_some())
        {
            let piece = piece(&seen.summary);
            let mut others = changed.of(subject, response);
            if !piece.is_empty() && !others.any(|other| other.summary.contains(&piece)) {
                found.push(format!("{word} {{ {subject}  text = \"{piece}\" }}"));
            }
        }
        let ends = |observed: &Observed| -> Option<i64> {
            let all: Option<Vec<i64>> = observed
                .alerts
                .iter()
                .filter(|seen| seen.subject == *subject)
                .map(|seen| seen.end)
                .collect();
            all?.into_iter().max()
        };
        if let (Some(end), Some(until)) = (ends(original), given.until) {
            let until = i64::try_from(until.0).unwrap_or(0);
            let within = minutes(end - until);
            let bound = until.saturating_add(i64::try_from(within.0).unwrap_or(i64::MAX));
            if end > until && ends(changed).is_none_or(|later| later > bound) {
                found.push(format!(
                    "resolved {{ {subject}  within = {} }}",
                    within.to_human()
                ));
            }
        }
    }
    let is_silent = !original.alerts.iter().any(|seen| seen.subject == *subject);
    if is_silent && changed.of(subject, response).next().is_some() {
        found.push(format!("silent {{ {subject} }}"));
    }
    found
}

/// A part of a summary that does not depend on values: what is before a parenthesis, after the subject.
fn piece(summary: &str) -> String {
    let before = summary.split('(').next().unwrap_or_default();
    let after = before.rsplit(": ").next().unwrap_or_default().trim();
    let is_plain = !after.contains(['"', '\\', '$']);
    if is_plain {
        after.to_owned()
    } else {
        String::new()
    }
}

/// An expectation between two remaining error budgets that differ by more than rounding.
fn budgets(original: &Observed, changed: &Observed) -> Option<String> {
    const LEAST: f64 = 0.002;
    original.budgets.iter().find_map(|(slo, left)| {
        let left = (*left)?;
        let mut others = changed.budgets.iter();
        let (_, other) = others.find(|(known, _)| known == slo)?;
        let name = format!("{}.{}", slo.service, slo.slo);
        let Some(other) = *other else {
            let below = ((left * 100.0).floor() - 1.0).max(-9999.0);
            return Some(format!("budget {{ slo = {name}  above = {below}% }}"));
        };
        if (left - other).abs() < LEAST || !other.is_finite() {
            return None;
        }
        let middle = ((left + other) / 2.0 * 1000.0).round() / 10.0;
        let is_between = middle > left.min(other) * 100.0 && middle < left.max(other) * 100.0;
        let word = if left > other { "above" } else { "below" };
        is_between.then(|| format!("budget {{ slo = {name}  {word} = {middle}% }}"))
    })
}
