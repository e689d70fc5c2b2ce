//! Measured numbers in readable form: `58.4%`, not `58.4338%`.
//!
//! One rule applies to every output. A number has one decimal, or two significant digits if it is below one; a share
//! close to 1 has as many as its difference from 1. It gets more digits as long as a comparison that it decided would
//! otherwise read differently: a budget of 9.96% is below 10%, and is never shown as `10%`. Limits come from the author
//! and are shown digit for digit.

use std::collections::BTreeMap;

use rust_decimal::{Decimal, RoundingStrategy};

use super::document::{Compare, Condition, Gate, Operand, Policy};
use super::truth::Measured;
use nth_model::Duration;
use nth_model::gate::{Comparison, Unit};
use nth_units::number::decimal_text;

/// The number of additional digits that makes any number exact.
const EXACT: u32 = 28;

/// A rounded number: its value, in hundredths for shares, and its digits.
#[derive(Debug, Clone, Copy)]
struct Rounded {
    value: Decimal,
    unit: Unit,
}

impl Rounded {
    /// Rounds a number with `more` additional digits.
    fn new(value: Decimal, unit: Unit, more: u32) -> Self {
        let value = scale(value, unit);
        let value = if more >= EXACT {
            value
        } else {
            match unit {
                Unit::Ratio if value > Decimal::ZERO && value < Decimal::ONE_HUNDRED => {
                    let lacks = Decimal::ONE_HUNDRED - value;
                    round(value, decimals(value.min(lacks)) + more)
                }
                Unit::Ratio | Unit::Number => round_digits(value, more),
                Unit::Seconds => seconds(value, more),
            }
        };
        Self { value, unit }
    }

    fn text(self) -> String {
        match self.unit {
            Unit::Ratio => format!("{}%", decimal_text(self.value)),
            Unit::Number => decimal_text(self.value),
            Unit::Seconds => duration(self.value),
        }
    }
}

/// A share in hundredths; other values unchanged.
fn scale(value: Decimal, unit: Unit) -> Decimal {
    match unit {
        Unit::Ratio => value.saturating_mul(Decimal::ONE_HUNDRED),
        Unit::Seconds | Unit::Number => value,
    }
}

/// Rounds to one decimal, or two significant digits below one, with `more` additional digits.
fn round_digits(value: Decimal, more: u32) -> Decimal {
    round(value, decimals(value) + more)
}

fn decimals(value: Decimal) -> u32 {
    let mut decimals = 1;
    let mut size = value.abs();
    while !size.is_zero() && size < Decimal::ONE && decimals < EXACT {
        size = size.saturating_mul(Decimal::TEN);
        decimals += 1;
    }
    decimals
}

fn round(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals.min(EXACT), RoundingStrategy::MidpointAwayFromZero)
}

/// Rounds to whole seconds above a minute and milliseconds below, with `more` additional digits.
fn seconds(value: Decimal, more: u32) -> Decimal {
    let beyond_a_minute = value.abs() > Duration::MINUTE.as_seconds();
    match (beyond_a_minute, more) {
        (true, 0) => value.trunc(),
        (true, more) => round(value, (more + 2).min(EXACT)),
        (false, more) => round(value, (more + 3).min(EXACT)),
    }
}

fn duration(seconds: Decimal) -> String {
    use rust_decimal::prelude::ToPrimitive as _;
    let milliseconds = seconds.abs().saturating_mul(Decimal::ONE_THOUSAND);
    if !milliseconds.fract().is_zero() {
        return format!("{}s", decimal_text(seconds));
    }
    let length = Duration(milliseconds.to_u64().unwrap_or(u64::MAX));
    let sign = if seconds.is_sign_negative() && length.0 > 0 {
        "-"
    } else {
        ""
    };
    format!("{sign}{}", length.to_human())
}

/// A limit, digit for digit: `10%`, `5m`, `14.4`.
pub fn limit_text(value: Decimal, unit: Unit) -> String {
    Rounded::new(value, unit, EXACT).text()
}

