#![allow(clippy::unwrap_used)]
//! Tests of functions by their names.

use std::sync::Arc;

use nth_promql::Node;

use super::*;
use crate::histogram::{CounterResetHint, FloatHistogram};
use crate::value::{FloatSample, HistogramSample, Prepared, Timestamp, Window};

fn floats(samples: &[(Timestamp, f64)]) -> Vec<FloatSample> {
    let sample = |&(at, value): &(Timestamp, f64)| FloatSample {
        at: at * 1000,
        value,
    };
    samples.iter().map(sample).collect()
}

fn counter(count: f64, sum: f64) -> FloatHistogram {
    FloatHistogram {
        count,
        sum,
        positive_spans: vec![crate::histogram::Span {
            offset: 0,
            length: 1,
        }],
        positive_buckets: vec![count],
        ..FloatHistogram::default()
    }
}

fn histograms(samples: &[(Timestamp, FloatHistogram)]) -> Vec<HistogramSample> {
    let sample = |(at, value): &(Timestamp, FloatHistogram)| HistogramSample {
        at: at * 1000,
        value: Arc::new(value.clone()),
    };
    samples.iter().map(sample).collect()
}

/// Calls a range function for the range from 0s to 60s.
fn over(
    function: &str,
    parameters: &[f64],
    floats: &[FloatSample],
    histograms: &[HistogramSample],
) -> (Result<Point, Error>, Annotations) {
    let window = Window {
        floats,
        histograms,
        start: 0,
        end: 60_000,
        at: 60_000,
        metric: "x_total",
        prepared: Prepared::Nothing,
    };
    let mut annotations = Annotations::default();
    let point = range_function(function).unwrap()(&window, parameters, &mut annotations);
    (point, annotations)
}

#[test]
fn functions_of_floats_in_a_range() {
    let samples = floats(&[(10, 1.0), (20, 3.0), (30, 2.0), (40, 6.0), (50, 6.0)]);
    for (function, parameters, expected) in [
        // It was zero 5s before its first sample, and the range ends 10s after its last one: (5+3) * 55/40.
        ("increase", &[][..], 11.0),
        ("rate", &[], 11.0 / 60.0),
        ("delta", &[], 7.5),
        ("irate", &[], 0.0),
        ("idelta", &[], 0.0),
        ("changes", &[], 3.0),
        ("resets", &[], 1.0),
        ("count_over_time", &[], 5.0),
        ("present_over_time", &[], 1.0),
        ("sum_over_time", &[], 18.0),
        ("avg_over_time", &[], 3.6),
        ("min_over_time", &[], 1.0),
        ("max_over_time", &[], 6.0),
        ("first_over_time", &[], 1.0),
        ("last_over_time", &[], 6.0),
        ("stdvar_over_time", &[], 4.24),
        ("quantile_over_time", &[0.5], 3.0),
        ("quantile_over_time", &[0.9], 6.0),
        ("quantile_over_time", &[0.1], 1.4),
        ("quantile_over_time", &[2.0], f64::INFINITY),
        ("mad_over_time", &[], 2.0),
        ("ts_of_first_over_time", &[], 10.0),
        ("ts_of_last_over_time", &[], 50.0),
        ("ts_of_max_over_time", &[], 50.0),
        ("ts_of_min_over_time", &[], 10.0),
        ("deriv", &[], 0.13),
        ("predict_linear", &[10.0], 8.8),
        ("double_exponential_smoothing", &[0.5, 0.5], 6.46875),
    ] {
        let (point, _) = over(function, parameters, &samples, &[]);
        let value = point.unwrap().float().unwrap();
        let close = value == expected || (value - expected).abs() < 1e-12;
        assert!(close, "{function}: expected {expected}, found {value}");
    }
}

#[test]
fn a_counter_is_not_extrapolated_below_zero() {
    let samples = floats(&[(30, 1.0), (40, 11.0), (50, 21.0)]);
    // It was zero 1s before its first sample.
    let (point, _) = over("increase", &[], &samples, &[]);
    assert_eq!(
        point.unwrap().float(),
        Some(20.0 * (20.0 + 1.0 + 10.0) / 20.0)
    );
    // A gauge gets half of the usual time between samples.
    let (point, _) = over("delta", &[], &samples, &[]);
    assert_eq!(
        point.unwrap().float(),
        Some(20.0 * (20.0 + 5.0 + 10.0) / 20.0)
    );
}

