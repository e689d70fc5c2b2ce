//! Workflow commands of GitHub Actions (`::error file=…::message`), which become annotations at the lines of
//! a pull request.

use std::io;

use super::{is_in_help, make_visible, severity_word};
use nth_diagnostics::position::Positions;
use nth_diagnostics::{Diagnostic, FileSpan};

pub(super) fn write(
    diagnostics: &[&Diagnostic<FileSpan>],
    positions: &Positions<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for diagnostic in diagnostics {
        let (start, end) = positions.range(diagnostic.primary.span);
        write!(out, "::{} ", severity_word(diagnostic.severity))?;
        let path = positions.path(diagnostic.primary.span.file);
        if !path.is_empty() {
            write!(
                out,
                "file={},line={},endLine={},",
                property(path),
                start.line,
                end.line
            )?;
            // GitHub accepts columns only for annotations within one line.
            if start.line == end.line {
                write!(out, "col={},endColumn={},", start.column, end.column)?;
            }
        }
        let title = format!("{} {}", diagnostic.code.id, diagnostic.code.slug);
        let mut message = diagnostic.message.clone();
        if !diagnostic.primary.text.is_empty() {
            message.push_str(": ");
            message.push_str(&diagnostic.primary.text);
        }
        for note in &diagnostic.notes {
            message.push_str("\nNote: ");
            message.push_str(note);
        }
        let fixes = diagnostic.fixes.iter();
        let fixes = fixes.filter(|fix| !is_in_help(fix, &diagnostic.help));
        for help in diagnostic.help.iter().chain(fixes.map(|fix| &fix.title)) {
            message.push_str("\nHelp: ");
            message.push_str(help);
        }
        writeln!(out, "title={}::{}", property(&title), data(&message))?;
    }
    Ok(())
}

/// Returns a command that becomes an annotation at a line of a file; without a place, one of the whole run.
pub fn annotation(level: &str, place: Option<(&str, usize)>, title: &str, message: &str) -> String {
    let place = place.map_or_else(String::new, |(file, line)| {
        format!("file={},line={line},", property(file))
    });
    format!(
        "::{level} {place}title={}::{}",
        property(title),
        data(message)
    )
}

/// Escapes the message. Logs are shown by programs that, like a terminal, interpret other control characters.
fn data(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '%' => escaped.push_str("%25"),
            '\r' => escaped.push_str("%0D"),
            '\n' => escaped.push_str("%0A"),
            other => escaped.push(make_visible(other)),
        }
    }
    escaped
}

/// Escapes the value of a property, in which `:` and `,` have a meaning too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
