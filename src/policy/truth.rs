//! Three-valued logic (Kleene): true, false or unknown. A result is unknown unless the known parts decide it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::document::{Compare, Condition, Operand, Unreadable, zone};
use nth_model::gate::DAY;

/// The measured values by the facts' names.
pub type Measured = BTreeMap<String, MeasuredValue>;

/// The measured value of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MeasuredValue {
    /// The value; `None` if there is no data.
    pub value: Option<Decimal>,
    /// The known share of the fact's window, if it has one and the share was measured.
    pub coverage: Option<Decimal>,
}

/// The truth of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// The condition holds.
    True,
    /// The condition does not hold.
    False,
    /// There is no data to decide.
    Unknown,
}

impl Truth {
    /// The truth of a known value.
    pub fn from_bool(known: bool) -> Self {
        if known { Self::True } else { Self::False }
    }

    fn negate(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }

    /// Combines several truths: `deciding` if one of them is, unknown if one is, and the other value if neither.
    fn combine(
        parts: impl Iterator<Item = Result<Self, Unreadable>>,
        decides: Self,
    ) -> Result<Self, Unreadable> {
        let mut found = decides.negate();
        for part in parts {
            let part = part?;
            if part == decides {
                return Ok(decides);
            }
            if part == Self::Unknown {
                found = Self::Unknown;
            }
        }
        Ok(found)
    }
}

/// The truth of a condition at a time.
///
/// # Errors
///
/// If it names an unknown time zone, or a time is beyond the calendar.
pub fn truth(
    condition: &Condition,
    measured: &Measured,
    at: Timestamp,
) -> Result<Truth, Unreadable> {
    let of = |part: &Condition| truth(part, measured, at);
    Ok(match condition {
        Condition::Constant(known) => Truth::from_bool(*known),
        Condition::Not(inner) => of(inner)?.negate(),
        Condition::All(parts) => Truth::combine(parts.iter().map(of), Truth::False)?,
        Condition::Any(parts) => Truth::combine(parts.iter().map(of), Truth::True)?,
        Condition::Compare(compare) => comparison(compare, measured),
        Condition::Dates {
            from,
            to,
            zone: name,
        } => {
            let today = at.to_zoned_datetime(zone(name)?).date();
            Truth::from_bool((*from..=*to).contains(&today))
        }
        Condition::Week { spans, zone: name } => {
            let minute = minute_of_week(at, name)?;
            Truth::from_bool(
                spans
                    .iter()
                    .any(|span| (span.from..span.to).contains(&minute)),
            )
        }
    })
}

/// The local time in a zone, in minutes since Monday 00:00.
///
/// # Errors
///
/// If the time zone is unknown.
pub fn minute_of_week(at: Timestamp, name: &str) -> Result<u16, Unreadable> {
    let local = at.to_zoned_datetime(zone(name)?);
    let number = |part: i8| u16::try_from(part).unwrap_or_default();
    let day = number(local.weekday().to_monday_zero_offset());
    Ok(day * DAY + number(local.hour()) * 60 + number(local.minute()))
}

