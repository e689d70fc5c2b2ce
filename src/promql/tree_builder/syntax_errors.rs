//! Syntax errors: an unexpected word, an unclosed bracket, a missing value.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::{Context, TreeBuilder, span};
use crate::codes;
use crate::error::Error;
use crate::grammar::{Rule, last_before};
use crate::literal::{self, BadDuration, hole_length};
use crate::tree::*;
use nth_diagnostics::Code;

impl TreeBuilder<'_> {
    fn rest(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or("")
    }

    /// Returns the token at an offset: a word, number, string or sign.
    fn token(&self, at: usize) -> Span {
        let rest = self.rest(at);
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '.';
        let first = rest.chars().next();
        let length = match first {
            None => 0,
            Some('$') => hole_length(rest).unwrap_or_else(|| {
                1 + rest[1..]
                    .bytes()
                    .take_while(|b| b.is_ascii_alphanumeric() || *b == b'_')
                    .count()
            }),
            Some(quote @ ('"' | '\'' | '`')) => {
                let line = rest.lines().next().map_or(rest.len(), str::len);
                rest[1..]
                    .find(quote)
                    .map_or(line, |end| end + 2)
                    .min(line.max(1))
            }
            Some(c) if is_word(c) => rest.bytes().take_while(|b| is_word(char::from(*b))).count(),
            Some(c) => [
                "&&", "||", "=~", "!~", "==", "!=", "=>", "=<", "<=", ">=", "</", ">/",
            ]
            .iter()
            .find(|sign| rest.starts_with(**sign))
            .map_or(c.len_utf8(), |sign| sign.len()),
        };
        Span::new(at, at + length)
    }

    /// Reports an unexpected token.
    pub(crate) fn unexpected(&mut self, at: usize, wanted: &str) {
        let token = self.token(at);
        let word = self.text.get(token.range()).unwrap_or("").to_owned();
        if word.is_empty() {
            let error = Error::new(
                &codes::PROMQL_MISSING,
                format!("unexpected end of query: expected {}", wanted),
                token,
            );
            return self.structure_error(error);
        }
        if hole_length(&word).is_some() {
            let before = self
                .text
                .get(..at)
                .and_then(|text| text.chars().next_back());
            if before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':') {
                self.hole_as_name::<()>(token, "part of a name");
                return;
            }
        }
        if word.starts_with('$') && hole_length(&word).is_none() {
            return self.unknown_variable(&word, token);
        }
        let shown = if word.chars().count() > 40 {
            let start: String = word.chars().take(40).collect();
            format!("{start}…")
        } else {
            word.clone()
        };
        let mut error = Error::new(
            &codes::PROMQL_UNEXPECTED,
            format!("unexpected `{shown}`: expected {wanted}"),
            token,
        );
        let lower = word.to_ascii_lowercase();
        error = match lower.as_str() {
            "&&" => error.help("write `and`").suggest(token, "and"),
            "||" => error.help("write `or`").suggest(token, "or"),
            "=" if self.text[..at].trim_end().ends_with(['<', '>', '!', '=']) => {
                error.help("write the operator without a space: `>=`")
            }
            "=" => error.help("use `==` to compare").suggest(token, "=="),
            "=>" => error.help("write `>=`").suggest(token, ">="),
            "=<" => error.help("write `<=`").suggest(token, "<="),
            "=~" | "!~" => {
                error.help("use regex matchers only for labels, inside braces: `{job=~\"a|b\"}`")
            }
            "!" => error.help("use `unless`, or compare with `== 0`: PromQL has no `!`"),
            "by" | "without" => error.help(format!(
                "write `{lower}` after an aggregation: `sum by (job) (x)`"
            )),
            "on" | "ignoring" | "bool" | "group_left" | "group_right" => error.help(format!(
                "write `{lower}` after an operator between two vectors"
            )),
            ")" | "]" | "}" => error.help(format!("remove this `{lower}`: no bracket is open")),
            ";" => error.help("remove the semicolon: a query is one expression"),
            _ => error,
        };
        let is_word = lower.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if wanted == LABEL_LIST && is_word {
            error = error
                .help("write labels in parentheses")
                .suggest(token, format!("({word})"));
        }
        if wanted == "`,` or `}`" && (is_word || word.starts_with(['"', '\''])) {
            let end = self.text[..at].trim_end().len();
            error = error
                .help("separate matchers by commas")
                .suggest(Span::new(end, end), ",");
        }
        if error.help.is_empty()
            && let Some(op) = word.chars().next().and_then(look_alike)
        {
            error = error
                .help(format!("replace the character with a plain `{op}`"))
                .suggest(token, op);
        }
        self.structure_error(error);
    }

    /// Reports an unclosed bracket, or an unexpected token in its place.
    pub(crate) fn unclosed<T>(
        &mut self,
        pair: &Pair<'_, Rule>,
        open: Option<Span>,
        wanted: &str,
    ) -> Option<T> {
        let at = span(pair).start as usize;
        match open {
            Some(open) if self.rest(at).is_empty() => {
                let bracket = self.text.get(open.range()).unwrap_or("(").to_owned();
                let close = match bracket.as_str() {
                    "[" => "]",
                    "{" => "}",
                    _ => ")",
                };
                self.structure_error(
                    Error::new(
                        &codes::PROMQL_UNCLOSED,
                        format!("unclosed `{bracket}`"),
                        open,
                    )
                    .label(format!("missing `{close}`"))
                    .suggest(Span::new(at, at), close),
                );
            }
            _ => self.unexpected(at, wanted),
        }
        None
    }

    pub(crate) fn unclosed_string<T>(&mut self, pair: &Pair<'_, Rule>) -> Option<T> {
        let at = span(pair);
        let quote = pair.as_str().chars().next().unwrap_or('"');
        let mut error = Error::new(&codes::PROMQL_UNCLOSED, "unterminated quoted string", at)
            .label(format!("missing closing `{quote}`"));
        if quote != '`' && self.rest(at.end as usize).starts_with('\n') {
            error = error.help("write `\\n` for a line break: a string ends on its line");
        }
        self.structure_error(error);
        None
    }

    /// Reports a missing expression. `after` is the place of the operator that requires it, and a description.
    pub(crate) fn missing_expr(
        &mut self,
        at: usize,
        after: Option<(Span, &str)>,
        context: Context,
    ) {
        let next = self.rest(at).chars().next();
        let ends = matches!(next, None | Some(')' | ',' | ']' | '}'));
        if !ends {
            return self.unexpected(at, "an expression");
        }
        if let Some((sign, lacks)) = after {
            let word = self.text.get(sign.range()).unwrap_or("").to_owned();
            return self.structure_error(
                Error::new(
                    &codes::PROMQL_MISSING,
                    format!("`{word}` has {lacks}"),
                    sign,
                )
                .label("expected an expression after it"),
            );
        }
        let error = match (context, next) {
            (Context::Query, None) => Error::new(
                &codes::PROMQL_MISSING,
                "no expression found in input",
                Span::new(0, self.text.len()),
            ),
            (Context::Paren(open), Some(')')) => Error::new(
                &codes::PROMQL_MISSING,
                "empty parentheses",
                Span::new(open.start as usize, at + 1),
            ),
            (Context::Paren(open), None) => {
                Error::new(&codes::PROMQL_UNCLOSED, "unclosed `(`", open)
                    .label("expected an expression and `)` after it")
            }
            (Context::Argument, Some(')' | ',')) => {
                let comma = last_before(self.text, at);
                if self.rest(comma).starts_with(',') {
                    Error::new(
                        &codes::PROMQL_MISSING,
                        "missing argument after the comma",
                        Span::new(comma, comma + 1),
                    )
                } else {
                    Error::new(&codes::PROMQL_MISSING, "missing argument", self.token(at))
                }
            }
            (Context::Argument, None) => {
                let open = last_before(self.text, at);
                Error::new(
                    &codes::PROMQL_UNCLOSED,
                    "unclosed argument list",
                    Span::new(open, open + 1),
                )
                .label("expected arguments and `)` after it")
            }
            _ => return self.unexpected(at, "an expression"),
        };
        self.structure_error(error);
    }

    pub(crate) fn missing_duration(&mut self, at: usize) {
        let token = self.token(at);
        let word = self.text.get(token.range()).unwrap_or("").to_owned();
        if matches!(word.chars().next(), Some('"' | '\'' | '`')) {
            let inner = word
                .trim_matches(|c| matches!(c, '"' | '\'' | '`'))
                .to_owned();
            return self.structure_error(
                Error::new(
                    &codes::PROMQL_UNEXPECTED,
                    "durations are written without quotes",
                    token,
                )
                .suggest(token, inner),
            );
        }
        if matches!(word.as_str(), "]" | "") || word == ")" {
            let at = if word.is_empty() {
                Span::new(at, at)
            } else {
                token
            };
            return self.structure_error(
                Error::new(&codes::PROMQL_MISSING, "missing duration", at)
                    .help("write for example `5m`, or `$window`"),
            );
        }
        self.unexpected(at, "a duration");
    }

    pub(crate) fn missing_at(&mut self, at: usize, sign: Span) {
        if self.rest(at).is_empty() {
            self.structure_error(
                Error::new(&codes::PROMQL_MISSING, "missing time after `@`", sign)
                    .help("write a Unix time, `start()` or `end()`"),
            );
        } else {
            self.unexpected(at, "a Unix time, `start()` or `end()`");
        }
    }

    pub(crate) fn matcher_without_operator(&mut self, label: &str, at: Span) {
        let next = self.text.get(at.end as usize..).unwrap_or("");
        let skipped = next.len() - next.trim_start().len();
        let following = at.end as usize + skipped;
        if matches!(next.trim_start().chars().next(), None | Some(',' | '}')) {
            self.structure_error(
                Error::new(
                    &codes::PROMQL_MISSING,
                    format!("missing matcher operator after `{label}`"),
                    at,
                )
                .label("expected `=`, `!=`, `=~` or `!~` and a value")
                .help(format!(
                    "write `{label}=\"value\"`; quote a metric name in braces: \
                        `{{\"{label}\"}}`"
                )),
            );
        } else {
            self.unexpected(following, "`=`, `!=`, `=~` or `!~`");
        }
    }

    pub(crate) fn value_not_quoted(&mut self, at: usize) {
        let token = self.token(at);
        let word = self.text.get(token.range()).unwrap_or("").to_owned();
        let is_word = word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let before = self.text.get(..at).unwrap_or("");
        let inner = self
            .rest(at)
            .strip_prefix(['“', '”', '„', '‘', '’'])
            .and_then(|rest| {
                let end = rest.find(['“', '”', '‘', '’', '"', '\'', '}', ',', '\n'])?;
                let quote = rest[end..]
                    .chars()
                    .next()
                    .filter(|c| !matches!(c, '}' | ',' | '\n'));
                Some((&rest[..end], quote.map_or(0, char::len_utf8)))
            });
        if word == "=" && before.ends_with('=') {
            self.structure_error(
                Error::new(
                    &codes::PROMQL_UNEXPECTED,
                    "label matchers use a single `=`",
                    Span::new(at - 1, at + 1),
                )
                .suggest(Span::new(at - 1, at + 1), "="),
            );
        } else if let Some((inner, quote)) = inner {
            let opening = self.rest(at).chars().next().map_or(0, char::len_utf8);
            let whole = Span::new(at, at + opening + inner.len() + quote);
            let plain = format!("\"{}\"", inner.replace('\\', "\\\\"));
            self.structure_error(
                Error::new(
                    &codes::PROMQL_UNEXPECTED,
                    "curly quotes are not valid in PromQL",
                    whole,
                )
                .label("not a plain quote")
                .suggest(whole, plain),
            );
        } else if hole_length(&word).is_some() {
            self.structure_error(
                Error::new(
                    &codes::PROMQL_MISPLACED_HOLE,
                    "an interpolation in a label value must be inside quotes",
                    token,
                )
                .label("add quotes around it")
                .suggest(token, format!("\"{word}\"")),
            );
        } else if is_word {
            self.structure_error(
                Error::new(
                    &codes::PROMQL_UNEXPECTED,
                    "a label value must be quoted",
                    token,
                )
                .suggest(token, format!("\"{word}\"")),
            );
        } else if matches!(word.as_str(), "" | "}" | ",") {
            self.structure_error(Error::new(
                &codes::PROMQL_MISSING,
                "missing label value",
                token,
            ));
        } else {
            self.unexpected(at, "a quoted value");
        }
    }

    /// Reports text next to a hole for a duration, `[${n}m]`.
    pub(crate) fn duration_hole(&mut self, pair: &Pair<'_, Rule>) -> Option<()> {
        let at = span(pair);
        let next = self.rest(at.end as usize).chars().next();
        if !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
            return Some(());
        }
        self.structure_error(
            Error::new(
                &codes::PROMQL_MISPLACED_HOLE,
                "an interpolation cannot be part of a duration",
                at,
            )
            .help("interpolate the whole duration, including its unit"),
        );
        None
    }

    pub(crate) fn hole_as_name<T>(&mut self, at: Span, what: &str) -> Option<T> {
        self.structure_error(
            Error::new(
                &codes::PROMQL_MISPLACED_HOLE,
                format!("an interpolation cannot be {what}"),
                at,
            )
            .label("names cannot be interpolated")
            .help(
                "interpolate a whole selector or expression, a duration, or text inside a quoted \
                string; match a metric name by value: `{__name__=\"${name}\"}`",
            ),
        );
        None
    }

    /// Reports a hole next to a name, braces or arguments.
    pub(crate) fn hole(&mut self, pair: &Pair<'_, Rule>) -> Option<()> {
        let at = span(pair);
        match self.rest(at.end as usize).chars().next() {
            Some(c) if c.is_ascii_alphanumeric() || c == '_' || c == ':' => {
                self.hole_as_name(at, "part of a name")
            }
            Some('(') => self.hole_as_name(at, "a function name"),
            Some('{') => {
                self.structure_error(
                    Error::new(
                        &codes::PROMQL_MISPLACED_HOLE,
                        "matchers cannot be added to an interpolated selector",
                        Span::new(at.end as usize, at.end as usize + 1),
                    )
                    .help("add the matchers to the selector that is interpolated"),
                );
                None
            }
            _ => Some(()),
        }
    }

    pub(crate) fn variable<T>(&mut self, pair: &Pair<'_, Rule>) -> Option<T> {
        self.unknown_variable(pair.as_str(), span(pair));
        None
    }

    fn unknown_variable(&mut self, word: &str, at: Span) {
        if word == "$window" {
            return self.structure_error(
                Error::new(
                    &codes::PROMQL_UNKNOWN_VARIABLE,
                    "`$window` is not allowed here: a duration is not expected",
                    at,
                )
                .help("write it as a range or after `offset`: `rate(x[$window])`"),
            );
        }
        let mut error = Error::new(
            &codes::PROMQL_UNKNOWN_VARIABLE,
            format!("unknown variable `{word}`"),
            at,
        )
        .help("use `$window`, or interpolate other values as `${name}`");
        let last = self
            .text
            .get(..at.start as usize)
            .and_then(|text| text.trim_end().chars().next_back());
        if matches!(last, Some('[' | ':')) {
            error = error.suggest(at, "$window");
        }
        self.structure_error(error);
    }

    pub(crate) fn string(&mut self, pair: &Pair<'_, Rule>) -> StringLit {
        let at = span(pair);
        let start = at.start as usize;
        match literal::unquote(pair.as_str(), |offset| self.hole_number(start + offset)) {
            Ok(parts) => StringLit { parts, span: at },
            Err(errors) => {
                for bad in errors {
                    let place = Span::new(start + bad.range.start, start + bad.range.end);
                    let mut error = Error::new(&codes::PROMQL_BAD_STRING, bad.message, place);
                    if bad.unknown {
                        error = error
                            .help("write two backslashes for a literal one")
                            .suggest(Span::new(place.start as usize, place.start as usize), "\\");
                    }
                    self.error(error);
                }
                StringLit {
                    parts: Vec::new(),
                    span: at,
                }
            }
        }
    }

    /// Returns the name in a quoted string.
    pub(crate) fn quoted_name(&mut self, pair: &Pair<'_, Rule>, what: &str) -> Option<SmolStr> {
        let string = self.string(pair);
        if let Some(text) = string.text() {
            return Some(text.into());
        }
        if string
            .parts
            .iter()
            .any(|part| matches!(part, StringPart::Hole(_)))
        {
            return self.hole_as_name(string.span, &format!("part of a {what} name"));
        }
        self.structure_error(Error::new(
            &codes::PROMQL_LABEL_NAME,
            format!("a {what} name must be valid UTF-8"),
            string.span,
        ));
        None
    }

    pub(crate) fn bad_duration(&mut self, text: &str, at: Span, code: &'static Code) {
        let error = match literal::duration(text) {
            Ok(_) => return,
            Err(BadDuration::Order) => Error::new(
                &codes::PROMQL_BAD_DURATION,
                format!("the units of `{text}` must be in descending order, each at most once"),
                at,
            )
            .help("write for example `1d12h` or `1h30m`"),
            Err(BadDuration::TooLong) => Error::new(
                &codes::PROMQL_BAD_DURATION,
                "duration out of range: longer than 292 years",
                at,
            ),
            Err(BadDuration::Malformed) if code.id == codes::PROMQL_BAD_DURATION.id => {
                let error = Error::new(code, format!("not a valid duration string: `{text}`"), at)
                    .help("use the units `ms`, `s`, `m`, `h`, `d`, `w` and `y` after integers: `1h30m`");
                match with_plain_unit(text) {
                    Some(plain) => error.suggest(at, plain),
                    None => error,
                }
            }
            Err(BadDuration::Malformed) => Error::new(
                code,
                format!("`{text}` is neither a number nor a duration"),
                at,
            ),
        };
        self.error(error);
    }
}

/// The expected text after `by`, `without`, `on` and `ignoring`.
pub(crate) const LABEL_LIST: &str = "`(` and a list of labels";

/// Returns the operator for a typographic character.
fn look_alike(c: char) -> Option<&'static str> {
    Some(match c {
        '×' | '·' | '∗' => "*",
        '÷' | '∕' => "/",
        '−' | '–' | '—' => "-",
        '≥' => ">=",
        '≤' => "<=",
        '≠' => "!=",
        '∧' => "and",
        '∨' => "or",
        '“' | '”' | '„' => "\"",
        '‘' | '’' => "'",
        _ => return None,
    })
}

/// Replaces the unit of `5min` by that of `5m`.
fn with_plain_unit(text: &str) -> Option<String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit = match unit.to_ascii_lowercase().trim_end_matches('s') {
        "milli" | "msec" | "millisecond" => "ms",
        "sec" | "second" => "s",
        "min" | "minute" => "m",
        "hr" | "hour" => "h",
        "day" => "d",
        "week" | "wk" => "w",
        "year" | "yr" => "y",
        _ => return None,
    };
    (!number.is_empty()).then(|| format!("{number}{unit}"))
}
