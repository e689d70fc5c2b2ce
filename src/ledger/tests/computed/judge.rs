//! Budgets.

use nth_ledger::{Account, Interval, ObjectiveVersion, Slice, SliceSource, Yardstick, judge};
use proptest::prelude::*;

use crate::{START, at, slice};

fn version(valid_from: i64, objective: &str) -> ObjectiveVersion {
    ObjectiveVersion {
        valid_from,
        objective: objective.parse().unwrap(),
        window_ms: 30 * 86_400_000,
        revision: None,
    }
}

fn within(from: i64, until: i64) -> Interval {
    Interval {
        from: at(from),
        until: at(until),
    }
}

fn throughout(objective: &str) -> Yardstick<'static> {
    Yardstick::Throughout(objective.parse().unwrap())
}

fn close(found: Option<f64>, expected: f64) {
    let found = found.unwrap();
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{found} {expected}"
    );
}

#[test]
fn a_budget_is_the_share_of_events_that_may_be_bad() {
    // 12 slices of 1,000 events; 99% allows 120 bad ones.
    let mut slices: Vec<Slice> = (0..12).map(|number| slice(number, 0.0, 1_000.0)).collect();
    slices[3].bad = 30.0;
    slices[4].bad = 60.0;
    let account = judge(&slices, within(0, 12), throughout("0.99"), &[]).gross;
    assert_eq!(
        (account.bad, account.total, account.allowed),
        (90.0, 12_000.0, 120.0)
    );
    close(account.attained(), 0.9925);
    close(account.spent(), 0.75);
    close(account.coverage(), 1.0);
    // One hour at 99% allows 36 s of full downtime, of which 27 s are consumed, 18 s by the second bad slice.
    assert_eq!(account.allowed_seconds, 36.0);
    close(account.budget_seconds(account.bad), 27.0);
    close(account.budget_seconds(60.0), 18.0);
}

#[test]
fn unseen_time_is_unknown() {
    let mut slices = vec![slice(0, 10.0, 1_000.0), slice(3, 0.0, 500.0)];
    slices[1].seen = 150;
    let account = judge(&slices, within(0, 4), throughout("0.99"), &[]).gross;
    close(account.coverage(), 0.375);
    // Of the 1,500 events that were seen.
    close(account.attained(), 1.0 - 10.0 / 1_500.0);
    assert_eq!(account.allowed, 15.0);
    // 450 s of 1,200 s were seen, and nothing is consumed in the rest.
    close(account.budget_events(), 40.0);
    close(account.spent(), 0.25);
    close(account.budget_seconds(10.0), 0.25 * account.allowed_seconds);
    let nothing = judge(&[], within(0, 4), throughout("0.99"), &[]).gross;
    assert_eq!(nothing.coverage(), Some(0.0));
    assert_eq!((nothing.attained(), nothing.spent()), (None, None));
    assert_eq!(
        judge(&[], within(4, 4), throughout("0.99"), &[])
            .gross
            .coverage(),
        None
    );
}

#[test]
fn estimates_are_known_as_such() {
    let mut slices = vec![slice(0, 10.0, 1_000.0), slice(1, 0.0, 500.0)];
    slices[1].source = SliceSource::Recorded;
    slices[1].seen = 290;
    let account = judge(&slices, within(0, 2), throughout("0.99"), &[]).gross;
    assert_eq!((account.seen, account.estimated), (590, 290));
}

#[test]
fn each_slice_is_judged_by_its_objective() {
    let slices: Vec<Slice> = (0..4).map(|number| slice(number, 2.0, 1_000.0)).collect();
    // Valid from the middle of the third slice on, so from the fourth one.
    let versions = [version(at(1), "0.99"), version(at(2) + 100, "0.999")];
    let account = judge(&slices, within(0, 4), Yardstick::AsItWas(&versions), &[]).gross;
    // The first slice has no objective: it is counted, and not judged.
    assert_eq!((account.bad, account.judged_bad), (8.0, 6.0));
    assert_eq!((account.seconds, account.judged_seconds), (1_200, 900));
    assert_eq!(account.allowed, 10.0 + 10.0 + 1.0);
    // It has the budget of the first objective, as the unknown part of a young SLO's window.
    close(Some(account.allowed_seconds), 3.0 + 3.0 + 3.0 + 0.3);
    close(account.spent(), 6.0 / (21.0 * 4.0 / 3.0));
    let today = judge(&slices, within(0, 4), throughout("0.999"), &[]).gross;
    assert_eq!((today.judged_bad, today.allowed), (8.0, 4.0));
    assert_eq!(today.spent(), Some(2.0));
    let none = judge(&slices, within(0, 4), Yardstick::AsItWas(&[]), &[]).gross;
    assert_eq!((none.spent(), none.attained()), (None, Some(0.998)));
}

