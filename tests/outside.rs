//! What belongs to no service, from end to end: alerts of a team, dependencies that services share, and loops over services.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
#[allow(dead_code)]
mod support;

use std::path::Path;
use std::process::Command;

use place::{Place, Ran};
use serde_json::Value;
use support::programs::find;
use support::promtool;

const TEAMS: &str = r##"
team platform {
  slack = "#platform"
  schedule primary { zone = "Europe/London"  members = ["platform-1@example.com"] }
}

team shop {
  slack = "#shop"
  schedule primary { zone = "Europe/London"  members = ["shop-1@example.com"] }
}
"##;

const DATABASE: &str = r#"
import std.postgresql
import teams.{platform}

/// The orders.
dependency orders-db : postgresql(instance: "orders-db:9187") {
  team         = platform
  tier         = high
  availability = 99.9%
}
"#;

const ALERTS: &str = r#"
import teams.{platform}

alert certificate-expires {
  team     = platform
  selector = { job = "blackbox" }
  when     = `min by (instance) (probe_ssl_earliest_cert_expiry) - time() < 14 * 86400`
  severity = page
  summary  = "The certificate of ${labels.instance} expires in ${duration(value)}."
}

recording "cluster:queue:max" { team = platform  query = `max(queue_depth)` }

alert queues-long { team = platform  when = `cluster:queue:max > 100` }
"#;

const SERVICES: &str = r#"
import databases.{orders-db}
import std.http
import teams.{shop}

for name in ["checkout", "invoices"] {
  service name {
    team     = shop
    selector = { job = name }

    dependency db { shared = orders-db }
    slo availability : http.availability { objective = 99.5% }
  }
}
"#;

const TESTS: &str = r#"
import alerts.{certificate-expires}
import databases.{orders-db}
import services.{checkout, invoices}
import teams.{platform, shop}

test the-database-fails {
  given failure   : dependency-down { dependency = orders-db  from = 10m  for = 1h }
  expect first    : page { slo = checkout.availability  within = 30m  team = shop }
  expect second   : page { slo = invoices.availability  within = 30m  team = shop }
  expect database : page { alert = orders-db.down  within = 30m  team = platform }
}

test one-service-names-it {
  given failure   : dependency-down { dependency = checkout.db  from = 10m  for = 1h }
  expect first    : page { slo = checkout.availability  within = 30m }
  expect second   : page { slo = invoices.availability  within = 30m }
  expect database : page { alert = orders-db.down  within = 30m }
}

test a-certificate {
  given near : series {
    series = `probe_ssl_earliest_cert_expiry{job="blackbox", instance="a"}`
    values = "1000x200"
  }
  expect paged : page { alert = certificate-expires  within = 10m  team = platform  text = "The certificate of a" }
}
"#;

/// The project of all of them.
fn project() -> Place {
    let place = Place::new();
    place.write("nth.toml", "[project]\nname = \"shop\"\n");
    place.write("teams.nth", TEAMS);
    place.write("databases.nth", DATABASE);
    place.write("alerts.nth", ALERTS);
    place.write(
        "services.nth",
        SERVICES.replace("service name", "service \"${name}\""),
    );
    place.write("tests.nth", TESTS);
    place
}

fn built(place: &Place) -> Ran {
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran
}

#[test]
fn each_has_its_own_rules() {
    let place = project();
    built(&place);
    let rules = place.files("build/prometheus");
    let names: Vec<&str> = rules.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "checkout.yaml",
            "invoices.yaml",
            "orders-db.yaml",
            "team-platform.yaml"
        ]
    );
    // The alerts of the database are in its file only.
    assert!(rules["orders-db.yaml"].contains("pg_up"), "{rules:?}");
    assert!(!rules["checkout.yaml"].contains("pg_"), "{rules:?}");
    let team = &rules["team-platform.yaml"];
    assert!(
        !team.contains("service:") && !team.contains("tier:"),
        "{team}"
    );
    // What the project records has no selector of a service.
    assert!(team.contains("expr: cluster:queue:max > 100"), "{team}");
    if promtool::available() {
        for text in rules.values() {
            promtool::check_rules(text);
        }
    }
}

