//! Binary expressions.

use nth_promql::{Binary, BinaryOp, Span};

use super::operators::{self, Notice};
use super::{Evaluator, matching, mistyped, sets};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::functions::unite;
use crate::value::{Evaluated, Point, Series, Steps};

impl Evaluator<'_> {
    /// Evaluates a binary expression.
    pub(super) fn binary(
        &mut self,
        binary: &Binary,
        span: Span,
        steps: Steps,
    ) -> Result<Evaluated, Error> {
        let left = self.eval(&binary.left, steps)?;
        let right = self.eval(&binary.right, steps)?;
        match (left, right) {
            (Evaluated::Scalar(left), Evaluated::Scalar(right)) => {
                let pairs = left.into_iter().zip(right);
                let values = pairs.map(|(left, right)| operators::numbers(binary.op, left, right));
                Ok(Evaluated::Scalar(values.collect()))
            }
            (Evaluated::Vector(left), Evaluated::Vector(right)) if binary.op.is_set() => {
                let matching = binary.matching.as_ref();
                sets::combined(binary.op, left, right, matching, span).map(Evaluated::Vector)
            }
            (Evaluated::Vector(left), Evaluated::Vector(right)) => {
                let annotations = &mut self.annotations;
                let context = (span, self.options.name_removal);
                matching::combined(binary, &left, &right, steps, context, annotations)
                    .map(Evaluated::Vector)
            }
            (Evaluated::Vector(vector), Evaluated::Scalar(scalar)) => {
                self.with_scalar(binary, vector, &scalar, false, span)
            }
            (Evaluated::Scalar(scalar), Evaluated::Vector(vector)) => {
                self.with_scalar(binary, vector, &scalar, true, span)
            }
            (Evaluated::String(_), _) | (_, Evaluated::String(_)) => {
                let expected = nth_promql::Type::InstantVector;
                Err(mistyped(expected, nth_promql::Type::String, span))
            }
        }
    }

    fn with_scalar(
        &mut self,
        binary: &Binary,
        mut vector: Vec<Series>,
        scalar: &[f64],
        scalar_first: bool,
        span: Span,
    ) -> Result<Evaluated, Error> {
        let drops_name = binary.return_bool || operators::changes_metric(binary.op);
        for series in &mut vector {
            if drops_name {
                self.options.name_removal.apply(series);
            }
            for (point, scalar) in series.points.iter_mut().zip(scalar) {
                if point.is_present() {
                    let sides = (&*point, *scalar, scalar_first);
                    *point = sample_and_number(binary, sides, &mut self.annotations);
                }
            }
        }
        unite(vector, span).map(Evaluated::Vector)
    }
}

fn sample_and_number(
    binary: &Binary,
    (sample, number, number_first): (&Point, f64, bool),
    annotations: &mut Annotations,
) -> Point {
    let op: BinaryOp = binary.op;
    let number = Point::Float(number);
    let outcome = if number_first {
        operators::samples(op, &number, sample)
    } else {
        operators::samples(op, sample, &number)
    };
    if let Some(Notice::Invalid(annotation)) = outcome.notice {
        annotation.add_to(annotations);
        return Point::Absent;
    }
    if binary.return_bool {
        return Point::Float(f64::from(u8::from(outcome.holds)));
    }
    if !outcome.holds {
        return Point::Absent;
    }
    // A comparison keeps the vector's sample, whichever side it is on.
    if op.is_comparison() {
        sample.clone()
    } else {
        outcome.point
    }
}
