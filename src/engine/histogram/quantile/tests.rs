//! Quantiles and fractions with known results.

use super::*;
use crate::histogram::{FloatHistogram, parse};

fn native(text: &str) -> FloatHistogram {
    parse(text).map_or_else(
        |error| panic!("{text}: {error}"),
        |(parsed, _)| parsed.histogram,
    )
}

fn classic(buckets: &[(f64, f64)]) -> Vec<ClassicBucket> {
    let buckets = buckets.iter();
    buckets
        .map(|(upper_bound, count)| ClassicBucket {
            upper_bound: *upper_bound,
            count: *count,
        })
        .collect()
}

fn assert_close(found: f64, expected: f64) {
    assert!(
        almost_equal(found, expected, 1e-12),
        "{found}, not {expected}"
    );
}

#[test]
fn classic_quantiles_are_interpolated() {
    let all = [
        (f64::INFINITY, 12.0),
        (0.1, 5.0),
        (0.2, 7.0),
        (1.0, 10.0),
        (1.0, 1.0),
    ];
    for (q, expected) in [
        (0.5, 0.15),
        (0.25, 0.06),
        (0.75, 0.6),
        (1.0, 1.0),
        (-1.0, f64::NEG_INFINITY),
        (2.0, f64::INFINITY),
        (f64::NAN, f64::NAN),
    ] {
        let found = bucket_quantile(q, &mut classic(&all));
        assert_close(found.value, expected);
        assert_eq!(found.forced_monotonic, None);
    }
    let value = |buckets: &[(f64, f64)]| bucket_quantile(0.5, &mut classic(buckets)).value;
    assert!(value(&[]).is_nan());
    assert!(value(&[(1.0, 2.0)]).is_nan());
    assert!(value(&[(f64::INFINITY, 2.0)]).is_nan());
    assert!(value(&[(1.0, 0.0), (f64::INFINITY, 0.0)]).is_nan());
    assert_eq!(value(&[(-1.0, 2.0), (f64::INFINITY, 2.0)]), -1.0);
}

#[test]
fn classic_counts_that_decrease_are_raised() {
    let mut buckets = classic(&[
        (1.0, 4.0),
        (2.0, 1.0),
        (3.0, 3.0),
        (4.0, 8.0),
        (f64::INFINITY, 8.0 - 1e-14),
    ]);
    let quantile = bucket_quantile(0.75, &mut buckets);
    assert_close(quantile.value, 3.5);
    assert_eq!(
        quantile.forced_monotonic,
        Some(ForcedMonotonic {
            lowest_bound: 2.0,
            highest_bound: 3.0,
            largest_decrease: 3.0,
        })
    );
    assert!(quantile.fixed_precision);
}

#[test]
fn classic_fractions_are_interpolated() {
    let fraction = |lower: f64, upper: f64| {
        let mut buckets = classic(&[(1.0, 2.0), (3.0, 6.0), (f64::INFINITY, 8.0)]);
        bucket_fraction(lower, upper, &mut buckets)
    };
    assert_close(fraction(f64::NEG_INFINITY, f64::INFINITY), 1.0);
    assert_close(fraction(0.0, 0.5), 0.125);
    assert_close(fraction(1.0, 2.0), 0.25);
    // Nothing above the last finite bound counts up to a finite value.
    assert_close(fraction(2.0, 10.0), 0.25);
    assert_eq!(fraction(2.0, 2.0), 0.0);
    assert!(fraction(f64::NAN, 2.0).is_nan());
}

#[test]
fn native_quantiles_are_interpolated_on_their_scale() {
    let histogram = native("{{count:4 sum:5 buckets:[1 2 1]}}");
    for (q, expected) in [
        (0.5, 2_f64.sqrt()),
        (1.0, 4.0),
        (0.0, 0.5),
        (0.9, 3.031_433_133_020_796),
        (1.1, f64::INFINITY),
    ] {
        let (found, effect) = histogram_quantile(q, &histogram);
        assert_close(found, expected);
        assert_eq!(effect, None);
    }
    let value = |q: f64, text: &str| histogram_quantile(q, &native(text)).0;
    assert_close(
        value(0.5, "{{count:4 sum:-5 n_buckets:[1 2 1]}}"),
        -(2_f64.sqrt()),
    );
    // The zero bucket is linear, and ends at 0 beside positive buckets alone.
    assert_close(
        value(
            0.25,
            "{{count:4 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[2]}}",
        ),
        0.25,
    );
    assert_close(
        value(
            0.5,
            "{{schema:-53 count:5 sum:1 custom_values:[5 10] buckets:[1 4]}}",
        ),
        6.875,
    );
    assert_eq!(
        value(
            0.9,
            "{{schema:-53 count:5 sum:1 custom_values:[5] buckets:[1 4]}}"
        ),
        5.0
    );
    assert!(value(0.5, "{{}}").is_nan());
}

#[test]
fn observations_of_nan_are_the_largest() {
    let histogram = native("{{count:10 sum:NaN buckets:[4 4]}}");
    assert_eq!(
        histogram_quantile(0.4, &histogram),
        (1.0, Some(NanEffect::Skew))
    );
    let (value, effect) = histogram_quantile(0.9, &histogram);
    assert!(value.is_nan());
    assert_eq!(effect, Some(NanEffect::Result));
    let all = histogram_fraction(f64::NEG_INFINITY, f64::INFINITY, &histogram);
    assert_eq!(all, (0.8, true));
}

#[test]
fn native_fractions_are_interpolated_on_their_scale() {
    let fraction =
        |lower: f64, upper: f64, text: &str| histogram_fraction(lower, upper, &native(text)).0;
    let positive = "{{count:4 sum:5 buckets:[1 2 1]}}";
    assert_close(fraction(1.0, 2.0, positive), 0.5);
    assert_close(fraction(f64::NEG_INFINITY, 2_f64.sqrt(), positive), 0.5);
    let negative = "{{count:4 sum:-5 n_buckets:[1 2 1]}}";
    assert_close(fraction(-(2_f64.sqrt()), f64::INFINITY, negative), 0.5);
    let custom = "{{schema:-53 count:8 sum:9 custom_values:[-1 3] buckets:[2 4 2]}}";
    assert_close(fraction(-1.0, 1.0, custom), 0.25);
    assert_close(fraction(f64::NEG_INFINITY, -2.0, custom), 0.25);
    assert_eq!(fraction(3.0, 1.0, custom), 0.0);
    assert!(fraction(0.0, 1.0, "{{}}").is_nan());
}

#[test]
fn observations_deviate_from_their_average() {
    let zeros = native("{{count:4 sum:4 z_bucket:4}}");
    assert_eq!(
        (average(&zeros), variance(&zeros), deviation(&zeros)),
        (1.0, 1.0, 1.0)
    );
    let custom = native("{{schema:-53 count:2 sum:4 custom_values:[0 2 4] buckets:[0 1 1]}}");
    assert_eq!(variance(&custom), 1.0);
    let negative = native("{{count:2 sum:-2 n_offset:1 n_buckets:[2]}}");
    assert_close(deviation(&negative), 2_f64.sqrt() - 1.0);
}
