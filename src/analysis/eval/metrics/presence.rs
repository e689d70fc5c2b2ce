//! Looks up whether the metric of a selector exists, and which of a signal's candidates provides it.

use smol_str::SmolStr;

use super::super::value::Query;
use super::metrics_under;
use crate::db::Workspace;
use nth_metrics::{Part, Scope, fixed_labels, name_of, selector_of, series_of};
use nth_model::Resolution;
use nth_promql::classify::{metrics, requires_label};
use nth_promql::{Matcher, Node, Selector};

/// The result of looking up a metric with its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MetricPresence {
    /// It exists.
    Found,
    /// The selector was pulled, and its metrics do not include this one, or it lacks a label.
    Absent,
    /// The selector was not pulled, or there is no catalog, and the project does not declare the metric.
    Unknown,
}

/// Looks up metrics in the catalog and in the project's declarations.
#[derive(Clone, Copy)]
pub struct MetricIndex<'db> {
    /// The database.
    pub db: &'db dyn salsa::Database,
    /// The workspace.
    pub workspace: Workspace,
    /// The environment; `None` if the project declares none.
    pub environment: Option<&'db SmolStr>,
}

impl MetricIndex<'_> {
    /// True if there is a catalog or a declared metric.
    pub fn is_available(self) -> bool {
        has_known_metrics(self.db, self.workspace)
    }

    /// Looks up the metric of a selector. If its labels were pulled, only the catalog counts, else the project's declarations.
    /// With `histogram`, a histogram's name without `_bucket` matches both the classic and the native form.
    pub fn presence(self, selector: &Selector, scope: &Scope, histogram: bool) -> MetricPresence {
        self.lookup(selector, scope, histogram, requires_label)
    }

    /// Like [`presence`](Self::presence), but ignores the labels that the selector's matchers need.
    pub fn presence_by_name(
        self,
        selector: &Selector,
        scope: &Scope,
        histogram: bool,
    ) -> MetricPresence {
        self.lookup(selector, scope, histogram, |_| false)
    }

    fn lookup(
        self,
        selector: &Selector,
        scope: &Scope,
        histogram: bool,
        counts: impl Fn(&Matcher) -> bool,
    ) -> MetricPresence {
        if !self.is_available() {
            return MetricPresence::Unknown;
        }
        let Some(name) = name_of(selector) else {
            return MetricPresence::Unknown;
        };
        if scope.records(name) {
            return MetricPresence::Found;
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
                fixed.requires(label)
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
                    Some(found) if has(found, true) => MetricPresence::Found,
                    _ => MetricPresence::Absent,
                }
            }
            None => {
                let find = |name: &str| known.declared.get_key_value(name);
                let found = series_of(name, histogram, |name| {
                    find(name).map(|(name, metric)| (name.as_str(), metric))
                });
                match found {
                    // A declaration without labels may have any.
                    Some(found) if has(found, false) => MetricPresence::Found,
                    _ => MetricPresence::Unknown,
                }
            }
        }
    }

    /// Returns which of a signal's candidates provides it: the first that exists, else the first that is unknown.
    pub fn resolve(self, candidates: &[Query], scope: &Scope, histogram: bool) -> Resolution {
        if !self.is_available() {
            return Resolution::Unknown(0);
        }
        let mut unknown = None;
        for (number, candidate) in candidates.iter().enumerate() {
            let presence = match &candidate.expr.unparenthesised().node {
                // It uses another signal, which is missing.
                _ if !candidate.missing.is_empty() => MetricPresence::Absent,
                Node::Selector(selector) => self.presence(selector, scope, histogram),
                _ => MetricPresence::Unknown,
            };
            match presence {
                MetricPresence::Found => return Resolution::Found(number),
                MetricPresence::Unknown => unknown = unknown.or(Some(number)),
                MetricPresence::Absent => {}
            }
        }
        unknown.map_or(Resolution::Missing, Resolution::Unknown)
    }
}

/// Returns whether there is a catalog or a declared metric. Does not change if only sections of the lock file change.
#[salsa::tracked(returns(copy))]
pub(crate) fn has_known_metrics(db: &dyn salsa::Database, workspace: Workspace) -> bool {
    workspace.catalogue(db).is_some() || !workspace.metrics(db).is_empty()
}

/// Iterates over the selectors of a query that name a metric, with the name.
pub fn named_selectors(query: &Query) -> impl Iterator<Item = (&str, &Selector)> {
    metrics(&query.expr).filter_map(|selector| Some((name_of(selector)?, selector)))
}
