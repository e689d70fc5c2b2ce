//! Times of the calendar in PromQL, on the local clocks of a time zone.
//!
//! Every expression reads `time()`, so that a subquery evaluates it at each of its steps: what is declared later also holds for the
//! past. The output does not depend on the day on which it is generated.

mod exclusion;
mod offset;
mod period;

pub use exclusion::excluded;
pub use period::Periods;

use nth_promql::{BinaryOp, Expr, build};

/// `time()`: the time of the evaluation, in seconds since 1970.
pub fn time() -> Expr {
    build::call("time", Vec::new())
}

/// A whole number.
pub fn seconds(seconds: i64) -> Expr {
    build::number(seconds.to_string())
}

/// 1 from a moment on, 0 before; a scalar.
pub fn from_moment(moment: i64) -> Expr {
    build::compare_bool(BinaryOp::GreaterOrEqual, time(), seconds(moment))
}

/// `left + right`, or `left - …` for a negative number; `left` for 0.
fn add(left: Expr, right: i64) -> Expr {
    let amount = build::number(right.unsigned_abs().to_string());
    match right.signum() {
        0 => left,
        1 => build::binary(BinaryOp::Add, left, amount),
        _ => build::binary(BinaryOp::Subtract, left, amount),
    }
}

/// The time of the evaluation plus some seconds: one sample without labels.
fn moved(by: i64) -> Expr {
    build::call("vector", vec![add(time(), by)])
}
