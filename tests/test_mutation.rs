//! `nthc test --mutate` and `nthc test --coverage`, from end to end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "test_mutation/groups.rs"]
mod groups;
#[allow(dead_code)]
mod place;
#[path = "support/shop.rs"]
mod shop;

use std::path::Path;

use place::{Place, Ran};
use serde_json::Value;
use shop::{IMPORT, SEARCH, SHOP};

/// A service whose alert no test exercises.
const UNTESTED: &str = r##"
service untested {
  team     = search
  selector = { job = "untested" }

  alert full {
    when     = `max(untested_depth) > 5`
    severity = ticket
    summary  = "full"
  }
}
"##;

/// Tests that notice each change of `checkout.backlog`.
const GOOD: &str = r#"
test "the queue is full" {
  given queue : series { series = `checkout_queue_depth{job="checkout", kind="orders"}`  values = "0x40 2x120" }

  expect paged : page { alert = checkout.backlog  within = 25m  team = payments }
}

test "two queues are full" {
  given one   : series { series = `checkout_queue_depth{job="checkout", kind="orders", queue="a"}`  values = "0x40 1x120" }
  given other : series { series = `checkout_queue_depth{job="checkout", kind="orders", queue="b"}`  values = "0x40 1x120" }

  expect paged : page { alert = checkout.backlog  within = 25m }
}

test "the queue is full for a short time" {
  given queue : series { series = `checkout_queue_depth{job="checkout", kind="orders"}`  values = "0x40 2x20 0x100" }

  expect quiet : silent { alert = checkout.backlog }
}

test "one order waits" {
  given queue : series { series = `checkout_queue_depth{job="checkout", kind="orders"}`  values = "1x160" }

  expect quiet : silent { alert = checkout.backlog }
}

test "others wait" {
  given others : series { series = `checkout_queue_depth{job="checkout", kind="mails"}`  values = "9x160" }

  expect quiet : silent { alert = checkout.backlog }
}
"#;

/// A test that notices little.
const WEAK: &str = r#"
test "the queue is full" {
  given queue : series { series = `checkout_queue_depth{job="checkout", kind="orders"}`  values = "5000x160" }

  expect paged : page { alert = checkout.backlog }
}
"#;

/// The sources of the project.
fn sources() -> String {
    let (any, orders) = (
        "`max(checkout_queue_depth) > 1000`",
        "`sum(checkout_queue_depth{kind=\"orders\"}) > 1`",
    );
    assert!(SHOP.contains(any), "{SHOP}");
    [&SHOP.replace(any, orders), SEARCH, UNTESTED].concat()
}

/// The project without its SLO and its gate, whose mutants take long.
fn alerts_only() -> String {
    let sources = sources();
    let lines = sources.lines();
    let kept = lines
        .filter(|line| !line.contains("slo availability") && !line.contains("gate production"));
    kept.map(|line| format!("{line}\n")).collect()
}

/// A project with only alerts.
fn project(tests: &str) -> Place {
    let place = whole(tests);
    place.write("main.nth", alerts_only());
    place
}

/// The whole project.
fn whole(tests: &str) -> Place {
    let place = shop::project(&[&sources()]);
    place.write("tests.nth", format!("{IMPORT}{tests}"));
    place
}

