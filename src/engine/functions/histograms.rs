//! Functions of histograms, native and classic.

use rustc_hash::{FxHashMap, FxHashSet};

use super::notices;
use super::vector::{Context, unite};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::FloatHistogram;
use crate::histogram::number::Shortest;
use crate::histogram::quantile::{
    ClassicBucket, NanEffect, average, bucket_fraction, bucket_quantile, deviation,
    histogram_fraction, histogram_quantile, variance,
};
use crate::labels::Labels;
use crate::names::NameRemoval;
use crate::value::{Evaluated, Point, Series, Steps};

/// Returns the function that is applied to each native histogram of a vector.
pub(super) fn histogram_function(name: &str) -> Option<fn(&FloatHistogram) -> f64> {
    Some(match name {
        "histogram_avg" => average,
        "histogram_count" => |histogram| histogram.count,
        "histogram_sum" => |histogram| histogram.sum,
        "histogram_stddev" => deviation,
        "histogram_stdvar" => variance,
        _ => return None,
    })
}

/// `histogram_quantile`
pub(super) fn quantile(
    all: Vec<Series>,
    quantiles: &[f64],
    steps: Steps,
    context: Context,
    annotations: &mut Annotations,
) -> Result<Evaluated, Error> {
    validate(quantiles, annotations);
    let histograms = Histograms::of(&all, steps, context.name_removal, annotations);
    let series = histograms.map(annotations, |value, index, metric, annotations| {
        let quantile = quantiles.get(index).copied().unwrap_or(f64::NAN);
        quantile_of(value, quantile, metric, annotations)
    });
    Ok(Evaluated::Vector(unite(series, context.span)?))
}

/// `histogram_quantiles`: one series per quantile, with the quantile as the value of a label.
pub(super) fn quantiles(
    all: Vec<Series>,
    label: &str,
    quantiles: &[Vec<f64>],
    steps: Steps,
    context: Context,
    annotations: &mut Annotations,
) -> Result<Evaluated, Error> {
    let histograms = Histograms::of(&all, steps, context.name_removal, annotations);
    let mut results = Vec::new();
    for quantiles in quantiles {
        validate(quantiles, annotations);
        let series = histograms.map(annotations, |value, index, metric, annotations| {
            let quantile = quantiles.get(index).copied().unwrap_or(f64::NAN);
            quantile_of(value, quantile, metric, annotations)
        });
        for series in series {
            results.extend(labeled(series, label, quantiles));
        }
    }
    Ok(Evaluated::Vector(unite(results, context.span)?))
}

/// Sets a label of a series to a quantile. There are several results if the quantile is not the same at all steps.
fn labeled(series: Series, label: &str, quantiles: &[f64]) -> Vec<Series> {
    let mut distinct: Vec<f64> = Vec::new();
    for quantile in quantiles {
        if !distinct
            .iter()
            .any(|known| known.to_bits() == quantile.to_bits())
        {
            distinct.push(*quantile);
        }
    }
    distinct
        .into_iter()
        .map(|quantile| {
            let points = series.points.iter().zip(quantiles).map(|(point, here)| {
                if here.to_bits() == quantile.to_bits() {
                    point.clone()
                } else {
                    Point::Absent
                }
            });
            Series {
                points: points.collect(),
                labels: series.labels.with(label, &open_metrics(quantile)),
                drops_name: series.drops_name,
            }
        })
        .collect()
}

/// Formats a float as OpenMetrics does: a whole number ends in `.0`.
fn open_metrics(value: f64) -> String {
    let mut text = Shortest(value).to_string();
    if value.is_finite() && !text.contains(['e', '.']) {
        text.push_str(".0");
    }
    text
}

/// `histogram_fraction`
pub(super) fn fraction(
    all: Vec<Series>,
    bounds: &[Vec<f64>; 2],
    steps: Steps,
    context: Context,
    annotations: &mut Annotations,
) -> Result<Evaluated, Error> {
    let histograms = Histograms::of(&all, steps, context.name_removal, annotations);
    let series = histograms.map(annotations, |value, index, metric, annotations| {
        let [lower, upper] = [0, 1].map(|bound: usize| {
            let values = bounds.get(bound);
            values
                .and_then(|values| values.get(index))
                .copied()
                .unwrap_or(f64::NAN)
        });
        match value {
            Value::Native(histogram) => {
                let (fraction, nan_observed) = histogram_fraction(lower, upper, histogram);
                if nan_observed {
                    annotations.info(notices::fraction_without_nan(metric));
                }
                fraction
            }
            Value::Classic(mut buckets) => bucket_fraction(lower, upper, &mut buckets),
        }
    });
    Ok(Evaluated::Vector(unite(series, context.span)?))
}

fn validate(quantiles: &[f64], annotations: &mut Annotations) {
    for quantile in quantiles {
        if !(0.0..=1.0).contains(quantile) {
            annotations.warn(notices::invalid_quantile(*quantile));
        }
    }
}

