//! The document `policy/<service>.json`: all that is needed to decide, the queries included.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use nth_model::gate::{Comparison, Unit, WEEK};

/// The version of the document. A reader takes no other one.
pub const VERSION: u32 = 2;

/// The gates of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// [`VERSION`].
    pub version: u32,
    /// The project's name.
    pub project: String,
    /// The service's.
    pub service: String,
    /// The environment's, where the project declares any.
    pub environment: Option<String>,
    /// The team's.
    pub team: Option<String>,
    /// The tier's.
    pub tier: String,
    /// What the gates measure, by what it is called in their conditions.
    pub facts: BTreeMap<String, FactQuery>,
    /// The gates.
    pub gates: Vec<Gate>,
}

/// How a fact is measured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactQuery {
    /// The unit of the query's value.
    #[serde(with = "UnitName")]
    pub unit: Unit,
    /// PromQL that gives one sample without labels, or none where there is no data. It never gives NaN or an infinity.
    pub query: String,
    /// How much is known of the window that the value is of; nothing where it is of no window, or of a short one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<Coverage>,
}

/// How much of a fact's window is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coverage {
    /// The window, `30d`.
    pub window: String,
    /// PromQL that gives the known share of it as one sample without labels, or none.
    pub query: String,
    /// Which way the value errs by what is not known.
    pub bound: Bound,
}

/// Which way a value errs where part of its window is not known: unknown time counts as nothing spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bound {
    /// What is spent is at least that.
    Least,
    /// What is left is at most that.
    Most,
}

impl Bound {
    /// Its words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Least => "at least",
            Self::Most => "at most",
        }
    }
}

/// How units are written.
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
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// What a condition counts for where there is no data.
    pub on_no_data: OnNoData,
    /// Whether it only reports.
    pub dry_run: bool,
    /// Its reasons.
    pub rules: Vec<Rule>,
    /// Who lets which deny pass, until when.
    pub overrides: Vec<Override>,
}

/// What a condition counts for where there is no data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnNoData {
    /// It counts as holding.
    Deny,
    /// It counts as not holding.
    Allow,
}

/// What follows where a condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// The deployment is stopped.
    Deny,
    /// It is warned of.
    Warn,
}

/// A reason to stop a deployment, or to think twice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What follows where its condition holds.
    pub effect: Effect,
    /// What to tell.
    pub description: Option<String>,
    /// The condition as a person reads it. Nothing is decided by it.
    pub text: String,
    /// The condition.
    pub when: Condition,
}

/// A condition, which is true, false or, for lack of data, unknown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub enum Condition {
    /// Known.
    Constant(bool),
    /// The opposite.
    Not(Box<Condition>),
    /// All of them hold.
    All(Vec<Condition>),
    /// One of them holds.
    Any(Vec<Condition>),
    /// A comparison.
    Compare(Compare),
    /// It is one of these days, the first and the last included.
    Dates {
        /// The first.
        from: Date,
        /// The last.
        to: Date,
        /// The zone that the days are in.
        zone: String,
    },
    /// It is in one of these spans of the week.
    Week {
        /// In minutes since Monday 00:00 by the zone's clocks.
        spans: Vec<Span>,
        /// The zone.
        zone: String,
    },
}

/// A comparison of two quantities of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// The one.
    pub left: Operand,
    /// How they are compared.
    #[serde(with = "ComparisonSign")]
    pub op: Comparison,
    /// The other.
    pub right: Operand,
}

/// How comparisons are written.
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

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Operand {
    /// What is measured, by its name among the facts.
    Fact(String),
    /// A limit in the fact's unit, exact, as a decimal in a string.
    Limit(Decimal),
}

/// A span of the week in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    /// The first minute in it.
    pub from: u16,
    /// The first after it.
    pub to: u16,
}

/// Lets a deny pass for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The deny's name.
    pub deny: String,
    /// Who lets it pass.
    pub by: String,
    /// The last day.
    pub until: Date,
    /// The zone that the day is in.
    pub zone: String,
    /// Why.
    pub reason: String,
}

/// Why a document cannot be decided by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

/// One with these words.
pub(super) fn unreadable(message: String) -> Unreadable {
    Unreadable(message)
}

#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// Reads a document, strictly: what is not known might change the decision.
///
/// # Errors
/// Where it is none, is of another version, or names what is not there.
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

/// A zone of the time zone database that is part of the program.
///
/// # Errors
/// Where it has none of that name.
pub fn zone(name: &str) -> Result<TimeZone, Unreadable> {
    jiff::tz::TimeZoneDatabase::bundled()
        .get(name)
        .map_err(|_| Unreadable(format!("unknown time zone {name:?}")))
}

impl Gate {
    /// The names of the facts that its conditions measure, each once.
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
    /// Checks that the document has all that a condition names.
    ///
    /// # Errors
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
