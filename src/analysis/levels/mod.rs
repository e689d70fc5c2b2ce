//! What a project makes of the compiler's warnings: a level for each code in `nth.toml`, and comments that allow one
//! where it stands. Errors are errors everywhere.
//!
//! None of this is known to a query. What was found is found whatever its level; [`settle`](fn@settle) decides at the very end
//! what is told, and how loudly.

mod above;
mod directive;
mod settle;

use std::collections::BTreeMap;

use nth_diagnostics::{Code, Diagnostic, Severity, suggest};

pub use above::{Above, allow_above};
pub use directive::{Allowed, Directive, directives, has_directives};
pub use settle::{Annotated, settle};

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
    pub fn of(&self, code: &Code) -> Option<Level> {
        self.by_id.get(code.id).copied()
    }

    /// A diagnostic at its level; nothing where that is not to be told.
    pub fn apply<S>(&self, mut found: Diagnostic<S>) -> Option<Diagnostic<S>> {
        match self.of(found.code) {
            Some(Level::Allow) => return None,
            Some(Level::Error) => found.severity = Severity::Error,
            Some(Level::Warn) | None => {}
        }
        Some(found)
    }
}

/// What a word names, where a code or slug should stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// A warning, by its code or slug.
    Warning(&'static Code),
    /// An error, whose level cannot be set.
    Error(&'static Code),
    /// Nothing; with the warning's code or slug that was likely meant.
    Unknown(Option<&'static str>),
}

/// What `word` names among some codes: a code (`N0507`) or a slug (`above-ceiling`), letter for letter.
pub fn named(word: &str, codes: impl Iterator<Item = &'static Code> + Clone) -> Named {
    let found = codes
        .clone()
        .find(|code| code.id == word || code.slug == word);
    match found {
        Some(code) if code.is_settable() => Named::Warning(code),
        Some(code) => Named::Error(code),
        None => {
            let known = codes
                .filter(|code| code.is_settable())
                .flat_map(|code| [code.id, code.slug]);
            Named::Unknown(
                nth_diagnostics::codes::renamed(word).or_else(|| suggest::nearest(word, known)),
            )
        }
    }
}
