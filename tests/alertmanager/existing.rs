//! An existing configuration around ours: every alert that is not of the project goes where it went, and every alert of the
//! project to the project's receivers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::routes::{Labels, alerts, labels, receiver};
use crate::tools;

/// A configuration that takes everything in several ways, with keys that nthc does not know.
const BASE: &str = r##"# Somebody's own.
global:
  resolve_timeout: 6m
route: &root
  receiver: ops
  group_by: ["..."]
  group_wait: 1m
  repeat_interval: 12h
  routes:
  - matchers: [severity="page"]
    receiver: phone
    continue: true
    active_time_intervals: [nights]
  - matchers: [team=~"payments|growth"]
    receiver: chat
  - matchers: ['service="database"']
    receiver: dba
    routes:
    - match: {tier: gold}
      receiver: phone
  - matchers: [alertname="Watchdog"]
    receiver: deadman
receivers:
- name: ops
- name: phone
  pagerduty_configs:
  - routing_key_file: /etc/alertmanager/phone
- name: chat
  webhook_configs:
  - {url: 'http://localhost:5001/', send_resolved: no}
- name: dba
- name: deadman
inhibit_rules:
- source_matchers: [alertname="NodeDown"]
  target_matchers: [severity="page"]
  equal: [instance]
time_intervals:
- name: nights
  time_intervals:
  - times: [{start_time: "22:00", end_time: "24:00"}]
    location: Europe/London
"##;

const MAIN: &str = r##"import std.http

environment production { }

environment staging { }

team payments {
  slack = "#payments"

  escalation default {
    step first { notify = "ana@example.com" }
  }
}

team growth {
  receiver phone : pagerduty { on = [page] }
}

team quiet { }

service checkout {
  team     = payments
  tier     = critical
  selector = { job = "checkout" }

  slo availability : http.availability { objective = 99.9% }
}

service banner {
  team     = growth
  selector = { job = "banner" }

  slo availability : http.availability { objective = 99% }
}

service vault {
  team     = quiet
  selector = { job = "vault" }

  slo availability : http.availability { objective = 99% }
}

alert certificate-expires {
  team     = growth
  selector = { job = "blackbox" }
  severity = page
  when     = `min by (instance) (probe_ssl_earliest_cert_expiry) - time() < 14 * 86400`
  summary  = "The certificate of ${labels.instance} expires."
}
"##;

struct World {
    _folder: tempfile::TempDir,
    base: PathBuf,
    /// The output of one environment.
    built: PathBuf,
    alerts: Vec<Labels>,
}

fn world(settings: &str, base: &str) -> World {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    std::fs::create_dir_all(&root).unwrap();
    let file = root.join("base.yml");
    std::fs::write(&file, base).unwrap();
    std::fs::write(root.join("main.nth"), MAIN).unwrap();
    let manifest = format!("[project]\nname = \"shop\"\n\n[alertmanager]\n{settings}");
    std::fs::write(root.join("nth.toml"), manifest).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .args(["build", "--project"])
        .arg(&root)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let built = root.join("build/production");
    World {
        alerts: alerts(&built),
        base: file,
        built,
        _folder: folder,
    }
}

