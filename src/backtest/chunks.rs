//! The division of a range of time into requests.

/// The maximum number of evaluations of one request, below the 11,000 that Prometheus allows.
const MOST_POINTS: i64 = 10_000;

/// The longest time of one request, in milliseconds: two days.
const LONGEST: i64 = 2 * 86_400_000;

/// Some evaluations of a query: at multiples of the step. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chunk {
    /// The first evaluation.
    pub start: i64,
    /// The last evaluation.
    pub end: i64,
    /// The time between two evaluations.
    pub step: i64,
}

impl Chunk {
    /// Returns whether this is the time of an evaluation.
    pub fn contains(&self, at: i64) -> bool {
        (self.start..=self.end).contains(&at) && (at - self.start) % self.step.max(1) == 0
    }

    /// Returns the chunks that have the evaluations from one time to another. They begin and end where those of every other
    /// range do, so that their answers can be kept; only the last one ends at `now` if that is earlier.
    pub fn covering(from: i64, to: i64, step: i64, now: i64) -> Vec<Self> {
        let step = step.max(1);
        let points = (LONGEST / step).clamp(1, MOST_POINTS);
        let length = points.saturating_mul(step);
        let latest = now.div_euclid(step).saturating_mul(step);
        let mut chunks = Vec::new();
        // The chunk of a future beginning may begin in the past.
        if from > latest {
            return chunks;
        }
        let mut start = from.div_euclid(length).saturating_mul(length);
        while start <= to.min(latest) {
            let next = start.saturating_add(length);
            chunks.push(Self {
                start,
                end: (next - step).min(latest),
                step,
            });
            start = next;
        }
        chunks
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn ranges_share_their_chunks() {
        let now = 100 * DAY;
        let some = Chunk::covering(10 * DAY + 5, 20 * DAY, 30_000, now);
        let more = Chunk::covering(4 * DAY, 30 * DAY, 30_000, now);
        assert!(some.iter().all(|chunk| more.contains(chunk)), "{some:?}");
        for chunk in &more {
            assert!((chunk.end - chunk.start) / chunk.step < MOST_POINTS);
        }
        for pair in more.windows(2) {
            assert_eq!(pair[0].end + 30_000, pair[1].start);
        }
        assert!(more[0].start <= 4 * DAY && more.last().unwrap().end >= 30 * DAY);
    }

    #[test]
    fn nothing_is_asked_about_the_future() {
        let now = 10 * DAY + 31_000;
        let chunks = Chunk::covering(9 * DAY, 12 * DAY, 30_000, now);
        assert_eq!(chunks.last().unwrap().end, 10 * DAY + 30_000);
        assert!(Chunk::covering(11 * DAY, 12 * DAY, 30_000, 10 * DAY).is_empty());
        // An interval of a second does not exceed the limit.
        let short = Chunk::covering(0, DAY, 1_000, now);
        assert!(
            short
                .iter()
                .all(|chunk| (chunk.end - chunk.start) / 1_000 < MOST_POINTS)
        );
    }
}
