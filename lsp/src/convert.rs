//! The compiler's diagnostics and fixes as the protocol's.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use nthc::diagnostics::{Applicability, Code, Diagnostic, FileSpan, Label, Severity};
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    self as lsp, CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, Location,
    NumberOrString, Range, TextEdit, Url,
};

use crate::buffers::{Buffers, address};
use crate::position::Lines;
use crate::settings::Settings;
use crate::shelf::Shelf;

/// A diagnostic of a file, ready to be told.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub diagnostic: lsp::Diagnostic,
    /// Its code.
    pub code: &'static Code,
    /// Where it is, by the bytes of the file.
    pub place: TextRange,
    /// What would mend it.
    pub fixes: Vec<QuickFix>,
}

/// Edits that mend something.
#[derive(Debug, Clone, PartialEq)]
pub struct QuickFix {
    /// What they do.
    pub title: String,
    /// Whether they are surely what was meant.
    pub is_sure: bool,
    /// The edits, each with its file.
    pub edits: Vec<(PathBuf, TextEdit)>,
}

/// A file that diagnostics point into.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Where it is; nothing for one of the standard library's.
    pub path: Option<&'a Path>,
    /// Its path as shown.
    pub shown: &'a str,
    /// Its text.
    pub text: &'a str,
}

/// What diagnostics become the protocol's with.
pub struct Converter<'a> {
    settings: &'a Settings,
    buffers: &'a Buffers,
    shelf: &'a Shelf,
    file: &'a dyn Fn(usize) -> Option<Text<'a>>,
    /// The lines of each text, read when it is first pointed into.
    lines: RefCell<HashMap<usize, Lines<'a>>>,
}

impl<'a> Converter<'a> {
    /// `file` gives the files by their numbers.
    pub fn new(
        settings: &'a Settings,
        buffers: &'a Buffers,
        shelf: &'a Shelf,
        file: &'a dyn Fn(usize) -> Option<Text<'a>>,
    ) -> Self {
        Self {
            settings,
            buffers,
            shelf,
            file,
            lines: RefCell::default(),
        }
    }

    /// These diagnostics, but for those that point where nothing is.
    pub fn findings(&self, found: &[Diagnostic<FileSpan>]) -> Vec<Finding> {
        found
            .iter()
            .filter_map(|found| self.finding(found))
            .collect()
    }

    fn finding(&self, found: &Diagnostic<FileSpan>) -> Option<Finding> {
        let path = self.path(found.primary.span.file)?;
        let mut message = found.message.clone();
        if !found.primary.text.is_empty() {
            message.push('\n');
            message.push_str(&found.primary.text);
        }
        let mut related = Vec::new();
        for label in &found.secondary {
            match self.related(label) {
                Some(place) if self.settings.related => related.push(place),
                Some(place) => {
                    let line = place.location.range.start.line + 1;
                    let shown = (self.file)(label.span.file).map_or("", |file| file.shown);
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
        let diagnostic = lsp::Diagnostic {
            range: self.range(found.primary.span),
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
        };
        let fixes = found.fixes.iter().filter_map(|fix| {
            let edits = fix.edits.iter().map(|edit| {
                // What has no path is the standard library's, which nobody can edit.
                let path = (self.file)(edit.span.file)?.path?.to_path_buf();
                let new_text = edit.replacement.clone();
                Some((
                    path,
                    TextEdit {
                        range: self.range(edit.span),
                        new_text,
                    },
                ))
            });
            Some(QuickFix {
                title: fix.title.clone(),
                is_sure: fix.applicability == Applicability::Always,
                edits: edits.collect::<Option<_>>()?,
            })
        });
        let span = found.primary.span;
        Some(Finding {
            path,
            code: found.code,
            place: TextRange::new(span.start, span.end),
            fixes: fixes.collect(),
            diagnostic,
        })
    }

    fn related(&self, label: &Label<FileSpan>) -> Option<DiagnosticRelatedInformation> {
        let file = (self.file)(label.span.file)?;
        let uri = match file.path {
            Some(path) => address(self.buffers, path)?,
            None => standard_address(self.settings, self.shelf, file.shown, file.text)?,
        };
        Some(DiagnosticRelatedInformation {
            location: Location {
                uri,
                range: self.range(label.span),
            },
            message: label.text.clone(),
        })
    }

    fn path(&self, file: usize) -> Option<PathBuf> {
        let file = (self.file)(file)?;
        match file.path {
            Some(path) => Some(path.to_path_buf()),
            None => self.shelf.module(file.shown, file.text).ok(),
        }
    }

    fn page(&self, code: &Code) -> Option<Url> {
        if let Some(pages) = &self.settings.pages {
            return pages.join(&format!("{}.md", code.id)).ok();
        }
        Url::from_file_path(self.shelf.page(code).ok()?).ok()
    }

    fn range(&self, span: FileSpan) -> Range {
        let Some(file) = (self.file)(span.file) else {
            return Range::default();
        };
        self.lines
            .borrow_mut()
            .entry(span.file)
            .or_insert_with(|| Lines::new(file.text, self.settings.encoding))
            .range(span.start, span.end)
    }
}

/// The address of a module of the standard library: a file that the server writes, or a virtual document where the
/// client can show them.
pub fn standard_address(
    settings: &Settings,
    shelf: &Shelf,
    shown: &str,
    text: &str,
) -> Option<Url> {
    if settings.virtual_documents {
        return Url::parse(&format!("{STANDARD_SCHEME}:///{shown}")).ok();
    }
    Url::from_file_path(shelf.module(shown, text).ok()?).ok()
}

/// The scheme of the standard library's modules, for clients that show documents without files.
pub const STANDARD_SCHEME: &str = "nth-std";

/// Whether an address is one that the server has made, of a document without a file. Its text is the server's, whatever a client
/// that opens it says.
pub fn is_own(uri: &Url) -> bool {
    uri.scheme().starts_with("nth-")
}
