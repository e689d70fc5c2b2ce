//! Parts of the model as plain text, for `before` and `after`.

use std::collections::{BTreeMap, BTreeSet};

use nth_model::gate::{Comparison, Condition, Fact, Gate, Objective, Operand, Rule, Span, Unit};
use nth_model::number::{decimal_text, percent_text};
use nth_model::{
    Contact, Duration, Escalation, Hours, Layer, Receiver, Response, Schedule, Severity,
    SupportHours, Target, Text, TextPart, TimeInterval, TimeOfDay, ValueFormat,
};
use nth_promql::LabelMatchers;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::channels;

/// Returns whether two versions of an alert have the same severity. Severities are compared by themselves.
pub fn is_same_severity(before: &Severity, after: &Severity) -> bool {
    before.name() == after.name()
}

/// What follows from another severity.
pub fn other_severity(before: &Severity, now: &Severity) -> String {
    match (before.response(), now.response()) {
        (Response::Ticket, Response::Page) => "it pages instead of opening a ticket".to_owned(),
        (Response::Page, Response::Ticket) => "it opens a ticket instead of paging".to_owned(),
        _ => format!(
            "its receivers, urgency and label are those of severity `{}`",
            now.name()
        ),
    }
}

/// The alerts of a severity, in words.
pub fn alerts_of(severity: &Severity) -> String {
    match severity.name() {
        Severity::PAGE => "pages".to_owned(),
        Severity::TICKET => "tickets".to_owned(),
        name => format!("alerts of severity `{name}`"),
    }
}

/// The names of severities, whatever their order.
pub fn severity_names(all: &[Severity]) -> BTreeSet<String> {
    all.iter().map(|one| one.name().to_owned()).collect()
}

/// Severities as a list.
pub fn severities(all: &[Severity]) -> String {
    let names: Vec<&str> = all.iter().map(Severity::name).collect();
    names.join(", ")
}

/// Labels as in PromQL: `{team="a"}`.
pub fn labels(labels: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Matchers as PromQL writes them, each label like one of [`labels`].
pub fn matchers(matchers: &LabelMatchers) -> String {
    let pairs: Vec<String> = matchers
        .matchers()
        .map(|matcher| format!("{}{}{}", matcher.label, matcher.op.as_str(), matcher.value))
        .collect();
    format!("{{{}}}", pairs.join(", "))
}

/// Text of an alert, with what Prometheus fills in as `${…}`.
pub fn template(text: &Text) -> String {
    text.parts
        .iter()
        .map(|part| match part {
            TextPart::Literal(text) => text.clone(),
            TextPart::Value(format) => match format {
                ValueFormat::Number => "${value}".to_owned(),
                ValueFormat::Percentage => "${percentage(value)}".to_owned(),
                ValueFormat::Duration => "${duration(value)}".to_owned(),
                ValueFormat::Size => "${size(value)}".to_owned(),
                ValueFormat::Rounded => "${rounded(value)}".to_owned(),
            },
            TextPart::Label(name) => format!("${{labels.{name}}}"),
            TextPart::External(name) => format!("${{external.{name}}}"),
        })
        .collect()
}

/// The objective of an SLO: `99.9% over 30d`.
pub fn objective(objective: Decimal, window: &str) -> String {
    format!("{} over {window}", percent_text(objective))
}

/// A condition of a gate, as in the language.
pub fn condition(when: &Condition) -> String {
    match when {
        Condition::Constant(value) => value.to_string(),
        Condition::Not(inner) => format!("not ({})", condition(inner)),
        Condition::All(parts) => joined(parts, " and "),
        Condition::Any(parts) => joined(parts, " or "),
        Condition::Compare(left, comparison, right) => {
            let unit = [left, right]
                .into_iter()
                .find_map(|operand| match operand {
                    Operand::Fact(fact) => Some(fact.unit()),
                    Operand::Limit(_) => None,
                })
                .unwrap_or(Unit::Number);
            compared(left, *comparison, right, unit)
        }
        Condition::Dates { from, to, zone } => format!("from {from} to {to} ({zone})"),
        Condition::Week { spans, zone } => {
            let spans: Vec<String> = spans.iter().map(span).collect();
            format!("{} ({zone})", spans.join(", "))
        }
    }
}

fn compared(left: &Operand, comparison: Comparison, right: &Operand, unit: Unit) -> String {
    let operand = |operand: &Operand| match operand {
        Operand::Fact(measured) => fact(measured),
        Operand::Limit(number) => limit(*number, unit),
    };
    format!("{} {} {}", operand(left), comparison.sign(), operand(right))
}

fn limit(number: Decimal, unit: Unit) -> String {
    match unit {
        Unit::Ratio => percent_text(number),
        Unit::Seconds => {
            let millis = (number * Decimal::ONE_THOUSAND).round().to_u64();
            millis.map_or_else(
                || decimal_text(number),
                |millis| Duration(millis).to_human(),
            )
        }
        Unit::Number => decimal_text(number),
    }
}

fn joined(parts: &[Condition], word: &str) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Condition::All(_) | Condition::Any(_) => format!("({})", condition(part)),
            _ => condition(part),
        })
        .collect();
    parts.join(word)
}