#[test]
fn alerts_go_to_their_team() {
    let place = project();
    built(&place);
    let orchestrations: Value =
        serde_json::from_str(&place.read("build/pagerduty/orchestrations.tf.json")).unwrap();
    let rules = &orchestrations["resource"]["pagerduty_event_orchestration_router"]["platform"]["set"]
        ["rule"];
    let targets: Vec<&str> = rules
        .as_array()
        .unwrap()
        .iter()
        .map(|rule| rule["actions"]["route_to"].as_str().unwrap())
        .collect();
    assert_eq!(
        targets,
        [
            "${pagerduty_service.orders-db.id}",
            "${pagerduty_service.platform--other.id}",
            "${pagerduty_service.platform--other.id}"
        ]
    );
    let Some(amtool) = find(&["amtool"]) else {
        return;
    };
    let config = place.path("build/alertmanager/alertmanager.yml");
    for (labels, receiver) in [
        (
            &[
                "alertname=CertificateExpires",
                "team=platform",
                "severity=page",
            ][..],
            "platform-page",
        ),
        // The series has a service of its own.
        (
            &[
                "alertname=CertificateExpires",
                "team=platform",
                "severity=page",
                "service=edge",
            ],
            "platform-page",
        ),
        (
            &["alertname=QueuesLong", "team=platform", "severity=ticket"],
            "platform-ticket",
        ),
        (
            &[
                "alertname=Down",
                "team=platform",
                "severity=page",
                "service=orders-db",
                "tier=high",
            ],
            "platform-page",
        ),
        (
            &[
                "alertname=SLOErrorBudgetBurn",
                "team=shop",
                "severity=page",
                "service=checkout",
                "tier=standard",
            ],
            "shop-page",
        ),
    ] {
        assert_eq!(route(&amtool, &config, labels), receiver, "{labels:?}");
    }
}

/// The receiver that amtool says an alert goes to.
fn route(amtool: &Path, config: &Path, labels: &[&str]) -> String {
    let output = Command::new(amtool)
        .args(["config", "routes", "test"])
        .arg(format!("--config.file={}", config.display()))
        .args(labels)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
fn tests_know_them() {
    let ran = project().run(&["test"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        format!("{}{}", ran.out, ran.err).contains("3 passed"),
        "{ran:?}"
    );
}

#[test]
fn a_soft_dependency_does_not_break_its_service() {
    let place = project();
    place.replace(
        "services.nth",
        "dependency db { shared = orders-db }",
        "dependency db { shared = orders-db  criticality = soft }",
    );
    let ran = place.run(&["test"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let said = format!("{}{}", ran.out, ran.err);
    assert!(said.contains("first") && said.contains("second"), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

#[test]
fn a_faulty_alert_keeps_only_the_rules_of_its_team() {
    let place = project();
    place.replace(
        "alerts.nth",
        "cluster:queue:max > 100",
        "cluster:queue:max >",
    );
    let ran = place.run(&["build", "--keep-going"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let names = place.names("build/prometheus");
    assert_eq!(names, ["checkout.yaml", "invoices.yaml", "orders-db.yaml"]);
    assert!(ran.err.contains("team-platform"), "{ran:?}");
}

#[test]
fn each_alert_of_a_team_is_a_change() {
    let (old, new) = (project(), project());
    new.write("alerts.nth", ALERTS.replace("> 100", "> 200"));
    let none = project();
    none.write("alerts.nth", "import teams.{platform}\n");
    none.replace("tests.nth", "import alerts.{certificate-expires}\n", "");
    let tests = none.read("tests.nth");
    let kept = tests.split("test a-certificate").next().unwrap().to_owned();
    none.write("tests.nth", kept);
    let diff = |base: &Place, head: &Place| {
        let (base, head) = (base.path("."), head.path("."));
        let arguments = [
            "diff",
            base.to_str().unwrap(),
            head.to_str().unwrap(),
            "--no-incidents",
            "--format",
            "json",
        ];
        let ran = Place::new().run(&arguments);
        let document: Value =
            serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        let changes = document["changes"].as_array().unwrap().clone();
        let mut found: Vec<(String, String)> = changes
            .iter()
            .map(|change| {
                let id = change["id"].as_str().unwrap().to_owned();
                (id, change["subject"]["name"].as_str().unwrap().to_owned())
            })
            .collect();
        found.sort();
        found
    };
    let ids: Vec<String> = diff(&old, &new).into_iter().map(|(id, _)| id).collect();
    assert_eq!(ids.len(), 1, "{ids:?}");
    let removed = diff(&old, &none);
    let alerts: Vec<&str> = removed
        .iter()
        .filter(|(id, _)| id == "alert-removed")
        .map(|(_, name)| name.as_str())
        .collect();
    assert_eq!(
        alerts,
        [
            "team-platform.certificate-expires",
            "team-platform.queues-long"
        ],
        "{removed:?}"
    );
}
