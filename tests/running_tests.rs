//! `nthc test`, from end to end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
#[path = "support/shop.rs"]
mod shop;

use std::path::Path;

use place::{Place, Ran};
use serde_json::Value;
use shop::{IMPORT, SEARCH, SHOP};

/// An incident that pages.
const DEPLOY: &str = r#"
  given requests : traffic { service = checkout  rate = 200/s }
  given deploy   : errors  { slo = checkout.availability  share = 50%  from = 10m  for = 20m }
"#;

/// A full queue.
const QUEUE: &str = r#"
  given queue : series { series = `checkout_queue_depth{job="checkout"}`  values = "10x20 2000x60" }
"#;

/// A project with a test `noon` of these statements.
fn project(body: &[&str]) -> Place {
    let place = shop::project(&[SHOP, SEARCH]);
    place.write(
        "tests.nth",
        format!("{IMPORT}test \"noon\" {{\n{}\n}}\n", body.join("\n")),
    );
    place
}

/// Runs the test and returns the kinds of its failures.
fn kinds(body: &[&str]) -> Vec<String> {
    let ran = project(body).run(&["test", "--format", "json"]);
    let document = json(&ran);
    let test = &document["tests"][0];
    assert_eq!(test["error"], Value::Null, "{ran:?}");
    let failures = test["failures"].as_array().unwrap();
    assert_eq!(ran.code, i32::from(!failures.is_empty()), "{ran:?}");
    let kinds = failures
        .iter()
        .map(|failure| failure["kind"].as_str().unwrap().to_owned());
    kinds.collect()
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Replaces what depends on the machine's speed.
fn without_times(text: &str) -> String {
    let word = |word: &str| {
        let is_time = ["ms", "µs", "s"].into_iter().any(|unit| {
            word.strip_suffix(unit)
                .is_some_and(|number| number.parse::<f64>().is_ok())
        });
        if is_time {
            "TIME".to_owned()
        } else {
            word.to_owned()
        }
    };
    let line = |line: &str| match line.starts_with("passed")
        || line.starts_with("failed")
        || line.contains(" passed")
    {
        true => line.split(' ').map(word).collect::<Vec<_>>().join(" "),
        false => line.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn each_expectation_passes_and_fails_as_it_says() {
    let page = "expect paged : page { slo = checkout.availability  within = 10m }";
    let none: [&str; 0] = [];
    assert_eq!(kinds(&[DEPLOY, page]), none);
    for (expectation, kind) in [
        (
            "page { slo = checkout.availability  within = 1m }",
            "too-late",
        ),
        (
            "page { slo = checkout.availability  for = 2h }",
            "too-short",
        ),
        (
            "page { slo = checkout.availability  team = search }",
            "other-team",
        ),
        (
            "page { slo = checkout.availability  text = \"gone fishing\" }",
            "other-text",
        ),
        ("page { alert = checkout.backlog }", "not-fired"),
        (
            "resolved { slo = checkout.availability  within = 1m }",
            "not-resolved",
        ),
        ("resolved { alert = checkout.backlog }", "not-fired"),
        ("silent { slo = checkout.availability }", "not-silent"),
        (
            "verdict { gate = checkout.production  is = warned }",
            "other-verdict",
        ),
        (
            "budget { slo = checkout.availability  above = 90% }",
            "other-budget",
        ),
    ] {
        let other = format!("expect other : {expectation}");
        let also = if expectation.starts_with("silent") {
            ""
        } else {
            page
        };
        let mut found = kinds(&[DEPLOY, also, &other]);
        found.retain(|kind| kind != "unexpected-page");
        assert_eq!(found, [kind], "{expectation}");
    }
    for expectation in [
        "page { slo = checkout.availability  for = 5m  team = payments  text = \"error budget burning\" }",
        "silent { alert = checkout.backlog }",
        "verdict { gate = checkout.production  is = allowed }",
        "budget { slo = checkout.availability  below = 90% }",
    ] {
        let other = format!("expect other : {expectation}");
        assert_eq!(kinds(&[DEPLOY, page, &other]), none, "{expectation}");
    }
}

#[test]
fn a_page_that_is_not_expected_fails_the_test() {
    let whole = "expect whole : budget { slo = checkout.availability  above = 1% }";
    assert_eq!(kinds(&[QUEUE, whole]), ["unexpected-page"]);
    let page = "expect paged : page { alert = checkout.backlog  text = \"2k orders wait\" }";
    assert_eq!(kinds(&[QUEUE, page]), Vec::<String>::new());
}

#[test]
fn a_consumed_budget_denies() {
    let body = [
        "given consumed : budget-left { slo = checkout.availability  is = 5% }",
        "expect frozen : verdict { gate = checkout.production  is = denied }",
        "expect rest   : budget  { slo = checkout.availability  above = 4%  below = 6% }",
    ];
    assert_eq!(kinds(&body), Vec::<String>::new());
}

/// Most of the budget would be consumed if the two hours were all of the SLO window.
#[test]
fn a_young_slo_does_not_alert_on_its_budget() {
    let young = [
        "length = 2h",
        "given requests : traffic { service = checkout  rate = 200/s }",
        "given few      : errors  { slo = checkout.availability  share = 0.095%  from = 0s  for = 2h }",
        "expect rest    : budget  { slo = checkout.availability  above = 99%  below = 99.9% }",
        "expect quiet   : silent  { slo = checkout.availability }",
    ];
    let without_past = [&["history = none"], &young[..]].concat();
    assert_eq!(kinds(&without_past), Vec::<String>::new());
    assert_eq!(kinds(&young), Vec::<String>::new());
    let wrong = "expect spent : budget { slo = checkout.availability  below = 90% }";
    assert_eq!(
        kinds(&[&without_past[..], &[wrong]].concat()),
        ["other-budget"]
    );
}

#[test]
fn a_gap_is_neither_an_incident_nor_its_end() {
    let gap = [
        "given requests : traffic { service = checkout  rate = 200/s }",
        "given gap      : no-data { service = checkout  from = 20m  for = 10m }",
    ];
    let quiet = [
        "expect quiet : silent { slo = checkout.availability }",
        "expect whole : budget { slo = checkout.availability  above = 99.9% }",
    ];
    assert_eq!(kinds(&[gap, quiet].concat()), Vec::<String>::new());
    // The errors begin before the gap, and go on after it.
    let incident = [
        "given before : errors { slo = checkout.availability  share = 6%  from = 10m  for = 10m }",
        "given after  : errors { slo = checkout.availability  share = 6%  from = 30m  for = 30m }",
        "expect paged : page { slo = checkout.availability  within = 30m }",
    ];
    assert_eq!(kinds(&[&gap[..], &incident].concat()), Vec::<String>::new());
    let early = "expect early : page { slo = checkout.availability  within = 20m }";
    let early = [&gap[..], &incident[..2], &[early]].concat();
    assert_eq!(kinds(&early), ["too-late"]);
}

#[test]
fn a_failure_tells_its_story() {
    let place = project(&[
        DEPLOY,
        "expect paged : page { slo = checkout.availability  within = 1m }",
    ]);
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    insta::assert_snapshot!(without_times(&(ran.out + &ran.err)));
    let ran = place.run(&["test", "--format", "github"]);
    assert!(
        ran.out
            .starts_with("::error file=tests.nth,line=8,title=test noon::`paged`: expected a page"),
        "{ran:?}"
    );
    let ran = place.run(&["test", "--format", "short"]);
    assert!(
        ran.out
            .starts_with("tests.nth:8: noon: `paged`: expected a page"),
        "{ran:?}"
    );
    let ran = place.run(&["test", "--format", "sarif"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn names_select_tests() {
    let place = project(&["expect quiet : silent { service = checkout }"]);
    place.write(
        "more.nth",
        format!(
            "{IMPORT}test \"midnight\" {{\n  expect quiet : silent {{ service = checkout }}\n}}\n"
        ),
    );
    let ran = place.run(&["test", "night"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.starts_with("passed  midnight"), "{ran:?}");
    assert!(ran.err.starts_with("1 test: 1 passed, in "), "{ran:?}");
    let ran = place.run(&["test", "--quiet"]);
    assert_eq!((ran.code, ran.out.as_str()), (0, ""), "{ran:?}");
    let ran = place.run(&["test", "midnigth"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (
            2,
            "error: unknown test `midnigth`\n  help: did you mean `midnight`?\n"
        )
    );
    let ran = place.run(&["test", "--env", "mars"]);
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[test]
fn nothing_to_run_is_no_success() {
    let place = project(&["expect quiet : silent { service = checkout }"]);
    place.write("tests.nth", "");
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(
        ran.err.starts_with("error: the project has no tests\n"),
        "{ran:?}"
    );
    place.write(
        "tests.nth",
        "test \"noon\" {\n  expect quiet : silent { service = chekout }\n}\n",
    );
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("no test was run: 1 error"), "{ran:?}");
}

#[test]
fn what_cannot_be_simulated_does_not_pass() {
    let place = project(&[
        "given slow : errors { slo = checkout.odd  share = 50%  from = 10m }",
        "expect quiet : silent { slo = checkout.odd }",
    ]);
    let odd = "slo odd { objective = 99%  sli : error-ratio { ratio = `max(avg_over_time(a[$window])) * max(avg_over_time(b[$window])) % 0.013` } }\n  gate";
    place.replace("main.nth", "gate", odd);
    let ran = place.run(&["test", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let test = json(&ran)["tests"][0].clone();
    assert_eq!(test["outcome"], "error", "{test}");
    assert!(test["help"].is_string(), "{test}");
}

/// Runs a project's tests in a folder of this repository.
fn passes(folder: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let place = Place::new();
    let ran = place.run(&["test", "--project", root.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

#[test]
fn the_tests_of_the_shop_pass() {
    passes("examples/shop");
}

#[test]
fn the_tests_in_the_documentation_pass() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/tests.md")).unwrap();
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    let mut number = 0;
    for fence in page.split("\n```nth file=").skip(1) {
        let (file, rest) = fence.split_once('\n').unwrap();
        let (body, _) = rest.split_once("\n```").unwrap();
        place.write(file, body.to_owned() + "\n");
        number += 1;
    }
    assert!(number > 5, "{number}");
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
}

/// A service whose SLO has groups, one with an objective of its own.
const GROUPS: &str = r##"
import std.http

team payments { slack = "#payments" }

service checkout {
  team     = payments
  tier     = critical
  selector = { job = "checkout" }

  slo availability : http.availability {
    objective = 99.9%
    by        = [route]

    group pay { labels = { route = "/pay" }  objective = 99.99% }
  }

  gate production { deny spent { when = budget(availability) < 50% } }
}
"##;

#[test]
fn an_event_happens_in_one_group_or_in_all() {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    let of = |route: &str| format!("slo = checkout.availability  group = {{ route = {route:?} }}");
    let (cart, pay, images) = (of("/cart"), of("/pay"), of("/images"));
    place.write(
        "main.nth",
        format!(
            r#"{GROUPS}
test "one route fails" {{
  given failures : errors {{ {cart}  share = 20%  from = 10m }}

  expect cart   : page {{ {cart}  within = 10m  text = "checkout availability (route /cart)" }}
  expect others : silent {{ {pay} }}
  expect left   : budget {{ {pay}  above = 99% }}
  expect worst  : budget {{ slo = checkout.availability  below = 99% }}
}}

test "a stricter objective" {{
  given few : errors {{ slo = checkout.availability  share = 1%  from = 10m }}

  expect pay    : page {{ {pay}  text = "objective 99.99%" }}
  expect images : silent {{ {images} }}
}}

test "the gate sees the worst group" {{
  given spent : budget-left {{ {pay}  is = 20% }}

  expect denied : verdict {{ gate = checkout.production  is = denied }}
  expect cart   : budget {{ {cart}  above = 99% }}
}}
"#
        ),
    );
    let ran = place.run(&["test", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = json(&ran);
    assert_eq!(document["tests"].as_array().unwrap().len(), 3, "{ran:?}");
    let wrong = "test \"wrong\" {\n  given failures : errors { slo = checkout.availability  \
        group = { path = \"/\" }  share = 20% }\n  expect quiet : silent { service = checkout }\n}\n";
    place.write("main.nth", format!("{GROUPS}{wrong}"));
    let ran = place.run(&["check", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err
            .contains("groups of SLO `availability` have the labels route")
            || ran
                .out
                .contains("groups of SLO `availability` have the labels route"),
        "{ran:?}"
    );
}

/// An SLO whose alerts and series have names from before, and an alert that reads one of them.
const RENAMED: &str = r##"
import std.http

team payments { slack = "#payments" }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability : http.availability {
    objective    = 99.9%
    interval     = 15s
    query_offset = 1m

    slo-alert paging {
      kinds           = [burn-rate]
      severities      = [page]
      alert           = "CheckoutFails"
      annotations     = { summary = "orders fail: ${percentage(value)}" }
      keep_firing_for = 1h
    }

    recording "checkout:errors:ratio5m" { window = 5m }
  }

  slo freshness {
    objective = 99%
    interval  = 2m

    sli : time-slices { good = `max(orders_age_seconds) < 60` }
  }

  alert most-fail { when = `checkout:errors:ratio5m > 0.5`  for = 5m  severity = page }
}
"##;

#[test]
fn alerts_and_series_with_other_names_are_simulated_as_they_are_evaluated() {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    let test = |expectations: &str| {
        let given = "given failing : errors { slo = checkout.availability  share = 100%  for = 20m }\n  \
            given stale : errors { slo = checkout.freshness  share = 50%  from = 30m  for = 1h }";
        format!("{RENAMED}\ntest outage {{\n  length = 3h\n  {given}\n{expectations}}}\n")
    };
    place.write(
        "main.nth",
        test(
            "  expect paged : page { slo = checkout.availability  within = 5m  for = 80m  text = \"orders fail:\" }\n  \
            expect alert : page { alert = checkout.most-fail }\n  \
            expect stale : page { slo = checkout.freshness }\n",
        ),
    );
    let ran = place.run(&["test", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    // The alert on the recorded series is none of the SLO's.
    place.write(
        "main.nth",
        test("  expect quiet : silent { alert = checkout.most-fail }\n"),
    );
    let ran = place.run(&["test", "--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let failures = json(&ran)["tests"][0]["failures"].clone();
    let failures = failures.as_array().unwrap();
    assert!(
        failures
            .iter()
            .any(|failure| failure["kind"] == "not-silent"),
        "{ran:?}"
    );
}