/// A measured number that was not compared with anything.
pub fn quantity(value: Decimal, unit: Unit) -> String {
    Rounded::new(value, unit, 0).text()
}

/// A measured number that was compared with a limit: its text compares with the limit as the number does.
pub fn compared_quantity(value: Decimal, unit: Unit, op: Comparison, limit: Decimal) -> String {
    (0..EXACT)
        .map(|more| Rounded::new(value, unit, more))
        .find(|shown| op.holds(&shown.value, &scale(limit, unit)) == op.holds(&value, &limit))
        .unwrap_or_else(|| Rounded::new(value, unit, EXACT))
        .text()
}

/// The known share of a window in whole percents, or two digits below one; `None` if all of the window is known.
pub fn coverage(share: Decimal) -> Option<String> {
    let percent = share.saturating_mul(Decimal::ONE_HUNDRED);
    let shown = if percent >= Decimal::ONE {
        round(percent, 0)
    } else {
        round_digits(percent, 0)
    };
    (shown < Decimal::ONE_HUNDRED).then(|| format!("{}%", decimal_text(shown)))
}

/// The texts of all facts that a gate measured and has data for: one text each, with which every comparison of the gate
/// reads as it was decided.
pub fn display_values(
    policy: &Policy,
    gate: &Gate,
    measured: &Measured,
) -> BTreeMap<String, String> {
    let mut comparisons = Vec::new();
    for rule in &gate.rules {
        add(&rule.when, &mut comparisons);
    }
    let mut digits: BTreeMap<&str, u32> = BTreeMap::new();
    let unit_of = |compare: &Compare| {
        [&compare.left, &compare.right]
            .into_iter()
            .find_map(|operand| match operand {
                Operand::Fact(name) => policy.facts.get(name).map(|fact| fact.unit),
                Operand::Limit(_) => None,
            })
            .unwrap_or(Unit::Number)
    };
    let value_of = |operand: &Operand| match operand {
        Operand::Fact(name) => measured.get(name).and_then(|fact| fact.value),
        Operand::Limit(limit) => Some(*limit),
    };
    loop {
        let mut is_settled = true;
        for compare in &comparisons {
            let (Some(left), Some(right)) = (value_of(&compare.left), value_of(&compare.right))
            else {
                continue;
            };
            let unit = unit_of(compare);
            let as_shown = |operand: &Operand, value: Decimal, digits: &BTreeMap<&str, u32>| {
                let more = match operand {
                    Operand::Fact(name) => digits.get(name.as_str()).copied().unwrap_or_default(),
                    Operand::Limit(_) => EXACT,
                };
                Rounded::new(value, unit, more).value
            };
            let reads = compare.op.holds(
                &as_shown(&compare.left, left, &digits),
                &as_shown(&compare.right, right, &digits),
            );
            if reads == compare.op.holds(&left, &right) {
                continue;
            }
            for operand in [&compare.left, &compare.right] {
                if let Operand::Fact(name) = operand {
                    let more = digits.entry(name).or_default();
                    if *more < EXACT {
                        *more += 1;
                        is_settled = false;
                    }
                }
            }
        }
        if is_settled {
            break;
        }
    }
    let mut texts = BTreeMap::new();
    for (name, fact) in &policy.facts {
        if let Some(value) = measured.get(name).and_then(|fact| fact.value) {
            let more = digits.get(name.as_str()).copied().unwrap_or_default();
            texts.insert(name.clone(), Rounded::new(value, fact.unit, more).text());
        }
    }
    texts
}