fn json(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// The mutants of a subject as `change: fate`.
fn fates(document: &Value, subject: &str) -> Vec<String> {
    let all = document["mutants"].as_array().unwrap().iter();
    all.filter(|mutant| mutant["subject"] == subject)
        .map(|mutant| {
            let text = |field: &str| mutant[field].as_str().unwrap().to_owned();
            format!("{}: {}", text("change"), text("fate"))
        })
        .collect()
}

fn mutate(tests: &str) -> Value {
    let ran = project(tests).run(&["test", "--mutate", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    json(&ran)
}

#[test]
fn good_tests_notice_every_change_of_an_alert() {
    let document = mutate(GOOD);
    let routes = fates(&document, "checkout");
    let route = "`team = payments` becomes `team = search`: killed";
    assert!(routes.iter().any(|fate| fate == route), "{routes:?}");
    assert_eq!(
        fates(&document, "checkout.backlog"),
        [
            "the alert is removed: killed",
            "`> 1` becomes `< 1`: killed",
            "`> 1` becomes `> 10`: killed",
            "`> 1` becomes `> 0.1`: killed",
            "`sum` becomes `max`: killed",
            "`kind=\"orders\"` vanishes: killed",
            "`kind=\"orders\"` becomes `kind!=\"orders\"`: killed",
            "`for = 10m` vanishes: killed",
            "`for = 10m` becomes `for = 1h40m`: killed",
            "`severity = page` becomes `severity = ticket`: killed",
        ]
    );
}

#[test]
fn a_weak_test_notices_little() {
    assert_eq!(
        fates(&mutate(WEAK), "checkout.backlog"),
        [
            "the alert is removed: killed",
            "`> 1` becomes `< 1`: killed",
            "`> 1` becomes `> 10`: survived",
            "`> 1` becomes `> 0.1`: survived",
            "`sum` becomes `max`: survived",
            "`kind=\"orders\"` vanishes: survived",
            "`kind=\"orders\"` becomes `kind!=\"orders\"`: killed",
            "`for = 10m` vanishes: survived",
            "`for = 10m` becomes `for = 1h40m`: killed",
            "`severity = page` becomes `severity = ticket`: killed",
        ]
    );
}

#[test]
fn services_without_a_test_count() {
    let document = mutate(GOOD);
    let of = fates(&document, "untested.full");
    assert!(!of.is_empty());
    assert!(of.iter().all(|fate| fate.ends_with(": no-test")), "{of:?}");
    let number = |field: &str| document[field].as_u64().unwrap();
    let all = document["mutants"].as_array().unwrap().len() as u64;
    assert_eq!(
        number("killed") + number("survived") + number("untested"),
        all
    );
    let score = document["score"].as_f64().unwrap();
    assert!((score - number("killed") as f64 / all as f64 * 100.0).abs() < 1e-9);
}

#[test]
fn each_test_that_is_shown_passes_and_notices_its_mutant() {
    let document = mutate(WEAK);
    let mutants = document["mutants"].as_array().unwrap();
    let found: Vec<(&str, &str, &str)> = mutants
        .iter()
        .filter_map(|mutant| {
            let text = |field: &str| mutant[field].as_str();
            Some((text("subject")?, text("change")?, text("test")?))
        })
        .collect();
    for change in [
        "`> 1` becomes `> 10`",
        "`> 1` becomes `> 0.1`",
        "`sum` becomes `max`",
        "`for = 10m` vanishes",
    ] {
        let known = |(subject, found, _): &&(&str, &str, &str)| {
            *subject == "checkout.backlog" && *found == change
        };
        assert!(
            found.iter().any(|one| known(&one)),
            "{change}: {document:#}"
        );
    }
    // All of them are added at once, each to a file of its own.
    let place = project(WEAK);
    for (index, (_, _, text)) in found.iter().enumerate() {
        let file = format!("more-{index}.nth");
        place.write(&file, text);
        assert_eq!(place.run(&["fmt", "--check", &file]).code, 0, "{text}");
    }
    assert_eq!(place.run(&["test", "--quiet"]).code, 0);
    let ran = place.run(&["test", "--mutate", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = json(&ran);
    for (subject, change, text) in found {
        let fates = fates(&document, subject);
        assert!(
            fates.contains(&format!("{change}: killed")),
            "{text}\n{fates:?}"
        );
    }
}

/// The project of the page about tests.
fn documented() -> (Place, String) {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tests.md");
    let page = std::fs::read_to_string(page).unwrap().replace("\r\n", "\n");
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    for example in page.split("```nth file=").skip(1) {
        let (path, rest) = example.split_once('\n').unwrap();
        let (text, _) = rest.split_once("```").unwrap();
        place.write(path, text);
    }
    (place, page)
}

#[test]
fn the_documentation_shows_what_is_printed() {
    let (place, page) = documented();
    let (_, rest) = page.split_once("```text\nsurvived  ").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let ran = place.run(&["test", "--mutate", "a full queue"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains(&format!("survived  {shown}")), "{ran:?}");
    // Both tickets of a burn rate are sent at the same time, after the page, so only the text tells that one is missing.
    for (windows, burn_rate) in [("1d/2h", "3x"), ("3d/6h", "1x")] {
        let head = format!("survived  checkout.availability: the ticket of {windows} is removed");
        let (_, rest) = ran.out.split_once(&head).unwrap();
        let (test, _) = rest.split_once("survived  ").unwrap_or((rest, ""));
        let test = test.split_whitespace().collect::<Vec<_>>().join(" ");
        let text = format!("text = \"error budget burning over {burn_rate}\"");
        assert!(test.contains(&text), "{test}");
        assert!(
            test.contains(": page { slo = checkout.availability }"),
            "{test}"
        );
    }
}

/// Without burn-rate alerts, no rule reads `min_bad_events`.
#[test]
fn a_change_without_an_effect_is_no_mutant() {
    let place = whole(WEAK);
    let slo = "slo availability : http.availability { objective = 99.9%";
    let text = sources().replace(slo, &format!("{slo}  burn_rate_alerts = false"));
    place.write("main.nth", text);
    let ran = place.run(&["test", "--mutate", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let fates = fates(&json(&ran), "checkout.availability");
    let is_about = |what: &str| fates.iter().any(|fate| fate.contains(what));
    assert!(is_about("`99.9%` becomes `99%`"), "{fates:?}");
    assert!(!is_about("min_bad_events"), "{fates:?}");
}

#[test]
fn survivors_are_at_their_lines() {
    let ran = project(WEAK).run(&["test", "--mutate", "--format", "short"]);
    let line = alerts_only()
        .lines()
        .position(|line| line.contains("sum(checkout"))
        .unwrap()
        + 1;
    let expected =
        format!("main.nth:{line}: checkout.backlog: `sum` becomes `max`: all tests pass");
    assert!(ran.out.contains(&expected), "{ran:?}");
    assert!(ran.out.contains(": no test simulates it"), "{ran:?}");
    assert!(ran.err.contains(" mutants: "), "{ran:?}");
    let github = project(WEAK).run(&["test", "--mutate", "--format", "github"]);
    let expected = format!(
        "::warning file=main.nth,line={line},title=mutant survived::checkout.backlog: `sum`"
    );
    assert!(github.out.contains(&expected), "{github:?}");
    let human = project(WEAK).run(&["test", "--mutate"]);
    assert!(
        human
            .out
            .contains("survived  checkout.backlog: `sum` becomes `max`\n"),
        "{human:?}"
    );
    assert!(
        human.out.contains("  this test would notice it:\n"),
        "{human:?}"
    );
    let quiet = project(WEAK).run(&["test", "--mutate", "--quiet"]);
    assert!(
        !quiet.out.contains("this test would notice it"),
        "{quiet:?}"
    );
}

#[test]
fn a_least_score_decides_the_exit_code() {
    let place = project(GOOD);
    assert_eq!(place.run(&["test", "--mutate", "--min-score", "1"]).code, 0);
    let ran = place.run(&["test", "--mutate", "--min-score", "100%"]);
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("the score is below 100%"), "{ran:?}");
    for wrong in ["101", "-1", "much"] {
        let ran = place.run(&["test", "--mutate", &format!("--min-score={wrong}")]);
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    assert_eq!(place.run(&["test", "--min-score", "5"]).code, 2);
    assert_eq!(place.run(&["test", "--mutate", "--coverage"]).code, 2);
    assert_eq!(
        place.run(&["test", "--mutate", "--format", "sarif"]).code,
        2
    );
    assert_eq!(place.run(&["test", "--mutate", "no such test"]).code, 2);
}

#[test]
fn tests_must_pass_first() {
    let failing = WEAK.replace("5000x160", "0x160");
    let ran = project(&failing).run(&["test", "--mutate"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("no mutant was tested: 1 test does not pass"),
        "{ran:?}"
    );
    assert_eq!(ran.out, "");
}

#[test]
fn one_environment_is_enough() {
    let place = project(WEAK);
    let end = "orders wait.\"\n  }\n";
    let longer = format!("{end}\n  in staging {{\n    alert backlog {{ for = 30m }}\n  }}\n");
    let text = alerts_only().replace(end, &longer);
    place.write(
        "main.nth",
        format!("environment production {{}}\nenvironment staging {{}}\n{text}"),
    );
    let ran = place.run(&["test", "--mutate", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let document = json(&ran);
    let in_environments = |wanted: &[&str]| -> Vec<String> {
        let all = document["mutants"].as_array().unwrap().iter();
        all.filter(|mutant| mutant["subject"] == "checkout.backlog")
            .filter(|mutant| mutant["environments"] == serde_json::json!(wanted))
            .map(|mutant| mutant["change"].as_str().unwrap().to_owned())
            .collect()
    };
    // The same text in both environments is one change.
    let both = in_environments(&["production", "staging"]);
    assert_eq!(both.len(), 8, "{both:?}");
    assert!(both.iter().all(|change| !change.contains("for =")));
    // Another duration is another change.
    assert_eq!(
        in_environments(&["production"]),
        ["`for = 10m` vanishes", "`for = 10m` becomes `for = 1h40m`"]
    );
    assert_eq!(
        in_environments(&["staging"]),
        ["`for = 30m` vanishes", "`for = 30m` becomes `for = 5h`"]
    );
    let ran = place.run(&["test", "--mutate", "--env", "staging", "--format", "short"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("`for = 30m` vanishes"), "{ran:?}");
    assert!(!ran.out.contains("production"), "{ran:?}");
}

#[test]
fn line_ends_of_windows_do_not_move_lines() {
    let place = project(WEAK);
    place.write("main.nth", alerts_only().replace('\n', "\r\n"));
    let line = alerts_only()
        .lines()
        .position(|line| line.contains("sum(checkout"))
        .unwrap()
        + 1;
    let ran = place.run(&["test", "--mutate", "--format", "short"]);
    assert!(
        ran.out
            .contains(&format!("main.nth:{line}: checkout.backlog: `sum`")),
        "{ran:?}"
    );
}

fn coverage(tests: &str) -> Value {
    let ran = whole(tests).run(&["test", "--coverage", "--format", "json"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    json(&ran)["environments"][0].clone()
}

fn service<'v>(coverage: &'v Value, name: &str) -> &'v Value {
    let all = coverage["services"].as_array().unwrap();
    all.iter()
        .find(|service| service["service"] == name)
        .unwrap()
}

#[test]
fn coverage_counts_what_alerts_do() {
    let found = coverage(GOOD);
    let checkout = service(&found, "checkout");
    assert_eq!(checkout["tests"], 5);
    let backlog = checkout["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .find(|alert| alert["alert"] == "Backlog")
        .unwrap();
    assert_eq!(
        (&backlog["fired"], &backlog["resolved"], &backlog["silent"]),
        (&Value::from(2), &Value::from(2), &Value::from(3)),
        "{backlog:#}"
    );
    let burn = checkout["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|alert| alert["alert"] == "SLOErrorBudgetBurn");
    let details: Vec<&str> = burn
        .map(|alert| alert["detail"].as_str().unwrap())
        .collect();
    assert_eq!(details, ["1h/5m", "6h/30m", "1d/2h", "3d/6h"]);
    let untested = service(&found, "untested");
    assert_eq!(untested["tests"], 0);
    let receivers = found["receivers"].as_array().unwrap();
    let notified: Vec<(&str, u64)> = receivers
        .iter()
        .map(|one| {
            (
                one["receiver"].as_str().unwrap(),
                one["tests"].as_u64().unwrap(),
            )
        })
        .collect();
    assert!(notified.contains(&("payments-page", 2)), "{notified:?}");
    assert!(notified.contains(&("search-ticket", 0)), "{notified:?}");
}

#[test]
fn verdicts_count_if_a_test_expects_them() {
    let gate = |tests: &str| service(&coverage(tests), "checkout")["gates"][0].clone();
    assert_eq!(gate(GOOD)["denied"], 0);
    let spent = "test \"spent\" {\n  given past : budget-left { slo = checkout.availability  is = 5% }\n\n  expect frozen : verdict { gate = checkout.production  is = denied }\n}\n";
    let found = gate(spent);
    assert_eq!(
        (&found["allowed"], &found["denied"]),
        (&Value::from(0), &Value::from(1))
    );
}

#[test]
fn coverage_is_readable() {
    let ran = whole(GOOD).run(&["test", "--coverage"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.out.contains("untested: no test simulates it\n"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .contains("  gate production: never allowed, never denied\n"),
        "{ran:?}"
    );
    assert!(
        ran.out
            .contains("SLOErrorBudgetBurn of availability 6h/30m (page): never fired\n"),
        "{ran:?}"
    );
    assert!(
        ran.err
            .contains("fired in a test; no test simulates 1 of 2 services"),
        "{ran:?}"
    );
    let line = sources()
        .lines()
        .position(|line| line.starts_with("service untested"))
        .unwrap()
        + 1;
    let short = whole(GOOD).run(&["test", "--coverage", "--format", "short"]);
    assert!(
        short.out.contains(&format!(
            "main.nth:{line}: untested: no test simulates it\n"
        )),
        "{short:?}"
    );
    let github = whole(GOOD).run(&["test", "--coverage", "--format", "github"]);
    assert!(
        github.out.contains(&format!(
            "::notice file=main.nth,line={line},title=test coverage::untested"
        )),
        "{github:?}"
    );
}
