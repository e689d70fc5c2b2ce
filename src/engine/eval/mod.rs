//! Evaluation of expressions.

mod aggregate;
mod binary;
mod calls;
mod durations;
mod histograms;
mod invariant;
mod matching;
mod names;
mod operators;
mod prepare;
mod range;
mod resets;
mod selector;
mod sets;
mod sliding_sum;
mod statistics;
mod subquery;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use nth_promql::{Expr, Node, Span, StringLit, Type, UnaryOp, infer};

use crate::annotations::Annotations;
use crate::error::Error;
use crate::functions::unite;
pub use crate::names::NameRemoval;
use crate::store::{Samples, Store};
use crate::value::{Evaluated, Point, Series, Steps, Timestamp};

/// The most steps of an evaluation. Prometheus keeps as many samples in memory by default.
const MAX_STEPS: usize = 50_000_000;

/// The settings of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How old a sample may be to be selected, in milliseconds. Default: 5m.
    pub lookback: i64,
    /// The step of subqueries that have none, in milliseconds. Default: 1m.
    pub subquery_step: i64,
    /// When the name of a metric is removed. Default: at once.
    pub name_removal: NameRemoval,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback: 300_000,
            subquery_step: 60_000,
            name_removal: NameRemoval::default(),
        }
    }
}

/// Evaluates an expression at all steps.
///
/// The result's series are in the order in which Prometheus returns those of an instant query: `sort(…)` and `topk(…)` at a
/// single step are in the order of their values.
pub fn evaluate(
    expr: &Expr,
    store: &dyn Store,
    steps: Steps,
    options: &Options,
) -> Result<(Evaluated, Annotations), Error> {
    if check(expr)? == Some(Type::RangeVector) {
        let message = r#"invalid expression type "range vector" for range query, must be Scalar or instant Vector"#;
        return Err(Error::new(message, expr.span));
    }
    evaluate_checked(expr, store, steps, options)
}

/// Evaluates an expression, which [`check`] accepts, at all steps: see [`evaluate`].
pub(crate) fn evaluate_checked(
    expr: &Expr,
    store: &dyn Store,
    steps: Steps,
    options: &Options,
) -> Result<(Evaluated, Annotations), Error> {
    let mut evaluator = Evaluator::new(store, steps, options);
    let value = match evaluator.eval(expr, steps)? {
        Evaluated::Vector(series) => Evaluated::Vector(names::finished(series, expr.span)?),
        value => value,
    };
    Ok((value, evaluator.annotations))
}

/// Evaluates a range vector, `x[5m]` or `x[5m:1m]`, at one time. Returns its series in the order of their labels.
pub fn evaluate_range(
    expr: &Expr,
    store: &dyn Store,
    at: Timestamp,
    options: &Options,
) -> Result<(Vec<Samples<'static>>, Annotations), Error> {
    let steps = Steps::instant(at);
    if let Some(of) = check(expr)?
        && of != Type::RangeVector
    {
        let message = format!("expected type range vector, got {of}");
        return Err(Error::new(message, expr.span));
    }
    let mut evaluator = Evaluator::new(store, steps, options);
    let series = evaluator.range_vector(expr, steps)?.at(at);
    Ok((series, evaluator.annotations))
}

/// Returns the type of an expression; `None` if it is unknown, an error if it is invalid.
pub(crate) fn check(expr: &Expr) -> Result<Option<Type>, Error> {
    let (of, errors) = infer(expr, &[]);
    match errors.into_iter().find(nth_promql::Error::is_error) {
        Some(error) => Err(Error::new(error.message, error.span)),
        None => Ok(of),
    }
}

/// The state of an evaluation.
struct Evaluator<'s> {
    store: &'s dyn Store,
    options: Options,
    /// The steps of the whole query; those of a subquery are others.
    query: Steps,
    /// What the expressions around need of histograms.
    need: statistics::Need,
    annotations: Annotations,
}

impl<'s> Evaluator<'s> {
    fn new(store: &'s dyn Store, query: Steps, options: &Options) -> Self {
        Self {
            store,
            options: Options {
                subquery_step: options.subquery_step.max(1),
                ..*options
            },
            query,
            need: statistics::Need::default(),
            annotations: Annotations::default(),
        }
    }

    /// Evaluates an expression at all steps. What does not depend on the step is evaluated once.
    fn eval(&mut self, expr: &Expr, steps: Steps) -> Result<Evaluated, Error> {
        let count = steps.count();
        if count > MAX_STEPS {
            let message =
                "query processing would load too many samples into memory in query execution";
            return Err(Error::new(message, expr.span));
        }
        if count > 1 && invariant::is_step_invariant(expr) {
            let once = Steps {
                end: steps.start,
                ..steps
            };
            return Ok(repeated(self.eval_within(expr, once)?, count));
        }
        self.eval_within(expr, steps)
    }

