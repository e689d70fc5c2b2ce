//! Regular expressions in matchers: Prometheus's RE2 syntax, parsed with `regex-syntax`.

use regex_automata::nfa::thompson::{NFA, pikevm::PikeVM};
use regex_syntax::hir::{Hir, HirKind, Look};

/// The reason why a text is not a regular expression of RE2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRegex {
    /// What is wrong, as a clause: `missing closing `]``.
    pub message: String,
    /// The place in the expression, in bytes: a boundary of a character, or the end.
    pub at: usize,
}

impl InvalidRegex {
    /// Returns the headline of a diagnostic about the expression, which is shortened to 40 characters.
    pub fn headline(&self, pattern: &str) -> String {
        let mut shown: String = pattern.chars().take(40).collect();
        if shown.len() < pattern.len() {
            shown.push('…');
        }
        format!("invalid regular expression `{shown}`: {}", self.message)
    }

    fn new(message: impl Into<String>, at: usize) -> Self {
        Self {
            message: message.into(),
            at,
        }
    }

    /// Moves the place to the right.
    fn after(mut self, bytes: usize) -> Self {
        self.at += bytes;
        self
    }
}

impl std::fmt::Display for InvalidRegex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for InvalidRegex {}

/// Checks a regular expression of a matcher: Prometheus uses RE2's syntax.
///
/// # Errors
///
/// If it is invalid, with the place.
///
/// ```
/// use nth_promql::check_regex;
///
/// assert_eq!(check_regex("web-.*"), Ok(()));
/// assert_eq!(check_regex("web-(.*").unwrap_err().at, 4);
/// ```
pub fn check(pattern: &str) -> Result<(), InvalidRegex> {
    matches_empty(pattern).map(|_| ())
}

/// Parses a regular expression. Returns whether it matches the empty text.
pub(super) fn matches_empty(pattern: &str) -> Result<bool, InvalidRegex> {
    let translated = translated(pattern)?;
    let hir = parsed(&translated.text)
        .map_err(|error| InvalidRegex::new(reason(&error), translated.origin(place(&error))))?;
    Ok(empty(&hir))
}

/// Returns whether a regular expression, anchored at both ends as in matchers, matches any of the texts. `None` if it is invalid
/// or too large.
pub fn matches_any<'t>(pattern: &str, texts: impl IntoIterator<Item = &'t str>) -> Option<bool> {
    let hir = parsed(&translated(pattern).ok()?.text).ok()?;
    let anchored = Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)]);
    let config = NFA::config().nfa_size_limit(Some(MOST_BYTES));
    let nfa = NFA::compiler()
        .configure(config)
        .build_from_hir(&anchored)
        .ok()?;
    let regex = PikeVM::new_from_nfa(nfa).ok()?;
    let mut cache = regex.create_cache();
    Some(
        texts
            .into_iter()
            .any(|text| regex.is_match(&mut cache, text)),
    )
}

/// The maximum size of a compiled regular expression, in bytes.
const MOST_BYTES: usize = 1 << 20;

fn parsed(translated: &str) -> Result<Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new()
        .dot_matches_new_line(true)
        .utf8(false)
        .build()
        .parse(translated)
        .map_err(Box::new)
}

/// Returns a regular expression in RE2's syntax as one in that of the `regex` crate, without the anchors of matchers and with
/// the option that `.` matches a line feed; `None` if it is invalid.
pub fn for_rust(pattern: &str) -> Option<String> {
    Some(format!("(?s:{})", translated(pattern).ok()?.text))
}

/// Escapes a text, so that it matches only itself as a regular expression.
pub fn escape(text: &str) -> String {
    regex_syntax::escape(text)
}

fn reason(error: &regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        _ => "malformed".to_owned(),
    }
}

/// The place of an error in the text that was parsed.
fn place(error: &regex_syntax::Error) -> usize {
    match error {
        regex_syntax::Error::Parse(error) => error.span().start.offset,
        regex_syntax::Error::Translate(error) => error.span().start.offset,
        _ => 0,
    }
}

