//! What is no mistake of PromQL and most likely one of its author.

use super::error::Error;
use super::{Expr, HoleType};
use crate::ir;

/// What a query's author could have known besides PromQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Surroundings {
    /// How often Prometheus scrapes what the query reads.
    pub scrape_interval: ir::Duration,
}

/// What is doubtful in a query that [`infer`](super::infer) found sound, in the order of its text. `holes` says what is
/// interpolated, as for `infer`.
pub fn lint(_expr: &Expr, _holes: &[HoleType], _surroundings: &Surroundings) -> Vec<Error> {
    Vec::new()
}
