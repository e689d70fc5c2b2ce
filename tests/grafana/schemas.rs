//! What Grafana's own schemas ask for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use nthc::ir::panel::{Panel, Visualization};
use serde_json::Value;

use crate::dashboards::{dashboards, panels, targets};
use crate::single::{panel, shown};

fn schemas() -> Option<PathBuf> {
    let shared = std::env::var_os("NTH_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let folder = shared.join("grafana");
    if !folder.is_dir() {
        println!("skipped, ../shared/data not present");
        return None;
    }
    Some(folder)
}

/// A definition of one of the schemas as a schema of its own.
fn schema(folder: &Path, name: &str, definition: &str) -> Option<jsonschema::Validator> {
    let text = std::fs::read_to_string(folder.join(format!("{name}.jsonschema.json"))).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    schema["definitions"].get(definition)?;
    schema["$ref"] = Value::String(format!("#/definitions/{definition}"));
    Some(jsonschema::validator_for(&schema).unwrap())
}

fn assert_valid(validator: &jsonschema::Validator, value: &Value, what: &str) {
    let errors: Vec<_> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{what}:\n{}", errors.join("\n"));
}

#[test]
fn dashboards_are_what_the_schemas_ask_for() {
    let Some(folder) = schemas() else { return };
    let dashboard = schema(&folder, "dashboard", "Dashboard").unwrap();
    let query = schema(&folder, "prometheus", "Dataquery").unwrap();
    let mut kinds: BTreeMap<String, [Option<jsonschema::Validator>; 2]> = BTreeMap::new();
    for (path, document) in dashboards() {
        assert_valid(&dashboard, &document, path);
        for panel in panels(&document) {
            let kind = panel["type"].as_str().unwrap();
            let [options, custom] = kinds.entry(kind.to_owned()).or_insert_with(|| {
                ["Options", "FieldConfig"].map(|definition| schema(&folder, kind, definition))
            });
            let what = format!("{path}: {}", panel["title"]);
            assert_valid(options.as_ref().unwrap(), &panel["options"], &what);
            let found = &panel["fieldConfig"]["defaults"]["custom"];
            match custom {
                Some(custom) if !found.is_null() => assert_valid(custom, found, &what),
                _ => assert!(found.is_null(), "{what} has {found}"),
            }
            for target in targets(panel) {
                assert_valid(&query, target, &what);
            }
        }
    }
    let seen: Vec<_> = kinds.keys().map(String::as_str).collect();
    assert_eq!(seen, ["bargauge", "gauge", "stat", "table", "timeseries"]);
}

#[test]
fn every_visualization_is_what_its_schema_asks_for() {
    let Some(folder) = schemas() else { return };
    for visualization in [
        Visualization::Timeseries,
        Visualization::Stat,
        Visualization::Gauge,
        Visualization::BarGauge,
        Visualization::Table,
        Visualization::Heatmap,
    ] {
        let panel = shown(Panel {
            visualization,
            ..panel()
        });
        let kind = panel["type"].as_str().unwrap();
        let options = schema(&folder, kind, "Options").unwrap();
        assert_valid(&options, &panel["options"], kind);
        let whole = schema(&folder, "dashboard", "Panel").unwrap();
        assert_valid(&whole, &panel, kind);
    }
}
