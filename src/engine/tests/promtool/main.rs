//! Compares the engine with Prometheus's own, in promtool, over random series and queries.
//!
//! Choices are the same in every run. The environment variable `NTH_PROMTOOL_SEED` sets a number for other ones.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod queries;
mod random;
mod report;
mod series;

use nth_engine::eval::{Options, evaluate};
use nth_engine::histogram::{FloatHistogram, Span};
use nth_engine::testing::{Sequence, Value};
use nth_engine::{Evaluated, Labels, MemoryStore, Point, Steps};
use nth_promql::{BinaryOp, Expr, Node, classify, parse};

use random::Random;
use report::{Answer, Asked};

/// The seconds between two samples, and between two steps of a subquery without one.
const INTERVAL: i64 = 30;

/// At how many of the steps promtool evaluates each query.
const TIMES: usize = 4;

/// The steps of the range evaluations, in milliseconds.
const STEPS: Steps = Steps {
    start: 60_000,
    end: 1_740_000,
    step: 120_000,
};

#[test]
fn the_engine_agrees_with_promtool() {
    let Some(promtool) = report::find() else {
        return;
    };
    let seed = std::env::var("NTH_PROMTOOL_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let mut random = Random::new(seed.unwrap_or(20_260_101));
    let series = series::all(&mut random);
    let mut store = MemoryStore::new();
    for (labels, values) in &series {
        let sequence = Sequence::parse(&format!("{labels} {values}")).expect(labels);
        sequence.load(&mut store, 0, INTERVAL * 1000);
    }
    let queries = queries::all(&mut random);
    let mut asked = Vec::new();
    let mut expected: Vec<(Answer, bool)> = Vec::new();
    for query in &queries {
        let expr = parse(query).unwrap_or_else(|errors| panic!("{query}: {errors:?}"));
        let range = run(&expr, &store, STEPS);
        for _ in 0..TIMES {
            let index = random.below(STEPS.count() as u64) as usize;
            let at = STEPS.time(index);
            let instant = run(&expr, &store, Steps::instant(at)).map(|found| samples(&found, 0));
            if let (Ok(range), Ok(instant)) = (&range, &instant)
                && !query.contains("end()")
            {
                let in_range = samples(range, index);
                let different = difference(&Ok(in_range), &Ok(instant.clone()), true);
                assert_eq!(different, None, "{query} at {at}ms: in a range, then alone");
            }
            asked.push(Asked {
                query,
                seconds: at / 1000,
            });
            expected.push((instant, is_exact(&expr)));
        }
    }
    // The last one loads all samples, because some queries read the future.
    asked.push(Asked {
        query: "vector(0)",
        seconds: 30 * 60,
    });
    expected.push((Ok(vec![(Labels::default(), Value::Float(0.0))]), true));
    let answers = report::ask(&promtool, &series, INTERVAL, &asked);
    let mut wrong = Vec::new();
    let mut errors = 0;
    for ((asked, (ours, exact)), theirs) in asked.iter().zip(&expected).zip(&answers) {
        errors += usize::from(theirs.is_err());
        if let Some(different) = difference(ours, theirs, *exact) {
            wrong.push(format!(
                "{} at {}s\n{different}",
                asked.query, asked.seconds
            ));
        }
    }
    println!(
        "{} queries, {} results, of them {errors} errors",
        queries.len(),
        answers.len()
    );
    assert!(
        answers.len() > 5000 && errors * 5 < answers.len(),
        "the queries have results"
    );
    assert!(
        wrong.is_empty(),
        "{} results differ, ours first:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn run(expr: &Expr, store: &MemoryStore, steps: Steps) -> Result<Evaluated, String> {
    let options = Options {
        subquery_step: INTERVAL * 1000,
        ..Options::default()
    };
    evaluate(expr, store, steps, &options)
        .map(|(result, _)| result)
        .map_err(|error| error.message)
}

/// Returns the samples at a step.
fn samples(result: &Evaluated, index: usize) -> Vec<(Labels, Value)> {
    match result {
        Evaluated::Scalar(values) => vec![(Labels::default(), Value::Float(values[index]))],
        Evaluated::String(_) => panic!("no query returns a string"),
        Evaluated::Vector(series) => series
            .iter()
            .filter_map(|series| {
                let value = match &series.points[index] {
                    Point::Absent => return None,
                    Point::Float(value) => Value::Float(*value),
                    Point::Histogram(histogram) => Value::Histogram {
                        histogram: histogram.clone(),
                        has_hint: true,
                    },
                };
                Some((series.labels.clone(), value))
            })
            .collect(),
    }
}

/// Returns what differs between two results, in any order; `None` if nothing does. Which labels an error names depends on the order
/// of the series, which is random in promtool.
fn difference(ours: &Answer, theirs: &Answer, exact: bool) -> Option<String> {
    let (ours, theirs) = match (ours, theirs) {
        (Err(ours), Err(theirs)) if theirs.contains(ours.split('{').next().unwrap_or_default()) => {
            return None;
        }
        (Ok(ours), Ok(theirs)) => (ours, theirs),
        _ => return Some(format!("  {ours:?}\n  {theirs:?}")),
    };
    let value_of = |samples: &[(Labels, Value)], labels: &Labels| {
        let found = samples.iter().find(|(known, _)| known == labels);
        found.map(|(_, value)| value.clone())
    };
    let mut labels: Vec<&Labels> = ours
        .iter()
        .chain(theirs)
        .map(|(labels, _)| labels)
        .collect();
    labels.sort();
    labels.dedup();
    let different: Vec<String> = labels
        .into_iter()
        .filter_map(|labels| {
            let (ours, theirs) = (value_of(ours, labels), value_of(theirs, labels));
            let same = match (&ours, &theirs) {
                (Some(Value::Float(ours)), Some(Value::Float(theirs))) => {
                    same_float(*ours, *theirs, exact)
                }
                (
                    Some(Value::Histogram {
                        histogram: ours, ..
                    }),
                    Some(Value::Histogram {
                        histogram: theirs, ..
                    }),
                ) => same_histogram(ours, theirs, exact),
                _ => false,
            };
            (!same).then(|| {
                format!(
                    "  {labels}\n    {}\n    {}",
                    show(ours.as_ref()),
                    show(theirs.as_ref())
                )
            })
        })
        .collect();
    (!different.is_empty()).then(|| different.join("\n"))
}

fn show(value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::Histogram { histogram, .. }) => histogram.notation(),
        Some(Value::Float(value)) => format!("{value:?}"),
        Some(Value::Omitted) => "_".to_owned(),
    }
}

