#![forbid(unsafe_code)]
//! Owns PromQL: text to a tree with spans, its types, rewriting and printing.
//!
//! It is PromQL as Prometheus 3.16 reads it, with two additions. `$window` may stand for a duration, and a hole,
//! `${____}`, for an expression, a duration or a part of a string: that is how a value interpolated into a query
//! reaches this crate, which knows nothing of `.nth`. Holes are numbered from 0 in the order of the text.
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
mod durations;
mod error;
pub mod functions;
mod grammar;
mod labels;
pub mod lint;
mod literal;
mod lower;
mod modifiers;
mod parse;
mod print;
mod regex;
pub mod rewrite;
#[cfg(test)]
mod tests;
mod time_unit;
pub mod tree;
mod types;
mod unaggregated;
mod uncompared;

pub use check::{HoleType, infer};
pub use classify::size;
pub use error::Error;
pub use grammar::MAX_TREE_DEPTH;
pub use labels::{LabelSet, labels_of};
pub use parse::{MAX_DEPTH, parse, too_deep};
pub use regex::{escape as escape_regex, matches_any};
pub use time_unit::{buckets_unit, time_unit};
pub use tree::*;
pub use types::Type;
pub use unaggregated::{Unaggregated, is_recorded, unaggregated};
pub use uncompared::{Uncompared, uncompared};

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("README.md")]
struct Readme;
