//! What is known of the metric that a selector names, and which of a signal's candidates carries it.

use smol_str::SmolStr;

use super::super::value::Query;
use super::metrics_under;
use crate::db::Workspace;
use nth_metrics::{Part, Scope, fixed_labels, name_of, selector_of, series_of};
use nth_model::Resolution;
use nth_promql::classify::{metrics, requires_label};
use nth_promql::{Matcher, Node, Selector};

/// What is known of a metric by name and labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// It is there.
    Found,
    /// The catalogue has the selector, and not the metric, or the metric and not a label.
    Absent,
    /// There is no catalogue, or nobody pulled this selector, and the project does not declare the metric.
    Unclaimed,
}

/// Where metrics are looked up.
#[derive(Clone, Copy)]
pub struct Lookups<'db> {
    /// The database.
    pub db: &'db dyn salsa::Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The environment, where the project declares any.
    pub environment: Option<&'db SmolStr>,
}

impl Lookups<'_> {
    /// Whether there is anything to look into: a catalogue, or declarations.
    pub fn are_possible(self) -> bool {
        anything_known(self.db, self.workspace)
    }

    /// What is known of the metric that a selector of a block's queries names. Where the selector was pulled, that
    /// alone counts; elsewhere, what the project declares. With `histogram`, a histogram's name without `_bucket`
    /// stands for it in whatever form it is stored.
    pub fn claim(self, selector: &Selector, scope: &Scope, histogram: bool) -> Claim {
        self.judge(selector, scope, histogram, requires_label)
    }

    /// The same by the name alone, whatever labels the selector asks for.
    pub fn claim_name(self, selector: &Selector, scope: &Scope, histogram: bool) -> Claim {
        self.judge(selector, scope, histogram, |_| false)
    }

    fn judge(
        self,
        selector: &Selector,
        scope: &Scope,
        histogram: bool,
        counts: impl Fn(&Matcher) -> bool,
    ) -> Claim {
        if !self.are_possible() {
            return Claim::Unclaimed;
        }
        let Some(name) = name_of(selector) else {
            return Claim::Unclaimed;
        };
        if scope.records(name) {
            return Claim::Found;
        }
        let fixed = fixed_labels(selector, scope);
        let known = metrics_under(
            self.db,
            self.workspace,
            self.environment.cloned(),
            selector_of(&fixed),
        );
        let has = |found: Part<'_>, is_whole: bool| {
            let has_label = |label: &str| {
                fixed.contains_key(label)
                    || found.metric.labels.contains(label)
                    || (label == "le" && found.suffix == "_bucket")
                    || (!is_whole && found.metric.labels.is_empty())
            };
            selector
                .matchers
                .iter()
                .filter(|matcher| matcher.label != "__name__" && counts(matcher))
                .all(|matcher| has_label(&matcher.label))
        };
        match &known.section {
            Some(section) => {
                let find = |name: &str| section.metrics.get_key_value(name);
                let found = series_of(name, histogram, |name| {
                    find(name).map(|(name, metric)| (name.as_str(), metric))
                });
                match found {
                    Some(found) if has(found, true) => Claim::Found,
                    _ => Claim::Absent,
                }
            }
            None => {
                let find = |name: &str| known.declared.get_key_value(name);
                let found = series_of(name, histogram, |name| {
                    find(name).map(|(name, metric)| (name.as_str(), metric))
                });
                match found {
                    // A declaration without labels says nothing of them.
                    Some(found) if has(found, false) => Claim::Found,
                    _ => Claim::Unclaimed,
                }
            }
        }
    }

    /// Which of a signal's candidates carries it: the first that exists. Where none does and of some nothing is
    /// known, the first of these.
    pub fn resolve(self, candidates: &[Query], scope: &Scope, histogram: bool) -> Resolution {
        if !self.are_possible() {
            return Resolution::Unknown(0);
        }
        let mut unclaimed = None;
        for (number, candidate) in candidates.iter().enumerate() {
            let claim = match &candidate.expr.unparenthesised().node {
                // It is another signal that is missing.
                _ if !candidate.missing.is_empty() => Claim::Absent,
                Node::Selector(selector) => self.claim(selector, scope, histogram),
                _ => Claim::Unclaimed,
            };
            match claim {
                Claim::Found => return Resolution::Found(number),
                Claim::Unclaimed => unclaimed = unclaimed.or(Some(number)),
                Claim::Absent => {}
            }
        }
        unclaimed.map_or(Resolution::Missing, Resolution::Unknown)
    }
}

/// Whether anything at all is known. It stays what it is while a lock file's sections change.
#[salsa::tracked(returns(copy))]
pub(crate) fn anything_known(db: &dyn salsa::Database, workspace: Workspace) -> bool {
    workspace.catalogue(db).is_some() || !workspace.metrics(db).is_empty()
}

/// The selectors in a query that name a metric.
pub fn named(query: &Query) -> impl Iterator<Item = (&str, &Selector)> {
    metrics(&query.expr).filter_map(|selector| Some((name_of(selector)?, selector)))
}
