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
}