/// A quantity of a gate, as in the language.
pub fn fact(fact: &Fact) -> String {
    let name = |objective: &Objective| format!("{}.{}", objective.service, objective.slo_path());
    match fact {
        Fact::Budget(objective) => format!("budget({})", name(objective)),
        Fact::BudgetTime(objective) => format!("budget_time({})", name(objective)),
        Fact::Burn(objective, window) => format!("burn({}, {window})", name(objective)),
        Fact::Firing(of) => format!("firing({})", of.name()),
        Fact::Incidents(window) => format!("incidents({window})"),
        Fact::DeployAge => "deploy_age()".to_owned(),
        Fact::Deploys(window) => format!("deploys({window})"),
        Fact::Dependents => "dependents()".to_owned(),
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn span(span: &Span) -> String {
    let time = |minutes: u16| {
        let day = DAYS
            .get(usize::from(minutes / nth_model::gate::DAY) % DAYS.len())
            .copied()
            .unwrap_or_default();
        let minutes = minutes % nth_model::gate::DAY;
        format!("{day} {:02}:{:02}", minutes / 60, minutes % 60)
    };
    format!("{} to {}", time(span.from), time(span.to))
}

/// A rule of a gate: its condition.
pub fn rule(rule: &Rule) -> String {
    condition(&rule.when)
}

/// A gate: what it denies.
pub fn gate(gate: &Gate) -> String {
    let denies: Vec<String> = gate
        .rules
        .iter()
        .filter(|rule| rule.effect == nth_model::gate::Effect::Deny)
        .map(rule)
        .collect();
    match denies.len() {
        0 => "denies nothing".to_owned(),
        _ => format!("denies if {}", denies.join("; ")),
    }
}

/// A time of day: `09:00`.
fn time(time: TimeOfDay) -> String {
    format!("{:02}:{:02}", time.hour, time.minute)
}

fn day(day: u8) -> &'static str {
    DAYS.get(usize::from(day)).copied().unwrap_or("?")
}

/// Support hours: `mon, tue 09:00 to 17:00 (Europe/Berlin)`.
pub fn support_hours(hours: &SupportHours) -> String {
    let days: Vec<&str> = hours.days.iter().map(|one| day(*one)).collect();
    format!(
        "{} {} to {} ({})",
        days.join(", "),
        time(hours.from),
        time(hours.to),
        hours.zone
    )
}

/// A schedule: its layers.
pub fn schedule(schedule: &Schedule) -> String {
    if let Some(id) = &schedule.origin.pagerduty_id {
        return format!("{id} in PagerDuty");
    }
    let overrides = schedule.overrides.iter();
    let overrides = overrides.map(|one| format!("{}: {} {}", one.name, one.member, one.times()));
    let layers = schedule.layers.iter().map(layer);
    let layers: Vec<String> = layers.chain(overrides).collect();
    format!("{} ({})", layers.join("; "), schedule.zone)
}

/// A contact: by what the person is reached, without the numbers and names.
pub fn contact(contact: &Contact) -> String {
    let ways = [
        ("phone", contact.phone.is_some()),
        ("Slack", contact.slack.is_some()),
        ("Telegram", contact.telegram.is_some()),
        ("Microsoft Teams", contact.microsoft_teams.is_some()),
    ];
    let mut all: Vec<String> = ways
        .into_iter()
        .filter(|(_, is_set)| *is_set)
        .map(|(way, _)| way.to_owned())
        .collect();
    let methods = contact.pagerduty.iter();
    all.extend(methods.map(|method| format!("{} by PagerDuty", method.name())));
    format!("{}: {}", contact.email, all.join(", "))
}

fn layer(layer: &Layer) -> String {
    let hours: Vec<String> = layer
        .hours
        .iter()
        .map(|hours| match hours {
            Hours::Daily { from, to } => format!("{} to {}", time(*from), time(*to)),
            Hours::Weekly { from, to } => format!(
                "{} {} to {} {}",
                day(from.day),
                time(from.time),
                day(to.day),
                time(to.time)
            ),
        })
        .collect();
    let hours = match hours.len() {
        0 => String::new(),
        _ => format!(", only {}", hours.join(", ")),
    };
    format!(
        "{}: {} in shifts of {} from {} {}, from {}{hours}",
        layer.name,
        layer.members.join(", "),
        layer.shift,
        day(layer.handoff.day),
        time(layer.handoff.time),
        layer.start,
    )
}

/// An escalation: its steps.
pub fn escalation(escalation: &Escalation) -> String {
    if let Some(id) = &escalation.origin.pagerduty_id {
        return format!("{id} in PagerDuty");
    }
    let steps: Vec<String> = escalation
        .steps
        .iter()
        .map(|step| {
            let targets: Vec<String> = step.notify.iter().map(target).collect();
            let after = step
                .after
                .map(|after| format!(" after {after}"))
                .unwrap_or_default();
            let targets = match targets.len() {
                0 => "nobody".to_owned(),
                _ => targets.join(" and "),
            };
            format!("{}: {targets}{after}", step.name)
        })
        .collect();
    let loops = escalation
        .loops
        .map(|loops| format!(", repeated {loops} times"))
        .unwrap_or_default();
    match steps.len() {
        0 => "no steps".to_owned(),
        _ => format!("{}{loops}", steps.join("; ")),
    }
}

fn target(target: &Target) -> String {
    match target {
        Target::Schedule { team, name } => format!("schedule {team}.{name}"),
        Target::Person(email) => email.clone(),
    }
}

/// A receiver: where it sends what.
pub fn receiver(receiver: &Receiver) -> String {
    let times = match times(receiver).as_str() {
        ALWAYS => String::new(),
        times => format!(", {times}"),
    };
    format!(
        "{} on {}{times}",
        channels::channel(&receiver.channel),
        severities(&receiver.on)
    )
}

/// A list of words; `nobody` if it is empty.
pub fn people(all: &[String]) -> String {
    match all.len() {
        0 => "nobody".to_owned(),
        _ => all.join(", "),
    }
}

/// The times of a receiver that is always notified.
const ALWAYS: &str = "at all times";

/// When a receiver is notified: `only office (Mon-Fri 09:00-17:00 UTC), tickets`.
pub fn times(receiver: &Receiver) -> String {
    let named = |intervals: &[TimeInterval]| {
        let mut all: Vec<String> = intervals
            .iter()
            .map(|one| format!("{} ({one})", one.name))
            .collect();
        all.sort();
        all.join(", ")
    };
    let mut parts = Vec::new();
    if !receiver.active.is_empty() {
        parts.push(format!("only in {}", named(&receiver.active)));
    }
    if !receiver.mute.is_empty() {
        parts.push(format!("not in {}", named(&receiver.mute)));
    }
    if parts.is_empty() {
        return ALWAYS.to_owned();
    }
    let pages = match receiver.mutes_pages {
        true => "",
        false => "; pages at all times",
    };
    format!("{}{pages}", parts.join(", "))
}
