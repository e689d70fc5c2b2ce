//! Documents of `openslo/v1` as `.nth`.
//!
//! They are first held against the rules of the Go SDK, and against what it does not look at: that every reference leads
//! somewhere. What is made of them is laid out by the formatter, and compiled before anybody sees it.

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
use crate::ir::{Settings, TargetName};
use crate::project::default_settings;
use crate::syntax;

pub use write::string;

use super::yaml;
use objects::Objects;
use reader::Findings;

/// The name of the module that is made, where nothing else names it.
pub const MODULE: &str = "openslo";

/// What came of it.
#[derive(Debug, Clone)]
pub struct Import {
    /// The files that diagnostics point into.
    pub sources: SourceMap,
    /// What is wrong with the documents, and what of them is left out.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
    /// The `.nth`; `None` where there is an error.
    pub text: Option<String>,
}

/// Reads files, each with the path to show, and makes one module of them, for a project that says nothing of itself.
pub fn import(files: impl IntoIterator<Item = (String, String)>) -> Import {
    import_into(files, &default_settings(MODULE), &[])
}

/// The same for a project that has these settings, and declares these environments.
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
                findings.tell(&codes::OPENSLO_SYNTAX, span, message, malformed.what);
            }
        }
    }
    let mut text = None;
    // What some documents do not say well can't be told from what others refer to in vain.
    if !has_errors(&findings.diagnostics) {
        let objects = Objects::new(&objects, &mut findings);
        let target = project::Target {
            sends_mail: settings.alertmanager.sends_mail()
                || !settings.targets.contains(&TargetName::Alertmanager),
            environments,
        };
        let made = project::text(&objects, &target, &mut findings);
        if !has_errors(&findings.diagnostics) {
            text = checked(&made, settings, &mut sources, &mut findings);
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

/// The text, laid out, where it compiles; the compiler's errors where it does not, in the text that was made.
fn checked(
    made: &str,
    settings: &Settings,
    sources: &mut SourceMap,
    findings: &mut Findings,
) -> Option<String> {
    let text = syntax::format(made).unwrap_or_else(|| made.to_owned());
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
