//! What several environments and projects make, put together as it is where it goes: applied to one cluster, collected by
//! one Grafana, evaluated by one Prometheus.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
mod place;
mod tools;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use place::Place;
use serde_json::Value;

/// Every target in the form that Kubernetes takes.
const OBJECTS: &str = r#"
[prometheus]
format = "prometheus-rule"
namespace = "monitoring"
labels = { release = "kube-prometheus" }

[grafana]
format = "configmap"
namespace = "monitoring"

[alertmanager]
format = "alertmanager-config"
namespace = "monitoring"
default_team = "payments"
smarthost = "mail.example.com:587"
from = "alerts@example.com"

[policy]
forms = ["json", "rego", "argo-rollouts", "argo-cd"]
prometheus = "http://prometheus.monitoring:9090"
image = "registry.example.com/nthc:0.1.0"
namespace = "argocd"

[urls]
dashboards = "https://grafana.example.com"

[dependencies]
platform = { path = "../platform" }
"#;

/// The example's project under a name, with the rest of its manifest; its freeze is one that PromQL can tell.
fn example(place: &Place, name: &str, more: &str, manifest: &str) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    copy(&root.join("platform"), place, "platform");
    copy(&root.join("shop"), place, name);
    place.write(
        &format!("{name}/nth.toml"),
        format!("[project]\nname = \"{name}\"\n{more}{manifest}"),
    );
    place.replace(
        &format!("{name}/services/checkout.nth"),
        "to: mon 09:00, zone: \"Europe/London\"",
        "to: mon 09:00, zone: \"UTC\"",
    );
    let ran = place.run(&["build", "--project", name]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

fn copy(from: &Path, place: &Place, to: &str) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let to = format!("{to}/{name}");
        match path.is_dir() {
            true if name == "build" => {}
            true => copy(&path, place, &to),
            false => place.write(&to, std::fs::read(&path).unwrap()),
        }
    }
}

/// The documents of a folder's YAML files that are objects, with the files that they are in.
fn objects(place: &Place, below: &str) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for (path, text) in place.files(below) {
        if !path.ends_with(".yaml") && !path.ends_with(".yml") {
            continue;
        }
        for document in yaml_serde::Deserializer::from_str(&text) {
            let document: Value = serde::Deserialize::deserialize(document).unwrap();
            if document["kind"].is_string() {
                found.push((format!("{below}/{path}"), document));
            }
        }
    }
    found
}

/// Applies objects one after another: none may take another's place.
fn apply(objects: &[(String, Value)]) -> BTreeMap<[String; 4], Value> {
    let mut cluster: BTreeMap<[String; 4], (&String, Value)> = BTreeMap::new();
    for (path, object) in objects {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let key = [
            text(&object["apiVersion"]),
            text(&object["kind"]),
            text(&object["metadata"]["namespace"]),
            text(&object["metadata"]["name"]),
        ];
        assert!(is_name(&key[3]), "{path}: {key:?}");
        if let Some((before, known)) = cluster.get(&key) {
            assert_eq!(known, object, "{before} and {path}: {key:?}");
        }
        cluster.insert(key, (path, object.clone()));
    }
    cluster
        .into_iter()
        .map(|(key, (_, object))| (key, object))
        .collect()
}

/// A DNS label of at most 63 characters, which is good for every kind.
fn is_name(name: &str) -> bool {
    let kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    name.len() <= 63
        && name.starts_with(kept)
        && name.ends_with(kept)
        && name.chars().all(|c| kept(c) || c == '-')
}

fn is_of_kubernetes(object: &Value) -> bool {
    object["apiVersion"] != "openslo/v1"
}

#[test]
fn objects_of_environments_and_projects_stay_apart() {
    for more in ["", "shared = true\n"] {
        let place = Place::new();
        example(&place, "shop", more, OBJECTS);
        example(&place, "bank", more, OBJECTS);
        let mut all = objects(&place, "shop/build");
        all.extend(objects(&place, "bank/build"));
        if more.is_empty() {
            // OpenSLO's documents are for readers of one project unless it says that others share them.
            let of_shop = objects(&place, "shop/build");
            apply(&of_shop);
            all.retain(|(_, object)| is_of_kubernetes(object));
        }
        let cluster = apply(&all);
        let mut kinds = BTreeMap::new();
        for key in cluster.keys() {
            *kinds.entry(key[1].as_str()).or_insert(0) += 1;
        }
        // Two projects with two environments each of eleven services.
        assert_eq!(kinds["PrometheusRule"], 44);
        assert_eq!(kinds["AlertmanagerConfig"], 4);
        // A dashboard a service and an overview, and the policy of each gate.
        assert_eq!(kinds["ConfigMap"], 4 * 12 + 40);
        assert_eq!(kinds["AnalysisTemplate"], 40);
        assert_eq!(kinds["Job"], 40);
        // Staging has no window: its freeze only reports.
        assert_eq!(kinds["AppProject"], 2);
        for (path, object) in &all {
            assert!(!is_empty(object), "{path}");
        }
    }
}