fn quantile_of(
    value: Value<'_>,
    quantile: f64,
    metric: &str,
    annotations: &mut Annotations,
) -> f64 {
    match value {
        Value::Native(histogram) => {
            let (value, effect) = histogram_quantile(quantile, histogram);
            match effect {
                Some(NanEffect::Result) => annotations.info(notices::quantile_is_nan(metric)),
                Some(NanEffect::Skew) => annotations.info(notices::quantile_is_skewed(metric)),
                None => {}
            }
            value
        }
        Value::Classic(mut buckets) => {
            let found = bucket_quantile(quantile, &mut buckets);
            if found.forced_monotonic.is_some() {
                annotations.info(notices::forced_monotonicity(metric));
            }
            found.value
        }
    }
}

/// A histogram at one step.
enum Value<'v> {
    /// A native one.
    Native(&'v FloatHistogram),
    /// The buckets of a classic one, at least one.
    Classic(Vec<ClassicBucket>),
}

/// The histograms of a vector.
struct Histograms<'v> {
    all: &'v [Series],
    classic: Vec<Classic>,
    steps: Steps,
    name_removal: NameRemoval,
    /// For each series, the classic histogram with its labels.
    counterparts: Vec<Option<usize>>,
}

/// The series of a classic histogram.
struct Classic {
    /// The labels without `le`.
    labels: Labels,
    /// The upper bound and the place of each series.
    buckets: Vec<(f64, usize)>,
}

impl Classic {
    /// Returns the buckets that are present at a step.
    fn at(&self, all: &[Series], index: usize) -> Vec<ClassicBucket> {
        let buckets = self.buckets.iter().filter_map(|(upper_bound, place)| {
            let count = all.get(*place)?.points.get(index)?.float()?;
            Some(ClassicBucket {
                upper_bound: *upper_bound,
                count,
            })
        });
        buckets.collect()
    }
}

impl<'v> Histograms<'v> {
    /// Groups series of classic histograms by their labels without `le`.
    fn of(
        all: &'v [Series],
        steps: Steps,
        name_removal: NameRemoval,
        annotations: &mut Annotations,
    ) -> Self {
        let mut classic: Vec<Classic> = Vec::new();
        let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
        for (place, series) in all.iter().enumerate() {
            if !series.points.iter().any(|point| point.float().is_some()) {
                continue;
            }
            let text = series.labels.get("le");
            let Some(bound) = text.parse::<f64>().ok().filter(|bound| !bound.is_nan()) else {
                annotations.warn(notices::bad_bucket_label(
                    name_removal.metric(&series.labels),
                    text,
                ));
                continue;
            };
            let labels = series.labels.filter(|name| name != "le");
            let next = classic.len();
            let group = *places.entry(labels.clone()).or_insert(next);
            match classic.get_mut(group) {
                Some(group) => group.buckets.push((bound, place)),
                None => classic.push(Classic {
                    labels,
                    buckets: vec![(bound, place)],
                }),
            }
        }
        let counterparts = all
            .iter()
            .map(|series| places.get(&series.labels).copied())
            .collect();
        Self {
            all,
            classic,
            steps,
            name_removal,
            counterparts,
        }
    }

    /// Computes a float from each histogram at each step. Where a native and a classic histogram have equal labels, there is
    /// none.
    fn map(
        &self,
        annotations: &mut Annotations,
        compute: impl Fn(Value<'_>, usize, &str, &mut Annotations) -> f64,
    ) -> Vec<Series> {
        let mut results = Vec::new();
        // Steps at which a classic histogram has a native counterpart.
        let mut conflicts: FxHashSet<(usize, usize)> = FxHashSet::default();
        for (series, counterpart) in self.all.iter().zip(&self.counterparts) {
            let metric = self.name_removal.metric(&series.labels);
            let mut points = vec![Point::Absent; self.steps.count()];
            for (index, (into, point)) in points.iter_mut().zip(&series.points).enumerate() {
                let Point::Histogram(histogram) = point else {
                    continue;
                };
                let classic = counterpart.and_then(|group| Some((group, self.classic.get(group)?)));
                if let Some((group, classic)) = classic
                    && !classic.at(self.all, index).is_empty()
                {
                    annotations.warn(notices::mixed_classic_and_native(metric));
                    conflicts.insert((group, index));
                    continue;
                }
                *into = Point::Float(compute(
                    Value::Native(histogram),
                    index,
                    metric,
                    annotations,
                ));
            }
            let mut result = Series::new(series.labels.clone(), points);
            self.name_removal.apply(&mut result);
            results.push(result);
        }
        for (group, classic) in self.classic.iter().enumerate() {
            let metric = self.name_removal.metric(&classic.labels);
            let points = (0..self.steps.count()).map(|index| {
                let buckets = classic.at(self.all, index);
                if buckets.is_empty() || conflicts.contains(&(group, index)) {
                    return Point::Absent;
                }
                Point::Float(compute(Value::Classic(buckets), index, metric, annotations))
            });
            let mut result = Series::new(classic.labels.clone(), points.collect());
            self.name_removal.apply(&mut result);
            results.push(result);
        }
        results
    }
}