fn comparison(compare: &Compare, measured: &Measured) -> Truth {
    let value = |operand: &Operand| match operand {
        Operand::Limit(limit) => Some(*limit),
        Operand::Fact(name) => measured.get(name).and_then(|fact| fact.value),
    };
    match (value(&compare.left), value(&compare.right)) {
        (Some(left), Some(right)) => Truth::from_bool(compare.op.holds(&left, &right)),
        _ => Truth::Unknown,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::document::Span;
    use nth_model::gate::Comparison;

    const VALUES: [Truth; 3] = [Truth::True, Truth::False, Truth::Unknown];

    /// A condition with this truth: for unknown, one that measures a fact without data.
    fn condition_with(truth: Truth) -> Condition {
        match truth {
            Truth::True => Condition::Constant(true),
            Truth::False => Condition::Constant(false),
            Truth::Unknown => Condition::Compare(Compare {
                left: Operand::Fact("nothing".into()),
                op: Comparison::Less,
                right: Operand::Limit(Decimal::ONE),
            }),
        }
    }

    fn now(condition: &Condition) -> Truth {
        truth(condition, &Measured::new(), Timestamp::UNIX_EPOCH).unwrap()
    }

    /// Kleene's strong tables: `and` is the least of false < unknown < true, `or` the greatest.
    #[test]
    fn unknown_is_joined_as_kleene_has_it() {
        let rank = |truth| match truth {
            Truth::False => 0,
            Truth::Unknown => 1,
            Truth::True => 2,
        };
        for left in VALUES {
            assert_eq!(
                rank(now(&Condition::Not(Box::new(condition_with(left))))),
                2 - rank(left)
            );
            for right in VALUES {
                let both = vec![condition_with(left), condition_with(right)];
                let least = rank(left).min(rank(right));
                let most = rank(left).max(rank(right));
                assert_eq!(
                    rank(now(&Condition::All(both.clone()))),
                    least,
                    "{left:?} {right:?}"
                );
                assert_eq!(rank(now(&Condition::Any(both))), most, "{left:?} {right:?}");
            }
        }
    }

    fn timestamp(time: &str) -> Timestamp {
        time.parse().unwrap()
    }

    fn holds(condition: &Condition, time: &str) -> bool {
        truth(condition, &Measured::new(), timestamp(time)).unwrap() == Truth::True
    }

    /// A freeze from the Friday to the Sunday of a clock change, in three zones: its first and last second, and the
    /// adjacent seconds. The offsets are those before and after the change.
    #[test]
    fn a_freeze_begins_and_ends_at_midnight_across_changes_of_clocks() {
        for (zone, from, to, first, last) in [
            // Forward on 29 March 2026, from GMT to BST.
            (
                "Europe/London",
                "2026-03-27",
                "2026-03-29",
                "2026-03-27T00:00:00+00:00",
                "2026-03-29T23:59:59+01:00",
            ),
            // Back on 25 October 2026.
            (
                "Europe/London",
                "2026-10-23",
                "2026-10-25",
                "2026-10-23T00:00:00+01:00",
                "2026-10-25T23:59:59+00:00",
            ),
            // Forward on 8 March 2026, back on 1 November 2026.
            (
                "America/New_York",
                "2026-03-06",
                "2026-03-08",
                "2026-03-06T00:00:00-05:00",
                "2026-03-08T23:59:59-04:00",
            ),
            (
                "America/New_York",
                "2026-10-30",
                "2026-11-01",
                "2026-10-30T00:00:00-04:00",
                "2026-11-01T23:59:59-05:00",
            ),
            // By half an hour: back on 5 April 2026, forward on 4 October 2026.
            (
                "Australia/Lord_Howe",
                "2026-04-03",
                "2026-04-05",
                "2026-04-03T00:00:00+11:00",
                "2026-04-05T23:59:59+10:30",
            ),
            (
                "Australia/Lord_Howe",
                "2026-10-02",
                "2026-10-04",
                "2026-10-02T00:00:00+10:30",
                "2026-10-04T23:59:59+11:00",
            ),
        ] {
            let freeze = Condition::Dates {
                from: from.parse().unwrap(),
                to: to.parse().unwrap(),
                zone: zone.into(),
            };
            let second = jiff::SignedDuration::from_secs(1);
            for (moment, expected) in [
                (timestamp(first) - second, false),
                (timestamp(first), true),
                (timestamp(last), true),
                (timestamp(last) + second, false),
            ] {
                let found = truth(&freeze, &Measured::new(), moment).unwrap();
                assert_eq!(found, Truth::from_bool(expected), "{zone} {moment}");
            }
        }
    }

    #[test]
    fn hours_follow_the_clocks_on_the_wall() {
        let nine_to_six = |zone: &str, day: u16| Condition::Week {
            spans: vec![Span {
                from: day * DAY + 540,
                to: day * DAY + 1080,
            }],
            zone: zone.into(),
        };
        // The Mondays before and after London's change of 29 March 2026: nine o'clock is an hour earlier in UTC.
        let monday = nine_to_six("Europe/London", 0);
        for (time, expected) in [
            ("2026-03-23T08:59:59Z", false),
            ("2026-03-23T09:00:00Z", true),
            ("2026-03-23T17:59:59Z", true),
            ("2026-03-23T18:00:00Z", false),
            ("2026-03-30T07:59:59Z", false),
            ("2026-03-30T08:00:00Z", true),
            ("2026-03-30T16:59:59Z", true),
            ("2026-03-30T17:00:00Z", false),
            // Monday in London, and no longer nine o'clock in the zone of the condition.
            ("2026-03-24T09:00:00Z", false),
        ] {
            assert_eq!(holds(&monday, time), expected, "{time}");
        }
        // On the Sunday itself, New York's 02:30 does not exist, and 01:30 occurs twice in autumn.
        let night = |from, to| Condition::Week {
            spans: vec![Span {
                from: 6 * DAY + from,
                to: 6 * DAY + to,
            }],
            zone: "America/New_York".into(),
        };
        let (two, three) = (night(120, 180), night(180, 240));
        assert!(!holds(&two, "2026-03-08T06:59:59Z"));
        assert!(!holds(&two, "2026-03-08T07:00:00Z"));
        assert!(holds(&three, "2026-03-08T07:00:00Z"));
        let one = night(60, 120);
        for time in [
            "2026-11-01T05:00:00Z",
            "2026-11-01T05:59:59Z",
            "2026-11-01T06:30:00Z",
        ] {
            assert!(holds(&one, time), "{time}");
        }
        assert!(!holds(&one, "2026-11-01T07:00:00Z"));
    }
}
