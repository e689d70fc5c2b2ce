//! Functions.

mod arguments;
mod arithmetic;
mod dates;
mod histogram_rate;
mod histograms;
mod histograms_over_time;
mod integral;
mod labels;
pub(crate) mod mean;
pub(crate) mod notices;
pub(crate) mod over_time;
mod range;
mod range_table;
mod rate;
mod regression;
mod sort;
#[cfg(test)]
mod tests;
mod vector;

use std::f64::consts::PI;

use nth_promql::Call;

use self::arguments::Arguments;
use self::arithmetic::{clamp, float_function, larger, round, smaller};
use self::dates::date_part;
pub(crate) use self::labels::check_label_names;
pub(crate) use self::range_table::{RangeFunction, range_function};
use self::vector::Context;
pub(crate) use self::vector::unite;
use crate::annotations::Annotations;
use crate::error::Error;
use crate::labels::Labels;
use crate::names::NameRemoval;
use crate::value::{Evaluated, Point, Series, Steps};

/// True if the result of a function keeps the metric's name.
pub(crate) fn keeps_metric_name(function: &str) -> bool {
    matches!(
        function,
        "last_over_time"
            | "first_over_time"
            | "sort"
            | "sort_desc"
            | "sort_by_label"
            | "sort_by_label_desc"
            | "label_replace"
            | "label_join"
            | "info"
    )
}

/// Evaluates a call whose arguments are evaluated, for all functions without a range vector.
pub(crate) fn call(
    call: &Call,
    args: Vec<Evaluated>,
    (steps, name_removal): (Steps, NameRemoval),
    annotations: &mut Annotations,
) -> Result<Evaluated, Error> {
    let name = call.function.as_str();
    let has_args = !args.is_empty();
    let mut args = Arguments::new(call, args);
    let span = call.function_span;
    let context = Context { name_removal, span };
    let seconds = |index: usize| range::seconds(steps.time(index));
    Ok(match name {
        "time" => Evaluated::Scalar((0..steps.count()).map(seconds).collect()),
        "pi" => Evaluated::Scalar(vec![PI; steps.count()]),
        "max_of" => scalars(args.scalar()?, args.scalar()?, larger),
        "min_of" => scalars(args.scalar()?, args.scalar()?, smaller),
        "vector" => constant(args.scalar()?.into_iter()),
        "scalar" => scalar(&args.vector()?, steps),
        "absent" => absent(call, &args.vector()?, steps),
        "timestamp" => {
            let series = args.vector()?;
            Evaluated::Vector(vector::map(series, context, |_, index| {
                Some(seconds(index))
            })?)
        }
        "clamp" | "clamp_min" | "clamp_max" => {
            let series = args.vector()?;
            let bound = args.scalar()?;
            let other = if name == "clamp" {
                args.scalar()?
            } else {
                Vec::new()
            };
            let at = |bounds: &[f64], index: usize| bounds.get(index).copied().unwrap_or(f64::NAN);
            let limit = |value: f64, index: usize| {
                let bound = at(&bound, index);
                match name {
                    "clamp_min" => clamp(value, bound, f64::INFINITY),
                    "clamp_max" => clamp(value, f64::NEG_INFINITY, bound),
                    _ => clamp(value, bound, at(&other, index)),
                }
            };
            Evaluated::Vector(vector::map_floats(series, context, limit)?)
        }
        "round" => {
            let series = args.vector()?;
            let steps = if args.is_empty() {
                None
            } else {
                Some(args.scalar()?)
            };
            let nearest = |value: f64, index: usize| {
                let step = steps.as_ref().and_then(|steps| steps.get(index));
                Some(round(value, step.copied().unwrap_or(1.0)))
            };
            Evaluated::Vector(vector::map_floats(series, context, nearest)?)
        }
        "label_replace" => Evaluated::Vector(labels::replace(&mut args, span)?),
        "label_join" => Evaluated::Vector(labels::join(&mut args, span)?),
        "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc" => {
            if steps.start != steps.end {
                annotations.warn(notices::SORT_IN_RANGE_QUERY);
            }
            let series = args.vector()?;
            let descending = name.ends_with("_desc");
            Evaluated::Vector(if name.starts_with("sort_by_label") {
                sort::by_labels(series, &args.texts()?, descending)
            } else {
                sort::by_value(series, descending)
            })
        }
        "histogram_quantile" => {
            let quantile = args.scalar()?;
            histograms::quantile(args.vector()?, &quantile, steps, context, annotations)?
        }
        "histogram_quantiles" => {
            let series = args.vector()?;
            let label = args.text()?;
            histograms::quantiles(
                series,
                &label,
                &args.scalars()?,
                steps,
                context,
                annotations,
            )?
        }
        "histogram_fraction" => {
            let bounds = [args.scalar()?, args.scalar()?];
            histograms::fraction(args.vector()?, &bounds, steps, context, annotations)?
        }
        _ => {
            if let Some(function) = histograms::histogram_function(name) {
                let series = args.vector()?;
                return vector::map_histograms(series, context, function).map(Evaluated::Vector);
            }
            let function = match (float_function(name), date_part(name)) {
                (Some(function), _) => function,
                (None, Some(part)) if has_args => part,
                (None, Some(part)) => {
                    let time = |index: usize| (steps.time(index) / 1000) as f64;
                    return Ok(constant((0..steps.count()).map(time).map(part)));
                }
                (None, None) => {
                    let message = format!("the function {name} is not supported");
                    return Err(Error::new(message, span));
                }
            };
            let series = args.vector()?;
            Evaluated::Vector(vector::map_floats(series, context, |value, _| {
                Some(function(value))
            })?)
        }
    })
}

/// Combines two scalars at each step.
fn scalars(left: Vec<f64>, right: Vec<f64>, combine: fn(f64, f64) -> f64) -> Evaluated {
    let values = left.into_iter().zip(right);
    Evaluated::Scalar(values.map(|(left, right)| combine(left, right)).collect())
}

/// A vector with one series that has no labels.
fn constant(values: impl Iterator<Item = f64>) -> Evaluated {
    let points = values.map(Point::Float).collect();
    Evaluated::Vector(vec![Series::new(Labels::default(), points)])
}

/// `scalar`: the only float of a vector at each step.
fn scalar(series: &[Series], steps: Steps) -> Evaluated {
    let only = |index: usize| {
        let mut floats = series
            .iter()
            .filter_map(|series| series.points.get(index)?.float());
        match (floats.next(), floats.next()) {
            (Some(value), None) => value,
            _ => f64::NAN,
        }
    };
    Evaluated::Scalar((0..steps.count()).map(only).collect())
}

/// `absent`
fn absent(call: &Call, series: &[Series], steps: Steps) -> Evaluated {
    let is_absent = |index: usize| {
        let mut points = series.iter().filter_map(|series| series.points.get(index));
        !points.any(Point::is_present)
    };
    let points: Vec<Point> = (0..steps.count())
        .map(|index| {
            if is_absent(index) {
                Point::Float(1.0)
            } else {
                Point::Absent
            }
        })
        .collect();
    if !points.iter().any(Point::is_present) {
        return Evaluated::Vector(Vec::new());
    }
    let labels = call.args.first().map(labels::of_absent).unwrap_or_default();
    Evaluated::Vector(vec![Series::new(labels, points)])
}

/// `absent_over_time`, given the series' numbers of samples or any other points: 1 where no series has a point.
pub(crate) fn absent_over_time(call: &Call, series: &[Series], steps: Steps) -> Evaluated {
    absent(call, series, steps)
}
