//! Every diagnostic code, with its number, slug and own severity.
//!
//! Numbers are never used again. N00xx syntax, N01xx names, N02xx types, N03xx blocks and evaluation,
//! N04xx PromQL, N05xx reliability, N06xx project files and outputs, N07xx the Prometheus target.

use super::Severity;

/// A diagnostic's code.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Code {
    /// `N0101`
    pub id: &'static str,
    /// `unknown-name`
    pub slug: &'static str,
    /// How bad it is unless a project says otherwise.
    pub severity: Severity,
    /// One sentence on what it means, for lists.
    pub summary: &'static str,
    /// The page under `docs/diagnostics`, as Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($severity:ident $name:ident $id:literal $slug:literal $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: Code = Code {
                id: $id,
                slug: $slug,
                severity: Severity::$severity,
                summary: $summary,
                page: include_str!(concat!("../../docs/diagnostics/", $id, ".md")),
            };
        )*

        /// All codes, in the order of their numbers.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

codes! {
    Error SYNTAX_BAD_VALUE "N0001" "bad-value" "A value could not be read.";
    Error SYNTAX_MISSING_VALUE "N0002" "missing-value" "A value is missing.";
    Error SYNTAX_MISSING_EQUALS "N0003" "missing-equals" "A name is not followed by `=`.";
    Error SYNTAX_INCOMPLETE_STATEMENT "N0004" "incomplete-statement" "A name alone is no statement.";
    Error SYNTAX_TRAILING_DOT "N0005" "trailing-dot" "No name follows a dot.";
    Error SYNTAX_OPEN_STRING "N0006" "open-string" "A string is never closed.";
    Error SYNTAX_OPEN_QUERY "N0007" "open-query" "A query is never closed.";
    Error SYNTAX_MISSING_BRACE "N0008" "missing-brace" "A brace is missing.";
    Error SYNTAX_STRAY_BRACE "N0009" "stray-brace" "A brace closes nothing.";
    Error SYNTAX_MISSING_DELIMITER "N0010" "missing-delimiter" "A parenthesis, bracket or comma is missing.";
    Error SYNTAX_UNEXPECTED_TEXT "N0011" "unexpected-text" "Text stands where a block or a field should.";
    Error SYNTAX_MISSING_NAME "N0012" "missing-name" "A name or a type is missing.";
    Error SYNTAX_BAD_LITERAL "N0013" "bad-literal" "A number, unit or time has no meaning.";
    Error SYNTAX_BAD_ESCAPE "N0014" "bad-escape" "A string has an unknown escape.";
    Error SYNTAX_TOO_DEEP "N0015" "too-deep" "Text is nested too deeply.";
    Warning SYNTAX_STRAY_DOC "N0016" "stray-doc" "A doc comment documents nothing.";
}
