//! `nthc diff --prometheus`: a Prometheus with a backfilled month in which incidents were planted, and servers on loopback.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::month::{TO, month};
use super::place::{Place, Ran, run};
use super::support::loopback::{Loopback, answer};
use super::support::programs::{Running, fetch, find};
use super::support::promtool;

/// The shop of the month.
const SHOP: &str = include_str!("../backtest/shop.nth");

const MANIFEST: &str =
    "[project]\nname = \"shop\"\n\n[prometheus]\ninterval = \"1m\"\nscrape_interval = \"1m\"\n";

/// Writes two versions of the shop in the folders `old` and `new`.
fn versions(place: &Place, old: &str, new: &str) {
    for (folder, text) in [("old", old), ("new", new)] {
        place.write(&format!("{folder}/nth.toml"), MANIFEST);
        place.write(&format!("{folder}/shop.nth"), text);
    }
}

fn replaced(text: &str, pairs: &[(&str, &str)]) -> String {
    pairs.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from}");
        text.replacen(from, to, 1)
    })
}

fn diff(place: &Place, url: &str, more: &[&str]) -> Ran {
    let mut all = vec!["diff", "./old", "./new", "--no-incidents"];
    all.extend(["--prometheus", url, "--at", TO]);
    all.extend(more);
    let mut command = place.command(&all);
    command.env("XDG_CACHE_HOME", place.path("caches"));
    for name in [
        "ALL_PROXY",
        "HTTP_PROXY",
        "all_proxy",
        "http_proxy",
        "NTH_PROMETHEUS_TOKEN",
        "NTH_PROMETHEUS_USER",
        "NTH_PROMETHEUS_PASSWORD",
    ] {
        command.env_remove(name);
    }
    run(&mut command)
}

fn json(ran: &Ran) -> Value {
    let document =
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
    let schema = jsonschema::validator_for(&nthc::diff::render::json::schema()).unwrap();
    let errors: Vec<String> = schema
        .iter_errors(&document)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
    document
}

/// The change of an id.
fn change<'d>(document: &'d Value, id: &str) -> &'d Value {
    let mut changes = document["changes"].as_array().unwrap().iter();
    changes
        .find(|change| change["id"] == id)
        .unwrap_or_else(|| panic!("no {id}: {document}"))
}

/// Starts a Prometheus with the month; `None` if a program is missing.
fn prometheus(place: &Place) -> Option<Running> {
    let program = find(&["prometheus"])?;
    if !promtool::available() {
        return None;
    }
    place.write("data/none", "");
    place.write("month.om", month());
    place.write(
        "month.yml",
        "global: { external_labels: { name: month } }\n",
    );
    let blocks = Command::new("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics", "--quiet"])
        .args(["--max-block-duration=1536h", "month.om", "data"])
        .current_dir(place.path("."))
        .output()
        .unwrap();
    assert!(blocks.status.success(), "{blocks:?}");
    Some(start(&program, place))
}

fn start(program: &Path, place: &Place) -> Running {
    let arguments = |port: u16| {
        vec![
            format!("--config.file={}", place.path("month.yml").display()),
            format!("--storage.tsdb.path={}", place.path("data").display()),
            "--storage.tsdb.retention.time=100y".to_owned(),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ]
    };
    Running::start(program, arguments, |port| {
        fetch(&format!("http://127.0.0.1:{port}/-/ready")).is_some()
    })
}

