//! Numbers, durations and strings, parsed like Go's `strconv` and Prometheus's lexer.

use std::time::Duration as Time;

use super::tree::StringPart;

/// The maximum seconds of Prometheus's durations, which are 64-bit nanoseconds.
pub(super) const MAX_SECONDS: f64 = 9_223_372_036.854_776;

/// Parses a number without a sign, as in [`Node::Number`](crate::Node::Number); `None` if it is malformed or too large.
pub fn number(text: &str) -> Option<f64> {
    if text.eq_ignore_ascii_case("inf") {
        return Some(f64::INFINITY);
    }
    if text.eq_ignore_ascii_case("nan") {
        return Some(f64::NAN);
    }
    let lower = text.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        let digits = underscores(
            digits.strip_prefix('_').unwrap_or(digits),
            u8::is_ascii_hexdigit,
        )?;
        return i64::from_str_radix(&digits, 16)
            .ok()
            .map(|value| value as f64);
    }
    if !lower.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let plain = underscores(&lower, u8::is_ascii_digit)?;
    let is_octal = plain.len() > 1 && plain.starts_with('0');
    if is_octal
        && plain.bytes().all(|b| matches!(b, b'0'..=b'7'))
        && let Ok(value) = i64::from_str_radix(&plain, 8)
    {
        return Some(value as f64);
    }
    if !plain
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'+' | b'-'))
    {
        return None;
    }
    plain.parse::<f64>().ok().filter(|value| value.is_finite())
}

/// Removes underscores; `None` if one is not between two digits.
fn underscores(text: &str, is_digit: fn(&u8) -> bool) -> Option<String> {
    let bytes = text.as_bytes();
    for (index, byte) in bytes.iter().enumerate() {
        if *byte == b'_' {
            let before = index.checked_sub(1).and_then(|i| bytes.get(i));
            let after = bytes.get(index + 1);
            if !before.is_some_and(is_digit) || !after.is_some_and(is_digit) {
                return None;
            }
        }
    }
    Some(text.replace('_', ""))
}

/// The reason that a duration is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BadDuration {
    /// Not of the form `1d12h`.
    Malformed,
    /// Units that repeat or are not in descending order.
    Order,
    /// More than 292 years.
    TooLong,
}

const UNITS: [(&str, u64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Parses a duration with units, `1h30m`.
pub(super) fn duration(text: &str) -> Result<Time, BadDuration> {
    let mut rest = text;
    let mut next_unit = 0;
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (value, tail) = rest.split_at(digits);
        let letters = tail.bytes().take_while(u8::is_ascii_alphabetic).count();
        let (unit, tail) = tail.split_at(letters);
        let index = UNITS
            .iter()
            .position(|(name, _)| *name == unit)
            .ok_or(BadDuration::Malformed)?;
        if digits == 0 {
            return Err(BadDuration::Malformed);
        }
        if index < next_unit {
            return Err(BadDuration::Order);
        }
        next_unit = index + 1;
        let value: u64 = value.parse().map_err(|_| BadDuration::TooLong)?;
        let milliseconds = UNITS.get(index).map_or(1, |(_, length)| *length);
        total = value
            .checked_mul(milliseconds)
            .and_then(|part| total.checked_add(part))
            .filter(|sum| *sum <= (i64::MAX / 1_000_000).unsigned_abs())
            .ok_or(BadDuration::TooLong)?;
        rest = tail;
    }
    if text.is_empty() {
        Err(BadDuration::Malformed)
    } else {
        Ok(Time::from_millis(total))
    }
}

/// An invalid escape in a quoted string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BadEscape {
    /// The range of bytes, relative to the opening quote.
    pub range: std::ops::Range<usize>,
    /// The message, without a full stop.
    pub message: String,
    /// True if a second backslash would fix it.
    pub unknown: bool,
}

/// Returns the length in bytes of a hole at the start of the text; `None` if there is none.
pub(super) fn hole_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("${")?;
    let underscores = inner.bytes().take_while(|b| *b == b'_').count();
    inner
        .get(underscores..)?
        .starts_with('}')
        .then_some(underscores + 3)
}

