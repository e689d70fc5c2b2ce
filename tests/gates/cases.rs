//! One table of cases, decided by every form: the binary, Rego in two engines, and Argo Rollouts' own code.

use serde_json::Value;

use crate::forms::{Measurements, Verdict, by_opa, by_regorus, regorus};
use crate::history::History;
use crate::{built, check, nthc, tools};

/// The project.
pub const SOURCE: &str = include_str!("cases.nth");

/// A Wednesday noon on which nothing is frozen.
const NOON: &str = "2026-06-17T12:00:00Z";

/// What is measured of a service's objective: the share of the budget left, and the error ratio of an hour. `None`
/// where there is no series. The third says whether the service's rules are there.
type Data = (
    &'static str,
    Option<&'static str>,
    Option<&'static str>,
    bool,
);

const DATA: [Data; 11] = [
    ("healthy", Some("0.9"), Some("0.0005"), true),
    ("low", Some("0.15"), Some("0.02"), true),
    // Exactly at the limit of 10 %.
    ("edge", Some("0.1"), Some("0.03"), true),
    ("spent", Some("-1"), Some("0.05"), true),
    ("poisoned", Some("NaN"), Some("NaN"), true),
    ("silent", None, None, false),
    // Some of the data is there.
    ("half", Some("0.9"), None, false),
    ("half-spent", Some("0.05"), None, false),
    // Two hours old, with ten bad minutes in them; a day old with as many; and a month old, of which three days are lost.
    ("two-hours", Some("0.95370375"), Some("0.1"), true),
    ("a-day", Some("0.9537"), Some("0"), true),
    ("gap", Some("0.0996"), Some("0"), true),
];

/// Of which windows how much is known, with the error ratio of that part. Nothing else is known in part.
const KNOWN: [(&str, &str, &str, &str); 8] = [
    ("two-hours", "6h", "0.08333333", "0.33333333"),
    ("two-hours", "30d", "0.08333333", "0.00277778"),
    ("a-day", "6h", "0", "1"),
    ("a-day", "30d", "0.00694444", "0.03333333"),
    ("gap", "6h", "0.08333333", "0.9"),
    ("gap", "30d", "0.005002", "0.9"),
    ("healthy", "6h", "0.0005", "1"),
    ("poisoned", "6h", "NaN", "NaN"),
];

use Verdict::{Allow, Deny, Warn};

