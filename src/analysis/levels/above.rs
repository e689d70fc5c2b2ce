//! The comment that would allow a warning, for an editor to offer. No fix does it: `nthc check --fix` mends what is
//! wrong, and never hides it.

use crate::codes;
use nth_diagnostics::Code;
use nth_syntax::comments::{begins_a_line, slice};
use nth_syntax::tree::TextRange;

/// A line to put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Above {
    /// The byte of the file to put it at.
    pub at: u32,
    /// The comment, with its line end and the indent of what follows.
    pub text: String,
}

/// The comment that allows `code` in the innermost statement or item that holds `range` and begins a line; nothing
/// where there is none, where the code is an error, and where it is told of such comments themselves.
pub fn allow_above(text: &str, range: TextRange, code: &Code) -> Option<Above> {
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
    Some(Above {
        at: unit.start,
        text: format!("// nth: allow({}){line_end}{indent}", code.slug),
    })
}
