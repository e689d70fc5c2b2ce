//! `nth.toml`: its reference and its JSON schema are current, and the schema accepts what the reader does.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};

use ignore::WalkBuilder;
use jsonschema::Validator;
use nthc::ir::settings::{Kind, TABLES};
use nthc::project::{Findings, MANIFEST, parse_manifest, schema};
use nthc::reference;
use proptest::prelude::*;
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn is_blessing() -> bool {
    std::env::var_os("NTH_BLESS").is_some()
}

fn read(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.replace("\r\n", "\n")
}

fn validator() -> Validator {
    jsonschema::validator_for(&schema::json_schema()).unwrap()
}

/// What the reader reports, by codes.
fn reported(text: &str) -> Vec<&'static str> {
    let mut findings = Findings {
        file: 0,
        diagnostics: Vec::new(),
    };
    parse_manifest(text, &mut findings);
    let found = findings.diagnostics.iter();
    found.map(|diagnostic| diagnostic.code.id).collect()
}

/// What the schema reports; `None` of what is no TOML.
fn refused(validator: &Validator, text: &str) -> Option<Vec<String>> {
    let document: toml::Table = toml::from_str(text).ok()?;
    let document = serde_json::to_value(document).unwrap();
    let errors = validator.iter_errors(&document);
    let shown = errors.map(|error| format!("{}: {error}", error.instance_path()));
    Some(shown.collect())
}

#[test]
fn the_reference_of_settings_is_current() {
    const BEGIN: &str =
        "<!-- settings: written by `NTH_BLESS=1 cargo test --test nth_toml` -->\n\n";
    const END: &str = "\n<!-- end of settings -->";
    let path = root().join("docs/nth-toml.md");
    let found = read(&path);
    let (before, rest) = found.split_once(BEGIN).expect("the settings have a begin");
    let (_, after) = format!("\n{rest}")
        .split_once(END)
        .map(|(own, after)| (own.to_owned(), after.to_owned()))
        .expect("the settings have an end");
    let wanted = format!("{before}{BEGIN}{}{END}{after}", reference::settings());
    if is_blessing() {
        fs::write(&path, &wanted).unwrap();
        return;
    }
    assert!(
        found == wanted,
        "docs/nth-toml.md is not what the settings say; write it with `NTH_BLESS=1 cargo test --test nth_toml`"
    );
}

#[test]
fn the_schema_is_current() {
    let path = root().join("docs/nth-toml.schema.json");
    let wanted = schema::json_schema_text();
    if is_blessing() {
        fs::write(&path, &wanted).unwrap();
    }
    assert!(
        read(&path) == wanted,
        "docs/nth-toml.schema.json is not what the settings say; write it with `NTH_BLESS=1 cargo test --test nth_toml`"
    );
}

#[test]
fn the_schema_is_a_schema() {
    let schema = schema::json_schema();
    assert!(jsonschema::meta::is_valid(&schema));
    // Every key is in it, with its documentation.
    for table in &TABLES {
        let keys = &schema["properties"][table.name]["properties"];
        for setting in table.settings {
            let doc = keys[setting.key]["description"].as_str().unwrap();
            assert!(doc.starts_with(setting.doc.trim()), "{doc}");
        }
    }
}

/// The manifests in the repository, and those within its documents and literate tests.
fn manifests() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in ["examples", "tests", "docs", "lsp/tests"] {
        let walk = WalkBuilder::new(root().join(folder)).build();
        for entry in walk.map(Result::unwrap) {
            let path = entry.path();
            if path.file_name().is_some_and(|name| name == MANIFEST) {
                found.push((path.to_owned(), read(path)));
            } else if path.extension().is_some_and(|extension| extension == "md") {
                let text = read(path);
                let blocks = text.split("```toml").skip(1);
                let blocks = blocks.filter_map(|rest| rest.split_once('\n'));
                let blocks = blocks.filter_map(|(_, rest)| rest.split("```").next());
                found.extend(blocks.map(|block| (path.to_owned(), block.to_owned())));
            }
        }
    }
    found
}

#[test]
fn the_schema_accepts_what_the_reader_accepts() {
    let validator = validator();
    let mut good = 0;
    for (path, text) in manifests() {
        // A block of a document may show one table only.
        let text = match text.contains("[project]") {
            true => text,
            false => format!("project.name = \"shop\"\n{text}"),
        };
        if reported(&text).is_empty() {
            good += 1;
            let refused = refused(&validator, &text).unwrap();
            assert_eq!(refused, Vec::<String>::new(), "{}: {text}", path.display());
        }
    }
    assert!(good > 20, "{good} manifests were found");
}