/// Parses a string with its quotes to parts. `hole` maps the offset of a hole to its number.
pub(super) fn unquote(
    text: &str,
    mut hole: impl FnMut(usize) -> usize,
) -> Result<Vec<StringPart>, Vec<BadEscape>> {
    let mut builder = Builder::default();
    let mut errors = Vec::new();
    let quote = text.chars().next().unwrap_or('"');
    let end = text.len().saturating_sub(1);
    let mut at = 1;
    while let Some(c) = text.get(at..end).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..end).unwrap_or("");
        if let Some(length) = hole_length(rest) {
            builder.hole(hole(at));
            at += length;
        } else if c == '\u{fffd}' {
            let range = at..at + c.len_utf8();
            let message = "the replacement character is not allowed in a PromQL string".to_owned();
            errors.push(BadEscape {
                range,
                message,
                unknown: false,
            });
            at += c.len_utf8();
        } else if c != '\\' || quote == '`' {
            builder.char(c);
            at += c.len_utf8();
        } else {
            let (length, result) = escape(rest, quote);
            match result {
                Ok(Escaped::Char(c)) => builder.char(c),
                Ok(Escaped::Byte(byte)) => builder.bytes.push(byte),
                Err(message) => {
                    let unknown = message.is_none();
                    let written = rest.get(..length).unwrap_or(rest);
                    let message = message.unwrap_or_else(|| {
                        format!(
                            "unknown escape sequence `{written}` in a \
                            PromQL string"
                        )
                    });
                    errors.push(BadEscape {
                        range: at..at + length,
                        message,
                        unknown,
                    });
                }
            }
            at += length;
        }
    }
    if errors.is_empty() {
        Ok(builder.finish())
    } else {
        Err(errors)
    }
}

enum Escaped {
    Char(char),
    Byte(u8),
}

/// Parses the escape at the start of the text. Returns its length, and its value or an error message, which is `None` for an
/// unknown letter.
fn escape(text: &str, quote: char) -> (usize, Result<Escaped, Option<String>>) {
    let letter = text.chars().nth(1).unwrap_or('\\');
    let simple = match letter {
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        '\\' => Some('\\'),
        c if c == quote => Some(c),
        _ => None,
    };
    if let Some(c) = simple {
        return (2, Ok(Escaped::Char(c)));
    }
    let (skip, count, radix) = match letter {
        '0'..='7' => (1, 3, 8),
        'x' => (2, 2, 16),
        'u' => (2, 4, 16),
        'U' => (2, 8, 16),
        _ => return (1 + letter.len_utf8(), Err(None)),
    };
    let digits: String = text
        .chars()
        .skip(skip)
        .take(count)
        .take_while(|c| c.is_digit(radix))
        .collect();
    let length = skip + digits.len();
    let written = text.get(..length).unwrap_or(text);
    if digits.len() < count {
        let kind = if radix == 8 { "octal" } else { "hexadecimal" };
        return (
            length,
            Err(Some(format!("`{written}` needs {count} {kind} digits"))),
        );
    }
    let value = u32::from_str_radix(&digits, radix).unwrap_or(u32::MAX);
    let result = match letter {
        'u' | 'U' => char::from_u32(value)
            .map(Escaped::Char)
            .ok_or_else(|| Some(format!("`{written}` is not a Unicode character"))),
        _ => u8::try_from(value)
            .map(Escaped::Byte)
            .map_err(|_| Some(format!("`{written}` is larger than a byte"))),
    };
    (length, result)
}

/// Collects bytes and holes into parts, with valid UTF-8 as text.
#[derive(Default)]
struct Builder {
    parts: Vec<StringPart>,
    bytes: Vec<u8>,
}

impl Builder {
    fn char(&mut self, c: char) {
        self.bytes
            .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn hole(&mut self, number: usize) {
        self.flush();
        self.parts.push(StringPart::Hole(number));
    }

    fn flush(&mut self) {
        for chunk in std::mem::take(&mut self.bytes).utf8_chunks() {
            if !chunk.valid().is_empty() {
                self.parts.push(StringPart::Text(chunk.valid().into()));
            }
            self.parts
                .extend(chunk.invalid().iter().map(|byte| StringPart::Byte(*byte)));
        }
    }

    fn finish(mut self) -> Vec<StringPart> {
        self.flush();
        self.parts
    }
}
