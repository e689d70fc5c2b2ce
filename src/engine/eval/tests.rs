//! Tests of evaluation.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Options, evaluate, evaluate_range};
use crate::labels::{Labels, METRIC_NAME};
use crate::stale::STALE_NAN;
use crate::store::MemoryStore;
use crate::testing::{Outcome, run};
use crate::value::{Evaluated, FloatSample, Steps, Timestamp};

#[track_caller]
fn passes(script: &str) {
    for case in run(script).cases {
        assert_eq!(
            case.outcome,
            Outcome::Passed,
            "line {}: {}",
            case.line,
            case.query
        );
    }
}

#[track_caller]
fn fails(query: &str, message: &str) {
    let store = MemoryStore::new();
    let steps = Steps::instant(0);
    let error = match nth_promql::parse(query) {
        Ok(expr) => {
            evaluate(&expr, &store, steps, &Options::default()).map_err(|error| error.message)
        }
        Err(errors) => panic!("{query}: {errors:?}"),
    };
    assert_eq!(error, Err(message.to_owned()), "{query}");
}

#[test]
fn selectors_look_back() {
    passes(
        r#"
        load 1m
          x{a="1"} 1 _ _ _ _ _ 7
          x{a="2"} 1 stale _ 3

        eval instant at 4m59s x
          x{a="1"} 1
          x{a="2"} 3

        eval instant at 5m x
          x{a="2"} 3

        eval range from 0 to 6m step 1m x
          x{a="1"} 1 1 1 1 1 _ 7
          x{a="2"} 1 _ _ 3 3 3 3

        eval range from 0 to 4m step 2m x{a="1"} offset -6m
          x{a="1"} 7 7 7

        eval range from 0 to 4m step 2m timestamp(x{a="2"})
          {a="2"} 0 _ 180

        eval range from 1m to 3m step 1m x{a="2"} @ end()
          x{a="2"} 3 3 3

        eval range from 0 to 2m step 1m sum_over_time(x[2m] @ 360) + time()
          {a="1"} 7 67 127
        "#,
    );
}

#[test]
fn subqueries_have_steps_of_their_own() {
    passes(
        r#"
        load 10s
          x 0+1x60

        eval range from 95s to 215s step 60s max_over_time(x[1m:30s])
          {} 9 15 21

        eval instant at 5m count_over_time(x[2m:])
          {} 2

        eval instant at 5m sum_over_time((x offset 10s)[1m:30s] offset 1m)
          {} 43

        eval range from 0 to 2m step 1m max_over_time(x[1m:10s] @ 100)
          {} 10 10 10
        "#,
    );
}

#[test]
fn names_stay_with_filters() {
    passes(
        r#"
        load 1m
          x{a="1"} 1 2 3
          x{a="2"} 3 2 1
          y{a="1",b="1"} 2 2 2

        eval range from 0 to 2m step 1m x > 1
          x{a="1"} _ 2 3
          x{a="2"} 3 2 _

        eval range from 0 to 2m step 1m 2 < x
          x{a="1"} _ _ 3
          x{a="2"} 3 _ _

        eval range from 0 to 2m step 1m x >= on (a) y
          {a="1"} _ 2 3

        eval range from 0 to 2m step 1m x == bool on (a) y
          {a="1"} 0 1 0

        eval range from 0 to 2m step 1m y - on (a) group_left () x
          {a="1",b="1"} 1 0 -1

        eval range from 0 to 2m step 1m x{a="1"} > 1 or x
          x{a="1"} 1 2 3
          x{a="2"} 3 2 1

        eval range from 0 to 2m step 1m x and on (a) y > 5
        "#,
    );
}

#[test]
fn duplicates_matter_at_steps_with_both() {
    let load = r#"
        load 1m
          one 1 1 1
          x{a="1"} 1 1 stale
          x{a="2"} stale 1 2
    "#;
    passes(&format!(
        r#"{load}
        eval range from 0 to 2m step 2m one + on () x
          {{}} 2 3
        "#
    ));
    passes(&format!(
        r#"{load}
        eval range from 0 to 2m step 1m one + on () x
          expect fail
        "#
    ));
}

#[test]
fn aggregations_by_group() {
    passes(
        r#"
        load 1m
          x{a="1",b="1"} 1 2 NaN
          x{a="1",b="2"} 3 _ 5
          x{a="2",b="1"} 7 7 7

        eval range from 0 to 2m step 2m topk by (a) (1, x)
          x{a="1",b="2"} 3 5
          x{a="2",b="1"} 7 7

        eval range from 0 to 2m step 2m max without (b) (x)
          {a="1"} 3 5
          {a="2"} 7 7

        eval range from 0 to 2m step 2m count_values by (a) ("b", x)
          {a="1",b="1"} 1
          {a="1",b="3"} 1
          {a="1",b="5"} _ 1
          {a="1",b="NaN"} _ 1
          {a="2",b="7"} 1 1

        eval instant at 0 quantile(0.5, x)
          {} 3

        eval instant at 0 stdvar(x)
          {} 6.222222222222222

        eval instant at 0 bottomk(2, x)
          expect ordered
          x{a="1",b="1"} 1
          x{a="1",b="2"} 3
        "#,
    );
}

