//! Secrets from files and variables, and the headers that carry them.

use std::fs::File;
use std::path::Path;

use ureq::http::HeaderValue;

use crate::exit::Failure;
use nthc::project::{io_cause, read_at_most, size};

/// The maximum size of a secret file in bytes.
const MOST_BYTES: u64 = 64 << 10;

/// A secret with the name of its option or variable.
pub struct Secret {
    /// The secret.
    pub text: String,
    /// Where it is from, for messages.
    pub named: String,
}

/// Reads a secret from a file, without the line end that editors and `echo` append.
///
/// # Errors
///
/// If the file cannot be read or contains no text. The failure does not contain the secret.
pub fn read_secret(file: &Path, named: &str) -> Result<Secret, Failure> {
    let shown = file.display();
    let bytes = File::open(file)
        .and_then(|file| read_at_most(file, MOST_BYTES))
        .map_err(|cause| Failure::io(format!("cannot read {shown}: {}", io_cause(&cause))))?;
    let bad = |why: &str| Failure::usage(format!("the file {shown} of {named} {why}"));
    let Some(bytes) = bytes else {
        let most = size(MOST_BYTES);
        return Err(bad(&format!("is larger than {most}: not a secret")));
    };
    let text = String::from_utf8(bytes).map_err(|_| bad("is not valid UTF-8"))?;
    let text = without_line_end(&text);
    if text.is_empty() {
        return Err(bad("is empty"));
    }
    Ok(Secret {
        text: text.to_owned(),
        named: format!("the file {shown} of {named}"),
    })
}

/// Returns a text without line ends after it.
pub fn without_line_end(text: &str) -> &str {
    text.trim_end_matches(['\r', '\n'])
}

/// Returns the token in a secret: visible characters only, with nothing around them.
///
/// # Errors
///
/// If it contains other characters. The failure does not contain the token.
pub fn token(secret: &Secret) -> Result<&str, Failure> {
    let text = secret.text.trim();
    if let Some(wrong) = text.chars().find(|letter| !letter.is_ascii_graphic()) {
        let what = match wrong {
            '\r' | '\n' => "a line break inside the token",
            letter if letter.is_whitespace() => "white space inside the token",
            _ => "a character that is not allowed in a header",
        };
        return Err(Failure::usage(format!("{} contains {what}", secret.named)));
    }
    Ok(text)
}

/// Creates a header value that is never shown.
///
/// # Errors
///
/// If a header cannot have this value. The failure does not contain it.
pub fn header_value(text: &str, named: &str) -> Result<HeaderValue, Failure> {
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Failure::usage(format!(
            "{named} contains characters that are not allowed in a \
            header"
        ))
    })?;
    value.set_sensitive(true);
    Ok(value)
}