/// Whether an object says nothing beside its name.
fn is_empty(object: &Value) -> bool {
    let nothing = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    let body = match &object["spec"] {
        Value::Null => &object["data"],
        spec => spec,
    };
    let fields = body.as_object();
    // A service's document of OpenSLO need have no description.
    object["apiVersion"] != "openslo/v1"
        && fields.is_none_or(|fields| fields.is_empty() || fields.values().all(nothing))
}

#[test]
fn a_sidecar_writes_no_dashboard_over_another() {
    let place = Place::new();
    example(&place, "shop", "shared = true\n", OBJECTS);
    example(&place, "bank", "shared = true\n", OBJECTS);
    let mut all = objects(&place, "shop/build");
    all.extend(objects(&place, "bank/build"));
    let (mut files, mut uids) = (BTreeSet::new(), BTreeSet::new());
    for (path, object) in &all {
        if object["metadata"]["labels"]["grafana_dashboard"] != "1" {
            continue;
        }
        // Without folders all files are in one.
        for (key, text) in object["data"].as_object().unwrap() {
            assert!(files.insert(key.clone()), "{path}: {key}");
            let dashboard: Value = serde_json::from_str(text.as_str().unwrap()).unwrap();
            let uid = dashboard["uid"].as_str().unwrap().to_owned();
            assert!(uid.len() <= 40);
            assert!(uids.insert(uid), "{path}");
        }
    }
    assert_eq!(uids.len(), 48);
}

#[test]
fn windows_of_an_environment_leave_those_of_another_alone() {
    let place = Place::new();
    example(&place, "shop", "", OBJECTS);
    let path = "policy/argo-cd/sync-windows.yaml";
    let files = place.files("shop/build");
    let production = &files[&format!("production/{path}")];
    assert!(
        production.contains("  name: shop--production\n"),
        "{production}"
    );
    assert!(!files.contains_key(&format!("staging/{path}")));
    // That there is no window is told where the job is.
    let job = &files["staging/policy/argo-cd/checkout/release.yaml"];
    let told = "# Without a sync window, decided only by the PreSync job:\n\
                # - checkout / release / peak-season: the gate is in dry run, and a window would stop the sync\n";
    assert!(job.contains(told), "{job}");
}

#[test]
fn series_of_projects_that_share_a_prometheus_stay_apart() {
    let place = Place::new();
    let manifest = "\n[dependencies]\nplatform = { path = \"../platform\" }\n";
    let mut series = BTreeSet::new();
    let mut groups = BTreeSet::new();
    for project in ["shop", "bank"] {
        example(
            &place,
            project,
            "shared = true\ntargets = [\"prometheus\"]\n",
            manifest,
        );
        for (path, text) in place.files(&format!("{project}/build")) {
            if !path.contains("/prometheus/") {
                continue;
            }
            let file = path.rsplit('/').next().unwrap();
            assert!(file.starts_with(&format!("{project}--")), "{path}");
            let rules: Value = yaml_serde::from_str(&text).unwrap();
            for group in rules["groups"].as_array().unwrap() {
                let environment = path.split('/').next().unwrap();
                let name = group["name"].as_str().unwrap();
                assert!(
                    groups.insert((environment.to_owned(), name.to_owned())),
                    "{path}: {name}"
                );
                for rule in group["rules"].as_array().unwrap() {
                    assert_eq!(rule["labels"]["project"], project, "{rule}");
                    let record = rule["record"].as_str().or(rule["alert"].as_str()).unwrap();
                    let expr = rule["expr"].as_str().unwrap();
                    // What reads recordings reads those of its project.
                    for selector in expr.split("slo:").skip(1) {
                        let labels = selector.split('}').next().unwrap();
                        assert!(labels.contains(&format!("project=\"{project}\"")), "{expr}");
                    }
                    if rule["record"].is_string() {
                        let labels = rule["labels"].to_string();
                        series.insert((record.to_owned(), labels));
                    }
                }
            }
        }
    }
    assert!(series.len() > 1_000, "{}", series.len());
}

