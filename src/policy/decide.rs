//! Decides by a gate and measured facts, with reasons and the numbers behind them.

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

/// The verdict about a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The deployment is allowed.
    Allow,
    /// It is allowed with a warning.
    Warn,
    /// It is denied.
    Deny,
}

impl Verdict {
    /// The name of the verdict.
    pub fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Deny => "deny",
        }
    }
}

/// A decision and everything that it is based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The name of the project.
    pub project: String,
    /// The name of the service.
    pub service: String,
    /// The name of the environment, if the project declares any.
    pub environment: Option<String>,
    /// The name of the gate.
    pub gate: String,
    /// The time of the decision.
    pub at: Timestamp,
    /// The verdict.
    pub verdict: Verdict,
    /// True if the gate only reports: the verdict is then `allow`, regardless of `found`.
    pub dry_run: bool,
    /// The result of the rules.
    pub found: Verdict,
    /// The reasons, one sentence for each rule that contributes.
    pub reasons: Vec<String>,
    /// Further information: partly known windows, and expired overrides.
    pub notes: Vec<String>,
    /// The decisions of all rules.
    pub rules: Vec<RuleDecision>,
}

/// The decision of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RuleDecision {
    /// The name of the rule.
    pub name: String,
    /// The effect if the condition holds.
    pub effect: Effect,
    /// The message of the rule.
    pub description: Option<String>,
    /// The condition in readable form.
    pub condition: String,
    /// Whether the condition holds; `null` if there is no data.
    pub holds: Option<bool>,
    /// The outcome.
    pub outcome: Outcome,
    /// The comparisons of the condition.
    pub checks: Vec<Check>,
    /// The override that applies at this time, if any.
    pub overridden: Option<Overridden>,
    /// The last of the overrides that expired before this time.
    pub expired: Option<Overridden>,
}

/// The outcome of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// No effect.
    Pass,
    /// A warning.
    Warn,
    /// The deployment is denied.
    Deny,
    /// The deployment would be denied without an override.
    Overridden,
}

/// A comparison, or a check of the calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// The name of the compared fact, or the times.
    pub condition: String,
    /// The measured value in readable form; `null` if there is no data.
    pub value: Option<String>,
    /// The exact value in the fact's unit: shares between 0 and 1, seconds, counts.
    pub number: Option<String>,
    /// The operator and the limit, `< 10%`; empty for times.
    pub limit: String,
    /// Whether the check holds; `null` if there is no data.
    pub holds: Option<bool>,
    /// The partly known windows of the compared facts.
    pub known: Vec<KnownShare>,
}

/// The known share of a fact's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KnownShare {
    /// The fact that is measured over the window.
    pub fact: String,
    /// The window, `30d`.
    pub window: String,
    /// The known share of the window, exact; `null` if it was not measured.
    pub share: Option<String>,
    /// The known share in readable form.
    pub shown: Option<String>,
    /// The direction in which the fact's value errs: unknown time counts as nothing consumed.
    pub bound: Bound,
}

impl KnownShare {
    /// The known share of a fact's window; `None` if all of the window is known, there is no window or there is no
    /// data.
    pub fn for_fact(name: &str, fact: &FactQuery, measured: &MeasuredValue) -> Option<Self> {
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

/// An override in a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Overridden {
    /// The person who is responsible for it.
    pub by: String,
    /// The last day on which it applies.
    pub until: jiff::civil::Date,
    /// The time zone of that day.
    pub zone: String,
    /// The reason.
    pub reason: String,
}

/// Decides by a gate.
///
/// # Errors
///
/// If the gate names an unknown time zone.
pub fn decide(
    policy: &Policy,
    gate: &Gate,
    measured: &Measured,
    at: Timestamp,
) -> Result<Decision, Unreadable> {
    let mut rules = Vec::new();
    let mut notes = Vec::new();
    let shown = rounding::display_values(policy, gate, measured);
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
                        expired = Some((end, Overridden::new(known)));
                    }
                } else if counts {
                    overridden = Some(Overridden::new(known));
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
            holds: known_truth(found),
            outcome,
            checks,
            overridden,
            expired: expired.map(|(_, expired)| expired),
        });
    }
    for name in gate.facts() {
        if let (Some(fact), Some(measured)) = (policy.facts.get(name), measured.get(name))
            && let Some(known) = KnownShare::for_fact(name, fact, measured)
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
    fn new(overriding: &Override) -> Self {
        Self {
            by: overriding.by.clone(),
            until: overriding.until,
            zone: overriding.zone.clone(),
            reason: overriding.reason.clone(),
        }
    }
}

