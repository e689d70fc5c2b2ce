//! Random worlds: each slice against the truth.

use nth_ledger::Interval;
use nth_ledger::counter::{READ_AHEAD_SECONDS, READ_BACK_SECONDS, count};
use proptest::prelude::*;

use crate::world::{BEGIN, Faults, LENGTH, World};

/// The slices of which everything is known that they depend on.
fn counted_part() -> Interval {
    Interval {
        from: BEGIN + READ_BACK_SECONDS,
        until: BEGIN + LENGTH - READ_AHEAD_SECONDS,
    }
}

fn faults(replicas: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Faults> {
    (any::<[bool; 4]>(), replicas).prop_map(
        |([has_short_pods, has_restarts, has_failures, has_outages], replicas)| Faults {
            has_short_pods,
            has_restarts,
            has_failures,
            has_outages,
            replicas,
            knows_starts: true,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn every_slice_has_the_events_that_scrapes_saw(seed: u64, faults in faults(1..=1)) {
        let world = World::new(seed, faults);
        let (series, targets) = world.read();
        let truth = world.truth();
        let counted = count(counted_part(), &series, &targets);
        for slice in &counted {
            let expected = truth.get(&slice.start).copied().unwrap_or(0.0);
            prop_assert_eq!(slice.increase, expected, "slice {}", slice.start - BEGIN);
        }
    }

    #[test]
    fn complete_slices_have_all_events(seed: u64, faults in faults(1..=2)) {
        let world = World::new(seed, faults);
        let (series, targets) = world.read();
        let counted = count(counted_part(), &series, &targets);
        // Where every slice is complete, nothing is lost: the sum differs only by the events between the edges and the scrapes
        // next to them.
        let mut run = Vec::new();
        for slice in counted.iter().chain([&nth_ledger::counter::Counted { start: 0, increase: 0.0, seen: 0 }]) {
            if slice.seen == 300 {
                run.push(*slice);
                continue;
            }
            if let (Some(first), Some(last)) = (run.first(), run.last()) {
                let sum: f64 = run.iter().map(|slice| slice.increase).sum();
                let (from, until) = (first.start * 1_000, (last.start + 300) * 1_000);
                let most = world.events(from - 90_000, until);
                let least = world.events(from, until - 90_000);
                prop_assert!((least..=most).contains(&sum), "{least} {sum} {most}");
            }
            run.clear();
        }
    }

    #[test]
    fn slices_are_complete_unless_something_is_lost(seed: u64, faults in faults(1..=2)) {
        let world = World::new(seed, faults);
        let (series, targets) = world.read();
        let counted = count(counted_part(), &series, &targets);
        if !faults.has_short_pods && !faults.has_restarts && !faults.has_failures && !faults.has_outages {
            prop_assert!(counted.iter().all(|slice| slice.seen == 300));
        }
        if faults.has_short_pods || (faults.has_outages && faults.replicas == 1) {
            prop_assert!(counted.iter().any(|slice| slice.seen < 300));
        }
    }
}
