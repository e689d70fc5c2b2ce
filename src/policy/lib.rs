#![forbid(unsafe_code)]
//! Owns decisions by gates: the document `policy/<service>.json`, the measured facts, and the verdict.
//!
//! Nothing here queries Prometheus or reads a clock: the caller passes the measured facts and the time.

mod answer;
mod decide;
mod document;
mod facts;
mod rounding;
mod text;
mod truth;

pub use answer::{Measurement, Measurements, NotFinite, parse_groups, parse_instant};
pub use decide::{
    Check, Decision, KnownShare, Outcome, Overridden, RuleDecision, Verdict, decide, end,
    override_end, start,
};
pub use document::{
    Bound, Compare, Condition, Coverage, Effect, FactQuery, Gate, OnNoData, Operand, Override,
    Policy, Rule, Span, Unreadable, VERSION, read, zone,
};
pub use facts::{Facts, LocalTime, MeasuredFact, facts};
pub use rounding::{compared_quantity, coverage, display_values, limit_text, quantity};
pub use text::{condition as condition_text, time_of_week};
pub use truth::{Measured, MeasuredValue, Truth, truth};