    fn eval_within(&mut self, expr: &Expr, steps: Steps) -> Result<Evaluated, Error> {
        let around = self.need;
        self.need = around.within(&expr.node);
        let value = self.eval_node(expr, steps);
        self.need = around;
        value
    }

    fn eval_node(&mut self, expr: &Expr, steps: Steps) -> Result<Evaluated, Error> {
        match &expr.node {
            Node::Number(text) => {
                let value = nth_promql::seconds(text)
                    .ok_or_else(|| Error::new(format!("invalid number {text:?}"), expr.span))?;
                Ok(Evaluated::Scalar(vec![value; steps.count()]))
            }
            Node::String(string) => Ok(Evaluated::String(text(string)?.to_owned())),
            Node::Selector(selector) => self.instant_vector(selector, expr.span, steps),
            Node::Call(call) => self.call(call, expr.span, steps),
            Node::Aggregate(aggregate) => self.aggregate(aggregate, steps),
            Node::Binary(binary) => self.binary(binary, expr.span, steps),
            Node::Unary(op, inner) => {
                let value = self.eval(inner, steps)?;
                match op {
                    UnaryOp::Plus => Ok(value),
                    UnaryOp::Minus => negated(value, expr.span, self.options.name_removal),
                }
            }
            Node::Paren(inner) => self.eval(inner, steps),
            Node::Range(..) | Node::Subquery(_) => {
                Err(Error::new("unexpected range vector", expr.span))
            }
            Node::Hole(_) | Node::Modified(..) => Err(Error::new(
                "a query with interpolations cannot be evaluated",
                expr.span,
            )),
        }
    }

    /// Evaluates an expression that is an instant vector.
    fn eval_vector(&mut self, expr: &Expr, steps: Steps) -> Result<Vec<Series>, Error> {
        match self.eval(expr, steps)? {
            Evaluated::Vector(series) => Ok(series),
            Evaluated::Scalar(_) => Err(mistyped(Type::InstantVector, Type::Scalar, expr.span)),
            Evaluated::String(_) => Err(mistyped(Type::InstantVector, Type::String, expr.span)),
        }
    }

    /// Evaluates an expression that is a scalar.
    fn eval_scalar(&mut self, expr: &Expr, steps: Steps) -> Result<Vec<f64>, Error> {
        match self.eval(expr, steps)? {
            Evaluated::Scalar(values) => Ok(values),
            Evaluated::Vector(_) => Err(mistyped(Type::Scalar, Type::InstantVector, expr.span)),
            Evaluated::String(_) => Err(mistyped(Type::Scalar, Type::String, expr.span)),
        }
    }
}

fn mistyped(expected: Type, found: Type, span: Span) -> Error {
    Error::new(format!("expected type {expected}, got {found}"), span)
}

/// Returns the text of a string; an error if it has holes or is not valid UTF-8.
fn text(string: &StringLit) -> Result<&str, Error> {
    string.text().ok_or_else(|| {
        Error::new(
            "a string with interpolations or invalid UTF-8 is not supported",
            string.span,
        )
    })
}

/// Returns a value at one step as the value at `count` steps.
fn repeated(value: Evaluated, count: usize) -> Evaluated {
    match value {
        Evaluated::Scalar(values) => {
            Evaluated::Scalar(vec![values.first().copied().unwrap_or(f64::NAN); count])
        }
        Evaluated::String(text) => Evaluated::String(text),
        Evaluated::Vector(series) => Evaluated::Vector(
            series
                .into_iter()
                .map(|series| Series {
                    points: vec![series.points.into_iter().next().unwrap_or_default(); count],
                    ..series
                })
                .collect(),
        ),
    }
}

fn negated(value: Evaluated, span: Span, name_removal: NameRemoval) -> Result<Evaluated, Error> {
    match value {
        Evaluated::Scalar(values) => Ok(Evaluated::Scalar(
            values.into_iter().map(|value| -value).collect(),
        )),
        Evaluated::String(_) => Err(mistyped(Type::Scalar, Type::String, span)),
        Evaluated::Vector(mut series) => {
            for series in &mut series {
                name_removal.apply(series);
                for point in &mut series.points {
                    match point {
                        Point::Absent => {}
                        Point::Float(value) => *value = -*value,
                        Point::Histogram(histogram) => {
                            *histogram = Arc::new(histograms::scaled(histogram, -1.0));
                        }
                    }
                }
            }
            unite(series, span).map(Evaluated::Vector)
        }
    }
}
