//! Schemas of the programs that read the output: Grafana, the Prometheus operator and Argo.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::tools;

/// Fails with all violations of the schema in a document.
pub fn assert_valid(validator: &jsonschema::Validator, document: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{what}:\n{}\n{document:#}",
        errors.join("\n")
    );
}

/// Returns the documents of a YAML file.
pub fn documents(text: &str) -> Vec<Value> {
    let text = format!("\n{text}");
    text.split("\n---\n")
        .filter(|part| {
            part.lines()
                .any(|line| !line.is_empty() && !line.starts_with('#'))
        })
        .map(|part| {
            let document: yaml_serde::Value = yaml_serde::from_str(&format!("{part}\n")).unwrap();
            serde_json::to_value(document).unwrap()
        })
        .collect()
}

/// Returns the folder with Grafana's schemas.
pub fn grafana() -> Option<PathBuf> {
    tools::find_shared("grafana")
}

/// Returns the rows and panels of a dashboard, also those within collapsed rows, each row before its panels.
pub fn items(dashboard: &Value) -> impl Iterator<Item = &Value> {
    let items = dashboard["panels"].as_array().unwrap().iter();
    items.flat_map(|item| {
        std::iter::once(item).chain(item["panels"].as_array().into_iter().flatten())
    })
}

/// Returns the panels of a dashboard, without its rows.
pub fn panels(dashboard: &Value) -> impl Iterator<Item = &Value> {
    items(dashboard).filter(|item| item["type"] != "row")
}

/// Returns the queries of a panel.
pub fn targets(panel: &Value) -> impl Iterator<Item = &Value> {
    panel["targets"].as_array().into_iter().flatten()
}

/// Returns a definition in one of Grafana's schemas as a schema of its own.
pub fn grafana_definition(
    folder: &Path,
    name: &str,
    definition: &str,
) -> Option<jsonschema::Validator> {
    let text = std::fs::read_to_string(folder.join(format!("{name}.jsonschema.json"))).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["definitions"].get(definition)?;
    schema["$ref"] = Value::String(format!("#/definitions/{definition}"));
    Some(jsonschema::validator_for(&schema).unwrap())
}

/// Grafana's schemas of dashboards and their parts.
pub struct Dashboards {
    folder: PathBuf,
    dashboard: jsonschema::Validator,
    query: jsonschema::Validator,
    /// The schemas of options and custom field configuration, by kind of panel.
    kinds: BTreeMap<String, [Option<jsonschema::Validator>; 2]>,
}

impl Dashboards {
    /// Reads the schemas in a folder.
    pub fn new(folder: PathBuf) -> Self {
        Self {
            dashboard: grafana_definition(&folder, "dashboard", "Dashboard").unwrap(),
            query: grafana_definition(&folder, "prometheus", "Dataquery").unwrap(),
            kinds: BTreeMap::new(),
            folder,
        }
    }

    /// Returns the kinds of panels so far.
    pub fn kinds(&self) -> Vec<&str> {
        self.kinds.keys().map(String::as_str).collect()
    }

    /// Fails if a dashboard, a panel or a query violates its schema.
    pub fn check(&mut self, dashboard: &Value, what: &str) {
        assert_valid(&self.dashboard, dashboard, what);
        for panel in panels(dashboard) {
            let kind = panel["type"].as_str().unwrap();
            let folder = &self.folder;
            let [options, custom] = self.kinds.entry(kind.to_owned()).or_insert_with(|| {
                ["Options", "FieldConfig"]
                    .map(|definition| grafana_definition(folder, kind, definition))
            });
            let what = format!("{what}: {}", panel["title"]);
            assert_valid(options.as_ref().unwrap(), &panel["options"], &what);
            let found = &panel["fieldConfig"]["defaults"]["custom"];
            match custom {
                Some(custom) if !found.is_null() => assert_valid(custom, found, &what),
                _ => assert!(found.is_null(), "{what} has {found}"),
            }
            for target in targets(panel) {
                assert_valid(&self.query, target, &what);
            }
        }
    }
}

/// Returns the schema of `AlertmanagerConfig` in the operator's release, from `tests/tools/install`. Without it the test
/// reports that and ends; on a build server it fails.
pub fn alertmanager_config() -> Option<Value> {
    let path = tools::install_folder().join("share/monitoring.coreos.com_alertmanagerconfigs.yaml");
    let Ok(text) = std::fs::read_to_string(path) else {
        tools::report_uninstalled("the operator's schema");
        return None;
    };
    let definition: Value = yaml_serde::from_str(&text).unwrap();
    let versions = definition["spec"]["versions"].as_array().unwrap();
    let version = versions
        .iter()
        .find(|version| version["name"] == "v1alpha1")
        .unwrap();
    assert_eq!(version["served"], true);
    assert_eq!(version["storage"], true);
    let mut schema = version["schema"]["openAPIV3Schema"].clone();
    strict(&mut schema);
    Some(schema)
}

/// Returns a file of definitions that `tests/tools/install` took from a module of Argo.
pub fn argo_definition(name: &str) -> Option<Value> {
    let program = tools::find("argo-rollouts-evaluate")?;
    let file: PathBuf = program.parent()?.parent()?.join("crds").join(name);
    let text = std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let text: yaml_serde::Value = yaml_serde::from_str(&text).unwrap();
    let mut schema =
        serde_json::to_value(&text).unwrap()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
            .clone();
    strict(&mut schema);
    Some(schema)
}

/// Makes unknown fields an error. Kubernetes drops them, so a misspelled field would go unnoticed.
fn strict(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties")
                && fields.get("x-kubernetes-preserve-unknown-fields") != Some(&Value::Bool(true))
                && !fields.contains_key("additionalProperties")
            {
                fields.insert("additionalProperties".into(), json!(false));
            }
            // The API server knows the metadata of all objects.
            if let Some(metadata) = fields
                .get_mut("properties")
                .and_then(|properties| properties.get_mut("metadata"))
                && *metadata == json!({ "type": "object" })
            {
                *metadata = json!({
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["name", "labels"],
                    "properties": {
                        "name": { "type": "string", "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "maxLength": 63 },
                        "namespace": { "type": "string" },
                        "labels": { "type": "object", "additionalProperties": { "type": "string" } },
                        "annotations": { "type": "object", "additionalProperties": { "type": "string" } }
                    }
                });
            }
            fields.values_mut().for_each(strict);
        }
        Value::Array(items) => items.iter_mut().for_each(strict),
        _ => {}
    }
}
