//! The comment that suppresses a warning, for an editor to offer. It is not a [`Fix`](nth_diagnostics::Fix):
//! `nthc check --fix` fixes problems and never hides them.

use crate::codes;
use nth_diagnostics::Code;
use nth_syntax::comments::{begins_a_line, slice};
use nth_syntax::tree::TextRange;

/// A comment line to insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressFix {
    /// The byte offset in the file at which to insert it.
    pub at: u32,
    /// The comment, its line end, and the indent of the statement below it.
    pub text: String,
}

/// Returns the comment that allows `code` in the innermost statement or item that contains `range` and begins a line. `None`
/// if there is none, if `code` is an error, or if it is about such comments.
pub fn suppress_fix(text: &str, range: TextRange, code: &Code) -> Option<SuppressFix> {
    let is_of_comments = [&codes::BAD_DIRECTIVE, &codes::UNUSED_ALLOW].contains(&code);
    if !code.is_settable() || is_of_comments {
        return None;
    }
    let unit = begins_a_line(text, range)?;
    let before = text.get(..unit.start as usize)?;
    let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let indent =
        slice(text, TextRange::new(line, unit.start as usize)).trim_start_matches('\u{feff}');
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    Some(SuppressFix {
        at: unit.start,
        text: format!("// nth: allow({}){line_end}{indent}", code.slug),
    })
}
