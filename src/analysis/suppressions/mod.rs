//! Levels and suppressions of warnings: a level for each code in `nth.toml`, and comments that allow a warning at one place.
//! Errors cannot be suppressed.
//!
//! Queries do not read any of this: they return all diagnostics. [`apply`](fn@apply) decides at the end which are reported, and
//! at which level.

mod apply;
mod directive;
mod suppress_fix;

use std::collections::BTreeMap;

use nth_diagnostics::{Code, Diagnostic, Severity, suggest};

pub use apply::{Annotated, apply};
pub use directive::{Allowed, Directive, directives, has_directives};
pub use suppress_fix::{SuppressFix, suppress_fix};

/// The level at which a warning is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Level {
    /// Not reported.
    Allow,
    /// Reported as a warning.
    Warn,
    /// Reported as an error, so nothing is built.
    Error,
}

impl Level {
    /// The names of the levels in `nth.toml`.
    pub const WORDS: [(&'static str, Level); 3] = [
        ("allow", Level::Allow),
        ("warn", Level::Warn),
        ("error", Level::Error),
    ];
}

/// The levels that a project sets. All other codes keep their default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Levels {
    by_id: BTreeMap<&'static str, Level>,
}

impl Levels {
    /// Sets the level of a code. Has no effect on errors.
    pub fn set(&mut self, code: &'static Code, level: Level) {
        if code.is_settable() {
            self.by_id.insert(code.id, level);
        }
    }

    /// Returns the level that is set for a code; `None` for its default.
    pub fn level(&self, code: &Code) -> Option<Level> {
        self.by_id.get(code.id).copied()
    }

    /// Returns the diagnostic at its level, or `None` if that is [`Level::Allow`].
    pub fn apply<S>(&self, mut found: Diagnostic<S>) -> Option<Diagnostic<S>> {
        match self.level(found.code) {
            Some(Level::Allow) => return None,
            Some(Level::Error) => found.severity = Severity::Error,
            Some(Level::Warn) | None => {}
        }
        Some(found)
    }
}

/// The result of looking up a code or slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lint {
    /// A warning, by its code or slug.
    Warning(&'static Code),
    /// An error, whose level cannot be set.
    Error(&'static Code),
    /// Not a code or slug, with the most similar one of a warning.
    Unknown(Option<&'static str>),
}

/// Looks up a code (`N0507`) or slug (`above-ceiling`) among `codes`. Case-sensitive.
pub fn find_lint(word: &str, codes: impl Iterator<Item = &'static Code> + Clone) -> Lint {
    let found = codes
        .clone()
        .find(|code| code.id == word || code.slug == word);
    match found {
        Some(code) if code.is_settable() => Lint::Warning(code),
        Some(code) => Lint::Error(code),
        None => {
            let known = codes
                .filter(|code| code.is_settable())
                .flat_map(|code| [code.id, code.slug]);
            Lint::Unknown(
                nth_diagnostics::codes::current_slug(word)
                    .or_else(|| suggest::nearest(word, known)),
            )
        }
    }
}
