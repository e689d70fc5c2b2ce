//! The evaluation of groups over a range of time.

use std::ops::RangeInclusive;

use nth_promql::{Expr, Type};

use super::alerting::Alerts;
use super::columns;
use super::expand::{Expand, Unexpanded};
use super::failure::{Failed, Failure};
use super::input::Input;
use super::outcome::Outcome;
use super::plan::{self, Context, Placed, Unit};
use super::recording;
use super::rule::{Group, Recording, Rule, RuleId};
use super::until::Until;
use super::write::Writer;
use crate::annotations::Annotations;
use crate::error::Error;
use crate::eval;
use crate::store::MemoryStore;
use crate::value::{Steps, Timestamp};

/// The settings of [`run`].
#[derive(Clone, Copy)]
pub struct Settings<'e> {
    /// The settings of queries.
    pub eval: eval::Options,
    /// How templates in labels of alerts are expanded. Default: they remain as they are.
    pub expand: &'e dyn Expand,
}

impl Default for Settings<'_> {
    fn default() -> Self {
        Self {
            eval: eval::Options::default(),
            expand: &Unexpanded,
        }
    }
}

/// Evaluates all groups at each multiple of their interval, counted from the start of the range. Recordings and the series about
/// alerts are added to the store. The first error of a rule ends it; the store's contents are unspecified then.
pub fn run(
    groups: &[Group],
    store: &mut MemoryStore,
    range: RangeInclusive<Timestamp>,
    settings: Settings<'_>,
) -> Result<Outcome, Failure> {
    run_units(groups, store, range, settings, BLOCK_STEPS, plan::units)
}

/// The number of steps of the shortest interval in one block. A rule's result is kept in memory for one block.
const BLOCK_STEPS: i64 = 2048;

