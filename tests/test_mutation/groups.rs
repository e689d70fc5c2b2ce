//! Mutants of groups with an objective of their own, and of alerts of teams.

use super::place::Place;
use super::{fates, json};

/// A project with a group that has an objective of its own, and an alert of a team outside of any service.
const GROUPED: &str = r##"
import std.http

team payments { slack = "#payments" }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability : http.availability {
    objective = 99%
    by        = [route]

    group pay { labels = { route = "/pay" }  objective = 99.9% }
  }
}

alert certificate-expires {
  team     = payments
  when     = `min by (instance) (certificate_days) < 14`
  for      = 10m
  severity = page
  summary  = "A certificate expires."
}
"##;

/// Tests that run both, and notice little.
const OF_GROUPED: &str = r#"
import main.{checkout, certificate-expires}

test "carts fail" {
  given failures : errors { slo = checkout.availability  group = { route = "/cart" }  share = 100%  from = 10m  for = 1h }

  expect paged : page { slo = checkout.availability  group = { route = "/cart" } }
}

test "certificates are fine" {
  given days : series { series = `certificate_days{instance="a"}`  values = "80x60" }

  expect quiet : silent { alert = certificate-expires }
}
"#;

#[test]
fn objectives_of_groups_and_alerts_of_teams_are_mutated() {
    let project = |more: &[&str]| {
        let place = Place::new();
        place.write("nth.toml", "[project]\nname = \"shop\"\n");
        place.write("main.nth", GROUPED);
        place.write("tests.nth", OF_GROUPED);
        for (index, text) in more.iter().enumerate() {
            place.write(&format!("more-{index}.nth"), text);
        }
        place
    };
    let mutate = |more: &[&str]| {
        let ran = project(more).run(&["test", "--mutate", "--format", "json"]);
        assert_eq!(ran.code, 0, "{ran:?}");
        json(&ran)
    };
    let document = mutate(&[]);
    let of_group: Vec<String> = { fates(&document, "checkout.availability").into_iter() }
        .filter(|fate| fate.contains("group `pay`"))
        .collect();
    assert_eq!(
        of_group,
        [
            "`99.9%` becomes `99%` for group `pay`: survived",
            "`99.9%` becomes `99.99%` for group `pay`: survived",
            "group `pay` is removed: survived",
        ],
        "{document:#}"
    );
    let of_team = fates(&document, "certificate-expires");
    assert_eq!(
        of_team,
        [
            "the alert is removed: survived",
            "`< 14` becomes `> 14`: killed",
            "`< 14` becomes `< 140`: killed",
            "`< 14` becomes `< 1.4`: survived",
            "`min` becomes `max`: survived",
            "`for = 10m` vanishes: survived",
            "`for = 10m` becomes `for = 1h40m`: survived",
            "`severity = page` becomes `severity = ticket`: survived",
        ],
        "{document:#}"
    );
    // The tests that are shown notice them.
    let mutants = document["mutants"].as_array().unwrap().iter();
    let found: Vec<(&str, &str)> = mutants
        .filter(|mutant| {
            let change = mutant["change"].as_str().unwrap();
            change.contains("group `pay`") || mutant["subject"] == "certificate-expires"
        })
        .filter_map(|mutant| Some((mutant["change"].as_str()?, mutant["test"].as_str()?)))
        .collect();
    let changes: Vec<&str> = found.iter().map(|(change, _)| *change).collect();
    for wanted in [
        "`99.9%` becomes `99%` for group `pay`",
        "`99.9%` becomes `99.99%` for group `pay`",
        "group `pay` is removed",
        "the alert is removed",
        "`for = 10m` vanishes",
        "`severity = page` becomes `severity = ticket`",
    ] {
        assert!(changes.contains(&wanted), "{wanted}: {document:#}");
    }
    let texts: Vec<&str> = found.iter().map(|(_, text)| *text).collect();
    let of_group = texts
        .iter()
        .filter(|text| text.contains("group = { route = \"/pay\" }"));
    assert_eq!(of_group.count(), 3, "{texts:#?}");
    let again = mutate(&texts);
    for (change, text) in found {
        let all = again["mutants"].as_array().unwrap().iter();
        let fate: Vec<&str> = all
            .filter(|mutant| mutant["change"] == change)
            .map(|mutant| mutant["fate"].as_str().unwrap())
            .collect();
        assert!(fate.contains(&"killed"), "{change}: {fate:?}\n{text}");
    }
}
