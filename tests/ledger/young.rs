//! An SLO that is younger than its window, and one whose hour is excluded in one environment alone.

use nth_ledger::{
    Interval, Location, ObjectiveVersion, Pull, Replace, Slice, SliceSource, SloKey, Store,
    StoreOptions,
};
use serde_json::Value;

use super::place::Place;
use super::scene::{DAY, END, LEDGER, UNTIL, availability};
use super::server::{SERVICE, nthc, project};

/// Records that all slices of a time have so many bad events of a hundred.
fn record(place: &Place, slo: &SloKey, from: i64, bad: impl Fn(i64) -> f64) {
    let location = Location::parse(&place.path(LEDGER).to_string_lossy()).unwrap();
    let mut store = Store::open_or_create(&location, &StoreOptions::default()).unwrap();
    let slices = (from / 300..END / 300).map(|slice| Slice {
        start: slice * 300,
        bad: bad(slice * 300),
        total: 100.0,
        seen: 300,
        source: SliceSource::Raw,
    });
    let pull = Pull {
        slo: slo.clone(),
        slices: slices.collect(),
        read: Interval { from, until: END },
    };
    store.record_all(&[pull], Replace::NotWorse).unwrap();
    let version = ObjectiveVersion {
        valid_from: from,
        objective: "0.999".parse().unwrap(),
        window_ms: 30 * DAY * 1_000,
        revision: None,
    };
    store.record_objective(slo, &version).unwrap();
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    let ran = nthc(place, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn near(found: &Value, expected: f64, what: &str) {
    let found = found.as_f64().unwrap_or_else(|| panic!("{what}: {found}"));
    assert!(
        (found - expected).abs() < 1e-3,
        "{what}: {found}, not {expected}"
    );
}

#[test]
fn two_hours_of_errors_are_a_part_of_the_budget_of_a_month() {
    let place = Place::new();
    project(&place);
    record(&place, &availability(None), END - 2 * 3_600, |_| 3.0);
    // Two of 720 hours at thirty times what is allowed.
    let spent = 30.0 * 2.0 / 720.0;

    let history = ["budget", "--history", "--at", UNTIL, "--since", "2d"];
    let document = json(&place, &history);
    let days = document["objectives"][0]["days"].as_array().unwrap();
    let last = days.last().unwrap();
    near(&last["left"], 1.0 - spent, "left");
    near(&last["spent_that_day"], spent, "that day");
    near(&last["attained"], 0.97, "attained");
    near(&last["window_known"], 2.0 / 720.0, "known");
    // Before, nothing is known.
    assert!(days[0]["left"].is_null(), "{days:?}");
    let shown = nthc(&place, &history);
    assert!(
        shown.out.contains("91.7%") && !shown.out.contains("3000%"),
        "{shown:?}"
    );

    let what_if = ["what-if", "checkout.availability", "--objective", "99.95%"];
    let document = json(&place, &what_if);
    near(&document["now"]["spent"], spent, "now");
    near(&document["then"]["spent"], 2.0 * spent, "then");
    assert_eq!(document["then"]["exhausted_seconds"], 0);

    let document = json(&place, &["report", "--month", "2026-10"]);
    let slo = &document["slos"][0];
    let account = &slo["account"];
    let part = |name: &str| account[name].as_f64().unwrap();
    // Of the 744 hours of October.
    let share = part("spent_ms") / part("budget_ms");
    assert!((share - 30.0 * 2.0 / 744.0).abs() < 1e-3, "{account}");
    assert_eq!(part("left_ms"), part("budget_ms") - part("spent_ms"));
    assert_eq!(slo["coverage"]["seen"], 7_200);
    let shown = nthc(&place, &["report", "--month", "2026-10"]);
    assert!(
        shown.out.contains("8.1%") && !shown.out.contains("missed its objective"),
        "{shown:?}"
    );
}

#[test]
fn an_hour_is_excluded_in_one_environment_alone() {
    let place = Place::new();
    project(&place);
    let exclusion = "
environment production {}
environment staging {}

exclude load-test {
  only_in = [production]
  covers  = [checkout]
  from    = \"2026-10-31 12:00\"
  until   = \"2026-10-31 13:00\"
  zone    = \"UTC\"
  reason  = \"load test\"
  by      = payments
}
";
    place.write("checkout.nth", format!("{SERVICE}{exclusion}"));
    let hour = END - DAY / 2;
    let bad = |at: i64| {
        if (hour..hour + 3_600).contains(&at) {
            36.0
        } else {
            0.0
        }
    };
    for environment in ["production", "staging"] {
        record(&place, &availability(Some(environment)), END - 2 * DAY, bad);
    }
    let account = |environment: &str| {
        let report = ["report", "--month", "2026-10", "--env", environment];
        let document = json(&place, &report);
        let slo = document["slos"][0].clone();
        assert_eq!(slo["slo"]["environment"], environment);
        slo
    };
    let [production, staging] = ["production", "staging"].map(account);
    let part = |slo: &Value, name: &str| slo["account"][name].as_i64().unwrap();
    assert_eq!(part(&production, "spent_ms"), 0);
    assert_eq!(production["exclusions"][0]["name"], "load-test");
    assert_eq!(production["attained"], 1.0);
    assert_eq!(
        part(&production, "gross_spent_ms"),
        part(&staging, "spent_ms")
    );
    // An hour at 36 % errors.
    assert_eq!(part(&staging, "spent_ms"), 1_296_000);
    assert_eq!(staging["exclusions"].as_array().unwrap().len(), 0);

    let left = |environment: &str| {
        let history = [
            "budget",
            "--history",
            "--at",
            UNTIL,
            "--since",
            "1d",
            "--env",
            environment,
        ];
        let document = json(&place, &history);
        let days = document["objectives"][0]["days"]
            .as_array()
            .unwrap()
            .clone();
        let last = days.last().unwrap().clone();
        [last["left"].clone(), last["left_gross"].clone()]
    };
    let [net, gross] = left("production");
    assert_eq!(net, 1.0);
    assert_eq!(left("staging"), [gross.clone(), gross]);
}
