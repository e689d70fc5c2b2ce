//! Whether a query fits what is known of the metrics that it reads: a judgment on its tree, which knows no `.nth`.

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

/// What is known where a selector of a query reads.
#[derive(Clone, Copy)]
pub struct Under<'k> {
    /// The metrics.
    pub known: &'k Known,
    /// The labels that they were looked up by, as a selector.
    pub selector: &'k str,
}

/// What a query's value comes from, through a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    /// The hole's place, which all of what came through it has in the tree.
    pub span: Span,
    /// Whether the names, labels and values in it are judged where it was written.
    pub judged: bool,
}

/// A query to judge.
pub struct Case<'a> {
    /// Its tree, with the scope's labels, and with all holes filled.
    pub expr: &'a Expr,
    /// The holes that queries came through.
    pub holes: &'a [Filled],
    /// The places of the texts that holes are in: they are not to be replaced by what would fit once.
    pub computed: &'a [Span],
    /// What is known where a selector reads; `None` where it reads what rules record.
    pub under: &'a dyn Fn(&Selector) -> Option<Under<'a>>,
    /// The labels that the scope sets: all that is read has them.
    pub fixed: &'a dyn Fn(&str) -> bool,
    /// Whether a metric or a label that is not there is worth a word.
    pub absence: bool,
    /// Whether it is a query of the standard library's.
    pub is_library: bool,
}

/// What is wrong with a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The words, with their place.
    pub error: promql::Error,
    /// The metric's name, where there is no such metric.
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

/// What is known of what a selector reads.
enum Read<'a> {
    /// Nothing.
    Nothing,
    /// There is no such metric where it was pulled.
    Absent(Under<'a>),
    /// These series.
    Series(Series<'a>),
    /// It has the name of a histogram of which every series has a suffix; that of these has none.
    Classic(Series<'a>),
}

/// Known series.
#[derive(Clone, Copy)]
struct Series<'a> {
    part: Part<'a>,
    under: Under<'a>,
    /// What the project declares of the metric, be it one that was pulled too.
    declared: Option<&'a Metric>,
    /// Whether it was pulled.
    pulled: bool,
}

/// Everything that is wrong with a query, in the order of its text. Of a query that is one selector only the names,
/// labels and values are judged: what is done with it depends on where it is put.
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
    // One hole may stand for several mistakes of a kind; at one place one of them is told.
    found.sort_by_key(|finding| (finding.error.span, finding.error.code.id));
    found.dedup_by(|later, earlier| {
        (later.error.span, later.error.code) == (earlier.error.span, earlier.error.code)
    });
    found
}

/// What is wrong where the value of a selector is used as it is.
pub fn check_value(case: &Case<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Node::Selector(selector) = &case.expr.unparenthesised().node {
        names::check_classic(case, case.expr, selector, &mut found);
    }
    functions::check(case, &mut found);
    found
}

/// A metric by its own name, without a suffix, and whether it was pulled.
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
                // A selector that matched nothing at all is told as that.
                (None, Lookup::Absent) if !is_empty(under.known) => Read::Absent(under),
                _ => Read::Nothing,
            },
        }
    }

    /// Whether the names in it are judged where it was written.
    fn is_judged(&self, expr: &Expr) -> bool {
        self.holes
            .iter()
            .any(|hole| hole.judged && hole.span == expr.span)
    }

    /// Whether it came through a hole.
    fn is_filled(&self, span: Span) -> bool {
        self.holes.iter().any(|hole| hole.span == span)
    }
}

/// Whether the selector was pulled and matched nothing.
pub fn is_empty(known: &Known) -> bool {
    known
        .section
        .as_ref()
        .is_some_and(|section| section.metrics.is_empty())
}

/// Whether it is the name of what Prometheus or rules write, which no target exposes.
fn is_recorded(name: &str) -> bool {
    name.contains(':') || matches!(name, "ALERTS" | "ALERTS_FOR_STATE" | "slo_info")
}
