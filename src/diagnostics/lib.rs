#![forbid(unsafe_code)]
//! Owns the renderer-neutral [`Diagnostic`] with its code, places and fixes. It is created where an error is detected
//! and rendered elsewhere.
//!
//! A diagnostic of a query has spans that are relative to an item (the type parameter `S`); the renderers read
//! [`Diagnostic<FileSpan>`], in which every span is a file and a range of bytes.

pub mod codes;
pub mod explain;
pub mod fix;
pub mod limits;
mod order;
pub mod position;
mod shorten;

use std::fmt::Debug;

pub use codes::Code;
pub use nth_units::{suggest, text};
pub use order::in_order;

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Prevents the build.
    Error,
    /// Does not prevent the build, but probably needs attention.
    Warning,
}

/// An error, or a fact that needs attention.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic<S> {
    /// The code, with its number, slug and page.
    pub code: &'static Code,
    /// The severity: the code's default unless the project changed it.
    pub severity: Severity,
    /// One clause that can be read alone, without a full stop.
    pub message: String,
    /// The smallest span that shows the error, with a short text about it.
    pub primary: Label<S>,
    /// Related places, such as the cause or the conflicting item, possibly in other files.
    pub secondary: Vec<Label<S>>,
    /// Consequences and background, each one clause: `alert not generated`. Never an instruction.
    pub notes: Vec<String>,
    /// Instructions, each one imperative clause, lower case, without a full stop.
    pub help: Vec<String>,
    /// Edits that fix the error.
    pub fixes: Vec<Fix<S>>,
    /// A name that is not in scope; the nearest known names, and the modules that declare it, are added before the
    /// diagnostic is shown.
    pub unknown_name: Option<UnknownName>,
}

/// A span with a short text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label<S> {
    /// The place.
    pub span: S,
    /// The text. It may be empty on a primary label, if the message is sufficient.
    pub text: String,
}

/// A set of edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix<S> {
    /// The title in a menu: "Replace with `objective`".
    pub title: String,
    /// The edits, none overlapping another.
    pub edits: Vec<Edit<S>>,
    /// The confidence in the fix, which decides whether `nthc check --fix` applies it without confirmation.
    pub applicability: Applicability,
}

/// A replacement of text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit<S> {
    /// The replaced text; empty to insert.
    pub span: S,
    /// The new text.
    pub replacement: String,
}

/// The confidence in a fix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Applicability {
    /// Certainly what the author meant.
    Always,
    /// A guess that a person should review.
    Maybe,
}

/// A name that was not found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnknownName {
    /// The expected kind, `team`; empty if any kind is accepted.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// A range of bytes of a file in a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileSpan {
    /// The number of the file in the source map.
    pub file: usize,
    /// The first byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// The files that diagnostics point into.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceText>,
}

/// A file's text and its display name.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The path to show: relative to the working directory, with `/`; `std/http.nth` for the standard library.
    pub path: String,
    /// The text.
    pub text: std::sync::Arc<str>,
}

impl SourceMap {
    /// Adds a file and returns its number.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<std::sync::Arc<str>>) -> usize {
        self.files.push(SourceText {
            path: path.into(),
            text: text.into(),
        });
        self.files.len() - 1
    }

    /// The file with this number.
    pub fn file(&self, number: usize) -> Option<&SourceText> {
        self.files.get(number)
    }

    /// All files, in the order of their numbers.
    pub fn files(&self) -> &[SourceText] {
        &self.files
    }
}

impl<S> Diagnostic<S> {
    /// Creates a diagnostic with the code's default severity, a message and a place.
    pub fn new(code: &'static Code, message: impl Into<String>, span: S) -> Self {
        Self {
            code,
            severity: code.severity,
            message: message.into(),
            primary: Label {
                span,
                text: String::new(),
            },
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
            unknown_name: None,
        }
    }

    /// Sets the text of the primary label.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds a secondary span.
    pub fn because(mut self, span: S, text: impl Into<String>) -> Self {
        self.secondary.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a consequence, or background that explains the error.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds an instruction.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a fix that replaces one span.
    pub fn fix(
        mut self,
        title: impl Into<String>,
        span: S,
        replacement: impl Into<String>,
        applicability: Applicability,
    ) -> Self {
        self.fixes.push(Fix {
            title: title.into(),
            edits: vec![Edit {
                span,
                replacement: replacement.into(),
            }],
            applicability,
        });
        self
    }

    /// Iterates over all places: of the diagnostic, of its labels, and of the edits of its fixes.
    pub fn spans(&self) -> impl Iterator<Item = &S> {
        let edits = self.fixes.iter().flat_map(|fix| &fix.edits);
        std::iter::once(&self.primary)
            .chain(&self.secondary)
            .map(|label| &label.span)
            .chain(edits.map(|edit| &edit.span))
    }

    /// Converts every span with `f`.
    pub fn map_spans<T>(self, f: &mut impl FnMut(S) -> T) -> Diagnostic<T> {
        Diagnostic {
            code: self.code,
            severity: self.severity,
            message: self.message,
            primary: Label {
                span: f(self.primary.span),
                text: self.primary.text,
            },
            secondary: self
                .secondary
                .into_iter()
                .map(|label| Label {
                    span: f(label.span),
                    text: label.text,
                })
                .collect(),
            notes: self.notes,
            help: self.help,
            fixes: self
                .fixes
                .into_iter()
                .map(|fix| Fix {
                    title: fix.title,
                    edits: fix
                        .edits
                        .into_iter()
                        .map(|edit| Edit {
                            span: f(edit.span),
                            replacement: edit.replacement,
                        })
                        .collect(),
                    applicability: fix.applicability,
                })
                .collect(),
            unknown_name: self.unknown_name,
        }
    }
}