/// Mistakes, each of which the reader and the schema find.
const MISTAKES: &[&str] = &[
    "color = 1",
    "[promehteus]",
    "[project]\noutptu = \"build\"",
    "[project]\ntargets = [\"graphana\"]",
    "[project]\ntargets = []",
    "[project]\nshared = \"yes\"",
    "[project]\nsource = \"/srv\"",
    "[prometheus]\nformat = \"PrometheusRule\"",
    "[prometheus]\ninterval = 30",
    "[prometheus]\ninterval = \"0s\"",
    "[prometheus]\ninterval = \"half\"",
    "[prometheus]\nrules_per_group = 0",
    "[prometheus]\nrules_per_group = 1.5",
    "[prometheus]\nversion = \"1.8\"",
    "[prometheus]\nquery_offset = \"0s\"",
    "[prometheus]\nruler = \"loki\"",
    "[prometheus]\ntenant = \"..\"",
    "[prometheus]\ntenant = \"a/b\"",
    "[prometheus]\ntenant = \"a\"\nformat = \"prometheus-rule\"",
    "[prometheus]\nsource_tenants = [\"a\"]\ntenant = \"a\"",
    "[prometheus]\nsource_tenants = [\"a\"]\nruler = \"mimir\"",
    "[prometheus]\nsource_tenants = [\"a b\"]\ntenant = \"a b\"\nruler = \"mimir\"",
    "[prometheus]\nruler = \"thanos\"\npartial_response_strategy = \"ignore\"",
    "[prometheus]\nnamespace = \"Monitoring\"",
    "[prometheus]\nlabels = { release = true }",
    "[grafana]\ntags = \"slo\"",
    "[grafana]\nfolder = \" \"",
    "[docs]\nsuffix = \"md\"",
    "[alertmanager]\nsmarthost = \"mail\"\nfrom = \"a@example.com\"",
    "[alertmanager]\nfrom = \"a@example.com\"",
    "[alertmanager]\nsmarthost = \"mail:25\"",
    "[alertmanager]\nusername = \"a\"",
    "[alertmanager]\nformat = \"alertmanager-config\"",
    "[pagerduty]\nprovider_version = \"^3\"",
    "[pagerduty]\nenvironment_in_names = \"maybe\"",
    "[policy]\nforms = [\"argo-cd\"]\nprometheus = \"http://a\"",
    "[policy]\nforms = [\"json\", \"argo-rollouts\"]",
    "[severity]\npage = \"\"",
    "[urls]\nrunbooks = \"runbooks.example.com\"",
    "[lints]\nabove-ceiling = \"loud\"",
    "[lints]\nno-such-lint = \"warn\"",
    "[dependencies]\nplatform = \"../platform\"",
    "[dependencies]\nplatform = {}",
    "[dependencies]\nstd = { path = \"../std\" }",
];

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let validator = validator();
    for mistake in MISTAKES {
        let text = match mistake.strip_prefix("[project]") {
            Some(rest) => format!("[project]\nname = \"shop\"{rest}"),
            None => format!("{mistake}\n[project]\nname = \"shop\"\n"),
        };
        assert_ne!(reported(&text), Vec::<&str>::new(), "{text}");
        let refused = refused(&validator, &text).expect("it is TOML");
        assert_ne!(refused, Vec::<String>::new(), "{text}");
    }
    let nameless = "[project]\noutput = \"build\"\n";
    assert_eq!(reported(nameless), ["N0604"]);
    assert_ne!(refused(&validator, nameless).unwrap(), Vec::<String>::new());
}

/// Everything in an example or a default is what its own key takes.
#[test]
fn every_sample_is_accepted() {
    let validator = validator();
    for table in &TABLES {
        for setting in table.settings {
            let sample = setting.sample(table).unwrap();
            let text = match table.name {
                "project" if setting.key == "name" => format!("[project]\nname = {sample}\n"),
                "project" => format!("[project]\nname = \"shop\"\n{} = {sample}\n", setting.key),
                name => format!(
                    "[{name}]\n{} = {sample}\n[project]\nname = \"shop\"\n",
                    setting.key
                ),
            };
            // What needs another key, as an address needs its server, is told by that alone.
            let others = reported(&text);
            assert!(others.iter().all(|code| *code == "N0604"), "{text}");
            let refused = refused(&validator, &text).unwrap();
            assert_eq!(refused.is_empty(), others.is_empty(), "{text}: {refused:?}");
        }
    }
}

/// A manifest with a string for one key.
fn with(table: &str, key: &str, list: bool, text: &str) -> String {
    let mut document = toml::Table::new();
    let mut project = toml::Table::new();
    project.insert("name".to_owned(), "shop".into());
    document.insert("project".to_owned(), project.into());
    let of = document.entry(table).or_insert(toml::Table::new().into());
    let value: toml::Value = match list {
        true => vec![text.to_owned()].into(),
        false => text.into(),
    };
    of.as_table_mut().unwrap().insert(key.to_owned(), value);
    toml::to_string(&document).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// The pattern of a string in the schema says what its rule does.
    #[test]
    fn patterns_say_what_rules_do(
        text in prop_oneof![
            "[a-z0-9-]{0,8}(\\.[a-z0-9-]{0,4}){0,2}",
            "https?://[a-z./]{0,8}",
            "[a-z\\[\\]:]{0,6}:[0-9]{0,4}",
            "(~>|>=|<|=|!=)? ?[0-9]{0,2}(\\.[0-9x]{0,2}){0,3}(-[a-z.]{0,3})?(, ?[<>]=? [0-9])?",
            "(\\{environment\\}|[a-z0-9-]){0,4}",
            "[ -~]{0,10}",
            "[a-z]{60,66}",
            "[0-9]{0,2}[smhd]?[0-9]{0,2}(ms|s|m)?",
        ],
    ) {
        let schema = schema::json_schema();
        for table in &TABLES {
            for setting in table.settings {
                let list = matches!(setting.kind, Kind::Texts(_));
                if !list && !matches!(setting.kind, Kind::Text(_)) {
                    continue;
                }
                let own = &schema["properties"][table.name]["properties"][setting.key];
                let own = if list { &own["items"] } else { own };
                let is_valid = jsonschema::is_valid(own, &Value::from(text.clone()));
                let found = reported(&with(table.name, setting.key, list, &text));
                // N0604 is what another key lacks.
                let is_taken = found.iter().all(|code| *code == "N0604");
                // What a pattern does not say: which directories lead out.
                let climbs = setting.key == "source" && text.contains("..");
                prop_assert!(
                    is_valid == is_taken || climbs && is_valid,
                    "{}.{} = {text:?}: the schema says {is_valid}, the reader {is_taken}",
                    table.name,
                    setting.key
                );
            }
        }
    }
}
