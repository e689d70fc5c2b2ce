//! Durations and times in queries, in milliseconds.

use nth_promql::{At, BinaryOp, Duration, DurationNode, Modifiers, Span, UnaryOp};

use crate::error::Error;
use crate::value::{Steps, Timestamp};

/// The longest duration in Prometheus, whose durations are 64-bit nanoseconds.
const MAX_SECONDS: f64 = 9_223_372_036.854_776;

/// The time that a selector or subquery refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reference {
    /// The time of `@`; `None` for the time of evaluation.
    at: Option<Timestamp>,
    /// How far to go back from it.
    offset: i64,
}

impl Reference {
    /// Returns what `offset` and `@` say.
    pub(super) fn new(modifiers: &Modifiers, query: Steps, span: Span) -> Result<Self, Error> {
        let at = match &modifiers.at {
            None => None,
            Some(At::Start) => Some(query.start),
            Some(At::End) => Some(query.end),
            Some(At::Time(text)) => Some(time(text, span)?),
        };
        let offset = match &modifiers.offset {
            None => 0,
            Some(offset) => {
                let length = milliseconds(&offset.duration, query, true)?;
                if offset.negative { -length } else { length }
            }
        };
        Ok(Self { at, offset })
    }

    /// Returns the time referred to at a step.
    pub(super) fn time(self, step: Timestamp) -> Timestamp {
        self.at.unwrap_or(step).saturating_sub(self.offset)
    }

    /// Returns the times referred to at the first and the last step.
    pub(super) fn bounds(self, steps: Steps) -> (Timestamp, Timestamp) {
        let last = steps.time(steps.count().saturating_sub(1));
        (self.time(steps.start), self.time(last))
    }
}

/// Returns the time of `@`.
fn time(text: &str, span: Span) -> Result<Timestamp, Error> {
    let seconds = signed(text).ok_or_else(|| Error::new(format!("invalid time {text:?}"), span))?;
    let milliseconds = (seconds * 1000.0).round();
    if milliseconds.is_finite() && milliseconds.abs() < i64::MAX as f64 {
        Ok(milliseconds as i64)
    } else {
        Err(Error::new("timestamp out of bounds for @ modifier", span))
    }
}

/// Parses a number or duration with an optional sign.
pub(super) fn signed(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('-') {
        return nth_promql::seconds(rest.trim_start()).map(|value| -value);
    }
    nth_promql::seconds(text.strip_prefix('+').unwrap_or(text).trim_start())
}

/// Returns the length of a duration. Only that of an offset may be zero or negative.
pub(super) fn milliseconds(
    duration: &Duration,
    query: Steps,
    is_offset: bool,
) -> Result<i64, Error> {
    let seconds = seconds(duration, query)?;
    let fail = |message: &str| Err(Error::new(message, duration.span));
    if !seconds.is_finite() {
        return fail("duration is NaN or infinite");
    }
    if seconds <= 0.0 && !is_offset {
        return fail("duration must be greater than 0");
    }
    if seconds.abs() > MAX_SECONDS {
        return fail("duration is out of range");
    }
    // A literal is rounded to nanoseconds, a computed duration is not.
    let exact = match duration.node {
        DurationNode::Literal(_) => (seconds * 1e9).round() / 1e6,
        _ => seconds * 1e3,
    };
    Ok(exact.trunc() as i64)
}

fn seconds(duration: &Duration, query: Steps) -> Result<f64, Error> {
    let fail = |message: &str| Err(Error::new(message, duration.span));
    match &duration.node {
        DurationNode::Literal(text) => nth_promql::seconds(text)
            .ok_or_else(|| Error::new(format!("invalid duration {text:?}"), duration.span)),
        DurationNode::Window => fail("the duration $window cannot be evaluated"),
        DurationNode::Hole(_) => fail("a query with interpolations cannot be evaluated"),
        DurationNode::Paren(inner) => seconds(inner, query),
        DurationNode::Unary(UnaryOp::Minus, inner) => Ok(-seconds(inner, query)?),
        DurationNode::Unary(UnaryOp::Plus, inner) => seconds(inner, query),
        DurationNode::Binary(op, left, right) => {
            let (left, right) = (seconds(left, query)?, seconds(right, query)?);
            match op {
                BinaryOp::Add => Ok(left + right),
                BinaryOp::Subtract => Ok(left - right),
                BinaryOp::Multiply => Ok(left * right),
                BinaryOp::Divide if right == 0.0 => fail("division by zero"),
                BinaryOp::Divide => Ok(left / right),
                BinaryOp::Modulo if right == 0.0 => fail("modulo by zero"),
                BinaryOp::Modulo => Ok(left % right),
                BinaryOp::Power => Ok(left.powf(right)),
                _ => fail("unexpected operator in a duration"),
            }
        }
        DurationNode::Call(function, args) => {
            let values: Vec<f64> = args
                .iter()
                .map(|arg| seconds(arg, query))
                .collect::<Result<_, _>>()?;
            match (function.as_str(), values.as_slice()) {
                // An instant query has no step.
                ("step", []) if query.start == query.end && query.step <= 1 => Ok(0.0),
                ("step", []) => Ok(query.step as f64 / 1e3),
                ("range", []) => Ok((query.end - query.start) as f64 / 1e3),
                ("max_of", [left, right]) => Ok(left.max(*right)),
                ("min_of", [left, right]) => Ok(left.min(*right)),
                _ => fail("unknown function in a duration"),
            }
        }
    }
}
