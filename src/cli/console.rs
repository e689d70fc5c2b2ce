//! Where a command writes. A reader that goes away early (`nthc explain | head`) ends the writing, not the
//! command.

use std::io::{self, BufWriter, IsTerminal as _, Write};

use anstream::{AutoStream, ColorChoice};

use super::exit::Failure;
use super::options::Color;

/// Standard output and standard error.
pub struct Console {
    /// For what was asked for: pages, diffs, machine-readable diagnostics.
    pub out: Stream,
    /// For what a person is told on the way.
    pub err: Stream,
    /// Whether standard error is a terminal, where progress may be shown.
    pub is_interactive: bool,
}

/// One of them.
pub struct Stream {
    writer: Box<dyn Write>,
    /// Whether styles are shown.
    pub color: bool,
    is_closed: bool,
    failure: Option<io::Error>,
}

impl Console {
    /// The process's own streams.
    pub fn new(color: Color) -> Self {
        let stdout = io::stdout();
        let stderr = io::stderr();
        let is_interactive = stderr.is_terminal();
        let out_choice = choice(color, AutoStream::choice(&stdout));
        let err_choice = choice(color, AutoStream::choice(&stderr));
        Self {
            out: Stream::new(AutoStream::new(stdout, out_choice), out_choice),
            err: Stream::new(AutoStream::new(stderr, err_choice), err_choice),
            is_interactive,
        }
    }

    /// Whether a person can be asked: standard input and standard error are terminals.
    pub fn asks(&self) -> bool {
        self.is_interactive && io::stdin().is_terminal()
    }

    /// Writes out what is held back.
    ///
    /// # Errors
    /// Where something could not be written, for another reason than that nobody reads any more.
    pub fn finish(mut self) -> Result<(), Failure> {
        for stream in [&mut self.out, &mut self.err] {
            // The outcome is kept in the stream.
            let _ = stream.flush();
            if let Some(cause) = stream.failure.take() {
                return Err(Failure::io(format!(
                    "cannot write: {}",
                    crate::project::io_cause(&cause)
                )));
            }
        }
        Ok(())
    }
}

fn choice(asked: Color, found: ColorChoice) -> ColorChoice {
    match asked {
        Color::Auto => found,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

impl Stream {
    fn new(writer: impl Write + 'static, choice: ColorChoice) -> Self {
        Self {
            writer: Box::new(BufWriter::new(writer)),
            color: choice != ColorChoice::Never,
            is_closed: false,
            failure: None,
        }
    }

    /// Writes a line.
    pub fn line(&mut self, text: impl std::fmt::Display) {
        // The outcome is kept in the stream.
        let _ = writeln!(self, "{text}");
    }

    /// Writes text as it is.
    pub fn text(&mut self, text: &str) {
        let _ = self.write_all(text.as_bytes());
    }

    fn keep<T>(&mut self, result: io::Result<T>, instead: T) -> io::Result<T> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.is_closed = true;
                if error.kind() != io::ErrorKind::BrokenPipe {
                    self.failure = Some(error);
                }
                Ok(instead)
            }
            ok => ok,
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_closed {
            return Ok(bytes.len());
        }
        let result = self.writer.write(bytes);
        self.keep(result, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        let result = self.writer.flush();
        self.keep(result, ())
    }
}
