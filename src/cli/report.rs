//! Printing diagnostics and summaries.

use std::io;

use anstyle::{AnsiColor, Style};

use super::console::Console;
use super::exit::{Exit, Failure};
use super::options::Format;
pub use nthc::diagnostics::text::count;
use nthc::diagnostics::{Diagnostic, FileSpan, Severity, SourceMap, render};

/// Diagnostics of several sources over one list of files, so that each format prints one document.
#[derive(Debug, Default, Clone)]
pub struct Findings {
    /// The files that the diagnostics point into.
    pub sources: SourceMap,
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

impl Findings {
    /// Adds diagnostics with spans in `sources`.
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

    /// Turns every warning into an error.
    pub fn deny_warnings(&mut self) {
        for diagnostic in &mut self.diagnostics {
            diagnostic.severity = Severity::Error;
        }
    }

    /// Returns true if there is an error.
    pub fn has_errors(&self) -> bool {
        self.diagnostics
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Returns the exit code.
    pub fn exit(&self) -> Exit {
        if self.has_errors() {
            Exit::Findings
        } else {
            Exit::Ok
        }
    }

    /// Prints all diagnostics.
    ///
    /// # Errors
    ///
    /// If they could not be written.
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
            Failure::io(format!("cannot write: {}", nthc::project::io_cause(&cause)))
        })
    }

    /// Returns all diagnostics, one a line.
    ///
    /// # Errors
    ///
    /// If they cannot be rendered.
    pub fn short_text(&self) -> Result<String, Failure> {
        let mut text = Vec::new();
        render::render(
            &self.diagnostics,
            &self.sources,
            render::Format::Short,
            false,
            &mut text,
        )
        .map_err(|cause| {
            Failure::io(format!("cannot write: {}", nthc::project::io_cause(&cause)))
        })?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    /// Returns the counts as text: `0 errors, 1 warning`.
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

/// Prints the summary of a command on standard error, and the next steps. Prints nothing if a program reads the whole output
/// as one document. `line` may have several lines; names from users in it must be on one line already.
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

/// Prints the reason why a command could not do its work, and returns its exit code.
pub fn show_failure(failure: &Failure, console: &mut Console) -> Exit {
    let red: Style = AnsiColor::Red.on_default().bold();
    let message = format_args!(": {}", failure.message);
    console
        .err
        .styled_line(&[(red, &"error"), (Style::new(), &message)]);
    if let Some(help) = &failure.help {
        console.err.line(format_args!("  help: {help}"));
    }
    failure.exit
}
