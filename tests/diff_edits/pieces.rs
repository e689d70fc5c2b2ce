//! Parts of formatted sources: items of a file, and fields and blocks of a block, each with the comments above it.

use std::sync::LazyLock;

use regex::Regex;

/// The texts of the parts whose first line is indented by so many spaces. `head` is what documents the file.
pub fn split(text: &str, indent: usize) -> (String, Vec<String>) {
    let (mut head, mut pieces) = (String::new(), Vec::<String>::new());
    // Whether the last piece has only comments so far.
    let mut is_open = false;
    for line in text.lines() {
        let start = line.len() - line.trim_start().len();
        let rest = line.trim_start();
        if rest.is_empty() && !is_within_text(pieces.last()) {
            is_open = false;
            continue;
        }
        let is_first = start == indent
            && !rest.starts_with(['}', ']', ')', '"'])
            && !is_within_text(pieces.last());
        if is_first && rest.starts_with("//!") {
            head += line;
            head.push('\n');
            continue;
        }
        if is_first && !is_open {
            pieces.push(String::new());
        }
        if is_first {
            is_open = rest.starts_with("//");
        }
        if let Some(piece) = pieces.last_mut() {
            piece.push_str(line);
            piece.push('\n');
        }
    }
    (head, pieces)
}

/// Returns whether a text of several lines is still open at the end of a piece.
fn is_within_text(piece: Option<&String>) -> bool {
    piece.is_some_and(|piece| piece.matches("\"\"\"").count() % 2 == 1)
}

/// The first line of a piece that is not a comment, without spaces.
pub fn first_line(piece: &str) -> &str {
    let mut lines = piece.lines().map(str::trim);
    lines
        .find(|line| !line.is_empty() && !line.starts_with("//"))
        .unwrap_or_default()
}

/// The first word of a piece: `service`, `slo`, `let`.
pub fn word(piece: &str) -> &str {
    first_line(piece)
        .split([' ', '{'])
        .next()
        .unwrap_or_default()
}

/// Returns whether a piece is a field.
pub fn is_field(piece: &str) -> bool {
    static FIELD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\w-]+ += ").unwrap());
    FIELD.is_match(first_line(piece))
}

/// A block with a body of several lines: the text up to its `{`, the body, and the rest.
pub fn body(piece: &str) -> Option<(&str, &str, &str)> {
    let line = first_line(piece);
    if !line.ends_with('{') {
        return None;
    }
    let start = piece.find(line)? + line.len() + 1;
    let end = piece.trim_end().rfind('\n')? + 1;
    let close = piece.get(end..)?;
    (close.trim() == "}" && start <= end).then(|| (&piece[..start], &piece[start..end], close))
}

/// The name of an item, if it is an identifier.
pub fn name(piece: &str) -> Option<&str> {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:template \w[\w-]*|service|team|tier|environment|let|rule) ([\w-]+)")
            .unwrap()
    });
    let found = NAME.captures(first_line(piece))?;
    found.get(1).map(|name| name.as_str())
}
