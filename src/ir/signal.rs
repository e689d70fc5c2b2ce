//! Signals of a service or a dependency, the metric that provides each of them, and the rules that are not generated if
//! none does.

use smol_str::SmolStr;

use nth_promql as promql;

/// A quantity to observe, and the metrics that could provide it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Signal {
    /// The name, unique in its block.
    pub name: SmolStr,
    /// The dependency that it belongs to; `None` for the service's own signals.
    pub dependency: Option<SmolStr>,
    /// The technology that the dependency runs on, such as `PostgreSQL`, if it is given.
    pub technology: Option<String>,
    /// The meaning of the signal, from its doc comment.
    pub description: Option<String>,
    /// The unit of its values, a member of the prelude's `unit`.
    pub unit: SmolStr,
    /// The type of its series, a member of the prelude's `metric-type`.
    pub metric_type: SmolStr,
    /// The metrics that could provide it, as queries read them, in order of preference; at least one.
    pub candidates: Vec<promql::Expr>,
    /// The matchers of all queries of its block, with which its metrics are looked up.
    pub scope: promql::LabelMatchers,
    /// A hint on how to provide it if it is missing.
    pub hint: Option<String>,
    /// The candidate that provides it.
    pub resolution: Resolution,
}

/// The candidate of a signal that provides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// The candidate of this index, counted from 0, exists.
    Found(usize),
    /// No candidate exists. Queries use the first.
    Missing,
    /// Nothing is known about the candidates. Queries use the one of this index.
    Unknown(usize),
}

impl Resolution {
    /// The index of the candidate that queries use.
    pub fn candidate_index(self) -> usize {
        match self {
            Self::Found(number) | Self::Unknown(number) => number,
            Self::Missing => 0,
        }
    }
}

impl Signal {
    /// The candidate that queries use.
    pub fn selected_candidate(&self) -> Option<&promql::Expr> {
        self.candidates.get(self.resolution.candidate_index())
    }

    /// The candidates as in the source: without the labels of all queries of the block.
    pub fn candidate_texts(&self) -> impl Iterator<Item = String> {
        self.candidates
            .iter()
            .map(|candidate| self.without_scope(candidate).to_string())
    }

    fn without_scope(&self, candidate: &promql::Expr) -> promql::Expr {
        let mut candidate = candidate.unparenthesised().clone();
        if let promql::Node::Selector(selector) = &mut candidate.node {
            selector.matchers.retain(|matcher| !self.scope.has(matcher));
        }
        candidate
    }
}

/// Numbers of signals by [`Resolution`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Tally {
    /// The number of signals that a known metric provides.
    pub found: usize,
    /// The number of signals for which no metric exists.
    pub missing: usize,
    /// The number of signals about which nothing is known.
    pub unknown: usize,
}

impl Tally {
    /// The total number of signals.
    pub fn total(self) -> usize {
        self.found + self.missing + self.unknown
    }

    /// Counts signals.
    pub fn of<'s>(signals: impl IntoIterator<Item = &'s Signal>) -> Self {
        let mut tally = Self::default();
        for signal in signals {
            tally.add(signal.resolution);
        }
        tally
    }

    /// Counts one more signal.
    pub fn add(&mut self, resolution: Resolution) {
        match resolution {
            Resolution::Found(_) => self.found += 1,
            Resolution::Missing => self.missing += 1,
            Resolution::Unknown(_) => self.unknown += 1,
        }
    }

    /// Adds the numbers of another tally.
    pub fn merge(&mut self, other: Self) {
        self.found += other.found;
        self.missing += other.missing;
        self.unknown += other.unknown;
    }
}

/// An alert or a recording rule that is not generated, because no metric provides a signal that it reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SkippedRule {
    /// The kind of the rule.
    pub rule: Rule,
    /// The name in the service; the name of a dependency's alert is prefixed with the dependency's name.
    pub name: SmolStr,
    /// The signals that it reads and no metric provides: `depth` of the service, `orders-db.locks` of a dependency,
    /// `payments.depth` of another service.
    pub missing: Vec<SmolStr>,
}

/// The kind of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// An alert.
    Alert,
    /// A recording rule.
    Recording,
}

impl Rule {
    /// The name of the kind in prose.
    pub fn word(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Recording => "recording",
        }
    }
}
