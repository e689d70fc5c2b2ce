//! Incidents found in slices.

use nth_ledger::{
    Detection, FoundIncident, IncidentEnd, ObjectiveVersion, Slice, Yardstick, find_incidents,
};
use proptest::prelude::*;

use crate::{at, slice};

const WINDOW: i64 = 30 * 86_400_000;

/// A day of 1,000 events per slice, with bad ones in some of them.
fn day(bad: &[(i64, f64)]) -> Vec<Slice> {
    let mut slices: Vec<Slice> = (0..288).map(|number| slice(number, 0.0, 1_000.0)).collect();
    for (number, bad) in bad {
        slices[*number as usize].bad = *bad;
    }
    slices
}

fn find(slices: &[Slice]) -> Vec<FoundIncident> {
    let yardstick = Yardstick::Throughout("0.999".parse().unwrap());
    find_incidents(slices, yardstick, WINDOW, &Detection::default())
}

fn times(found: &[FoundIncident]) -> Vec<(i64, i64, IncidentEnd)> {
    found
        .iter()
        .map(|found| {
            (
                (found.from - at(0)) / 300,
                (found.until - at(0)) / 300,
                found.end,
            )
        })
        .collect()
}

#[test]
fn a_fast_burn_is_an_incident() {
    let found = find(&day(&[
        (99, 0.5),
        (100, 200.0),
        (101, 400.0),
        (102, 50.0),
        (103, 0.9),
    ]));
    assert_eq!(times(&found), [(100, 103, IncidentEnd::Recovered)]);
    let found = found[0];
    assert_eq!(
        (found.bad, found.total, found.allowed),
        (650.0, 3_000.0, 3.0)
    );
    assert_eq!((found.excess(), found.worst_ratio), (647.0, 0.4));
    assert_eq!((found.is_onset_seen, found.unseen), (true, 0));
    assert!((found.worst_burn_rate.unwrap() - 400.0).abs() < 1e-9);
    // 650 bad events of 1,000 per 300 s are 195 s of downtime, of 2,592 s that 99.9% allows in 30 days.
    assert!((found.budget_seconds - 195.0).abs() < 1e-9);
    assert!((found.budget_share.unwrap() - 195.0 / 2_592.0).abs() < 1e-9);
}

#[test]
fn short_pauses_belong_to_an_incident_and_long_ones_do_not() {
    let pauses = day(&[(100, 90.0), (103, 90.0), (107, 90.0)]);
    let expected = [
        (100, 104, IncidentEnd::Recovered),
        (107, 108, IncidentEnd::Recovered),
    ];
    assert_eq!(times(&find(&pauses)), expected);
    // Burning slowly is no pause, and no start either.
    let slow = day(&[
        (98, 3.0),
        (99, 3.0),
        (100, 90.0),
        (101, 3.0),
        (102, 3.0),
        (103, 3.0),
        (104, 3.0),
    ]);
    assert_eq!(times(&find(&slow)), [(100, 105, IncidentEnd::Recovered)]);
}

#[test]
fn small_burns_are_no_incidents() {
    // 8 of 1,000 events are bad: a burn rate of 8, and 0.09% of the budget.
    assert_eq!(find(&day(&[(100, 8.0)])), []);
    // A single event of a service with hardly any.
    let quiet: Vec<Slice> = (0..288)
        .map(|number| slice(number, f64::from(u8::from(number == 100)), 2.0))
        .collect();
    assert_eq!(find(&quiet), []);
    assert_eq!(find(&[]), []);
}

