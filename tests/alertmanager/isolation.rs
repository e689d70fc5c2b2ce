//! An alert reaches receivers of its own environment and project alone: all alerts of two projects and their environments,
//! each thrown at the configuration of each of them, and at one Alertmanager of the Prometheus operator that has all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::projects::{examples, files};
use crate::routes::{Labels, alerts, receiver};
use crate::tools;

/// A project beside the shop, in whose Alertmanager it has teams, environments and a tier of the same names; one of its
/// services has no team that is told of anything.
const BANK: &str = r##"import std.http

environment production { }

environment staging { }

team payments {
  slack = "#bank-payments"

  escalation default {
    step first { notify = "ana@bank.example.com" }
  }
}

team tellers {
  slack = "#tellers"
}

team quiet { }

service gateway {
  team     = payments
  tier     = critical
  selector = { job = "gateway" }

  slo availability : http.availability {
    objective = 99.9%
  }
}

service counter {
  team     = tellers
  selector = { job = "counter" }

  slo availability : http.availability {
    objective = 99.5%
  }

  alert QueueBacklog {
    when     = `sum(queue_depth) > 100`
    severity = page
  }
}

service vault {
  team     = quiet
  selector = { job = "vault" }

  slo availability : http.availability {
    objective = 99%
  }
}
"##;

/// A project that has no environments.
const TOOLS: &str = r##"import std.http

team payments {
  slack = "#tools-payments"
}

service wiki {
  team     = payments
  tier     = low
  selector = { job = "wiki" }

  slo availability : http.availability {
    objective = 99%
  }
}
"##;

/// What a project's environment is built into, and whose alerts these are.
struct Built {
    /// `shop/production`.
    name: String,
    folder: PathBuf,
    alerts: Vec<Labels>,
}

fn build(folder: &Path, name: &str, main: &str, settings: &str) {
    let root = folder.join(name);
    std::fs::create_dir_all(&root).unwrap();
    std::fs::write(root.join("nth.toml"), settings).unwrap();
    std::fs::write(root.join("main.nth"), main).unwrap();
    run(&root, &folder.join("out").join(name));
}

fn run(root: &Path, out: &Path) {
    let output = Command::new(env!("CARGO_BIN_EXE_nthc"))
        .args(["build", "--project"])
        .arg(root)
        .arg("--output")
        .arg(out)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
}

/// A copy of the shop and of the package it imports, with other settings.
fn build_shop(folder: &Path, change: impl Fn(String) -> String) {
    for name in ["shop", "platform"] {
        copy(&examples().join(name), &folder.join(name));
    }
    let manifest = folder.join("shop/nth.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, change(text)).unwrap();
    run(&folder.join("shop"), &folder.join("out/shop"));
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else {
            std::fs::copy(&path, &to).unwrap();
        }
    }
}

/// Three projects with or without a default team, and whether they say that they share what they are built for.
fn all(folder: &Path, with_default: bool, shared: bool) -> Vec<Built> {
    let project = |name: &str| {
        let shared = if shared { "shared = true\n" } else { "" };
        let default = match (with_default, name) {
            (false, _) => String::new(),
            (true, _) => "\n[alertmanager]\ndefault_team = \"payments\"\n".to_owned(),
        };
        format!("[project]\nname = \"{name}\"\n{shared}{default}")
    };
    build_shop(folder, |text| {
        let text = match with_default {
            true => text,
            false => text.replace("default_team = \"payments\"\n", ""),
        };
        match shared {
            true => text.replacen("[project]\n", "[project]\nshared = true\n", 1),
            false => text,
        }
    });
    build(folder, "bank", BANK, &project("bank"));
    build(folder, "tools", TOOLS, &project("tools"));
    let built = |name: &str| {
        let folder = folder.join("out").join(name);
        Built {
            name: name.to_owned(),
            alerts: alerts(&folder),
            folder,
        }
    };
    [
        "shop/production",
        "shop/staging",
        "bank/production",
        "bank/staging",
        "tools",
    ]
    .map(built)
    .into()
}

