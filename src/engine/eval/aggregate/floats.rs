//! Aggregations of floats.

use crate::annotations::Annotations;
use crate::functions::over_time::quantile_of;
use crate::value::{Point, Steps};

use super::ignore_histogram;

/// Aggregates the series of a group. `None` if there is no such aggregation.
pub(super) fn aggregated(
    op: &str,
    members: &[&[Point]],
    steps: Steps,
    annotations: &mut Annotations,
) -> Option<Vec<Point>> {
    let mut ignore = |point: &Point| {
        if matches!(point, Point::Histogram(_)) {
            ignore_histogram(op, annotations);
        }
        point.float()
    };
    let count = steps.count();
    Some(match op {
        "min" => {
            let smaller = |least: &mut f64, value: f64| {
                if *least > value || least.is_nan() {
                    *least = value;
                }
            };
            folded(
                members,
                count,
                &mut ignore,
                |value| value,
                smaller,
                |least| least,
            )
        }
        "max" => {
            let larger = |most: &mut f64, value: f64| {
                if *most < value || most.is_nan() {
                    *most = value;
                }
            };
            folded(
                members,
                count,
                &mut ignore,
                |value| value,
                larger,
                |most| most,
            )
        }
        "stdvar" => folded(
            members,
            count,
            &mut ignore,
            Variance::new,
            Variance::add,
            |variance| variance.value(),
        ),
        "stddev" => folded(
            members,
            count,
            &mut ignore,
            Variance::new,
            Variance::add,
            |variance| variance.value().sqrt(),
        ),
        "count" => {
            let one = |point: &Point| point.is_present().then_some(1.0);
            folded(
                members,
                count,
                one,
                |one| one,
                |sum, one| *sum += one,
                |sum| sum,
            )
        }
        "group" => {
            let one = |point: &Point| point.is_present().then_some(1.0);
            folded(members, count, one, |one| one, |_, _| {}, |one| one)
        }
        _ => return None,
    })
}

/// Folds the values of a group at each step.
fn folded<S: Clone>(
    members: &[&[Point]],
    count: usize,
    mut value: impl FnMut(&Point) -> Option<f64>,
    first: impl Fn(f64) -> S,
    next: impl Fn(&mut S, f64),
    finish: impl Fn(S) -> f64,
) -> Vec<Point> {
    let mut states: Vec<Option<S>> = vec![None; count];
    for points in members {
        for (state, point) in states.iter_mut().zip(*points) {
            let Some(value) = value(point) else { continue };
            match state {
                Some(state) => next(state, value),
                None => *state = Some(first(value)),
            }
        }
    }
    let states = states.into_iter();
    states
        .map(|state| state.map_or(Point::Absent, |state| Point::Float(finish(state))))
        .collect()
}

/// A running variance, by Welford's algorithm.
#[derive(Clone, Copy)]
struct Variance {
    count: f64,
    mean: f64,
    /// The sum of squared differences from the mean.
    squares: f64,
}

impl Variance {
    fn new(value: f64) -> Self {
        Self {
            count: 1.0,
            mean: value,
            squares: if value.is_finite() { 0.0 } else { f64::NAN },
        }
    }

    fn add(&mut self, value: f64) {
        self.count += 1.0;
        let difference = value - self.mean;
        self.mean += difference / self.count;
        self.squares += difference * (value - self.mean);
    }

    fn value(self) -> f64 {
        self.squares / self.count
    }
}

/// Returns a quantile of a group's values at each step.
pub(super) fn quantile(
    members: &[&[Point]],
    quantiles: &[f64],
    steps: Steps,
    annotations: &mut Annotations,
) -> Vec<Point> {
    let mut values: Vec<f64> = Vec::with_capacity(members.len());
    (0..steps.count())
        .map(|step| {
            values.clear();
            for point in members.iter().filter_map(|points| points.get(step)) {
                match point {
                    Point::Absent => {}
                    Point::Float(value) => values.push(*value),
                    Point::Histogram(_) => ignore_histogram("quantile", annotations),
                }
            }
            if values.is_empty() {
                return Point::Absent;
            }
            let quantile = quantiles.get(step).copied().unwrap_or(f64::NAN);
            Point::Float(quantile_of(quantile, &mut values))
        })
        .collect()
}
