//! A team that moves from Sloth keeps the names and labels that its routes, silences and dashboards know.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use nthc::project::default_settings;

use crate::inhibitions::{names, silenced};
use crate::projects::{files, single_with};
use crate::routes::{Labels, alerts, receiver};
use crate::tools;

/// What the team has: a specification of Sloth.
const SPECIFICATION: &str = r#"
version: prometheus/v1
service: checkout
slos:
  - name: requests-availability
    objective: 99.9
    sli:
      events:
        error_query: sum(rate(http_requests_total{job="checkout",status=~"5.."}[{{.window}}]))
        total_query: sum(rate(http_requests_total{job="checkout"}[{{.window}}]))
    alerting:
      name: CheckoutHighErrorRate
      labels: { category: availability }
      page_alert: { labels: { routing_key: checkout } }
      ticket_alert: { labels: { routing_key: checkout-tickets } }
"#;

/// What it writes instead.
const SOURCE: &str = r#"
import std.http

team payments { email = "payments@example.com" }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  slo requests-availability : http.availability {
    objective = 99.9%

    labels = {
      sloth_id      = "checkout-requests-availability",
      sloth_service = "checkout",
      sloth_slo     = "requests-availability",
    }

    slo-alert burning {
      kinds  = [burn-rate]
      alert  = "CheckoutHighErrorRate"
      labels = { category = "availability" }
    }

    slo-alert paging {
      kinds      = [burn-rate]
      severities = [page]
      labels     = { sloth_severity = "page", routing_key = "checkout" }
    }

    slo-alert slow {
      kinds      = [burn-rate]
      severities = [ticket]
      labels     = { sloth_severity = "ticket", routing_key = "checkout-tickets" }
    }

    recording "sloth_slo_info" {
      value  = info
      labels = {
        sloth_objective = "99.9",
        sloth_mode      = "cli-gen-prom",
        sloth_spec      = "prometheus/v1",
      }
    }
  }
}
"#;

/// The routes that the team has.
const ROUTES: &str = r#"
route:
  receiver: nobody
  routes:
    - matchers: [ alertname = CheckoutHighErrorRate, sloth_severity = page, routing_key = checkout ]
      receiver: oncall
    - matchers: [ 'alertname =~ "Checkout.+"', sloth_id = checkout-requests-availability ]
      receiver: queue
receivers: [ { name: nobody }, { name: oncall }, { name: queue } ]
"#;

/// Builds the source, in a folder that is removed in the end.
fn built() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let manifest = "[project]\nname = \"shop\"\ntargets = [\"prometheus\"]\n";
    std::fs::write(folder.path().join("nth.toml"), manifest).unwrap();
    std::fs::write(folder.path().join("main.nth"), SOURCE).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .args(["build", "--output", "out"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    folder
}

#[test]
fn routes_by_the_names_of_another_tool_still_find_the_alerts() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let folder = built();
    let config = folder.path().join("routes.yml");
    std::fs::write(&config, ROUTES).unwrap();
    let mut found: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for alert in alerts(&folder.path().join("out")) {
        let to = receiver(&amtool, &config, &alert);
        let kind = (alert["alertname"].clone(), alert["severity"].clone());
        found.entry(kind).or_default().insert(to);
    }
    let burning = |severity: &str| ("CheckoutHighErrorRate".to_owned(), severity.to_owned());
    let only = |receiver: &str| Some(BTreeSet::from([receiver.to_owned()]));
    assert_eq!(found.remove(&burning("page")), only("oncall"));
    assert_eq!(found.remove(&burning("ticket")), only("queue"));
    assert!(!found.is_empty());
    for (alert, to) in found {
        assert_eq!(Some(to), only("nobody"), "{alert:?}");
    }
}

