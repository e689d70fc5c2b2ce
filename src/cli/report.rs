//! Telling a person, or a program, what was found.

use std::io;

use anstyle::{AnsiColor, Style};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Format;
pub use crate::diagnostics::text::count;
use crate::diagnostics::{Diagnostic, FileSpan, Severity, SourceMap, render};

/// Diagnostics from several places, over one list of files, so that each format is one document.
#[derive(Debug, Default)]
pub struct Findings {
    /// The files that they point into.
    pub sources: SourceMap,
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

impl Findings {
    /// Adds diagnostics that point into files of their own.
    pub fn add(
        &mut self,
        sources: &SourceMap,
        diagnostics: impl IntoIterator<Item = Diagnostic<FileSpan>>,
    ) {
        let first = self.sources.files().len();
        for file in sources.files() {
            self.sources.add(file.path.clone(), file.text.clone());
        }
        self.diagnostics
            .extend(diagnostics.into_iter().map(|diagnostic| {
                diagnostic.map_spans(&mut |span: FileSpan| FileSpan {
                    file: span.file + first,
                    ..span
                })
            }));
    }

    /// Makes every warning an error.
    pub fn deny_warnings(&mut self) {
        for diagnostic in &mut self.diagnostics {
            diagnostic.severity = Severity::Error;
        }
    }

    /// Whether there is an error among them.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// How the command ends that found these.
    pub fn exit(&self) -> Exit {
        if self.has_errors() {
            Exit::Found
        } else {
            Exit::Ok
        }
    }

    /// Shows them all.
    ///
    /// # Errors
    /// Where they could not be written.
    pub fn show(&self, format: Format, console: &mut Console) -> Result<(), Failure> {
        let stream = if format.is_for_programs() {
            &mut console.out
        } else {
            &mut console.err
        };
        let color = stream.color;
        render::render(
            &self.diagnostics,
            &self.sources,
            format.renderer(),
            color,
            stream,
        )
        .map_err(|cause: io::Error| {
            Failure::io(format!(
                "cannot write: {}",
                crate::project::io_cause(&cause)
            ))
        })
    }

    /// `0 errors, 1 warning`.
    pub fn counts(&self) -> String {
        let shown = render::in_order(&self.diagnostics, &self.sources);
        let errors = shown
            .iter()
            .filter(|diagnostic| diagnostic.severity == Severity::Error)
            .count();
        format!(
            "{}, {}",
            count(errors, "error"),
            count(shown.len() - errors, "warning")
        )
    }
}

/// The command's last lines on standard error: what was done, and what a person can do next. Left out where a
/// program reads the whole output as one document. What others have named is one line in `line`, which may have several.
pub fn conclude(line: &str, findings: &Findings, format: Format, console: &mut Console) {
    if matches!(format, Format::Json | Format::Sarif) {
        return;
    }
    console.err.lines(line);
    if format == Format::Human {
        for step in render::next_steps(&findings.diagnostics) {
            console.err.line(step);
        }
    }
}

/// Tells why a command could not do its work.
pub fn failure(failure: &Failure, console: &mut Console) -> Exit {
    let red: Style = AnsiColor::Red.on_default().bold();
    let message = format_args!(": {}", failure.message);
    console
        .err
        .painted(&[(red, &"error"), (Style::new(), &message)]);
    if let Some(help) = &failure.help {
        console.err.line(format_args!("  help: {help}"));
    }
    failure.exit
}
