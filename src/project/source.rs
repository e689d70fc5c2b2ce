//! Reads source files as UTF-8.

use std::fs;
use std::io::{self, Read as _};
use std::ops::Range;
use std::path::Path;

use crate::diagnostics::{Diagnostic, FileSpan, codes};
use crate::limits;

/// A file that is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotUtf8 {
    /// The text, with replacement characters for invalid bytes.
    pub text: String,
    /// The first replacement character, in bytes of the text.
    pub at: Range<usize>,
}

/// Converts the bytes of a file to text.
///
/// # Errors
///
/// If they are not UTF-8.
pub fn decode(bytes: Vec<u8>) -> Result<String, NotUtf8> {
    String::from_utf8(bytes).map_err(|error| {
        let start = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        NotUtf8 {
            text,
            at: start..start + char::REPLACEMENT_CHARACTER.len_utf8(),
        }
    })
}

/// Returns the error of a file that is not UTF-8; `span` is the first invalid place.
pub fn not_utf8(span: FileSpan) -> Diagnostic<FileSpan> {
    Diagnostic::new(
        &codes::PROJECT_NOT_UTF8,
        "the file is not valid UTF-8",
        span,
    )
    .label("first invalid bytes")
    .help("save the file as UTF-8")
}

/// Reads a source file. If it is too large, reads only enough bytes to report that.
///
/// # Errors
///
/// If the file cannot be read.
pub fn read_source(path: &Path) -> io::Result<Vec<u8>> {
    read_source_from(fs::File::open(path)?)
}

/// Reads a source from a reader, with the same limit.
///
/// # Errors
///
/// If reading fails.
pub fn read_source_from(reader: impl io::Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = limits::FILE_BYTES + 1;
    reader.take(most as u64 + 4).read_to_end(&mut bytes)?;
    if bytes.len() > most {
        // A character that is cut at the limit is not an error of the file.
        let end =
            (most..bytes.len()).find(|at| bytes.get(*at).is_some_and(|byte| byte & 0xC0 != 0x80));
        bytes.truncate(end.unwrap_or(most));
    }
    Ok(bytes)
}
