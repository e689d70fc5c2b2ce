//! Range vectors, and functions over them.

use std::borrow::Cow;

use nth_promql::{Call, Expr, Node, Span};

use super::Evaluator;
use super::durations::{Reference, milliseconds};
use super::prepare::Preparation;
use super::selector::{matchers, unsupported};
use crate::error::Error;
use crate::functions::{self, RangeFunction, notices, unite};
use crate::labels::Labels;
use crate::names::without_metadata;
use crate::stale::is_stale;
use crate::store::Samples;
use crate::value::{
    Evaluated, FloatSample, HistogramSample, Point, Series, Steps, Timestamp, Window,
};

/// The series of a range vector, with all samples that any step needs and without staleness markers.
pub(super) struct RangeVector<'s> {
    /// The series.
    pub(super) series: Vec<Samples<'s>>,
    /// For each series of a subquery, if the metric's name has to be removed at the end of the evaluation. Empty for a
    /// selector.
    pub(super) drops_name: Vec<bool>,
    /// The length of the range, in milliseconds.
    pub(super) length: i64,
    /// The ends of the ranges.
    pub(super) reference: Reference,
}

impl RangeVector<'_> {
    /// Returns the series with the samples of the range at one time, in the order of their labels.
    pub(super) fn at(self, time: Timestamp) -> Vec<Samples<'static>> {
        let end = self.reference.time(time);
        let start = end.saturating_sub(self.length);
        let mut series: Vec<Samples<'static>> = self
            .series
            .iter()
            .enumerate()
            .map(|(index, samples)| {
                let (floats, histograms) = Sliding::new(samples).range(start, end);
                let drops_name = self.drops_name.get(index).is_some_and(|drops| *drops);
                Samples {
                    labels: if drops_name {
                        without_metadata(&samples.labels)
                    } else {
                        samples.labels.clone()
                    },
                    floats: Cow::Owned(floats.to_vec()),
                    histograms: Cow::Owned(histograms.to_vec()),
                }
            })
            .filter(|samples| !samples.floats.is_empty() || !samples.histograms.is_empty())
            .collect();
        series.sort_by(|left, right| left.labels.cmp(&right.labels));
        series
    }
}

impl<'s> Evaluator<'s> {
    /// Evaluates a range selector or a subquery.
    pub(super) fn range_vector(
        &mut self,
        expr: &Expr,
        steps: Steps,
    ) -> Result<RangeVector<'s>, Error> {
        match &expr.unparenthesised().node {
            Node::Range(inner, range) => {
                let Node::Selector(selector) = &inner.node else {
                    let message = "a query with interpolations cannot be evaluated";
                    return Err(Error::new(message, inner.span));
                };
                if let Some(extended) = selector.modifiers.extended {
                    return Err(unsupported(extended, inner.span));
                }
                let length = milliseconds(range, self.query, false)?;
                let reference = Reference::new(&selector.modifiers, self.query, inner.span)?;
                let (first, last) = reference.bounds(steps);
                let store = self.store;
                let mut series =
                    store.select(&matchers(selector)?, first.saturating_sub(length), last);
                self.need.reduce(&mut series);
                series.iter_mut().for_each(drop_staleness_markers);
                Ok(RangeVector {
                    series,
                    drops_name: Vec::new(),
                    length,
                    reference,
                })
            }
            node @ Node::Subquery(subquery) => {
                let around = self.need;
                self.need = around.within(node);
                let vector = self.subquery(subquery, expr.span, steps);
                self.need = around;
                vector
            }
            _ => Err(Error::new("expected a range vector", expr.span)),
        }
    }

    /// Evaluates a call with a range vector as its argument at `index`.
    pub(super) fn range_call(
        &mut self,
        call: &Call,
        index: usize,
        span: Span,
        steps: Steps,
    ) -> Result<Evaluated, Error> {
        let Some(range) = call.args.get(index) else {
            return Err(Error::new("missing argument", span));
        };
        let vector = self.range_vector(range, steps)?;
        let name = call.function.as_str();
        if name == "absent_over_time" {
            let present = present(&vector, steps);
            return Ok(functions::absent_over_time(call, &[present], steps));
        }
        let Some(function) = functions::range_function(name) else {
            let message = format!("function {name} is not supported");
            return Err(Error::new(message, call.function_span));
        };
        let mut columns = Vec::new();
        for (position, arg) in call.args.iter().enumerate() {
            if position != index {
                columns.push(self.eval_scalar(arg, steps)?);
            }
        }
        let keeps_name = functions::keeps_metric_name(name);
        let mut result = Vec::with_capacity(vector.series.len());
        for (index, samples) in vector.series.iter().enumerate() {
            let prepared = Preparation::new(name, samples, steps.count());
            let points = self.windows((samples, prepared), &vector, function, &columns, steps)?;
            if !points.iter().any(Point::is_present) {
                continue;
            }
            if matches!(name, "rate" | "increase")
                && points.iter().any(|point| point.float().is_some())
                && let Some(info) = notices::possible_non_counter(samples.labels.metric())
            {
                self.annotations.info(info);
            }
            let mut series = Series::new(samples.labels.clone(), points);
            series.drops_name = vector.drops_name.get(index).is_some_and(|drops| *drops);
            if !keeps_name {
                self.options.name_removal.apply(&mut series);
            }
            result.push(series);
        }
        unite(result, span).map(Evaluated::Vector)
    }

    /// Calls a function for the range of each step.
    fn windows(
        &mut self,
        (samples, mut prepared): (&Samples<'_>, Preparation<'_>),
        vector: &RangeVector<'_>,
        function: RangeFunction,
        columns: &[Vec<f64>],
        steps: Steps,
    ) -> Result<Vec<Point>, Error> {
        let metric = samples.labels.metric();
        let mut sliding = Sliding::new(samples);
        let mut params = vec![0.0; columns.len()];
        let mut points = Vec::with_capacity(steps.count());
        for (step, at) in steps.times().enumerate() {
            let end = vector.reference.time(at);
            let start = end.saturating_sub(vector.length);
            let (floats, histograms) = sliding.range(start, end);
            if floats.is_empty() && histograms.is_empty() {
                points.push(Point::Absent);
                continue;
            }
            for (param, column) in params.iter_mut().zip(columns) {
                *param = column.get(step).copied().unwrap_or(f64::NAN);
            }
            let window = Window {
                floats,
                histograms,
                start,
                end,
                at,
                metric,
                prepared: prepared.of(sliding.floats.from..sliding.floats.to),
            };
            points.push(function(&window, &params, &mut self.annotations)?);
        }
        Ok(points)
    }
}

