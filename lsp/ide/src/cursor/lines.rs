//! Guesses from the look of lines and words, used to find the end of something that is left open.

/// True if an odd number of backslashes precedes a byte.
pub fn is_escaped(text: &str, at: usize) -> bool {
    let before = text.as_bytes().get(..at).unwrap_or_default();
    before
        .iter()
        .rev()
        .take_while(|byte| **byte == b'\\')
        .count()
        % 2
        == 1
}

/// Length of the name at the start of a text, in bytes; 0 if there is none.
pub fn word_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let is_part = |at: usize| {
        bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
    };
    if bytes.first().is_none_or(u8::is_ascii_digit) {
        return 0;
    }
    let mut at = 0;
    loop {
        if is_part(at) {
            at += 1;
            continue;
        }
        let hyphens = text
            .get(at..)
            .unwrap_or_default()
            .bytes()
            .take_while(|byte| *byte == b'-')
            .count();
        if at == 0 || hyphens == 0 || !is_part(at + hyphens) {
            return at;
        }
        at += hyphens;
    }
}

/// Length of the number at the start of a text, with its unit, in bytes.
pub fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let next = bytes.get(at + 1).copied().unwrap_or_default();
        let goes_on = match byte {
            b'.' => next.is_ascii_digit(),
            b':' => next.is_ascii_digit(),
            b'/' => matches!(next, b's' | b'm' | b'h') && !is_word_byte(bytes.get(at + 2)),
            b'%' => true,
            _ => byte.is_ascii_alphanumeric() || *byte == b'_',
        };
        if !goes_on {
            break;
        }
        at += 1;
    }
    at
}

fn is_word_byte(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// Indentation of a line, in bytes.
pub fn indent_of(line: &str) -> usize {
    line.len() - without_indent(line).len()
}

/// A line without its indentation.
pub fn without_indent(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// True if a line can only be the start of a statement or the end of a body.
pub fn starts_statement(line: &str) -> bool {
    let line = without_indent(line);
    if line.starts_with('}') || starts_block(line) {
        return true;
    }
    let after = without_indent(line.get(word_length(line)..).unwrap_or_default());
    word_length(line) > 0 && after.starts_with('=') && !after.starts_with("==")
}

/// True if a line starts with the head of a block: `kind name? {` or `kind name :`.
pub fn starts_block(line: &str) -> bool {
    let line = without_indent(line);
    let kind = word_length(line);
    if kind == 0 || line.get(..kind) == Some("if") {
        return false;
    }
    let after = without_indent(line.get(kind..).unwrap_or_default());
    let name = match after.strip_prefix('"') {
        Some(inner) => inner
            .find(['"', '\n'])
            .filter(|end| inner.as_bytes().get(*end) == Some(&b'"'))
            .map_or(0, |end| end + 2),
        None => word_length(after),
    };
    let rest = without_indent(after.get(name..).unwrap_or_default());
    rest.starts_with('{') || (name > 0 && rest.starts_with(':'))
}

/// The end of a query: its backtick or, if there is none before a line that can only be a statement, the end of its
/// line.
pub fn query_end(text: &str) -> usize {
    let mut braces = 0_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '`' => return at,
            '{' => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            '\n' => {
                let line = without_indent(text.get(at + 1..).unwrap_or_default());
                let name = word_length(line);
                let after = line.get(name..).unwrap_or_default();
                let value = without_indent(after).strip_prefix('=').unwrap_or("x");
                let stops = if braces == 0 {
                    line.starts_with('}') || (name > 0 && value.starts_with([' ', '\t', '`', '"']))
                } else {
                    name > 0
                        && after.starts_with([' ', '\t'])
                        && value.starts_with([' ', '\t'])
                        && !without_indent(value).starts_with('"')
                };
                if stops {
                    break;
                }
            }
            _ => {}
        }
    }
    text.find(['\n', '\r']).unwrap_or(text.len())
}
