//! Units of rules make no difference.

use proptest::prelude::*;

use super::*;
use crate::eval::Options;
use crate::rules::plan::{Context, Placed, Unit, units};
use crate::rules::run::run_units;

/// Evaluates everything one time after another.
fn one_unit(rules: &mut [Placed<'_>], _: &Context) -> Vec<Unit> {
    vec![Unit::Instants((0..rules.len()).collect())]
}

/// The names of recordings, which are also input sometimes.
const NAMES: [&str; 5] = ["r0", "r1", "r2", "r3", "x"];

fn selector() -> impl Strategy<Value = String> {
    let name = prop::sample::select(
        &[
            "r0",
            "r1",
            "r2",
            "r3",
            "x",
            "x",
            "y",
            "ALERTS",
            "ALERTS_FOR_STATE",
        ][..],
    );
    let matcher = prop_oneof![
        8 => Just(""),
        1 => Just(r#"{a="1"}"#),
        1 => Just(r#"{own!="1"}"#),
        1 => Just(r#"{alertname=~"A|B"}"#),
    ];
    let any = prop::sample::select(
        &[
            r#"{__name__=~"r.|x"}"#,
            r#"{__name__!~"ALERTS.*",a="1"}"#,
            r#"{a="2"}"#,
        ][..],
    );
    prop_oneof![
        20 => (name, matcher).prop_map(|(name, matcher)| format!("{name}{matcher}")),
        1 => any.prop_map(str::to_owned),
    ]
}

fn modifier() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        12 => Just(""),
        2 => Just(" offset 1s"),
        1 => Just(" offset 3s"),
        1 => Just(" offset -1s"),
        1 => Just(" @ 5"),
        1 => Just(" @ end()"),
        1 => Just(" offset 0s"),
    ]
}

fn operand() -> impl Strategy<Value = String> {
    (selector(), modifier(), 0..9_usize).prop_map(|(selector, modifier, kind)| match kind {
        0 => format!("sum by (a) ({selector}{modifier})"),
        1 => format!("sum by (a) (count_over_time({selector}[4s]{modifier}))"),
        2 => format!("sum by (a) (sum_over_time({selector}[3s:1s]{modifier}))"),
        3 => format!("max by (a) (timestamp({selector}{modifier}))"),
        4 => format!("sum by (a) (rate({selector}[5s]{modifier}))"),
        5 => format!("absent({selector}{modifier})"),
        6 => format!("max by (a) (last_over_time({selector}[6s:2s]{modifier}))"),
        _ => format!("max by (a) ({selector}{modifier})"),
    })
}

fn query() -> impl Strategy<Value = String> {
    let single = operand();
    let double = (
        operand(),
        operand(),
        prop::sample::select(&["+", "-", "or", "unless", "and", ">", "<= bool"][..]),
    );
    prop_oneof![
        single,
        double.prop_map(|(left, right, op)| format!("{left} {op} {right}")),
        (operand(), 0..6_i32).prop_map(|(left, than)| format!("{left} > {than}")),
        Just("vector(time()) % 4 > 1".to_owned()),
        Just("time()".to_owned()),
    ]
}

fn rule() -> impl Strategy<Value = Rule> {
    let labels = prop_oneof![
        4 => Just(vec![]),
        2 => Just(vec![("own", "1")]),
        2 => Just(vec![("own", "2")]),
        1 => Just(vec![("a", "")]),
        1 => Just(vec![("own", "{{value}}")]),
    ];
    (query(), labels, 0..8_usize, 0..3_i64, 0..3_i64).prop_map(
        |(query, labels, kind, hold, keep)| {
            if kind < NAMES.len() {
                return recording_with(NAMES[kind], &query, &labels);
            }
            let name = ["A", "B", "C"][kind - NAMES.len()];
            let mut rule = alerting(name, &query, hold, &labels);
            if let Rule::Alerting(rule) = &mut rule {
                rule.keep_firing = keep * 1000;
            }
            rule
        },
    )
}

fn groups() -> impl Strategy<Value = Vec<Group>> {
    let group = (
        prop::collection::vec(rule(), 1..6),
        prop::sample::select(&[1000_i64, 1000, 1000, 2000, 3000][..]),
        prop::sample::select(&[0_i64, 0, 0, 0, 1000, 500][..]),
        prop::sample::select(&[0_usize, 0, 0, 3][..]),
    );
    let group = group.prop_map(|(rules, interval, query_offset, limit)| Group {
        name: "random".into(),
        interval,
        query_offset,
        limit,
        rules,
    });
    prop::collection::vec(group, 1..4)
}

fn input() -> impl Strategy<Value = Vec<String>> {
    let value = prop_oneof![
        6 => (0..6_i32).prop_map(|value| value.to_string()),
        2 => Just("_".to_owned()),
        1 => Just("stale".to_owned()),
        1 => Just("{{schema:0 sum:1 count:1 buckets:[1]}}".to_owned()),
    ];
    let name = prop::sample::select(
        &[
            r#"x{a="1"}"#,
            r#"x{a="2"}"#,
            r#"x{b="1"}"#,
            r#"y{a="1"}"#,
            r#"y{a="2"}"#,
            r#"r0{a="9"}"#,
            r#"r1{a="1"}"#,
            r#"r2{a="2"}"#,
        ][..],
    );
    let series = (name, prop::collection::vec(value, 1..25))
        .prop_map(|(name, values)| format!("{name} {}", values.join(" ")));
    prop::collection::vec(series, 0..6)
}

/// Expands templates to the value.
struct Values;

impl Expand for Values {
    fn expand(&self, _: &str, sample: &Observation) -> String {
        sample
            .value
            .float()
            .map_or("?".to_owned(), |value| value.to_string())
    }
}

fn compare(
    groups: &[Group],
    input: &[String],
    block_steps: i64,
    lookback: i64,
    start: i64,
) -> Result<(), TestCaseError> {
    let input: Vec<&str> = input.iter().map(String::as_str).collect();
    let (mut fast, mut slow) = (store(&input), store(&input));
    let settings = Settings {
        expand: &Values,
        eval: Options {
            lookback,
            ..Options::default()
        },
    };
    let range = start..=start + 20_000;
    let expected = run_units(groups, &mut slow, range.clone(), settings, 1000, one_unit);
    let found = run_units(groups, &mut fast, range, settings, block_steps, units);
    if found.is_ok() && expected.is_ok() {
        prop_assert_eq!(written(&fast, ""), written(&slow, ""));
    }
    // NaNs are equal in text.
    prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn the_units_make_no_difference(groups in groups(), input in input(), block_steps in 1..25_i64, lookback in 1..10_i64, start in 0..12_i64) {
        compare(&groups, &input, block_steps, lookback * 1000, start * 1000)?;
    }
}
