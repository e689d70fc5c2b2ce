//! Conditions and quantities in readable form.

use std::collections::BTreeMap;

use super::document::{Compare, Condition, FactQuery, Operand, Span};
use super::rounding::limit_text;
use nth_model::gate::{DAY, Unit, WEEK};

/// The days of the week, as in `.nth`.
pub const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// A condition, similar to its form in `.nth`.
pub fn condition(condition: &Condition, facts: &BTreeMap<String, FactQuery>) -> String {
    format_condition(condition, facts, false)
}

fn format_condition(
    condition: &Condition,
    facts: &BTreeMap<String, FactQuery>,
    within: bool,
) -> String {
    let joined = |parts: &[Condition], word: &str| {
        let parts: Vec<_> = parts
            .iter()
            .map(|part| format_condition(part, facts, true))
            .collect();
        parenthesize(parts.join(&format!(" {word} ")), within)
    };
    match condition {
        Condition::Constant(known) => known.to_string(),
        Condition::Not(inner) => match inner.as_ref() {
            Condition::Compare(compare) => format!("not ({})", comparison(compare, facts)),
            inner => format!("not {}", format_condition(inner, facts, true)),
        },
        Condition::All(parts) => joined(parts, "and"),
        Condition::Any(parts) => joined(parts, "or"),
        // A comparison binds more tightly than `and` and `or`, and less than `not`.
        Condition::Compare(compare) => comparison(compare, facts),
        Condition::Dates { from, to, zone } => {
            parenthesize(format!("{from} to {to} in {zone}"), within)
        }
        Condition::Week { spans, zone } => {
            parenthesize(format!("{} in {zone}", week(spans)), within)
        }
    }
}

fn parenthesize(text: String, within: bool) -> String {
    if within { format!("({text})") } else { text }
}

/// Spans of the week: `fri 16:00 to mon 09:00`, or `mon to fri 09:00 to 18:00` if they are the same hours of
/// consecutive days.
fn week(spans: &[Span]) -> String {
    let within_a_day =
        |span: &Span| span.to - span.from <= DAY && (span.to - 1) / DAY == span.from / DAY;
    if let [first, .., last] = spans
        && spans.iter().all(within_a_day)
        && spans.windows(2).all(|two| {
            two.iter()
                .zip(two.iter().skip(1))
                .all(|(one, next)| next.from == one.from + DAY && next.to == one.to + DAY)
        })
    {
        let day = |span: &Span| day(span.from / DAY);
        let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let from = first.from % DAY;
        let to = from + (first.to - first.from);
        return format!(
            "{} to {} {} to {}",
            day(first),
            day(last),
            time(from),
            time(to)
        );
    }
    if let [first, last] = spans
        && first.from == 0
        && last.to == WEEK
    {
        // The span crosses the end of the week.
        return span(&Span {
            from: last.from,
            to: first.to,
        });
    }
    let spans: Vec<_> = spans.iter().map(span).collect();
    spans.join(", ")
}

fn span(span: &Span) -> String {
    format!(
        "{} to {}",
        time_of_week(span.from),
        time_of_week(span.to % WEEK)
    )
}

fn day(number: u16) -> &'static str {
    DAYS.get(usize::from(number)).copied().unwrap_or("mon")
}

/// Minutes of the week as in `.nth`: `mon 09:00`.
pub fn time_of_week(minutes: u16) -> String {
    let day = day(minutes / DAY);
    format!("{day} {:02}:{:02}", minutes % DAY / 60, minutes % 60)
}

fn comparison(compare: &Compare, facts: &BTreeMap<String, FactQuery>) -> String {
    let unit = [&compare.left, &compare.right]
        .into_iter()
        .find_map(|operand| match operand {
            Operand::Fact(name) => facts.get(name).map(|fact| fact.unit),
            Operand::Limit(_) => None,
        });
    let side = |operand: &Operand| match operand {
        Operand::Fact(name) => name.clone(),
        Operand::Limit(limit) => limit_text(*limit, unit.unwrap_or(Unit::Number)),
    };
    format!(
        "{} {} {}",
        side(&compare.left),
        compare.op.sign(),
        side(&compare.right)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_week_are_written_as_in_the_language() {
        assert_eq!(time_of_week(4 * DAY + 16 * 60), "fri 16:00");
    }

    #[test]
    fn spans_of_the_week_are_put_together() {
        let span = |from, to| Span { from, to };
        let hours: Vec<Span> = (0..5)
            .map(|day| span(day * DAY + 540, day * DAY + 1080))
            .collect();
        assert_eq!(week(&hours), "mon to fri 09:00 to 18:00");
        assert_eq!(
            week(&[span(0, 540), span(6720, WEEK)]),
            "fri 16:00 to mon 09:00"
        );
        assert_eq!(week(&[span(0, 5 * DAY)]), "mon 00:00 to sat 00:00");
        assert_eq!(
            week(&[span(540, 600), span(DAY, DAY + 60)]),
            "mon 09:00 to mon 10:00, tue 00:00 to tue 01:00"
        );
    }
}
