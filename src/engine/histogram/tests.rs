//! Histograms with known sums, and laws of all histograms.

use proptest::prelude::*;

use super::*;

fn parsed(text: &str) -> FloatHistogram {
    match parse(text) {
        Ok((parsed, length)) => {
            assert_eq!(length, text.len(), "{text}");
            parsed.histogram
        }
        Err(error) => panic!("{text}: {error} at {}", error.at),
    }
}

fn added(left: &str, right: &str) -> (String, Combined) {
    let mut sum = parsed(left);
    let combined = sum.add(&parsed(right)).unwrap_or_default();
    (sum.compacted().notation(), combined)
}

#[test]
fn buckets_are_added_where_they_are() {
    let (sum, combined) = added(
        "{{count:30 sum:2.345 z_bucket:11 z_bucket_w:0.01 offset:-2 buckets:[1 0 3 4] n_buckets:[3 1 5]}}",
        "{{count:21 sum:1.234 z_bucket:8 z_bucket_w:0.01 buckets:[2 3 6 2 5] n_offset:2 n_buckets:[1 1]}}",
    );
    assert_eq!(
        sum,
        "{{count:51 sum:3.579 z_bucket:19 z_bucket_w:0.01 offset:-2 buckets:[1 0 5 7 6 2 5] n_buckets:[3 1 6 1]}}"
    );
    assert_eq!(combined, Combined::default());
}

#[test]
fn the_wider_zero_bucket_and_the_lower_resolution_win() {
    // The threshold 0.7 is within the populated bucket (0.5,1], so it grows to 1.
    let (sum, _) = added(
        "{{count:10 sum:5 z_bucket:1 z_bucket_w:0.7 offset:2 buckets:[9]}}",
        "{{count:6 sum:2 offset:-1 buckets:[1 2 3]}}",
    );
    assert_eq!(
        sum,
        "{{count:16 sum:7 z_bucket:4 z_bucket_w:1 offset:1 buckets:[3 9]}}"
    );
    let (sum, _) = added(
        "{{schema:1 count:6 sum:1 offset:1 buckets:[1 2 3]}}",
        "{{count:1 sum:1 offset:1 buckets:[1]}}",
    );
    assert_eq!(sum, "{{count:7 sum:2 offset:1 buckets:[4 3]}}");
}

#[test]
fn custom_buckets_keep_their_common_bounds() {
    let (sum, combined) = added(
        "{{schema:-53 count:6 sum:1 custom_values:[1 2 4] buckets:[1 2 3]}}",
        "{{schema:-53 count:10 sum:1 custom_values:[1 3 4] buckets:[1 2 3 4]}}",
    );
    assert_eq!(
        sum,
        "{{schema:-53 count:16 sum:2 custom_values:[1 4] buckets:[2 10 4]}}"
    );
    assert!(combined.bounds_reconciled);
    let mut custom = parsed("{{schema:-53 custom_values:[1] buckets:[1 1]}}");
    let before = custom.clone();
    assert_eq!(
        custom.add(&parsed("{{buckets:[1]}}")),
        Err(HistogramError::IncompatibleSchemas)
    );
    assert_eq!(custom, before);
}

#[test]
fn hints_collide() {
    let hints = |left: &str, right: &str| {
        let (sum, combined) = added(
            &format!("{{{{counter_reset_hint:{left}}}}}"),
            &format!("{{{{counter_reset_hint:{right}}}}}"),
        );
        (sum, combined.counter_reset_collision)
    };
    let gauge = "{{counter_reset_hint:gauge}}".to_owned();
    let unknown = "{{}}".to_owned();
    assert_eq!(hints("reset", "not_reset"), (unknown.clone(), true));
    assert_eq!(hints("gauge", "not_reset"), (gauge.clone(), false));
    assert_eq!(hints("unknown", "gauge"), (gauge, false));
    assert_eq!(hints("reset", "unknown"), (unknown, false));
    assert_eq!(
        hints("reset", "reset"),
        ("{{counter_reset_hint:reset}}".to_owned(), false)
    );
}

