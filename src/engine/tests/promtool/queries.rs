//! A corpus of queries over the random series: all stable functions, aggregations and operators, and random combinations.

use nth_promql::Type;
use nth_promql::functions::{AGGREGATIONS, FUNCTIONS, Function};

use crate::random::Random;

/// How many random combinations there are.
const COMBINATIONS: usize = 1000;

const FLOATS: &[&str] = &[
    "requests_total",
    "requests_total{code=\"500\"}",
    "requests_total{code=~\"4..|500\", job!=\"db\"}",
    "memory",
    "limit",
    "memory{instance!~\"0|1\"}",
    "build_info",
    "latency_sum",
    "latency_bucket",
    "special",
    "{__name__=~\"memory|limit\"}",
    "requests_total offset 1m",
    "memory offset -1m",
    "memory @ 600",
    "requests_total{code=\"200\"} @ end()",
    "nothing",
];

const HISTOGRAMS: &[&str] = &[
    "sizes",
    "sizes_now",
    "waits",
    "mixed",
    "sizes offset 2m",
    "rate(sizes[3m])",
];

const RANGES: &[&str] = &[
    "[90s]",
    "[5m]",
    "[31s]",
    "[10m] offset 2m",
    "[5m] @ 900",
    "[4m:1m]",
    "[5m:]",
    "[3m:30s] offset 1m",
    "[6m:1m] @ 1200",
];

const SUBQUERIES: &[&str] = &[
    "rate(requests_total[2m])[6m:30s]",
    "(memory + limit)[5m:]",
    "max_over_time(memory[3m])[5m:1m] offset 30s",
    "(sizes * 2)[4m:1m]",
    "sum by (job) (requests_total)[5m:1m]",
    "vector(time())[5m:1m]",
];

const SCALARS: &[&str] = &[
    "0",
    "0.5",
    "-1",
    "2",
    "3.7",
    "100",
    "NaN",
    "Inf",
    "-Inf",
    "scalar(memory{job=\"api\", instance=\"0\"})",
    "scalar(memory)",
    "time()",
    "(time() / 1000 - 0.3)",
    "pi()",
    "1e3",
    "0x1F",
];

const GROUPINGS: &[&str] = &[
    "",
    "by (job) ",
    "by (job, code) ",
    "without (instance) ",
    "by () ",
    "without () ",
    "by (kind, le) ",
];

const ARITHMETIC: &[&str] = &["+", "-", "*", "/", "%", "^", "atan2"];

const COMPARISONS: &[&str] = &["==", "!=", "<", "<=", ">", ">="];

const SETS: &[&str] = &["and", "or", "unless"];

/// Pairs of vectors with a matching between them, at `{}`.
const PAIRS: &[&str] = &[
    "memory {} limit",
    "memory {} memory offset 1m",
    "memory {} on (job, instance) limit",
    "memory {} ignoring (version) build_info",
    "requests_total {} on (job, instance) group_left memory",
    "requests_total {} ignoring (code) group_left () limit",
    "memory {} on (job, instance) group_right requests_total",
    "memory {} on (job, instance) group_left (version) build_info",
    "sum by (job) (requests_total) {} on (job) group_right limit",
    "special {} special",
    "special {} 0",
    "-1.5 {} special",
    "memory {} 7",
    "7 {} limit",
    "memory {} scalar(limit{job=\"api\", instance=\"1\"})",
    "sizes {} sizes",
    "sizes {} sizes offset 1m",
    "sizes {} on (job) sizes_now",
    "waits {} waits",
    "sizes {} ignoring () waits",
    "sizes {} 2",
    "2 {} sizes",
    "mixed {} mixed",
    "mixed {} 3",
    "sizes {} on (job) max by (job) (memory)",
    "max by (job) (memory) {} sizes",
    // Errors, if there are series.
    "requests_total {} on (job) memory",
    "memory {} on (job) limit",
    "requests_total {} on (job) group_left memory",
];

