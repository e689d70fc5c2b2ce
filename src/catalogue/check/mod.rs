//! Checks a query against the known metrics that it reads. It works on the query's tree and does not depend on the
//! `.nth` syntax.

mod buckets;
mod functions;
mod kinds;
mod labels;
mod names;
#[cfg(test)]
mod tests;

use super::{Known, Lookup, Metric, Part};
use nth_promql::{self as promql, Expr, Node, Selector, Span};

pub use buckets::{Bound, Bounds};
pub use kinds::Kind;
pub use labels::read_under;

/// The metrics known for a selector of a query.
#[derive(Clone, Copy)]
pub struct Under<'k> {
    /// The metrics.
    pub known: &'k Known,
    /// The labels with which they were looked up, as a selector.
    pub selector: &'k str,
}

/// An interpolation through which a part of a query comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// The place of the interpolation, which all nodes from it have in the tree.
    pub span: Span,
    /// True if its names, labels and values are checked at their own source.
    pub judged: bool,
}

/// A query to check.
pub struct Case<'a> {
    /// The tree, with the scope's labels and with all interpolations filled.
    pub expr: &'a Expr,
    /// The interpolations of queries.
    pub holes: &'a [Filled],
    /// The places of texts with interpolations: no suggestion may replace them with a value that fits only once.
    pub computed: &'a [Span],
    /// Returns the metrics known for a selector; `None` if it reads output of recording rules.
    pub under: &'a dyn Fn(&Selector) -> Option<Under<'a>>,
    /// Returns whether the scope sets a label: all series that are read have it.
    pub fixed: &'a dyn Fn(&str) -> bool,
    /// True if missing metrics and labels are reported.
    pub absence: bool,
    /// True if the query is in the standard library.
    pub is_library: bool,
}

/// A problem of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The message with its place.
    pub error: promql::Error,
    /// The metric's name, if the metric does not exist.
    pub unknown: Option<String>,
}

impl From<promql::Error> for Finding {
    fn from(error: promql::Error) -> Self {
        Self {
            error,
            unknown: None,
        }
    }
}

/// The metrics that a selector reads.
enum Read<'a> {
    /// Nothing is known.
    Nothing,
    /// The metric was pulled and does not exist.
    Absent(Under<'a>),
    /// These series.
    Series(Series<'a>),
    /// The selector names a classic histogram without a suffix, and no series has that name.
    Classic(Series<'a>),
}

/// Known series of a metric.
#[derive(Clone, Copy)]
struct Series<'a> {
    part: Part<'a>,
    under: Under<'a>,
    /// The project's declaration of the metric, even if the metric was pulled too.
    declared: Option<&'a Metric>,
    /// True if the metric was pulled.
    pulled: bool,
}

/// All problems of a query, in the order of its text. In a query that is a single selector, only names, labels and
/// values are checked: the use of its value depends on the context.
pub fn check(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let whole = promql::classify::is_selector(case.expr);
    for expr in promql::classify::exprs(case.expr) {
        if let Node::Selector(selector) = &expr.node {
            names::check(case, expr, selector, whole, &mut found);
            labels::check_matchers(case, expr, selector, &mut found);
        }
    }
    labels::check_grouping(case, &mut found);
    if !whole {
        functions::check(case, &mut found);
    }
    // One interpolation may cause several problems of a kind; one of them is reported at each place.
    found.sort_by_key(|finding| (finding.error.span, finding.error.code.id));
    found.dedup_by(|later, earlier| {
        (later.error.span, later.error.code) == (earlier.error.span, earlier.error.code)
    });
    found
}

/// The problems of using the value of a selector directly.
pub fn check_value(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Node::Selector(selector) = &case.expr.unparenthesised().node {
        names::check_classic(case, case.expr, selector, &mut found);
    }
    functions::check(case, &mut found);
    found
}

/// The metric of this name, without a suffix, and whether it was pulled.
pub fn family<'k>(known: &'k Known, name: &str) -> Option<(&'k str, &'k Metric, bool)> {
    let pulled = known
        .section
        .as_ref()
        .and_then(|section| section.metrics.get_key_value(name))
        .map(|(name, metric)| (name.as_str(), metric, true));
    pulled.or_else(|| {
        let (name, metric) = known.declared.get_key_value(name)?;
        Some((name.as_str(), metric, false))
    })
}

impl<'a> Case<'a> {
    fn read(&self, selector: &Selector) -> Read<'a> {
        let Some(name) = &selector.metric else {
            return Read::Nothing;
        };
        let name = name.text.as_str();
        if is_recorded(name) {
            return Read::Nothing;
        }
        let Some(under) = (self.under)(selector) else {
            return Read::Nothing;
        };
        let series = |part: Part<'a>| Series {
            part,
            under,
            declared: under.known.declared.get(part.name),
            pulled: family(under.known, part.name).is_some_and(|(_, _, pulled)| pulled),
        };
        match under.known.metric(name) {
            Lookup::Found(part) => Read::Series(series(part)),
            lookup => match (family(under.known, name), lookup) {
                (Some((name, metric, _)), _) => Read::Classic(series(Part {
                    name,
                    suffix: "",
                    metric,
                })),
                // For a selector that matched nothing at all, that is reported instead.
                (None, Lookup::Absent) if !is_empty(under.known) => Read::Absent(under),
                _ => Read::Nothing,
            },
        }
    }

    /// Returns whether the names in it are checked at their own source.
    fn is_judged(&self, expr: &Expr) -> bool {
        self.holes
            .iter()
            .any(|hole| hole.judged && hole.span == expr.span)
    }

    /// Returns whether it comes from an interpolation.
    fn is_filled(&self, span: Span) -> bool {
        self.holes.iter().any(|hole| hole.span == span)
    }
}

/// Returns whether the selector was pulled and matched nothing.
pub fn is_empty(known: &Known) -> bool {
    known
        .section
        .as_ref()
        .is_some_and(|section| section.metrics.is_empty())
}

/// Returns whether Prometheus or recording rules write series of this name, and not targets.
fn is_recorded(name: &str) -> bool {
    name.contains(':') || matches!(name, "ALERTS" | "ALERTS_FOR_STATE" | "slo_info")
}
