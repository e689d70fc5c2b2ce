//! Every file that is built of the examples.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::schema_files::assert_valid;
use super::tools::{self, find_shared};
use super::{documents, examples, rules};

fn all(files: &[(String, String)]) -> Vec<Value> {
    files.iter().flat_map(|(_, text)| documents(text)).collect()
}

#[test]
fn every_rule_is_kept_and_every_reference_leads_somewhere() {
    let mut kinds = BTreeSet::new();
    for (set, files) in examples() {
        let documents = all(&files);
        assert_eq!(rules::broken(&documents), Vec::<String>::new(), "{set}");
        kinds.extend(
            documents
                .iter()
                .map(|document| document["kind"].to_string()),
        );
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
}

/// Each change breaks one rule, and is seen.
#[test]
fn the_rules_can_fail() {
    let (_, files) = examples().remove(0);
    let documents = all(&files);
    let of = |kind: &str| {
        documents
            .iter()
            .position(|document| document["kind"] == kind)
            .unwrap()
    };
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let changes: [(&str, &str, Value); 22] = [
        ("SLO", "/spec/extra", Value::from(1)),
        ("SLO", "/spec/service", "gone".into()),
        ("SLO", "/spec/indicatorRef", "gone".into()),
        ("SLO", "/spec/indicatorRef", Value::Null),
        ("SLO", "/spec/alertPolicies/0/alertPolicyRef", "gone".into()),
        ("SLO", "/spec/budgetingMethod", "Timeslices".into()),
        ("SLO", "/spec/budgetingMethod", "RatioTimeslices".into()),
        ("SLO", "/spec/objectives/0/target", number("1")),
        ("SLO", "/spec/objectives/0/targetPercent", number("99")),
        ("SLO", "/spec/timeWindow/0/isRolling", false.into()),
        ("SLO", "/spec/timeWindow/0/duration", "1d12h".into()),
        ("SLO", "/spec/description", "x".repeat(1051).into()),
        ("SLO", "/metadata/name", "Not.A.Name".into()),
        ("SLO", "/metadata/displayName", "x".repeat(64).into()),
        ("SLO", "/metadata/labels/_x", "y".into()),
        ("SLO", "/metadata/annotations/a~1b~1c", "y".into()),
        ("SLI", "/spec/ratioMetric/raw", number("{}")),
        ("SLI", "/spec/ratioMetric/total", Value::Null),
        (
            "SLI",
            "/spec/ratioMetric/total/metricSource/spec/query",
            "rate(".into(),
        ),
        ("AlertPolicy", "/spec/notificationTargets", number("[]")),
        ("AlertCondition", "/spec/condition/op", "eq".into()),
        ("AlertNotificationTarget", "/spec/target", "".into()),
    ];
    for (kind, path, value) in changes {
        let mut changed = documents.clone();
        let (parent, key) = path.rsplit_once('/').unwrap();
        let place = changed[of(kind)].pointer_mut(parent).unwrap();
        place[key.replace("~1", "/")] = value;
        assert!(!rules::broken(&changed).is_empty(), "{kind} {path}");
    }
    let mut twice = documents.clone();
    twice.push(documents[0].clone());
    assert!(!rules::broken(&twice).is_empty());
}

/// One schema of the thirteen parts.
fn schema() -> Option<jsonschema::Validator> {
    let folder = find_shared("openslo/schemas/v1")?;
    let read = |path: std::path::PathBuf| -> Value {
        let mut schema = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        local(&mut schema);
        schema
    };
    let mut whole = read(folder.join("openslo.schema.json"));
    for part in std::fs::read_dir(folder.join("parts")).unwrap() {
        let path = part.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let name = name.strip_suffix(".schema.json").unwrap().to_owned();
        whole["definitions"][name] = read(path);
    }
    // The schema is older than this way of counting.
    let methods =
        whole.pointer_mut("/definitions/slo-spec/properties/spec/properties/budgetingMethod/enum");
    if let Some(Value::Array(methods)) = methods {
        methods.push("RatioTimeslices".into());
    }
    // And wants names where the SDK takes references and whole policies.
    let policies = "/definitions/slo-spec/properties/spec/properties/alertPolicies/items";
    *whole.pointer_mut(policies).unwrap() = serde_json::json!({ "required": ["alertPolicyRef"] });
    Some(jsonschema::validator_for(&whole).unwrap())
}

/// References between files as references in one.
fn local(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            map.remove("$id");
            for (key, value) in map.iter_mut() {
                let name = value
                    .as_str()
                    .filter(|_| key == "$ref")
                    .and_then(|text| text.strip_prefix("https://openslo.com/schemas/v1/parts/"))
                    .and_then(|text| text.strip_suffix(".schema.json"));
                match name {
                    Some(name) => *value = format!("#/definitions/{name}").into(),
                    None => local(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(local),
        _ => {}
    }
}

#[test]
fn documents_are_what_the_schema_asks_for() {
    let Some(schema) = schema() else { return };
    let mut seen = 0;
    for (set, files) in examples() {
        for document in all(&files) {
            assert_valid(&schema, &document, &set);
            seen += 1;
        }
    }
    assert!(seen > 100, "{seen}");
    let mut broken = all(&examples().remove(0).1).remove(0);
    broken["metadata"]["name"] = Value::Null;
    assert!(!schema.is_valid(&broken));
}

/// OpenSLO's own command, which `tests/tools/install` builds.
#[test]
fn oslo_finds_nothing() {
    let Some(program) = tools::find("oslo") else {
        return;
    };
    for (set, files) in examples() {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in &files {
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let validate = || {
            let mut oslo = Command::new(&program);
            oslo.args(["validate", "-R", "-f"]).arg(folder.path());
            oslo.output().unwrap()
        };
        let output = validate();
        assert!(output.status.success(), "{set}: {output:?}");
        std::fs::write(
            folder.path().join("broken.yaml"),
            "apiVersion: openslo/v1\nkind: SLO\n",
        )
        .unwrap();
        assert!(!validate().status.success(), "{set}");
    }
}
