//! The counts of a month against the truth.

use std::collections::BTreeMap;

use nth_ledger::{Interval, Location, Slice, SloKey, Store, StoreOptions};

use super::month::{Counts, END, START, month};
use super::place::Place;
use super::server::{nthc, project, start};

fn key() -> SloKey {
    SloKey {
        project: "shop".into(),
        environment: None,
        service: "checkout".into(),
        slo: "availability".into(),
        group: BTreeMap::new(),
    }
}

fn slices(place: &Place, file: &str) -> Vec<Slice> {
    let location = Location::parse(&place.path(file).to_string_lossy()).unwrap();
    let mut store = Store::open(&location, &StoreOptions::default()).unwrap();
    let whole = Interval {
        from: START,
        until: END,
    };
    store.slices(&key(), whole).unwrap()
}

pub fn pull(place: &Place, url: &str, more: &[&str]) {
    let mut all = vec![
        "ledger",
        "pull",
        "--prometheus",
        url,
        "--until",
        "2026-11-01T00:00:00Z",
    ];
    all.extend(more);
    let ran = nthc(place, &all);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn a_month_is_counted_exactly() {
    let place = Place::new();
    project(&place);
    let month = month();
    let Some(server) = start(&place, &month.samples) else {
        return;
    };
    let url = format!("http://{}", server.address());
    pull(&place, &url, &[]);
    let slices = slices(&place, "nth.ledger.db");
    let (mut exact, mut incomplete) = (0, 0);
    let mut sums = Counts::default();
    for slice in &slices {
        let truth = month.truth.get(&slice.start).copied().unwrap_or_default();
        let counted = whole(slice);
        sums.bad += counted.bad;
        sums.total += counted.total;
        if slice.is_complete() {
            assert!(!month.lost.contains_key(&slice.start), "{slice:?}");
            assert_eq!(counted, truth, "{slice:?}");
            exact += 1;
        } else {
            incomplete += 1;
        }
    }
    let all = month
        .truth
        .values()
        .fold(Counts::default(), |sum, counts| Counts {
            bad: sum.bad + counts.bad,
            total: sum.total + counts.total,
        });
    println!(
        "{exact} slices are exact, {incomplete} are not complete; {} of {} bad events, {} of {} events",
        sums.bad, all.bad, sums.total, all.total
    );
    // The same month, from rates that Prometheus extrapolates.
    let budget = [
        "budget",
        "--prometheus",
        &url,
        "--at",
        "2026-11-01T00:00:00Z",
        "--format",
        "json",
    ];
    let budget = nthc(&place, &budget);
    let document: serde_json::Value = serde_json::from_str(&budget.out).unwrap();
    let estimated: f64 = { document["objectives"][0]["ratio"].as_str() }
        .map(|text| 1.0 - text.parse::<f64>().unwrap())
        .unwrap_or_else(|| panic!("{budget:?}"));
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let consumed = |bad: u64, total: u64| bad as f64 / total as f64 / 0.001;
    let (truth, ledger) = (consumed(all.bad, all.total), consumed(sums.bad, sums.total));
    println!(
        "consumed of the budget of 30 d: {:.3}% in truth, {:.3}% by the ledger, {:.3}% by `increase` over 30 d",
        truth * 100.0,
        ledger * 100.0,
        estimated / 0.001 * 100.0
    );
    assert!((ledger - truth).abs() < 0.001, "{ledger} {truth}");
    // The first and the last slice, the pods of five minutes, and the gaps.
    assert!(exact > 8_300, "{exact}");
    assert!(incomplete < 340, "{incomplete}");
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are whole"
)]
fn whole(slice: &Slice) -> Counts {
    assert!(
        slice.bad.fract() == 0.0 && slice.total.fract() == 0.0,
        "{slice:?}"
    );
    Counts {
        bad: slice.bad as u64,
        total: slice.total as u64,
    }
}
