#![forbid(unsafe_code)]
//! PromQL: a parser to a tree with spans, type inference, lints, rewriting and printing.
//!
//! The syntax is that of Prometheus 3.16, with two additions. `$window` is a duration. A hole, `${____}`, is an expression, a
//! duration or a part of a string: a placeholder for an interpolated value, so that this crate need not know `.nth`. Holes are
//! numbered from 0 in text order.
//!
//! ```
//! use nth_promql::{parse, rewrite};
//!
//! let mut query = parse("rate( http_requests_total{code=~'5..'}[$window] )").unwrap();
//! rewrite::inject_labels(&mut query, [("job", "checkout")]);
//! rewrite::set_window(&mut query, "5m");
//! assert_eq!(query.to_string(), r#"rate(http_requests_total{code=~"5..",job="checkout"}[5m])"#);
//! ```

mod arguments;
pub mod build;
mod check;
pub mod classify;
pub mod codes;
mod counters;
mod durations;
mod error;
pub mod functions;
mod grammar;
mod label_matchers;
mod labels;
pub mod lint;
mod literal;
mod modifiers;
mod parse;
mod print;
mod regex;
pub mod rewrite;
#[cfg(test)]
mod tests;
mod time_unit;
pub mod tree;
mod tree_builder;
mod types;
mod unaggregated;
mod uncompared;

pub use check::{HoleType, infer};
pub use classify::size;
pub use counters::{Counter, counters};
pub use durations::{milliseconds, seconds};
pub use error::Error;
pub use grammar::MAX_TREE_DEPTH;
pub use label_matchers::{Condition, LabelMatchers};
pub use labels::{LabelSet, labels_of};
pub use literal::number;
pub use parse::{MAX_DEPTH, parse, too_deep};
pub use regex::{
    InvalidRegex, check as check_regex, escape as escape_regex, for_rust as regex_for_rust,
    matches_any,
};
pub use time_unit::{buckets_unit, time_unit};
pub use tree::*;
pub use types::Type;
pub use unaggregated::{Unaggregated, is_recorded, unaggregated};
pub use uncompared::{Uncompared, uncompared};

/// Runs the README's example as a test.
#[cfg(doctest)]
#[doc = include_str!("README.md")]
struct Readme;
