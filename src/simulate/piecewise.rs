//! Values that change at points in time.

use nth_engine::Timestamp;

/// A value that is constant between changes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Piecewise {
    /// The value before the first change.
    initial: f64,
    /// The changes, in order of time.
    changes: Vec<(Timestamp, f64)>,
}

impl Piecewise {
    /// Creates a value that never changes.
    pub(crate) fn constant(value: f64) -> Self {
        Self {
            initial: value,
            changes: Vec::new(),
        }
    }

    /// Creates a value from its changes, in order of time.
    pub(crate) fn of_changes(initial: f64, changes: Vec<(Timestamp, f64)>) -> Self {
        Self { initial, changes }
    }

    /// Creates a value from spans in which it is another one. Where spans overlap, `both` decides.
    pub(crate) fn of_spans(
        initial: f64,
        spans: &[(Span, f64)],
        both: impl Fn(f64, f64) -> f64,
    ) -> Self {
        let mut times: Vec<Timestamp> = spans
            .iter()
            .flat_map(|(span, _)| [span.from, span.to])
            .collect();
        times.sort_unstable();
        times.dedup();
        let value_at = |at: Timestamp| {
            let active = spans.iter().filter(|(span, _)| span.contains(at));
            active
                .map(|(_, value)| *value)
                .reduce(&both)
                .unwrap_or(initial)
        };
        Self {
            initial,
            changes: times.into_iter().map(|at| (at, value_at(at))).collect(),
        }
    }

    /// Returns the value at a time.
    pub(crate) fn at(&self, at: Timestamp) -> f64 {
        let after = self.changes.partition_point(|(time, _)| *time <= at);
        match after.checked_sub(1).and_then(|last| self.changes.get(last)) {
            Some((_, value)) => *value,
            None => self.initial,
        }
    }

    /// Returns the values with another function applied to them.
    pub(crate) fn map(&self, of: impl Fn(f64) -> f64) -> Self {
        Self {
            initial: of(self.initial),
            changes: self
                .changes
                .iter()
                .map(|(at, value)| (*at, of(*value)))
                .collect(),
        }
    }

    /// Returns the product of two values.
    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut times: Vec<Timestamp> = [self, other]
            .iter()
            .flat_map(|one| one.changes.iter().map(|(at, _)| *at))
            .collect();
        times.sort_unstable();
        times.dedup();
        Self {
            initial: self.initial * other.initial,
            changes: times
                .into_iter()
                .map(|at| (at, self.at(at) * other.at(at)))
                .collect(),
        }
    }

    /// Returns how often something happened from a time on, if the value is a number per second.
    pub(crate) fn count_from(&self, start: Timestamp) -> Count {
        let mut parts = vec![Part {
            from: start,
            counted: 0.0,
            rate: self.at(start),
        }];
        for (at, rate) in self.changes.iter().filter(|(at, _)| *at > start) {
            let counted = parts.last().map_or(0.0, |last| last.at(*at));
            parts.push(Part {
                from: *at,
                counted,
                rate: *rate,
            });
        }
        Count { parts }
    }
}

/// A number of events that rises steadily between changes.
#[derive(Debug, Clone)]
pub(crate) struct Count {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, Copy)]
struct Part {
    from: Timestamp,
    counted: f64,
    rate: f64,
}

impl Part {
    #[allow(clippy::cast_precision_loss)]
    fn at(self, at: Timestamp) -> f64 {
        self.counted + self.rate * ((at - self.from) as f64 / 1000.0)
    }
}

impl Count {
    /// Returns the number up to a time; 0 before the start.
    pub(crate) fn at(&self, at: Timestamp) -> f64 {
        let after = self.parts.partition_point(|part| part.from <= at);
        let part = after.checked_sub(1).and_then(|last| self.parts.get(last));
        part.map_or(0.0, |part| part.at(at))
    }
}

/// A span of time, including its first millisecond and not its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    /// The start.
    pub(crate) from: Timestamp,
    /// The end.
    pub(crate) to: Timestamp,
}

impl Span {
    /// True if a time is in it.
    pub(crate) fn contains(self, at: Timestamp) -> bool {
        (self.from..self.to).contains(&at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: i64, to: i64) -> Span {
        Span { from, to }
    }

    #[test]
    fn spans_overlap_as_it_is_decided() {
        let value = Piecewise::of_spans(0.0, &[(span(10, 30), 0.5), (span(20, 40), 0.1)], f64::max);
        let values = [9, 10, 20, 29, 30, 39, 40].map(|at| value.at(at));
        assert_eq!(values, [0.0, 0.5, 0.5, 0.5, 0.1, 0.1, 0.0]);
    }

    #[test]
    fn counts_are_exact_after_any_number_of_changes() {
        let rate = Piecewise::of_spans(10.0, &[(span(5_000, 15_000), 0.0)], f64::max);
        let share = Piecewise::of_spans(0.0, &[(span(0, 20_000), 0.25)], f64::max);
        let bad = rate.times(&share).count_from(-10_000);
        assert_eq!(bad.at(-20_000), 0.0);
        assert_eq!(bad.at(0), 0.0);
        assert_eq!(bad.at(5_000), 12.5);
        assert_eq!(bad.at(15_000), 12.5);
        assert_eq!(bad.at(18_000), 20.0);
        assert_eq!(bad.at(99_000), 25.0);
    }
}
