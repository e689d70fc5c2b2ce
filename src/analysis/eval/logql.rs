//! LogQL as text: what Loki would reject at the first look. Its meaning is not known here.
//!
//! Grammar: <https://grafana.com/docs/loki/latest/query/>.

use nth_diagnostics::suggest;

/// Functions of a range of log lines, which need a duration in brackets.
const RANGES: [&str; 15] = [
    "absent_over_time",
    "avg_over_time",
    "bytes_over_time",
    "bytes_rate",
    "count_over_time",
    "first_over_time",
    "last_over_time",
    "max_over_time",
    "min_over_time",
    "quantile_over_time",
    "rate",
    "rate_counter",
    "stddev_over_time",
    "stdvar_over_time",
    "sum_over_time",
];

/// All other words that a parenthesis may follow.
const OTHERS: [&str; 32] = [
    "and",
    "approx_topk",
    "avg",
    "bool",
    "bottomk",
    "by",
    "bytes",
    "count",
    "duration",
    "duration_seconds",
    "group_left",
    "group_right",
    "ignoring",
    "ip",
    "label_replace",
    "max",
    "min",
    "offset",
    "on",
    "or",
    "sort",
    "sort_desc",
    "stddev",
    "stdvar",
    "sum",
    "topk",
    "unless",
    "unwrap",
    "variants",
    "vector",
    "without",
    "of",
];

/// Operators, longer ones before those that they begin with.
const OPERATORS: [&str; 23] = [
    "|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<=", "|", "=", ">", "<", "+", "-", "*",
    "/", "%", "^", ",", ".", "@",
];

/// Operators that compare numbers.
const COMPARISONS: [&str; 6] = ["==", "!=", ">", "<", ">=", "<="];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    Number(&'t str),
    /// Without its quotes.
    Text(&'t str),
    Operator(&'t str),
    Open(char),
    Close(char),
}

/// Returns the reason why Loki cannot evaluate this text as the condition of an alert; `None` if none was found.
pub fn problem(text: &str) -> Option<String> {
    let tokens = match tokens(text) {
        Ok(tokens) => tokens,
        Err(problem) => return Some(problem),
    };
    brackets(&tokens)
        .or_else(|| functions(&tokens))
        .or_else(|| streams(&tokens))
        .or_else(|| filters(&tokens))
        .or_else(|| condition(&tokens))
}

fn tokens(text: &str) -> Result<Vec<Token<'_>>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            c if c.is_whitespace() => c.len_utf8(),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            '"' => {
                let end = string_end(rest).ok_or("a string is not closed")?;
                found.push(Token::Text(&rest[1..end]));
                end + 1
            }
            '(' | '[' | '{' => {
                found.push(Token::Open(first));
                1
            }
            ')' | ']' | '}' => {
                found.push(Token::Close(first));
                1
            }
            c if c.is_ascii_digit() => {
                let is_number = |c: char| c.is_ascii_alphanumeric() || c == '.';
                let length = rest.find(|c| !is_number(c)).unwrap_or(rest.len());
                found.push(Token::Number(&rest[..length]));
                length
            }
            c if c.is_ascii_alphabetic() || c == '_' => {
                let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                found.push(Token::Word(&rest[..length]));
                length
            }
            c => {
                let operator = OPERATORS.iter().find(|known| rest.starts_with(**known));
                let operator = operator.ok_or_else(|| format!("unexpected `{c}`"))?;
                found.push(Token::Operator(operator));
                operator.len()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(found)
}

/// The place of the quote that ends the string at the start of a text.
fn string_end(text: &str) -> Option<usize> {
    let mut is_escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return Some(at),
            '\n' => return None,
            _ => {}
        }
    }
    None
}