fn add<'c>(condition: &'c Condition, found: &mut Vec<&'c Compare>) {
    match condition {
        Condition::Not(inner) => add(inner, found),
        Condition::All(parts) | Condition::Any(parts) => {
            for part in parts {
                add(part, found);
            }
        }
        Condition::Compare(compare) => found.push(compare),
        Condition::Constant(_) | Condition::Dates { .. } | Condition::Week { .. } => {}
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Effect, FactQuery, MeasuredValue, OnNoData, Rule};

    fn number(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_read_like_a_persons() {
        for (value, unit, shown) in [
            ("0.584338", Unit::Ratio, "58.4%"),
            ("0.1", Unit::Ratio, "10%"),
            ("-1.25", Unit::Ratio, "-125%"),
            ("-14.0037", Unit::Ratio, "-1400.4%"),
            ("0.04212345678", Unit::Ratio, "4.2%"),
            ("0.0042123", Unit::Ratio, "0.42%"),
            ("0.00004212", Unit::Ratio, "0.0042%"),
            ("0", Unit::Ratio, "0%"),
            ("1", Unit::Ratio, "100%"),
            ("0.99951234", Unit::Ratio, "99.951%"),
            ("0.9995", Unit::Ratio, "99.95%"),
            ("0.9537", Unit::Ratio, "95.4%"),
            ("600", Unit::Seconds, "10m"),
            ("259.2004", Unit::Seconds, "4m19s"),
            ("-60.5", Unit::Seconds, "-1m"),
            ("1.5", Unit::Seconds, "1.5s"),
            ("0.12345", Unit::Seconds, "0.123s"),
            ("14.4", Unit::Number, "14.4"),
            ("14.44", Unit::Number, "14.4"),
            ("0.1234", Unit::Number, "0.12"),
            ("3", Unit::Number, "3"),
        ] {
            assert_eq!(quantity(number(value), unit), shown);
        }
        assert_eq!(limit_text(number("0.0123456"), Unit::Ratio), "1.23456%");
    }

    #[test]
    fn no_number_is_rounded_across_its_limit() {
        use Comparison::{Greater, GreaterOrEqual, Less, LessOrEqual};
        for (value, unit, op, limit, shown) in [
            ("0.0996", Unit::Ratio, Less, "0.1", "9.96%"),
            ("0.099999", Unit::Ratio, Less, "0.1", "9.9999%"),
            ("0.0994", Unit::Ratio, Less, "0.1", "9.9%"),
            // 10% is not below 10% either.
            ("0.10000001", Unit::Ratio, Less, "0.1", "10%"),
            ("0.10000001", Unit::Ratio, LessOrEqual, "0.1", "10.000001%"),
            ("6.04", Unit::Number, Greater, "6", "6.04"),
            ("6.04", Unit::Number, GreaterOrEqual, "6", "6"),
            ("299.9996", Unit::Seconds, Less, "300", "4m59s"),
            ("300.4", Unit::Seconds, LessOrEqual, "300", "5m0.4s"),
            (
                "300.0000004",
                Unit::Seconds,
                LessOrEqual,
                "300",
                "300.0000004s",
            ),
            ("0.9995", Unit::Ratio, Less, "1", "99.95%"),
        ] {
            let found = compared_quantity(number(value), unit, op, number(limit));
            assert_eq!(found, shown, "{value} {limit}");
        }
    }

    #[test]
    fn coverage_is_said_where_it_is_not_all() {
        for (share, shown) in [
            ("1", None),
            ("0.9951", None),
            ("1.002", None),
            ("0.9949", Some("99%")),
            ("0.0833", Some("8%")),
            ("0.00278", Some("0.28%")),
            ("0", Some("0%")),
        ] {
            assert_eq!(coverage(number(share)).as_deref(), shown, "{share}");
        }
    }

    /// The number in a text, in the unit's own measure.
    fn read(text: &str, unit: Unit) -> Decimal {
        match unit {
            Unit::Ratio => number(text.strip_suffix('%').unwrap()) / Decimal::ONE_HUNDRED,
            Unit::Number => number(text),
            Unit::Seconds => {
                let (sign, rest) = match text.strip_prefix('-') {
                    Some(rest) => (Decimal::NEGATIVE_ONE, rest),
                    None => (Decimal::ONE, text),
                };
                let mut total = Decimal::ZERO;
                let mut digits = String::new();
                let mut chars = rest.chars().peekable();
                while let Some(c) = chars.next() {
                    if c.is_ascii_digit() || c == '.' {
                        digits.push(c);
                        continue;
                    }
                    let length = match c {
                        'd' => number("86400"),
                        'h' => number("3600"),
                        'm' if chars.next_if_eq(&'s').is_some() => number("0.001"),
                        'm' => number("60"),
                        _ => Decimal::ONE,
                    };
                    total += number(&std::mem::take(&mut digits)) * length;
                }
                sign * total
            }
        }
    }

    fn units() -> impl Strategy<Value = Unit> {
        prop_oneof![Just(Unit::Ratio), Just(Unit::Seconds), Just(Unit::Number)]
    }

    fn comparisons() -> impl Strategy<Value = Comparison> {
        prop_oneof![
            Just(Comparison::Less),
            Just(Comparison::LessOrEqual),
            Just(Comparison::Greater),
            Just(Comparison::GreaterOrEqual),
            Just(Comparison::Equal),
            Just(Comparison::NotEqual),
        ]
    }

    /// Values that are close to limits more often than by chance.
    fn pairs() -> impl Strategy<Value = (Decimal, Decimal)> {
        let limit = (-100_000i64..100_000, 0u32..4).prop_map(|(n, scale)| Decimal::new(n, scale));
        let off = (-9i64..=9, 0u32..12).prop_map(|(n, scale)| Decimal::new(n, scale));
        (limit, off).prop_map(|(limit, off)| (limit + off, limit))
    }

    proptest! {
        #[test]
        fn what_is_shown_compares_as_what_was_measured(
            (value, limit) in pairs(), unit in units(), op in comparisons(),
        ) {
            let text = compared_quantity(value, unit, op, limit);
            let shown = read(&text, unit);
            prop_assert_eq!(op.holds(&shown, &limit), op.holds(&value, &limit), "{} of {} and {}", text, value, limit);
            prop_assert_eq!(read(&limit_text(limit, unit), unit), limit);
        }

        #[test]
        fn all_comparisons_of_a_gate_read_as_they_were_decided(
            (a, b) in pairs(), (_, c) in pairs(), unit in units(),
            ops in proptest::collection::vec(comparisons(), 3),
        ) {
            let fact = |name: &str| Operand::Fact(name.to_owned());
            let compares = [
                (fact("a"), ops[0], fact("b")),
                (fact("b"), ops[1], Operand::Limit(c)),
                (Operand::Limit(c), ops[2], fact("a")),
            ];
            let when = compares.map(|(left, op, right)| Condition::Compare(Compare { left, op, right }));
            let query = FactQuery { unit, query: String::new(), coverage: None };
            let gate = Gate {
                name: "g".into(),
                description: None,
                on_no_data: OnNoData::Deny,
                dry_run: false,
                rules: vec![Rule {
                    name: "r".into(),
                    effect: Effect::Deny,
                    description: None,
                    text: String::new(),
                    when: Condition::All(when.to_vec()),
                }],
                overrides: Vec::new(),
            };
            let policy = Policy {
                version: super::super::VERSION,
                project: "p".into(),
                service: "s".into(),
                environment: None,
                team: None,
                tier: "standard".into(),
                facts: BTreeMap::from([("a".to_owned(), query.clone()), ("b".to_owned(), query)]),
                gates: vec![gate.clone()],
            };
            let of = |value| MeasuredValue { value: Some(value), coverage: None };
            let measured = Measured::from([("a".to_owned(), of(a)), ("b".to_owned(), of(b))]);
            let texts = display_values(&policy, &gate, &measured);
            let (left, right) = (read(&texts["a"], unit), read(&texts["b"], unit));
            prop_assert_eq!(ops[0].holds(&left, &right), ops[0].holds(&a, &b));
            prop_assert_eq!(ops[1].holds(&right, &c), ops[1].holds(&b, &c));
            prop_assert_eq!(ops[2].holds(&c, &left), ops[2].holds(&c, &a));
        }
    }
}
