//! Conversion of findings to the protocol's diagnostics.

use std::path::PathBuf;

use nth_ide::files::FileName;
use nth_ide::findings::{Finding, Related};
use nthc::diagnostics::{Code, Severity};
use tower_lsp::lsp_types::{
    CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location,
    NumberOrString, Url,
};

use crate::buffers::{Buffers, address};
use crate::embedded_files::EmbeddedFiles;
use crate::lines::to_range;
use crate::settings::Settings;

/// Converts findings to diagnostics.
#[derive(Clone, Copy)]
pub struct Converter<'a> {
    /// The client's capabilities and settings.
    pub settings: &'a Settings,
    /// The open documents.
    pub buffers: &'a Buffers,
    /// The files embedded in the compiler.
    pub embedded_files: &'a EmbeddedFiles,
}

impl Converter<'_> {
    /// Converts a finding.
    pub fn diagnostic(&self, found: &Finding) -> Diagnostic {
        let mut message = found.message.clone();
        if !found.label.is_empty() {
            message.push('\n');
            message.push_str(&found.label);
        }
        let mut related = Vec::new();
        for other in &found.related {
            match self.related(other) {
                Some(place) if self.settings.related => related.push(place),
                Some(place) => {
                    let line = place.location.range.start.line + 1;
                    let shown = &other.shown;
                    message.push_str(&format!("\n{}: {shown}, line {line}", place.message));
                }
                None => {}
            }
        }
        for note in &found.notes {
            message.push_str("\nnote: ");
            message.push_str(note);
        }
        for help in &found.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        let page = if self.settings.links {
            self.page(found.code)
        } else {
            None
        };
        Diagnostic {
            range: to_range(found.range),
            severity: Some(match found.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
            }),
            code: Some(NumberOrString::String(found.code.id.to_owned())),
            code_description: page.map(|href| CodeDescription { href }),
            source: Some("nth".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            tags: None,
            data: None,
        }
    }

    fn related(&self, other: &Related) -> Option<DiagnosticRelatedInformation> {
        Some(DiagnosticRelatedInformation {
            location: Location {
                uri: self.address(&other.file)?,
                range: to_range(other.range),
            },
            message: other.message.clone(),
        })
    }

    /// The URI of a file. For a module of the standard library, a virtual document if the client supports them,
    /// otherwise a file that the server writes.
    pub fn address(&self, file: &FileName) -> Option<Url> {
        match file {
            FileName::Disk(path) => address(self.buffers, path),
            FileName::Standard { shown, text } => {
                standard_address(self.settings, self.embedded_files, shown, text)
            }
        }
    }

    /// The path of a file; for a module of the standard library, of the file that the server writes.
    pub fn path(&self, file: &FileName) -> Option<PathBuf> {
        match file {
            FileName::Disk(path) => Some(path.clone()),
            FileName::Standard { shown, text } => self.embedded_files.module(shown, text).ok(),
        }
    }

    fn page(&self, code: &Code) -> Option<Url> {
        if let Some(pages) = &self.settings.pages {
            return pages.join(&format!("{}.md", code.id)).ok();
        }
        Url::from_file_path(self.embedded_files.page(code).ok()?).ok()
    }
}

/// The URI of a module of the standard library: a virtual document if the client supports them, otherwise a file that
/// the server writes.
fn standard_address(
    settings: &Settings,
    embedded_files: &EmbeddedFiles,
    shown: &str,
    text: &str,
) -> Option<Url> {
    if settings.virtual_documents {
        return Url::parse(&format!("{STANDARD_SCHEME}:///{shown}")).ok();
    }
    Url::from_file_path(embedded_files.module(shown, text).ok()?).ok()
}

/// The URI scheme of the standard library's modules, for clients that support virtual documents.
pub const STANDARD_SCHEME: &str = "nth-std";

/// True if a URI is one of the server's virtual documents. Their text comes from the server, even if a client opens
/// them.
pub fn is_own(uri: &Url) -> bool {
    uri.scheme().starts_with("nth-")
}