fn brackets(tokens: &[Token<'_>]) -> Option<String> {
    let mut open = Vec::new();
    for token in tokens {
        match token {
            Token::Open(bracket) => open.push(*bracket),
            Token::Close(bracket) => {
                let wanted = match bracket {
                    ')' => '(',
                    ']' => '[',
                    _ => '{',
                };
                if open.pop() != Some(wanted) {
                    return Some(format!("unexpected `{bracket}`"));
                }
            }
            _ => {}
        }
    }
    open.pop()
        .map(|bracket| format!("`{bracket}` is not closed"))
}

/// The tokens between the bracket at the start and the one that closes it.
fn inside<'a, 't>(tokens: &'a [Token<'t>]) -> &'a [Token<'t>] {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open(_) => depth += 1,
            Token::Close(_) => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return tokens.get(1..index).unwrap_or_default();
        }
    }
    tokens.get(1..).unwrap_or_default()
}

fn functions(tokens: &[Token<'_>]) -> Option<String> {
    for (index, pair) in tokens.windows(2).enumerate() {
        let [Token::Word(name), Token::Open('(')] = pair else {
            continue;
        };
        if RANGES.contains(name) {
            let arguments = inside(tokens.get(index + 1..).unwrap_or_default());
            let range = arguments
                .iter()
                .position(|token| *token == Token::Open('['));
            let range = range.and_then(|at| arguments.get(at..));
            match range.map(inside) {
                None => return Some(format!("`{name}` needs a range, such as `[5m]`")),
                Some([Token::Number(duration)]) if is_duration(duration) => {}
                Some(_) => return Some(format!("the range of `{name}` is not a duration")),
            }
        } else if !OTHERS.contains(name) {
            let known = RANGES.iter().chain(&OTHERS).copied();
            return Some(match suggest::nearest(name, known) {
                Some(near) => format!("LogQL has no function `{name}`; did you mean `{near}`?"),
                None => format!("LogQL has no function `{name}`"),
            });
        }
    }
    None
}

fn is_duration(text: &str) -> bool {
    nth_model::settings::texts::parse_duration(text).is_some_and(|duration| duration.0 > 0)
}

/// Every stream selector has a matcher that an empty value does not match, so that it does not select all streams.
fn streams(tokens: &[Token<'_>]) -> Option<String> {
    let starts = tokens.iter().enumerate();
    let mut starts = starts
        .filter(|(_, token)| **token == Token::Open('{'))
        .peekable();
    if starts.peek().is_none() {
        return Some("a stream selector is missing, such as `{job=\"checkout\"}`".to_owned());
    }
    for (start, _) in starts {
        let selector = inside(tokens.get(start..).unwrap_or_default());
        let mut selects = false;
        for matcher in selector.split(|token| *token == Token::Operator(",")) {
            match matcher {
                [] => {}
                [
                    Token::Word(_),
                    Token::Operator(operator),
                    Token::Text(value),
                ] => {
                    selects |= match *operator {
                        "=" => !value.is_empty(),
                        "!=" => value.is_empty(),
                        "=~" => nth_promql::matches_any(value, [""]) == Some(false),
                        "!~" => nth_promql::matches_any(value, [""]) == Some(true),
                        other => {
                            return Some(format!(
                                "unexpected `{other}` in a stream selector: expected `=`, `!=`, `=~` or `!~`"
                            ));
                        }
                    };
                }
                _ => {
                    return Some(
                        "a matcher of a stream selector must be a label, an operator and a string: \
                        `job=\"checkout\"`"
                            .to_owned(),
                    );
                }
            }
        }
        if !selects {
            return Some(
                "a stream selector must have a matcher that selects streams, such as `{job=\"checkout\"}`"
                    .to_owned(),
            );
        }
    }
    None
}

/// A filter of lines is followed by what it looks for.
fn filters(tokens: &[Token<'_>]) -> Option<String> {
    for (index, token) in tokens.iter().enumerate() {
        let after = tokens.get(index + 1);
        match token {
            Token::Operator(operator @ ("|=" | "|~" | "|>" | "!>"))
                if !matches!(after, Some(Token::Text(_) | Token::Word("ip"))) =>
            {
                return Some(format!("`{operator}` must be followed by a string"));
            }
            Token::Operator("|") if !matches!(after, Some(Token::Word(_) | Token::Open('('))) => {
                return Some("`|` must be followed by a parser or a filter".to_owned());
            }
            _ => {}
        }
    }
    None
}

/// An alert compares a number with a limit. Without it, it would fire for all logs.
fn condition(tokens: &[Token<'_>]) -> Option<String> {
    let is_range = |token: &Token<'_>| matches!(token, Token::Word(name) if RANGES.contains(name));
    if !tokens.iter().any(is_range) {
        return Some(
            "expected a condition on a number, found a query for log lines: use `count_over_time(… [5m]) > 0`"
                .to_owned(),
        );
    }
    // A comparison outside of the parentheses of ranges: inside, it filters lines.
    let mut rest = tokens;
    while let Some((first, after)) = rest.split_first() {
        let skipped = match (first, after.first()) {
            (Token::Word(name), Some(Token::Open('('))) if RANGES.contains(name) => {
                inside(after).len() + 2
            }
            (Token::Open('{'), _) => inside(rest).len() + 1,
            (Token::Operator(operator), _) if COMPARISONS.contains(operator) => return None,
            _ => 0,
        };
        rest = after.get(skipped..).unwrap_or_default();
    }
    Some("the condition compares nothing: add a limit, such as `> 10`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_of_loki_have_no_problem() {
        for text in [
            r#"sum(rate({job="checkout"} |= "error" [5m])) > 10"#,
            r#"sum by (route) (count_over_time({job="checkout", env=~"prod.+"} | json | status >= 500 [1h])) >= 3"#,
            r#"(sum(rate({a="b"} |~ "x|y" != "z" | logfmt [5m])) / sum(rate({a="b"}[5m]))) > 0.05"#,
            r#"quantile_over_time(0.99, {a="b"} | json | unwrap duration(latency) [5m]) by (x) > 1"#,
            "absent_over_time({a=\"b\"}[10m]) == 1 # nothing is logged",
            r#"sum(rate({a="b"} | json | addr = ip("10.0.0.0/8") [1m] offset 5m)) > bool 2"#,
            r#"sum(count_over_time({a!="", b="\"}"}[5m])) > 1"#,
        ] {
            assert_eq!(problem(text), None, "{text}");
        }
    }

    #[test]
    fn what_loki_rejects_has_one() {
        for (text, expected) in [
            (r#"rate({a="b"}[5m] > 1"#, "`(` is not closed"),
            (r#"rate({a="b"}[5m])) > 1"#, "unexpected `)`"),
            (r#"rate({a="b}[5m]) > 1"#, "a string is not closed"),
            (
                r#"rate({a="b"}) > 1"#,
                "`rate` needs a range, such as `[5m]`",
            ),
            (
                r#"rate({a="b"}[x]) > 1"#,
                "the range of `rate` is not a duration",
            ),
            (
                r#"increase({a="b"}[5m]) > 1"#,
                "LogQL has no function `increase`",
            ),
            (
                r#"count_over_tim({a="b"}[5m]) > 1"#,
                "did you mean `count_over_time`?",
            ),
            ("rate({}[5m]) > 1", "a stream selector must have a matcher"),
            (
                r#"rate({a=~".*"}[5m]) > 1"#,
                "a stream selector must have a matcher",
            ),
            (
                r#"rate({a}[5m]) > 1"#,
                "a matcher of a stream selector must be",
            ),
            (
                r#"rate({a>"b"}[5m]) > 1"#,
                "unexpected `>` in a stream selector",
            ),
            ("sum(vector(1)) > 0", "a stream selector is missing"),
            (
                r#"rate({a="b"} |= error [5m]) > 1"#,
                "`|=` must be followed by a string",
            ),
            (
                r#"rate({a="b"} | [5m]) > 1"#,
                "`|` must be followed by a parser",
            ),
            (r#"{a="b"} |= "error""#, "found a query for log lines"),
            (
                r#"rate({a="b"} | json | status > 1 [5m])"#,
                "compares nothing",
            ),
            (r#"rate({a="b"}[5m]) > 1 ?"#, "unexpected `?`"),
        ] {
            let found = problem(text).unwrap_or_default();
            assert!(found.contains(expected), "{text}: {found}");
        }
    }
}