/// The receivers of a configuration that notify somebody.
fn loud(config: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(config).unwrap();
    let document: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    assert_matched(&document["route"]);
    let receivers = document["receivers"].as_sequence().unwrap().iter();
    receivers
        .filter(|receiver| receiver.as_mapping().unwrap().len() > 1)
        .map(|receiver| receiver["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Labels that no matcher of a route names make no difference to where an alert goes, nor do names of alerts that none names:
/// one alert for each set of values of the others is thrown. That no other label counts is asserted of the routes.
fn distinct(alerts: &[Labels]) -> Vec<Labels> {
    let relevant = |alert: &Labels| -> Labels {
        let labels = alert.iter();
        labels
            .filter(|(label, value)| {
                let is_named = *label != "alertname" || *value == "SLOErrorBudgetConsumed";
                MATCHED.contains(&label.as_str()) && is_named
            })
            .map(|(label, value)| (label.clone(), value.clone()))
            .collect()
    };
    let all: BTreeMap<Labels, &Labels> = alerts
        .iter()
        .map(|alert| (relevant(alert), alert))
        .collect();
    all.into_values().cloned().collect()
}

/// The labels that matchers of routes name.
const MATCHED: [&str; 8] = [
    "alertname",
    "environment",
    "namespace",
    "project",
    "service",
    "severity",
    "team",
    "tier",
];

/// Asserts that a route and those below it look at no other label, and at no other alert's name.
fn assert_matched(route: &yaml_serde::Value) {
    let list = |of: &str| route[of].as_sequence().cloned().unwrap_or_default();
    for matcher in list("matchers") {
        let matcher = matcher.as_str().unwrap();
        let label = matcher.split(['=', '!']).next().unwrap();
        assert!(MATCHED.contains(&label), "{matcher}");
        let named = [
            "alertname=\"SLOErrorBudgetConsumed\"",
            "alertname=~\"InfoInhibitor|Watchdog\"",
        ];
        assert!(
            label != "alertname" || named.contains(&matcher),
            "{matcher}"
        );
    }
    list("routes").iter().for_each(assert_matched);
}

/// Throws each set of alerts at each configuration, in two threads.
fn thrown<T: Sync>(
    work: &[(T, Labels)],
    amtool: &Path,
    of: impl Fn(&T) -> &Path + Sync,
    check: impl Fn(&T, &Labels, String) + Sync,
) {
    thread::scope(|scope| {
        for part in work.chunks(work.len().div_ceil(2).max(1)) {
            let (of, check) = (&of, &check);
            scope.spawn(move || {
                for (at, alert) in part {
                    check(at, alert, receiver(amtool, of(at), alert));
                }
            });
        }
    });
}

#[test]
fn an_alert_reaches_its_own_environment_and_project_alone() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    for (with_default, shared) in [(true, false), (false, false), (true, true)] {
        let folder = tempfile::tempdir().unwrap();
        let built = all(folder.path(), with_default, shared);
        let configs: BTreeMap<&str, (PathBuf, BTreeSet<String>)> = built
            .iter()
            .map(|built| {
                let config = built.folder.join("alertmanager/alertmanager.yml");
                let loud = loud(&config);
                (built.name.as_str(), (config, loud))
            })
            .collect();
        let mut work = Vec::new();
        for of in &built {
            for alert in distinct(&of.alerts) {
                for at in configs.keys() {
                    work.push(((*at, of.name.as_str()), alert.clone()));
                }
            }
        }
        let alerts: usize = built.iter().map(|built| built.alerts.len()).sum();
        println!(
            "{alerts} alerts, {} configurations, {} distinct pairs",
            configs.len(),
            work.len()
        );
        assert!(alerts > 200 && work.len() > 300);
        thrown(
            &work,
            &amtool,
            |(at, _)| &configs[at].0,
            |(at, of), alert, went| {
                let is_loud = configs[at].1.contains(&went);
                // The vault's team is told of nothing.
                let is_lost = alert["team"] == "quiet" && !with_default;
                assert_eq!(
                    is_loud,
                    at == of && !is_lost,
                    "an alert of {of} went to {went} of {at}: {alert:?}"
                );
            },
        );
    }
}

/// What an operator makes of the resources that it finds: a route for each below one that notifies nobody.
fn merged(resources: &[(String, yaml_serde::Value)], on_namespace: bool) -> serde_json::Value {
    let mut routes = Vec::new();
    let mut receivers = vec![serde_json::json!({ "name": "null" })];
    for (name, resource) in resources {
        let resource: serde_json::Value = serde_json::to_value(resource).unwrap();
        let mut route = crate::operator::route(&resource["spec"]["route"]);
        prefix(&mut route, name);
        let namespace = resource["metadata"]["namespace"].as_str().unwrap();
        route["continue"] = true.into();
        if on_namespace {
            route["matchers"] = serde_json::json!([format!("namespace=\"{namespace}\"")]);
        }
        routes.push(route);
        for receiver in resource["spec"]["receivers"].as_array().unwrap() {
            let receiver = receiver["name"].as_str().unwrap();
            receivers.push(serde_json::json!({ "name": format!("{name}/{receiver}") }));
        }
    }
    serde_json::json!({
        "route": { "receiver": "null", "routes": routes },
        "receivers": receivers,
    })
}

fn prefix(route: &mut serde_json::Value, name: &str) {
    let receiver = route["receiver"].as_str().unwrap();
    route["receiver"] = format!("{name}/{receiver}").into();
    if let Some(routes) = route["routes"].as_array_mut() {
        routes.iter_mut().for_each(|route| prefix(route, name));
    }
}

#[test]
fn all_of_them_live_in_one_alertmanager_of_an_operator() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    for on_namespace in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let strategy = if on_namespace { "on-namespace" } else { "none" };
        let target = format!(
            "[alertmanager]\nformat = \"alertmanager-config\"\nnamespace = \"monitoring\"\nmatcher_strategy = \"{strategy}\"\n"
        );
        build_shop(folder.path(), |text| {
            text.replace("[alertmanager]\n", &target)
        });
        let bank = format!("[project]\nname = \"bank\"\n{target}default_team = \"tellers\"\n");
        build(folder.path(), "bank", BANK, &bank);
        let names = [
            "shop/production",
            "shop/staging",
            "bank/production",
            "bank/staging",
        ];
        let resources: Vec<(String, yaml_serde::Value)> = names
            .iter()
            .map(|name| {
                let path = folder.path().join("out").join(name);
                let path = path.join("alertmanager/alertmanager-config.yaml");
                let text = std::fs::read_to_string(path).unwrap();
                ((*name).to_owned(), yaml_serde::from_str(&text).unwrap())
            })
            .collect();
        let config = folder.path().join("merged.yml");
        let text = merged(&resources, on_namespace).to_string();
        std::fs::write(&config, text).unwrap();
        let mut work = Vec::new();
        for name in names {
            let built = folder.path().join("out").join(name);
            for alert in distinct(&alerts(&built)) {
                assert_eq!(alert.contains_key("namespace"), on_namespace);
                work.push((name, alert));
            }
        }
        assert!(work.len() > 50);
        thrown(
            &work,
            &amtool,
            |_| &config,
            |of, alert, went| {
                let told: Vec<&str> = went
                    .split(',')
                    .filter(|name| !name.ends_with("/nobody") && *name != "null")
                    .collect();
                let own = format!("{of}/");
                assert!(
                    matches!(told.as_slice(), [only] if only.starts_with(&own)),
                    "{alert:?} of {of} went to {went}"
                );
            },
        );
    }
}