/// True if the expression, anchored at both ends as in matchers, matches the empty text.
fn empty(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Literal(_) | HirKind::Class(_) => false,
        HirKind::Look(look) => matches!(
            look,
            Look::Start
                | Look::End
                | Look::StartLF
                | Look::EndLF
                | Look::StartCRLF
                | Look::EndCRLF
                | Look::WordAsciiNegate
                | Look::WordUnicodeNegate
        ),
        HirKind::Repetition(repetition) => repetition.min == 0 || empty(&repetition.sub),
        HirKind::Capture(capture) => empty(&capture.sub),
        HirKind::Concat(parts) => parts.iter().all(empty),
        HirKind::Alternation(parts) => parts.iter().any(empty),
    }
}

/// Rewrites syntax that RE2 and `regex-syntax` parse differently, and rejects syntax that RE2 does not support.
fn translated(pattern: &str) -> Result<Translated, InvalidRegex> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut origins = Vec::new();
    let mut rest = pattern;
    // Properties of the previous element: RE2 does not allow a second repetition, except a `?` for a lazy one.
    let mut repeated = false;
    let mut repeatable = false;
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        let at = pattern.len() - rest.len();
        origins.push((out.len(), at));
        match c {
            '\\' => {
                let (taken, text) = escaped(tail).map_err(|error| error.after(at))?;
                out.push_str(&text);
                rest = &tail[taken..];
                (repeated, repeatable) = (false, true);
                continue;
            }
            '[' => {
                let (taken, text) = class(rest).map_err(|error| error.after(at))?;
                out.push_str(&text);
                rest = &rest[taken..];
                (repeated, repeatable) = (false, true);
                continue;
            }
            '(' => {
                if let Some(flags) = tail.strip_prefix('?') {
                    let end = flags.find([')', ':']);
                    let before = end.map_or("", |end| &flags[..end]);
                    let named = flags.starts_with("P<") || flags.starts_with('<');
                    if !named && before.contains(|c: char| !"imsU-".contains(c)) {
                        let message = format!("unknown group `(?{before}`");
                        return Err(InvalidRegex::new(message, at));
                    }
                    if named {
                        out.push_str("(?");
                        rest = flags;
                        // `regex-syntax` parses the name. Its characters have no meaning here.
                        (repeated, repeatable) = (false, false);
                        continue;
                    }
                    if let Some(end) = end {
                        out.push_str(&rest[..end + 3]);
                        rest = &rest[end + 3..];
                        (repeated, repeatable) = (false, false);
                        continue;
                    }
                }
                out.push('(');
                (repeated, repeatable) = (false, false);
            }
            '|' => {
                out.push('|');
                (repeated, repeatable) = (false, false);
            }
            '*' | '+' | '?' | '{' => {
                let length = if c == '{' { repetition(rest) } else { Some(1) };
                let Some(length) = length else {
                    out.push_str("\\{");
                    rest = tail;
                    (repeated, repeatable) = (false, true);
                    continue;
                };
                if !repeatable {
                    let operator = &rest[..length];
                    let message = format!("missing argument to repetition operator: `{operator}`");
                    return Err(InvalidRegex::new(message, at));
                }
                if repeated {
                    let operator = &rest[..length];
                    let message = format!("invalid nested repetition operator: `{operator}`");
                    return Err(InvalidRegex::new(message, at));
                }
                let too_many = rest[1..length.max(2) - 1]
                    .split(',')
                    .any(|count| count.parse::<u32>().is_ok_and(|count| count > 1000));
                if c == '{' && too_many {
                    let message = "invalid repeat count: more than 1000";
                    return Err(InvalidRegex::new(message, at));
                }
                out.push_str(&rest[..length]);
                rest = &rest[length..];
                if let Some(lazy) = rest.strip_prefix('?') {
                    out.push('?');
                    rest = lazy;
                }
                repeated = true;
                continue;
            }
            '}' => {
                out.push_str("\\}");
                (repeated, repeatable) = (false, true);
            }
            c => {
                out.push(c);
                (repeated, repeatable) = (false, true);
            }
        }
        rest = tail;
    }
    Ok(Translated { text: out, origins })
}

