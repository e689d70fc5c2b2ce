//! SLOs with an error budget for each route: routes with different traffic that come and go.

use std::collections::BTreeMap;

use nth_ledger::{Slice, SloKey};
use serde_json::Value;

use super::place::Place;
use super::scene::{DAY, END, LEDGER, Samples, UNTIL, arguments, availability, open, pull, slices};
use super::server::{nthc, project, start};
use super::support::programs::Running;

/// How long the routes are scraped.
const DAYS: i64 = 12;

/// When payments fail for half an hour, and when the new version of it is rolled out.
const INCIDENT: i64 = END - DAY;

const SERVICE: &str = "\
import std.http

team payments { slack = \"#payments\" }

service checkout {
  team     = payments
  selector = { job = \"checkout\" }

  slo availability : http.availability {
    objective   = 99.9%
    window      = 7d
    by          = [route]
    group_limit = LIMIT

    group pay { labels = { route = \"/pay\" }  objective = 99.99% }
  }
}
";

fn grouped(place: &Place, limit: usize) {
    project(place);
    let source = SERVICE.replace("LIMIT", &limit.to_string());
    place.write("checkout.nth", source);
}

/// What is scraped of two instances every minute. `/cart` has 60 requests a minute, of which two fail each hour. `/pay` is there since
/// four days and has six a minute, of which half fail in the incident. `/old` is gone since eight days.
fn samples(from: i64, until: i64) -> Samples {
    let mut samples = Samples::default();
    let start = END - DAYS * DAY;
    for instance in ["a", "b"] {
        let labels = format!("job=\"checkout\",instance=\"{instance}\"");
        let mut counts: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for minute in 0..=(until - start) / 60 {
            let at = start + minute * 60;
            let is_failing = at > INCIDENT && at <= INCIDENT + 1_800;
            let mut add = |route, good, bad| {
                *counts.entry((route, "200")).or_default() += good;
                *counts.entry((route, "500")).or_default() += bad;
            };
            let is_bad = i64::from(minute % 60 == 0);
            if minute > 0 {
                add("/cart", 30 - is_bad, is_bad);
                if at > END - 4 * DAY {
                    let bad = if is_failing { 2 } else { 0 };
                    add("/pay", 3 - bad, bad);
                }
                if at < END - 8 * DAY {
                    add("/old", 1, 0);
                }
            }
            if at < from {
                continue;
            }
            samples.add("up", &labels, 1, at);
            samples.add("process_start_time_seconds", &labels, start - 30, at);
            for ((route, status), value) in &counts {
                if *route == "/old" && at >= END - 8 * DAY {
                    continue;
                }
                let labels = format!("{labels},route=\"{route}\",status=\"{status}\"");
                samples.add("http_requests_total", &labels, *value, at);
            }
        }
    }
    // The rules were evaluated, and the alert of the route fired for half an hour; missing data is an alert of all routes.
    for minute in 0..=DAYS * 24 * 60 {
        let at = start + minute * 60;
        if at < from || at > until {
            continue;
        }
        let slo = "service=\"checkout\",slo=\"availability\"";
        samples.add(
            "slo:objective:ratio",
            &format!("{slo},route=\"/cart\",project=\"shop\""),
            1,
            at,
        );
        let firing = |name: &str, more: &str| {
            format!("{slo},alertname=\"{name}\",alertstate=\"firing\",severity=\"page\"{more}")
        };
        if at > INCIDENT + 300 && at <= INCIDENT + 1_800 {
            samples.add(
                "ALERTS",
                &firing("SLOErrorBudgetBurn", ",route=\"/pay\""),
                1,
                at,
            );
        }
        if at > END - 3 * DAY && at <= END - 3 * DAY + 600 {
            samples.add("ALERTS", &firing("SLOMetricAbsent", ""), 1, at);
        }
    }
    samples
}

fn server(place: &Place) -> Option<(Running, String)> {
    let running = start(place, &samples(END - DAYS * DAY, END).text())?;
    let url = format!("http://{}", running.address());
    Some((running, url))
}

fn group(route: &str) -> SloKey {
    SloKey {
        group: BTreeMap::from([("route".to_owned(), route.to_owned())]),
        ..availability(None)
    }
}

const SINCE: [&str; 2] = ["--since", "12d"];

fn sums(slices: &[Slice]) -> (f64, f64, i64) {
    slices
        .iter()
        .fold((0.0, 0.0, 0), |(bad, total, seen), slice| {
            (
                bad + slice.bad,
                total + slice.total,
                seen + i64::from(slice.seen),
            )
        })
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    let ran = nthc(place, &[arguments, &["--format", "json"]].concat());
    assert_eq!(ran.code, 0, "{ran:?}");
    serde_json::from_str(&ran.out).unwrap()
}

#[test]
fn each_group_has_its_slices_and_its_objective() {
    let (place, other) = (Place::new(), Place::new());
    grouped(&place, 40);
    let Some((_server, url)) = server(&other) else {
        return;
    };
    let first = pull(&place, &url, &SINCE);
    assert_eq!(
        (&first["slos"], &first["groups"]),
        (&1.into(), &3.into()),
        "{first}"
    );
    assert_eq!(first["unseen"], Value::Array(Vec::new()));
    let before = slices(&place, LEDGER);
    let keys: Vec<&SloKey> = before.keys().collect();
    assert_eq!(keys, [&group("/cart"), &group("/old"), &group("/pay")]);
    let (bad, total, seen) = sums(&before[&group("/cart")]);
    let minutes = (DAYS * 24 * 60) as f64;
    assert_eq!((bad, total), (2.0 * 24.0 * 12.0, 60.0 * minutes));
    assert!(seen >= DAYS * DAY - 120, "{seen}");
    // A route counts from its first sample on, also what it counted before, since its targets were there.
    let pay = &before[&group("/pay")];
    assert_eq!(sums(pay).0, 120.0);
    assert_eq!(sums(pay).1, 6.0 * 4.0 * 24.0 * 60.0);
    assert_eq!(pay.len(), 4 * 288, "{:?}", pay.first());
    // What is gone is unknown since then, not good.
    let old = &before[&group("/old")];
    assert!(
        old.iter().all(|slice| slice.start < END - 8 * DAY),
        "{:?}",
        old.last()
    );
    assert_eq!(old.len(), 4 * 288);

    let again = pull(&place, &url, &SINCE);
    assert_eq!(
        (&again["new"], &again["corrected"]),
        (&0.into(), &0.into()),
        "{again}"
    );
    assert_eq!(slices(&place, LEDGER), before);
    let mut store = open(&place, LEDGER);
    let mut objective = |route: &str| {
        let versions = store.objectives(&group(route)).unwrap();
        let [only] = versions.as_slice() else {
            panic!("{versions:?}")
        };
        // Also of a route that is new.
        assert_eq!(only.valid_from, END - DAYS * DAY);
        only.objective.to_string()
    };
    assert_eq!(["/cart", "/pay"].map(&mut objective), ["0.999", "0.9999"]);
    // A route that is gone was read nevertheless.
    assert_eq!(store.watermark(&group("/old")).unwrap(), Some(END));
    let read = store.read_interval(&group("/pay")).unwrap().unwrap();
    assert_eq!(read.from, END - 4 * DAY);

    // The same in many parts.
    let parts = ["--since", "12d", "--chunk", "7h", "--ledger", "parts.db"];
    pull(&place, &url, &parts);
    assert_eq!(slices(&place, "parts.db"), before);
}

#[test]
fn what_is_read_of_groups() {
    let (place, other) = (Place::new(), Place::new());
    grouped(&place, 40);
    let Some((_server, url)) = server(&other) else {
        return;
    };
    let human = nthc(&place, &arguments(&url, &SINCE));
    let status = nthc(&place, &["ledger", "status"]);
    let deploy = [
        "deploys",
        "record",
        "--service",
        "checkout",
        "--version",
        "v2",
        "--previous",
        "v1",
        "--started",
        "2026-10-30T23:55:00Z",
        "--finished",
        "2026-10-31T00:10:00Z",
    ];
    let deployed = nthc(&place, &deploy);
    let report = nthc(&place, &["report", "--period", "2026-W44"]);
    let incidents = nthc(&place, &["incidents", "--since", "12d", "--until", UNTIL]);
    let mut history = vec!["budget", "--history", "--at", UNTIL, "--since", "2d"];
    let days = nthc(&place, &history);
    history.extend(["--format", "json"]);
    let document: Value = serde_json::from_str(&nthc(&place, &history).out).unwrap();
    assert_eq!(
        document["objectives"][0]["group"]["route"], "/cart",
        "{document}"
    );
    let what_if = |slo: &str| {
        let ran = nthc(
            &place,
            &["what-if", slo, "--objective", "99.5%", "--since", "2d"],
        );
        format!("exit code {}\n{}{}", ran.code, ran.out, ran.err)
    };
    let all = [
        human.out + &human.err,
        status.out,
        deployed.out + &deployed.err,
        report.out + &report.err,
        incidents.out,
        days.out,
        what_if("checkout.availability"),
        what_if("checkout.availability{route=\"/pay\"}"),
        what_if("checkout.availability{route=\"/paid\"}"),
    ];
    insta::assert_snapshot!(all.join("\n---\n\n"));
}

#[test]
fn a_report_has_the_groups_as_data() {
    let (place, other) = (Place::new(), Place::new());
    grouped(&place, 40);
    let Some((_server, url)) = server(&other) else {
        return;
    };
    pull(&place, &url, &SINCE);
    let report = json(&place, &["report", "--period", "2026-W44"]);
    let slos = report["slos"].as_array().unwrap();
    let routes: Vec<&str> = { slos.iter() }
        .map(|slo| slo["slo"]["group"]["route"].as_str().unwrap())
        .collect();
    // The worst first; the one that is gone had no data in this week.
    assert_eq!(routes, ["/pay", "/cart"], "{report}");
    let absent = report["groups_without_data"].as_array().unwrap();
    assert_eq!(absent.len(), 1);
    assert_eq!(absent[0]["group"]["route"], "/old");
    // The page of the route is its own; that about missing data belongs to each group, and counts once for the team.
    let pages = |slo: &Value| slo["pages"]["all"].as_u64();
    assert_eq!([pages(&slos[0]), pages(&slos[1])], [Some(2), Some(1)]);
    let team = &report["teams"][0];
    assert_eq!(team["pages"]["all"], 2, "{team}");
    assert_eq!(
        (&team["slos"], &team["missed"]),
        (&1.into(), &1.into()),
        "{team}"
    );
    let html = nthc(
        &place,
        &["report", "--period", "2026-W44", "--html", "report.html"],
    );
    assert_eq!(html.code, 0, "{html:?}");
    let page = place.read("report.html");
    assert!(page.contains("1 SLO: "), "{page}");
    assert!(
        page.contains("checkout/availability{route=&quot;/pay&quot;}"),
        "{page}"
    );
    assert!(
        page.contains("1 group had no data in this time: "),
        "{page}"
    );
}

#[test]
fn more_groups_than_the_limit_are_not_counted() {
    let (place, other) = (Place::new(), Place::new());
    grouped(&place, 1);
    let Some((_server, url)) = server(&other) else {
        return;
    };
    let ran = nthc(&place, &arguments(&url, &SINCE));
    assert_eq!(ran.code, 0, "{ran:?}");
    let too_many = "warning: checkout.availability has 2 groups in an SLO window, and `group_limit` is 1: nothing more was read of it\n";
    assert!(ran.err.contains(too_many), "{ran:?}");
    // Until the second route within a window, everything is there; later, nothing.
    let of_file = |file| slices(&place, file);
    assert!(
        of_file(LEDGER).is_empty(),
        "two routes from the beginning on"
    );
    // With a higher limit, the next pull reads what is missing.
    grouped(&place, 3);
    let report = pull(&place, &url, &SINCE);
    assert_eq!(report["groups"], 3, "{report}");
    assert!(report.get("too_many_groups").is_none(), "{report}");
    assert_eq!(of_file(LEDGER)[&group("/pay")].len(), 4 * 288);
}

#[test]
fn an_slo_that_gets_groups_keeps_its_past_and_says_so() {
    let (place, other) = (Place::new(), Place::new());
    grouped(&place, 40);
    let Some((_server, url)) = server(&other) else {
        return;
    };
    let by = "    by          = [route]\n    group_limit = 40\n\n    group pay { labels = { route = \"/pay\" }  objective = 99.99% }\n";
    let with = place.read("checkout.nth");
    assert!(with.contains(by));
    place.write("checkout.nth", with.replace(by, ""));
    pull(&place, &url, &SINCE);
    place.write("checkout.nth", with);
    pull(&place, &url, &SINCE);
    let all = slices(&place, LEDGER);
    assert_eq!(all.len(), 4, "{:?}", all.keys());
    // The groups together are the SLO as it was.
    let groups = ["/cart", "/old", "/pay"].map(|route| sums(&all[&group(route)]));
    let whole = sums(&all[&availability(None)]);
    let total = |at: fn((f64, f64, i64)) -> f64| groups.into_iter().map(at).sum::<f64>();
    assert_eq!((total(|one| one.0), total(|one| one.1)), (whole.0, whole.1));
    let ran = nthc(&place, &["report", "--period", "2026-W44"]);
    assert!(
        ran.err.contains(
            "note: checkout.availability is in the ledger and no longer in the project: it is not in the report\n"
        ),
        "{ran:?}"
    );
}

#[test]
fn a_gate_reads_the_worst_group_of_the_ledger() {
    let (place, other) = (Place::new(), Place::new());
    grouped(&place, 40);
    let gate = "
  gate production {
    on_no_data = deny
    deny little_left { when = budget(availability) < 50% }
  }
}
";
    let source = place.read("checkout.nth");
    place.write(
        "checkout.nth",
        source.strip_suffix("}\n").unwrap().to_owned() + gate,
    );
    let Some((_server, url)) = server(&other) else {
        return;
    };
    pull(&place, &url, &SINCE);
    let ran = nthc(
        &place,
        &[
            "gate",
            "check",
            "checkout",
            "--prometheus",
            &url,
            "--at",
            UNTIL,
            "--ledger",
            LEDGER,
        ],
    );
    assert_eq!(ran.code, 2, "{ran:?}");
    insta::assert_snapshot!(format!("{}{}", ran.out, ran.err));
}

const KINDS: &str = "\
import std.http

team payments { slack = \"#payments\" }

service orders {
  team     = payments
  selector = { job = \"orders\" }

  slo freshness {
    objective = 99%
    by        = [queue]
    sli : time-slices { good = `min by (queue) (queue_age) < 10` }
  }

  slo provider {
    objective = 99%
    by        = [region]
    sli : error-ratio { ratio = `max by (region) (avg_over_time(failure_ratio[$window]))` }
  }

  slo latency : http.latency(under: 500ms) { objective = 99%  by = [route] }

  slo instances : http.availability { objective = 99%  by = [instance] }
}
";

/// What is recorded and scraped of a day: a queue that is old in each tenth minute and one that begins at noon, two regions, a route
/// without the bucket of the SLO and requests without a route, and an instance that is down in the second half.
fn kinds() -> Samples {
    let mut samples = Samples::default();
    let from = END - DAY;
    for minute in 0..=DAY / 60 {
        let at = from + minute * 60;
        let age = if minute % 10 == 0 { 60 } else { 1 };
        samples.add("queue_age", "job=\"orders\",queue=\"old\"", age, at);
        if minute >= 720 {
            samples.add("queue_age", "job=\"orders\",queue=\"new\"", 1, at);
        }
        let histogram = |name: &str, route: &str, le: &str| {
            let le = if name.ends_with("_bucket") {
                format!(",le=\"{le}\"")
            } else {
                String::new()
            };
            format!("job=\"orders\",instance=\"a\"{route}{le}")
        };
        for (route, bucket) in [
            ("", "0.5"),
            (",route=\"/slow\"", "0.5"),
            (",route=\"/bare\"", "0.25"),
        ] {
            let good = if route.contains("slow") {
                minute * 9
            } else {
                minute * 10
            };
            let bucket_name = "http_request_duration_seconds_bucket";
            samples.add(
                bucket_name,
                &histogram(bucket_name, route, bucket),
                good,
                at,
            );
            samples.add(
                bucket_name,
                &histogram(bucket_name, route, "+Inf"),
                minute * 10,
                at,
            );
            let count = "http_request_duration_seconds_count";
            samples.add(count, &histogram(count, route, ""), minute * 10, at);
        }
        for instance in ["a", "b"] {
            let is_down = instance == "b" && minute > 720;
            let labels = format!("job=\"orders\",instance=\"{instance}\"");
            samples.add("up", &labels, i64::from(!is_down), at);
            if !is_down {
                let labels = format!("{labels},status=\"200\"");
                samples.add("http_requests_total", &labels, minute * 10, at);
            }
        }
    }
    for slice in 1..=DAY / 180 {
        let at = from + slice * 180;
        for (region, bad) in [("eu", 3), ("us", 0)] {
            let labels =
                format!("project=\"shop\",service=\"orders\",slo=\"provider\",region=\"{region}\"");
            samples.add("slo:sli_bad_events:increase3m", &labels, bad, at);
            samples.add("slo:sli_total_events:increase3m", &labels, 180, at);
            samples.add("slo:sli_known_time:seconds", &labels, 180, at);
        }
    }
    samples
}

#[test]
fn each_kind_of_sli_has_groups() {
    let (place, other) = (Place::new(), Place::new());
    project(&place);
    place.write("checkout.nth", KINDS);
    let Some(running) = start(&other, &kinds().text()) else {
        return;
    };
    let url = format!("http://{}", running.address());
    let report = pull(&place, &url, &["--since", "1d"]);
    let all = slices(&place, LEDGER);
    let groups: BTreeMap<String, (f64, f64, i64)> = { all.iter() }
        .map(|(key, slices)| {
            let labels: Vec<&str> = key.group.values().map(String::as_str).collect();
            (format!("{} {}", key.slo, labels.join(" ")), sums(slices))
        })
        .collect();
    let known: Vec<&str> = groups.keys().map(String::as_str).collect();
    assert_eq!(
        known,
        [
            "freshness new",
            "freshness old",
            "instances a",
            "instances b",
            // Requests without a route are a group, and a route without the bucket is unknown.
            "latency ",
            "latency /slow",
            "provider eu",
            "provider us",
        ],
        "{report}"
    );
    let near = |found: f64, expected: f64| (found / expected - 1.0).abs() < 0.02;
    let (bad, total, seen) = groups["freshness old"];
    assert!(
        near(bad, 144.0) && near(total, 1_440.0) && near(seen as f64, 86_400.0),
        "{groups:?}"
    );
    let (bad, total, _) = groups["freshness new"];
    assert!(bad == 0.0 && near(total, 720.0), "{groups:?}");
    let (bad, total, _) = groups["provider eu"];
    assert!(near(bad / total, 3.0 / 180.0), "{groups:?}");
    assert_eq!(groups["provider us"].0, 0.0);
    let (bad, total, _) = groups["latency /slow"];
    assert!(near(bad, 1_440.0) && near(total, 14_400.0), "{groups:?}");
    assert_eq!(groups["latency "].0, 0.0);
    // The time of an instance is its own: the other one is up all day.
    let (seen_a, seen_b) = (groups["instances a"].2, groups["instances b"].2);
    assert!(
        near(seen_a as f64, 86_400.0) && near(seen_b as f64, 43_200.0),
        "{groups:?}"
    );
    // The parts without a group of the same name have a name that can be told from it.
    let status = nthc(&place, &["ledger", "status"]);
    assert!(
        status.out.contains("orders.latency{route=\"\"}"),
        "{status:?}"
    );
}
