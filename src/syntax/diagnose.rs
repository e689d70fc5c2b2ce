//! What to say about a malformed place.

use nth_diagnostics::{Applicability, Code, Diagnostic, codes};

use super::MAX_DEPTH;
use super::tree::{SyntaxError, SyntaxErrorKind, TextRange};

/// The diagnostic of a syntax error, with ranges relative to the item that it was found in.
pub fn diagnose(error: &SyntaxError) -> Diagnostic<TextRange> {
    let (code, message, label) = words(error);
    let mut diagnostic = Diagnostic::new(code, message, error.range).label(label);
    if let Some(open) = error.related {
        let what = match error.detail.as_str() {
            "=~" | "!=" | "!~" => "another matcher",
            "}" => "this brace is never closed",
            "]" => "this bracket is never closed",
            ">" => "this `<` is never closed",
            _ => "this parenthesis is never closed",
        };
        diagnostic = diagnostic.because(open, what);
    }
    if let Some(help) = help(error) {
        diagnostic = diagnostic.help(help);
    }
    if let Some((range, text)) = &error.fix {
        let title = if range.is_empty() {
            format!("Insert `{}`", text.trim())
        } else {
            format!("Replace with `{}`", text.trim())
        };
        diagnostic = diagnostic.fix(title, *range, text.as_str(), Applicability::Maybe);
    }
    diagnostic
}

/// Code, sentence, and the words at the place.
fn words(error: &SyntaxError) -> (&'static Code, String, String) {
    let detail = error.detail.as_str();
    match error.kind {
        SyntaxErrorKind::BadValue if detail == "=" => (
            &codes::SYNTAX_BAD_VALUE,
            "an argument's name is followed by `:`, not `=`".to_owned(),
            "write `:` here".to_owned(),
        ),
        SyntaxErrorKind::BadValue => (
            &codes::SYNTAX_BAD_VALUE,
            format!("`{detail}` is no value"),
            "a value was expected here".to_owned(),
        ),
        SyntaxErrorKind::MissingValue => {
            let what = if detail.is_empty() { "value" } else { detail };
            let message = match detail {
                "else" => "an `if` that is a value needs an `else`".to_owned(),
                "operand" => "an operator lacks its right side".to_owned(),
                _ => format!("{} is missing", article(what)),
            };
            (
                &codes::SYNTAX_MISSING_VALUE,
                message,
                if what == "else" {
                    "expected `else` here".to_owned()
                } else {
                    format!("expected {} here", article(what))
                },
            )
        }
        SyntaxErrorKind::MissingEquals => (
            &codes::SYNTAX_MISSING_EQUALS,
            format!("`{detail}` is not followed by `=`"),
            "expected `=` here".to_owned(),
        ),
        SyntaxErrorKind::Matcher => (
            &codes::MATCHER_IN_LABELS,
            format!("unexpected `{detail}` in a set of labels"),
            "expected `=`".to_owned(),
        ),
        SyntaxErrorKind::HalfTypedKey => (
            &codes::SYNTAX_INCOMPLETE_STATEMENT,
            format!("`{detail}` alone is no statement"),
            "expected a value or a block after this".to_owned(),
        ),
        SyntaxErrorKind::TrailingDot => (
            &codes::SYNTAX_TRAILING_DOT,
            "no name follows the dot".to_owned(),
            "expected a name after this".to_owned(),
        ),
        SyntaxErrorKind::OpenString => (
            &codes::SYNTAX_OPEN_STRING,
            "this string is never closed".to_owned(),
            "expected a closing quote by the end of this".to_owned(),
        ),
        SyntaxErrorKind::OpenQuery => (
            &codes::SYNTAX_OPEN_QUERY,
            "this query is never closed".to_owned(),
            "expected a closing backtick by the end of this".to_owned(),
        ),
        SyntaxErrorKind::MissingBrace => (
            &codes::SYNTAX_MISSING_BRACE,
            format!("`{detail}` is missing"),
            format!("expected `{detail}` here"),
        ),
        SyntaxErrorKind::StrayBrace => (
            &codes::SYNTAX_STRAY_BRACE,
            "this `}` closes nothing".to_owned(),
            "no block is open here".to_owned(),
        ),
        SyntaxErrorKind::MissingDelimiter => (
            &codes::SYNTAX_MISSING_DELIMITER,
            format!("`{detail}` is missing"),
            format!("expected `{detail}` here"),
        ),
        SyntaxErrorKind::Junk if detail == "in" => (
            &codes::SYNTAX_UNEXPECTED_TEXT,
            "`for` is not followed by `in`".to_owned(),
            "expected `in` and a list here".to_owned(),
        ),
        SyntaxErrorKind::Junk => (
            &codes::SYNTAX_UNEXPECTED_TEXT,
            format!("`{detail}` is not expected here"),
            if field_like(detail) {
                "a field stands in a block".to_owned()
            } else {
                "expected a field or a block".to_owned()
            },
        ),
        SyntaxErrorKind::MissingName => (
            &codes::SYNTAX_MISSING_NAME,
            format!("{} is missing", article(wanted(detail))),
            format!("expected {} here", article(wanted(detail))),
        ),
        SyntaxErrorKind::BadLiteral => (
            &codes::SYNTAX_BAD_LITERAL,
            // The detail holds the literal, a backtick and what is wrong with it.
            format!("`{}", detail.split(';').next().unwrap_or(detail)),
            "this literal has no meaning".to_owned(),
        ),
        SyntaxErrorKind::BadEscape => (
            &codes::SYNTAX_BAD_ESCAPE,
            format!("`{detail}` is no escape"),
            "unknown escape".to_owned(),
        ),
        SyntaxErrorKind::TooDeep => (
            &codes::SYNTAX_TOO_DEEP,
            format!("this is nested deeper than {MAX_DEPTH} levels"),
            "too deep from here on".to_owned(),
        ),
        SyntaxErrorKind::StrayDoc => (
            &codes::SYNTAX_STRAY_DOC,
            "this doc comment documents nothing".to_owned(),
            "no block, field or declaration follows".to_owned(),
        ),
        SyntaxErrorKind::TooLarge => (
            &codes::FILE_TOO_LARGE,
            format!("this file has {detail}"),
            "nothing of it is read".to_owned(),
        ),
    }
}

