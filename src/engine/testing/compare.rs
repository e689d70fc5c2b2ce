//! Comparison of results with what a script expects.

use crate::histogram::{FloatHistogram, Span, quantile};
use crate::labels::Labels;
use crate::value::{Evaluated, Point, Series};

use super::notation::Value;
use super::script::Eval;

/// The relative difference that is allowed between two numbers.
const EPSILON: f64 = 0.000_001;

/// Compares the result of an instant evaluation. `index` selects the step of a result over several.
pub(super) fn instant(eval: &Eval, result: &Evaluated, index: usize) -> Result<(), String> {
    match result {
        Evaluated::String(text) => string(eval, text),
        Evaluated::Scalar(values) => {
            let value = values.get(index).copied().ok_or("missing scalar")?;
            match eval.scalar {
                Some(expected) => floats(expected, value),
                None => Err(format!("expected a vector, found scalar {value}")),
            }
        }
        Evaluated::Vector(series) => vector(eval, series, index),
    }
}

fn string(eval: &Eval, text: &str) -> Result<(), String> {
    let expected = eval.string.as_deref().unwrap_or_default();
    if expected == text {
        return Ok(());
    }
    Err(format!("expected string {expected:?}, found {text:?}"))
}

fn vector(eval: &Eval, series: &[Series], index: usize) -> Result<(), String> {
    if let Some(expected) = eval.scalar {
        return Err(format!(
            "expected scalar {expected}, found a vector of {}",
            series.len()
        ));
    }
    let points = series.iter().filter_map(|series| {
        let point = series.points.get(index)?;
        point.is_present().then_some((&series.labels, point))
    });
    let mut seen = Vec::new();
    for (position, (labels, point)) in points.enumerate() {
        let (place, value) = expected_of(eval, labels, point)?;
        if eval.is_ordered && place != position {
            return Err(format!(
                "expected {labels} at position {place}, found it at {position}"
            ));
        }
        let first = value
            .first()
            .ok_or_else(|| format!("missing expected value of {labels}"))?;
        values(first, point).map_err(|error| format!("{labels}: {error}"))?;
        if seen.contains(&labels) {
            return Err(format!("duplicate series {labels}"));
        }
        seen.push(labels);
    }
    all_seen(eval, &seen)
}

/// Fails on a series that the script expects and that was not found.
fn all_seen(eval: &Eval, seen: &[&Labels]) -> Result<(), String> {
    match eval
        .expected()
        .find(|(_, labels, _)| !seen.contains(labels))
    {
        None => Ok(()),
        Some((_, labels, values)) => Err(format!("missing series {labels} {}", show_all(values))),
    }
}

/// Returns the position and the values that the script expects of a series. The last line of equal labels counts.
fn expected_of<'e>(
    eval: &'e Eval,
    labels: &Labels,
    found: &Point,
) -> Result<(usize, &'e [Value]), String> {
    eval.expected()
        .filter(|(_, expected, _)| *expected == labels)
        .map(|(place, _, values)| (place, values))
        .last()
        .ok_or_else(|| format!("unexpected series {labels} {}", show(found)))
}

/// Compares the result of a range evaluation at all steps.
pub(super) fn range(eval: &Eval, result: &Evaluated) -> Result<(), String> {
    if eval.is_ordered {
        return Err("`expect ordered` is not allowed for a range".to_owned());
    }
    if eval.scalar.is_some() {
        return Err("expected a scalar, found a range".to_owned());
    }
    let scalar;
    let series = match result {
        Evaluated::Vector(series) => series,
        Evaluated::Scalar(values) => {
            let points = values.iter().copied().map(Point::Float).collect();
            scalar = vec![Series::new(Labels::default(), points)];
            &scalar
        }
        Evaluated::String(text) => return string(eval, text),
    };
    let mut seen: Vec<&Labels> = Vec::new();
    for series in series {
        let labels = &series.labels;
        let Some(first) = series.points.iter().find(|point| point.is_present()) else {
            continue;
        };
        let (_, values) = expected_of(eval, labels, first)?;
        if values.len() > series.points.len() {
            return Err(format!("{labels}: more values than steps"));
        }
        let missing = Value::Omitted;
        for (index, point) in series.points.iter().enumerate() {
            let value = values.get(index).unwrap_or(&missing);
            self::values(value, point).map_err(|error| {
                format!(
                    "{labels} at {}ms: {error}, all found: {}",
                    eval.steps.time(index),
                    series.points.iter().map(show).collect::<Vec<_>>().join(" ")
                )
            })?;
        }
        if seen.contains(&labels) {
            return Err(format!("duplicate series {labels}"));
        }
        seen.push(labels);
    }
    all_seen(eval, &seen)
}

