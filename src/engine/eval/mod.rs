//! Evaluation of expressions.

use nth_promql::Expr;

use crate::annotations::Annotations;
use crate::error::Error;
use crate::store::Store;
use crate::value::{Evaluated, Steps};

/// The settings of an evaluation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How old a sample may be to be selected, in milliseconds. Default: 5m.
    pub lookback: i64,
    /// The step of subqueries that have none, in milliseconds. Default: 1m.
    pub subquery_step: i64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lookback: 300_000,
            subquery_step: 60_000,
        }
    }
}

/// Evaluates an expression at all steps.
pub fn evaluate(
    expr: &Expr,
    store: &dyn Store,
    steps: Steps,
    options: &Options,
) -> Result<(Evaluated, Annotations), Error> {
    let _ = (store, steps, options);
    Err(Error::new("the evaluation is not supported", expr.span))
}
