//! What a project makes of the compiler's warnings: a level for each code in `nth.toml`, and comments that allow one
//! where it stands. Errors are errors everywhere.
//!
//! None of this is known to a query. What was found is found whatever its level; [`apply`](fn@apply) decides at the very end
//! what is told, and how loudly.

mod suppress_fix;
mod directive;
mod apply;

use std::collections::BTreeMap;

use nth_diagnostics::{Code, Diagnostic, Severity, codes, suggest};

pub use suppress_fix::{SuppressFix, suppress_fix};
pub use directive::{Allowed, Directive, directives, has_directives};
pub use apply::{Annotated, apply};

/// How loudly a warning is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Not at all.
    Allow,
    /// As a warning.
    Warn,
    /// As an error: nothing is built.
    Error,
}

impl Level {
    /// The words for the levels, as `nth.toml` writes them.
    pub const WORDS: [(&'static str, Level); 3] = [
        ("allow", Level::Allow),
        ("warn", Level::Warn),
        ("error", Level::Error),
    ];
}

/// The levels that a project sets; every other warning is a warning.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    by_id: BTreeMap<&'static str, Level>,
}

impl Levels {
    /// Sets the level of a code. That of an error stays what it is.
    pub fn set(&mut self, code: &'static Code, level: Level) {
        if code.is_settable() {
            self.by_id.insert(code.id, level);
        }
    }

    /// The level that was set for a code.
    pub fn level(&self, code: &Code) -> Option<Level> {
        self.by_id.get(code.id).copied()
    }

    /// A diagnostic at its level; nothing where that is not to be told.
    pub fn apply<S>(&self, mut found: Diagnostic<S>) -> Option<Diagnostic<S>> {
        match self.level(found.code) {
            Some(Level::Allow) => return None,
            Some(Level::Error) => found.severity = Severity::Error,
            Some(Level::Warn) | None => {}
        }
        Some(found)
    }
}

/// What a word names, where a code or slug should stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lint {
    /// A warning, by its code or slug.
    Warning(&'static Code),
    /// An error, whose level cannot be set.
    Error(&'static Code),
    /// Nothing; with the warning's code or slug that was likely meant.
    Unknown(Option<&'static str>),
}

/// What `word` names: a code (`N0507`) or a slug (`above-ceiling`), letter for letter.
pub fn find_lint(word: &str) -> Lint {
    let found = codes::ALL
        .iter()
        .copied()
        .find(|code| code.id == word || code.slug == word);
    match found {
        Some(code) if code.is_settable() => Lint::Warning(code),
        Some(code) => Lint::Error(code),
        None => {
            let known = codes::ALL
                .iter()
                .filter(|code| code.is_settable())
                .flat_map(|code| [code.id, code.slug]);
            Lint::Unknown(codes::renamed(word).or_else(|| suggest::nearest(word, known)))
        }
    }
}