/// An expression in the syntax of `regex-syntax`.
struct Translated {
    text: String,
    /// Where elements begin: in this text, and in the original.
    origins: Vec<(usize, usize)>,
}

impl Translated {
    /// Returns the place in the original of the element at a place in this text.
    fn origin(&self, at: usize) -> usize {
        let next = self.origins.partition_point(|(here, _)| *here <= at);
        let known = next.checked_sub(1).and_then(|last| self.origins.get(last));
        known.map_or(0, |(_, origin)| *origin)
    }
}

/// Returns the length of `{2}`, `{2,}` or `{2,3}`. RE2 treats anything else in braces as plain text.
fn repetition(text: &str) -> Option<usize> {
    let end = text.find('}')?;
    let inner = text.get(1..end)?;
    let (low, high) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    (!low.is_empty() && digits(low) && digits(high)).then_some(end + 1)
}

/// Translates an escape. Returns the number of bytes after the backslash, and the replacement for the whole escape.
fn escaped(tail: &str) -> Result<(usize, String), InvalidRegex> {
    let Some(c) = tail.chars().next() else {
        let message = "trailing backslash at end of expression";
        return Err(InvalidRegex::new(message, 0));
    };
    match c {
        'Q' => {
            let inner = tail[1..].split("\\E").next().unwrap_or("");
            let closed = tail[1 + inner.len()..].starts_with("\\E");
            Ok((
                1 + inner.len() + if closed { 2 } else { 0 },
                format!("(?:{})", regex_syntax::escape(inner)),
            ))
        }
        '0'..='7' => {
            let digits = tail
                .bytes()
                .take(3)
                .take_while(|b| matches!(b, b'0'..=b'7'))
                .count();
            if c != '0' && digits < 2 {
                let message =
                    format!("invalid escape sequence `\\{c}`: RE2 has no back references");
                return Err(InvalidRegex::new(message, 0));
            }
            let value = u32::from_str_radix(&tail[..digits], 8).unwrap_or(0);
            Ok((digits, format!("\\x{{{value:x}}}")))
        }
        'C' => Ok((1, "(?s:.)".to_owned())),
        // RE2's are of ASCII only. A class may contain a class.
        'd' => Ok((1, "[0-9]".to_owned())),
        'D' => Ok((1, "[^0-9]".to_owned())),
        's' => Ok((1, r"[\t\n\x0C\r ]".to_owned())),
        'S' => Ok((1, r"[^\t\n\x0C\r ]".to_owned())),
        'w' => Ok((1, "[0-9A-Za-z_]".to_owned())),
        'W' => Ok((1, "[^0-9A-Za-z_]".to_owned())),
        'b' | 'B' => Ok((1, format!(r"(?-u:\{c})"))),
        c if c.is_ascii_alphanumeric() => {
            if !"abBdDsSwWAzfnrtvxpP".contains(c) {
                let message = format!("invalid escape sequence `\\{c}`");
                return Err(InvalidRegex::new(message, 0));
            }
            if c == 'a' || c == 'f' || c == 'v' {
                let code = match c {
                    'a' => 7,
                    'f' => 12,
                    _ => 11,
                };
                return Ok((1, format!("\\x{{{code:x}}}")));
            }
            Ok((1, format!("\\{c}")))
        }
        // All others match themselves, including tabs and line breaks.
        c if c.is_ascii() => Ok((1, regex_syntax::escape(&c.to_string()))),
        c => {
            let message = format!("invalid escape sequence `\\{c}`");
            Err(InvalidRegex::new(message, 0))
        }
    }
}

