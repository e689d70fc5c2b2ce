//! From what was measured to a decision, with its reasons and the numbers they rest on.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;

use super::document::{
    Bound, Condition, Effect, FactQuery, Gate, OnNoData, Operand, Override, Policy, Unreadable,
    zone,
};
use super::truth::{Measured, MeasuredValue, Truth, minute_of_week, truth};
use super::{rounding, text};
use nth_model::gate::Unit;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The deployment goes ahead.
    Allow,
    /// It goes ahead, and somebody should think twice.
    Warn,
    /// It does not.
    Deny,
}

impl Verdict {
    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// A decision with all that it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The project's name.
    pub project: String,
    /// The service's.
    pub service: String,
    /// The environment's, where the project declares any.
    pub environment: Option<String>,
    /// The gate's.
    pub gate: String,
    /// The time that it is for.
    pub at: Timestamp,
    /// What is decided.
    pub verdict: Verdict,
    /// Whether the gate only reports: the verdict is then `allow`, whatever `found` is.
    pub dry_run: bool,
    /// What the rules ask for.
    pub found: Verdict,
    /// Why, a sentence for each rule that counts.
    pub reasons: Vec<String>,
    /// What to know besides: windows of which a part is not known, and overrides that have expired.
    pub notes: Vec<String>,
    /// Each rule.
    pub rules: Vec<RuleDecision>,
}

/// What came of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDecision {
    /// Its name.
    pub name: String,
    /// What would follow where it holds.
    pub effect: Effect,
    /// What to tell.
    pub description: Option<String>,
    /// The condition as a person reads it.
    pub condition: String,
    /// Whether it holds; `null` where there is no data to tell.
    pub holds: Option<bool>,
    /// What follows.
    pub outcome: Outcome,
    /// What was compared.
    pub checks: Vec<Check>,
    /// Who lets it pass, where somebody does at that time.
    pub overridden: Option<Overridden>,
    /// The override that let it pass until a time before that, the last of them.
    pub expired: Option<Overridden>,
}

/// What follows from a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Nothing.
    Pass,
    /// A warning.
    Warn,
    /// The deployment is stopped.
    Deny,
    /// It would be stopped, and somebody lets it pass.
    Overridden,
}

/// A comparison, or a look at the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is compared: a fact's name, or times.
    pub condition: String,
    /// What was measured, as a person reads it; `null` where there is no data.
    pub value: Option<String>,
    /// The same as an exact number in the fact's unit: shares between 0 and 1, seconds, counts.
    pub number: Option<String>,
    /// The sign and the limit, `< 10%`; empty for times.
    pub limit: String,
    /// Whether it holds.
    pub holds: Option<bool>,
    /// How much is known of the windows of what is compared, where that is not all of them.
    pub known: Vec<Known>,
}

/// How much of a window is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Known {
    /// The fact that is measured over it.
    pub fact: String,
    /// The window, `30d`.
    pub window: String,
    /// The known share of it, exact; `null` where that was not measured.
    pub share: Option<String>,
    /// The same as a person reads it.
    pub shown: Option<String>,
    /// Which way the fact's value errs: unknown time counts as nothing spent.
    pub bound: Bound,
}

impl Known {
    /// That of a fact; nothing where all of its window is known, it has no window, or there is no data.
    pub fn of(name: &str, fact: &FactQuery, measured: &MeasuredValue) -> Option<Self> {
        let of = fact.coverage.as_ref()?;
        measured.value?;
        let shown = measured.coverage.map(rounding::coverage);
        if shown == Some(None) {
            return None;
        }
        Some(Self {
            fact: name.to_owned(),
            window: of.window.clone(),
            share: measured.coverage.map(|share| share.normalize().to_string()),
            shown: shown.flatten(),
            bound: of.bound,
        })
    }

    /// `of the 30d, 8% is known`
    pub fn sentence(&self) -> String {
        match &self.shown {
            Some(shown) => format!("data covers {shown} of the {}", self.window),
            None => format!("the coverage of the {} is unknown", self.window),
        }
    }
}

/// The record of an override.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overridden {
    /// Who lets it pass.
    pub by: String,
    /// The last day.
    pub until: jiff::civil::Date,
    /// The zone of that day.
    pub zone: String,
    /// Why.
    pub reason: String,
}

