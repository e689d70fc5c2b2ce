//! Errors of an evaluation.

use nth_promql::Span;

/// An error that ends an evaluation, in Prometheus's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The message, such as `vector cannot contain metrics with the same labelset`.
    pub message: String,
    /// The expression that caused it.
    pub span: Span,
}

impl Error {
    /// Creates an error at an expression.
    pub fn new(message: impl Into<String>, span: Span) -> Self {
        Self {
            message: message.into(),
            span,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
