//! The notation of a series' values in `promtool test rules`: `1 2 _ stale 0+1x10`.

/// The maximum number of values of a series.
const MOST_VALUES: u64 = 1_000_000;

/// The names of a histogram's parts.
const PARTS: [&str; 10] = [
    "schema",
    "sum",
    "count",
    "z_bucket",
    "z_bucket_w",
    "buckets",
    "offset",
    "n_buckets",
    "n_offset",
    "custom_values",
];

/// The name of a histogram's hint about counter resets.
const HINT: &str = "counter_reset_hint";

/// Counts the values of a series, missing ones included.
///
/// # Errors
///
/// A message about the first value that is not in the notation.
pub(super) fn count(text: &str) -> Result<u64, String> {
    let mut count = 0_u64;
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let end = item_end(rest);
        let (item, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let values = values_of(item).ok_or_else(|| format!("invalid values `{item}`"))?;
        count = count.saturating_add(values);
        if count > MOST_VALUES {
            return Err(format!("series with more than {MOST_VALUES} values"));
        }
        rest = after.trim_start();
    }
    match count {
        0 => Err("series without values".to_owned()),
        count => Ok(count),
    }
}

/// The end of the first item: at white space outside of braces.
fn item_end(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            c if c.is_whitespace() && depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// Counts the values of an item; `None` if it is not in the notation.
fn values_of(item: &str) -> Option<u64> {
    if let Some(repeats) = item.strip_prefix('_') {
        return match repeats.strip_prefix('x') {
            Some(repeats) => whole(repeats),
            None => repeats.is_empty().then_some(1),
        };
    }
    let rest = first(item)?;
    let (rest, has_step) = match rest.as_bytes().first() {
        // The sign of a number belongs to it, that before a histogram does not.
        Some(b'+' | b'-') if rest[1..].starts_with('{') => (first(&rest[1..])?, true),
        Some(b'+' | b'-') => (first(rest)?, true),
        _ => (rest, false),
    };
    match rest.strip_prefix('x') {
        Some(repeats) => whole(repeats)?.checked_add(1),
        None => (rest.is_empty() && !has_step).then_some(1),
    }
}

/// Returns what follows a number, `stale` or a histogram at the start of an item.
fn first(text: &str) -> Option<&str> {
    if text.starts_with("{{") {
        let end = text.find("}}")?;
        let inner = text.get(2..end)?;
        return is_histogram(inner).then(|| &text[end + 2..]);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let length = number_length(unsigned);
    let (number, rest) = unsigned.split_at_checked(length)?;
    let is_number = match number {
        "stale" => unsigned.len() == text.len(),
        number => is_number(number),
    };
    is_number.then_some(rest)
}

fn is_number(text: &str) -> bool {
    text.parse::<f64>().is_ok()
}

/// The length of a number without a sign, or of a word.
fn number_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return text
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(text.len());
    }
    let mut previous = '0';
    text.find(|c: char| {
        let continues = c.is_ascii_digit()
            || matches!(c, '.' | 'e' | 'E')
            || (matches!(c, '+' | '-') && matches!(previous, 'e' | 'E'));
        previous = c;
        !continues
    })
    .unwrap_or(text.len())
}

/// True if each part of a histogram has a known name. The numbers are checked when the test runs.
fn is_histogram(inner: &str) -> bool {
    let mut rest = inner.trim();
    while let Some((name, after)) = rest.split_once(':') {
        let (name, after) = (name.trim(), after.trim_start());
        if name == HINT {
            rest = after.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_');
        } else if !PARTS.contains(&name) {
            return false;
        } else if let Some(list) = after.strip_prefix('[') {
            let Some((_, after)) = list.split_once(']') else {
                return false;
            };
            rest = after;
        } else {
            let end = after.find(char::is_whitespace).unwrap_or(after.len());
            if !is_number(&after[..end]) {
                return false;
            }
            rest = &after[end..];
        }
        rest = rest.trim_start();
    }
    rest.is_empty()
}

fn whole(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted() {
        for (text, values) in [
            ("1", 1),
            ("1 2 3", 3),
            ("  1.5   -2 +3e1 ", 3),
            ("5x10", 11),
            ("0+10x60", 61),
            ("5-2x2", 3),
            ("-1-1e1x1", 2),
            ("_ _x3 stale", 5),
            ("Inf -Inf NaN", 3),
            ("{{schema:0 sum:5 count:4 buckets:[1 2 1]}}x5", 6),
            (
                "{{schema:0 sum:1 count:1 buckets:[1]}}+{{schema:0 sum:1 count:1 buckets:[1]}}x5 1",
                7,
            ),
            ("{{schema:0 counter_reset_hint:gauge sum:-1}}", 1),
        ] {
            assert_eq!(count(text), Ok(values), "{text}");
        }
    }

    #[test]
    fn other_text_is_an_error() {
        for text in [
            "",
            " ",
            "1x",
            "1+2",
            "1+x3",
            "a",
            "-stale",
            "1x-1",
            "_5",
            "{{schema:0",
            "{{color:1}}",
            "{{sum:a}}",
            "1,2",
            "0x5000000000000",
            "1}",
            "x5",
            "1 é",
        ] {
            assert!(count(text).is_err(), "{text}");
        }
    }
}
