//! Formats expressions and types.

use pest::iterators::Pair;

use crate::parse::Rule;

use super::trivia::{gap, has_comment};
use super::{INDENT, WIDTH, newline};

/// Formats an expression that starts at `column` of a line indented by `indent`.
pub(super) fn expr(pair: &Pair<'_, Rule>, indent: usize, column: usize) -> String {
    if let Some(flat) = flat(pair, indent)
        && column + first_line_width(&flat) <= WIDTH
    {
        return flat;
    }
    broken(pair, indent)
        .or_else(|| flat(pair, indent))
        .unwrap_or_else(|| verbatim(pair, indent))
}

fn first_line_width(text: &str) -> usize {
    text.lines().next().map_or(0, |line| line.chars().count())
}

/// Returns the source text with further lines re-indented, for comments in unusual places.
pub(super) fn verbatim(pair: &Pair<'_, Rule>, indent: usize) -> String {
    let text = pair.as_str().trim_end_matches([' ', '\t']);
    let spans_lines = |inner: &Pair<'_, Rule>| {
        matches!(
            inner.as_rule(),
            Rule::string | Rule::multiline | Rule::query
        ) && inner.as_str().contains(['\n', '\r'])
    };
    if pair
        .clone()
        .into_inner()
        .flatten()
        .any(|inner| spans_lines(&inner))
    {
        return text.to_owned();
    }
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(&newline(indent + INDENT))
}

/// Formats on one line. `None` if it has comments, or brackets that the author broke.
pub(super) fn flat(pair: &Pair<'_, Rule>, indent: usize) -> Option<String> {
    if has_comment(pair) {
        return None;
    }
    let text = pair.as_str().trim_end_matches([' ', '\t']);
    Some(match pair.as_rule() {
        Rule::expr | Rule::free_expr => {
            let mut line = String::new();
            for part in pair.clone().into_inner() {
                match part.as_rule() {
                    Rule::op => {
                        line.push(' ');
                        line.push_str(part.as_str());
                        line.push(' ');
                    }
                    Rule::prefix => {
                        line.push_str(part.as_str());
                        if part.as_str() != "-" {
                            line.push(' ');
                        }
                    }
                    _ => line.push_str(&flat(&part, indent)?),
                }
            }
            line
        }
        Rule::operand => {
            let parts: Option<Vec<String>> = pair
                .clone()
                .into_inner()
                .map(|part| flat(&part, indent))
                .collect();
            parts?.concat()
        }
        Rule::time_of_week => text
            .split(' ')
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" "),
        Rule::multiline => multiline(pair, indent),
        Rule::list | Rule::labels if opens_with_newline(text) && has_elements(pair) => return None,
        Rule::list => format!("[{}]", elements(pair, indent)?.join(", ")),
        Rule::args | Rule::params => format!("({})", elements(pair, indent)?.join(", ")),
        Rule::labels => match elements(pair, indent)? {
            entries if entries.is_empty() => "{}".to_owned(),
            entries => format!("{{ {} }}", entries.join(", ")),
        },
        Rule::arg => {
            let parts: Vec<_> = pair.clone().into_inner().collect();
            match parts.as_slice() {
                [name, value] => format!("{}: {}", name.as_str(), flat(value, indent)?),
                _ => flat(parts.first()?, indent)?,
            }
        }
        Rule::label => {
            let parts: Vec<_> = pair.clone().into_inner().collect();
            match parts.as_slice() {
                [name, op, value, ..] if op.as_rule() == Rule::match_op => {
                    format!("{} {} {}", name.as_str(), op.as_str(), flat(value, indent)?)
                }
                [name, value, ..] => format!("{} = {}", name.as_str(), flat(value, indent)?),
                _ => return None,
            }
        }
        Rule::paren => format!("({})", flat(&pair.clone().into_inner().next()?, indent)?),
        Rule::if_expr => {
            let parts: Option<Vec<String>> = pair
                .clone()
                .into_inner()
                .map(|part| match part.as_rule() {
                    Rule::kw_if | Rule::kw_else => Some(part.as_str().to_owned()),
                    Rule::if_arm => Some(format!(
                        "{{ {} }}",
                        flat(&part.into_inner().next()?, indent)?
                    )),
                    _ => flat(&part, indent),
                })
                .collect();
            parts?.join(" ")
        }
        Rule::param => {
            let mut line = String::new();
            for part in pair.clone().into_inner() {
                match part.as_rule() {
                    Rule::type_ => line.push_str(&format!(": {}", flat(&part, indent)?)),
                    Rule::free_expr => line.push_str(&format!(" = {}", flat(&part, indent)?)),
                    _ => line.push_str(part.as_str()),
                }
            }
            line
        }
        Rule::type_ => {
            let members: Option<Vec<String>> = pair
                .clone()
                .into_inner()
                .map(|part| flat(&part, indent))
                .collect();
            members?.join(" | ")
        }
        Rule::type_post => {
            let parts: Option<Vec<String>> = pair
                .clone()
                .into_inner()
                .map(|part| flat(&part, indent))
                .collect();
            parts?.concat()
        }
        Rule::type_paren => format!("({})", flat(&pair.clone().into_inner().next()?, indent)?),
        Rule::type_list => format!(
            "list<{}>",
            flat(&pair.clone().into_inner().next()?, indent)?
        ),
        Rule::type_one => format!("one {}", pair.clone().into_inner().last()?.as_str()),
        _ => text.to_owned(),
    })
}

