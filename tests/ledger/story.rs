//! A month as people read it: incidents, deployments, the report, another objective.

use nth_ledger::{Deployment, Location, NamedIncident, Store, StoreOptions};
use serde_json::Value;

use super::exact::pull;
use super::month::{START, month};
use super::place::{Place, Ran};
use super::server::{nthc, project, start};

const DAY: i64 = 86_400;

/// When the bad deployment began, and when it was rolled back.
const BAD: [i64; 2] = [START + 17 * DAY + 54_600, START + 17 * DAY + 60_000];

/// Three deployments a weekday, of which one is bad.
fn deployments() -> Vec<Deployment> {
    let mut all = Vec::new();
    for day in 8..30 {
        for (number, hour) in [10, 13, 16].into_iter().enumerate() {
            let started = START + day * DAY + hour * 3_600 + 600;
            all.push((started, None, format!("v{day}.{number}")));
        }
    }
    all.push((BAD[0], Some(BAD[1]), "v17.bad".to_owned()));
    all.sort();
    let versions: Vec<String> = all.iter().map(|(_, _, version)| version.clone()).collect();
    all.into_iter()
        .enumerate()
        .map(|(number, (started, rolled_back, version))| Deployment {
            key: format!("pipeline/{version}"),
            project: "shop".into(),
            environment: None,
            service: "checkout".into(),
            started,
            finished: Some(started + 240),
            previous: number
                .checked_sub(1)
                .and_then(|before| versions.get(before))
                .cloned(),
            version: Some(version),
            source: "pipeline".into(),
            url: None,
            by: None,
            rolled_back,
        })
        .collect()
}

fn run(place: &Place, arguments: &[&str]) -> Ran {
    let ran = nthc(place, arguments);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

#[test]
fn a_month_is_told() {
    let place = Place::new();
    project(&place);
    place.replace(
        "checkout.nth",
        "service checkout {",
        "exclude load-test {\n  covers = [checkout]\n  from   = \"2026-10-20 01:00\"\n  until  = \"2026-10-20 02:00\"\n  zone   = \"UTC\"\n  reason = \"load test of the new cluster\"\n  by     = payments\n}\n\nservice checkout {",
    );
    let month = month();
    let Some(server) = start(&place, &month.samples) else {
        return;
    };
    pull(&place, &format!("http://{}", server.address()), &[]);
    let location = Location::parse(&place.path("nth.ledger.db").to_string_lossy()).unwrap();
    let mut store = Store::open(&location, &StoreOptions::default()).unwrap();
    for deployment in deployments() {
        store.record_deployment(&deployment).unwrap();
    }
    let outage = START + 5 * DAY + 40_000;
    store
        .record_incident(&NamedIncident {
            id: "INC-7".into(),
            project: "shop".into(),
            environment: None,
            services: vec!["checkout".into()],
            title: "database failover".into(),
            from: outage,
            until: Some(outage + 2_400),
            url: None,
            by: None,
        })
        .unwrap();
    drop(store);

    let incidents = run(&place, &["incidents", "--until", "2026-11-01T00:00:00Z"]);
    insta::assert_snapshot!("incidents", incidents.out);
    let deploys = run(&place, &["deploys", "--since", "60d", "--format", "json"]);
    let document: Value = serde_json::from_str(&deploys.out).unwrap();
    let judged: Vec<String> = { document["deployments"].as_array().unwrap().iter() }
        .filter(|one| !one["judgment"].is_null())
        .map(|one| format!("{} {}", one["version"], one["judgment"]))
        .collect();
    insta::assert_snapshot!("judged", judged.join("\n"));
    let report = run(
        &place,
        &["report", "--month", "2026-10", "--html", "report.html"],
    );
    insta::assert_snapshot!("report", report.out);
    assert!(place.read("report.html").contains("INC-7"));
    let again = run(&place, &["report", "--month", "2026-10"]);
    assert_eq!(again.out, report.out);
    let history = [
        "budget",
        "--history",
        "--at",
        "2026-11-01T00:00:00Z",
        "--since",
        "30d",
    ];
    let history = run(&place, &history);
    insta::assert_snapshot!("budget_history", history.out);
    // An SLO that is renamed is not forgotten in silence.
    let renamed = place
        .read("checkout.nth")
        .replace("slo availability", "slo answers");
    let old = place.read("checkout.nth");
    place.write("checkout.nth", renamed);
    let gone = run(&place, &["report", "--month", "2026-10"]);
    let note = "note: checkout.availability is in the ledger and no longer in the project";
    assert!(gone.err.contains(note), "{gone:?}");
    place.write("checkout.nth", old);
    let what_if = run(
        &place,
        &["what-if", "checkout.availability", "--objective", "99.5%"],
    );
    insta::assert_snapshot!("what_if", what_if.out);
    let json = run(
        &place,
        &["report", "--month", "2026-10", "--format", "json"],
    );
    let document: Value = serde_json::from_str(&json.out).unwrap();
    let account = &document["slos"][0]["account"];
    let part = |name: &str| {
        account[name]
            .as_i64()
            .unwrap_or_else(|| panic!("{name}: {account}"))
    };
    let parts: i64 = ["compared_ms", "onset_ms", "incidents_ms", "unexplained_ms"]
        .map(part)
        .iter()
        .sum();
    assert_eq!(parts, part("spent_ms"));
    assert_eq!(part("spent_ms") + part("left_ms"), part("budget_ms"));
}
