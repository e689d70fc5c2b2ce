//! Runs rules of a simulation again, over other series.

use std::ops::RangeInclusive;

use nth_engine::rules::{self, Failure, Group, Outcome};
use nth_engine::{Labels, MemoryStore, Timestamp, eval};
use nth_promql::{Expr, Selector};

use crate::matching::matches;
use crate::queries::readings;
use crate::rule_groups::Literal;

/// The selectors of queries.
#[derive(Debug, Clone, Default)]
pub struct Selectors(Vec<Selector>);

impl Selectors {
    /// Adds those of a query.
    pub fn add(&mut self, query: &Expr) {
        let all = readings(query).into_iter();
        self.0.extend(all.map(|reading| reading.selector));
    }

    /// True if a selector selects a series.
    pub fn select(&self, labels: &Labels) -> bool {
        self.0.iter().any(|selector| matches(selector, labels))
    }
}

/// Evaluates groups over a range of time, with labels as [`simulate`](crate::simulate) expands them. Subqueries without a step
/// have this one, in milliseconds.
///
/// # Errors
///
/// The first failure of a rule.
pub fn rerun(
    groups: &[Group],
    store: &mut MemoryStore,
    range: RangeInclusive<Timestamp>,
    subquery_step: i64,
) -> Result<Outcome, Failure> {
    let settings = rules::Settings {
        expand: &Literal,
        eval: eval::Options {
            subquery_step,
            ..eval::Options::default()
        },
    };
    rules::run(groups, store, range, settings)
}