/// Decides by a gate.
///
/// # Errors
/// Where the gate names a time zone that there is none of.
pub fn decide(
    policy: &Policy,
    gate: &Gate,
    measured: &Measured,
    at: Timestamp,
) -> Result<Decision, Unreadable> {
    let mut rules = Vec::new();
    let mut notes = Vec::new();
    let shown = rounding::shown(policy, gate, measured);
    for rule in &gate.rules {
        let found = truth(&rule.when, measured, at)?;
        let counts = match (found, gate.on_no_data) {
            (Truth::True, _) | (Truth::Unknown, OnNoData::Deny) => true,
            (Truth::False, _) | (Truth::Unknown, OnNoData::Allow) => false,
        };
        let mut overridden = None;
        let mut expired: Option<(Timestamp, Overridden)> = None;
        if rule.effect == Effect::Deny {
            for known in gate
                .overrides
                .iter()
                .filter(|known| known.deny == rule.name)
            {
                let end = end(known)?;
                if at >= end {
                    notes.push(expired_note(known));
                    if expired.as_ref().is_none_or(|(last, _)| *last <= end) {
                        expired = Some((end, Overridden::of(known)));
                    }
                } else if counts {
                    overridden = Some(Overridden::of(known));
                }
            }
        }
        let outcome = match (counts, rule.effect, &overridden) {
            (false, ..) => Outcome::Pass,
            (true, Effect::Deny, Some(_)) => Outcome::Overridden,
            (true, Effect::Deny, None) => Outcome::Deny,
            (true, Effect::Warn, _) => Outcome::Warn,
        };
        let mut checks = Vec::new();
        leaves(&rule.when, &mut |leaf| {
            checks.push(check(leaf, policy, measured, &shown, at)?);
            Ok(())
        })?;
        rules.push(RuleDecision {
            name: rule.name.clone(),
            effect: rule.effect,
            description: rule.description.clone(),
            condition: text::condition(&rule.when, &policy.facts),
            holds: known(found),
            outcome,
            checks,
            overridden,
            expired: expired.map(|(_, expired)| expired),
        });
    }
    for name in gate.facts() {
        if let (Some(fact), Some(measured)) = (policy.facts.get(name), measured.get(name))
            && let Some(known) = Known::of(name, fact, measured)
        {
            notes.push(format!("{name}: {}", known.sentence()));
        }
    }
    let found = rules
        .iter()
        .map(|rule| match rule.outcome {
            Outcome::Deny => Verdict::Deny,
            Outcome::Warn => Verdict::Warn,
            Outcome::Pass | Outcome::Overridden => Verdict::Allow,
        })
        .max()
        .unwrap_or(Verdict::Allow);
    let reasons = rules.iter().filter_map(reason).collect();
    Ok(Decision {
        project: policy.project.clone(),
        service: policy.service.clone(),
        environment: policy.environment.clone(),
        gate: gate.name.clone(),
        at,
        verdict: if gate.dry_run { Verdict::Allow } else { found },
        dry_run: gate.dry_run,
        found,
        reasons,
        notes,
        rules,
    })
}

impl Overridden {
    fn of(overriding: &Override) -> Self {
        Self {
            by: overriding.by.clone(),
            until: overriding.until,
            zone: overriding.zone.clone(),
            reason: overriding.reason.clone(),
        }
    }
}

/// What is said of an override that lets nothing pass any more.
fn expired_note(overriding: &Override) -> String {
    format!(
        "the override of {} by {} expired at the end of {} in {}",
        overriding.deny, overriding.by, overriding.until, overriding.zone
    )
}

/// The first moment at which an override no longer holds: the end of its last day.
///
/// # Errors
/// Where there is no such zone, or the day is the calendar's last.
pub fn end(overriding: &Override) -> Result<Timestamp, Unreadable> {
    override_end(overriding.until, &overriding.zone)
}

/// The first moment after an override's last day.
///
/// # Errors
/// Where there is no such zone, or the day is the calendar's last.
pub fn override_end(day: jiff::civil::Date, name: &str) -> Result<Timestamp, Unreadable> {
    let beyond = |_| super::document::unreadable(format!("{day} is beyond the calendar"));
    let next = day.checked_add(1.day()).map_err(beyond)?;
    start(next, name)
}

/// The first moment of a day in a zone, be there no midnight on it.
///
/// # Errors
/// Where there is no such zone, or the day is beyond the calendar.
pub fn start(day: jiff::civil::Date, name: &str) -> Result<Timestamp, Unreadable> {
    let beyond = |_| super::document::unreadable(format!("{day} is beyond the calendar"));
    let local = day.to_zoned_datetime(zone(name)?).map_err(beyond)?;
    Ok(local.start_of_day().map_err(beyond)?.timestamp())
}

fn known(truth: Truth) -> Option<bool> {
    match truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown => None,
    }
}

/// Calls `see` with every comparison and every look at the calendar.
fn leaves(
    condition: &Condition,
    see: &mut dyn FnMut(&Condition) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    match condition {
        Condition::Not(inner) => leaves(inner, see),
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().try_for_each(|part| leaves(part, see))
        }
        leaf => see(leaf),
    }
}

