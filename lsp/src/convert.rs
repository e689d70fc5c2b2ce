//! The compiler's diagnostics and fixes as the protocol's.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use nthc::diagnostics::{Applicability, Code, Diagnostic, FileSpan, Label, Severity};
use nthc::syntax::tree::TextRange;
use tower_lsp::lsp_types::{
    self as lsp, CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, Location,
    NumberOrString, Range, TextEdit, Url,
};

use crate::position::Lines;
use crate::project::Checked;
use crate::settings::Settings;

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

/// What paths and codes are called to the client.
pub trait Addresses {
    /// The address of a file.
    fn of(&self, path: &Path) -> Option<Url>;
    /// The file that a module of the standard library can be read in.
    fn standard(&mut self, shown: &str, text: &str) -> Option<PathBuf>;
    /// The address of a code's page.
    fn page(&mut self, code: &Code) -> Option<Url>;
}

/// Everything that a check found.
pub fn findings(
    checked: &Checked,
    settings: &Settings,
    addresses: &mut impl Addresses,
) -> Vec<Finding> {
    let mut converter = Converter {
        checked,
        settings,
        addresses,
        lines: checked
            .sources
            .files()
            .iter()
            .map(|_| OnceCell::new())
            .collect(),
    };
    checked
        .diagnostics
        .iter()
        .filter_map(|diagnostic| converter.finding(diagnostic))
        .collect()
}

struct Converter<'a, A> {
    checked: &'a Checked,
    settings: &'a Settings,
    addresses: &'a mut A,
    lines: Vec<OnceCell<Lines<'a>>>,
}

impl<'a, A: Addresses> Converter<'a, A> {
    fn finding(&mut self, found: &Diagnostic<FileSpan>) -> Option<Finding> {
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
                    let shown = self
                        .checked
                        .sources
                        .file(label.span.file)
                        .map_or("", |file| &file.path);
                    message.push_str(&format!("\n{}: {shown}, line {line}", place.message));
                }
                None => {}
            }
        }
        for help in &found.help {
            message.push_str("\nhelp: ");
            message.push_str(help);
        }
        let page = if self.settings.links {
            self.addresses.page(found.code)
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
                let path = self.checked.paths.get(edit.span.file)?.clone()?;
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

    fn related(&mut self, label: &Label<FileSpan>) -> Option<DiagnosticRelatedInformation> {
        let path = self.path(label.span.file)?;
        Some(DiagnosticRelatedInformation {
            location: Location {
                uri: self.addresses.of(&path)?,
                range: self.range(label.span),
            },
            message: label.text.clone(),
        })
    }

    fn path(&mut self, file: usize) -> Option<PathBuf> {
        match self.checked.paths.get(file)? {
            Some(path) => Some(path.clone()),
            None => {
                let source = self.checked.sources.file(file)?;
                self.addresses.standard(&source.path, &source.text)
            }
        }
    }

    fn range(&self, span: FileSpan) -> Range {
        let text = self
            .checked
            .sources
            .file(span.file)
            .map_or("", |file| &*file.text);
        let lines = self.lines.get(span.file);
        lines.map_or_else(Range::default, |lines| {
            lines
                .get_or_init(|| Lines::new(text, self.settings.encoding))
                .range(span.start, span.end)
        })
    }
}
