#![forbid(unsafe_code)]
//! Owns the one renderer-neutral [`Diagnostic`] with its code, places and fixes. It is built where a mistake is
//! seen and rendered elsewhere.
//!
//! A diagnostic made by a query carries spans that are relative to an item (the type parameter `S`); the
//! renderers read [`Diagnostic<FileSpan>`], in which every span has become a file and a range of bytes.

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

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is built.
    Error,
    /// Something is built that its author would want to know about.
    Warning,
}

/// A mistake, or a fact that an engineer would want told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Diagnostic<S> {
    /// Number and slug, with a page of its own.
    pub code: &'static Code,
    /// How bad it is; the code's own severity unless a project changed it.
    pub severity: Severity,
    /// One sentence that stands alone, without a full stop.
    pub message: String,
    /// The smallest span that shows the mistake, with a few words on what is wrong right there.
    pub primary: Label<S>,
    /// The cause, or the other party; in other files too.
    pub secondary: Vec<Label<S>>,
    /// Consequences and background, each one clause: `alert not generated`. Never an instruction.
    pub notes: Vec<String>,
    /// What to do about it, each one imperative clause, lower case, without a full stop.
    pub help: Vec<String>,
    /// Edits that mend it.
    pub fixes: Vec<Fix<S>>,
    /// A name that nothing in scope has; filled in with the nearest known ones, and with the modules that
    /// have it, before anything is shown.
    pub unknown_name: Option<UnknownName>,
}

/// A span with a few words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label<S> {
    /// Where.
    pub span: S,
    /// What is there. May be empty on a primary label, where the message says it all.
    pub text: String,
}

/// A set of edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fix<S> {
    /// What it does, as a menu entry: "Replace with `objective`".
    pub title: String,
    /// The edits, none overlapping another.
    pub edits: Vec<Edit<S>>,
    /// Whether `nthc check --fix` may make it unasked.
    pub applicability: Applicability,
}

/// A replacement of text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Edit<S> {
    /// What is replaced; empty to insert.
    pub span: S,
    /// The new text.
    pub replacement: String,
}

/// How sure a fix is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Applicability {
    /// Surely what was meant.
    Always,
    /// A guess; a person should look.
    Maybe,
}

/// A name that was looked up in vain.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct UnknownName {
    /// The kind that was wanted, `team`; empty where any would do.
    pub kind: String,
    /// The name.
    pub name: String,
}

/// A range of bytes of a file in a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileSpan {
    /// The file's number in the source map.
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

/// A file's text and the name to show for it.
#[derive(Debug, Clone)]
pub struct SourceText {
    /// The path to show: relative to the working directory, with `/`; `std/http.nth` for the standard library.
    pub path: String,
    /// The text.
    pub text: std::sync::Arc<str>,
}

impl SourceMap {
    /// Adds a file and gives its number.
    pub fn add(&mut self, path: impl Into<String>, text: impl Into<std::sync::Arc<str>>) -> usize {
        self.files.push(SourceText {
            path: path.into(),
            text: text.into(),
        });
        self.files.len() - 1
    }

    /// The file with that number.
    pub fn file(&self, number: usize) -> Option<&SourceText> {
        self.files.get(number)
    }

    /// All files, in the order of their numbers.
    pub fn files(&self) -> &[SourceText] {
        &self.files
    }
}

impl<S> Diagnostic<S> {
    /// A diagnostic with the code's own severity and nothing but a message and a place.
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

    /// Says a few words at the primary span.
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

    /// The same diagnostic with every span changed by `f`.
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