fn check_config(amtool: &Path, file: &Path) {
    let output = Command::new(amtool)
        .arg("check-config")
        .arg(file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

/// Alerts of others that resemble those of the project in some labels.
fn others(own: &[Labels]) -> Vec<Labels> {
    let mut others = vec![
        labels([("alertname", "Watchdog")]),
        labels([("alertname", "Disk"), ("team", "payments")]),
        labels([
            ("alertname", "Disk"),
            ("team", "growth"),
            ("severity", "page"),
        ]),
        labels([("alertname", "Disk"), ("service", "checkout")]),
        labels([("alertname", "CertificateExpires"), ("team", "payments")]),
        labels([
            ("alertname", "Slow"),
            ("service", "database"),
            ("tier", "gold"),
        ]),
        labels([
            ("alertname", "Slow"),
            ("service", "database"),
            ("severity", "page"),
        ]),
    ];
    for alert in own {
        for (label, value) in [
            ("environment", "staging"),
            ("environment", ""),
            ("service", "other"),
            ("tier", ""),
        ] {
            let mut other = alert.clone();
            // An alert outside of services has no service and no tier, and may get some from its series.
            if !alert.contains_key("tier") && label != "environment" {
                continue;
            }
            other.insert(label.to_owned(), value.to_owned());
            other.retain(|_, value| !value.is_empty());
            others.push(other);
        }
    }
    others.sort();
    others.dedup();
    others
}

/// Asserts that a configuration routes like the base, except for alerts of the project.
fn assert_beside(amtool: &Path, config: &Path, world: &World) {
    check_config(amtool, config);
    for alert in others(&world.alerts) {
        let before = receiver(amtool, &world.base, &alert);
        assert_eq!(receiver(amtool, config, &alert), before, "{alert:?}");
    }
    let mut reached = BTreeSet::new();
    for alert in &world.alerts {
        let team = alert["team"].as_str();
        let expected = match (team, alert["severity"].as_str()) {
            // Nobody of the team is notified, so the root route's receiver is.
            ("quiet", _) | ("growth", "ticket") => "ops".to_owned(),
            (team, severity) => format!("{team}-{severity}"),
        };
        assert_eq!(receiver(amtool, config, alert), expected, "{alert:?}");
        reached.insert(expected);
    }
    let reached: Vec<&str> = reached.iter().map(String::as_str).collect();
    assert_eq!(
        reached,
        ["growth-page", "ops", "payments-page", "payments-ticket"]
    );
}

#[test]
fn alerts_of_others_go_where_they_went() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let world = world("base = \"base.yml\"\n", BASE);
    let config = world.built.join("alertmanager/alertmanager.yml");
    assert_beside(&amtool, &config, &world);
    // Ours inherit neither grouping nor timing.
    let text = std::fs::read_to_string(&config).unwrap();
    let document: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    let first = &document["route"]["routes"][0];
    assert!(first["group_by"].as_sequence().unwrap().len() >= 4);
    for key in ["group_wait", "group_interval", "repeat_interval"] {
        assert!(first[key].is_string(), "{key}");
    }
    // Their part is as before.
    let base: yaml_serde::Value = yaml_serde::from_str(BASE).unwrap();
    for key in ["global", "time_intervals"] {
        assert_eq!(document[key], base[key], "{key}");
    }
    for (list, at_end) in [
        ("receivers", false),
        ("inhibit_rules", false),
        ("routes", true),
    ] {
        let of = |document: &yaml_serde::Value| {
            let list = match list {
                "routes" => &document["route"]["routes"],
                list => &document[list],
            };
            list.as_sequence().unwrap().clone()
        };
        let (theirs, all) = (of(&base), of(&document));
        let kept = match at_end {
            true => &all[all.len() - theirs.len()..],
            false => &all[..theirs.len()],
        };
        assert_eq!(kept, theirs, "{list}");
        assert!(all.len() > theirs.len(), "{list}");
    }
}

/// All combinations of labels that decide whose an alert is: the base alone routes those that are not of the project.
#[test]
fn every_combination_of_labels_is_someones() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let world = world("base = \"base.yml\"\n", BASE);
    let config = world.built.join("alertmanager/alertmanager.yml");
    let mut combinations: Vec<Labels> = vec![labels([])];
    for (label, values) in [
        ("alertname", &["CertificateExpires", "Watchdog"][..]),
        ("team", &["", "growth"]),
        ("service", &["", "checkout", "database"]),
        ("tier", &["", "gold"]),
        ("environment", &["", "production", "staging"]),
    ] {
        let with = |value: &&str| {
            let mut all = combinations.clone();
            if !value.is_empty() {
                for one in &mut all {
                    one.insert(label.to_owned(), (*value).to_owned());
                }
            }
            all
        };
        combinations = values.iter().flat_map(with).collect();
    }
    let mut own = 0;
    for alert in &combinations {
        let is = |label: &str, value: &str| alert.get(label).is_some_and(|known| known == value);
        let of_service = is("service", "checkout") && alert.contains_key("tier");
        let of_team = is("team", "growth") && is("alertname", "CertificateExpires");
        let is_own = is("environment", "production") && (of_service || of_team);
        let now = receiver(&amtool, &config, alert);
        if is_own {
            own += 1;
            assert!(
                ["growth-page", "ops"].contains(&now.as_str()),
                "{alert:?} {now}"
            );
        } else {
            assert_eq!(now, receiver(&amtool, &world.base, alert), "{alert:?}");
        }
    }
    assert_eq!((own, combinations.len()), (9, 72));
}

#[test]
fn line_ends_do_not_matter() {
    let with = |base: &str| {
        let world = world("base = \"base.yml\"\n", base);
        std::fs::read_to_string(world.built.join("alertmanager/alertmanager.yml")).unwrap()
    };
    let windows = with(&BASE.replace('\n', "\r\n"));
    assert_eq!(with(BASE), windows);
}

#[test]
fn a_fragment_is_added_to_the_lists() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let world = world("format = \"fragment\"\n", BASE);
    let folder = world.built.join("alertmanager");
    let text = std::fs::read_to_string(folder.join("alertmanager-fragment.yml")).unwrap();
    let fragment: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    let mut document: yaml_serde::Value = yaml_serde::from_str(BASE).unwrap();
    let list = |value: &yaml_serde::Value| value.as_sequence().cloned().unwrap_or_default();
    for name in ["templates", "receivers", "inhibit_rules"] {
        let all = [list(&document[name]), list(&fragment[name])].concat();
        document[name] = all.into();
    }
    let routes = [
        list(&fragment["routes"]),
        list(&document["route"]["routes"]),
    ]
    .concat();
    document["route"]["routes"] = routes.into();
    let config = folder.join("assembled.yml");
    std::fs::write(&config, yaml_serde::to_string(&document).unwrap()).unwrap();
    assert_beside(&amtool, &config, &world);
}
