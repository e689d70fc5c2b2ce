//! The table `[lints]`: levels of warnings.

use std::collections::HashMap;

use super::table::{Findings, Located, Table, into_string};
use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes, suggest};
use crate::suppressions::{Level, Levels, Lint, find_lint};

/// The levels of other tools, with the corresponding ones.
const OTHER_WORDS: [(&str, &str); 7] = [
    ("off", "allow"),
    ("ignore", "allow"),
    ("none", "allow"),
    ("on", "warn"),
    ("warning", "warn"),
    ("deny", "error"),
    ("forbid", "error"),
];

/// Reads the table. Invalid entries are reported and skipped.
pub fn read(table: &mut Table<'_>, findings: &mut Findings) -> Levels {
    let mut levels = Levels::default();
    let mut set: HashMap<&'static str, FileSpan> = HashMap::new();
    let mut entries = table.drain(findings);
    // In the order of the text, so that a duplicate is reported at its second entry.
    entries.sort_by_key(|(key, _)| key.span);
    for (key, value) in entries {
        let code = match find_lint(&key.value, codes::ALL.iter().copied()) {
            Lint::Warning(code) => code,
            Lint::Error(code) => {
                findings.diagnostics.push(
                    Diagnostic::new(
                        &codes::PROJECT_BAD_SETTING,
                        format!("the level of `{}` cannot be set", code.slug),
                        key.span,
                    )
                    .label("always an error")
                    .help("set the level of a warning: `nthc explain` lists them"),
                );
                continue;
            }
            Lint::Unknown(near) => {
                findings.diagnostics.push(unknown(&key, near));
                continue;
            }
        };
        let path = format!("lints.{}", key.value);
        let Some(word) = into_string(&path, value, findings) else {
            continue;
        };
        if let Some(first) = set.insert(code.id, key.span) {
            findings.diagnostics.push(
                Diagnostic::new(
                    &codes::PROJECT_BAD_SETTING,
                    format!("duplicate level of `{}`", code.slug),
                    key.span,
                )
                .label(format!("`{}` is {}", code.slug, code.id))
                .because(first, "first set here"),
            );
            continue;
        }
        match level(&word.value) {
            Some(level) => levels.set(code, level),
            None => findings.diagnostics.push(unknown_level(&word)),
        }
    }
    levels
}

fn level(word: &str) -> Option<Level> {
    let (_, level) = Level::WORDS.iter().find(|(known, _)| *known == word)?;
    Some(*level)
}

fn unknown(key: &Located<String>, near: Option<&'static str>) -> Diagnostic<FileSpan> {
    let diagnostic = Diagnostic::new(
        &codes::PROJECT_UNKNOWN_SETTING,
        format!("unknown warning `{}`", key.value),
        key.span,
    )
    .label("not a warning's code or name");
    match near {
        Some(near) => diagnostic.fix(
            format!("Replace with `{near}`"),
            key.span,
            near,
            Applicability::Maybe,
        ),
        None => diagnostic.help("run `nthc explain` to list all codes and names"),
    }
}

/// An unknown level of a warning or a change.
pub(super) fn unknown_level(word: &Located<String>) -> Diagnostic<FileSpan> {
    let diagnostic = Diagnostic::new(
        &codes::PROJECT_BAD_SETTING,
        format!("unknown level {:?}", word.value),
        word.span,
    )
    .label("not a level")
    .help("use `allow`, `warn` or `error`");
    let lower = word.value.to_ascii_lowercase();
    let near = OTHER_WORDS
        .iter()
        .find(|(other, _)| *other == lower)
        .map(|(_, level)| *level)
        .or_else(|| suggest::nearest(&word.value, Level::WORDS.iter().map(|(known, _)| *known)));
    match near {
        Some(near) => diagnostic.fix(
            format!("Replace with `{near}`"),
            word.span,
            format!("\"{near}\""),
            Applicability::Maybe,
        ),
        None => diagnostic,
    }
}
