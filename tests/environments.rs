//! Two environments of a project, of which one does not page: what Prometheus and Alertmanager do with what is built for each.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/promtool.rs"]
mod promtool;
#[path = "tools/mod.rs"]
mod tools;

use std::path::Path;
use std::process::Command;

use nthc::compile::{Compilation, Input, SourceInput, compile};
use promtool::{Test, series};

const SOURCE: &str = r##"
environment production { selector = { env = "production" } }

environment staging {
  selector = { env = "staging" }
  pages    = false
}

team payments {
  slack = "#payments"

  escalation default { step first { notify = "ana@example.com" } }
}

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo availability {
    objective = 99.9%

    sli : ratio { bad = `errors_total`  total = `requests_total` }
  }

  alert backlog { when = `max(queue_depth) > 10`  severity = page }
}
"##;

fn built() -> Compilation {
    let compilation = compile(&Input {
        settings: nthc::project::default_settings("shop"),
        files: vec![SourceInput {
            module: "main".to_owned(),
            path: "main.nth".to_owned(),
            text: SOURCE.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    });
    assert!(
        compilation.diagnostics.is_empty(),
        "{:?}",
        compilation.diagnostics
    );
    compilation
}

fn file<'c>(compilation: &'c Compilation, path: &str) -> &'c str {
    let mut artifacts = compilation.artifacts.iter();
    let found = artifacts.find(|artifact| artifact.path == path);
    found.map(|artifact| artifact.contents.as_str()).unwrap()
}

/// Whether the fastest burn-rate alert and the custom one fire, every minute of an outage that begins after an hour.
fn firing(rules: &str, environment: &str, severity: &str) -> Vec<[Option<f64>; 2]> {
    let named = |name: &str| format!("{name}{{env=\"{environment}\",job=\"checkout\"}}");
    let test = || Test {
        interval: "30s".into(),
        input_series: vec![
            series(named("requests_total"), "0+60x240"),
            series(named("errors_total"), "0x120 0+60x120"),
            series(named("queue_depth"), "0x120 20x120"),
        ],
        ..Test::default()
    };
    let alert = |labels: &str| {
        format!("count(ALERTS{{alertstate=\"firing\",severity=\"{severity}\",{labels}}})")
    };
    let burn = alert("alertname=\"SLOErrorBudgetBurn\",long_window=\"1h\"");
    let own = alert("alertname=\"Backlog\"");
    let minutes: Vec<String> = (60..80).map(|minute| format!("{minute}m")).collect();
    let queries: Vec<(&str, &str)> = minutes
        .iter()
        .flat_map(|minute| [(burn.as_str(), minute.as_str()), (own.as_str(), minute)])
        .collect();
    let values = promtool::values(rules, "30s", test(), &queries);
    values
        .chunks(2)
        .filter_map(|pair| <[Option<f64>; 2]>::try_from(pair).ok())
        .collect()
}

#[test]
fn a_ticket_fires_when_the_page_would() {
    if !promtool::available() {
        return;
    }
    let compilation = built();
    let production = file(&compilation, "production/prometheus/checkout.yaml");
    let staging = file(&compilation, "staging/prometheus/checkout.yaml");
    promtool::check_rules(production);
    promtool::check_rules(staging);
    assert!(!staging.contains("severity: page"), "{staging}");
    let pages = firing(production, "production", "page");
    let tickets = firing(staging, "staging", "ticket");
    assert_eq!(pages, tickets);
    // Both alerts fire in the end, and neither at once.
    assert_eq!(pages.first(), Some(&[None, None]));
    assert_eq!(pages.last(), Some(&[Some(1.0), Some(1.0)]));
}

#[test]
fn nothing_is_sent_to_pagerduty() {
    let compilation = built();
    let of = |environment: &str, target: &str| {
        let folder = format!("{environment}/{target}/");
        let artifacts = compilation.artifacts.iter();
        artifacts
            .filter(|one| one.path.starts_with(&folder))
            .count()
    };
    assert!(of("production", "pagerduty") > 0);
    assert_eq!(of("staging", "pagerduty"), 0);
    let production = file(&compilation, "production/alertmanager/alertmanager.yml");
    let staging = file(&compilation, "staging/alertmanager/alertmanager.yml");
    assert!(production.contains("pagerduty_configs"), "{production}");
    assert!(!staging.contains("pagerduty"), "{staging}");
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("alertmanager.yml");
    let receiver = |contents: &str, environment: &str, severity: &str| {
        std::fs::write(&config, contents).unwrap();
        routed(&amtool, &config, environment, severity)
    };
    assert_eq!(receiver(production, "production", "page"), "payments-page");
    assert_eq!(receiver(staging, "staging", "ticket"), "payments-ticket");
}

/// The receiver of the service's alerts of a severity.
fn routed(amtool: &Path, config: &Path, environment: &str, severity: &str) -> String {
    let output = Command::new(amtool)
        .args(["config", "routes", "test"])
        .arg(format!("--config.file={}", config.display()))
        .args(["team=payments", "service=checkout", "alertname=Backlog"])
        .arg(format!("environment={environment}"))
        .arg(format!("severity={severity}"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