#[test]
fn nothing_may_be_bad_at_100_percent() {
    let account = judge(&[slice(0, 1.0, 10.0)], within(0, 1), throughout("1"), &[]).gross;
    assert_eq!((account.allowed, account.spent()), (0.0, None));
    assert_eq!(account.budget_seconds(1.0), None);
}

#[test]
fn exclusions_are_rounded_outwards() {
    let slices: Vec<Slice> = (0..6).map(|number| slice(number, 1.0, 100.0)).collect();
    let exclusion = |from, until| Interval { from, until };
    let judged =
        |exclusions: &[Interval]| judge(&slices, within(0, 6), throughout("0.9"), exclusions);
    // From the last second of slice 1 to the first one of slice 3.
    let found = judged(&[exclusion(at(2) - 1, at(3) + 1)]);
    assert_eq!(found.excluded.seconds, 900);
    assert_eq!((found.excluded.bad, found.excluded.total), (3.0, 300.0));
    assert_eq!((found.net.bad, found.net.seconds), (3.0, 900));
    assert_eq!((found.gross.bad, found.gross.seconds), (6.0, 1_800));
    // Exactly one slice; its edges touch no other one.
    assert_eq!(judged(&[exclusion(at(2), at(3))]).excluded.seconds, 300);
    // Overlaps count once, and empty ones not at all.
    let several = [
        exclusion(at(4), at(5)),
        exclusion(at(1), at(2)),
        exclusion(at(1), at(2) - 10),
        exclusion(at(5), at(3)),
    ];
    assert_eq!(judged(&several).excluded.seconds, 600);
    let all = judged(&[exclusion(at(-5), at(50))]);
    assert_eq!((all.net.seconds, all.net.coverage()), (0, None));
}

#[test]
fn a_slice_belongs_to_the_window_of_its_start() {
    let slices: Vec<Slice> = (0..4).map(|number| slice(number, 1.0, 100.0)).collect();
    let window =
        |from, until| judge(&slices, Interval { from, until }, throughout("0.9"), &[]).gross;
    let (first, second) = (window(START, at(1) + 10), window(at(1) + 10, at(4)));
    assert_eq!((first.bad, second.bad), (2.0, 2.0));
    assert_eq!((first.seconds, second.seconds), (600, 600));
}

proptest! {
    #[test]
    fn parts_of_a_window_add_up(
        counts in proptest::collection::vec((0_u32..50, 0_u32..1_000, 0_u16..=300), 60),
        missing in proptest::collection::vec(any::<bool>(), 60),
        cut in 0_i64..60,
        exclusions in proptest::collection::vec((-600_i64..20_000, 0_i64..3_000), 0..5),
        change in -10_i64..70,
    ) {
        let slices: Vec<Slice> = counts.iter().zip(0..).filter(|(_, number)| !missing[*number as usize]).map(|((bad, good, seen), number)| Slice {
            seen: *seen,
            ..slice(number, f64::from(*bad), f64::from(bad + good))
        }).collect();
        let exclusions: Vec<Interval> = exclusions.iter().map(|(from, length)| Interval { from: START + from, until: START + from + length }).collect();
        let versions = [version(at(-20), "0.95"), version(at(change), "0.99")];
        let judged = |from, until| judge(&slices, within(from, until), Yardstick::AsItWas(&versions), &exclusions);
        let (whole, first, second) = (judged(0, 60), judged(0, cut), judged(cut, 60));
        let add = |a: Account, b: Account| Account {
            seconds: a.seconds + b.seconds,
            seen: a.seen + b.seen,
            estimated: a.estimated + b.estimated,
            bad: a.bad + b.bad,
            total: a.total + b.total,
            judged_seconds: a.judged_seconds + b.judged_seconds,
            judged_bad: a.judged_bad + b.judged_bad,
            judged_seen: a.judged_seen + b.judged_seen,
            allowed: 0.0,
            allowed_seconds: 0.0,
        };
        for (whole, first, second) in [(whole.gross, first.gross, second.gross), (whole.net, first.net, second.net)] {
            let exact = Account { allowed: 0.0, allowed_seconds: 0.0, ..whole };
            prop_assert_eq!(exact, add(first, second));
            prop_assert!((whole.allowed - first.allowed - second.allowed).abs() < 1e-6);
            prop_assert!((whole.allowed_seconds - first.allowed_seconds - second.allowed_seconds).abs() < 1e-6);
        }
        prop_assert_eq!(whole.gross.bad, whole.net.bad + whole.excluded.bad);
        prop_assert_eq!(whole.gross.total, whole.net.total + whole.excluded.total);
        prop_assert_eq!(whole.gross.seconds, whole.net.seconds + whole.excluded.seconds);
        prop_assert_eq!(whole.gross.seconds, 60 * 300);
    }
}
