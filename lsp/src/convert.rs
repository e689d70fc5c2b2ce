//! What was found in a text as the protocol's diagnostics.

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

/// What findings become the protocol's with.
#[derive(Clone, Copy)]
pub struct Converter<'a> {
    /// What the client can do.
    pub settings: &'a Settings,
    /// The open documents.
    pub buffers: &'a Buffers,
    /// What the compiler carries.
    pub embedded_files: &'a EmbeddedFiles,
}

impl Converter<'_> {
    /// A finding as the protocol has it.
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

    /// The address of a file. That of a module of the standard library is a file that the server writes, or a virtual
    /// document where the client can show them.
    pub fn address(&self, file: &FileName) -> Option<Url> {
        match file {
            FileName::Disk(path) => address(self.buffers, path),
            FileName::Standard { shown, text } => {
                standard_address(self.settings, self.embedded_files, shown, text)
            }
        }
    }

    /// The path of a file, be it one that the server writes.
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

/// The address of a module of the standard library: a file that the server writes, or a virtual document where the
/// client can show them.
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

/// The scheme of the standard library's modules, for clients that show documents without files.
pub const STANDARD_SCHEME: &str = "nth-std";

/// Whether an address is one that the server has made, of a document without a file. Its text is the server's, whatever a client
/// that opens it says.
pub fn is_own(uri: &Url) -> bool {
    uri.scheme().starts_with("nth-")
}
