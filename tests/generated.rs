//! Valid projects, generated from bytes, and the programs that read what is built of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "tools/schemas.rs"]
#[allow(dead_code)]
mod schema_files;
mod tools;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nth_laws::project::generated_artifacts;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Deserialize as _;
use serde_json::Value;

/// How many projects are generated.
const PROJECTS: u32 = 40;

/// What projects make, each in a folder of its own.
fn built(folder: &Path) {
    let mut runner = TestRunner::new(Config {
        cases: PROJECTS,
        failure_persistence: None,
        ..Config::default()
    });
    let number = std::cell::Cell::new(0);
    let bytes = proptest::collection::vec(any::<u8>(), 400..1600);
    runner
        .run(&bytes, |bytes| {
            number.set(number.get() + 1);
            for (path, contents) in generated_artifacts(&bytes) {
                let path = folder.join(format!("{}", number.get())).join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, contents).unwrap();
            }
            Ok(())
        })
        .unwrap();
    assert!(number.get() >= PROJECTS);
}

/// The files below a folder that are wanted.
fn files(folder: &Path, wanted: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path, wanted)),
            false if wanted(&path) => found.push(path),
            false => {}
        }
    }
    found.sort();
    found
}

fn in_folder(path: &Path, name: &str, extension: &str) -> bool {
    path.parent().and_then(Path::file_name) == Some(OsStr::new(name))
        && path.extension() == Some(OsStr::new(extension))
}

fn accepted(program: &Path, args: &[&str], files: &[PathBuf]) {
    assert!(
        !files.is_empty(),
        "{} has nothing to read",
        program.display()
    );
    for files in files.chunks(100) {
        let output = Command::new(program)
            .args(args)
            .args(files)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}\n{}{}",
            program.display(),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
    }
}

/// A rule file as promtool reads it: the groups of the resources of the operator as a file.
fn plain(path: &Path) {
    let text = fs::read_to_string(path).unwrap();
    let mut all: Vec<yaml_serde::Value> = Vec::new();
    for document in yaml_serde::Deserializer::from_str(&text) {
        let document = yaml_serde::Value::deserialize(document).unwrap();
        let Some(groups) = document.get("spec").and_then(|spec| spec.get("groups")) else {
            return;
        };
        all.extend(groups.as_sequence().unwrap().iter().cloned());
    }
    let file = BTreeMap::from([("groups", all)]);
    fs::write(path, yaml_serde::to_string(&file).unwrap()).unwrap();
}

#[test]
fn what_valid_projects_make_is_accepted() {
    let folder = tempfile::tempdir().unwrap();
    built(folder.path());
    let below = |name: &'static str, extension: &'static str| {
        files(folder.path(), &move |path| in_folder(path, name, extension))
    };
    if let Some(promtool) = tools::find("promtool") {
        let rules = below("prometheus", "yaml");
        rules.iter().for_each(|path| plain(path));
        accepted(
            &promtool,
            &["check", "rules", "--lint=all", "--lint-fatal"],
            &rules,
        );
    }
    if let Some(amtool) = tools::find("amtool") {
        let configurations = files(folder.path(), &|path| {
            path.ends_with("alertmanager/alertmanager.yml")
        });
        assert!(!configurations.is_empty());
        for configuration in configurations {
            accepted(&amtool, &["check-config"], &[configuration]);
        }
    }
    if let Some(opa) = tools::find("opa") {
        // The services' policies and the project's, which looks into them, are read together.
        let policies = files(folder.path(), &|path| path.ends_with("rego/gates.rego"));
        assert!(!policies.is_empty());
        for policy in policies {
            accepted(
                &opa,
                &["check", "--strict"],
                &[policy.parent().unwrap().to_owned()],
            );
        }
    }
    if let Some(oslo) = tools::find("oslo") {
        let documents = below("openslo", "yaml");
        assert!(!documents.is_empty());
        for document in documents {
            accepted(&oslo, &["validate", "-f"], &[document]);
        }
    }
    schemas_accept(folder.path());
}

/// Grafana's schemas, the operator's and Argo's accept it too.
fn schemas_accept(folder: &Path) {
    let read = |path: &Path| fs::read_to_string(path).unwrap();
    if let Some(schemas) = schema_files::grafana() {
        let mut schemas = schema_files::Dashboards::new(schemas);
        let dashboards = files(folder, &|path| in_folder(path, "grafana", "json"));
        assert!(!dashboards.is_empty());
        for path in dashboards {
            let dashboard = serde_json::from_str(&read(&path)).unwrap();
            schemas.check(&dashboard, &path.display().to_string());
        }
    }
    if let Some(schema) = schema_files::alertmanager_config() {
        let schema = jsonschema::validator_for(&schema).unwrap();
        let resources = files(folder, &|path| path.ends_with("alertmanager-config.yaml"));
        assert!(!resources.is_empty());
        for path in resources {
            let resource: Value = yaml_serde::from_str(&read(&path)).unwrap();
            schema_files::assert_valid(&schema, &resource, &path.display().to_string());
        }
    }
    if let Some(schema) = schema_files::argo_definition("analysis-template-crd.yaml") {
        let schema = jsonschema::validator_for(&schema).unwrap();
        let templates = files(folder, &|path| {
            path.extension() == Some(OsStr::new("yaml"))
                && path.parent().is_some_and(|of_service| {
                    of_service.parent().and_then(Path::file_name)
                        == Some(OsStr::new("argo-rollouts"))
                })
        });
        assert!(!templates.is_empty());
        for path in templates {
            for template in schema_files::documents(&read(&path)) {
                schema_files::assert_valid(&schema, &template, &path.display().to_string());
            }
        }
    }
}