#[test]
fn factors_and_divisors_apply_to_all_counts() {
    let mut histogram =
        parsed("{{count:6 sum:3 z_bucket:3 z_bucket_w:0.1 buckets:[2 4] n_buckets:[1]}}");
    histogram.scale(-2.0);
    assert_eq!(
        histogram.notation(),
        "{{count:-12 sum:-6 z_bucket:-6 z_bucket_w:0.1 counter_reset_hint:gauge buckets:[-4 -8] n_buckets:[-2]}}"
    );
    histogram.divide(0.0);
    assert_eq!(
        histogram.notation(),
        "{{count:-Inf sum:-Inf z_bucket:-Inf z_bucket_w:0.1 counter_reset_hint:gauge}}"
    );
}

#[test]
fn resets_are_decreases_and_higher_resolutions() {
    let reset = |previous: &str, current: &str| parsed(current).detect_reset(&parsed(previous));
    let before = "{{count:9 z_bucket:2 z_bucket_w:0.01 buckets:[3 0 4]}}";
    assert!(!reset(before, before));
    assert!(reset(
        before,
        "{{count:9 z_bucket:2 z_bucket_w:0.01 buckets:[2 1 4]}}"
    ));
    assert!(reset(
        before,
        "{{count:9 z_bucket:2 z_bucket_w:0.01 buckets:[7]}}"
    ));
    assert!(reset(
        before,
        "{{schema:1 count:9 z_bucket:2 z_bucket_w:0.01 buckets:[9 9 9 9 9]}}"
    ));
    assert!(reset(before, "{{count:9 z_bucket:2 buckets:[3 0 4]}}"));
    // A lower resolution and a wider zero bucket are none by themselves.
    assert!(!reset(
        before,
        "{{schema:-1 count:9 z_bucket:2 z_bucket_w:0.01 buckets:[3 4]}}"
    ));
    assert!(!reset(
        before,
        "{{count:9 z_bucket:5 z_bucket_w:1 offset:2 buckets:[4]}}"
    ));
    assert!(reset(
        before,
        "{{count:9 z_bucket:4 z_bucket_w:1 offset:2 buckets:[4]}}"
    ));
    // The threshold 3 is within the populated bucket (2,4].
    assert!(reset(before, "{{count:9 z_bucket:9 z_bucket_w:3}}"));
    assert!(reset(before, "{{count:10 counter_reset_hint:reset}}"));
    assert!(!reset(before, "{{counter_reset_hint:not_reset}}"));
    assert!(!reset(
        "{{schema:-53 count:6 custom_values:[1 2 4] buckets:[1 2 3]}}",
        "{{schema:-53 count:6 custom_values:[1 3 4] buckets:[1 4 1]}}"
    ));
    assert!(reset(
        "{{schema:-53 count:6 custom_values:[1 2 4] buckets:[1 2 3]}}",
        "{{schema:-53 count:6 custom_values:[1 3 4] buckets:[0 5 1]}}"
    ));
}

#[test]
fn compaction_removes_and_joins() {
    let mut histogram = FloatHistogram {
        positive_spans: vec![
            Span {
                offset: -2,
                length: 3,
            },
            Span {
                offset: 0,
                length: 0,
            },
            Span {
                offset: 1,
                length: 4,
            },
        ],
        positive_buckets: vec![0.0, 1.0, 0.0, 2.0, 0.0, 0.0, 3.0],
        ..FloatHistogram::default()
    };
    let mut joined = histogram.clone();
    histogram.compact(0);
    let spans = |histogram: &FloatHistogram| -> Vec<(i32, u32)> {
        histogram
            .positive_spans
            .iter()
            .map(|span| (span.offset, span.length))
            .collect()
    };
    assert_eq!(spans(&histogram), [(-1, 1), (2, 1), (2, 1)]);
    assert_eq!(histogram.positive_buckets, [1.0, 2.0, 3.0]);
    joined.compact(2);
    assert_eq!(spans(&joined), [(-1, 7)]);
    assert_eq!(joined.positive_buckets, [1.0, 0.0, 0.0, 2.0, 0.0, 0.0, 3.0]);
}