/// Compares one value with one point.
fn values(expected: &Value, found: &Point) -> Result<(), String> {
    match (expected, found) {
        (Value::Omitted, Point::Absent) => Ok(()),
        (Value::Float(expected), Point::Float(found)) => floats(*expected, *found),
        (
            Value::Histogram {
                histogram,
                has_hint,
            },
            Point::Histogram(found),
        ) => histograms(histogram, found, *has_hint),
        _ => Err(format!(
            "expected {}, found {}",
            show_value(expected),
            show(found)
        )),
    }
}

fn floats(expected: f64, found: f64) -> Result<(), String> {
    if almost_equal(expected, found) {
        return Ok(());
    }
    Err(format!("expected {expected}, found {found}"))
}

fn almost_equal(left: f64, right: f64) -> bool {
    quantile::almost_equal(left, right, EPSILON)
}

fn histograms(
    expected: &FloatHistogram,
    found: &FloatHistogram,
    has_hint: bool,
) -> Result<(), String> {
    let equal = expected.schema == found.schema
        && almost_equal(expected.count, found.count)
        && almost_equal(expected.sum, found.sum)
        && expected.zero_threshold == found.zero_threshold
        && almost_equal(expected.zero_count, found.zero_count)
        && custom_values(expected) == custom_values(found)
        && buckets(&expected.negative_spans, &expected.negative_buckets)
            .same_as(&buckets(&found.negative_spans, &found.negative_buckets))
        && buckets(&expected.positive_spans, &expected.positive_buckets)
            .same_as(&buckets(&found.positive_spans, &found.positive_buckets))
        && (!has_hint || expected.counter_reset_hint == found.counter_reset_hint);
    if equal {
        return Ok(());
    }
    Err(format!(
        "expected {}, found {}",
        expected.notation(),
        found.notation()
    ))
}

fn custom_values(histogram: &FloatHistogram) -> &[f64] {
    if histogram.is_custom() {
        &histogram.custom_values
    } else {
        &[]
    }
}

/// The buckets of a side that are not empty, with their indices.
struct Buckets(Vec<(i64, f64)>);

impl Buckets {
    fn same_as(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self
                .0
                .iter()
                .zip(&other.0)
                .all(|(left, right)| left.0 == right.0 && almost_equal(left.1, right.1))
    }
}

fn buckets(spans: &[Span], counts: &[f64]) -> Buckets {
    let mut next = 0;
    let indices = spans.iter().flat_map(|span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    });
    let all = indices.zip(counts.iter().copied());
    Buckets(all.filter(|(_, count)| *count != 0.0).collect())
}

fn show(point: &Point) -> String {
    match point {
        Point::Absent => "_".to_owned(),
        Point::Float(value) => value.to_string(),
        Point::Histogram(histogram) => histogram.notation(),
    }
}

fn show_value(value: &Value) -> String {
    match value {
        Value::Omitted => "_".to_owned(),
        Value::Float(value) => value.to_string(),
        Value::Histogram { histogram, .. } => histogram.notation(),
    }
}

fn show_all(values: &[Value]) -> String {
    values.iter().map(show_value).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stale::STALE_NAN;

    #[test]
    fn numbers_are_almost_equal() {
        assert!(almost_equal(1.0, 1.000_001));
        assert!(!almost_equal(1.0, 1.000_01));
        assert!(!almost_equal(0.0, 1e-300));
        assert!(almost_equal(f64::NAN, -f64::NAN));
        assert!(!almost_equal(f64::NAN, STALE_NAN));
        assert!(almost_equal(STALE_NAN, STALE_NAN));
        assert!(almost_equal(f64::INFINITY, f64::INFINITY));
        assert!(!almost_equal(f64::INFINITY, f64::NEG_INFINITY));
    }

    #[test]
    fn buckets_are_compared_by_index() {
        let span = |offset, length| Span { offset, length };
        let left = buckets(&[span(1, 2), span(1, 1)], &[1.0, 2.0, 3.0]);
        let right = buckets(&[span(0, 6)], &[0.0, 1.0, 2.0, 0.0, 3.0, 0.0]);
        assert!(left.same_as(&right));
        assert!(!left.same_as(&buckets(&[span(1, 3)], &[1.0, 2.0, 3.0])));
    }
}