#[test]
fn a_rate_needs_two_samples() {
    for function in ["rate", "increase", "delta", "irate", "idelta", "deriv"] {
        let (point, annotations) = over(function, &[], &floats(&[(10, 1.0)]), &[]);
        assert_eq!(point, Ok(Point::Absent), "{function}");
        assert_eq!(annotations, Annotations::default());
    }
}

#[test]
fn both_kinds_of_samples_in_one_range() {
    let samples = floats(&[(10, 1.0), (20, 2.0)]);
    let others = histograms(&[(30, counter(1.0, 1.0))]);
    for (function, is_mixed) in [
        ("rate", true),
        ("sum_over_time", true),
        ("irate", true),
        ("max_over_time", false),
        ("deriv", false),
    ] {
        let (point, annotations) = over(function, &[], &samples, &others);
        assert_eq!(point == Ok(Point::Absent), is_mixed, "{function}");
        assert_eq!(
            annotations.warnings.len(),
            usize::from(is_mixed),
            "{function}"
        );
        assert_eq!(
            annotations.infos.len(),
            usize::from(!is_mixed),
            "{function}"
        );
    }
    let (point, _) = over("changes", &[], &samples, &others);
    assert_eq!(point, Ok(Point::Float(2.0)));
    let (point, _) = over("count_over_time", &[], &samples, &others);
    assert_eq!(point, Ok(Point::Float(3.0)));
    let (point, _) = over("last_over_time", &[], &samples, &others);
    assert!(matches!(point, Ok(Point::Histogram(_))));
    let (point, _) = over("first_over_time", &[], &samples, &others);
    assert_eq!(point, Ok(Point::Float(1.0)));
}

#[test]
fn changes_of_histograms() {
    let samples = histograms(&[
        (10, counter(10.0, 5.0)),
        (20, counter(20.0, 8.0)),
        (30, counter(5.0, 1.0)),
        (50, counter(7.0, 2.0)),
    ]);
    let count = |point: Result<Point, Error>| match point {
        Ok(Point::Histogram(histogram)) => {
            assert_eq!(histogram.counter_reset_hint, CounterResetHint::Gauge);
            (histogram.count, histogram.sum)
        }
        other => panic!("{other:?}"),
    };
    // (7 - 10 + 20) * 60/40, and the same for the sum.
    let (point, annotations) = over("increase", &[], &[], &samples);
    assert_eq!(count(point), (25.5, 7.5));
    assert_eq!(annotations, Annotations::default());
    let (point, _) = over("irate", &[], &[], &samples);
    assert_eq!(count(point), (0.1, 0.05));
    let (point, annotations) = over("delta", &[], &[], &samples);
    assert_eq!(count(point).0, -4.5);
    assert!(
        annotations
            .warnings
            .iter()
            .any(|text| text.contains("is not a gauge"))
    );
    let (point, _) = over("resets", &[], &[], &samples);
    assert_eq!(point, Ok(Point::Float(1.0)));
}

#[test]
fn factors_of_smoothing_are_limited() {
    let samples = floats(&[(10, 1.0), (20, 2.0)]);
    let (point, _) = over("double_exponential_smoothing", &[0.5, 1.0], &samples, &[]);
    let message = point.unwrap_err().message;
    assert_eq!(
        message,
        "invalid trend factor. Expected: 0 < tf < 1, got: 1.000000"
    );
}

/// Calls a function of the query with the arguments that are given instead of its own.
fn called(query: &str, args: Vec<Evaluated>, steps: Steps) -> Result<Evaluated, Error> {
    let expr = nth_promql::parse(query).unwrap();
    let Node::Call(parsed) = &expr.node else {
        panic!("{query} is not a call");
    };
    let context = (steps, NameRemoval::AtOnce);
    call(parsed, args, context, &mut Annotations::default())
}

fn series(labels: &[(&str, &str)], points: &[Option<f64>]) -> Series {
    let points = points
        .iter()
        .map(|point| point.map_or(Point::Absent, Point::Float));
    Series::new(labels.iter().copied().collect(), points.collect())
}

const TWO: Steps = Steps {
    start: 0,
    end: 60_000,
    step: 60_000,
};