/// Service, gate, time and verdict.
const CASES: &[(&str, &str, &str, Verdict)] = &[
    ("healthy", "plain", NOON, Allow),
    ("low", "plain", NOON, Warn),
    ("edge", "plain", NOON, Warn),
    ("spent", "plain", NOON, Deny),
    ("poisoned", "plain", NOON, Deny),
    ("silent", "plain", NOON, Deny),
    ("healthy", "open", NOON, Allow),
    ("low", "open", NOON, Warn),
    ("spent", "open", NOON, Deny),
    ("poisoned", "open", NOON, Allow),
    ("silent", "open", NOON, Allow),
    // A gate that only reports lets everything pass.
    ("spent", "reports", NOON, Allow),
    ("silent", "reports", NOON, Allow),
    // `and`: one that does not hold decides.
    ("healthy", "both", NOON, Allow),
    ("low", "both", NOON, Allow),
    ("spent", "both", NOON, Deny),
    ("half", "both", NOON, Allow),
    ("half-spent", "both", NOON, Deny),
    ("silent", "both", NOON, Deny),
    ("half-spent", "both-open", NOON, Allow),
    ("spent", "both-open", NOON, Deny),
    // `or`: one that holds decides.
    ("healthy", "either", NOON, Allow),
    ("half", "either", NOON, Deny),
    ("half-spent", "either", NOON, Deny),
    ("half", "either-open", NOON, Allow),
    ("half-spent", "either-open", NOON, Deny),
    // What is unknown stays so under `not`.
    ("healthy", "negated", NOON, Allow),
    ("edge", "negated", NOON, Allow),
    ("spent", "negated", NOON, Deny),
    ("silent", "negated", NOON, Deny),
    // 15 % of 216 min is 32m24s, 10 % is 21m36s.
    ("healthy", "minutes", NOON, Allow),
    ("low", "minutes", NOON, Allow),
    ("edge", "minutes", NOON, Deny),
    ("spent", "minutes", NOON, Deny),
    // Two measured values, and the budget of another service.
    ("healthy", "compared", NOON, Allow),
    ("low", "compared", NOON, Deny),
    ("healthy", "needs-spent", NOON, Deny),
    ("healthy", "needs-silent", NOON, Deny),
    ("low", "needs-healthy", NOON, Allow),
    // What is not known of a window counts as nothing spent: of six hours, two with 8.3 % bad are 5.6 times what is
    // sustainable, not 16.7.
    ("two-hours", "plain", NOON, Allow),
    ("two-hours", "long-burn", NOON, Allow),
    ("two-hours", "minutes", NOON, Allow),
    ("a-day", "plain", NOON, Allow),
    ("a-day", "long-burn", NOON, Allow),
    ("gap", "plain", NOON, Deny),
    ("gap", "long-burn", NOON, Deny),
    ("healthy", "long-burn", NOON, Allow),
    ("poisoned", "long-burn", NOON, Deny),
    ("silent", "long-burn", NOON, Deny),
    // Alerts, incidents, deployments.
    ("healthy", "alerts", NOON, Allow),
    ("spent", "alerts", NOON, Deny),
    ("silent", "alerts", NOON, Deny),
    ("healthy", "history", NOON, Allow),
    ("spent", "history", NOON, Warn),
    ("healthy", "fresh", NOON, Allow),
    ("spent", "fresh", NOON, Warn),
    ("silent", "fresh", NOON, Warn),
    ("healthy", "known", NOON, Warn),
    // The last and first seconds of freezes whose days are of different lengths: London's clocks go forward on the
    // last one, New York's back, Lord Howe's back by half an hour.
    ("healthy", "london", "2026-03-26T23:59:59Z", Allow),
    ("healthy", "london", "2026-03-27T00:00:00Z", Deny),
    ("healthy", "london", "2026-03-29T22:59:59Z", Deny),
    ("healthy", "london", "2026-03-29T23:00:00Z", Allow),
    ("healthy", "new-york", "2026-10-30T03:59:59Z", Allow),
    ("healthy", "new-york", "2026-10-30T04:00:00Z", Deny),
    ("healthy", "new-york", "2026-11-02T04:59:59Z", Deny),
    ("healthy", "new-york", "2026-11-02T05:00:00Z", Allow),
    ("healthy", "lord-howe", "2026-04-02T12:59:59Z", Allow),
    ("healthy", "lord-howe", "2026-04-02T13:00:00Z", Deny),
    ("healthy", "lord-howe", "2026-04-05T13:29:59Z", Deny),
    ("healthy", "lord-howe", "2026-04-05T13:30:00Z", Allow),
    // An override until the end of a day in a zone of its own; what it lets pass is denied again after it.
    ("healthy", "overridden", "2026-12-24T22:59:59Z", Allow),
    ("healthy", "overridden", "2026-12-24T23:00:00Z", Deny),
    ("healthy", "overridden", "2026-12-19T12:00:00Z", Allow),
    // An override of the one deny leaves the other.
    ("spent", "overridden", "2026-12-24T12:00:00Z", Deny),
    // The week by UTC's clocks.
    ("healthy", "week", "2026-06-19T15:59:59Z", Allow),
    ("healthy", "week", "2026-06-19T16:00:00Z", Deny),
    ("healthy", "week", "2026-06-22T08:59:59Z", Deny),
    ("healthy", "week", "2026-06-22T09:00:00Z", Allow),
    ("healthy", "office", "2026-06-19T17:59:59Z", Allow),
    ("healthy", "office", "2026-06-19T18:00:00Z", Deny),
    ("healthy", "office", "2026-06-20T12:00:00Z", Deny),
    // Names and texts that would be code, were they taken for it.
    ("Odd \"service\" {{args.x}}", "odd \\ gate", NOON, Deny),
];

fn seconds(time: &str) -> i64 {
    time.parse::<jiff::Timestamp>().unwrap().as_second()
}

