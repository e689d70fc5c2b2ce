//! Gates: decisions about deployments and their conditions.
//!
//! A condition is a tree over facts, which are measured when the gate runs, exact limits and the calendar. It has three
//! values: a fact without data is unknown, and so is every condition that depends on it.

use jiff::civil::Date;
use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{CalendarUnit, Duration, Severity};

/// The number of minutes in a week.
pub const WEEK: u16 = 7 * DAY;
/// The number of minutes in a day.
pub const DAY: u16 = 24 * 60;

/// A decision about a deployment.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Gate {
    /// The name, unique in the service.
    pub name: SmolStr,
    /// The purpose of the gate.
    pub description: Option<String>,
    /// True if a condition without data counts as true.
    pub holds_without_data: bool,
    /// True if the gate only reports.
    pub dry_run: bool,
    /// The rules, in the order of the source.
    pub rules: Vec<Rule>,
    /// The overrides of its denies.
    pub overrides: Vec<Override>,
}

/// A reason to stop a deployment or to warn about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rule {
    /// The name, unique in the gate among the rules of the same effect.
    pub name: SmolStr,
    /// The effect if the condition holds.
    pub effect: Effect,
    /// The condition.
    pub when: Condition,
    /// The message to report.
    pub description: Option<String>,
}

/// The effect of a rule whose condition holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// The deployment is stopped.
    Deny,
    /// A warning is reported.
    Warn,
}

/// Lets a deny pass until a date.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Override {
    /// The name of the deny.
    pub deny: SmolStr,
    /// The person who is responsible for the override.
    pub by: String,
    /// The last day on which it applies.
    pub until: Date,
    /// The time zone of this day, a name of the IANA database.
    pub zone: String,
    /// The reason for the override.
    pub reason: String,
}

/// A condition: true, false or unknown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Condition {
    /// A value known at compile time.
    Constant(bool),
    /// The opposite; unknown stays unknown.
    Not(Box<Condition>),
    /// True if all hold; false if one does not, even if others are unknown.
    All(Vec<Condition>),
    /// True if any holds, even if others are unknown.
    Any(Vec<Condition>),
    /// Compares two quantities of the same unit.
    Compare(Operand, Comparison, Operand),
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
        /// The spans in rising order, without overlap.
        spans: Vec<Span>,
        /// The time zone of the week.
        zone: String,
    },
}

/// A span of the week, in minutes since Monday 00:00 by the zone's clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first minute of the span.
    pub from: u16,
    /// The first minute after the span, at most [`WEEK`].
    pub to: u16,
}

/// A comparison operator.
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
    /// The operator as written in `.nth`, PromQL and Rego.
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

    /// Returns the comparison with its sides swapped: `5 < x` is `x > 5`.
    #[must_use]
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Equal | Self::NotEqual => self,
        }
    }

    /// Returns whether the comparison is true of `left` and `right`.
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

/// An operand of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Operand {
    /// A measured quantity.
    Fact(Fact),
    /// A limit, in the unit of the other operand.
    Limit(Decimal),
}

/// A quantity that is measured when the gate runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Fact {
    /// The share of an error budget that is left.
    Budget(Objective),
    /// The rest of an error budget as time of full downtime, in seconds.
    BudgetTime(Objective),
    /// The burn rate of an error budget over this window.
    Burn(Objective, Duration),
    /// The number of firing alerts of this severity.
    Firing(Severity),
    /// The number of times within this duration that pages began to fire while no other did.
    Incidents(Duration),
    /// The time since the last deployment, in seconds.
    DeployAge,
    /// The number of deployments within this duration.
    Deploys(Duration),
    /// The number of the project's services that name this service in a dependency; known when all services are.
    Dependents,
}

/// The unit of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A share between 0 and 1.
    Ratio,
    /// Seconds.
    Seconds,
    /// A number of things or times.
    Number,
}

impl Fact {
    /// The unit of the fact.
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

    /// Returns whether the fact is a count, so that comparing it for equality makes sense.
    pub fn is_count(&self) -> bool {
        matches!(
            self,
            Self::Firing(_) | Self::Incidents(_) | Self::Deploys(_) | Self::Dependents
        )
    }
}

/// An objective of the gate's service or of another one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Objective {
    /// The name of the service.
    pub service: SmolStr,
    /// The name of the SLO.
    pub slo: SmolStr,
    /// The share of events that must be good, between 0 and 1.
    pub objective: Decimal,
    /// The SLO window; of a calendar window its usual length.
    pub window: Duration,
    /// What recurs, if it is a calendar window.
    pub calendar: Option<CalendarUnit>,
    /// The labels whose values are separate groups, of which the worst counts; empty if the SLO has no groups.
    pub by: Vec<String>,
    /// The contract of the SLO, if this is what it promises: then the objective and the window are those of the contract.
    pub contract: Option<Box<PromisedBy>>,
}

/// A contract whose error budget a gate reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PromisedBy {
    /// The name of the contract.
    pub name: SmolStr,
    /// Whether its window is that of the SLO.
    pub shares_window: bool,
    /// The objective of the SLO, between 0 and 1.
    pub slo_objective: Decimal,
}

impl Objective {
    /// The name of the SLO, and after a dot that of the contract, if it is one's.
    pub fn slo_path(&self) -> String {
        match &self.contract {
            Some(contract) => format!("{}.{}", self.slo, contract.name),
            None => self.slo.to_string(),
        }
    }

    /// The share of the SLO's error budget that is left if this share of this one is, over the same window.
    pub fn left_of_slo(&self, left: Decimal) -> Decimal {
        let Some(contract) = &self.contract else {
            return left;
        };
        let bad = (Decimal::ONE - left) * (Decimal::ONE - self.objective);
        let consumed = bad.checked_div(Decimal::ONE - contract.slo_objective);
        consumed.map_or(left, |consumed| Decimal::ONE - consumed)
    }

    /// The SLO window in the names of recorded series: `30d`, or `month` of a calendar window.
    pub fn window_name(&self) -> String {
        match self.calendar {
            Some(unit) => unit.to_string(),
            None => self.window.to_string(),
        }
    }
}

impl Condition {
    /// The condition with the number of dependents filled in, simplified accordingly.
    pub fn with_dependents(&self, dependents: usize) -> Self {
        match self {
            Self::Not(inner) => match inner.with_dependents(dependents) {
                Self::Constant(value) => Self::Constant(!value),
                inner => Self::Not(Box::new(inner)),
            },
            Self::All(parts) => combine(parts, dependents, true),
            Self::Any(parts) => combine(parts, dependents, false),
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

    /// Calls `see` with every part that is neither a negation nor a combination of other parts.
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

    /// The facts that the condition measures, without duplicates, in order.
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

    /// Returns whether the condition depends on nothing but the time.
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

/// Joins parts with `and` or `or`: a part that decides the result replaces all, a neutral part is omitted.
fn combine(parts: &[Condition], dependents: usize, all: bool) -> Condition {
    let mut left = Vec::new();
    for part in parts {
        match part.with_dependents(dependents) {
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
        let asks = compare(Fact::Firing(Severity::page()), 0);
        let all = Condition::All(vec![many.clone(), asks.clone()]);
        assert_eq!(all.with_dependents(3), asks);
        assert_eq!(all.with_dependents(2), Condition::Constant(false));
        let any = Condition::Any(vec![many.clone(), asks.clone()]);
        assert_eq!(any.with_dependents(3), Condition::Constant(true));
        assert_eq!(any.with_dependents(2), asks);
        let not = Condition::Not(Box::new(many));
        assert_eq!(not.with_dependents(3), Condition::Constant(false));
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
