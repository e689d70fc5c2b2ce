//! Grafana's dashboard-linter has nothing to say: its rules as this repository reads them always, the program itself
//! where it is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::dashboards::dashboards;
use crate::linter_rules::{RULES, lint};

fn config() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grafana/lint.yaml")
}

/// The rules that are not asked, with the reasons.
fn exclusions() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(config()).unwrap();
    let file: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    let keys = file.as_mapping().unwrap();
    assert_eq!(
        keys.len(),
        1,
        "rules are excluded whole, and nothing else is set"
    );
    let excluded = file["exclusions"].as_mapping().unwrap();
    excluded
        .iter()
        .map(|(name, entry)| {
            assert_eq!(entry.as_mapping().unwrap().len(), 1, "{name:?}");
            let reason = entry["reason"].as_str().unwrap();
            (name.as_str().unwrap().to_owned(), reason.to_owned())
        })
        .collect()
}

#[test]
fn no_rule_finds_anything() {
    let excluded = exclusions();
    for (path, dashboard) in dashboards() {
        assert_eq!(lint(&dashboard, &excluded), BTreeMap::new(), "{path}");
    }
}

#[test]
fn what_is_excluded_is_a_rule_that_would_find_something() {
    let excluded = exclusions();
    assert!(!excluded.is_empty());
    let nothing = BTreeMap::new();
    let found: BTreeSet<&str> = dashboards()
        .values()
        .flat_map(|dashboard| lint(dashboard, &nothing).into_keys())
        .collect();
    for (name, reason) in &excluded {
        assert!(reason.split_whitespace().count() > 5, "{name}: {reason}");
        assert!(RULES.iter().any(|(known, _)| known == name), "{name}");
        assert!(found.contains(name.as_str()), "nothing breaks {name}");
    }
}

/// A dashboard that keeps every rule.
fn good() -> Value {
    let chooser = |name: &str, label: &str| {
        json!({
            "type": "query",
            "name": name,
            "label": label,
            "datasource": { "type": "prometheus", "uid": "${datasource}" },
            "query": format!("label_values(up{{job=~\"$job\"}}, {name})"),
            "refresh": 2,
            "multi": true,
            "includeAll": true,
            "allValue": ".+",
        })
    };
    json!({
        "title": "checkout",
        "editable": false,
        "templating": { "list": [
            { "type": "datasource", "name": "datasource", "label": "Data source", "query": "prometheus" },
            chooser("job", "Job"),
            chooser("instance", "Instance"),
        ] },
        "panels": [{
            "id": 1,
            "type": "timeseries",
            "title": "Orders",
            "description": "How many are taken.",
            "datasource": { "type": "prometheus", "uid": "${datasource}" },
            "fieldConfig": { "defaults": { "unit": "cps" } },
            "targets": [{
                "refId": "A",
                "expr": "sum(rate(orders_total{job=~\"$job\",instance=~\"$instance\"}[$__rate_interval]))",
            }],
        }],
    })
}