/// A project of one file.
fn small(manifest: &str, source: &str) -> Place {
    let place = Place::new();
    place.write("nth.toml", manifest);
    place.write("main.nth", source);
    place
}

const GATES: &str = r#"
[policy]
forms = ["argo-cd"]
prometheus = "http://prometheus.monitoring:9090"
image = "registry.example.com/nthc:0.1.0"
"#;

const FREEZE: &str = r#"
environment production { }
environment staging { }

team payments { }

service checkout {
  team     = payments
  selector = { job = "checkout" }

  gate release {
    deny weekend { when = weekday(zone: "UTC") }
  }
}
"#;

#[test]
fn two_environments_in_one_argo_project_are_an_error() {
    let manifest = |project: &str| {
        format!("[project]\nname = \"shop\"\n{GATES}argo_project = \"{project}\"\n")
    };
    let place = small(&manifest("default"), FREEZE);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let told = "error[N0652]: the sync windows of `production` and `staging` share one Argo CD project, `default`";
    assert!(ran.err.contains(told), "{ran:?}");
    assert!(
        ran.err.contains("argo_project = \"default-{environment}\""),
        "{ran:?}"
    );
    assert!(place.names("build").is_empty());

    let place = small(&manifest("default-{environment}"), FREEZE);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    for environment in ["production", "staging"] {
        let text = place.read(&format!(
            "build/{environment}/policy/argo-cd/sync-windows.yaml"
        ));
        assert!(
            text.contains(&format!("  name: default-{environment}\n")),
            "{text}"
        );
    }

    // Windows in one of them alone are nobody else's.
    let one = FREEZE
        .replace("    deny weekend", "    in production { deny weekend")
        .replace("\"UTC\") }", "\"UTC\") } }");
    let place = small(&manifest("default"), &one);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        !place
            .names("build")
            .iter()
            .any(|name| name == "staging/policy/argo-cd/sync-windows.yaml")
    );
}

#[test]
fn the_service_that_crosses_the_most_groups_is_told() {
    let source = "team payments { }\n".to_owned()
        + &["a", "b", "c"]
            .map(|name| {
                format!(
                    "service {name} {{\n  team = payments\n  selector = {{ job = \"{name}\" }}\n  recording x {{ query = `max(up)` }}\n}}\n"
                )
            })
            .concat();
    let manifest =
        |most: u32| format!("[project]\nname = \"shop\"\n[prometheus]\nmax_groups = {most}\n");
    let place = small(&manifest(3), &source);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let place = small(&manifest(2), &source);
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let told = "error[N0651]: too many rule groups: 3, and `max_groups` is 2";
    let all = format!("{}{}", ran.out, ran.err);
    assert!(all.contains(told), "{ran:?}");
    assert!(all.contains("main.nth:12:9"), "{ran:?}");
}

