//! Functions that are applied to each sample of an instant vector.

use nth_promql::Span;
use rustc_hash::FxHashMap;

use crate::error::Error;
use crate::histogram::FloatHistogram;
use crate::labels::Labels;
use crate::names::NameRemoval;
use crate::value::{Point, Series, merge_points};

/// How the result of a function is built.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    /// When the metric's name is removed.
    pub(super) name_removal: NameRemoval,
    /// The function's place, for errors.
    pub(super) span: Span,
}

/// Applies a function to each sample. It takes the sample and the index of its step. The metric's name is dropped.
pub(super) fn map(
    mut all: Vec<Series>,
    context: Context,
    function: impl Fn(&Point, usize) -> Option<f64>,
) -> Result<Vec<Series>, Error> {
    for series in &mut all {
        context.name_removal.apply(series);
        for (index, point) in series.points.iter_mut().enumerate() {
            if point.is_present() {
                *point = function(point, index).map_or(Point::Absent, Point::Float);
            }
        }
    }
    unite(all, context.span)
}

/// Applies a function to each float, and drops histograms; see [`map`].
pub(super) fn map_floats(
    all: Vec<Series>,
    context: Context,
    function: impl Fn(f64, usize) -> Option<f64>,
) -> Result<Vec<Series>, Error> {
    map(all, context, |point, index| function(point.float()?, index))
}

/// Applies a function to each histogram, and drops floats; see [`map`].
pub(super) fn map_histograms(
    mut all: Vec<Series>,
    context: Context,
    function: impl Fn(&FloatHistogram) -> f64,
) -> Result<Vec<Series>, Error> {
    for series in &mut all {
        context.name_removal.apply(series);
        for point in &mut series.points {
            *point = match point {
                Point::Histogram(histogram) => Point::Float(function(histogram)),
                _ => Point::Absent,
            };
        }
    }
    unite(all, context.span)
}

/// Merges series with equal labels, and removes those without any sample. Two samples at one step are an error. The order of
/// the series stays.
pub(crate) fn unite(mut all: Vec<Series>, span: Span) -> Result<Vec<Series>, Error> {
    all.retain(|series| series.points.iter().any(Point::is_present));
    let mut places: FxHashMap<Labels, usize> =
        FxHashMap::with_capacity_and_hasher(all.len(), Default::default());
    let mut united: Vec<Series> = Vec::with_capacity(all.len());
    for series in all {
        let next = united.len();
        let place = *places.entry(series.labels.clone()).or_insert(next);
        let Some(known) = united.get_mut(place) else {
            united.push(series);
            continue;
        };
        if merge_points(&mut known.points, series.points).is_some() {
            return Err(Error::new(
                "vector cannot contain metrics with the same labelset",
                span,
            ));
        }
    }
    Ok(united)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labels::METRIC_NAME;

    const AT_ONCE: Context = Context {
        name_removal: NameRemoval::AtOnce,
        span: Span { start: 0, end: 0 },
    };

    fn series(metric: &str, points: &[Option<f64>]) -> Series {
        let points = points
            .iter()
            .map(|point| point.map_or(Point::Absent, Point::Float));
        let labels = [(METRIC_NAME, metric), ("a", "1")].into_iter().collect();
        Series::new(labels, points.collect())
    }

    #[test]
    fn series_that_become_equal_are_merged_unless_both_have_a_sample() {
        let negate = |value: f64, _: usize| Some(-value);
        let all = vec![
            series("x", &[Some(1.0), None]),
            series("y", &[None, Some(2.0)]),
            series("z", &[None, None]),
        ];
        let negated = map_floats(all, AT_ONCE, negate);
        let expected = Series::new(
            [("a", "1")].into_iter().collect(),
            vec![Point::Float(-1.0), Point::Float(-2.0)],
        );
        assert_eq!(negated, Ok(vec![expected]));
        let all = vec![series("x", &[Some(1.0)]), series("y", &[Some(2.0)])];
        assert!(map_floats(all, AT_ONCE, negate).is_err());
    }
}