#[test]
fn bounds_are_powers() {
    let bounds = |schema, index| {
        let histogram = FloatHistogram {
            schema,
            positive_spans: vec![Span {
                offset: index,
                length: 1,
            }],
            positive_buckets: vec![1.0],
            ..FloatHistogram::default()
        };
        let bucket = histogram.positive().next().unwrap_or_default();
        (bucket.lower, bucket.upper)
    };
    assert_eq!(bounds(-4, 0), (0.000_015_258_789_062_5, 1.0));
    assert_eq!(bounds(0, 3), (4.0, 8.0));
    assert_eq!(bounds(2, 1), (1.0, 1.189_207_115_002_721));
    assert_eq!(bounds(8, 1), (1.0, 1.002_711_275_050_202_5));
    assert_eq!(bounds(0, -1072), (5e-324 * 2.0, 5e-324 * 4.0));
    // The last finite bucket and the one for infinity.
    assert_eq!(bounds(0, 1024), (2_f64.powi(1023), f64::MAX));
    assert_eq!(bounds(0, 1025), (f64::MAX, f64::INFINITY));
    assert_eq!(bounds(-1, 512), (2_f64.powi(1022), f64::MAX));
}

#[test]
fn trimming_interpolates() {
    let mut histogram =
        parsed("{{count:6 sum:9 z_bucket:1 z_bucket_w:0.001 offset:1 buckets:[2 3]}}");
    histogram.trim_upper(2_f64.sqrt());
    assert!((histogram.count - 2.0).abs() < 1e-12);
    assert!((histogram.positive_buckets[0] - 1.0).abs() < 1e-12);
    let mut all = parsed("{{count:6 sum:9 offset:1 buckets:[2 4]}}");
    all.trim_lower(0.5);
    assert_eq!(all, parsed("{{count:6 sum:9 offset:1 buckets:[2 4]}}"));
    let mut custom = parsed("{{schema:-53 count:6 sum:9 custom_values:[2 4] buckets:[2 2 2]}}");
    custom.trim_lower(3.0);
    assert_eq!(
        custom.notation(),
        "{{schema:-53 count:3 sum:11.5 custom_values:[2 4] offset:1 buckets:[1 2]}}"
    );
}

#[test]
fn averages_survive_an_overflow() {
    let large = parsed("{{count:1e+308 sum:1e+308 buckets:[1e+308]}}");
    let mut mean = HistogramMean::new(&large);
    for _ in 0..5 {
        assert_eq!(mean.add(&large), Ok(()));
    }
    let mean = mean.finish();
    assert!((mean.count / 1e308 - 1.0).abs() < 1e-12);
    let mut sum = HistogramSum::new(&parsed("{{count:5 sum:1 buckets:[5]}}"));
    for term in ["{{sum:1e+100}}", "{{sum:-1e+100}}"] {
        assert_eq!(sum.add(&parsed(term)), Ok(()));
    }
    assert_eq!(sum.finish().sum, 1.0);
}