#[test]
fn a_dashboard_that_is_too_large_to_apply_is_told_at_its_service() {
    let panels: String = (0..600)
        .map(|number| {
            let query = format!(
                "sum(rate(some_counter_with_a_name_total{{handler=\"/a/long/path/{number}\"}}[5m]))"
            );
            format!("  panel p{number} {{ title = \"P{number}\"  query = `{query}` }}\n")
        })
        .collect();
    let source = format!(
        "team payments {{ }}\nservice checkout {{\n  team = payments\n  selector = {{ job = \"checkout\" }}\n{panels}}}\n"
    );
    let manifest =
        "[project]\nname = \"shop\"\ntargets = [\"grafana\"]\n[grafana]\nformat = \"configmap\"\n";
    let place = small(manifest, &source);
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let all = format!("{}{}", ran.out, ran.err);
    assert!(
        all.contains("main.nth:2:9: error[N0650]: the `ConfigMap` `shop--dashboard-checkout` is "),
        "{all}"
    );
    assert!(
        all.contains("Kubernetes allows at most 262,144 bytes of annotations"),
        "{all}"
    );

    let server_side = format!("{manifest}[kubernetes]\nserver_side_apply = true\n");
    let place = small(&server_side, &source);
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn long_tags_and_titles_are_as_grafana_takes_them() {
    let name = "x".repeat(60);
    let source = |name: &str| {
        format!(
            "team payments {{ }}\nservice {name} {{\n  team = payments\n  selector = {{ job = \"x\" }}\n  panel p {{ title = \"P\"  query = `max(up)` }}\n}}\n"
        )
    };
    let place = small("[project]\nname = \"shop\"\n", &source(&name));
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    let dashboard: Value =
        serde_json::from_str(&place.read(&format!("build/grafana/{name}.json"))).unwrap();
    let tags = dashboard["tags"].as_array().unwrap();
    assert!(
        tags.iter()
            .all(|tag| tag.as_str().unwrap().chars().count() <= 50),
        "{tags:?}"
    );
    let place = small("[project]\nname = \"shop\"\n", &source(&"x".repeat(190)));
    let ran = place.run(&["build"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains(
            "error[N0650]: the dashboard title has 190 characters; Grafana allows at most 189"
        ),
        "{ran:?}"
    );
}

#[test]
fn kustomize_reads_what_is_listed() {
    let Some(kustomize) = tools::find("kustomize") else {
        return;
    };
    let place = Place::new();
    let manifest = format!("{OBJECTS}\n[kubernetes]\nkustomization = true\n");
    example(&place, "shop", "", &manifest);
    let documents = |text: &str| {
        let lines = text.lines().filter(|line| line.starts_with("kind: "));
        lines.filter(|line| *line != "kind: Kustomization").count()
    };
    let written: usize = place
        .files("shop/build/production")
        .iter()
        .filter(|(path, _)| {
            ["prometheus/", "grafana/", "alertmanager/"]
                .iter()
                .any(|folder| path.starts_with(folder))
        })
        .map(|(_, text)| documents(text))
        .sum();
    assert!(written > 20, "{written}");
    let ran = Command::new(kustomize)
        .arg("build")
        .arg(place.path("shop/build/production"))
        .output()
        .unwrap();
    let out = String::from_utf8(ran.stdout).unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{err}");
    assert_eq!(documents(&out), written);
}

#[test]
fn a_kustomization_needs_resources() {
    let place = small(
        "[project]\nname = \"shop\"\n[kubernetes]\nkustomization = true\n",
        "team payments { }\n",
    );
    let ran = place.run(&["build", "--format", "short"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let all = format!("{}{}", ran.out, ran.err);
    assert!(
        all.contains(
            "nth.toml:4:17: error[N0604]: `kubernetes.kustomization` needs Kubernetes resources"
        ),
        "{all}"
    );
}

#[test]
fn vmalert_reads_the_rules_of_the_example() {
    let Some(vmalert) = tools::find("vmalert") else {
        return;
    };
    let place = Place::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    copy(&root.join("platform"), &place, "platform");
    copy(&root.join("shop"), &place, "shop");
    let manifest = "[project]\nname = \"shop\"\ntargets = [\"prometheus\"]\n[prometheus]\nruler = \"victoriametrics\"\n\
                    query_offset = \"30s\"\n[dependencies]\nplatform = { path = \"../platform\" }\n";
    place.write("shop/nth.toml", manifest);
    let check = || place.run(&["build", "--project", "shop", "--format", "short"]);
    // Its latency is of a native histogram, which vmalert would reject with the whole file.
    let refused = check();
    let all = format!("{}{}", refused.out, refused.err);
    assert_eq!(refused.code, 1, "{all}");
    assert!(
        all.contains("error[N0594]: vmalert does not evaluate native histograms"),
        "{all}"
    );
    place.replace("shop/services/search.nth", ", native: true", "");
    let texts = r#"import std.http
import teams.payments

service texts {
  team        = payments
  tier        = standard
  selector    = { job = "texts" }
  cost-center = "commerce"

  slo availability : http.availability { objective = 99% }

  alert placeholder {
    when    = `max(queue_depth{pool="%{HOME}"}) > 1`
    summary = "%{HOME}, ${value}%{HOME} and 5%${value}"
  }
}
"#;
    place.write("shop/services/texts.nth", texts);
    let built = check();
    assert_eq!(built.code, 0, "{built:?}");
    let ran = Command::new(vmalert)
        .arg("-dryRun")
        .arg(format!(
            "-rule={}",
            place
                .path("shop/build/production/prometheus")
                .join("*.yaml")
                .display()
        ))
        // A placeholder that is left would be replaced by this.
        .env("HOME", "{{ .Broken")
        .output()
        .unwrap();
    let err = String::from_utf8(ran.stderr).unwrap();
    assert!(ran.status.success(), "{err}");
}
