//! Lints: valid PromQL that is most likely a mistake.
//!
//! One traversal of the tree, children first, collects `facts` about every expression and runs each lint where it applies. A
//! lint only reports what is certain: the meaning and labels of a metric and the arguments of a template are unknown here.

mod averages;
mod bounds;
mod comparisons;
mod division;
mod duration_limits;
mod facts;
mod histograms;
mod joins;
mod matchers;
mod never;
mod ranges;
mod regexes;

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::HoleType;
use super::error::Error;
use super::labels;
use super::tree::*;

use facts::Facts;

pub use never::is_never_true;

/// Information about the environment of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Surroundings {
    /// The scrape interval of the queried targets.
    pub scrape_interval: nth_units::Duration,
    /// The labels that are added to every selector without a matcher on them; `None` if unknown.
    pub added: Option<BTreeSet<SmolStr>>,
}

/// The known part of an interpolated value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Known<'v> {
    /// Only its type.
    Type(HoleType),
    /// A number's value.
    Number(f64),
    /// A duration's length.
    Duration(nth_units::Duration),
    /// A query, which is checked where it is written.
    Query(&'v Expr),
}

/// Runs all lints on a query without errors from [`infer`](super::infer). Returns the findings in text order. `holes` are the
/// interpolated values, by hole number.
///
/// ```
/// use nth_units::Duration;
/// use nth_promql::{lint, parse};
///
/// let surroundings = lint::Surroundings { scrape_interval: Duration(15_000), added: None };
/// let found = lint::lint(&parse("rate(x_total[30s])").unwrap(), &[], &surroundings);
/// assert_eq!(found[0].code.slug, "short-range");
/// assert_eq!(found[0].suggestion.as_ref().unwrap().1, "1m");
/// ```
pub fn lint(expr: &Expr, holes: &[Known<'_>], surroundings: &Surroundings) -> Vec<Error> {
    let mut lint = Lint {
        holes,
        surroundings,
        found: Vec::new(),
    };
    lint.visit(expr);
    lint.found
        .sort_by_key(|error| (error.span.start, error.span.end, error.code.id));
    lint.found
}

/// True if [`Surroundings::added`] affects the lints of a query.
pub fn asks_for_added(expr: &Expr) -> bool {
    super::classify::metrics(expr)
        .flat_map(|selector| &selector.matchers)
        .any(matchers::matches_all)
}

struct Lint<'l> {
    holes: &'l [Known<'l>],
    surroundings: &'l Surroundings,
    found: Vec<Error>,
}

impl<'l> Lint<'l> {
    fn hole_value(&self, hole: usize) -> Known<'l> {
        self.holes
            .get(hole)
            .copied()
            .unwrap_or(Known::Type(HoleType::Unknown))
    }

    fn report(&mut self, error: Error) {
        self.found.push(error);
    }

    fn visit(&mut self, expr: &Expr) -> Facts {
        if let Node::Hole(number) = &expr.node
            && let Known::Query(query) = self.hole_value(*number)
        {
            // Its findings are reported where it is written.
            let mut inside = Lint {
                holes: &[],
                surroundings: self.surroundings,
                found: Vec::new(),
            };
            return inside.visit(query);
        }
        let children: Vec<Facts> = labels::children(expr)
            .into_iter()
            .map(|child| self.visit(child))
            .collect();
        match (&expr.node, children.as_slice()) {
            (Node::Selector(selector), _) => {
                self.regexes(selector);
                self.matchers(selector, expr.span);
                self.future(&selector.modifiers);
            }
            (Node::Modified(_, modifiers), _) => self.future(modifiers),
            (Node::Subquery(subquery), _) => self.future(&subquery.modifiers),
            (Node::Call(call), arguments) => {
                self.ranges(call);
                self.absence(call, arguments);
                self.histogram(call, arguments);
                if let Some(of) = arguments.first() {
                    self.average_over_time(call, of);
                }
            }
            (Node::Aggregate(aggregate), [of, ..]) => {
                self.grouping(aggregate, of);
                self.average(aggregate, of);
            }
            (Node::Binary(binary), [left, right]) => {
                self.comparison(binary, expr.span, left, right);
                self.duration_limit(binary);
                self.contradiction(binary, left, right);
                self.division(binary, right);
                self.join(binary, left, right);
            }
            _ => {}
        }
        let known = match &expr.node {
            Node::Hole(number) => self.hole_value(*number),
            _ => Known::Type(HoleType::Unknown),
        };
        facts::infer(expr, children, known)
    }
}
