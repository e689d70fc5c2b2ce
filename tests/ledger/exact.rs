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
    let recorded = recorded(&place, &url);
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let consumed = |bad: u64, total: u64| bad as f64 / total as f64 / 0.001;
    let (truth, ledger) = (consumed(all.bad, all.total), consumed(sums.bad, sums.total));
    println!(
        "consumed of the budget of 30 d: {:.3}% in truth, {:.3}% by the ledger, {:.3}% by recordings, {:.3}% by `increase` over \
         30 d",
        truth * 100.0,
        ledger * 100.0,
        recorded * 100.0,
        estimated / 0.001 * 100.0
    );
    assert!((ledger - truth).abs() < 0.001, "{ledger} {truth}");
    assert!((recorded - truth).abs() < 0.02, "{recorded} {truth}");
    // The first and the last slice, the pods of five minutes, and the gaps.
    assert!(exact > 8_300, "{exact}");
    assert!(incomplete < 340, "{incomplete}");
}

/// What the recording rules would have recorded of the consumed budget, had they been evaluated throughout the month: their own
/// expressions, in a subquery with the interval of their group.
fn recorded(place: &Place, url: &str) -> f64 {
    assert_eq!(nthc(place, &["build"]).code, 0);
    let rules: serde_json::Value =
        yaml_serde::from_str(&place.read("build/prometheus/checkout.yaml")).unwrap();
    let all = rules["groups"].as_array().unwrap().iter();
    let all = all.flat_map(|group| group["rules"].as_array().unwrap());
    let expressions: BTreeMap<&str, &str> = all
        .filter_map(|rule| Some((rule["record"].as_str()?, rule["expr"].as_str()?)))
        .collect();
    let of = |name: &str| expressions.get(name).copied().unwrap();
    let known = of("slo:sli_known_time:seconds");
    let series = "slo:sli_known_time:seconds{service=\"checkout\",slo=\"availability\"}";
    let sum = |expression: &str| {
        assert!(
            expression == known || expression.contains(series),
            "{expression}"
        );
        let expression = expression.replace(series, known);
        value(url, &format!("sum_over_time(({expression})[30d:3m])"))
    };
    let bad = sum(of("slo:sli_bad_events:increase3m"));
    let total = sum(of("slo:sli_total_events:increase3m"));
    let coverage = (sum(known) / (30.0 * 86_400.0)).min(1.0);
    bad / total * coverage / 0.001
}

/// The value of a query at the end of the month.
fn value(url: &str, query: &str) -> f64 {
    let mut response = ureq::get(&format!("{url}/api/v1/query"))
        .query("query", query)
        .query("time", END.to_string())
        .call()
        .unwrap();
    let text = response.body_mut().read_to_string().unwrap();
    let answer: serde_json::Value = serde_json::from_str(&text).unwrap();
    let value = answer["data"]["result"][0]["value"][1].as_str();
    value
        .unwrap_or_else(|| panic!("{query}: {answer}"))
        .parse()
        .unwrap()
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
