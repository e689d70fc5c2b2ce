//! Errors and warnings in queries.

use super::tree::Span;
use nth_diagnostics::Code;

/// An error in a query or, depending on the code, a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The code.
    pub code: &'static Code,
    /// The message: one sentence without a full stop.
    pub message: String,
    /// The smallest range that shows it. Empty if something is missing at the end.
    pub span: Span,
    /// The label of the range. May be empty.
    pub label: String,
    /// Notes: consequences and background, each one clause.
    pub notes: Vec<String>,
    /// Help texts, each one imperative clause.
    pub help: Vec<String>,
    /// A replacement for a range that fixes it.
    pub suggestion: Option<(Span, String)>,
    /// True if the replacement does not change the meaning, so that it can be applied automatically.
    pub is_sure: bool,
}

impl Error {
    /// Creates an error with a message and a place.
    pub fn new(code: &'static Code, message: impl Into<String>, span: Span) -> Self {
        Self {
            code,
            message: message.into(),
            span,
            label: String::new(),
            notes: Vec::new(),
            help: Vec::new(),
            suggestion: None,
            is_sure: false,
        }
    }

    /// Sets the label.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
        self
    }

    /// Adds a note.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.notes.push(text.into());
        self
    }

    /// Adds a help text.
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Suggests a replacement.
    pub fn suggest(mut self, span: Span, text: impl Into<String>) -> Self {
        self.suggestion = Some((span, text.into()));
        self
    }

    /// Suggests a replacement that does not change the meaning.
    pub fn suggest_same(mut self, span: Span, text: impl Into<String>) -> Self {
        self.is_sure = true;
        self.suggest(span, text)
    }

    /// True for an error, which makes the query unusable, false for a warning.
    pub fn is_error(&self) -> bool {
        self.code.severity == nth_diagnostics::Severity::Error
    }
}

/// Returns the most similar of the known names, if one is similar enough.
pub(super) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len().min(lower.len()) / 3))
        .min_by_key(|(distance, candidate)| (*distance, !candidate.starts_with(&lower)))
        .map(|(_, candidate)| candidate)
}
