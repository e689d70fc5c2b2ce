#![forbid(unsafe_code)]
//! Owns deciding by a gate: what `policy/<service>.json` says, what was measured, and what follows.
//!
//! Nothing here asks a Prometheus or reads a clock: whoever decides brings the measured facts and the time.

mod answer;
mod decide;
mod document;
mod facts;
mod rounding;
mod text;
mod truth;

pub use answer::{Measurement, NotFinite, instant};
pub use decide::{
    Check, Decision, Known, Outcome, Overridden, RuleDecision, Verdict, decide, end, override_end,
    start,
};
pub use document::{
    Bound, Compare, Condition, Coverage, Effect, FactQuery, Gate, OnNoData, Operand, Override,
    Policy, Rule, Span, Unreadable, VERSION, read, zone,
};
pub use facts::{Facts, LocalTime, MeasuredFact, facts};
pub use rounding::{against, coverage, exact, quantity, shown};
pub use text::{condition as condition_text, time_of_week};
pub use truth::{Measured, MeasuredValue, Truth, truth};