/// What Prometheus has recorded, for five minutes before each of the cases' moments.
fn history() -> History {
    let mut history = History::default();
    let mut moments: Vec<i64> = CASES.iter().map(|(_, _, at, _)| seconds(at)).collect();
    moments.sort_unstable();
    moments.dedup();
    let noon = seconds(NOON);
    for (service, budget, errors, rules) in DATA {
        let labels = [
            ("service", service),
            ("slo", "availability"),
            ("tier", "standard"),
        ];
        // Cases that are seconds apart share samples.
        let mut last = i64::MIN;
        for moment in &moments {
            let range = ((last + 60).max(moment - 240), *moment, 60);
            if range.0 > range.1 {
                continue;
            }
            last = range.0 + (range.1 - range.0) / 60 * 60;
            let of_windows = KNOWN.iter().filter(|(of, ..)| *of == service);
            for (_, window, ratio, known) in of_windows.clone() {
                for (metric, value) in [("error:ratio_rate", ratio), ("coverage:ratio", known)] {
                    let metric = format!("slo:sli_{metric}{window}");
                    history.add(&metric, &labels, range, |_| (*value).to_owned());
                }
            }
            let is_whole = budget.is_some() && !of_windows.clone().any(|(_, of, ..)| *of == "30d");
            for (metric, value) in [
                ("slo:sli_coverage:ratio30d", is_whole.then_some("1")),
                ("slo:period_error_budget_remaining:ratio", budget),
                ("slo:sli_error:ratio_rate1h", errors),
                ("slo_info", rules.then_some("1")),
            ] {
                if let Some(value) = value {
                    history.add(metric, &labels, range, |_| value.to_owned());
                }
            }
        }
    }
    let firing = |alert: &'static str, service: &'static str| {
        [
            ("alertname", alert),
            ("alertstate", "firing"),
            ("service", service),
            ("severity", "critical"),
        ]
    };
    // The service that has spent its budget pages now, and did so three times in the last week: the second time by
    // two alerts, of which one began later. What happened eight days ago is of no matter.
    let hour = 3600;
    for (alert, from, to) in [
        ("Burn", noon - 8 * 24 * hour, noon - 8 * 24 * hour + hour),
        ("Burn", noon - 5 * 24 * hour, noon - 5 * 24 * hour + hour),
        (
            "Burn",
            noon - 2 * 24 * hour,
            noon - 2 * 24 * hour + 2 * hour,
        ),
        (
            "Slow",
            noon - 2 * 24 * hour + hour,
            noon - 2 * 24 * hour + 3 * hour,
        ),
        ("Burn", noon - hour, noon),
    ] {
        history.add("ALERTS", &firing(alert, "spent"), (from, to, 30), |_| {
            "1".to_owned()
        });
    }
    // A ticket is no page, and another's page is not this service's.
    let ticket = [
        ("alertname", "Slow"),
        ("alertstate", "firing"),
        ("service", "healthy"),
        ("severity", "ticket"),
    ];
    history.add("ALERTS", &ticket, (noon - hour, noon, 30), |_| {
        "1".to_owned()
    });
    // Two instances each, of which the second says it a minute later: the latest deployment counts, and once.
    for (job, deployed) in [
        ("healthy", vec![noon - 90_000, noon - 7_200]),
        (
            "spent",
            vec![noon - 80_000, noon - 40_000, noon - 20_000, noon - 600],
        ),
    ] {
        for (number, instance) in ["a", "b"].into_iter().enumerate() {
            let late = i64::try_from(number).unwrap() * 60;
            let labels = [("job", job), ("instance", instance)];
            history.add(
                "deployed_at_seconds",
                &labels,
                (noon - 86_400, noon, 60),
                |now| {
                    let known = deployed.iter().filter(|at| **at + late <= now);
                    known.max().copied().unwrap_or(noon - 100_000).to_string()
                },
            );
        }
    }
    history
}