/// Queries of their own.
const OTHERS: &[&str] = &[
    "label_replace(memory, \"shard\", \"s$1-$2\", \"instance\", \"(.)(.*)\")",
    "label_replace(memory, \"job\", \"\", \"job\", \".*\")",
    "label_replace(memory, \"instance\", \"x\", \"\", \"\")",
    "label_replace(memory, \"name\", \"$name\", \"job\", \"(?P<name>a.*)\")",
    "label_join(memory, \"place\", \"/\", \"job\", \"instance\", \"none\")",
    "label_join(memory, \"job\", \",\")",
    "histogram_quantile(0.9, sum by (job, le) (rate(latency_bucket[5m])))",
    "histogram_quantile(0.5, rate(latency_bucket[5m]))",
    "histogram_quantile(0.99, latency_bucket{le!=\"+Inf\"})",
    "histogram_quantile(2, latency_bucket)",
    "histogram_quantile(-1, latency_bucket)",
    "histogram_quantile(0.3, {__name__=~\"sizes|latency_bucket\"})",
    "histogram_quantile(0.5, sum(rate(sizes[5m])))",
    "histogram_fraction(0, 0.7, latency_bucket)",
    "histogram_fraction(-Inf, 1.5, sum(sizes))",
    "timestamp(memory)",
    "timestamp(memory offset 1m)",
    "timestamp(memory + 1)",
    "timestamp(timestamp(memory))",
    "-memory",
    "+sizes",
    "-sizes",
    "- - time()",
    "-2 ^ 2",
    "2 ^ 3 ^ 2",
    "vector(1) or memory",
    "1 > bool 2",
    "{__name__=~\"memory|limit\", job=\"api\"} + 1",
    "rate({__name__=~\"memory|limit\"}[5m])",
    "last_over_time({__name__=~\"memory|limit\"}[5m])",
    "absent(nothing{job=\"a\", code=~\"x\"})",
    "absent(sum(nothing{job=\"a\"}))",
    "absent_over_time(nothing{job=\"a\", job=\"b\", code=\"c\"}[5m])",
    "absent_over_time(memory[5m])",
    "topk(2, memory)",
    "topk by (job) (1, memory)",
    "bottomk(3, limit)",
    "bottomk without (instance) (1, limit)",
    "topk(scalar(nothing), memory)",
    "topk(-1, memory)",
    "topk(2, mixed)",
    "count_values(\"value\", build_info)",
    "count_values by (job) (\"job\", build_info)",
    "count_values(\"value\", special)",
    "count_values(\"value\", sizes)",
    "quantile(scalar(nothing), memory)",
    "count(memory) / count(limit)",
    "sum(sizes) + sum(waits)",
    "avg(mixed)",
    "sum({__name__=~\"sizes|waits\"})",
    "memory[5m:1m] offset 1m @ 900",
];

/// Returns all queries.
pub fn all(random: &mut Random) -> Vec<String> {
    let mut queries: Vec<String> = OTHERS.iter().map(|query| (*query).to_owned()).collect();
    // Its result is a range vector, which promtool does not compare.
    queries.pop();
    for function in FUNCTIONS.iter().filter(|function| !function.experimental) {
        calls(random, function, &mut queries);
    }
    for aggregation in AGGREGATIONS
        .iter()
        .filter(|aggregation| !aggregation.experimental)
    {
        let name = aggregation.name;
        // Those that rank or name values are among the others.
        if ["topk", "bottomk", "count_values"].contains(&name) {
            continue;
        }
        for vector in FLOATS.iter().chain(HISTOGRAMS) {
            let grouping = random.pick(GROUPINGS);
            let param = if aggregation.param.is_some() {
                format!("{}, ", random.pick(SCALARS))
            } else {
                String::new()
            };
            queries.push(format!("{name} {grouping}({param}{vector})"));
        }
    }
    for operator in ARITHMETIC.iter().chain(COMPARISONS).chain(SETS) {
        for pair in PAIRS {
            let is_set = SETS.contains(operator);
            let has_scalar = pair.contains(['2', '3', '5', '7', '0']) || pair.contains("scalar(");
            if is_set && (pair.contains("group_") || has_scalar) {
                continue;
            }
            queries.push(pair.replace("{}", operator));
            if COMPARISONS.contains(operator) {
                queries.push(pair.replace("{}", &format!("{operator} bool")));
            }
        }
    }
    for _ in 0..COMBINATIONS {
        let depth = 1 + random.below(3);
        queries.push(vector(random, depth));
    }
    queries
}