/// Translates a class in brackets. Returns its length in bytes, and the replacement. RE2 has no nested classes and no operators
/// on classes.
fn class(text: &str) -> Result<(usize, String), InvalidRegex> {
    let mut out = String::from("[");
    let mut at = 1;
    if text[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c == ']' && !first {
            out.push(']');
            return Ok((at + 1, out));
        }
        first = false;
        if rest.starts_with("[:")
            && let Some(end) = rest.find(":]")
        {
            out.push_str(&rest[..end + 2]);
            at += end + 2;
        } else if c == '\\' {
            let (taken, written) = escaped(&rest[1..]).map_err(|error| error.after(at))?;
            out.push_str(&written);
            at += 1 + taken;
        } else {
            if matches!(c, '[' | ']' | '&' | '~' | '^') || (c == '-' && rest[1..].starts_with('-'))
            {
                out.push('\\');
            }
            out.push(c);
            at += c.len_utf8();
        }
    }
    Err(InvalidRegex::new("missing closing `]`", 0))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn classes_are_of_ascii() {
        for (pattern, matches, others) in [
            (r"\d+", "07", "٣"),
            (r"[\d-]+", "0-7", "٣"),
            (r"[^\D]", "7", "٣"),
            (r"\w+", "a_1", "é"),
            (r"[\W]+", "é-", "e"),
            (r"a\sb", "a b", "a\u{a0}b"),
            (r"é\bb", "éb", "bb"),
        ] {
            assert_eq!(matches_any(pattern, [matches]), Some(true), "{pattern}");
            assert_eq!(matches_any(pattern, [others]), Some(false), "{pattern}");
        }
    }

    #[test]
    fn re2_takes_these() {
        for pattern in [
            "",
            "a|b",
            "5..",
            "[[]",
            "[^[]+",
            "[]a]",
            "[a&&b]",
            "a{",
            "a{,5}",
            "{x}",
            r"\Qa.b\E",
            r"\/api\/v1",
            "(?i)abc",
            "(?i:abc)",
            "(?P<n>a)",
            "(?<n>a)",
            "[[:alpha:]]",
            r"\_x",
            r"\<",
            "a*?",
            "a{2,3}?",
            r"\012",
            r"\pL+",
            "x}",
            "^$",
            "a||b",
            "()",
            "[a-]",
            "[--a]",
            r"[\d-]",
            "(?:a)+",
        ] {
            assert!(
                matches_empty(pattern).is_ok(),
                "{pattern}: {:?}",
                matches_empty(pattern)
            );
        }
    }

    #[test]
    fn re2_refuses_these() {
        for pattern in [
            "*", "a**", "a*+", "(", ")", "[", "[z-a]", "(?=a)", "(?!a)", r"\1", r"\K", r"\Z",
            "a{1001}", "(?x)a", "\\", "(?P<n", "a|*", r"\u0041", "?a", "(*)", r"\pX",
        ] {
            assert!(matches_empty(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn an_error_has_the_place_of_its_character() {
        for (pattern, at) in [
            ("*-web", 0),
            ("web-(.*", 4),
            ("web-.*)", 6),
            ("web-[a-", 4),
            (r"\.web-[z-a]", 6),
            ("a**", 2),
            ("é(?=a)", 2),
            (r"a\K", 1),
            (r"[a\K]", 2),
            ("a{1001}", 1),
            ("a\\", 1),
            (r"\d\d(", 4),
        ] {
            let error = check(pattern).unwrap_err();
            assert_eq!(error.at, at, "{pattern}: {error}");
        }
    }

    #[test]
    fn matchers_are_anchored() {
        for (pattern, text, expected) in [
            ("5..", "500", true),
            ("5..", "5000", false),
            ("0", "200", false),
            ("a|b", "b", true),
            ("a|b", "ab", false),
            (".*", "", true),
            ("(?i)ok", "OK", true),
            (".", "\n", true),
        ] {
            assert_eq!(matches_any(pattern, [text]), Some(expected), "{pattern}");
        }
        assert_eq!(matches_any("(", ["a"]), None);
        assert_eq!(matches_any("(((a{1000}){1000}){1000})", ["a"]), None);
    }

    #[test]
    fn matching_nothing_is_known() {
        for (pattern, expected) in [
            (".*", true),
            (".+", false),
            ("", true),
            ("a?", true),
            ("a|", true),
            ("^$", true),
            ("a*b", false),
        ] {
            assert_eq!(matches_empty(pattern).unwrap(), expected, "{pattern}");
        }
    }
}