fn check(
    leaf: &Condition,
    policy: &Policy,
    measured: &Measured,
    shown: &BTreeMap<String, String>,
    at: Timestamp,
) -> Result<Check, Unreadable> {
    let holds = known(truth(leaf, measured, at)?);
    Ok(match leaf {
        Condition::Compare(compare) => {
            let unit = |name: &String| policy.facts.get(name).map(|fact| fact.unit);
            let value = |operand: &Operand| match operand {
                Operand::Fact(name) => measured.get(name).and_then(|fact| fact.value),
                Operand::Limit(limit) => Some(*limit),
            };
            let (left, limit, sign) = match (&compare.left, &compare.right) {
                (Operand::Limit(_), Operand::Fact(_)) => {
                    (&compare.right, &compare.left, mirrored(compare.op.sign()))
                }
                _ => (&compare.left, &compare.right, compare.op.sign()),
            };
            let of_unit = match (left, limit) {
                (Operand::Fact(name), _) | (_, Operand::Fact(name)) => unit(name),
                _ => None,
            }
            .unwrap_or(Unit::Number);
            let quantity = |operand: &Operand| match operand {
                Operand::Fact(name) => shown.get(name).cloned(),
                Operand::Limit(limit) => Some(rounding::exact(*limit, of_unit)),
            };
            let known = |operand: &Operand| match operand {
                Operand::Fact(name) => {
                    Known::of(name, policy.facts.get(name)?, measured.get(name)?)
                }
                Operand::Limit(_) => None,
            };
            Check {
                condition: match left {
                    Operand::Fact(name) => name.clone(),
                    Operand::Limit(limit) => rounding::exact(*limit, of_unit),
                },
                value: quantity(left),
                number: value(left).map(|value| value.normalize().to_string()),
                known: [left, limit].into_iter().filter_map(known).collect(),
                limit: match limit {
                    Operand::Limit(limit) => format!("{sign} {}", rounding::exact(*limit, of_unit)),
                    Operand::Fact(name) => format!(
                        "{sign} {name}, {}",
                        quantity(limit).unwrap_or_else(|| "no data".to_owned())
                    ),
                },
                holds,
            }
        }
        Condition::Dates { zone: name, .. } => Check {
            condition: text::condition(leaf, &policy.facts),
            value: Some(at.to_zoned_datetime(zone(name)?).date().to_string()),
            number: None,
            limit: String::new(),
            holds,
            known: Vec::new(),
        },
        Condition::Week { zone: name, .. } => Check {
            condition: text::condition(leaf, &policy.facts),
            value: Some(text::time_of_week(minute_of_week(at, name)?)),
            number: None,
            limit: String::new(),
            holds,
            known: Vec::new(),
        },
        _ => Check {
            condition: text::condition(leaf, &policy.facts),
            value: None,
            number: None,
            limit: String::new(),
            holds,
            known: Vec::new(),
        },
    })
}

/// A comparison's sign with its sides changed.
fn mirrored(sign: &'static str) -> &'static str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}

/// Why a rule counts.
fn reason(rule: &RuleDecision) -> Option<String> {
    let verb = match rule.outcome {
        Outcome::Pass => return None,
        Outcome::Warn => "warns",
        Outcome::Deny => "denies",
        Outcome::Overridden => "would deny",
    };
    let lacking: Vec<&str> = rule
        .checks
        .iter()
        .filter(|check| check.holds.is_none())
        .map(|check| check.condition.as_str())
        .collect();
    let why = if rule.holds.is_none() {
        format!("no data for {}", lacking.join(", "))
    } else {
        let measured: Vec<String> = rule
            .checks
            .iter()
            .filter_map(|check| {
                let value = check.value.as_ref()?;
                Some(if check.limit.is_empty() {
                    format!("it is {value}")
                } else {
                    measured_text(check, value)
                })
            })
            .collect();
        match measured.as_slice() {
            [] => rule.condition.clone(),
            measured => format!("{}: {}", rule.condition, measured.join(", ")),
        }
    };
    let mut text = format!("{} {verb}: {why}", rule.name);
    if let Some(description) = &rule.description {
        let line = description.split_whitespace().collect::<Vec<_>>().join(" ");
        text.push_str(&format!(". {}", line.trim_end_matches('.')));
    }
    if let Some(overridden) = &rule.overridden {
        text.push_str(&format!(
            "; {} bypasses it until the end of {}: {}",
            overridden.by, overridden.until, overridden.reason
        ));
    }
    if let (Some(expired), Outcome::Deny) = (&rule.expired, rule.outcome) {
        text.push_str(&format!(
            "; the override by {} expired at the end of {}",
            expired.by, expired.until
        ));
    }
    Some(text)
}

/// `budget(availability) is at most 92.1% (of the 30d, 8% is known)`
fn measured_text(check: &Check, value: &str) -> String {
    let own = check
        .known
        .iter()
        .find(|known| known.fact == check.condition);
    let bound = own.map_or_else(String::new, |known| format!("{} ", known.bound.words()));
    let known: Vec<String> = check.known.iter().map(Known::sentence).collect();
    let known = if known.is_empty() {
        String::new()
    } else {
        format!(" ({})", known.join("; "))
    };
    format!("{} is {bound}{value}{known}", check.condition)
}
