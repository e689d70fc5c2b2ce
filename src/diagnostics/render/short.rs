//! One line for each diagnostic, in codespan-reporting's short style.

use std::io;
use std::ops::Range;

use codespan_reporting::diagnostic::{Diagnostic as Shown, Label, Severity as ShownSeverity};
use codespan_reporting::files::{Error, Files};
use codespan_reporting::term::termcolor::{Ansi, NoColor, WriteColor};
use codespan_reporting::term::{Config, DisplayStyle, Styles, StylesWriter, emit_to_write_style};

use super::one_line;
use nth_diagnostics::position::Positions;
use nth_diagnostics::{Diagnostic, FileSpan, Severity};

pub(super) fn write(
    diagnostics: &[&Diagnostic<FileSpan>],
    positions: &Positions<'_>,
    color: bool,
    out: &mut dyn io::Write,
) -> io::Result<()> {
    if color {
        write_to(diagnostics, positions, Ansi::new(out))
    } else {
        write_to(diagnostics, positions, NoColor::new(out))
    }
}

fn write_to(
    diagnostics: &[&Diagnostic<FileSpan>],
    positions: &Positions<'_>,
    out: impl WriteColor,
) -> io::Result<()> {
    let styles = Styles::default();
    let config = Config {
        display_style: DisplayStyle::Short,
        ..Config::default()
    };
    let mut out = StylesWriter::new(out, &styles);
    for diagnostic in diagnostics {
        let severity = match diagnostic.severity {
            Severity::Error => ShownSeverity::Error,
            Severity::Warning => ShownSeverity::Warning,
        };
        let mut shown = Shown::new(severity)
            .with_code(diagnostic.code.id)
            .with_message(one_line(&diagnostic.message));
        if positions.index(diagnostic.primary.span.file).is_some() {
            let span = positions.clamp(diagnostic.primary.span);
            shown = shown.with_label(Label::primary(span.file, span.start..span.end));
        }
        emit_to_write_style(&mut out, &config, &Sources(positions), &shown).map_err(|error| {
            match error {
                Error::Io(error) => error,
                other => io::Error::other(other),
            }
        })?;
    }
    Ok(())
}

/// The files in the library's form.
struct Sources<'p, 's>(&'p Positions<'s>);

impl<'a> Files<'a> for Sources<'_, '_> {
    type FileId = usize;
    type Name = String;
    type Source = &'a str;

    fn name(&'a self, id: usize) -> Result<String, Error> {
        Ok(one_line(self.0.path(id)))
    }

    fn source(&'a self, id: usize) -> Result<&'a str, Error> {
        Ok(self.0.text(id))
    }

    fn line_index(&'a self, id: usize, byte_index: usize) -> Result<usize, Error> {
        Ok(self.0.index(id).ok_or(Error::FileMissing)?.line(byte_index))
    }

    fn column_number(&'a self, id: usize, _line: usize, byte_index: usize) -> Result<usize, Error> {
        Ok(self
            .0
            .index(id)
            .ok_or(Error::FileMissing)?
            .position(byte_index)
            .column)
    }

    fn line_range(&'a self, id: usize, line_index: usize) -> Result<Range<usize>, Error> {
        Ok(self
            .0
            .index(id)
            .ok_or(Error::FileMissing)?
            .range(line_index))
    }
}
