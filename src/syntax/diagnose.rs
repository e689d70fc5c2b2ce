//! Diagnostics of syntax errors.

use crate::codes;
use nth_diagnostics::{Applicability, Code, Diagnostic};

use super::MAX_DEPTH;
use super::tree::{SyntaxError, SyntaxErrorKind, TextRange};

/// Converts a syntax error to a diagnostic, with ranges relative to its item.
pub fn diagnose(error: &SyntaxError) -> Diagnostic<TextRange> {
    let (code, message, label) = words(error);
    let mut diagnostic = Diagnostic::new(code, message, error.range).label(label);
    if let Some(open) = error.related {
        let what = match error.detail.as_str() {
            "}" => "unclosed brace",
            "]" => "unclosed bracket",
            ">" => "unclosed `<`",
            _ => "unclosed parenthesis",
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

/// Returns the code, the message and the label.
fn words(error: &SyntaxError) -> (&'static Code, String, String) {
    let detail = error.detail.as_str();
    match error.kind {
        SyntaxErrorKind::BadValue if detail == "=" => (
            &codes::SYNTAX_BAD_VALUE,
            "expected `:` after an argument's name, found `=`".to_owned(),
            "expected `:`".to_owned(),
        ),
        SyntaxErrorKind::BadValue => (
            &codes::SYNTAX_BAD_VALUE,
            format!("unexpected `{detail}`: not a value"),
            "expected a value".to_owned(),
        ),
        SyntaxErrorKind::MissingValue => {
            let what = if detail.is_empty() { "value" } else { detail };
            let message = match detail {
                "else" => "missing `else` in an `if` expression".to_owned(),
                "operand" => "missing right side of an operator".to_owned(),
                _ => format!("missing {}", article(what)),
            };
            (
                &codes::SYNTAX_MISSING_VALUE,
                message,
                if what == "else" {
                    "expected `else`".to_owned()
                } else {
                    format!("expected {}", article(what))
                },
            )
        }
        SyntaxErrorKind::MissingEquals => (
            &codes::SYNTAX_MISSING_EQUALS,
            format!("missing `=` after `{detail}`"),
            "expected `=`".to_owned(),
        ),
        SyntaxErrorKind::TwoEquals => (
            &codes::SYNTAX_MISSING_EQUALS,
            format!("unexpected `{detail}` in labels"),
            "expected `=`".to_owned(),
        ),
        SyntaxErrorKind::HalfTypedKey => (
            &codes::SYNTAX_INCOMPLETE_STATEMENT,
            format!("`{detail}` is not a statement"),
            "expected a value or a block after it".to_owned(),
        ),
        SyntaxErrorKind::TrailingDot => (
            &codes::SYNTAX_TRAILING_DOT,
            "missing name after the dot".to_owned(),
            "expected a name".to_owned(),
        ),
        SyntaxErrorKind::OpenString => (
            &codes::SYNTAX_OPEN_STRING,
            "unterminated string".to_owned(),
            "expected a closing quote on this line".to_owned(),
        ),
        SyntaxErrorKind::OpenQuery => (
            &codes::SYNTAX_OPEN_QUERY,
            "unterminated query".to_owned(),
            "expected a closing backtick".to_owned(),
        ),
        SyntaxErrorKind::MissingBrace => (
            &codes::SYNTAX_MISSING_BRACE,
            format!("missing `{detail}`"),
            format!("expected `{detail}`"),
        ),
        SyntaxErrorKind::StrayBrace => (
            &codes::SYNTAX_STRAY_BRACE,
            "unexpected `}`".to_owned(),
            "no open block".to_owned(),
        ),
        SyntaxErrorKind::MissingDelimiter => (
            &codes::SYNTAX_MISSING_DELIMITER,
            format!("missing `{detail}`"),
            format!("expected `{detail}`"),
        ),
        SyntaxErrorKind::Junk if detail == "in" => (
            &codes::SYNTAX_UNEXPECTED_TEXT,
            "missing `in` after `for`".to_owned(),
            "expected `in` and a list".to_owned(),
        ),
        SyntaxErrorKind::Junk => (
            &codes::SYNTAX_UNEXPECTED_TEXT,
            format!("unexpected `{detail}`"),
            if field_like(detail) {
                "fields are only allowed in a block".to_owned()
            } else {
                "expected a field or a block".to_owned()
            },
        ),
        SyntaxErrorKind::MissingName => (
            &codes::SYNTAX_MISSING_NAME,
            format!("missing {}", article(missing_name(detail))),
            format!("expected {}", article(missing_name(detail))),
        ),
        SyntaxErrorKind::BadLiteral => (
            &codes::SYNTAX_BAD_LITERAL,
            // The detail is the literal, a backtick and the problem.
            format!("`{}", detail.split(';').next().unwrap_or(detail)),
            "invalid literal".to_owned(),
        ),
        SyntaxErrorKind::BadEscape => (
            &codes::SYNTAX_BAD_ESCAPE,
            format!("unknown escape `{detail}`"),
            "not a known escape".to_owned(),
        ),
        SyntaxErrorKind::TooDeep => (
            &codes::SYNTAX_TOO_DEEP,
            format!("nested deeper than {MAX_DEPTH} levels"),
            "too deep from this point on".to_owned(),
        ),
        SyntaxErrorKind::StrayDoc => (
            &codes::SYNTAX_STRAY_DOC,
            "unused doc comment".to_owned(),
            "followed by no block, field or declaration".to_owned(),
        ),
        SyntaxErrorKind::TooLarge => (
            &codes::FILE_TOO_LARGE,
            format!("file too large: {detail}"),
            "not read".to_owned(),
        ),
    }
}

/// Returns the help text.
fn help(error: &SyntaxError) -> Option<String> {
    let detail = error.detail.as_str();
    let sentence = match error.kind {
        SyntaxErrorKind::TooLarge => "split it: each service can have its own file",
        SyntaxErrorKind::BadValue if detail == "=" => {
            "write arguments as `name: value`; only fields use `name = value`"
        }
        SyntaxErrorKind::BadValue if detail.starts_with("[\\") => {
            "quotes inside `${…}` need no backslash: `${labels[\"host.name\"]}`"
        }
        SyntaxErrorKind::BadValue if is_bracketed_name(detail) => {
            "quote a name in brackets: `labels[\"host.name\"]`"
        }
        // The fix says it.
        SyntaxErrorKind::BadValue if error.fix.is_some() => return None,
        SyntaxErrorKind::BadValue => {
            if detail.starts_with(|c: char| c.is_alphabetic()) {
                "put text in quotes; start each further field on the line with a name and `=`"
            } else {
                "write a number, a name, a \"string\", a `query`, a [list] or { labels }"
            }
        }
        SyntaxErrorKind::MissingValue if detail == "else" => {
            "write `if condition { one } else { other }`"
        }
        SyntaxErrorKind::MissingValue if error.range.is_empty() => {
            "write the value on the same line"
        }
        SyntaxErrorKind::MissingValue => return None,
        SyntaxErrorKind::MissingEquals => {
            return Some(format!(
                "write `{detail} = value` for a field, `{detail} name {{ … }}` for a block"
            ));
        }
        SyntaxErrorKind::TwoEquals => return None,
        SyntaxErrorKind::HalfTypedKey => {
            return Some(format!(
                "continue with `{detail} = value`, or with `{detail} {{ … }}` for a block"
            ));
        }
        SyntaxErrorKind::TrailingDot => "complete the path, or remove the dot",
        SyntaxErrorKind::OpenString => {
            "end the string on its line, or use `\"\"\"` for multi-line text"
        }
        SyntaxErrorKind::OpenQuery => "enclose a query in backticks",
        SyntaxErrorKind::MissingBrace if detail == "{" => "write `{ … }` after the head",
        SyntaxErrorKind::MissingBrace => "add `}`",
        SyntaxErrorKind::StrayBrace => {
            "remove it, or find a `}` above it that closes a block too early"
        }
        SyntaxErrorKind::MissingDelimiter if detail == "," => {
            "separate values in brackets by commas or newlines"
        }
        SyntaxErrorKind::MissingDelimiter if detail == "(" => {
            "write a function's parameters in parentheses, even if there are none"
        }
        SyntaxErrorKind::MissingDelimiter => return Some(format!("add `{detail}`")),
        SyntaxErrorKind::Junk if detail == "in" => "write `for x in list { … }`",
        SyntaxErrorKind::Junk if field_like(detail) => {
            "only blocks, imports, templates and declarations are allowed at the top level; name a \
            value with `let`"
        }
        SyntaxErrorKind::Junk if detail.starts_with('#') => "start a comment with `//`",
        SyntaxErrorKind::Junk => return None,
        SyntaxErrorKind::MissingName if detail == "base" => {
            "name a template or a block after the colon, or remove the colon"
        }
        SyntaxErrorKind::MissingName => return None,
        SyntaxErrorKind::BadLiteral if detail.contains("time of day") => return None,
        SyntaxErrorKind::BadLiteral => {
            return Some(match detail.split_once("; ") {
                Some((_, advice)) => advice.trim_end_matches('.').to_owned(),
                None => {
                    "use one of the units `%`, `ms` `s` `m` `h` `d` `w`, `B` `KB` `MB` `GB` `TB` \
                    `KiB` `MiB` `GiB` `TiB`, and `/s` `/m` `/h`"
                        .to_owned()
                }
            });
        }
        SyntaxErrorKind::BadEscape => {
            "use one of the escapes `\\n`, `\\t`, `\\\\`, `\\\"`, `\\$` and `\\u{…}`; a backslash is \
            `\\\\`"
        }
        SyntaxErrorKind::TooDeep => "name the inner parts with `let` or with templates",
        SyntaxErrorKind::StrayDoc => "write `//` for a plain comment",
    };
    Some(sentence.to_owned())
}

/// True for `[name]`, the syntax of member access in other languages.
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

/// True for `name = value`.
fn field_like(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, _)| {
        let name = name.trim();
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    })
}

/// Describes the name that is missing.
fn missing_name(detail: &str) -> &str {
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
