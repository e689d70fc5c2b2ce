//! `reReplaceAll` for one character or a class of characters.

use super::RenderError;

/// A set of characters: ranges, or everything else.
struct Class {
    ranges: Vec<(char, char)>,
    is_negated: bool,
}

impl Class {
    fn contains(&self, c: char) -> bool {
        let mut ranges = self.ranges.iter();
        ranges.any(|(first, last)| (*first..=*last).contains(&c)) != self.is_negated
    }

    /// Reads a class after its opening bracket and before its closing one, or a single character.
    fn parse(pattern: &str) -> Option<Self> {
        let Some(set) = pattern
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        else {
            let mut chars = pattern.chars();
            let only = chars.next().filter(|c| !r"\.+*?()|[]{}^$".contains(*c))?;
            return chars.next().is_none().then(|| Self {
                ranges: vec![(only, only)],
                is_negated: false,
            });
        };
        let (set, is_negated) = match set.strip_prefix('^') {
            Some(rest) => (rest, true),
            None => (set, false),
        };
        let mut chars = set.chars().peekable();
        let mut ranges = Vec::new();
        while let Some(first) = next(&mut chars)? {
            // At the end, it is no range.
            let is_range = chars.peek() == Some(&'-') && chars.clone().nth(1).is_some();
            if is_range {
                chars.next();
                let last = next(&mut chars)??;
                ranges.push((first, last));
            } else {
                ranges.push((first, first));
            }
        }
        (!ranges.is_empty()).then_some(Self { ranges, is_negated })
    }
}

/// The next character of a class: `None` within if it ends, `None` if it is not known.
fn next(chars: &mut impl Iterator<Item = char>) -> Option<Option<char>> {
    Some(match chars.next() {
        Some('\\') => Some(match chars.next()? {
            'n' => '\n',
            'r' => '\r',
            c if c.is_ascii_alphanumeric() => return None,
            c => c,
        }),
        Some('[' | ']') => return None,
        other => other,
    })
}

/// Replaces characters. `$0` in the replacement is the character.
pub fn replace_all(pattern: &str, replacement: &str, text: &str) -> Result<String, RenderError> {
    let unknown = || RenderError::new(format!("unknown regular expression `{pattern}`"));
    let class = Class::parse(pattern).ok_or_else(unknown)?;
    let (before, after) = match replacement.split_once("$0") {
        Some((before, after)) => (before, Some(after)),
        None => (replacement, None),
    };
    if before.contains('$') || after.is_some_and(|after| !after.is_empty()) {
        return Err(unknown());
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if class.contains(c) {
            out.push_str(before);
            if after.is_some() {
                out.push(c);
            }
        } else {
            out.push(c);
        }
    }
    Ok(out)
}
