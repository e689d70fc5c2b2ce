//! The JSON schema of `nth.toml`, from the declarations of its settings, for editors and other tools.
//!
//! It accepts some values that the reader refuses because a schema cannot express the rule: durations that are too long,
//! directories outside of the project, and anything about files on disk.

use nth_diff::ChangeId;
use serde_json::{Map, Value as Json, json};
use toml::Value as Toml;

use crate::diagnostics::{Code, codes};
use crate::ir::settings::texts::TextRule;
use crate::ir::settings::{DestinationTable, Kind, Setting, SettingsTable as _, TABLES, Table};
use crate::suppressions::Level;

/// A Prometheus duration above zero.
const DURATION: &str = "^(?=.*[1-9])(\\d+y)?(\\d+w)?(\\d+d)?(\\d+h)?(\\d+m)?(\\d+s)?(\\d+ms)?$";

/// Returns the schema, of draft 7: the newest one that TOML editors support.
pub fn json_schema() -> Json {
    let mut tables = Map::new();
    for table in &TABLES {
        tables.insert(table.name.to_owned(), table_schema(table));
    }
    tables.insert("lints".to_owned(), lints());
    tables.insert("diff".to_owned(), diff());
    tables.insert("dependencies".to_owned(), dependencies());
    tables.insert("destinations".to_owned(), destinations());
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "nth.toml",
        "description": "The configuration of a project of nthc.",
        "type": "object",
        "required": ["project"],
        "additionalProperties": false,
        "properties": tables,
    })
}

/// Returns the schema as the text of `docs/nth-toml.schema.json`.
pub fn json_schema_text() -> String {
    format!("{:#}\n", json_schema())
}

fn table_schema(table: &Table) -> Json {
    let settings = table.settings.iter();
    let properties: Map<String, Json> = settings
        .map(|setting| (setting.key.to_owned(), setting_schema(table, setting)))
        .collect();
    let mut schema = object(table.doc, properties);
    let required = table.settings.iter().filter(|setting| setting.is_required);
    let required: Vec<&str> = required.map(|setting| setting.key).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    // The rules of [`checks`](super::checks).
    match table.name {
        "alertmanager" => {
            let both = json!(["smarthost", "from"]);
            schema.insert(
                "dependencies".to_owned(),
                json!({ "smarthost": both, "from": both, "username": both, "require_tls": both }),
            );
            schema.insert(
                "if".to_owned(),
                json!({
                    "required": ["format"],
                    "properties": {
                        "format": { "const": "alertmanager-config" },
                        "matcher_strategy": { "const": "on-namespace" },
                    },
                }),
            );
            schema.insert("then".to_owned(), json!({ "required": ["namespace"] }));
        }
        "prometheus" => {
            let thanos = json!({
                "required": ["ruler"],
                "properties": { "ruler": { "const": "thanos" } },
            });
            schema.insert(
                "dependencies".to_owned(),
                json!({ "partial_response_strategy": thanos }),
            );
            // That `tenant` is one of the sources is beyond a schema.
            let files = json!({ "format": { "not": { "const": "prometheus-rule" } } });
            let mimir = json!({ "const": "mimir" });
            schema.insert(
                "allOf".to_owned(),
                json!([
                    {
                        "if": { "required": ["tenant"] },
                        "then": { "properties": files.clone() },
                    },
                    {
                        "if": {
                            "required": ["source_tenants"],
                            "properties": { "source_tenants": { "minItems": 1 } },
                        },
                        "then": {
                            "required": ["tenant", "ruler"],
                            "properties": { "ruler": mimir, "format": { "not": { "const": "prometheus-rule" } } },
                        },
                    },
                ]),
            );
        }
        "policy" => {
            let needs = |form: &str, keys: &[&str]| {
                json!({
                    "if": {
                        "required": ["forms"],
                        "properties": { "forms": { "contains": { "const": form } } },
                    },
                    "then": { "required": keys },
                })
            };
            schema.insert(
                "allOf".to_owned(),
                json!([
                    needs("argo-rollouts", &["prometheus"]),
                    needs("argo-cd", &["prometheus", "image"]),
                ]),
            );
        }
        _ => {}
    }
    Json::Object(schema)
}

fn object(doc: &str, properties: Map<String, Json>) -> Map<String, Json> {
    let mut schema = Map::new();
    schema.insert("description".to_owned(), doc.trim().into());
    schema.insert("type".to_owned(), "object".into());
    schema.insert("additionalProperties".to_owned(), false.into());
    schema.insert("properties".to_owned(), properties.into());
    schema
}

fn setting_schema(table: &Table, setting: &Setting) -> Json {
    let mut schema = Map::new();
    let mut doc = setting.doc.trim().to_owned();
    if let Kind::Duration { most, because } = setting.kind {
        doc.push_str(&format!(" At most {most}: {because}."));
    }
    if let Some(unset) = setting.unset {
        doc.push_str(&format!(" Default: {unset}."));
    }
    schema.insert("description".to_owned(), doc.into());
    let Json::Object(values) = values_schema(&setting.kind) else {
        return Json::Object(schema);
    };
    schema.extend(values);
    if setting.unset.is_none()
        && !setting.is_required
        && let Some(default) = (table.default)(setting.key)
    {
        schema.extend(toml_value(&default.to_string()).map(|value| ("default".to_owned(), value)));
    }
    if let Some(example) = setting.example.and_then(toml_value) {
        schema.insert("examples".to_owned(), json!([example]));
    }
    Json::Object(schema)
}

