#![forbid(unsafe_code)]
//! Owns diagnostics as text, one file for each format, and the page of a code for a terminal.
//!
//! All formats show the same diagnostics in the same order: by path, then by place, then by code, without duplicates.
//! None of them decides what is an error, or omits one.

mod github;
mod human;
mod json;
mod page;
mod sarif;
mod short;
mod shortened;
mod unlabeled;

use std::collections::HashSet;
use std::io;

pub use github::annotation;
pub use nth_diagnostics::in_order;
use nth_diagnostics::position::Positions;
use nth_diagnostics::{Applicability, Diagnostic, FileSpan, Fix, Severity, SourceMap, text};
pub use page::for_terminal;
pub use sarif::{SCHEMA as SARIF_SCHEMA, pascal_case, uri as relative_uri};

/// The format of diagnostics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// For a person at a terminal: the source with labels, help and fixes.
    Human,
    /// One line each, `path:line:column: error[N0101]: message`, for logs, pipes and editors' error parsers.
    Short,
    /// One JSON object a line; `docs/diagnostics/README.md` documents the fields.
    Json,
    /// One SARIF 2.1.0 log, for code scanning.
    Sarif,
    /// Workflow commands that GitHub Actions shows at the lines of a pull request.
    Github,
}

/// Writes diagnostics in a format. `color` applies to [`Format::Human`] and [`Format::Short`] only.
///
/// # Errors
///
/// Only those of writing to `out`.
pub fn render(
    diagnostics: &[Diagnostic<FileSpan>],
    sources: &SourceMap,
    format: Format,
    color: bool,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    let positions = Positions::new(sources);
    let diagnostics: Vec<Diagnostic<FileSpan>> = in_order(diagnostics, sources)
        .into_iter()
        .map(|diagnostic| diagnostic.clone().with_short_texts())
        .collect();
    let diagnostics: Vec<&Diagnostic<FileSpan>> = diagnostics.iter().collect();
    match format {
        Format::Human => human::write(&diagnostics, &positions, color, out),
        Format::Short => short::write(&diagnostics, &positions, color, out),
        Format::Json => json::write(&diagnostics, &positions, out),
        Format::Sarif => sarif::write(&diagnostics, &positions, out),
        Format::Github => github::write(&diagnostics, &positions, out),
    }
}

/// The last line of the output: "2 errors, 1 warning". Empty if there is nothing to report.
pub fn summary(diagnostics: &[Diagnostic<FileSpan>]) -> String {
    let mut seen = HashSet::new();
    let (mut errors, mut warnings) = (0, 0);
    for diagnostic in diagnostics
        .iter()
        .filter(|diagnostic| seen.insert(*diagnostic))
    {
        match diagnostic.severity {
            Severity::Error => errors += 1,
            Severity::Warning => warnings += 1,
        }
    }
    let count = |number: usize, word: &str| (number > 0).then(|| text::count(number, word));
    [count(errors, "error"), count(warnings, "warning")]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

/// The next steps, each a sentence below the [`summary`]: the page to read, and whether a fix can be applied without
/// confirmation.
pub fn next_steps(diagnostics: &[Diagnostic<FileSpan>]) -> Vec<String> {
    let mut steps = Vec::new();
    let fixable = diagnostics
        .iter()
        .filter(|diagnostic| {
            diagnostic
                .fixes
                .iter()
                .any(|fix| fix.applicability == Applicability::Always)
        })
        .collect::<HashSet<_>>()
        .len();
    match fixable {
        0 => {}
        1 => steps.push("`nthc check --fix` can fix 1 of these.".to_owned()),
        _ => steps.push(format!("`nthc check --fix` can fix {fixable} of these.")),
    }
    // Errors first: they prevent the build.
    if let Some(diagnostic) = diagnostics
        .iter()
        .min_by_key(|diagnostic| (diagnostic.severity, diagnostic.code.id))
    {
        steps.push(format!(
            "For details, run `nthc explain {}`.",
            diagnostic.code.id
        ));
    }
    steps
}

/// Returns whether a help already shows the replacement of a fix: `x[5m]` shows the insertion of `[5m]`.
fn is_in_help(fix: &Fix<FileSpan>, help: &[String]) -> bool {
    let same = |help: &String| help.eq_ignore_ascii_case(&fix.title);
    help.iter().any(same)
        || replacement(fix).is_some_and(|text| {
            help.iter().any(|help| {
                // Every second piece is between backticks.
                let code = help.split('`').skip(1).step_by(2);
                let mut code = code.map(str::trim);
                code.any(|code| code == text || (text.len() > 2 && code.ends_with(text)))
            })
        })
}

/// The replacement of a fix with a single edit, in backticks; `None` if it has no visible text.
fn quoted_replacement(fix: &Fix<FileSpan>) -> Option<String> {
    replacement(fix).map(|text| format!("`{text}`"))
}

fn replacement(fix: &Fix<FileSpan>) -> Option<&str> {
    match fix.edits.as_slice() {
        [edit] => Some(edit.replacement.trim()).filter(|text| !text.is_empty()),
        _ => None,
    }
}

/// The word for a severity, in every format.
fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The displayed form of a character: one that would move the cursor, end a line or change the direction of writing is
/// replaced by a symbol for it. Source text and names are untrusted, and a terminal interprets them.
fn make_visible(character: char) -> char {
    match character {
        '\u{0}'..='\u{1f}' => {
            char::from_u32(0x2400 + u32::from(character)).unwrap_or(char::REPLACEMENT_CHARACTER)
        }
        '\u{7f}' => '\u{2421}',
        '\u{80}'..='\u{9f}'
        | '\u{2028}'
        | '\u{2029}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        _ => character,
    }
}

/// Formats a text that must remain on one line.
pub fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '\n' | '\t') {
                ' '
            } else {
                make_visible(c)
            }
        })
        .collect()
}

/// Formats a text that may have several lines.
pub fn lines(text: &str) -> String {
    text.chars()
        .map(|c| {
            if matches!(c, '\n' | '\t') {
                c
            } else {
                make_visible(c)
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