fn same_float(ours: f64, theirs: f64, exact: bool) -> bool {
    if ours == theirs || (ours.is_nan() && theirs.is_nan()) {
        return true;
    }
    // Near zero, what remains after a subtraction of large numbers.
    let scale = ours.abs().max(theirs.abs()).max(1.0);
    !exact && (ours - theirs).abs() <= 1e-12 * scale
}

fn same_histogram(ours: &FloatHistogram, theirs: &FloatHistogram, exact: bool) -> bool {
    let buckets = |spans: &[Span], counts: &[f64]| {
        let mut next = 0;
        let mut found = Vec::new();
        let mut counts = counts.iter();
        for span in spans {
            next += i64::from(span.offset);
            for count in counts.by_ref().take(span.length as usize) {
                // Prometheus's storage adds empty buckets, which a factor of NaN or infinity makes NaN.
                if *count != 0.0 && !count.is_nan() {
                    found.push((next, *count));
                }
                next += 1;
            }
        }
        found
    };
    let same_side = |ours: Vec<(i64, f64)>, theirs: Vec<(i64, f64)>| {
        ours.len() == theirs.len()
            && ours
                .iter()
                .zip(&theirs)
                .all(|(ours, theirs)| ours.0 == theirs.0 && same_float(ours.1, theirs.1, exact))
    };
    ours.schema == theirs.schema
        && ours.counter_reset_hint == theirs.counter_reset_hint
        && ours.zero_threshold == theirs.zero_threshold
        && ours.custom_values == theirs.custom_values
        && same_float(ours.count, theirs.count, exact)
        && same_float(ours.sum, theirs.sum, exact)
        && same_float(ours.zero_count, theirs.zero_count, exact)
        && same_side(
            buckets(&ours.positive_spans, &ours.positive_buckets),
            buckets(&theirs.positive_spans, &theirs.positive_buckets),
        )
        && same_side(
            buckets(&ours.negative_spans, &ours.negative_buckets),
            buckets(&theirs.negative_spans, &theirs.negative_buckets),
        )
}

/// True if all digits of a query's results must agree. Transcendental functions differ in the last one between Go and Rust, and
/// sums depend on the order of the series, which is random in promtool.
fn is_exact(expr: &Expr) -> bool {
    const INEXACT: &[&str] = &[
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cos",
        "cosh",
        "exp",
        "histogram_fraction",
        "histogram_quantile",
        "histogram_stddev",
        "histogram_stdvar",
        "ln",
        "log10",
        "log2",
        "sin",
        "sinh",
        "tan",
        "tanh",
    ];
    classify::exprs(expr).all(|expr| match &expr.node {
        Node::Call(call) => !INEXACT.contains(&call.function.as_str()),
        Node::Aggregate(aggregate) => {
            !["sum", "avg", "stddev", "stdvar"].contains(&aggregate.op.as_str())
        }
        Node::Binary(binary) => !matches!(binary.op, BinaryOp::Power | BinaryOp::Atan2),
        _ => true,
    })
}
