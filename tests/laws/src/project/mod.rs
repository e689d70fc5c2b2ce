//! Whole projects.

mod damage;
mod generate;

pub use generate::{Generated, generate};

use arbitrary::Unstructured;
use jiff::Timestamp;
use nthc::compile::{Compilation, compile_at};
use nthc::diagnostics::Severity;
use nthc::promql;

/// A time at which nothing in a generated project has expired.
const NOW: i64 = 1_798_761_600;

/// A valid project is built without an error, and every query and document in its outputs can be parsed.
pub fn holds(bytes: &[u8]) {
    let Ok(project) = generate(&mut Unstructured::new(bytes)) else {
        return;
    };
    for file in &project.files {
        crate::syntax::text_holds(&file.text);
    }
    let compilation = build(&project);
    let errors: Vec<_> = compilation
        .diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .collect();
    assert!(errors.is_empty(), "{errors:?}\n{}", project.text());
    assert!(!compilation.artifacts.is_empty(), "nothing was made");
    for artifact in &compilation.artifacts {
        readable(&artifact.path, &artifact.contents);
    }
}

/// Returns the valid project that is generated from these bytes.
///
/// # Panics
///
/// If the bytes are too few.
pub fn generated(bytes: &[u8]) -> Generated {
    generate(&mut Unstructured::new(bytes)).expect("enough bytes")
}

/// Returns the paths and texts of the artifacts of a valid project that is generated from these bytes.
///
/// # Panics
///
/// If the bytes are too few.
pub fn generated_artifacts(bytes: &[u8]) -> Vec<(String, String)> {
    build(&generated(bytes))
        .artifacts
        .into_iter()
        .map(|artifact| (artifact.path, artifact.contents))
        .collect()
}

/// A damaged project is built or refused, and its diagnostics have locations.
pub fn holds_damaged(bytes: &[u8]) {
    let mut source = Unstructured::new(bytes);
    let Ok(mut project) = generate(&mut source) else {
        return;
    };
    damage::damage(&mut project, &mut source);
    for file in &project.files {
        crate::syntax::text_holds(&file.text);
    }
    let compilation = build(&project);
    crate::rendered::render_all(&compilation.diagnostics, &compilation.sources);
    let has_errors = compilation
        .diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error);
    assert_eq!(
        has_errors,
        compilation.artifacts.is_empty(),
        "a build has errors or makes files"
    );
}

fn build(project: &Generated) -> Compilation {
    let now = Timestamp::from_second(NOW).expect("a time");
    compile_at(&project.input(), now)
}

/// Checks that an artifact can be parsed in the format of its path, and that its rules contain valid PromQL.
fn readable(path: &str, contents: &str) {
    match path.rsplit_once('.').map(|(_, extension)| extension) {
        Some("json") => {
            serde_json::from_str::<serde_json::Value>(contents)
                .unwrap_or_else(|error| panic!("{path}: {error}\n{contents}"));
        }
        Some("yaml" | "yml") => {
            let documents = yaml_serde::Deserializer::from_str(contents);
            for document in documents {
                let value: yaml_serde::Value = serde::Deserialize::deserialize(document)
                    .unwrap_or_else(|error| panic!("{path}: {error}\n{contents}"));
                if path.contains("prometheus/") {
                    queries(path, &value);
                }
            }
        }
        _ => {}
    }
}

fn queries(path: &str, value: &yaml_serde::Value) {
    match value {
        yaml_serde::Value::Mapping(map) => {
            for (key, value) in map {
                match (key.as_str(), value.as_str()) {
                    (Some("expr"), Some(query)) => {
                        promql::parse(query)
                            .unwrap_or_else(|errors| panic!("{path}: {query}: {errors:?}"));
                    }
                    _ => queries(path, value),
                }
            }
        }
        yaml_serde::Value::Sequence(list) => list.iter().for_each(|value| queries(path, value)),
        _ => {}
    }
}
