//! Subqueries.

use std::borrow::Cow;

use nth_promql::{Span, Subquery};

use super::durations::{Reference, milliseconds};
use super::range::RangeVector;
use super::{Evaluator, histograms};
use crate::error::Error;
use crate::store::Samples;
use crate::value::{FloatSample, HistogramSample, Point, Series, Steps};

impl<'s> Evaluator<'s> {
    /// Evaluates the inner expression of a subquery at all of its steps that any outer step needs. They are multiples of the
    /// subquery's step.
    pub(super) fn subquery(
        &mut self,
        subquery: &Subquery,
        span: Span,
        steps: Steps,
    ) -> Result<RangeVector<'s>, Error> {
        let length = milliseconds(&subquery.range, self.query, false)?;
        let step = match &subquery.step {
            Some(step) => milliseconds(step, self.query, false)?.max(1),
            None => self.options.subquery_step,
        };
        let reference = Reference::new(&subquery.modifiers, self.query, span)?;
        let (first, end) = reference.bounds(steps);
        let open_start = first.saturating_sub(length);
        let mut start = open_start - open_start % step;
        if start <= open_start {
            start += step;
        }
        let mut vector = RangeVector {
            series: Vec::new(),
            drops_name: Vec::new(),
            length,
            reference,
        };
        if start <= end {
            let inner = Steps { start, end, step };
            let series = self.eval_vector(&subquery.expr, inner)?;
            vector.drops_name = series.iter().map(|series| series.drops_name).collect();
            vector.series = series
                .into_iter()
                .map(|series| samples(series, inner))
                .collect();
        }
        Ok(vector)
    }
}

fn samples(series: Series, steps: Steps) -> Samples<'static> {
    let (mut floats, mut histograms) = (Vec::new(), Vec::new());
    for (at, point) in steps.times().zip(series.points) {
        match point {
            Point::Absent => {}
            Point::Float(value) => floats.push(FloatSample { at, value }),
            Point::Histogram(value) => histograms.push(HistogramSample {
                at,
                value: histograms::without_reset_hint(value),
            }),
        }
    }
    Samples {
        labels: series.labels,
        floats: Cow::Owned(floats),
        histograms: Cow::Owned(histograms),
    }
}
