//! The output streams of a command. A reader that goes away early (`nthc explain | head`) ends the writing, not the command.
//!
//! Names, texts and server messages are untrusted, and a terminal interprets control characters. Lines are therefore printed
//! without control characters. Documents for programs are written unchanged unless a terminal shows them.

use std::fmt::{Display, Write as _};
use std::io::{self, BufWriter, IsTerminal as _, Write};

use anstream::stream::{AsLockedWrite, RawStream};
use anstream::{AutoStream, ColorChoice};
use anstyle::Style;
use serde::Serialize;

use super::exit::Failure;
use super::options::Color;
use nthc::diagnostics::render::{lines, one_line};

/// Standard output and standard error.
pub struct Console {
    /// For requested output: pages, diffs, machine-readable diagnostics.
    pub out: Stream,
    /// For messages to a person, such as progress and summaries.
    pub err: Stream,
    /// True if standard error is a terminal, so that progress may be shown.
    pub is_interactive: bool,
}

/// Clears the screen and goes to its beginning.
const CLEAR: &str = "\u{1b}[2J\u{1b}[H";

/// An output stream.
pub struct Stream {
    writer: Box<dyn Write + Send>,
    /// True if styles are shown.
    pub color: bool,
    /// The number of characters in a line: `COLUMNS`, or what the terminal has. `None` for a file or a pipe.
    pub width: Option<usize>,
    /// True if the stream is a terminal.
    is_terminal: bool,
    is_closed: bool,
    failure: Option<io::Error>,
}

impl Console {
    /// Opens the streams of the process.
    pub fn new(color: Color) -> Self {
        let stdout = io::stdout();
        let stderr = io::stderr();
        let (is_shown, is_interactive) = (stdout.is_terminal(), stderr.is_terminal());
        let out_choice = choice(color, AutoStream::choice(&stdout));
        let err_choice = choice(color, AutoStream::choice(&stderr));
        Self {
            out: Stream::new(style_stream(stdout, out_choice), out_choice, is_shown),
            err: Stream::new(style_stream(stderr, err_choice), err_choice, is_interactive),
            is_interactive,
        }
    }

    /// Returns true if a person can be asked: standard input and standard error are terminals.
    pub fn can_ask(&self) -> bool {
        self.is_interactive && io::stdin().is_terminal()
    }

    /// Flushes both streams.
    ///
    /// # Errors
    ///
    /// If something could not be written, unless the reader closed the stream.
    pub fn finish(mut self) -> Result<(), Failure> {
        for stream in [&mut self.out, &mut self.err] {
            // The stream keeps the error.
            let _ = stream.flush();
            if let Some(cause) = stream.failure.take() {
                return Err(Failure::io(format!(
                    "cannot write: {}",
                    nthc::project::io_cause(&cause)
                )));
            }
        }
        Ok(())
    }
}

/// Wraps a stream to support styles if they are shown. Otherwise nothing is stripped: what looks like a style is user text.
fn style_stream<W: RawStream + AsLockedWrite + Send + 'static>(
    stream: W,
    choice: ColorChoice,
) -> Box<dyn Write + Send> {
    if choice == ColorChoice::Never {
        Box::new(BufWriter::new(stream))
    } else {
        Box::new(BufWriter::new(AutoStream::new(stream, choice)))
    }
}

/// Returns the width that a user sets, or that of the terminal.
fn width(is_terminal: bool) -> Option<usize> {
    let set = std::env::var("COLUMNS").ok();
    let set = set.and_then(|columns| columns.parse().ok());
    let shown = || {
        let size = is_terminal.then(terminal_size::terminal_size).flatten();
        size.map(|(width, _)| usize::from(width.0))
    };
    set.or_else(shown).filter(|columns| *columns > 0)
}