/// Evaluates groups in units that `units` chooses, and in blocks of `block_steps` of the shortest interval.
pub(super) fn run_units(
    groups: &[Group],
    store: &mut MemoryStore,
    range: RangeInclusive<Timestamp>,
    settings: Settings<'_>,
    block_steps: i64,
    units: impl FnOnce(&mut [Placed<'_>], &Context) -> Vec<Unit>,
) -> Result<Outcome, Failure> {
    let (from, to) = (*range.start(), *range.end());
    let mut ids = Vec::new();
    let mut placed = Vec::new();
    for (group_index, group) in groups.iter().enumerate() {
        for (rule_index, rule) in group.rules.iter().enumerate() {
            let id = RuleId {
                group: group_index,
                rule: rule_index,
            };
            ids.push((id, group));
            placed.push(Placed {
                rule,
                expr: rule.expr().clone(),
                interval: group.interval.max(1),
                query_offset: group.query_offset,
            });
        }
    }
    let context = Context {
        lookback: settings.eval.lookback,
        start: from,
        input: Input::new(store, settings.eval.lookback),
    };
    let units = units(&mut placed, &context);
    let mut rules: Vec<Running<'_>> = ids
        .into_iter()
        .zip(placed)
        .map(|((id, group), placed)| Running::new(group, placed, id, from))
        .collect();
    let shortest = rules.iter().map(|rule| rule.interval).min().unwrap_or(1);
    let block = shortest.saturating_mul(block_steps);
    let mut start = from;
    while start <= to {
        let mut end = to.min(start.saturating_add(block - 1));
        let mut failure: Option<Failure> = None;
        for unit in &units {
            if let Err(failed) = advance(unit, &mut rules, store, end, settings) {
                // Later rules may fail earlier, but nothing after this time matters.
                end = failed.at;
                let is_first = |known: &Failure| (failed.at, failed.id) < (known.at, known.id);
                if failure.as_ref().is_none_or(is_first) {
                    failure = Some(failed);
                }
            }
        }
        if let Some(failure) = failure {
            return Err(failure);
        }
        start = start.saturating_add(block);
    }
    let mut outcome = Outcome::default();
    for rule in rules {
        if rule.annotations != Annotations::default() {
            outcome.annotations.push((rule.id, rule.annotations));
        }
        if let State::Alerting(alerts) = rule.state {
            outcome.alerts.extend(alerts.into_histories());
        }
    }
    Ok(outcome)
}

/// Evaluates the rules of a unit up to and including a time.
fn advance(
    unit: &Unit,
    rules: &mut [Running<'_>],
    store: &mut MemoryStore,
    end: Timestamp,
    settings: Settings<'_>,
) -> Result<(), Failure> {
    match unit {
        Unit::Range(index) => {
            let Some(rule) = rules.get_mut(*index) else {
                return Ok(());
            };
            let Some(steps) = rule.steps_until(end) else {
                return Ok(());
            };
            rule.next = steps.time(steps.count());
            rule.evaluate(store, steps, settings)
                .map_err(|failed| rule.failure(failed))
        }
        Unit::Instants(members) => loop {
            let next = members
                .iter()
                .filter_map(|index| Some(rules.get(*index)?.next))
                .min();
            let Some(at) = next.filter(|next| *next <= end) else {
                return Ok(());
            };
            for index in members {
                let Some(rule) = rules.get_mut(*index).filter(|rule| rule.next == at) else {
                    continue;
                };
                rule.next = at + rule.interval;
                rule.evaluate(store, Steps::instant(at), settings)
                    .map_err(|failed| rule.failure(failed))?;
            }
        },
    }
}

/// A rule during the evaluation.
struct Running<'g> {
    id: RuleId,
    rule: &'g Rule,
    /// The rule's query, or an equivalent one.
    expr: Expr,
    interval: i64,
    query_offset: i64,
    /// The error of a query that is invalid, or neither a vector nor a scalar.
    checked: Result<(), Error>,
    /// The time of the next evaluation.
    next: Timestamp,
    writer: Writer,
    state: State<'g>,
    annotations: Annotations,
}

enum State<'g> {
    Recording { rule: &'g Recording, limit: usize },
    Alerting(Alerts<'g>),
}

impl<'g> Running<'g> {
    fn new(group: &Group, placed: Placed<'g>, id: RuleId, start: Timestamp) -> Self {
        let rule = placed.rule;
        Self {
            id,
            rule,
            interval: placed.interval,
            query_offset: placed.query_offset,
            checked: check(&placed.expr),
            next: start,
            writer: Writer::new(placed.query_offset, placed.expr.span),
            expr: placed.expr,
            state: match rule {
                Rule::Recording(rule) => State::Recording {
                    rule,
                    limit: group.limit,
                },
                Rule::Alerting(rule) => State::Alerting(Alerts::new(rule, id, group.limit)),
            },
            annotations: Annotations::default(),
        }
    }

    /// Returns the next evaluations up to and including a time; `None` if there are none.
    fn steps_until(&self, end: Timestamp) -> Option<Steps> {
        (self.next <= end).then_some(Steps {
            start: self.next,
            end,
            step: self.interval,
        })
    }

    fn failure(&self, failed: Failed) -> Failure {
        Failure {
            id: self.id,
            name: self.rule.name().clone(),
            at: failed.at,
            error: failed.error,
        }
    }

    fn evaluate(
        &mut self,
        store: &mut MemoryStore,
        steps: Steps,
        settings: Settings<'_>,
    ) -> Result<(), Failed> {
        let expr = &self.expr;
        if let Err(error) = &self.checked {
            return Err(Failed {
                at: steps.start,
                error: error.clone(),
            });
        }
        let queried = Steps {
            start: steps.start - self.query_offset,
            end: steps.end - self.query_offset,
            step: steps.step,
        };
        let until = Until {
            store,
            time: steps.end,
        };
        match eval::evaluate_checked(expr, &until, queried, &settings.eval) {
            Ok((evaluated, annotations)) => {
                self.annotations.merge(annotations);
                let at = steps.start;
                let result = columns::series_of(evaluated, expr.span)
                    .map_err(|error| Failed { at, error })?;
                match &mut self.state {
                    State::Recording { rule, limit } => {
                        recording::record(rule, *limit, result, steps, &mut self.writer, store)
                    }
                    State::Alerting(alerts) => {
                        alerts.advance(result, steps, settings.expand, &mut self.writer, store)
                    }
                }
            }
            Err(error) => self.search(store, steps, settings, error),
        }
    }

    /// Evaluates up to the first step that has an error.
    fn search(
        &mut self,
        store: &mut MemoryStore,
        steps: Steps,
        settings: Settings<'_>,
        error: Error,
    ) -> Result<(), Failed> {
        let count = steps.count();
        if count < 2 {
            let at = steps.start;
            return Err(Failed { at, error });
        }
        let first = Steps {
            end: steps.time(count / 2 - 1),
            ..steps
        };
        let second = Steps {
            start: steps.time(count / 2),
            ..steps
        };
        self.evaluate(store, first, settings)?;
        self.evaluate(store, second, settings)
    }
}

/// Checks that a query is valid, and an instant vector or a scalar unless its type is unknown.
fn check(expr: &Expr) -> Result<(), Error> {
    let (of, _) = nth_promql::infer(expr, &[]);
    if matches!(of, Some(Type::RangeVector | Type::String)) {
        return Err(columns::not_a_vector(expr.span));
    }
    eval::check(expr).map(|_| ())
}