#[test]
fn functions_of_vectors() {
    let vector = || {
        Evaluated::Vector(vec![
            series(&[("__name__", "x"), ("a", "1")], &[Some(-1.5), Some(2.5)]),
            series(&[("__name__", "x"), ("a", "2")], &[None, Some(7.0)]),
        ])
    };
    let a = |value: &'static str, points: &[Option<f64>]| series(&[("a", value)], points);
    for (query, args, expected) in [
        (
            "abs(x)",
            vec![vector()],
            Evaluated::Vector(vec![
                a("1", &[Some(1.5), Some(2.5)]),
                a("2", &[None, Some(7.0)]),
            ]),
        ),
        (
            "clamp_max(x, 5)",
            vec![vector(), Evaluated::Scalar(vec![5.0, 0.0])],
            Evaluated::Vector(vec![
                a("1", &[Some(-1.5), Some(0.0)]),
                a("2", &[None, Some(0.0)]),
            ]),
        ),
        (
            "clamp(x, 3, 2)",
            vec![
                vector(),
                Evaluated::Scalar(vec![3.0; 2]),
                Evaluated::Scalar(vec![2.0; 2]),
            ],
            Evaluated::Vector(Vec::new()),
        ),
        (
            "scalar(x)",
            vec![vector()],
            Evaluated::Scalar(vec![-1.5, f64::NAN]),
        ),
        ("absent(x)", vec![vector()], Evaluated::Vector(Vec::new())),
        (
            r#"absent(x{a="3"})"#,
            vec![Evaluated::Vector(vec![series(&[], &[None, Some(1.0)])])],
            Evaluated::Vector(vec![a("3", &[Some(1.0), None])]),
        ),
        (
            "timestamp(-x)",
            vec![vector()],
            Evaluated::Vector(vec![
                a("1", &[Some(0.0), Some(60.0)]),
                a("2", &[None, Some(60.0)]),
            ]),
        ),
        ("time()", Vec::new(), Evaluated::Scalar(vec![0.0, 60.0])),
        (
            "minute()",
            Vec::new(),
            Evaluated::Vector(vec![series(&[], &[Some(0.0), Some(1.0)])]),
        ),
    ] {
        let found = called(query, args, TWO).unwrap();
        // NaN is not equal to itself.
        assert_eq!(format!("{found:?}"), format!("{expected:?}"), "{query}");
    }
}

#[test]
fn buckets_of_a_classic_histogram_are_grouped() {
    let bucket = |le: &str, value: f64| {
        series(
            &[("__name__", "x_bucket"), ("a", "1"), ("le", le)],
            &[Some(value)],
        )
    };
    let vector = || {
        Evaluated::Vector(vec![
            bucket("1", 2.0),
            bucket("2", 4.0),
            bucket("+Inf", 4.0),
            bucket("many", 4.0),
        ])
    };
    let at = Steps::instant(0);
    let scalar = |value: f64| Evaluated::Scalar(vec![value]);
    let found = called(
        "histogram_quantile(0.75, x)",
        vec![scalar(0.75), vector()],
        at,
    );
    assert_eq!(
        found,
        Ok(Evaluated::Vector(vec![series(&[("a", "1")], &[Some(1.5)])]))
    );
    let args = vec![scalar(0.0), scalar(1.0), vector()];
    let found = called("histogram_fraction(0, 1, x)", args, at);
    assert_eq!(
        found,
        Ok(Evaluated::Vector(vec![series(&[("a", "1")], &[Some(0.5)])]))
    );
    let quantile = Evaluated::String("q".to_owned());
    let args = vec![vector(), quantile, scalar(0.5), scalar(1.0)];
    let found = called(r#"histogram_quantiles(x, "q", 0.5, 1)"#, args, at);
    let expected = vec![
        series(&[("a", "1"), ("q", "0.5")], &[Some(1.0)]),
        series(&[("a", "1"), ("q", "1.0")], &[Some(2.0)]),
    ];
    assert_eq!(found, Ok(Evaluated::Vector(expected)));
}

#[test]
fn labels_that_become_equal_are_an_error() {
    let vector = Evaluated::Vector(vec![
        series(&[("a", "1")], &[Some(1.0)]),
        series(&[("a", "2")], &[Some(2.0)]),
    ]);
    let text = |text: &str| Evaluated::String(text.to_owned());
    let query = r#"label_replace(x, "a", "$1", "b", "(.*)")"#;
    let args = vec![vector, text("a"), text("$1"), text("b"), text("(.*)")];
    let error = called(query, args, Steps::instant(0)).unwrap_err();
    assert_eq!(
        error.message,
        "vector cannot contain metrics with the same labelset"
    );
}
