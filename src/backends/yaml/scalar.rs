//! The style in which the YAML library writes a text.

/// The style of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In double quotes; only `"` and `\` are escaped.
    Quoted,
    /// As lines after `|-`.
    Literal,
    /// Whatever the library decides.
    Unknown,
}

/// Words that are no text without quotes, in any case, for some reader.
const WORDS: [&str; 11] = [
    "null", "true", "false", "nan", "inf", "y", "n", "yes", "no", "on", "off",
];

/// Returns the style of a value.
pub fn style(text: &str, width: usize) -> Style {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return Style::Unknown;
    };
    let is_usual = |byte: &u8| matches!(byte, b' '..=b'~' | b'\n');
    if !bytes.iter().fold(true, |all, byte| all & is_usual(byte)) {
        return Style::Unknown;
    }
    if text.contains('\n') {
        let is_simple = !matches!(first, b' ' | b'\n') && *last != b'\n';
        return if is_simple {
            Style::Literal
        } else {
            Style::Unknown
        };
    }
    if bytes.len() == 1 && !first.is_ascii_alphabetic() {
        return Style::Unknown;
    }
    let is_indicator = matches!(
        first,
        b',' | b':'
            | b'['
            | b']'
            | b'{'
            | b'}'
            | b'#'
            | b'&'
            | b'*'
            | b'!'
            | b'|'
            | b'>'
            | b'\''
            | b'"'
            | b'%'
            | b'@'
            | b'`'
            | b' '
    );
    let is_structure = |pair: &[u8]| matches!(pair, b": " | b" #");
    if is_indicator || *last == b':' || bytes.windows(2).any(is_structure) {
        return Style::Quoted;
    }
    let is_text = match first {
        b'a'..=b'z' | b'A'..=b'Z' => !is_word(text),
        b'(' | b'/' | b'$' => true,
        b'0'..=b'9' => is_quantity(bytes),
        _ => false,
    };
    if is_text && *last != b' ' && bytes.len() <= width {
        Style::Plain
    } else {
        Style::Unknown
    }
}

/// True if a key is written without quotes.
pub fn is_plain_key(key: &str) -> bool {
    key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'/'))
        && !is_word(key)
        && key.len() < 1000
}

fn is_word(text: &str) -> bool {
    // The longest word has five letters.
    text.len() <= 5 && WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// True for `5m`, `99.9%` and other numbers with a letter or sign that no number ends with.
fn is_quantity(bytes: &[u8]) -> bool {
    let Some((b's' | b'm' | b'h' | b'd' | b'w' | b'y' | b'%', number)) = bytes.split_last() else {
        return false;
    };
    let mut points = 0;
    number.iter().all(|byte| {
        points += usize::from(*byte == b'.');
        points <= 1 && (byte.is_ascii_digit() || *byte == b'.')
    })
}
