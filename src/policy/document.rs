//! The document `policy/<service>.json`: everything needed for a decision, including the queries.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use nth_model::gate::{Comparison, Unit, WEEK};

/// The version of the document. A reader accepts no other.
pub const VERSION: u32 = 2;

/// The gates of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// [`VERSION`].
    pub version: u32,
    /// The name of the project.
    pub project: String,
    /// The name of the service.
    pub service: String,
    /// The name of the environment, if the project declares any.
    pub environment: Option<String>,
    /// The name of the team.
    pub team: Option<String>,
    /// The name of the tier.
    pub tier: String,
    /// The facts that the gates measure, by their text in conditions.
    pub facts: BTreeMap<String, FactQuery>,
    /// The gates, in the order of the source.
    pub gates: Vec<Gate>,
}

/// The query of a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactQuery {
    /// The unit of the query's value.
    #[serde(with = "UnitName")]
    pub unit: Unit,
    /// PromQL that returns one sample without labels, or none if there is no data. It never returns NaN or an infinity.
    pub query: String,
    /// The known share of the value's window; `None` if the value has no window or a short one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
}

/// The measurement of the known share of a fact's window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The window, `30d`.
    pub window: String,
    /// PromQL that returns the known share of the window as one sample without labels, or none.
    pub query: String,
    /// The direction in which unknown time makes the value err.
    pub bound: Bound,
}

/// The direction in which a value errs if a part of its window is unknown: unknown time counts as nothing consumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// A lower bound: the value is at least the measured one, as for a burn rate.
    Least,
    /// An upper bound: the value is at most the measured one, as for the budget left.
    Most,
}

impl Bound {
    /// The bound in prose.
    pub fn words(self) -> &'static str {
        match self {
            Self::Least => "at least",
            Self::Most => "at most",
        }
    }
}

/// The names of units in the document.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Unit", rename_all = "lowercase")]
enum UnitName {
    Ratio,
    Seconds,
    Number,
}

/// A gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The name of the gate.
    pub name: String,
    /// The purpose of the gate.
    pub description: Option<String>,
    /// The interpretation of conditions without data.
    pub on_no_data: OnNoData,
    /// True if the gate only reports.
    pub dry_run: bool,
    /// The rules.
    pub rules: Vec<Rule>,
    /// The overrides of its denies.
    pub overrides: Vec<Override>,
}

/// The interpretation of a condition without data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnNoData {
    /// It counts as true.
    Deny,
    /// It counts as false.
    Allow,
}

/// The effect of a rule whose condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The deployment is stopped.
    Deny,
    /// A warning is reported.
    Warn,
}

/// A reason to stop a deployment or to warn about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The name of the rule.
    pub name: String,
    /// The effect if the condition holds.
    pub effect: Effect,
    /// The message to report.
    pub description: Option<String>,
    /// The condition in readable form, which decisions ignore.
    pub text: String,
    /// The condition.
    pub when: Condition,
}

/// A condition: true, false or, without data, unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Condition {
    /// A constant.
    Constant(bool),
    /// The negation.
    Not(Box<Condition>),
    /// True if all hold.
    All(Vec<Condition>),
    /// True if any holds.
    Any(Vec<Condition>),
    /// A comparison.
    Compare(Compare),
    /// True on these days, the first and the last included.
    Dates {
        /// The first day.
        from: Date,
        /// The last day.
        to: Date,
        /// The time zone of the days.
        zone: String,
    },
    /// True in any of these spans of the week.
    Week {
        /// The spans in minutes since Monday 00:00 by the zone's clocks.
        spans: Vec<Span>,
        /// The time zone of the week.
        zone: String,
    },
}

/// A comparison of two quantities of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// The left operand.
    pub left: Operand,
    /// The operator.
    #[serde(with = "ComparisonSign")]
    pub op: Comparison,
    /// The right operand.
    pub right: Operand,
}

/// The operators in the document.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Comparison")]
enum ComparisonSign {
    #[serde(rename = "<")]
    Less,
    #[serde(rename = "<=")]
    LessOrEqual,
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterOrEqual,
    #[serde(rename = "==")]
    Equal,
    #[serde(rename = "!=")]
    NotEqual,
}

