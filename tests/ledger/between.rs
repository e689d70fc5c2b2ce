//! Groups, calendar windows and exclusions together, with a gap, a route that is new, a partial answer and a second project.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use nth_ledger::{Slice, SloKey};
use serde_json::Value;

use super::place::Place;
use super::scene::{DAY, END, Samples, slices};
use super::server::{forward, nthc, start};
use super::support::loopback::{Loopback, answer};
use super::support::programs::Running;

/// When everything is asked, an hour before October ends in Berlin: 2026-10-31T22:00:00Z.
const AT: &str = "2026-10-31T22:00:00Z";
const NOW: i64 = END - 2 * HOUR;

const HOUR: i64 = 3_600;

/// How long is scraped, in days.
const DAYS: i64 = 12;

/// When nothing is scraped for two hours.
const GAP: i64 = END - 6 * DAY;

/// When the new route fails for half an hour, of which a quarter of an hour is excluded: 2026-10-31T00:00:00Z.
const INCIDENT: i64 = END - DAY;

/// The hours of October in Berlin, which has one more than others.
const OCTOBER: f64 = 745.0;

const SHOP: &str = "\
import std.http

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability {
    objective = 99.9%
    calendar  = month
    zone      = \"Europe/Berlin\"
    by        = [route]

    group pay { labels = { route = \"/pay\" }  objective = 99.99% }
    contract partners { with = \"Partners\"  objective = 99.9% }
  }

  gate production { deny little_left { when = budget(availability) < 50% } }
}

exclude migration {
  from   = \"2026-10-31 01:00\"
  until  = \"2026-10-31 01:15\"
  zone   = \"Europe/Berlin\"
  reason = \"a migration\"
  by     = payments
}
";

const MARKET: &str = "\
import std.http

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"market\" }

  slo availability : http.availability { objective = 99.9%  by = [route] }
}
";

/// Two projects with a service of the same name, for the same Prometheus.
fn projects() -> Place {
    let place = Place::new();
    for (name, source) in [("shop", SHOP), ("market", MARKET)] {
        let manifest = format!(
            "[project]\nname = \"{name}\"\nshared = true\n\n[prometheus]\ninterval = \"1m\"\nscrape_interval = \"1m\"\n"
        );
        place.write(&format!("{name}/nth.toml"), manifest);
        place.write(&format!("{name}/main.nth"), source);
    }
    place
}

/// What is scraped every minute. `/cart` has 60 requests a minute, of which one of each hour fails; in the market, half of them fail.
/// `/pay` is there since four days and has six a minute, of which four fail in the incident.
fn samples() -> Samples {
    let mut samples = Samples::default();
    let start = END - DAYS * DAY;
    for (job, instance) in [("checkout", "a"), ("market", "m")] {
        let labels = format!("job=\"{job}\",instance=\"{instance}\"");
        let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for minute in 0..=DAYS * 24 * 60 {
            let at = start + minute * 60;
            let mut add = |route, good, bad| {
                *counts.entry((route, "200")).or_default() += good;
                *counts.entry((route, "500")).or_default() += bad;
            };
            match job {
                "market" => add("/cart", 30, 30),
                _ => {
                    let bad = i64::from(minute % 60 == 30);
                    add("/cart", 60 - bad, bad);
                    if at > END - 4 * DAY {
                        let is_failing = at > INCIDENT && at <= INCIDENT + 1_800;
                        let bad = if is_failing { 4 } else { 0 };
                        add("/pay", 6 - bad, bad);
                    }
                }
            }
            if at > GAP && at < GAP + 2 * HOUR {
                continue;
            }
            samples.add("up", &labels, 1, at);
            samples.add("process_start_time_seconds", &labels, start - 30, at);
            for ((route, status), value) in &counts {
                let labels = format!("{labels},route=\"{route}\",status=\"{status}\"");
                samples.add("http_requests_total", &labels, *value, at);
            }
        }
    }
    samples
}

fn server(place: &Place) -> Option<(Running, String)> {
    let running = start(place, &samples().text())?;
    let url = format!("http://{}", running.address());
    Some((running, url))
}

fn group(project: &str, route: &str) -> SloKey {
    SloKey {
        project: project.to_owned(),
        environment: None,
        service: "checkout".to_owned(),
        slo: "availability".to_owned(),
        group: BTreeMap::from([("route".to_owned(), route.to_owned())]),
    }
}

fn pull_arguments<'a>(project: &'a str, url: &'a str) -> Vec<&'a str> {
    vec![
        "--project",
        project,
        "ledger",
        "pull",
        "--prometheus",
        url,
        "--until",
        AT,
        "--since",
        "12d",
        "--ledger",
        "book.db",
    ]
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    let ran = nthc(place, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

fn near(found: &Value, expected: f64) {
    let found = found
        .as_f64()
        .unwrap_or_else(|| panic!("{found} is no number"));
    assert!((found - expected).abs() < 0.01, "{found}, not {expected}");
}

/// The last day of each group in the history of a project.
fn history(place: &Place, project: &str) -> BTreeMap<String, Value> {
    let document = json(
        place,
        &[
            "--project",
            project,
            "budget",
            "--history",
            "--at",
            AT,
            "--since",
            "2d",
            "--ledger",
            "book.db",
        ],
    );
    let all = document["objectives"].as_array().unwrap().iter();
    all.map(|slo| {
        let route = slo["group"]["route"].as_str().unwrap().to_owned();
        let days = slo["days"].as_array().unwrap();
        (route, days.last().unwrap().clone())
    })
    .collect()
}

#[test]
fn groups_of_a_month_with_an_exclusion_a_gap_and_another_project() {
    let (place, other) = (projects(), Place::new());
    let Some((_server, url)) = server(&other) else {
        return;
    };
    json(&place, &pull_arguments("shop", &url));
    let all = slices(&place, "book.db");
    let sum = |slices: &[Slice]| slices.iter().map(|slice| slice.bad).sum::<f64>();
    // A gap of more than an hour is unknown, and what happened in it is not counted.
    let cart = &all[&group("shop", "/cart")];
    let in_gap = |slice: &&Slice| (GAP + 300..GAP + 2 * HOUR - 300).contains(&slice.start);
    assert!(cart.iter().filter(in_gap).all(|slice| slice.seen == 0));
    let hours = (NOW - (END - DAYS * DAY)) / HOUR;
    assert_eq!(sum(cart), (hours - 2) as f64);
    assert_eq!(sum(&all[&group("shop", "/pay")]), 120.0);

    let shop = history(&place, "shop");
    let pay = &shop["/pay"];
    // The route is known for 94 hours of the month, of which a quarter is excluded with half of the bad events. What is unknown, and
    // what is to come, consumes nothing.
    let spent = |bad: f64, hours: f64, month: f64| bad / (hours * 360.0) * hours / month / 0.0001;
    near(&pay["left"], 1.0 - spent(60.0, 93.75, OCTOBER - 0.25));
    near(&pay["left_gross"], 1.0 - spent(120.0, 94.0, OCTOBER));
    let spent_by_cart = 1.0 / 3_600.0 * (hours - 2) as f64 / OCTOBER / 0.001;
    near(&shop["/cart"]["left"], 1.0 - spent_by_cart);

    // Another project with a service of the same name, in the same ledger.
    json(&place, &pull_arguments("market", &url));
    assert_eq!(history(&place, "shop"), shop);
    let market = history(&place, "market");
    assert_eq!(market.keys().collect::<Vec<_>>(), ["/cart"]);
    assert!(
        market["/cart"]["left"].as_f64().unwrap() < -100.0,
        "{market:?}"
    );

    let report = |project: &str| {
        json(
            &place,
            &[
                "--project",
                project,
                "report",
                "--month",
                "2026-10",
                "--zone",
                "Europe/Berlin",
                "--ledger",
                "book.db",
            ],
        )
    };
    let shop = report("shop");
    let slos = shop["slos"].as_array().unwrap();
    let [pay, cart] = slos.as_slice() else {
        panic!("{shop:#}")
    };
    assert_eq!(pay["slo"]["group"]["route"], "/pay");
    assert_eq!(
        (&pay["calendar"], &pay["objective"]),
        (&"month".into(), &"0.9999".into())
    );
    assert_eq!(pay["exclusions"][0]["name"], "migration", "{pay:#}");
    // As much was taken out as is left.
    let taken_out = pay["account"]["taken_out_ms"].as_f64().unwrap();
    let consumed = pay["account"]["spent_ms"].as_f64().unwrap();
    assert!((taken_out / consumed - 1.0).abs() < 0.02, "{pay:#}");
    let unseen =
        cart["coverage"]["seconds"].as_i64().unwrap() - cart["coverage"]["seen"].as_i64().unwrap();
    // The days before the ledger begins, and the gap.
    let before = (END - DAYS * DAY) - (END - 31 * DAY - 2 * HOUR);
    assert!(
        (unseen - before - 2 * HOUR).abs() <= 600,
        "{unseen} {cart:#}"
    );
    assert_eq!(report("market")["slos"].as_array().unwrap().len(), 1);

    // A contract is judged for each group: the month has not ended, and neither has broken it.
    for (slo, bad) in [(pay, 60.0 / (93.75 * 360.0)), (cart, 1.0 / 3_600.0)] {
        let [contract] = slo["contracts"].as_array().unwrap().as_slice() else {
            panic!("{slo:#}")
        };
        assert_eq!(contract["slo"], slo["slo"]);
        assert_eq!(contract["kept"], "open", "{contract:#}");
        let measured = contract["measured"].as_f64().unwrap();
        assert!((measured - (1.0 - bad)).abs() < 5e-5, "{contract:#}");
    }

    // The gate reads the worst group.
    let ran = nthc(
        &place,
        &[
            "--project",
            "shop",
            "gate",
            "check",
            "checkout",
            "--gate",
            "production",
            "--prometheus",
            &url,
            "--at",
            AT,
            "--ledger",
            "book.db",
        ],
    );
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.out.contains("availability{route=\"/pay\"}"), "{ran:?}");
    assert!(ran.out.contains("at most -12"), "{ran:?}");
}

#[test]
fn a_partial_answer_records_no_group() {
    let (place, other) = (projects(), Place::new());
    let Some((_server, url)) = server(&other) else {
        return;
    };
    json(&place, &pull_arguments("shop", &url));
    let whole = slices(&place, "book.db");
    // The samples of one selector, of the first chunk or a later one, are not complete.
    for partial in [0, 9] {
        let file = format!("partial-{partial}.db");
        let count = AtomicUsize::new(0);
        let target = url.clone();
        let between = Loopback::new(move |request| {
            let is_samples = request.body.contains("http_requests_total");
            if is_samples && count.fetch_add(1, Ordering::SeqCst) == partial {
                let body = r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#;
                return answer("200 OK", "Content-Type: application/json\r\n", body);
            }
            forward(&target, request)
        });
        let pull = |url: &str| {
            let mut arguments = pull_arguments("shop", url);
            *arguments.last_mut().unwrap() = &file;
            nthc(&place, &arguments)
        };
        let ran = pull(&between.url);
        assert_eq!(ran.code, 3, "{ran:?}");
        assert!(ran.err.contains("http_requests_total"), "{ran:?}");
        // Then, everything is read as if nothing had happened.
        let ran = pull(&url);
        assert_eq!(ran.code, 0, "{ran:?}");
        assert_eq!(slices(&place, &file), whole, "{partial}");
    }
}

#[test]
fn a_group_without_a_part_of_the_numbers_is_unknown_in_nthc_budget() {
    let (place, other) = (projects(), Place::new());
    let mut samples = Samples::default();
    let mut add = |project: &str, route: &str, names: &[&'static str]| {
        let labels = format!(
            "project=\"{project}\",service=\"checkout\",slo=\"availability\",route=\"{route}\""
        );
        for name in names {
            let value = i64::from(name.contains("coverage"));
            samples.add(name, &labels, value, NOW - 60);
        }
    };
    let window = ["slo:sli_error:ratio_rate30d", "slo:sli_coverage:ratio30d"];
    let recent = ["slo:sli_error:ratio_rate1h", "slo:sli_coverage:ratio1h"];
    add("market", "/cart", &[window, recent].concat());
    // A ratio without its coverage, a route without events, and one of which only the recent window is known.
    add("market", "/bare", &window[..1]);
    add("market", "/quiet", &window[1..]);
    add("market", "/new", &recent);
    add("shop", "/of-another-project", &[window, recent].concat());
    let Some(server) = start(&other, &samples.text()) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let arguments = [
        "--project",
        "market",
        "budget",
        "--prometheus",
        &url,
        "--at",
        AT,
    ];
    let document = json(&place, &arguments);
    let rows = document["objectives"].as_array().unwrap().iter();
    let known: BTreeMap<&str, (bool, bool)> = rows
        .map(|row| {
            let route = row["group"]["route"].as_str().unwrap();
            (
                route,
                (row["budget_left"].is_string(), row["burn_rate"].is_string()),
            )
        })
        .collect();
    let expected = [
        ("/bare", (false, false)),
        ("/cart", (true, true)),
        ("/new", (false, true)),
        ("/quiet", (false, false)),
    ];
    assert_eq!(known, BTreeMap::from(expected), "{document:#}");
    let ran = nthc(&place, &arguments);
    insta::assert_snapshot!(format!("{}{}", ran.out, ran.err));
}