#[test]
fn alerts_of_other_origin_go_to_the_default_team() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let built = all(folder.path(), true, false);
    for (at, labels, wanted) in [
        // What kube-prometheus fires always is for nobody.
        (
            "shop/production",
            "alertname=Watchdog severity=none",
            "nobody",
        ),
        (
            "shop/production",
            "alertname=InfoInhibitor severity=none namespace=x",
            "nobody",
        ),
        ("tools", "alertname=Watchdog severity=none", "nobody"),
        (
            "shop/production",
            "alertname=NodeDown severity=page",
            "payments-page",
        ),
        (
            "shop/production",
            "alertname=TargetDown severity=critical service=kubelet",
            "payments-ticket",
        ),
        (
            "shop/production",
            "alertname=NodeDown severity=page environment=production",
            "payments-page",
        ),
        (
            "shop/production",
            "alertname=NodeDown severity=page environment=staging",
            "nobody",
        ),
        // A rule that a person wrote, for a team of the project.
        (
            "shop/production",
            "alertname=Old severity=page team=commerce",
            "commerce-page",
        ),
        (
            "shop/production",
            "alertname=Old severity=page team=commerce service=legacy",
            "commerce-page",
        ),
        (
            "shop/production",
            "alertname=Old severity=page team=commerce service=legacy tier=low",
            "nobody",
        ),
        (
            "tools",
            "alertname=Old severity=page team=payments environment=somewhere",
            "payments-page",
        ),
    ] {
        let labels: Labels = labels
            .split(' ')
            .filter_map(|pair| pair.split_once('='))
            .map(|(label, value)| (label.to_owned(), value.to_owned()))
            .collect();
        let built = built.iter().find(|built| built.name == at).unwrap();
        let config = built.folder.join("alertmanager/alertmanager.yml");
        assert_eq!(receiver(&amtool, &config, &labels), wanted, "{labels:?}");
    }
}

