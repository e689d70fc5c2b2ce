//! Planted truth: how often harmless deployments are blamed, how many harmful ones are found, and whether the intervals hold the
//! truth. `examples/attribution.rs` prints the same for more services.
#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

mod support;

use support::canaries;
use support::measure::{Counted, Measured, measure};
use support::table::{SEED, canary_row, row, worlds};

/// The greatest share of harmless deployments that may be blamed by the onset.
const MOST_BLAMED_BY_ONSET: f64 = 0.02;
/// The greatest share that may be blamed by a comparison.
const MOST_BLAMED_BY_COMPARISON: f64 = 0.01;
/// The least share of intervals that hold the truth.
const LEAST_COVERAGE: f64 = 0.93;

/// The upper bound of the 95% interval of a share (Wilson, 1927): what a bound must be above, so that it is no matter of luck.
fn at_most(counted: Counted) -> f64 {
    let (all, z) = (f64::from(counted.harmless), 1.96);
    let share = counted.false_blame();
    let middle = share + z * z / (2.0 * all);
    let spread = z * (share * (1.0 - share) / all + z * z / (4.0 * all * all)).sqrt();
    (middle + spread) / (1.0 + z * z / all)
}

/// Measures the world with a number and checks its bounds; at least this share of harmful deployments must be found.
fn check(number: usize, services: u64, least_recall: f64) -> Measured {
    let named = &worlds()[number];
    let measured = measure(&named.world, SEED, services);
    let row = row(named.name, &measured);
    println!("{row}");
    let onset = measured.onset;
    assert!(onset.harmless > 2000 && onset.harmful > 90, "{row}");
    assert!(at_most(onset) <= MOST_BLAMED_BY_ONSET, "{row}");
    assert!(onset.recall() >= least_recall, "{row}");
    assert!(measured.attributed.coverage() >= LEAST_COVERAGE, "{row}");
    // Others blame more harmless deployments for what they find.
    for other in [measured.naive, measured.nthlayer] {
        assert!(other.false_blame() > 2.0 * onset.false_blame(), "{row}");
    }
    measured
}

#[test]
fn few_unrelated_incidents() {
    let measured = check(0, 26, 0.9);
    assert!(measured.onset.recall() > measured.nthlayer.recall());
}

#[test]
fn two_unrelated_incidents_a_day() {
    let measured = check(1, 36, 0.65);
    assert!(measured.onset.recall() > measured.nthlayer.recall());
    // What the method says of itself is true of the deployments.
    let own = measured.placebos_blamed as f64 / measured.placebos as f64;
    assert!(own <= MOST_BLAMED_BY_ONSET && own > 0.001, "{own}");
}

#[test]
fn two_unrelated_incidents_a_day_in_working_hours() {
    check(2, 36, 0.5);
}

#[test]
fn two_requests_a_second() {
    let measured = check(3, 26, 0.65);
    assert!(measured.onset.recall() > measured.nthlayer.recall());
}

#[test]
fn canaries_are_compared() {
    let least_recall = [0.9, 0.9, 0.7, 0.25];
    for ((name, world), least_recall) in support::table::canaries().into_iter().zip(least_recall) {
        let measured = canaries::measure(&world, SEED, 5000);
        let row = canary_row(name, &measured);
        println!("{row}");
        let compared = measured.compared;
        assert!(at_most(compared) <= MOST_BLAMED_BY_COMPARISON, "{row}");
        assert!(compared.recall() >= least_recall, "{row}");
        assert!(measured.attributed.coverage() >= LEAST_COVERAGE, "{row}");
    }
}