/// Returns a point at each step at which a series has a sample in the range.
fn present(vector: &RangeVector<'_>, steps: Steps) -> Series {
    let mut points = vec![Point::Absent; steps.count()];
    for samples in &vector.series {
        let mut sliding = Sliding::new(samples);
        for (point, at) in points.iter_mut().zip(steps.times()) {
            let end = vector.reference.time(at);
            let (floats, histograms) = sliding.range(end.saturating_sub(vector.length), end);
            if !floats.is_empty() || !histograms.is_empty() {
                *point = Point::Float(1.0);
            }
        }
    }
    let labels = Labels::default();
    Series::new(labels, points)
}

fn drop_staleness_markers(samples: &mut Samples<'_>) {
    if samples.floats.iter().any(|sample| is_stale(sample.value)) {
        samples
            .floats
            .to_mut()
            .retain(|sample| !is_stale(sample.value));
    }
    if samples
        .histograms
        .iter()
        .any(|sample| sample.value.is_stale())
    {
        samples
            .histograms
            .to_mut()
            .retain(|sample| !sample.value.is_stale());
    }
}

/// A range of a series' samples that only moves on.
struct Sliding<'s> {
    floats: Part<'s, FloatSample>,
    histograms: Part<'s, HistogramSample>,
}

impl<'s> Sliding<'s> {
    fn new(samples: &'s Samples<'_>) -> Self {
        Self {
            floats: Part::new(&samples.floats),
            histograms: Part::new(&samples.histograms),
        }
    }

    /// Returns the samples after `start`, up to and including `end`, which are not before those of the last call.
    fn range(
        &mut self,
        start: Timestamp,
        end: Timestamp,
    ) -> (&'s [FloatSample], &'s [HistogramSample]) {
        (
            self.floats.range(start, end, |sample| sample.at),
            self.histograms.range(start, end, |sample| sample.at),
        )
    }
}

struct Part<'s, S> {
    samples: &'s [S],
    from: usize,
    to: usize,
}

impl<'s, S> Part<'s, S> {
    fn new(samples: &'s [S]) -> Self {
        Self {
            samples,
            from: 0,
            to: 0,
        }
    }

    fn range(&mut self, start: Timestamp, end: Timestamp, at: impl Fn(&S) -> Timestamp) -> &'s [S] {
        let passed = |index: usize, time| {
            self.samples
                .get(index)
                .is_some_and(|sample| at(sample) <= time)
        };
        while passed(self.from, start) {
            self.from += 1;
        }
        self.to = self.to.max(self.from);
        while passed(self.to, end) {
            self.to += 1;
        }
        self.samples.get(self.from..self.to).unwrap_or_default()
    }
}
