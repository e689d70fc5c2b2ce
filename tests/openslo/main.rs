//! OpenSLO documents: what is written is what the format allows and what every reference in it leads to; what is read is
//! refused for what the format forbids, and comes back as what it was.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod corpus;
mod emitted;
mod hostile;
#[path = "../literate/markdown.rs"]
#[allow(dead_code)]
mod markdown;
mod pages;
mod round_trip;
mod rules;
#[path = "../tools/schemas.rs"]
#[allow(dead_code)]
mod schema_files;
#[path = "../tools/mod.rs"]
mod tools;

use std::path::Path;

use nthc::backends::Artifact;
use nthc::compile::{Compilation, Input, SourceInput, compile};
use nthc::diagnostics::Severity;
use nthc::diagnostics::render::{Format, render};
use nthc::import::openslo::{Import, import};

/// The root of the repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A source by itself, compiled.
fn compiled(text: &str) -> Compilation {
    compile(&Input {
        settings: nthc::project::default_settings("openslo"),
        files: vec![SourceInput {
            module: "openslo".to_owned(),
            path: "openslo.nth".to_owned(),
            text: text.into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    })
}

/// A compilation without errors.
fn sound(compilation: Compilation) -> Compilation {
    let errors: Vec<_> = compilation
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    compilation
}

/// The artifacts of a project of the examples.
fn project(folder: &str) -> Vec<Artifact> {
    let loaded = nthc::project::load(&root().join(folder), root()).unwrap();
    sound(compile(&loaded.project.input(None))).artifacts
}

/// The OpenSLO files among artifacts.
fn openslo(artifacts: &[Artifact]) -> Vec<(String, String)> {
    artifacts
        .iter()
        .filter(|artifact| artifact.path.contains("openslo/"))
        .map(|artifact| (artifact.path.clone(), artifact.contents.clone()))
        .collect()
}

/// Every set of OpenSLO files that is built of the examples: what stands in one set refers to nothing outside of it.
fn examples() -> Vec<(String, Vec<(String, String)>)> {
    let mut sets = Vec::new();
    let text = std::fs::read_to_string(root().join("examples/checkout.nth")).unwrap();
    sets.push((
        "checkout".to_owned(),
        openslo(&sound(compiled(&text)).artifacts),
    ));
    let shop = openslo(&project("examples/shop"));
    for environment in ["production", "staging"] {
        let files: Vec<_> = shop
            .iter()
            .filter(|(path, _)| path.starts_with(environment))
            .cloned()
            .collect();
        assert!(files.len() > 10, "{environment} has {}", files.len());
        sets.push((environment.to_owned(), files));
    }
    sets
}

/// What an import tells, one line each.
fn told(import: &Import) -> String {
    let mut text = Vec::new();
    render(
        &import.diagnostics,
        &import.sources,
        Format::Short,
        false,
        &mut text,
    )
    .unwrap();
    String::from_utf8(text).unwrap()
}

/// One file, imported.
fn imported(text: &str) -> Import {
    import([("slos.yaml".to_owned(), text.to_owned())])
}

/// The documents of a file, read by another library than the importer's.
fn documents(text: &str) -> Vec<serde_json::Value> {
    use serde::Deserialize as _;
    yaml_serde::Deserializer::from_str(text)
        .map(|document| serde_json::Value::deserialize(document).unwrap())
        .collect()
}
