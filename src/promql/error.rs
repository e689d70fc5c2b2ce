//! A mistake in a query.

use super::tree::Span;
use nth_diagnostics::Code;

/// A mistake in a query, or (where the code is a warning's) something to know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What kind of mistake it is.
    pub code: &'static Code,
    /// One sentence that stands alone, without a full stop.
    pub message: String,
    /// The smallest range that shows it. Empty where something is missing at the very end.
    pub span: Span,
    /// A few words for the range. May be empty.
    pub label: String,
    /// Consequences and background, each one clause.
    pub notes: Vec<String>,
    /// What to do about it, each one imperative clause.
    pub help: Vec<String>,
    /// A replacement for a range that would mend it.
    pub suggestion: Option<(Span, String)>,
    /// Whether the query with the replacement surely means what it meant, so that it may be made unasked.
    pub is_sure: bool,
}

impl Error {
    /// A mistake with a message and a place.
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

    /// Says a few words at the place.
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = text.into();
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

    /// Proposes a replacement.
    pub fn suggest(mut self, span: Span, text: impl Into<String>) -> Self {
        self.suggestion = Some((span, text.into()));
        self
    }

    /// Proposes a replacement that changes nothing of what the query means.
    pub fn suggest_same(mut self, span: Span, text: impl Into<String>) -> Self {
        self.is_sure = true;
        self.suggest(span, text)
    }

    /// Whether the query can't be used. Otherwise it is only a warning.
    pub fn is_error(&self) -> bool {
        self.code.severity == nth_diagnostics::Severity::Error
    }
}

/// The nearest of the known names, if one is near enough to be what was meant.
pub(super) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let lower = name.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1.max(candidate.len().min(lower.len()) / 3))
        .min_by_key(|(distance, candidate)| (*distance, !candidate.starts_with(&lower)))
        .map(|(_, candidate)| candidate)
}
