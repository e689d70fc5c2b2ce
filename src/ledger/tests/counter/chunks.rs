//! In how many parts something is read makes no difference.

use nth_ledger::Interval;
use nth_ledger::counter::{Counted, READ_AHEAD_SECONDS, READ_BACK_SECONDS, Series, Targets, count};
use proptest::prelude::*;

use crate::support::Numbers;
use crate::world::{BEGIN, Faults, LENGTH, World};

/// Only the samples that have to be read for an interval.
fn cut(series: &[Series], within: Interval) -> Vec<Series> {
    let from = (within.from - READ_BACK_SECONDS) * 1_000;
    let until = (within.until + READ_AHEAD_SECONDS) * 1_000;
    let part = series.iter().map(|series| {
        let samples = series.samples.iter().copied();
        Series {
            labels: series.labels.clone(),
            samples: samples
                .filter(|sample| (from..=until).contains(&sample.at))
                .collect(),
        }
    });
    // A server does not return series without samples.
    part.filter(|series| !series.samples.is_empty()).collect()
}

fn count_part(series: &[Series], targets: &Targets, within: Interval) -> Vec<Counted> {
    let targets = Targets {
        up: cut(&targets.up, within),
        process_start: cut(&targets.process_start, within),
        replica_labels: targets.replica_labels.clone(),
    };
    count(within, &cut(series, within), &targets)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn reading_in_parts_gives_the_same(
        seed: u64,
        flags: [bool; 6],
        replicas in 1_usize..=2,
    ) {
        let [has_short_pods, has_restarts, has_failures, has_outages, knows_starts, has_up] = flags;
        let world = World::new(seed, Faults {
            has_short_pods,
            has_restarts,
            has_failures,
            has_outages,
            replicas,
            knows_starts,
        });
        let (series, mut targets) = world.read();
        if !has_up {
            targets.up.clear();
        }
        let all = Interval { from: BEGIN, until: BEGIN + LENGTH };
        let whole = count(all, &series, &targets);
        let mut numbers = Numbers(seed);
        let mut parts = Vec::new();
        let mut from = all.from;
        while from < all.until {
            let length = 300 * (1 + numbers.below(20) as i64);
            let part = Interval { from, until: (from + length).min(all.until) };
            parts.extend(count_part(&series, &targets, part));
            from = part.until;
        }
        for (part, whole) in parts.iter().zip(&whole) {
            prop_assert_eq!(part, whole, "slice {}", whole.start - BEGIN);
        }
        prop_assert_eq!(parts.len(), whole.len());
    }
}
