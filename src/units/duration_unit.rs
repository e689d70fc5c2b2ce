//! Units of time in which a metric counts durations.

use rust_decimal::Decimal;

use super::Duration;

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DurationUnit {
    /// A second, Prometheus's base unit.
    Seconds,
    /// A thousandth of a second.
    Milliseconds,
    /// A millionth of a second.
    Microseconds,
    /// A billionth of a second.
    Nanoseconds,
}

impl DurationUnit {
    /// All units, the longest first.
    pub const ALL: [Self; 4] = [
        Self::Seconds,
        Self::Milliseconds,
        Self::Microseconds,
        Self::Nanoseconds,
    ];

    /// The name, which is also the member of the prelude's `duration-unit`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Milliseconds => "milliseconds",
            Self::Microseconds => "microseconds",
            Self::Nanoseconds => "nanoseconds",
        }
    }

    /// The unit of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|unit| unit.name() == name)
    }

    /// The number of units in a millisecond.
    fn in_a_millisecond(self) -> Decimal {
        match self {
            Self::Seconds => Decimal::new(1, 3),
            Self::Milliseconds => Decimal::ONE,
            Self::Microseconds => Decimal::ONE_THOUSAND,
            Self::Nanoseconds => Decimal::from(1_000_000),
        }
    }

    /// A duration as a number of this unit, exact.
    pub fn count(self, duration: Duration) -> Decimal {
        // A duration is at most 2^64 ms, and the factor a million: a decimal holds 28 digits.
        Decimal::from(duration.0)
            .saturating_mul(self.in_a_millisecond())
            .normalize()
    }

    /// Converts a number of this unit to a duration; `None` if it is not in whole milliseconds.
    pub fn duration(self, count: Decimal) -> Option<Duration> {
        let milliseconds = count.checked_div(self.in_a_millisecond())?;
        if !milliseconds.fract().is_zero() || milliseconds <= Decimal::ZERO {
            return None;
        }
        u64::try_from(milliseconds).ok().map(Duration)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_counted_exactly() {
        for (unit, count) in [
            (DurationUnit::Seconds, "0.25"),
            (DurationUnit::Milliseconds, "250"),
            (DurationUnit::Microseconds, "250000"),
            (DurationUnit::Nanoseconds, "250000000"),
        ] {
            assert_eq!(unit.count(Duration(250)).to_string(), count);
            let back: Decimal = count.parse().unwrap();
            assert_eq!(unit.duration(back), Some(Duration(250)));
            assert_eq!(DurationUnit::from_name(unit.name()), Some(unit));
        }
    }

    #[test]
    fn less_than_a_millisecond_is_no_duration() {
        let half = Decimal::new(5, 1);
        assert_eq!(DurationUnit::Milliseconds.duration(half), None);
        assert_eq!(DurationUnit::Seconds.duration(half), Some(Duration(500)));
        assert_eq!(DurationUnit::Seconds.duration(Decimal::ZERO), None);
    }
}