/// Returns the schema of the values of a setting.
fn values_schema(kind: &Kind) -> Json {
    let names = || -> Vec<&str> { kind.choices().iter().map(|choice| choice.name).collect() };
    match kind {
        Kind::Boolean => json!({ "type": "boolean" }),
        Kind::Count => json!({ "type": "integer", "minimum": 1 }),
        Kind::Text(rule) => text_schema(rule),
        Kind::Texts(rule) => json!({ "type": "array", "items": text_schema(rule) }),
        Kind::Duration { .. } => json!({ "type": "string", "pattern": DURATION }),
        Kind::Choice(choices) => {
            let docs: Vec<&str> = choices.all.iter().map(|choice| choice.doc.trim()).collect();
            json!({
                "type": "string",
                "enum": names(),
                // Even Better TOML and Taplo read the documentation of enum values from here.
                "x-taplo": { "docs": { "enumValues": docs } },
            })
        }
        Kind::ChoiceList(_) => json!({
            "type": "array",
            "minItems": 1,
            "items": { "type": "string", "enum": names() },
        }),
        Kind::Labels => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
    }
}

fn text_schema(rule: &TextRule) -> Json {
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "string".into());
    schema.extend(
        rule.pattern
            .map(|pattern| ("pattern".to_owned(), pattern.into())),
    );
    if let Some((longest, _)) = rule.longest {
        schema.insert("maxLength".to_owned(), longest.into());
    }
    Json::Object(schema)
}

/// Converts a value in TOML syntax to JSON.
fn toml_value(text: &str) -> Option<Json> {
    let value: Toml = toml::from_str::<toml::Table>(&format!("value = {text}"))
        .ok()?
        .remove("value")?;
    serde_json::to_value(value).ok()
}

/// Returns the warnings with configurable levels.
pub(super) fn warnings() -> impl Iterator<Item = &'static Code> {
    codes::ALL.iter().copied().filter(|code| code.is_settable())
}

/// Returns the schema of `[lints]`: a level for each warning, by code or name.
fn lints() -> Json {
    let words = Level::WORDS.map(|(word, _)| word);
    let mut properties = Map::new();
    for code in warnings() {
        for name in [code.slug, code.id] {
            let schema = json!({ "description": code.summary, "enum": words });
            properties.insert(name.to_owned(), schema);
        }
    }
    Json::Object(object(LINTS_DOC, properties))
}

/// Returns the schema of `[diff]`: a level for each change.
fn diff() -> Json {
    let words = nth_diff::Level::ALL.map(nth_diff::Level::name);
    let properties = ChangeId::ALL.into_iter().map(|id| {
        let schema = json!({ "description": id.info().summary, "enum": words });
        (id.name().to_owned(), schema)
    });
    Json::Object(object(DIFF_DOC, properties.collect()))
}

/// Returns the schema of `[dependencies]`: a directory for each package.
fn dependencies() -> Json {
    json!({
        "description": DEPENDENCIES_DOC,
        "type": "object",
        "propertyNames": {
            "pattern": crate::ir::settings::texts::IDENTIFIER.pattern,
            "not": { "const": "std" },
        },
        "additionalProperties": {
            "type": "object",
            "required": ["path"],
            "additionalProperties": false,
            "properties": {
                "path": {
                    "description": PATH_DOC,
                    "type": "string",
                },
            },
        },
    })
}

/// Returns the schema of `[destinations]`: a table for each destination.
fn destinations() -> Json {
    let table = DestinationTable::TABLE;
    let mut schema = table_schema(&table);
    if let Json::Object(schema) = &mut schema {
        schema.insert("required".to_owned(), json!(["kind"]));
    }
    json!({
        "description": table.doc.trim(),
        "type": "object",
        "propertyNames": { "pattern": "^[a-z][a-z0-9-]*$" },
        "additionalProperties": schema,
    })
}

/// The documentation of `[lints]`.
pub const LINTS_DOC: &str = "Lint levels by code or name: `\"allow\"` (hide), `\"warn\"` (default) or `\"error\"` (fail \
    the build). `nthc explain` lists which codes are warnings.";

/// The documentation of `[diff]`.
pub const DIFF_DOC: &str = "Levels of changes by id, for `nthc diff`: `\"allow\"` (count, but do not show), `\"warn\"` \
    (default) or `\"error\"` (exit with 10). `docs/changes.md` lists the ids.";

/// The documentation of `[dependencies]`.
pub const DEPENDENCIES_DOC: &str = "Packages whose modules can be imported: `import platform.teams.payments`. The name \
    is the package's own.";

/// The documentation of `path` of a dependency.
pub const PATH_DOC: &str = "The directory of the package, relative to that of `nth.toml`.";