/// An operand of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operand {
    /// A measured fact, by its name.
    Fact(String),
    /// A limit in the fact's unit, exact, as a decimal in a string.
    Limit(Decimal),
}

/// A span of the week in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first minute of the span.
    pub from: u16,
    /// The first minute after the span.
    pub to: u16,
}

/// Lets a deny pass until a date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The name of the deny.
    pub deny: String,
    /// The person who is responsible for the override.
    pub by: String,
    /// The last day on which it applies.
    pub until: Date,
    /// The time zone of the day.
    pub zone: String,
    /// The reason.
    pub reason: String,
}

/// The reason why a document is unusable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// Creates the error with this message.
pub(super) fn unreadable(message: String) -> Unreadable {
    Unreadable(message)
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Parses a document strictly: an unknown field might change the decision.
///
/// # Errors
///
/// If it is not a document, has another version, or names something that does not exist.
pub fn read(text: &str) -> Result<Policy, Unreadable> {
    let versioned: Versioned = serde_json::from_str(text)
        .map_err(|error| Unreadable(format!("not a policy generated by nthc: {error}")))?;
    if versioned.version != VERSION {
        return Err(Unreadable(format!(
            "version {} is not supported: this nthc supports version {VERSION}",
            versioned.version
        )));
    }
    let policy: Policy = serde_json::from_str(text)
        .map_err(|error| Unreadable(format!("not a policy generated by nthc: {error}")))?;
    for gate in &policy.gates {
        for rule in &gate.rules {
            policy
                .check(&rule.when)
                .map_err(|problem| Unreadable(format!("`{}`: {problem}", rule.name)))?;
        }
        for overriding in &gate.overrides {
            zone(&overriding.zone).map_err(|problem| Unreadable(problem.to_string()))?;
        }
    }
    Ok(policy)
}

/// A time zone of the database that is part of the program.
///
/// # Errors
///
/// If the database has no zone of this name.
pub fn zone(name: &str) -> Result<TimeZone, Unreadable> {
    jiff::tz::TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| Unreadable(format!("unknown time zone {name:?}")))
}

impl Gate {
    /// The names of the facts that its conditions measure, without duplicates.
    pub fn facts(&self) -> BTreeSet<&str> {
        let mut found = BTreeSet::new();
        for rule in &self.rules {
            rule.when.add_facts(&mut found);
        }
        found
    }
}

impl Condition {
    fn add_facts<'a>(&'a self, found: &mut BTreeSet<&'a str>) {
        match self {
            Self::Not(inner) => inner.add_facts(found),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.add_facts(found);
                }
            }
            Self::Compare(compare) => {
                for operand in [&compare.left, &compare.right] {
                    if let Operand::Fact(name) = operand {
                        found.insert(name);
                    }
                }
            }
            Self::Constant(_) | Self::Dates { .. } | Self::Week { .. } => {}
        }
    }
}

impl Policy {
    /// Checks that everything that a condition names exists.
    ///
    /// # Errors
    ///
    /// A fact, a range of the week or a time zone that does not exist.
    fn check(&self, condition: &Condition) -> Result<(), Unreadable> {
        match condition {
            Condition::Constant(_) => Ok(()),
            Condition::Not(inner) => self.check(inner),
            Condition::All(parts) | Condition::Any(parts) => {
                parts.iter().try_for_each(|part| self.check(part))
            }
            Condition::Compare(compare) => {
                for operand in [&compare.left, &compare.right] {
                    if let Operand::Fact(name) = operand
                        && !self.facts.contains_key(name)
                    {
                        return Err(Unreadable(format!("unknown value {name:?}")));
                    }
                }
                Ok(())
            }
            Condition::Dates { zone: name, .. } => zone(name).map(|_| ()),
            Condition::Week { spans, zone: name } => {
                if spans
                    .iter()
                    .any(|span| span.from >= span.to || span.to > WEEK)
                {
                    return Err(Unreadable("empty range of the week".to_owned()));
                }
                zone(name).map(|_| ())
            }
        }
    }
}