#[test]
fn text_is_read_and_written() {
    let text = "{{schema:3 count:7 sum:-1.5 z_bucket:2 z_bucket_w:1e-05 counter_reset_hint:gauge offset:-3 buckets:[1 0 2] n_offset:2 n_buckets:[2]}}";
    assert_eq!(parsed(text).notation(), text);
    assert_eq!(
        parsed("{{ count:3 sum:NaN  z_bucket:1 buckets:[2 0 -3] n_buckets:[Inf] }}").to_string(),
        "{count:3, sum:NaN, [-1,-0.5):+Inf, [-0,0]:1, (0.5,1]:2, (2,4]:-3}"
    );
    for (text, message) in [
        (
            "{{bucket:[1]}}",
            r#"bad histogram descriptor found: "bucket""#,
        ),
        ("{{sum:1 sum:2}}", r#"duplicate key "sum" in histogram"#),
        ("{{sum 1}}", "missing `:` for histogram descriptor"),
        ("{{sum:x}}", r#"error parsing number: "x""#),
        ("{{schema:1.5}}", r#"error parsing integer: "1.5""#),
        ("{{buckets:[]}}", r#"error parsing number: """#),
        ("{{sum:1", "histogram description incomplete"),
        (
            "{{counter_reset_hint:no}}",
            "error parsing counter_reset_hint: unknown value no",
        ),
    ] {
        assert_eq!(
            parse(text).map_err(|error| error.message),
            Err(message.to_owned())
        );
    }
}

#[test]
fn sequences_repeat() {
    let sums = |text: &str| -> Vec<f64> {
        parse_sequence(text, 100).map_or_else(
            |error| panic!("{text}: {error}"),
            |(all, length)| {
                assert_eq!(length, text.len());
                all.iter().map(|parsed| parsed.histogram.sum).collect()
            },
        )
    };
    assert_eq!(sums("{{sum:1}}"), [1.0]);
    assert_eq!(sums("{{sum:1}}x2"), [1.0, 1.0, 1.0]);
    assert_eq!(sums("{{sum:1}}+{{sum:2}}x2"), [1.0, 3.0, 5.0]);
    assert_eq!(sums("{{sum:1}}-{{sum:2}}x1"), [1.0, -1.0]);
    assert!(parse_sequence("{{sum:1}}x100", 100).is_err());
    assert!(parse_sequence("{{schema:1}}+{{schema:0}}x1", 100).is_err());
}

#[test]
fn contradictions_are_found() {
    let message = |text: &str| parsed(text).validate().map_err(|error| error.to_string());
    assert_eq!(message("{{count:1 buckets:[1]}}"), Ok(()));
    assert_eq!(
        message("{{schema:-53 custom_values:[1 1] buckets:[1]}}"),
        Err("custom buckets: previous bound is 1.000000 and current is 1.000000: histogram custom bounds must be in strictly increasing order".to_owned())
    );
    assert_eq!(
        message("{{buckets:[1 -2]}}"),
        Err("positive side: bucket number 2 has observation count of -2: histogram has a bucket whose observation count is negative".to_owned())
    );
    assert!(message("{{schema:9}}").is_err());
}

/// Counts are small whole numbers, so that sums are exact.
fn any_side(first: std::ops::Range<i32>) -> impl Strategy<Value = (Vec<Span>, Vec<f64>)> {
    let span = (first, 0_i32..4, 1_u32..4);
    prop::collection::vec(span, 0..4).prop_flat_map(|spans| {
        let spans: Vec<Span> = spans
            .iter()
            .enumerate()
            .map(|(place, (first, gap, length))| Span {
                offset: if place == 0 { *first } else { *gap },
                length: *length,
            })
            .collect();
        let buckets = spans
            .iter()
            .map(|span| usize::try_from(span.length).unwrap_or(0))
            .sum::<usize>();
        (
            Just(spans),
            prop::collection::vec((0_u8..9).prop_map(f64::from), buckets),
        )
    })
}

fn any_exponential() -> impl Strategy<Value = FloatHistogram> {
    let zero = prop::sample::select(vec![0.0, 0.001, 0.3, 1.0]);
    let sides = (any_side(-6..6), any_side(-6..6));
    (-4..=8_i32, zero, 0_u8..9, sides, -9_i8..9).prop_map(
        |(schema, zero_threshold, zero_count, (positive, negative), sum)| {
            let zero_count = f64::from(zero_count);
            let in_buckets: f64 = positive.1.iter().chain(&negative.1).sum();
            let mut histogram = FloatHistogram {
                schema,
                zero_count,
                count: zero_count + in_buckets,
                sum: f64::from(sum),
                positive_spans: positive.0,
                positive_buckets: positive.1,
                negative_spans: negative.0,
                negative_buckets: negative.1,
                ..FloatHistogram::default()
            };
            // No bucket is within the zero bucket.
            let outside = histogram
                .positive()
                .chain(histogram.negative())
                .all(|bucket| bucket.upper.abs().max(bucket.lower.abs()) > zero_threshold);
            if outside {
                histogram.zero_threshold = zero_threshold;
            }
            histogram
        },
    )
}

/// Histograms that differ in their zero buckets or in their resolutions. If they differ in both, Prometheus can count the
/// observations of a bucket twice that is only partly within the zero bucket at the lower resolution.
fn any_pair() -> impl Strategy<Value = (FloatHistogram, FloatHistogram)> {
    (any_exponential(), any_exponential()).prop_map(|(left, mut right)| {
        if left.zero_threshold != right.zero_threshold {
            right.schema = left.schema;
            right.zero_threshold = 0.0;
        }
        (left, right)
    })
}

/// Histograms that may contradict themselves.
fn any_histogram() -> impl Strategy<Value = FloatHistogram> {
    let offset = || prop_oneof![-3..9_i32, any::<i32>()];
    let length = || prop_oneof![0..5_u32, any::<u32>()];
    let span = move || (offset(), length()).prop_map(|(offset, length)| Span { offset, length });
    let side = move || {
        (
            prop::collection::vec(span(), 0..4),
            prop::collection::vec(any::<f64>(), 0..9),
        )
    };
    let schema = prop_oneof![-5..10_i32, Just(CUSTOM_SCHEMA), any::<i32>()];
    let bounds = prop::collection::vec(-4.0..9.0_f64, 0..5);
    let numbers = (any::<f64>(), any::<f64>(), any::<f64>(), any::<f64>());
    (schema, numbers, side(), side(), bounds).prop_map(
        |(schema, numbers, positive, negative, custom_values)| FloatHistogram {
            counter_reset_hint: CounterResetHint::Unknown,
            schema,
            zero_threshold: numbers.0,
            zero_count: numbers.1,
            count: numbers.2,
            sum: numbers.3,
            positive_spans: positive.0,
            negative_spans: negative.0,
            positive_buckets: positive.1,
            negative_buckets: negative.1,
            custom_values,
        },
    )
}

fn in_buckets(histogram: &FloatHistogram) -> f64 {
    histogram.zero_count
        + histogram.positive_buckets.iter().sum::<f64>()
        + histogram.negative_buckets.iter().sum::<f64>()
}

proptest! {
    #[test]
    fn no_observation_is_lost_in_a_sum((left, right) in any_pair()) {
        let mut sum = left.clone();
        prop_assert!(sum.add(&right).is_ok());
        prop_assert_eq!(sum.count, left.count + right.count);
        prop_assert_eq!(in_buckets(&sum), sum.count);
        prop_assert!(sum.validate().is_ok());
        let mut swapped = right.clone();
        prop_assert!(swapped.add(&left).is_ok());
        prop_assert_eq!(sum.clone().compacted(), swapped.compacted());
        let mut kahan = HistogramSum::new(&left);
        prop_assert!(kahan.add(&right).is_ok());
        prop_assert_eq!(kahan.finish().compacted(), sum.compacted());
    }

    #[test]
    fn what_is_added_can_be_subtracted((left, right) in any_pair()) {
        let mut sum = left.clone();
        prop_assert!(sum.add(&right).is_ok());
        prop_assert!(sum.subtract(&right).is_ok());
        // The lower resolution and the wider zero bucket remain.
        let mut expected = right.clone();
        expected.scale(0.0);
        prop_assert!(expected.add(&left).is_ok());
        prop_assert_eq!(sum.count, expected.count);
        prop_assert_eq!(in_buckets(&sum), expected.count);
    }

    #[test]
    fn a_lower_resolution_keeps_counts(histogram in any_exponential(), by in 1..5_i32) {
        let mut reduced = histogram.clone();
        let schema = histogram.schema - by;
        prop_assume!(schema >= -4);
        prop_assert!(reduced.reduce_resolution(schema).is_ok());
        prop_assert_eq!(in_buckets(&reduced), in_buckets(&histogram));
        prop_assert_eq!(reduced.count, histogram.count);
        prop_assert!(!reduced.detect_reset(&histogram));
        prop_assert!(!histogram.detect_reset(&histogram));
    }

    #[test]
    fn both_directions_have_the_same_buckets(histogram in any_exponential()) {
        let ascending: Vec<Bucket> = histogram.buckets().collect();
        let mut descending: Vec<Bucket> = histogram.buckets_descending().collect();
        descending.reverse();
        prop_assert_eq!(&ascending, &descending);
        let outside = |bucket: &Bucket| bucket.lower.abs().max(bucket.upper.abs()) > histogram.zero_threshold;
        let mut before = f64::NEG_INFINITY;
        for bucket in ascending.iter().filter(|bucket| outside(bucket)) {
            prop_assert!(bucket.lower >= before && bucket.lower < bucket.upper);
            before = bucket.upper;
        }
    }

    #[test]
    fn notation_keeps_the_histogram(histogram in any_exponential()) {
        let mut joined = histogram;
        joined.compact(usize::MAX);
        // An offset without buckets says nothing.
        prop_assert_eq!(parsed(&joined.notation()), joined);
    }

    #[test]
    fn trimming_both_sides_splits_the_count(histogram in any_exponential(), at in -9.0..9.0_f64) {
        let (mut below, mut above) = (histogram.clone(), histogram.clone());
        below.trim_upper(at);
        above.trim_lower(at);
        prop_assert!((below.count + above.count - histogram.count).abs() < 1e-9);
    }

    #[test]
    fn quantiles_are_inverse_to_fractions(mut histogram in any_exponential(), q in 0.01..0.99_f64) {
        // Buckets that overlap with the zero bucket have observations that count at two places.
        histogram.zero_threshold = 0.0;
        if histogram.count == 0.0 {
            return Ok(());
        }
        let (value, _) = quantile::histogram_quantile(q, &histogram);
        let (fraction, _) = quantile::histogram_fraction(f64::NEG_INFINITY, value, &histogram);
        prop_assert!((fraction - q).abs() < 1e-6 || value == 0.0, "{value} {fraction}");
    }

    #[test]
    fn text_never_panics(text in r"\{\{[a-z_]{0,8}:?[\[\]0-9 .xX+\-}]{0,12}\}?\}?.{0,3}") {
        let _ = parse_sequence(&text, 10);
    }

    #[test]
    fn contradictory_histograms_do_not_panic(left in any_histogram(), right in any_histogram(), at in any::<f64>()) {
        let _ = left.validate();
        let _ = left.detect_reset(&right);
        let _ = (left.to_string(), left.notation(), left == right);
        let _ = (quantile::histogram_quantile(at, &left), quantile::variance(&left));
        let _ = quantile::histogram_fraction(at, 0.0, &left);
        for operation in [FloatHistogram::trim_lower, FloatHistogram::trim_upper, FloatHistogram::divide] {
            operation(&mut left.clone(), at);
        }
        let _ = left.clone().reduce_resolution(right.schema);
        let mut mean = HistogramMean::new(&left);
        if mean.add(&right).is_ok() {
            let _ = mean.finish().compacted();
        }
        let _ = left.clone().subtract(&right);
    }
}