#[test]
fn what_is_not_supported_is_an_error() {
    fails("x smoothed", "the modifier smoothed is not supported");
    fails(
        "rate(x[5m] anchored)",
        "the modifier anchored is not supported",
    );
    fails(
        "x[5m]",
        r#"invalid expression type "range vector" for range query, must be Scalar or instant Vector"#,
    );
    fails(
        "rate(x[$window])",
        "the duration $window cannot be evaluated",
    );
    fails(
        "${_} + 1",
        "a query with interpolations cannot be evaluated",
    );
    fails(
        "max_over_time(vector(1)[200y:1ms])",
        "query processing would load too many samples into memory in query execution",
    );
    fails("topk(NaN, vector(1))", "Parameter value is NaN");
    fails("limit_ratio(NaN, vector(1))", "Ratio value is NaN");
}

#[test]
fn range_vectors_at_one_time() {
    let mut store = MemoryStore::new();
    let labels: Labels = [(METRIC_NAME, "x")].into_iter().collect();
    for (at, value) in [(0, 1.0), (10_000, 2.0), (20_000, STALE_NAN), (30_000, 4.0)] {
        store.add_float(&labels, FloatSample { at, value });
    }
    let samples = |query: &str| {
        let Ok(expr) = nth_promql::parse(query) else {
            panic!("{query}");
        };
        evaluate_range(&expr, &store, 30_000, &Options::default())
            .map(|(series, _)| series.first().map(|samples| samples.floats.to_vec()))
    };
    let expected = [(10_000, 2.0), (30_000, 4.0)].map(|(at, value)| FloatSample { at, value });
    assert_eq!(samples("x[30s]"), Ok(Some(expected.to_vec())));
    let expected =
        [(-5_000 + 15_000, 2.0), (15_000, 2.0)].map(|(at, value)| FloatSample { at, value });
    assert_eq!(samples("x[10s:5s] offset 15s"), Ok(Some(expected.to_vec())));
    assert!(samples("x").is_err());
}

/// Queries of all kinds, whose values are exact whatever the order of additions.
const QUERIES: [&str; 30] = [
    "x",
    "x offset 20s",
    "x @ 60",
    "-x",
    "{__name__=~\"x|y\", a=\"1\"} offset -15s",
    "sum(x)",
    "sum by (a) (x) + on (a) group_right () y",
    "count without (b) ({__name__=~\"x|y\"})",
    "avg by (b) (x)",
    "min(x) - max by (a) (y)",
    "topk by (a) (1, x)",
    "bottomk(2, x) or y",
    "limitk(2, x)",
    "count_values(\"value\", x)",
    "x > 2",
    "x > bool 2",
    "3 - x",
    "x and y",
    "x or y",
    "x unless on (a) y",
    "x * on (a, b) y",
    "x == ignoring (b) group_left () sum by (a) (y)",
    "sum_over_time(x[45s])",
    "max_over_time(x[1m:15s])",
    "max_over_time(sum(x)[1m:20s] offset 10s)",
    "sum_over_time(y[1m] @ 90) + on (a, b) x",
    "absent(x)",
    "absent_over_time(x{a=\"1\"}[30s])",
    "timestamp(x)",
    "scalar(x{a=\"1\",b=\"1\"}) + x",
];

/// The points of each step, by labels, as text so that NaN is NaN.
type PerStep = Vec<BTreeMap<Labels, String>>;

fn per_step(value: Evaluated, count: usize) -> PerStep {
    let mut result = vec![BTreeMap::new(); count];
    let Evaluated::Vector(all) = value else {
        return result;
    };
    for series in all {
        for (step, point) in result.iter_mut().zip(series.points) {
            if point.is_present() {
                let before = step.insert(series.labels.clone(), format!("{point:?}"));
                assert_eq!(before, None, "{} twice at one step", series.labels);
            }
        }
    }
    result
}

fn evaluated(query: &str, store: &MemoryStore, steps: Steps) -> Result<PerStep, String> {
    let Ok(expr) = nth_promql::parse(query) else {
        panic!("{query}");
    };
    let options = Options {
        lookback: 30_000,
        ..Options::default()
    };
    let result = evaluate(&expr, store, steps, &options);
    let (value, _) = result.map_err(|error| error.message)?;
    Ok(per_step(value, steps.count()))
}

/// A gap, a staleness marker or a small number for each of the next 15 s.
fn samples() -> impl Strategy<Value = Vec<Option<f64>>> {
    let value = prop_oneof![
        2 => Just(None),
        1 => Just(Some(STALE_NAN)),
        6 => (0_u8..6).prop_map(|value| Some(f64::from(value))),
    ];
    vec(value, 12)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn many_steps_are_as_one_after_the_other(
        all in vec(samples(), 6),
        start in 0_i64..60,
        step in 10_i64..60,
    ) {
        let mut store = MemoryStore::new();
        for (index, samples) in all.iter().enumerate() {
            let metric = if index < 4 { "x" } else { "y" };
            let (a, b) = ((index % 2).to_string(), (index / 2 % 2).to_string());
            let labels: Labels = [(METRIC_NAME, metric), ("a", &a), ("b", &b)].into_iter().collect();
            for (slot, sample) in samples.iter().enumerate() {
                if let Some(value) = *sample {
                    let at = 15_000 * slot as Timestamp;
                    store.add_float(&labels, FloatSample { at, value });
                }
            }
        }
        let steps = Steps { start: start * 1000, end: 200_000, step: step * 1000 };
        for query in QUERIES {
            let together = evaluated(query, &store, steps);
            let each: Result<PerStep, String> = steps
                .times()
                .map(|at| evaluated(query, &store, Steps::instant(at)))
                .map(|result| result.map(|mut steps| steps.pop().unwrap_or_default()))
                .collect();
            match (together, each) {
                (Ok(together), Ok(each)) => prop_assert_eq!(together, each, "{}", query),
                (together, each) => prop_assert_eq!(together.is_err(), each.is_err(), "{}", query),
            }
        }
    }
}