#[test]
fn every_form_decides_the_same() {
    let place = built(SOURCE);
    let Some(prometheus) = history().serve(&place.path("run"), &place.path("none")) else {
        return;
    };
    let url = format!("http://{}", prometheus.address());
    let engine = regorus(&place);
    let opa = tools::find("opa");
    let mut measurements = Measurements::new();
    let mut wrong = Vec::new();
    for (number, (service, gate, at, expected)) in CASES.iter().enumerate() {
        let stem = nthc::backends::file_stem(service);
        let file = format!("build/policy/{stem}.json");
        let args = [
            "--policy",
            &file,
            "--gate",
            gate,
            "--prometheus",
            &url,
            "--at",
            at,
        ];
        let (code, decision) = check(&place, &args);
        let name = format!("{service} / {gate} at {at}");
        assert_eq!(
            code,
            match decision["verdict"].as_str().unwrap() {
                "allow" => 0,
                "warn" => 1,
                _ => 2,
            },
            "{name}"
        );
        if decision["verdict"] != expected.name() {
            wrong.push(format!("{name}: nthc: {decision:#}"));
        }
        let facts = nthc(&place, &[&["gate", "facts"][..], &args].concat());
        assert_eq!(facts.code, 0, "{facts:?}");
        let (found, main) = by_regorus(&engine, &facts.out);
        if found != *expected {
            wrong.push(format!("{name}: regorus: {main:#}"));
        }
        if let Some(opa) = &opa {
            let (found, main) = by_opa(opa, &place, &facts.out);
            if found != *expected {
                wrong.push(format!("{name}: opa: {main:#}"));
            }
        }
        let gate = nthc::backends::file_stem(gate);
        let template = place.read(&format!("build/policy/argo-rollouts/{stem}/{gate}.yaml"));
        measurements.take(number, &template, &prometheus, seconds(at));
    }
    if let Some(found) = measurements.verdicts(CASES.len()) {
        for ((service, gate, at, expected), found) in CASES.iter().zip(found) {
            if found != *expected {
                wrong.push(format!(
                    "{service} / {gate} at {at}: argo rollouts: {found:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    messages(&place, &url, &engine, opa.as_deref());
    numbers_and_records(&place, &url);
}

/// Messages in Rego have the numbers that the binary shows.
fn messages(
    place: &crate::place::Place,
    url: &str,
    engine: &regorus::Engine,
    opa: Option<&std::path::Path>,
) {
    for (service, gate, wanted) in [
        (
            "gap",
            "plain",
            "spent: budget(availability) < 10%; budget(availability) is at most 9.96% (data covers 90% of the 30d) \
             (Nothing is released without a budget.)",
        ),
        (
            "gap",
            "long-burn",
            "fast: burn(availability, over: 6h) > 6; burn(availability, over: 6h) is at least 15 (data covers 90% of the 6h)",
        ),
        (
            "spent",
            "plain",
            "spent: budget(availability) < 10%; budget(availability) is -100% (Nothing is released without a budget.)",
        ),
        (
            "silent",
            "plain",
            "spent: budget(availability) < 10%; budget(availability) has no data (Nothing is released without a budget.)",
        ),
    ] {
        let file = format!("build/policy/{service}.json");
        let asked = [
            "--policy",
            &file,
            "--gate",
            gate,
            "--prometheus",
            url,
            "--at",
            NOON,
        ];
        let facts = nthc(place, &[&["gate", "facts"][..], &asked].concat());
        let (_, main) = by_regorus(engine, &facts.out);
        assert_eq!(main["deny"][0]["msg"], wanted, "{main:#}");
        if let Some(opa) = opa {
            let (_, main) = by_opa(opa, place, &facts.out);
            assert_eq!(main["deny"][0]["msg"], wanted, "{main:#}");
        }
    }
}

/// The reasons hold the numbers that they rest on, and an override leaves its record.
fn numbers_and_records(place: &crate::place::Place, url: &str) {
    let decide = |service: &str, gate: &str, at: &str| -> Value {
        let file = format!("build/policy/{service}.json");
        check(
            place,
            &[
                "--policy",
                &file,
                "--gate",
                gate,
                "--prometheus",
                url,
                "--at",
                at,
            ],
        )
        .1
    };
    let spent = decide("spent", "plain", NOON);
    assert_eq!(
        spent["reasons"],
        serde_json::json!([
            "spent denies: budget(availability) < 10%: budget(availability) is -100%. Nothing is released without a budget",
            "low warns: budget(availability) < 20%: budget(availability) is -100%",
        ])
    );
    assert_eq!(spent["rules"][0]["checks"][0]["number"], "-1");
    assert_eq!(spent["rules"][0]["checks"][0]["limit"], "< 10%");
    let silent = decide("silent", "plain", NOON);
    assert_eq!(
        silent["reasons"][0],
        "spent denies: no data for budget(availability). Nothing is released without a budget"
    );
    assert_eq!(silent["rules"][0]["holds"], Value::Null);
    let reports = decide("spent", "reports", NOON);
    assert_eq!(
        (&reports["verdict"], &reports["found"]),
        (&"allow".into(), &"deny".into())
    );
    let minutes = decide("low", "minutes", NOON);
    assert_eq!(minutes["rules"][0]["checks"][0]["value"], "32m24s");
    let history = decide("spent", "history", NOON);
    let value = |check: usize| history["rules"][0]["checks"][check]["number"].clone();
    assert_eq!(value(0), "3", "{history:#}");
    assert_eq!(value(1), "1");
    let fresh = decide("spent", "fresh", NOON);
    assert_eq!(fresh["rules"][0]["checks"][0]["value"], "10m");
    assert_eq!(fresh["rules"][1]["checks"][0]["number"], "4");
    let young = decide("two-hours", "plain", NOON);
    assert_eq!(young["reasons"], serde_json::json!([]), "{young:#}");
    assert_eq!(
        young["notes"],
        serde_json::json!(["budget(availability): data covers 0.28% of the 30d"])
    );
    assert_eq!(young["rules"][0]["checks"][0]["value"], "95.4%");
    assert_eq!(young["rules"][0]["checks"][0]["known"][0]["bound"], "most");
    let burning = decide("two-hours", "long-burn", NOON);
    assert_eq!(
        burning["notes"],
        serde_json::json!(["burn(availability, over: 6h): data covers 33% of the 6h"])
    );
    assert_eq!(burning["rules"][0]["checks"][0]["value"], "5.6");
    // 9.96 % is below 10 %, and is not shown as that.
    let gap = decide("gap", "plain", NOON);
    assert_eq!(
        gap["reasons"],
        serde_json::json!([
            "spent denies: budget(availability) < 10%: budget(availability) is at most 9.96% (data covers 90% of the 30d). \
             Nothing is released without a budget",
            "low warns: budget(availability) < 20%: budget(availability) is at most 9.96% (data covers 90% of the 30d)",
        ])
    );
    assert_eq!(
        decide("gap", "long-burn", NOON)["reasons"],
        serde_json::json!([
            "fast denies: burn(availability, over: 6h) > 6: burn(availability, over: 6h) is at least 15 (data covers 90% of the 6h)"
        ])
    );
    // An override that has expired is told in the reason of its deny, and while nothing is denied too.
    let expired = decide("healthy", "overridden", "2026-12-24T23:00:00Z");
    assert_eq!(expired["rules"][0]["expired"]["until"], "2026-12-24");
    assert_eq!(
        expired["reasons"][0],
        "freeze denies: 2026-12-20 to 2027-01-02 in Europe/Berlin: it is 2026-12-25; the override by mo@example.com \
         expired at the end of 2026-12-24"
    );
    let long_ago = decide("healthy", "overridden", "2027-06-17T12:00:00Z");
    assert_eq!(
        long_ago["notes"],
        serde_json::json!([
            "the override of freeze by mo@example.com expired at the end of 2026-12-24 in Europe/Berlin"
        ])
    );
    let overridden = decide("healthy", "overridden", "2026-12-24T12:00:00Z");
    assert_eq!(overridden["notes"], serde_json::json!([]));
    let rule = &overridden["rules"][0];
    assert_eq!(rule["outcome"], "overridden", "{overridden:#}");
    assert_eq!(rule["holds"], true);
    assert_eq!(rule["overridden"]["by"], "mo@example.com");
    assert_eq!(rule["overridden"]["until"], "2026-12-24");
    assert_eq!(
        overridden["reasons"][0],
        "freeze would deny: 2026-12-20 to 2027-01-02 in Europe/Berlin: it is 2026-12-24; \
         mo@example.com bypasses it until the end of 2026-12-24: The tax change must go out."
    );
}
