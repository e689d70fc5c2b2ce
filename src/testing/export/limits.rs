//! What promtool cannot evaluate.

use nth_engine::eval::Options;
use nth_engine::rules::Rule;
use nth_engine::{Labels, MemoryStore};
use nth_promql::{Duration, DurationNode, Expr, Node, classify};
use nth_simulate::Selectors;

use crate::testing::annotations;
use crate::testing::wording::time;

/// The most samples of a query in promtool are 10,000, of which a rule does not take all.
const MOST_SAMPLES: i64 = 9_000;

/// Why a rule is not evaluated.
pub const PROBLEM: &str = "it reads more samples than promtool loads for a query, 10,000";

/// The times of an evaluation, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// How long it lasts.
    pub span: i64,
    /// The time between two samples of a series.
    pub grid: i64,
    /// The time between two evaluations, and the step of subqueries without one.
    pub interval: i64,
}

/// True if a rule reads more samples than promtool loads.
pub fn is_beyond(rule: &Rule, times: Times, store: &MemoryStore) -> bool {
    let in_annotations = match rule {
        Rule::Recording(_) => Vec::new(),
        // One that cannot be read is an error elsewhere.
        Rule::Alerting(rule) => annotations::queries(rule).unwrap_or_default(),
    };
    std::iter::once(rule.expr())
        .chain(&in_annotations)
        .any(|query| reads_too_much(query, times, store))
}

fn reads_too_much(query: &Expr, times: Times, store: &MemoryStore) -> bool {
    classify::exprs(query).any(|expr| match &expr.node {
        Node::Range(_, range) => millis(range).min(times.span) / times.grid > MOST_SAMPLES,
        Node::Subquery(subquery) => {
            let step = subquery.step.as_ref().map_or(times.interval, millis).max(1);
            let mut selectors = Selectors::default();
            selectors.add(&subquery.expr);
            let selects = |labels: &Labels| selectors.select(labels);
            let series = store.iter().filter(|series| selects(&series.labels));
            let series = i64::try_from(series.count()).unwrap_or(i64::MAX).max(1);
            // A query about the time has a value at every step, with or without series.
            let reads_time = classify::exprs(&subquery.expr)
                .any(|expr| matches!(&expr.node, Node::Call(call) if call.function == "time"));
            let span = if reads_time { i64::MAX } else { times.span };
            (millis(&subquery.range).min(span) / step).saturating_mul(series) > MOST_SAMPLES
        }
        _ => false,
    })
}

/// Returns why a rule finds something else in promtool, with this interval in milliseconds.
pub fn difference(rule: Option<&Rule>, interval: i64) -> String {
    let step = Options::default().subquery_step;
    let has_no_step = |expr: &Expr| matches!(&expr.node, Node::Subquery(of) if of.step.is_none());
    let depends = rule.is_some_and(|rule| classify::exprs(rule.expr()).any(has_no_step));
    match depends && interval != step {
        true => format!(
            "its subquery has no step, which is {} in the simulation and {} in promtool; write one: `[10m:{}]`",
            time(step),
            time(interval),
            time(step),
        ),
        false => "promtool has no past".to_owned(),
    }
}

/// Returns a duration; that of an expression is the longest.
#[allow(clippy::cast_possible_truncation)]
fn millis(duration: &Duration) -> i64 {
    match &duration.node {
        DurationNode::Literal(text) => {
            nth_promql::seconds(text).map_or(i64::MAX, |seconds| (seconds * 1000.0) as i64)
        }
        DurationNode::Paren(inner) => millis(inner),
        _ => i64::MAX,
    }
}
