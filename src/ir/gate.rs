//! Gates: what is decided about a deployment, on what conditions.
//!
//! A condition is a tree over facts that are measured when the gate runs, limits that are exact, and the calendar.
//! It has three values: a fact without data is unknown, and so is what depends on it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Duration, Severity};

/// The minutes of a week.
pub const WEEK: u16 = 7 * DAY;
/// The minutes of a day of a week.
pub const DAY: u16 = 24 * 60;

/// A decision about a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gate {
    /// Its name, unique in its service.
    pub name: SmolStr,
    /// What it is for.
    pub description: Option<String>,
    /// Whether a condition without data counts as holding.
    pub holds_without_data: bool,
    /// Whether it only reports.
    pub dry_run: bool,
    /// Its reasons, in the order of the source.
    pub rules: Vec<Rule>,
    /// Who lets which deny pass, until when.
    pub overrides: Vec<Override>,
}

/// A reason to stop a deployment, or to think twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// Its name, unique in its gate among those of its effect.
    pub name: SmolStr,
    /// What follows where the condition holds.
    pub effect: Effect,
    /// The condition.
    pub when: Condition,
    /// What to tell.
    pub description: Option<String>,
}

/// What follows from a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// The deployment is stopped.
    Deny,
    /// It is warned of.
    Warn,
}

/// Lets a deny pass for a while.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Override {
    /// The deny's name.
    pub deny: SmolStr,
    /// Who lets it pass.
    pub by: String,
    /// The last day.
    pub until: Date,
    /// The zone that this day is in, a name of the IANA database.
    pub zone: String,
    /// Why.
    pub reason: String,
}

/// What is true, false or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// Known at compile time.
    Constant(bool),
    /// The opposite; unknown stays unknown.
    Not(Box<Condition>),
    /// All of them hold: false where one does not, whatever is unknown.
    All(Vec<Condition>),
    /// One of them holds: true where one does, whatever is unknown.
    Any(Vec<Condition>),
    /// Two quantities of the same unit are compared.
    Compare(Operand, Comparison, Operand),
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
        /// In rising order, without overlap.
        spans: Vec<Span>,
        /// The zone that the week is in.
        zone: String,
    },
}

/// A span of the week, in minutes since Monday 00:00 by the zone's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first minute in it.
    pub from: u16,
    /// The first after it, at most [`WEEK`].
    pub to: u16,
}

/// How two quantities are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// How it is written, here as in PromQL and in Rego.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
        }
    }

    /// Whether it holds of these.
    pub fn holds<T: PartialOrd>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

/// What is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// What is measured.
    Fact(Fact),
    /// A limit, in the unit of what it is compared with.
    Limit(Decimal),
}

/// What is measured when the gate runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The share of an error budget that is left.
    Budget(Objective),
    /// What is left of it as time of full outage, in seconds.
    BudgetTime(Objective),
    /// How many times faster than sustainable it is spent, over that time.
    Burn(Objective, Duration),
    /// How many alerts of that severity are firing.
    Firing(Severity),
    /// How often in that time pages began to fire while none did.
    Incidents(Duration),
    /// How long ago the last deployment was, in seconds.
    DeployAge,
    /// How many deployments there were in that time.
    Deploys(Duration),
    /// How many of the project's services name the service in a dependency; known when all are.
    Dependents,
}

/// The unit of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A share, 1 being all.
    Ratio,
    /// Seconds.
    Seconds,
    /// Things, or times.
    Number,
}

impl Fact {
    /// Its unit.
    pub fn unit(&self) -> Unit {
        match self {
            Self::Budget(_) => Unit::Ratio,
            Self::BudgetTime(_) | Self::DeployAge => Unit::Seconds,
            Self::Burn(..)
            | Self::Firing(_)
            | Self::Incidents(_)
            | Self::Deploys(_)
            | Self::Dependents => Unit::Number,
        }
    }

    /// Whether it counts something, so that comparing it for equality means something.
    pub fn is_count(&self) -> bool {
        matches!(
            self,
            Self::Firing(_) | Self::Incidents(_) | Self::Deploys(_) | Self::Dependents
        )
    }
}

/// An objective, of the gate's service or of another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Objective {
    /// Its service.
    pub service: SmolStr,
    /// Its name.
    pub slo: SmolStr,
    /// The share of events that must be good, between 0 and 1.
    pub objective: Decimal,
    /// The period that the error budget is for.
    pub window: Duration,
}

