//! The compiler behind the tests' door: a project in a folder, read as the command line reads it.

use std::collections::BTreeMap;

use nthc::compile::{Input, SourceInput, compile};
use nthc::diagnostics::{Diagnostic, FileSpan, SourceMap};

use nthc::ir::{Duration, PrometheusSettings, RuleFormat, Settings, Severity};

use super::example::{Compiler, DEFAULT_MANIFEST, Outcome, Project};

pub struct Nthc;

impl Compiler for Nthc {
    fn compile(&self, project: &Project, environment: Option<&str>) -> Outcome {
        assert_eq!(
            project.manifest, DEFAULT_MANIFEST,
            "manifests are not read yet"
        );
        let files = project
            .files
            .iter()
            .map(|(path, text)| SourceInput {
                module: path.trim_end_matches(".nth").replace('/', "."),
                path: path.clone(),
                text: text.as_str().into(),
            })
            .collect();
        let settings = Settings {
            project: "test".to_owned(),
            environment: None,
            prometheus: PrometheusSettings {
                format: RuleFormat::Plain,
                interval: Duration(30_000),
                namespace: None,
                resource_labels: BTreeMap::new(),
            },
            severity_labels: BTreeMap::from([
                (Severity::Page, "page".to_owned()),
                (Severity::Ticket, "ticket".to_owned()),
            ]),
            runbook_base_url: None,
            dashboard_base_url: None,
        };
        let compilation = compile(&Input {
            settings,
            files,
            environment: environment.map(str::to_owned),
        });
        let mut outcome = Outcome {
            sources: SourceMap::default(),
            diagnostics: Vec::new(),
            artifacts: compilation
                .artifacts
                .into_iter()
                .map(|artifact| (artifact.path, artifact.contents))
                .collect(),
        };
        add(&mut outcome, &compilation.sources, compilation.diagnostics);
        outcome
    }

    fn format(&self, text: &str) -> String {
        text.to_owned()
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
