//! JSON lines: one object for each diagnostic. `docs/diagnostics/README.md` documents the fields; fields may be added,
//! but none is renamed or removed.

use std::io;

use serde::Serialize;

use super::severity_word;
use nth_diagnostics::position::{Position, Positions};
use nth_diagnostics::{Applicability, Diagnostic, FileSpan, Label};

#[derive(Serialize)]
struct Object<'a> {
    code: &'a str,
    slug: &'a str,
    severity: &'a str,
    message: &'a str,
    primary: Place<'a>,
    secondary: Vec<Place<'a>>,
    notes: &'a [String],
    help: &'a [String],
    fixes: Vec<FixObject<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    #[serde(flatten)]
    range: Range<'a>,
    label: &'a str,
}

#[derive(Serialize)]
struct Range<'a> {
    file: &'a str,
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    offset: usize,
    line: usize,
    column: usize,
}

#[derive(Serialize)]
struct FixObject<'a> {
    title: &'a str,
    applicability: &'a str,
    edits: Vec<EditObject<'a>>,
}

#[derive(Serialize)]
struct EditObject<'a> {
    #[serde(flatten)]
    range: Range<'a>,
    replacement: &'a str,
}

pub(super) fn write(
    diagnostics: &[&Diagnostic<FileSpan>],
    positions: &Positions<'_>,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    for diagnostic in diagnostics {
        let object = Object {
            code: diagnostic.code.id,
            slug: diagnostic.code.slug,
            severity: severity_word(diagnostic.severity),
            message: &diagnostic.message,
            primary: place(&diagnostic.primary, positions),
            secondary: diagnostic
                .secondary
                .iter()
                .map(|label| place(label, positions))
                .collect(),
            notes: &diagnostic.notes,
            help: &diagnostic.help,
            fixes: diagnostic
                .fixes
                .iter()
                .map(|fix| FixObject {
                    title: &fix.title,
                    applicability: match fix.applicability {
                        Applicability::Always => "always",
                        Applicability::Maybe => "maybe",
                    },
                    edits: fix
                        .edits
                        .iter()
                        .map(|edit| EditObject {
                            range: range(edit.span, positions),
                            replacement: &edit.replacement,
                        })
                        .collect(),
                })
                .collect(),
        };
        serde_json::to_writer(&mut *out, &object)?;
        writeln!(out)?;
    }
    Ok(())
}

fn place<'a>(label: &'a Label<FileSpan>, positions: &Positions<'a>) -> Place<'a> {
    Place {
        range: range(label.span, positions),
        label: &label.text,
    }
}

fn range<'a>(span: FileSpan, positions: &Positions<'a>) -> Range<'a> {
    let span = positions.clamp(span);
    let (start, end) = positions.range(span);
    let point = |offset, position: Position| Point {
        offset,
        line: position.line,
        column: position.column,
    };
    Range {
        file: positions.path(span.file),
        start: point(span.start, start),
        end: point(span.end, end),
    }
}