/// What to do, as a sentence.
fn help(error: &SyntaxError) -> Option<String> {
    let detail = error.detail.as_str();
    let sentence = match error.kind {
        SyntaxErrorKind::TooLarge => "Split it: each service can have a file of its own.",
        SyntaxErrorKind::BadValue if detail == "=" => {
            "Arguments are written `name: value`; fields are written `name = value`."
        }
        SyntaxErrorKind::BadValue if detail.starts_with("[\\") => {
            "Quotes inside `${…}` need no backslash: `${labels[\"host.name\"]}`."
        }
        SyntaxErrorKind::BadValue if is_bracketed_name(detail) => {
            "A name in brackets stands in quotes: `labels[\"host.name\"]`."
        }
        SyntaxErrorKind::BadValue => {
            if detail.starts_with(|c: char| c.is_alphabetic()) {
                "Text stands in quotes, and each further field on the line needs a name and `=`."
            } else {
                "A value is a number, a name, a \"string\", a `query`, a [list] or { labels }."
            }
        }
        SyntaxErrorKind::MissingValue if detail == "else" => {
            "Write `if condition { one } else { other }`."
        }
        SyntaxErrorKind::MissingValue if error.range.is_empty() => {
            "Write the value on the same line."
        }
        SyntaxErrorKind::MissingValue => return None,
        SyntaxErrorKind::MissingEquals => {
            return Some(format!(
                "A field is written `{detail} = value`; a block is written `{detail} name {{ … }}`."
            ));
        }
        SyntaxErrorKind::Matcher if detail == "==" => return None,
        SyntaxErrorKind::Matcher => {
            "each label takes one value, as in `{ job = \"web\" }`; put the matcher into the queries instead: `http.availability(requests: \u{60}http_requests_total{job=~\"web-.*\"}\u{60})`"
        }
        SyntaxErrorKind::HalfTypedKey => {
            return Some(format!(
                "Go on with `{detail} = value`, or with `{detail} {{ … }}` for a block."
            ));
        }
        SyntaxErrorKind::TrailingDot => "Finish the path, or take the dot away.",
        SyntaxErrorKind::OpenString => {
            "A string ends on its line; text of more than one line stands between `\"\"\"` and `\"\"\"`."
        }
        SyntaxErrorKind::OpenQuery => "A query stands between two backticks.",
        SyntaxErrorKind::MissingBrace if detail == "{" => "Write `{ … }` after the head.",
        SyntaxErrorKind::MissingBrace => "Close it with `}`.",
        SyntaxErrorKind::StrayBrace => {
            "Take it away, or look for a brace above it that closes a block too early."
        }
        SyntaxErrorKind::MissingDelimiter if detail == "," => {
            "Values in brackets are separated by commas or newlines."
        }
        SyntaxErrorKind::MissingDelimiter if detail == "(" => {
            "A function's parameters stand in parentheses, even if there are none."
        }
        SyntaxErrorKind::MissingDelimiter => return Some(format!("Close it with `{detail}`.")),
        SyntaxErrorKind::Junk if detail == "in" => "Write `for x in list { … }`.",
        SyntaxErrorKind::Junk if field_like(detail) => {
            "At the top of a file stand blocks, imports, templates and declarations; a value gets a name with `let`."
        }
        SyntaxErrorKind::Junk if detail.starts_with('#') => "Comments start with `//`.",
        SyntaxErrorKind::Junk => return None,
        SyntaxErrorKind::MissingName if detail == "base" => {
            "Name a template or a block after the colon, or take the colon away."
        }
        SyntaxErrorKind::MissingName => return None,
        SyntaxErrorKind::BadLiteral if detail.contains("time of day") => return None,
        SyntaxErrorKind::BadLiteral => {
            return Some(match detail.split_once("; ") {
                Some((_, advice)) => capitalised(advice),
                None => "Units are `%`, `ms` `s` `m` `h` `d` `w`, `B` `KB` `MB` `GB` `TB` `KiB` `MiB` `GiB` `TiB`, and `/s` `/m` `/h`.".to_owned(),
            });
        }
        SyntaxErrorKind::BadEscape => {
            "The escapes are `\\n`, `\\t`, `\\\\`, `\\\"`, `\\$` and `\\u{…}`; a backslash itself is `\\\\`."
        }
        SyntaxErrorKind::TooDeep => {
            "Give the inner parts names of their own, with `let` or with templates."
        }
        SyntaxErrorKind::StrayDoc => "Write `//` for a comment that documents nothing.",
    };
    Some(sentence.to_owned())
}

/// Whether text reads as `[name]`, as after something that has members.
fn is_bracketed_name(text: &str) -> bool {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    inner.is_some_and(|name| {
        name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    })
}

/// Whether text reads as `name = value`.
fn field_like(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim();
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    })
}

/// What a missing name is the name of.
fn wanted(detail: &str) -> &str {
    match detail {
        "template" => "name for the template",
        "enum" => "name for the enum",
        "function" => "name for the function",
        "rule" => "name for the rule",
        "module" => "module's path",
        other => other,
    }
}

fn article(what: &str) -> String {
    let vowel = what.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {what}", if vowel { "an" } else { "a" })
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    match characters.next() {
        Some(first) => {
            let end = if sentence.ends_with(['.', '?']) {
                ""
            } else {
                "."
            };
            first.to_uppercase().chain(characters).collect::<String>() + end
        }
        None => String::new(),
    }
}