fn opens_with_newline(text: &str) -> bool {
    text[1..]
        .trim_start_matches([' ', '\t'])
        .starts_with(['\n', '\r'])
}

fn has_elements(pair: &Pair<'_, Rule>) -> bool {
    pair.clone().into_inner().next().is_some()
}

fn elements(pair: &Pair<'_, Rule>, indent: usize) -> Option<Vec<String>> {
    pair.clone()
        .into_inner()
        .map(|element| flat(&element, indent))
        .collect()
}

/// Formats on several lines: brackets with one element per line, or a break before each `and` and `or`.
fn broken(pair: &Pair<'_, Rule>, indent: usize) -> Option<String> {
    match pair.as_rule() {
        Rule::expr | Rule::free_expr => {
            let parts: Vec<_> = pair.clone().into_inner().collect();
            if let [operand] = parts.as_slice() {
                return broken(operand, indent);
            }
            let logical = |part: &Pair<'_, Rule>| {
                part.as_rule() == Rule::op && matches!(part.as_str(), "and" | "or")
            };
            if has_comment(pair) || !parts.iter().any(logical) {
                return None;
            }
            let mut text = String::new();
            for part in &parts {
                match part.as_rule() {
                    Rule::op if logical(part) => {
                        text.push_str(&newline(indent + INDENT));
                        text.push_str(part.as_str());
                        text.push(' ');
                    }
                    Rule::op => text.push_str(&format!(" {} ", part.as_str())),
                    Rule::prefix if part.as_str() == "-" => text.push('-'),
                    Rule::prefix => text.push_str(&format!("{} ", part.as_str())),
                    _ => text.push_str(&flat(part, indent + INDENT)?),
                }
            }
            Some(text)
        }
        Rule::operand => {
            let parts: Vec<_> = pair.clone().into_inner().collect();
            let (last, before) = parts.split_last()?;
            let mut text = String::new();
            for part in before {
                text.push_str(&flat(part, indent)?);
            }
            Some(text + &broken(last, indent)?)
        }
        Rule::list => Some(group(pair, indent, "[", "]", ",")),
        Rule::args | Rule::params => Some(group(pair, indent, "(", ")", ",")),
        Rule::labels => Some(group(pair, indent, "{", "}", "")),
        _ => None,
    }
}

/// Formats brackets with one element per line, and keeps every comment at its place.
pub(super) fn group(
    pair: &Pair<'_, Rule>,
    indent: usize,
    open: &str,
    close: &str,
    separator: &str,
) -> String {
    let input = pair.get_input();
    let inner = indent + INDENT;
    let mut text = open.to_owned();
    let mut at = pair.as_span().start() + 1;
    for element in pair.clone().into_inner() {
        let start = element.as_span().start();
        comments(&input[at..start], inner, &mut text);
        match element.as_rule() {
            // The end of a doc comment that is not attached to anything.
            Rule::nothing => continue,
            Rule::doc => {
                text.push_str(&newline(inner));
                text.push_str(super::doc(&element, inner).trim_end());
                at = start + element.as_str().trim_end().len();
                continue;
            }
            _ => {}
        }
        text.push_str(&newline(inner));
        text.push_str(&self::element(&element, inner));
        text.push_str(separator);
        at = start + element.as_str().trim_end_matches([' ', '\t']).len();
    }
    comments(&input[at..pair.as_span().end()], inner, &mut text);
    text.push_str(&newline(indent));
    text.push_str(close);
    text
}