#[test]
fn an_incident_never_spans_unseen_slices_without_showing_it() {
    let bad = [(100, 200.0), (101, 200.0), (105, 200.0)];
    // Two slices in the middle are missing, and half of a third one.
    let mut short = day(&bad);
    short[102].seen = 150;
    short.drain(103..105);
    let found = find(&short);
    assert_eq!(times(&found), [(100, 106, IncidentEnd::Recovered)]);
    assert_eq!(found[0].unseen, 150 + 600);
    // Four are missing.
    let mut long = day(&[(100, 200.0), (101, 200.0), (106, 200.0)]);
    long.drain(102..106);
    let found = find(&long);
    let expected = [
        (100, 102, IncidentEnd::Unseen),
        (106, 107, IncidentEnd::Recovered),
    ];
    assert_eq!(times(&found), expected);
    // What came after the end is not part of it, and the second one may have started earlier.
    assert_eq!((found[0].unseen, found[0].is_onset_seen), (0, true));
    assert_eq!((found[1].unseen, found[1].is_onset_seen), (0, false));
}

#[test]
fn no_events_are_no_recovery() {
    let mut slices = day(&[(100, 500.0)]);
    for slice in &mut slices[101..110] {
        slice.total = 0.0;
    }
    assert_eq!(times(&find(&slices)), [(100, 101, IncidentEnd::NoEvents)]);
}

#[test]
fn an_incident_at_the_end_is_open() {
    let found = find(&day(&[(285, 500.0), (287, 500.0)]));
    assert_eq!(times(&found), [(285, 288, IncidentEnd::Open)]);
    assert_eq!(
        times(&find(&day(&[(286, 500.0)]))),
        [(286, 287, IncidentEnd::Open)]
    );
    // At the very beginning, the start is unknown.
    let found = find(&day(&[(0, 500.0)]));
    assert!(!found[0].is_onset_seen);
}

#[test]
fn the_objective_of_then_decides() {
    let version = |from: i64, objective: &str| ObjectiveVersion {
        valid_from: at(from),
        objective: objective.parse().unwrap(),
        window_ms: WINDOW,
        revision: None,
    };
    let slices = day(&[(50, 100.0), (150, 100.0), (250, 100.0)]);
    // A burn rate of 2 at 95%, of 100 at 99.9%; before the first version, nothing is judged.
    let versions = [version(100, "0.95"), version(200, "0.999")];
    let found = find_incidents(
        &slices,
        Yardstick::AsItWas(&versions),
        WINDOW,
        &Detection::default(),
    );
    assert_eq!(times(&found), [(250, 251, IncidentEnd::Recovered)]);
    // At 100%, every bad event is too much.
    let none = Yardstick::Throughout("1".parse().unwrap());
    let found = find_incidents(&slices, none, WINDOW, &Detection::default());
    assert_eq!(found.len(), 3);
    assert_eq!(
        (found[0].worst_burn_rate, found[0].budget_share),
        (None, None)
    );
}

proptest! {
    #[test]
    fn incidents_are_ordered_and_never_count_an_event_twice(
        counts in proptest::collection::vec((0_u32..200, 0_u32..1_000, 0_u16..=300), 200),
        missing in proptest::collection::vec(any::<bool>(), 200),
    ) {
        let slices: Vec<Slice> = counts.iter().zip(0..).filter(|(_, number)| !missing[*number as usize]).map(|((bad, good, seen), number)| Slice {
            seen: *seen,
            ..slice(number, f64::from(*bad), f64::from(bad + good))
        }).collect();
        let detection = Detection { least_share: 0.0, ..Detection::default() };
        let found = find_incidents(&slices, Yardstick::Throughout("0.98".parse().unwrap()), WINDOW, &detection);
        for pair in found.windows(2) {
            prop_assert!(pair[0].until <= pair[1].from);
        }
        for incident in &found {
            let within: Vec<&Slice> = slices.iter().filter(|slice| slice.start >= incident.from && slice.start < incident.until).collect();
            let sum = |of: fn(&Slice) -> f64| -> f64 { within.iter().map(|slice| of(slice)).sum() };
            prop_assert_eq!(sum(|slice| slice.bad), incident.bad);
            prop_assert_eq!(sum(|slice| slice.total), incident.total);
            let seen: i64 = within.iter().map(|slice| i64::from(slice.seen)).sum();
            prop_assert_eq!(incident.until - incident.from - seen, incident.unseen);
            prop_assert!(incident.bad >= 5.0);
        }
    }
}