impl Condition {
    /// The condition with the number of dependents set, and without what it then need not ask.
    pub fn resolved(&self, dependents: usize) -> Self {
        match self {
            Self::Not(inner) => match inner.resolved(dependents) {
                Self::Constant(value) => Self::Constant(!value),
                inner => Self::Not(Box::new(inner)),
            },
            Self::All(parts) => joined(parts, dependents, true),
            Self::Any(parts) => joined(parts, dependents, false),
            Self::Compare(left, comparison, right) => {
                let known = |operand: &Operand| match operand {
                    Operand::Fact(Fact::Dependents) => Operand::Limit(Decimal::from(dependents)),
                    other => other.clone(),
                };
                match (known(left), known(right)) {
                    (Operand::Limit(left), Operand::Limit(right)) => {
                        Self::Constant(comparison.holds(&left, &right))
                    }
                    (left, right) => Self::Compare(left, *comparison, right),
                }
            }
            other => other.clone(),
        }
    }

    /// Calls `see` with every part that is neither `not` nor joined of others.
    pub fn each_leaf<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        match self {
            Self::Not(inner) => inner.each_leaf(see),
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.each_leaf(see);
                }
            }
            leaf => see(leaf),
        }
    }

    /// What it measures, each once, in order.
    pub fn facts(&self) -> Vec<&Fact> {
        let mut found: Vec<&Fact> = Vec::new();
        self.each_leaf(&mut |leaf| {
            if let Self::Compare(left, _, right) = leaf {
                for operand in [left, right] {
                    if let Operand::Fact(fact) = operand
                        && !found.contains(&fact)
                    {
                        found.push(fact);
                    }
                }
            }
        });
        found
    }

    /// Whether the time alone decides it.
    pub fn is_calendar(&self) -> bool {
        let mut calendar = true;
        let mut any = false;
        self.each_leaf(&mut |leaf| match leaf {
            Self::Dates { .. } | Self::Week { .. } => any = true,
            Self::Constant(_) => {}
            _ => calendar = false,
        });
        calendar && any
    }
}

/// Parts joined by `and`, or by `or`: what decides by itself is all that is left, what changes nothing is left out.
fn joined(parts: &[Condition], dependents: usize, all: bool) -> Condition {
    let mut left = Vec::new();
    for part in parts {
        match part.resolved(dependents) {
            Condition::Constant(value) if value == all => {}
            Condition::Constant(value) => return Condition::Constant(value),
            part => left.push(part),
        }
    }
    match (left.len(), all) {
        (0, _) => Condition::Constant(all),
        (1, _) => left.swap_remove(0),
        (_, true) => Condition::All(left),
        (_, false) => Condition::Any(left),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn compare(left: Fact, limit: i64) -> Condition {
        let limit = Operand::Limit(Decimal::from(limit));
        Condition::Compare(Operand::Fact(left), Comparison::Greater, limit)
    }

    #[test]
    fn what_is_known_decides_or_falls_away() {
        let many = compare(Fact::Dependents, 2);
        let asks = compare(Fact::Firing(Severity::Page), 0);
        let all = Condition::All(vec![many.clone(), asks.clone()]);
        assert_eq!(all.resolved(3), asks);
        assert_eq!(all.resolved(2), Condition::Constant(false));
        let any = Condition::Any(vec![many.clone(), asks.clone()]);
        assert_eq!(any.resolved(3), Condition::Constant(true));
        assert_eq!(any.resolved(2), asks);
        let not = Condition::Not(Box::new(many));
        assert_eq!(not.resolved(3), Condition::Constant(false));
        assert_eq!(any.facts().len(), 2);
    }

    #[test]
    fn the_calendar_is_told_from_what_is_measured() {
        let dates = Condition::Dates {
            from: "2026-12-20".parse().unwrap(),
            to: "2027-01-02".parse().unwrap(),
            zone: "Europe/London".into(),
        };
        assert!(Condition::Not(Box::new(dates.clone())).is_calendar());
        assert!(!Condition::Constant(true).is_calendar());
        let both = Condition::Any(vec![dates, compare(Fact::DeployAge, 1)]);
        assert!(!both.is_calendar());
    }
}