#[test]
fn a_month_says_what_changes_would_have_done() {
    let place = Place::new();
    let Some(server) = prometheus(&place) else {
        return;
    };
    let url = format!("http://{}", server.address());
    let lenient = [
        ("objective = 99.9%", "objective = 99%"),
        ("> 1000", "> 500"),
    ];
    versions(&place, SHOP, &replaced(SHOP, &lenient));
    let ran = diff(&place, &url, &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
    insta::assert_snapshot!("history", ran.out);
    assert!(ran.err.contains(" from the cache)"), "{ran:?}");

    // A second comparison asks nothing about the past again, and says the same.
    let again = diff(&place, &url, &[]);
    assert_eq!(again.out, ran.out);
    assert!(
        again.err.contains("30d of history (0 queries sent, "),
        "{again:?}"
    );
    let fresh = diff(&place, &url, &["--no-cache", "--format", "short"]);
    assert!(!fresh.err.contains("(0 queries sent"), "{fresh:?}");
    assert!(fresh.err.contains(", 0 from the cache)"), "{fresh:?}");
    insta::assert_snapshot!("history_short", fresh.out);

    let document = json(&diff(&place, &url, &["--format", "json"]));
    let history = &change(&document, "objective-lowered")["history"];
    assert_eq!(
        history["before"],
        serde_json::json!({ "pages": 1, "tickets": 1 })
    );
    assert_eq!(
        history["after"],
        serde_json::json!({ "pages": 0, "tickets": 0 })
    );
    assert_eq!(history["since"], "30d");
    assert_eq!(history["until"], TO);
    let threshold = &change(&document, "alert-threshold-tightened")["history"];
    assert_eq!(threshold["before"]["pages"], 0);
    assert_eq!(threshold["after"]["pages"], 1);

    // The evening of many orders is not in the last days.
    let recent = json(&diff(&place, &url, &["--format", "json", "--since", "3d"]));
    let threshold = &change(&recent, "alert-threshold-tightened")["history"];
    assert_eq!(threshold["since"], "3d");
    assert_eq!(threshold["after"]["pages"], 0);
    assert_eq!(threshold["incomplete"], Value::Null);

    environments_are_counted_together(&place, &url);
    names_may_change(&place, &url);
}

/// One environment has the month, the other has nothing.
fn environments_are_counted_together(place: &Place, url: &str) {
    let both =
        "\nenvironment production { }\nenvironment staging { selector = { env = \"staging\" } }\n";
    let old = format!("{SHOP}{both}");
    versions(place, &old, &replaced(&old, &[("> 1000", "> 500")]));
    let document = json(&diff(place, url, &["--format", "json"]));
    let found = change(&document, "alert-threshold-tightened");
    assert_eq!(
        found["environments"],
        serde_json::json!(["production", "staging"])
    );
    assert_eq!(found["history"]["after"]["pages"], 1, "{found}");
    let incomplete = found["history"]["incomplete"].as_str().unwrap();
    assert_eq!(incomplete, "no history in `staging`");
    // The old version is that of staging.
    let one = [
        "--format",
        "json",
        "--env",
        "staging",
        "--env",
        "production",
    ];
    let document = json(&diff(place, url, &one));
    let found = change(&document, "alert-threshold-tightened");
    assert_eq!(found["history"]["after"]["pages"], 1, "{found}");
}

/// The service has another name.
fn names_may_change(place: &Place, url: &str) {
    let old = replaced(SHOP, &[("> 1000", "> 500")]);
    let renamed = [("service checkout", "service store"), ("> 500", "> 1000")];
    versions(place, &old, &replaced(&old, &renamed));
    let document = json(&diff(place, url, &["--format", "json"]));
    let loosened = change(&document, "alert-threshold-loosened");
    assert_eq!(loosened["subject"]["name"], "store.backlog");
    assert_eq!(loosened["history"]["before"]["pages"], 1, "{loosened}");
    assert_eq!(loosened["history"]["after"]["pages"], 0, "{loosened}");
    // A service that is gone does nothing.
    let (_, gone) = SHOP.split_once("service ledger").unwrap();
    versions(
        place,
        SHOP,
        &SHOP.replace(&format!("service ledger{gone}"), ""),
    );
    let document = json(&diff(place, url, &["--format", "json"]));
    let removed = change(&document, "service-removed");
    assert_eq!(removed["history"]["before"]["pages"], 1, "{removed}");
    assert_eq!(removed["history"]["after"]["pages"], 0, "{removed}");
}

const GATE: &str =
    "  gate release {\n    deny spent { when = budget(availability) < 5% }\n  }\n\n  slo latency";

/// A server with `value` for each fact, and without history.
fn facts(value: Option<&'static str>) -> Loopback {
    Loopback::new(move |request| {
        let body = if request.line.contains("/query_range") {
            r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#.to_owned()
        } else {
            let time = request.time();
            let is_known = |value| {
                if request.body.contains("coverage") {
                    "1"
                } else {
                    value
                }
            };
            let sample = value
                .map(is_known)
                .map(|value| format!(r#"{{"metric":{{}},"value":[{time},"{value}"]}}"#));
            let sample = sample.unwrap_or_default();
            format!(
                r#"{{"status":"success","data":{{"resultType":"vector","result":[{sample}]}}}}"#
            )
        };
        answer("200 OK", "Content-Type: application/json\r\n", body)
    })
}

#[test]
fn a_changed_gate_is_evaluated_with_both_versions() {
    let place = Place::new();
    let old = replaced(SHOP, &[("  slo latency", GATE)]);
    versions(
        &place,
        &old,
        &replaced(&old, &[("< 5%", "< 20%"), ("> 1000", "> 500")]),
    );
    let server = facts(Some("0.1"));
    let ran = diff(&place, &server.url, &["--all"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    insta::assert_snapshot!("gate_now", ran.out);
    let document = json(&diff(&place, &server.url, &["--format", "json"]));
    let numbers = &document["services"][0]["numbers"];
    let numbers = numbers.as_array().unwrap().iter();
    let gate: Vec<&Value> = numbers
        .filter(|number| number["name"] == format!("gate `release` at {TO}"))
        .collect();
    let [gate] = gate.as_slice() else {
        panic!("{document}");
    };
    assert_eq!(gate["before"], "allow");
    let after = gate["after"].as_str().unwrap();
    assert!(after.starts_with("deny: spent denies: "), "{after}");
    let threshold = &change(&document, "alert-threshold-tightened")["history"];
    assert_eq!(threshold["incomplete"], "no history", "{threshold}");

    // Without data, the verdict says so.
    let silent = facts(None);
    let ran = diff(&place, &silent.url, &["--format", "json"]);
    let document = json(&ran);
    assert!(
        ran.out.contains("no data for budget(availability)"),
        "{document}"
    );
}

#[test]
fn a_server_that_gives_no_valid_answer_is_an_error() {
    let place = Place::new();
    versions(&place, SHOP, &replaced(SHOP, &[("> 1000", "> 500")]));
    let nowhere = diff(&place, "http://127.0.0.1:1", &["--timeout", "1s"]);
    assert_eq!(nowhere.code, 3, "{nowhere:?}");
    assert!(
        nowhere.err.contains("cannot query the history of rule "),
        "{nowhere:?}"
    );
    assert_eq!(nowhere.out, "");
    let html = Loopback::new(|_| answer("200 OK", "", "<html></html>"));
    let ran = diff(&place, &html.url, &[]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(ran.out, "");
    let gate = replaced(SHOP, &[("  slo latency", GATE)]);
    versions(&place, &gate, &replaced(&gate, &[("< 5%", "< 20%")]));
    let ran = diff(&place, "http://127.0.0.1:1", &["--timeout", "1s"]);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.err.contains("budget(availability)"), "{ran:?}");

    // Nothing is asked if there is nothing to ask for.
    versions(
        &place,
        SHOP,
        &replaced(SHOP, &[("orders wait", "orders are waiting")]),
    );
    let ran = diff(&place, "http://127.0.0.1:1", &[]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn options_of_the_history_require_a_server() {
    let place = Place::new();
    versions(&place, SHOP, SHOP);
    for (more, why) in [
        (&["--since", "7d"][..], "--prometheus <URL>"),
        (&["--at", TO], "--prometheus <URL>"),
        (&["--no-cache"], "--prometheus <URL>"),
        (
            &["--prometheus", "http://127.0.0.1:1", "--since", "soon"],
            "a duration, e.g. `12h`",
        ),
        (
            &[
                "--prometheus",
                "http://127.0.0.1:1",
                "--at",
                "9000-01-01T00:00:00Z",
            ],
            "`--at` is in the future",
        ),
        (
            &["--prometheus", "ftp://127.0.0.1"],
            "does not start with `http://`",
        ),
    ] {
        let ran = place.run(&[&["diff", "./old", "./new"], more].concat());
        assert_eq!(ran.code, 64, "{ran:?}");
        assert!(ran.err.contains(why), "{ran:?}");
    }
}
