//! Conversion of `openslo/v1` documents to `.nth`.
//!
//! The documents are first validated by the rules of the Go SDK, and their references are resolved, which the SDK does not
//! do. The generated text is formatted and compiled before it is returned.

mod alerts;
mod kept;
mod latency;
mod metadata;
mod model;
mod objective;
mod objects;
mod project;
mod query;
mod read;
mod reader;
mod slo;
mod teams;
mod terms;
mod write;

use smol_str::SmolStr;

use crate::compile::{Input, SourceInput, compile};
use crate::diagnostics::{Diagnostic, FileSpan, Severity, SourceMap, codes};
use crate::ir::Settings;
use crate::project::default_settings;
use crate::syntax;

pub use write::string;

use crate::yaml;
use objects::Objects;
use reader::Findings;

/// The name of the generated module.
pub const MODULE: &str = "openslo";

/// The result of an import.
#[derive(Debug, Clone)]
pub struct Import {
    /// The files that diagnostics point into.
    pub sources: SourceMap,
    /// Errors in the documents, and warnings about parts that are not imported.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// The `.nth` text; `None` if there is an error.
    pub text: Option<String>,
}

/// Converts files, given as display path and text, to one module for a project with default settings.
pub fn import(files: impl IntoIterator<Item = (String, String)>) -> Import {
    import_into(files, &default_settings(MODULE), &[])
}

/// Converts files to one module for a project with these settings and environments.
pub fn import_into(
    files: impl IntoIterator<Item = (String, String)>,
    settings: &Settings,
    environments: &[SmolStr],
) -> Import {
    let mut sources = SourceMap::default();
    let mut findings = Findings {
        file: 0,
        diagnostics: Vec::new(),
    };
    let mut objects = Vec::new();
    for (path, text) in files {
        findings.file = sources.add(path, text.as_str());
        match yaml::documents(&text) {
            Ok(documents) => {
                for document in &documents {
                    objects.extend(read::document(document, &mut findings));
                }
            }
            Err(malformed) => {
                let span = findings.span(&malformed.span);
                let message = "not well-formed YAML";
                findings.report(&codes::OPENSLO_SYNTAX, span, message, malformed.what);
            }
        }
    }
    let mut text = None;
    // Broken documents also look like missing references, so those are not resolved after an error.
    if !has_errors(&findings.diagnostics) {
        let objects = Objects::new(&objects, &mut findings);
        let target = project::Target {
            sends_mail: settings.sends_mail(),
            environments,
        };
        let generated = project::text(&objects, &target, &mut findings);
        if !has_errors(&findings.diagnostics) {
            text = compile_and_format(&generated, settings, &mut sources, &mut findings);
        }
    }
    Import {
        sources,
        diagnostics: findings.diagnostics,
        text,
    }
}

fn has_errors(diagnostics: &[Diagnostic<FileSpan>]) -> bool {
    diagnostics
        .iter()
        .any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Formats and compiles the generated text. Returns `None` if it has errors, which are reported with spans in the text.
fn compile_and_format(
    generated: &str,
    settings: &Settings,
    sources: &mut SourceMap,
    findings: &mut Findings,
) -> Option<String> {
    let text = syntax::format(generated).unwrap_or_else(|| generated.to_owned());
    let compilation = compile(&Input {
        settings: settings.clone(),
        files: vec![SourceInput {
            module: MODULE.to_owned(),
            path: format!("{MODULE}.nth"),
            text: text.as_str().into(),
            package: false,
        }],
        catalogue: None,
        levels: Default::default(),
        environment: None,
    });
    if !has_errors(&compilation.diagnostics) {
        return Some(text);
    }
    let first = sources.files().len();
    for file in compilation.sources.files() {
        sources.add(file.path.clone(), file.text.clone());
    }
    let errors = compilation
        .diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error);
    findings.diagnostics.extend(errors.map(|diagnostic| {
        diagnostic.map_spans(&mut |span: FileSpan| FileSpan {
            file: span.file + first,
            ..span
        })
    }));
    None
}
