//! Diagnostic codes, and how crates declare theirs.
//!
//! Each crate declares the codes that it reports in its `codes.rs`, with [`declare_codes!`](crate::declare_codes). Numbers
//! are never reused. N00xx syntax, N01xx names, N02xx types, N03xx blocks and evaluation, N04xx PromQL, N05xx
//! reliability, N06xx project files and outputs, N07xx the Prometheus target, N08xx lints of queries and rules, N09xx
//! the metric catalog, N10xx gates, N11xx tests, N12xx exclusions.

use super::Severity;

/// The code of a diagnostic.
pub struct Code {
    /// The number, `N0101`.
    pub id: &'static str,
    /// The slug, `unknown-name`.
    pub slug: &'static str,
    /// The default severity.
    pub severity: Severity,
    /// One sentence on the meaning, for lists.
    pub summary: &'static str,
    /// The page under `docs/diagnostics`, as Markdown.
    pub page: &'static str,
}

impl Code {
    /// Returns whether its level can be set in `nth.toml` and a comment can allow it: only for codes that are warnings
    /// by default.
    pub fn is_settable(&self) -> bool {
        self.severity == Severity::Warning
    }

    /// Returns whether it is reported only if a metric catalog was pulled.
    pub fn needs_catalogue(&self) -> bool {
        self.id.starts_with("N09")
    }
}

/// Numbers are unique, so they identify the code.
impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Code {}

impl std::hash::Hash for Code {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

/// Without the page, which would hide the rest.
impl std::fmt::Debug for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.id, self.slug)
    }
}

/// Declares codes as statics: severity, name, number, slug and a summary of one sentence each. The first argument is the
/// relative path from the declaring file to the root of the repository, where `docs/diagnostics` has their pages.
/// `DECLARED` lists them in the order of their numbers.
#[macro_export]
macro_rules! declare_codes {
    ($root:literal; $($severity:ident $name:ident $id:literal $slug:literal $summary:literal;)*) => {
        $(
            #[doc = $summary]
            pub static $name: $crate::Code = $crate::Code {
                id: $id,
                slug: $slug,
                severity: $crate::Severity::$severity,
                summary: $summary,
                page: include_str!(concat!($root, "docs/diagnostics/", $id, ".md")),
            };
        )*

        /// The codes that this crate declares, in the order of their numbers.
        pub static DECLARED: &[&$crate::Code] = &[$(&$name),*];
    };
}

declare_codes! {
    "../../";
    Error MORE_DIAGNOSTICS "N0019" "more-diagnostics" "A file has more diagnostics than are shown.";
}

/// Former slugs of codes, with the current ones: `told-twice` was `N0533`'s.
pub const RENAMED: [(&str, &str); 9] = [
    ("amendments-dropped", "settings-dropped"),
    ("bad-catalogue", "bad-catalog"),
    ("left-out", "not-generated"),
    ("nobody-on-call", "no-one-on-call"),
    ("openslo-left-out", "openslo-not-imported"),
    ("same-in-every-turn", "same-in-every-iteration"),
    ("told-twice", "duplicate-receiver"),
    ("turn-length", "rotation-length"),
    ("weighed-by-time", "time-weighted"),
];

/// The current slug for a former one; `None` for every other text.
pub fn current_slug(slug: &str) -> Option<&'static str> {
    let known = RENAMED.iter().find(|(before, _)| *before == slug);
    known.map(|(_, now)| *now)
}
