//! The compiler behind the tests' door: a project in a folder, read as the command line reads it.

use std::path::Path;

use nthc::compile::compile_at;
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};

use super::example::{Compiler, Outcome, Project};

pub struct Nthc;

impl Compiler for Nthc {
    fn compile(&self, project: &Project, environment: Option<&str>) -> Outcome {
        let folder = tempfile::tempdir().expect("a folder for the project");
        write(folder.path(), project);
        let loaded =
            nthc::project::load(folder.path(), folder.path()).expect("the project is read");
        let compilation = compile_at(&loaded.project.input(environment), now());
        let mut outcome = Outcome {
            sources: SourceMap::default(),
            diagnostics: Vec::new(),
            artifacts: compilation
                .artifacts
                .into_iter()
                .map(|artifact| (artifact.path, artifact.contents))
                .collect(),
        };
        add(&mut outcome, &loaded.sources, loaded.diagnostics);
        add(&mut outcome, &compilation.sources, compilation.diagnostics);
        outcome
    }

    fn format(&self, text: &str) -> String {
        // What can't be formatted stays as it is.
        nthc::syntax::format(text).unwrap_or_else(|| text.to_owned())
    }
}

/// The time of all tests.
fn now() -> jiff::Timestamp {
    "2026-06-17T12:00:00Z".parse().expect("a time")
}

fn write(folder: &Path, project: &Project) {
    let files = project
        .files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()));
    // A manifest or a lock file by itself is about no source.
    let has_source = project.files.keys().any(|path| path.ends_with(".nth"));
    let source = (!has_source).then_some(("main.nth", ""));
    let files = files.chain(source);
    for (path, text) in files.chain([("nth.toml", project.manifest.as_str())]) {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
}

fn add(outcome: &mut Outcome, sources: &SourceMap, diagnostics: Vec<Diagnostic<FileSpan>>) {
    let first = outcome.sources.files().len();
    for file in sources.files() {
        outcome.sources.add(file.path.clone(), file.text.clone());
    }
    outcome
        .diagnostics
        .extend(diagnostics.into_iter().map(|diagnostic| {
            diagnostic.map_spans(&mut |span| FileSpan {
                file: span.file + first,
                ..span
            })
        }));
}