/// Writes the comments of a gap: the first at the end of the line if it was there, the others on their own lines.
pub(super) fn comments(between: &str, indent: usize, text: &mut String) {
    for comment in gap(between).comments {
        if comment.own_line {
            text.push_str(&newline(indent));
        } else {
            text.push_str("  ");
        }
        text.push_str(comment.text);
    }
}

fn element(pair: &Pair<'_, Rule>, indent: usize) -> String {
    if let Some(flat) = flat(pair, indent)
        && indent + flat.chars().count() < WIDTH
    {
        return flat;
    }
    let parts: Vec<_> = pair.clone().into_inner().collect();
    match (pair.as_rule(), parts.as_slice()) {
        (Rule::free_expr, _) => expr(pair, indent, indent),
        (Rule::arg, [value]) => expr(value, indent, indent),
        (Rule::arg, [name, value]) if !between(name, value).contains("//") => {
            let head = format!("{}: ", name.as_str());
            let column = indent + head.chars().count();
            head + &expr(value, indent, column)
        }
        (Rule::label, [name, value]) => {
            let head = format!("{} = ", name.as_str());
            let column = indent + head.chars().count();
            head + &expr(value, indent, column)
        }
        (Rule::label, [name, op, value]) if op.as_rule() == Rule::match_op => {
            let head = format!("{} {} ", name.as_str(), op.as_str());
            let column = indent + head.chars().count();
            head + &expr(value, indent, column)
        }
        (Rule::param, _) => param(pair, indent),
        _ => verbatim(pair, indent),
    }
}

/// Returns the text between two nodes.
pub(super) fn between<'t>(left: &Pair<'t, Rule>, right: &Pair<'t, Rule>) -> &'t str {
    &left.get_input()[left.as_span().end()..right.as_span().start()]
}

fn param(pair: &Pair<'_, Rule>, indent: usize) -> String {
    let mut text = String::new();
    for part in pair.clone().into_inner() {
        match part.as_rule() {
            Rule::doc => text.push_str(&super::doc(&part, indent)),
            Rule::type_ => {
                text.push_str(": ");
                text.push_str(&ty(&part, indent));
            }
            Rule::free_expr => {
                text.push_str(" = ");
                let column = indent
                    + text
                        .lines()
                        .last()
                        .map_or(0, |line| line.trim_start().len());
                text.push_str(&expr(&part, indent, column));
            }
            _ => text.push_str(part.as_str()),
        }
    }
    text
}

/// Formats a type.
pub(super) fn ty(pair: &Pair<'_, Rule>, indent: usize) -> String {
    flat(pair, indent).unwrap_or_else(|| verbatim(pair, indent))
}

/// Formats a `"""` string: indents its lines one level deeper than `indent`. Only changes their common indent, which is not part
/// of the value.
fn multiline(pair: &Pair<'_, Rule>, indent: usize) -> String {
    let text = pair.as_str();
    let spans_lines = |part: &Pair<'_, Rule>| {
        part.as_rule() == Rule::hole && part.as_str().contains(['\n', '\r'])
    };
    if pair.clone().into_inner().any(|part| spans_lines(&part)) {
        return text.to_owned();
    }
    let normal = text.replace("\r\n", "\n");
    let Some(inner) = normal
        .strip_prefix("\"\"\"")
        .and_then(|text| text.strip_suffix("\"\"\""))
    else {
        return text.to_owned();
    };
    let blank = |line: &str| line.trim_matches([' ', '\t']).is_empty();
    let mut lines: Vec<&str> = inner.split('\n').collect();
    if lines.len() < 3 || !blank(lines[0]) || !blank(lines[lines.len() - 1]) {
        return normal;
    }
    lines.remove(0);
    lines.pop();
    let indent_of = |line: &'_ str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let mut common: Option<&str> = None;
    for line in lines.iter().filter(|line| !blank(line)) {
        let own = &line[..indent_of(line)];
        common = Some(match common {
            None => own,
            Some(common) => {
                let same = common
                    .bytes()
                    .zip(own.bytes())
                    .take_while(|(a, b)| a == b)
                    .count();
                &common[..same]
            }
        });
    }
    let cut = common.map_or(0, str::len);
    let mut moved = "\"\"\"".to_owned();
    for line in &lines {
        if blank(line) {
            moved.push('\n');
        } else {
            moved.push_str(&newline(indent + INDENT));
            moved.push_str(&line[cut..]);
        }
    }
    moved.push_str(&newline(indent + INDENT));
    moved + "\"\"\""
}