/// Adds calls of a function with different arguments.
fn calls(random: &mut Random, function: &Function, queries: &mut Vec<String>) {
    if ["label_replace", "label_join"].contains(&function.name) {
        return;
    }
    let most = function.max_args.unwrap_or(function.min_args);
    for count in function.min_args..=most {
        let takes_vector = function
            .args
            .iter()
            .take(count)
            .any(|of| *of != Type::Scalar);
        let variants = if takes_vector { 24 } else { 1 + 2 * count };
        for variant in 0..variants {
            let args: Vec<String> = (0..count)
                .map(|index| match function.arg(index) {
                    Some(Type::RangeVector) => range(random, variant),
                    Some(Type::InstantVector) => leaf(random, variant),
                    _ => random.pick(SCALARS).to_owned(),
                })
                .collect();
            queries.push(format!("{}({})", function.name, args.join(", ")));
        }
    }
}

/// Returns a selector: each in turn, first of floats.
fn leaf(random: &mut Random, variant: usize) -> String {
    let all = FLOATS.iter().chain(HISTOGRAMS);
    match all.clone().nth(variant) {
        Some(selector) => (*selector).to_owned(),
        None => random.pick(FLOATS).to_owned(),
    }
}

fn range(random: &mut Random, variant: usize) -> String {
    if variant % 4 == 3 {
        return random.pick(SUBQUERIES).to_owned();
    }
    let plain: Vec<&str> = FLOATS
        .iter()
        .chain(HISTOGRAMS)
        .copied()
        .filter(|selector| !selector.contains(['@', '(']) && !selector.contains("offset"))
        .collect();
    let selector = plain[variant % plain.len()];
    format!("{selector}{}", random.pick(RANGES))
}

/// Returns a random vector. Only the outermost function of a combination may be inexact, so that no comparison or rounding in it
/// depends on the last digit.
fn vector(random: &mut Random, depth: u64) -> String {
    const EXACT: &[&str] = &[
        "abs",
        "ceil",
        "floor",
        "round",
        "sgn",
        "sqrt",
        "sort",
        "sort_desc",
        "deg",
        "timestamp",
    ];
    const OVER_TIME: &[&str] = &[
        "rate",
        "increase",
        "delta",
        "irate",
        "idelta",
        "changes",
        "resets",
        "deriv",
        "avg_over_time",
        "sum_over_time",
        "min_over_time",
        "max_over_time",
        "count_over_time",
        "last_over_time",
        "present_over_time",
        "stddev_over_time",
        "stdvar_over_time",
    ];
    const GROUPED: &[&str] = &["min", "max", "count", "group"];
    if depth == 0 {
        return if random.chance(80) {
            random.pick(FLOATS)
        } else {
            random.pick(HISTOGRAMS)
        }
        .to_owned();
    }
    match random.below(9) {
        0 | 1 => {
            let variant = random.below(40) as usize;
            format!("{}({})", random.pick(OVER_TIME), range(random, variant))
        }
        2 => format!(
            "{}(({})[4m:1m])",
            random.pick(OVER_TIME),
            vector(random, depth - 1)
        ),
        3 => format!("{}({})", random.pick(EXACT), vector(random, depth - 1)),
        4 => format!(
            "{} {}({})",
            random.pick(GROUPED),
            random.pick(GROUPINGS),
            vector(random, depth - 1)
        ),
        5 => format!(
            "({}) {} {}",
            vector(random, depth - 1),
            random.pick(&["+", "-", "*", "/", ">", "!=", "<= bool"]),
            random.pick(SCALARS)
        ),
        6 => format!(
            "({}) {} ({})",
            vector(random, depth - 1),
            random.pick(SETS),
            vector(random, depth - 1)
        ),
        7 => {
            let operator = random.pick(&["+", "-", "/", "==", ">", "< bool"]);
            format!(
                "({}) {operator} on (job, instance) ({})",
                vector(random, depth - 1),
                vector(random, depth - 1)
            )
        }
        _ => {
            let inner = vector(random, depth - 1);
            format!(
                "clamp({inner}, {}, {})",
                random.pick(SCALARS),
                random.pick(SCALARS)
            )
        }
    }
}
