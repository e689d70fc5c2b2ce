//! Binary operators on two samples.

use std::sync::Arc;

use nth_promql::BinaryOp;

use crate::annotations::Annotations;
use crate::functions::notices;
use crate::histogram::{Combined, CounterResetHint, FloatHistogram, HistogramError};
use crate::value::Point;

/// The result of a binary operator on two samples.
pub(super) struct Outcome {
    /// The result; for a comparison, the left sample.
    pub(super) point: Point,
    /// False if a comparison does not hold.
    pub(super) holds: bool,
    /// What is noteworthy.
    pub(super) notice: Option<Notice>,
}

/// An annotation of a binary operator on two samples.
pub(super) enum Notice {
    /// The operator is not defined for them, or their buckets do not fit. There is no result.
    Invalid(Annotation),
    /// They hint at different counter resets. Between two vectors, there is no result.
    Collision(Annotation),
    /// They had different custom buckets.
    Reconciled(Annotation),
}

/// An annotation.
pub(super) enum Annotation {
    /// A warning.
    Warning(String),
    /// An info.
    Info(String),
}

impl Annotation {
    pub(super) fn add_to(self, annotations: &mut Annotations) {
        match self {
            Self::Warning(text) => annotations.warn(text),
            Self::Info(text) => annotations.info(text),
        }
    }
}

/// Applies an arithmetic operator or comparison to two numbers. A comparison is 0 or 1.
pub(super) fn numbers(op: BinaryOp, left: f64, right: f64) -> f64 {
    match compared(op, left, right) {
        Some(holds) => f64::from(u8::from(holds)),
        None => calculated(op, left, right).unwrap_or(f64::NAN),
    }
}

/// True if the result is not a sample of the metric any more, so that its name is dropped.
pub(super) fn changes_metric(op: BinaryOp) -> bool {
    matches!(
        op,
        BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Modulo
            | BinaryOp::Power
            | BinaryOp::Atan2
    )
}

/// Applies an operator, which is not a set operator, to two samples.
pub(super) fn samples(op: BinaryOp, left: &Point, right: &Point) -> Outcome {
    match (left, right) {
        (Point::Float(left), Point::Float(right)) => {
            if let Some(holds) = compared(op, *left, *right) {
                return Outcome::compared(Point::Float(*left), holds);
            }
            match calculated(op, *left, *right) {
                Some(value) => Outcome::new(Point::Float(value)),
                None => Outcome::mistyped(op, "float", "float"),
            }
        }
        (Point::Float(left), Point::Histogram(right)) => match op {
            BinaryOp::Multiply => changed(right, |histogram| histogram.scale(*left)),
            _ => Outcome::mistyped(op, "float", "histogram"),
        },
        (Point::Histogram(left), Point::Float(right)) => with_number(op, left, *right),
        (Point::Histogram(left), Point::Histogram(right)) => two_histograms(op, left, right),
        (Point::Absent, _) | (_, Point::Absent) => Outcome::compared(Point::Absent, false),
    }
}

impl Outcome {
    fn new(point: Point) -> Self {
        Self {
            point,
            holds: true,
            notice: None,
        }
    }

    fn compared(point: Point, holds: bool) -> Self {
        Self {
            point,
            holds,
            notice: None,
        }
    }

    fn invalid(annotation: Annotation) -> Self {
        Self {
            point: Point::Absent,
            holds: false,
            notice: Some(Notice::Invalid(annotation)),
        }
    }

    fn mistyped(op: BinaryOp, left: &str, right: &str) -> Self {
        let op = op.as_str();
        Self::invalid(Annotation::Info(format!(
            "incompatible sample types encountered for binary operator {op:?}: {left} {op} {right}"
        )))
    }
}

fn compared(op: BinaryOp, left: f64, right: f64) -> Option<bool> {
    Some(match op {
        BinaryOp::Equal => left == right,
        BinaryOp::NotEqual => left != right,
        BinaryOp::Less => left < right,
        BinaryOp::LessOrEqual => left <= right,
        BinaryOp::Greater => left > right,
        BinaryOp::GreaterOrEqual => left >= right,
        _ => return None,
    })
}

fn calculated(op: BinaryOp, left: f64, right: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => left + right,
        BinaryOp::Subtract => left - right,
        BinaryOp::Multiply => left * right,
        BinaryOp::Divide => left / right,
        BinaryOp::Modulo => left % right,
        BinaryOp::Power => left.powf(right),
        BinaryOp::Atan2 => left.atan2(right),
        _ => return None,
    })
}

fn changed(histogram: &FloatHistogram, change: impl FnOnce(&mut FloatHistogram)) -> Outcome {
    let mut result = histogram.clone();
    change(&mut result);
    result.compact(0);
    Outcome::new(Point::Histogram(Arc::new(result)))
}

fn with_number(op: BinaryOp, left: &FloatHistogram, right: f64) -> Outcome {
    let trimmed = |trim: fn(&mut FloatHistogram, f64)| {
        let mut result = left.clone();
        trim(&mut result, right);
        Outcome::new(Point::Histogram(Arc::new(result)))
    };
    match op {
        BinaryOp::Multiply => changed(left, |histogram| histogram.scale(right)),
        BinaryOp::Divide => changed(left, |histogram| histogram.divide(right)),
        BinaryOp::TrimUpper => trimmed(FloatHistogram::trim_upper),
        BinaryOp::TrimLower => trimmed(FloatHistogram::trim_lower),
        _ => Outcome::mistyped(op, "histogram", "float"),
    }
}

fn two_histograms(
    op: BinaryOp,
    left: &Arc<FloatHistogram>,
    right: &Arc<FloatHistogram>,
) -> Outcome {
    match op {
        BinaryOp::Add => {
            let mut result = FloatHistogram::clone(left);
            let combined = result.add(right);
            combination(op, combined, result, "addition")
        }
        BinaryOp::Subtract => {
            let mut result = FloatHistogram::clone(left);
            let combined = result.subtract(right);
            result.counter_reset_hint = CounterResetHint::Gauge;
            combination(op, combined, result, "subtraction")
        }
        BinaryOp::Equal => Outcome::compared(Point::Histogram(left.clone()), left == right),
        BinaryOp::NotEqual => Outcome::compared(Point::Histogram(left.clone()), left != right),
        _ => Outcome::mistyped(op, "histogram", "histogram"),
    }
}

fn combination(
    op: BinaryOp,
    combined: Result<Combined, HistogramError>,
    result: FloatHistogram,
    operation: &str,
) -> Outcome {
    let Ok(combined) = combined else {
        let op = op.as_str();
        return Outcome::invalid(Annotation::Warning(format!(
            "incompatible bucket layout encountered for binary operator {op}"
        )));
    };
    let mut outcome = Outcome::new(Point::Histogram(Arc::new(result.compacted())));
    if combined.counter_reset_collision {
        let text = notices::counter_reset_collision(operation);
        outcome.notice = Some(Notice::Collision(Annotation::Warning(text)));
    } else if combined.bounds_reconciled {
        let text = notices::custom_buckets_reconciled(operation);
        outcome.notice = Some(Notice::Reconciled(Annotation::Info(text)));
    }
    outcome
}