/// The recorded series of rule files, with their labels.
fn recorded(text: &str) -> Vec<(String, Labels)> {
    let document: yaml_serde::Value = yaml_serde::from_str(text).unwrap();
    let groups = document["groups"].as_sequence().unwrap();
    let rules = groups
        .iter()
        .flat_map(|group| group["rules"].as_sequence().unwrap());
    rules
        .filter_map(|rule| {
            let labels = rule["labels"].as_mapping().unwrap().iter();
            let labels = labels.map(|(label, value)| {
                let text = |value: &yaml_serde::Value| value.as_str().unwrap().to_owned();
                (text(label), text(value))
            });
            Some((rule["record"].as_str()?.to_owned(), labels.collect()))
        })
        .collect()
}

/// True if a series or an alert has all of these labels.
fn has(all: &Labels, wanted: &Labels) -> bool {
    wanted
        .iter()
        .all(|(label, value)| all.get(label) == Some(value))
}

#[test]
fn every_alert_and_series_of_sloth_has_its_name_and_labels() {
    let Some(sloth) = tools::find("sloth") else {
        return;
    };
    let folder = built();
    let specification = folder.path().join("sloth.yml");
    std::fs::write(&specification, SPECIFICATION).unwrap();
    let old = folder.path().join("sloth/prometheus");
    std::fs::create_dir_all(&old).unwrap();
    let output = Command::new(sloth)
        .arg("generate")
        .arg("-i")
        .arg(&specification)
        .arg("-o")
        .arg(old.join("checkout.yaml"))
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let ours = alerts(&folder.path().join("out"));
    let theirs = alerts(&folder.path().join("sloth"));
    assert_eq!(theirs.len(), 2);
    for alert in &theirs {
        assert!(ours.iter().any(|own| has(own, alert)), "{alert:?}");
    }
    let read = |folder: &Path| -> Vec<(String, Labels)> {
        let texts = files(folder);
        texts.values().flat_map(|text| recorded(text)).collect()
    };
    let ours = read(&folder.path().join("out/prometheus"));
    let theirs = read(&old);
    assert!(theirs.len() > 10, "{theirs:?}");
    for (name, mut labels) in theirs {
        // What differs by design: the window has the label `window`, and the version is that of another program.
        if let Some(window) = labels.remove("sloth_window") {
            labels.insert("window".to_owned(), window);
        }
        labels.remove("sloth_version");
        let mut own = ours.iter();
        assert!(
            own.any(|(own, all)| *own == name && has(all, &labels)),
            "{name} {labels:?}"
        );
    }
}

/// Two services whose SLOs name their alerts as they were, one of which needs the other.
const RENAMED: &str = r##"
import std.http

team t { slack = "#t" }

service checkout {
  team     = t
  selector = { job = "checkout" }

  slo availability : http.availability {
    objective    = 99.9%
    budget_pages = [80%]

    slo-alert burning { kinds = [burn-rate]  alert = "CheckoutFails" }
    slo-alert budget { kinds = [budget]  alert = "CheckoutBudget" }
  }
}

service web {
  team     = t
  selector = { job = "web" }

  slo availability : http.availability { objective = 99% }

  dependency checkout { service = checkout }
}
"##;

#[test]
fn alerts_with_other_names_inhibit_as_before() {
    let project = single_with(RENAMED, default_settings("shop"));
    let burns = (
        "it burns",
        "alertname=CheckoutFails service=checkout slo=availability severity=page long_window=1h",
    );
    let budget = (
        "its budget",
        "alertname=CheckoutBudget service=checkout slo=availability severity=page budget_consumed=80%",
    );
    let slowly = (
        "it burns slowly",
        "alertname=CheckoutFails service=checkout slo=availability severity=ticket long_window=1d",
    );
    let dependent = (
        "web burns",
        "alertname=SLOErrorBudgetBurn service=web slo=availability severity=page long_window=1h",
    );
    let absent = (
        "no data of web",
        "alertname=SLOMetricAbsent service=web slo=availability severity=ticket",
    );
    let Some(found) = silenced(&project, &[burns, budget, slowly, dependent]) else {
        return;
    };
    assert_eq!(found, names(&["it burns slowly", "web burns"]));
    // The budget alone inhibits nothing, although its alert pages.
    let found = silenced(&project, &[budget, slowly, dependent, absent]);
    assert_eq!(found, Some(names(&["no data of web"])));
}