/// The note about an expired override.
fn expired_note(overriding: &Override) -> String {
    format!(
        "the override of {} by {} expired at the end of {} in {}",
        overriding.deny, overriding.by, overriding.until, overriding.zone
    )
}

/// The first moment at which an override no longer applies: the end of its last day.
///
/// # Errors
///
/// If the time zone is unknown, or the day is the calendar's last.
pub fn end(overriding: &Override) -> Result<Timestamp, Unreadable> {
    override_end(overriding.until, &overriding.zone)
}

/// The first moment after an override's last day.
///
/// # Errors
///
/// If the time zone is unknown, or the day is the calendar's last.
pub fn override_end(day: jiff::civil::Date, name: &str) -> Result<Timestamp, Unreadable> {
    let beyond = |_| super::document::unreadable(format!("{day} is beyond the calendar"));
    let next = day.checked_add(1.day()).map_err(beyond)?;
    start(next, name)
}

/// The first moment of a day in a time zone, even if the day has no midnight.
///
/// # Errors
///
/// If the time zone is unknown, or the day is beyond the calendar.
pub fn start(day: jiff::civil::Date, name: &str) -> Result<Timestamp, Unreadable> {
    let beyond = |_| super::document::unreadable(format!("{day} is beyond the calendar"));
    let local = day.to_zoned_datetime(zone(name)?).map_err(beyond)?;
    Ok(local.start_of_day().map_err(beyond)?.timestamp())
}

fn known_truth(truth: Truth) -> Option<bool> {
    match truth {
        Truth::True => Some(true),
        Truth::False => Some(false),
        Truth::Unknown => None,
    }
}

/// Calls `see` with every comparison and every check of the calendar.
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
    let holds = known_truth(truth(leaf, measured, at)?);
    Ok(match leaf {
        Condition::Compare(compare) => {
            let unit = |name: &String| policy.facts.get(name).map(|fact| fact.unit);
            let value = |operand: &Operand| match operand {
                Operand::Fact(name) => measured.get(name).and_then(|fact| fact.value),
                Operand::Limit(limit) => Some(*limit),
            };
            let (left, limit, sign) = match (&compare.left, &compare.right) {
                (Operand::Limit(_), Operand::Fact(_)) => {
                    (&compare.right, &compare.left, swap_sides(compare.op.sign()))
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
                Operand::Limit(limit) => Some(rounding::limit_text(*limit, of_unit)),
            };
            let known = |operand: &Operand| match operand {
                Operand::Fact(name) => {
                    KnownShare::for_fact(name, policy.facts.get(name)?, measured.get(name)?)
                }
                Operand::Limit(_) => None,
            };
            Check {
                condition: match left {
                    Operand::Fact(name) => name.clone(),
                    Operand::Limit(limit) => rounding::limit_text(*limit, of_unit),
                },
                value: quantity(left),
                number: value(left).map(|value| value.normalize().to_string()),
                known: [left, limit].into_iter().filter_map(known).collect(),
                limit: match limit {
                    Operand::Limit(limit) => {
                        format!("{sign} {}", rounding::limit_text(*limit, of_unit))
                    }
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

/// The operator of a comparison with its sides swapped.
fn swap_sides(sign: &'static str) -> &'static str {
    match sign {
        "<" => ">",
        "<=" => ">=",
        ">" => "<",
        ">=" => "<=",
        other => other,
    }
}

/// The reason that a rule contributes; `None` if it passes.
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
    let known: Vec<String> = check.known.iter().map(KnownShare::sentence).collect();
    let known = if known.is_empty() {
        String::new()
    } else {
        format!(" ({})", known.join("; "))
    };
    format!("{} is {bound}{value}{known}", check.condition)
}