/// A dashboard that breaks a rule, and no other one but those that say the same: the rule, the place, and what is put there.
fn broken() -> Vec<(&'static str, &'static str, Value)> {
    let query = "/panels/0/targets/0/expr";
    let matchers = r#"job=~"$job",instance=~"$instance""#;
    let asked = |query: &str| Value::String(query.replace("{}", &format!("{{{matchers}}}")));
    vec![
        (
            "template-datasource-rule",
            "/templating/list/0/label",
            json!("Prometheus"),
        ),
        (
            "template-job-rule",
            "/templating/list/1/label",
            json!("job"),
        ),
        (
            "template-job-rule",
            "/templating/list/1/multi",
            json!(false),
        ),
        (
            "template-job-rule",
            "/templating/list/1/allValue",
            json!(".*"),
        ),
        (
            "template-job-rule",
            "/templating/list/1/datasource/uid",
            json!("main"),
        ),
        (
            "template-job-rule",
            "/templating/list/1/type",
            json!("constant"),
        ),
        (
            "template-job-rule",
            "/templating/list/1/name",
            json!("jobs"),
        ),
        (
            "template-instance-rule",
            "/templating/list/2/name",
            json!("pod"),
        ),
        (
            "template-instance-rule",
            "/templating/list/2/allValue",
            Value::Null,
        ),
        (
            "template-label-promql-rule",
            "/templating/list/1/query",
            json!("label_values(up{, job)"),
        ),
        (
            "template-label-promql-rule",
            "/templating/list/1/query",
            json!("labels(up, job)"),
        ),
        (
            "template-on-time-change-reload-rule",
            "/templating/list/1/refresh",
            json!(1),
        ),
        (
            "panel-datasource-rule",
            "/panels/0/datasource/uid",
            json!("main"),
        ),
        ("panel-title-description-rule", "/panels/0/title", json!("")),
        (
            "panel-title-description-rule",
            "/panels/0/description",
            json!(""),
        ),
        (
            "panel-units-rule",
            "/panels/0/fieldConfig/defaults/unit",
            json!(""),
        ),
        (
            "panel-units-rule",
            "/panels/0/fieldConfig/defaults/unit",
            json!("orders"),
        ),
        ("panel-no-targets-rule", "/panels/0/targets", json!([])),
        (
            "target-promql-rule",
            query,
            asked("sum(rate(orders_total{}[$__rate_interval])"),
        ),
        ("target-promql-rule", query, json!("")),
        (
            "target-rate-interval-rule",
            query,
            asked("sum(rate(orders_total{}[5m]))"),
        ),
        (
            "target-rate-interval-rule",
            query,
            asked("sum(increase(orders_total{}[$__rate_interval])) / sum(irate(seconds{}[1m]))"),
        ),
        (
            "target-job-rule",
            query,
            json!(r#"sum(up{instance=~"$instance"})"#),
        ),
        (
            "target-job-rule",
            query,
            json!(r#"sum(up{job="$job",instance=~"$instance"})"#),
        ),
        (
            "target-instance-rule",
            query,
            json!(r#"sum(up{job=~"$job"})"#),
        ),
        (
            "target-counter-agg-rule",
            query,
            asked("sum(orders_total{})"),
        ),
        (
            "target-counter-agg-rule",
            query,
            asked("sum(rate(orders_total{}[$__rate_interval])) / sum(orders_total{})"),
        ),
        (
            "target-counter-agg-rule",
            query,
            asked("sum(delta(orders_total{}[$__rate_interval]))"),
        ),
        ("uneditable-dashboard", "/editable", json!(true)),
    ]
}

#[test]
fn every_rule_finds_what_breaks_it_and_nothing_else() {
    let nothing = BTreeMap::new();
    assert_eq!(lint(&good(), &nothing), BTreeMap::new());
    let mut tried = BTreeSet::new();
    for (rule, place, value) in broken() {
        let mut dashboard = good();
        *dashboard.pointer_mut(place).expect(place) = value.clone();
        let found: Vec<_> = lint(&dashboard, &nothing).into_keys().collect();
        assert_eq!(found, [rule], "{place}: {value}");
        tried.insert(rule);
    }
    let all: BTreeSet<_> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(tried, all, "a rule that nothing breaks");
    let mut without = good();
    without["templating"]["list"]
        .as_array_mut()
        .unwrap()
        .remove(0);
    let found = lint(&without, &nothing);
    assert!(found.contains_key("template-datasource-rule"), "{found:?}");
    assert!(found.contains_key("panel-datasource-rule"), "{found:?}");
}

/// The linter is not among the tools that `tests/tools/install` builds. Where it is on the `PATH`, it judges.
#[test]
fn the_program_itself_has_nothing_to_say() {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let linter = std::env::split_paths(&paths)
        .map(|folder| folder.join("dashboard-linter"))
        .find(|program| program.is_file());
    let Some(linter) = linter else {
        println!("skipped, dashboard-linter not installed");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dashboard.json");
    let lint = |document: &Value, arguments: &[&str]| {
        std::fs::write(&file, document.to_string()).unwrap();
        Command::new(&linter)
            .args(["lint", "--strict"])
            .args(arguments)
            .arg(&file)
            .output()
            .unwrap()
    };
    let config = config();
    let config = ["--config", config.to_str().unwrap()];
    for (path, dashboard) in dashboards() {
        let output = lint(&dashboard, &config);
        assert!(
            output.status.success(),
            "{path}:\n{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let (_, mut wrong) = dashboards().pop_first().unwrap();
    wrong["editable"] = Value::Bool(true);
    assert!(
        !lint(&wrong, &config).status.success(),
        "it finds no fault with anything"
    );
    // What is read of its rules here is what it finds. It passes over an empty list of queries, and over counters that
    // have matchers.
    let lenient = ["panel-no-targets-rule", "target-counter-agg-rule"];
    let passes = |document: &Value| lint(document, &[]).status.success();
    assert!(passes(&good()));
    for (rule, place, value) in broken() {
        let mut dashboard = good();
        *dashboard.pointer_mut(place).expect(place) = value.clone();
        assert_eq!(
            passes(&dashboard),
            lenient.contains(&rule),
            "{rule}: {place}: {value}"
        );
    }
}