fn choice(requested: Color, found: ColorChoice) -> ColorChoice {
    match requested {
        Color::Auto => found,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

impl Stream {
    fn new(writer: Box<dyn Write + Send>, choice: ColorChoice, is_terminal: bool) -> Self {
        Self {
            writer,
            color: choice != ColorChoice::Never,
            width: width(is_terminal),
            is_terminal,
            is_closed: false,
            failure: None,
        }
    }

    /// Writes a line without control characters.
    pub fn line(&mut self, text: impl Display) {
        self.styled_line(&[(Style::new(), &text)]);
    }

    /// Writes several lines. Names from users must be on one line already ([`one_line`]).
    pub fn lines(&mut self, text: &str) {
        text.lines().for_each(|line| self.line(line));
    }

    /// Writes a line of styled parts. The parts themselves cannot contain styles.
    pub fn styled_line(&mut self, parts: &[(Style, &dyn Display)]) {
        let mut line = String::new();
        for (style, text) in parts {
            let text = one_line(&text.to_string());
            if self.color {
                let _ = write!(line, "{style}{text}{style:#}");
            } else {
                line.push_str(&text);
            }
        }
        line.push('\n');
        // The stream keeps the error.
        let _ = self.write_all(line.as_bytes());
    }

    /// Writes a line of a document: unchanged, unless a terminal shows it or styles are on.
    pub fn excerpt(&mut self, style: Style, line: &str) {
        if self.is_terminal || self.color {
            self.styled_line(&[(style, &line.trim_end_matches('\r'))]);
        } else {
            self.text(line);
            self.text("\n");
        }
    }

    /// Writes a document: unchanged, unless a terminal shows it.
    pub fn text(&mut self, text: &str) {
        // The stream keeps the error.
        let _ = if self.is_terminal {
            self.write_all(lines(text).as_bytes())
        } else {
            self.write_all(text.as_bytes())
        };
    }

    /// Writes a JSON document.
    ///
    /// # Errors
    ///
    /// If it cannot be serialized. `what` names it.
    pub fn json(&mut self, what: &str, document: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string_pretty(document)
            .map_err(|error| Failure::io(format!("cannot write {what}: {error}")))?;
        self.text(&(text + "\n"));
        Ok(())
    }

    /// Clears the screen if the stream is a terminal that can. What was shown can still be scrolled to.
    pub fn clear(&mut self) {
        let is_able = std::env::var_os("TERM").is_none_or(|name| name != "dumb");
        if self.is_terminal && is_able {
            // The stream keeps the error.
            let _ = self.write_all(CLEAR.as_bytes());
        }
    }

    /// Returns true if the reader is gone.
    pub fn is_closed(&self) -> bool {
        self.is_closed
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<Vec<u8>>>);

    impl Write for Seen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Returns what `write` writes to a stream that is or is not a terminal.
    fn output_of(is_terminal: bool, choice: ColorChoice, write: fn(&mut Stream)) -> String {
        let seen = Seen::default();
        write(&mut Stream::new(
            Box::new(seen.clone()),
            choice,
            is_terminal,
        ));
        let bytes = seen.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    const HOSTILE: &str = "a\u{1b}[2J\u{1b}]0;t\u{7}\u{9b}8m\u{202e}\n::error::b";

    #[test]
    fn a_line_is_one_and_brings_no_commands_along() {
        for (is_terminal, choice) in [
            (true, ColorChoice::Always),
            (true, ColorChoice::Never),
            (false, ColorChoice::Never),
        ] {
            let line = output_of(is_terminal, choice, |stream| stream.line(HOSTILE));
            assert_eq!(
                line,
                "a\u{241b}[2J\u{241b}]0;t\u{2407}\u{fffd}8m\u{fffd} ::error::b\n"
            );
        }
        let bold = Style::new().bold();
        let painted = output_of(true, ColorChoice::Always, |stream| {
            stream.styled_line(&[(Style::new().bold(), &"\u{1b}[8m")]);
        });
        assert_eq!(painted, format!("{bold}\u{241b}[8m{bold:#}\n"));
    }

    #[test]
    fn a_document_is_what_it_is_unless_a_terminal_shows_it() {
        let piped = output_of(false, ColorChoice::Never, |stream| stream.text(HOSTILE));
        assert_eq!(piped, HOSTILE);
        let shown = output_of(true, ColorChoice::Always, |stream| stream.text(HOSTILE));
        assert!(
            !shown.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']),
            "{shown:?}"
        );
        assert!(shown.contains('\n'), "{shown:?}");
    }
}