#[test]
fn what_an_operator_makes_of_the_resource_gets_its_alerts() {
    let Some(amtool) = tools::find("amtool") else {
        return;
    };
    // The smallest project of a cluster, and the configuration that an operator made of its resource.
    const MANIFEST: &str = "[project]\nname = \"p\"\n\n[prometheus]\nformat = \"prometheus-rule\"\nnamespace = \"shop\"\n\n\
                            [alertmanager]\nformat = \"alertmanager-config\"\nnamespace = \"shop\"\n";
    const MAIN: &str = "import std.http\n\nteam t { slack = \"#t\" }\n\nservice web {\n  team     = t\n  \
                        selector = { job = \"web\", namespace = \"shop\" }\n\n  slo availability : http.availability {\n    \
                        objective = 99.9%\n  }\n}\n";
    const MADE: &str = "receivers:\n- name: 'null'\n- name: nobody\n- name: t-page\n- name: t-ticket\nroute:\n  receiver: 'null'\n  \
                        routes:\n  - continue: true\n    matchers:\n    - namespace=\"shop\"\n    receiver: nobody\n    routes:\n    \
                        - matchers:\n      - team=\"t\"\n      receiver: t-ticket\n      routes:\n      - matchers:\n        \
                        - severity=\"page\"\n        receiver: t-page\n";
    let folder = tempfile::tempdir().unwrap();
    build(folder.path(), "p", MAIN, MANIFEST);
    let config = folder.path().join("am.yml");
    std::fs::write(&config, MADE).unwrap();
    let alerts = alerts(&folder.path().join("out/p"));
    assert!(alerts.len() > 4);
    for alert in alerts {
        let wanted = format!("t-{}", alert["severity"]);
        assert_eq!(receiver(&amtool, &config, &alert), wanted, "{alert:?}");
    }
    let text = files(&folder.path().join("out/p"));
    let resource = text
        .iter()
        .find(|(path, _)| path.ends_with("alertmanager/alertmanager-config.yaml"));
    assert!(resource.unwrap().1.contains("  namespace: shop\n"));
}
