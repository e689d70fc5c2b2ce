//! The open documents. Their texts take precedence over their files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nth_ide::position::Encoding;
use nthc::project;
use tower_lsp::lsp_types::{TextDocumentContentChangeEvent, Url};

use crate::lines::Lines;

/// An open document.
#[derive(Debug, Clone)]
pub struct Buffer {
    /// Its URI, as the client spells it.
    pub uri: Url,
    /// The version of the text, as the client numbers it.
    pub version: i32,
    /// Its text.
    pub text: Arc<str>,
}

/// The open documents, by path.
pub type Buffers = BTreeMap<PathBuf, Buffer>;

/// The path of a document. For a document without a file, its URI, which is unique.
pub fn path_of(uri: &Url) -> PathBuf {
    match uri.to_file_path() {
        Ok(path) => project::paths::normalize(&path),
        Err(()) => PathBuf::from(uri.as_str()),
    }
}

/// The URI of a file; of an open one, as the client spells it.
pub fn address(buffers: &Buffers, path: &Path) -> Option<Url> {
    match buffers.get(path) {
        Some(buffer) => Some(buffer.uri.clone()),
        None => Url::from_file_path(path).ok(),
    }
}

/// Applies changes to a text, each to the result of the previous one. Returns the text, and problems for the log. A
/// range that ends before it starts is reversed, and one outside the text is clamped.
pub fn apply_changes(
    text: &Arc<str>,
    changes: Vec<TextDocumentContentChangeEvent>,
    encoding: Encoding,
) -> (Arc<str>, Vec<String>) {
    let mut problems = Vec::new();
    // Changes before a replacement of the whole text are skipped.
    let first = changes
        .iter()
        .rposition(|change| change.range.is_none())
        .unwrap_or_default();
    let mut now: Option<String> = None;
    for change in changes.into_iter().skip(first) {
        let Some(range) = change.range else {
            now = Some(change.text);
            continue;
        };
        let mut edited = now.unwrap_or_else(|| text.to_string());
        let lines = Lines::new(&edited, encoding);
        if lines.position(lines.offset(range.start)) != range.start
            || lines.position(lines.offset(range.end)) != range.end
        {
            problems.push(format!(
                "{}:{} to {}:{} is no place of the text",
                range.start.line, range.start.character, range.end.line, range.end.character
            ));
        }
        let (start, end) = (lines.offset(range.start), lines.offset(range.end));
        edited.replace_range(start.min(end)..end.max(start), &change.text);
        now = Some(edited);
    }
    (
        now.map_or_else(|| Arc::clone(text), |text| text.into()),
        problems,
    )
}

#[cfg(test)]
mod tests {
    use tower_lsp::lsp_types::{Position, Range};

    use super::*;

    type Place = (u32, u32);

    fn change(range: Option<(Place, Place)>, text: &str) -> TextDocumentContentChangeEvent {
        let position = |(line, character): Place| Position { line, character };
        TextDocumentContentChangeEvent {
            range: range.map(|(start, end)| Range {
                start: position(start),
                end: position(end),
            }),
            range_length: None,
            text: text.to_owned(),
        }
    }

    fn after(text: &str, changes: &[(Option<(Place, Place)>, &str)]) -> (String, usize) {
        let changes = changes.iter().map(|(range, text)| change(*range, text));
        let (text, problems) = apply_changes(&Arc::from(text), changes.collect(), Encoding::Utf16);
        (text.to_string(), problems.len())
    }

    #[test]
    fn each_change_counts_in_what_the_one_before_has_made() {
        let changes = [
            (Some(((0, 1), (0, 1))), "\n🦀"),
            (Some(((1, 2), (1, 3))), "é"),
            (Some(((0, 0), (0, 1))), ""),
        ];
        assert_eq!(after("ab", &changes), ("\n🦀é".to_owned(), 0));
    }

    #[test]
    fn a_whole_text_replaces_everything_before_it() {
        let changes = [
            (Some(((7, 7), (9, 9))), "lost"),
            (None, "a\r\nb"),
            (Some(((1, 0), (1, 1))), "c"),
        ];
        assert_eq!(after("x", &changes), ("a\r\nc".to_owned(), 0));
    }

    #[test]
    fn a_range_that_fits_nowhere_does_no_harm() {
        let told = |changes: &[_]| after("a🦀\r\nb", changes);
        assert_eq!(
            told(&[(Some(((9, 0), (9, 9))), "!")]),
            ("a🦀\r\nb!".to_owned(), 1)
        );
        assert_eq!(
            told(&[(Some(((0, 99), (0, 99))), "!")]),
            ("a🦀!\r\nb".to_owned(), 1)
        );
        assert_eq!(
            told(&[(Some(((1, 1), (1, 0))), "")]),
            ("a🦀\r\n".to_owned(), 0)
        );
        // Between the two halves of a surrogate pair.
        assert_eq!(
            told(&[(Some(((0, 2), (0, 2))), "!")]),
            ("a!🦀\r\nb".to_owned(), 1)
        );
        let far = u32::MAX;
        assert_eq!(told(&[(Some(((far, far), (far, far))), "")]).0, "a🦀\r\nb");
    }
}
