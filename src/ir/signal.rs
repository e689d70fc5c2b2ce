//! Signals: what a service or a dependency is looked at by, which metric carries each, and what is left out where
//! none does.

use std::collections::BTreeMap;

use smol_str::SmolStr;

use nth_promql as promql;

/// An intent, and the metrics that could carry it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signal {
    /// Its name, unique in its block.
    pub name: SmolStr,
    /// The dependency that it belongs to; the service's own where absent.
    pub dependency: Option<SmolStr>,
    /// What the dependency runs on, `PostgreSQL`, where it says so.
    pub technology: Option<String>,
    /// What it tells, from its doc comment.
    pub description: Option<String>,
    /// What it counts, a member of the prelude's `unit`.
    pub unit: SmolStr,
    /// What type of series it is, a member of the prelude's `metric-type`.
    pub metric_type: SmolStr,
    /// The metrics that could carry it, as queries have them, in order of preference; there is one at least.
    pub candidates: Vec<promql::Expr>,
    /// The labels that the queries of its block carry: what it is looked for under.
    pub scope: BTreeMap<String, String>,
    /// How to get it where it is missing.
    pub hint: Option<String>,
    /// Which candidate carries it.
    pub resolution: Resolution,
}

/// Which of a signal's candidates carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The candidate of that number, counted from 0, is known to exist.
    Found(usize),
    /// None of them exists. Queries have the first of them.
    Missing,
    /// Nothing is known. Queries have the candidate of that number.
    Unclaimed(usize),
}

impl Resolution {
    /// The number of the candidate that stands in queries.
    pub fn standing(self) -> usize {
        match self {
            Self::Found(number) | Self::Unclaimed(number) => number,
            Self::Missing => 0,
        }
    }
}

impl Signal {
    /// The candidate that stands in queries.
    pub fn standing(&self) -> Option<&promql::Expr> {
        self.candidates.get(self.resolution.standing())
    }

    /// The candidates as a person would write them: without the labels that every query of the block carries.
    pub fn written(&self) -> impl Iterator<Item = String> {
        self.candidates
            .iter()
            .map(|candidate| self.without_scope(candidate).to_string())
    }

    fn without_scope(&self, candidate: &promql::Expr) -> promql::Expr {
        let mut candidate = candidate.unparenthesised().clone();
        if let promql::Node::Selector(selector) = &mut candidate.node {
            selector.matchers.retain(|matcher| {
                let carried = self.scope.get(matcher.label.as_str());
                matcher.op != promql::MatchOp::Equal
                    || carried.is_none_or(|value| matcher.value.text() != Some(value))
            });
        }
        candidate
    }
}

/// How many signals have a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tally {
    /// Those of which a metric is known.
    pub found: usize,
    /// Those of which it is known that there is none.
    pub missing: usize,
    /// Those of which nothing is known.
    pub unclaimed: usize,
}

impl Tally {
    /// How many there are.
    pub fn total(self) -> usize {
        self.found + self.missing + self.unclaimed
    }

    /// Counts one more.
    pub fn add(&mut self, resolution: Resolution) {
        match resolution {
            Resolution::Found(_) => self.found += 1,
            Resolution::Missing => self.missing += 1,
            Resolution::Unclaimed(_) => self.unclaimed += 1,
        }
    }

    /// Counts others as well.
    pub fn merge(&mut self, other: Self) {
        self.found += other.found;
        self.missing += other.missing;
        self.unclaimed += other.unclaimed;
    }
}

/// An alert or a recording that is not made, because no metric carries a signal that it reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LeftOut {
    /// Which of the two.
    pub rule: Rule,
    /// Its name in the service, an alert's of a dependency with the dependency's before it.
    pub name: SmolStr,
    /// The signals that it reads and no metric carries: `depth` of the service, `orders-db.locks` of a dependency,
    /// `payments.depth` of another service.
    pub missing: Vec<SmolStr>,
}

/// What sort of rule something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// An alert.
    Alert,
    /// A recording.
    Recording,
}

impl Rule {
    /// What a person calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Recording => "recording",
        }
    }
}
