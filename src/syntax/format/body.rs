//! Formats declarations, statements and bodies.

use pest::iterators::Pair;

use crate::parse::Rule;

use super::expr::{between, comments, expr, group, ty, verbatim};
use super::trivia::{gap, has_comment};
use super::{INDENT, WIDTH, doc, newline};

/// A formatted statement, with the columns that may be aligned with those of its neighbors.
pub(super) struct Printed {
    pub(super) text: String,
    columns: Columns,
}

/// The columns of a single-line statement.
#[derive(Clone, Default)]
enum Columns {
    /// `name` and `= value`
    Field(String, String),
    /// `kind name`, an optional `: base`, and `{ … }`
    Block(String, Option<String>, String),
    #[default]
    None,
}

impl Printed {
    fn plain(text: String) -> Self {
        Self {
            text,
            columns: Columns::None,
        }
    }
}

/// Text under construction, with its current column.
struct Line {
    text: String,
    indent: usize,
    flat: bool,
}

impl Line {
    fn new(indent: usize, flat: bool) -> Self {
        Self {
            text: String::new(),
            indent,
            flat,
        }
    }

    fn column(&self) -> usize {
        match self.text.rfind('\n') {
            Some(at) => self.text[at + 1..].chars().count(),
            None => self.indent + self.text.chars().count(),
        }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn expr(&mut self, pair: &Pair<'_, Rule>) {
        let printed = expr(pair, self.indent, self.column());
        self.push(&printed);
    }

    fn body(&mut self, pair: &Pair<'_, Rule>) {
        let printed = braces(pair, self.indent, self.column(), self.flat);
        self.push(&printed);
    }

    /// Formats parentheses after a name.
    fn arguments(&mut self, pair: &Pair<'_, Rule>) {
        match super::expr::flat(pair, self.indent) {
            Some(flat) if self.column() + flat.chars().count() <= WIDTH => self.push(&flat),
            _ => self.push(&group(pair, self.indent, "(", ")", ",")),
        }
    }

    /// Adds a word on the same line or, after comments, on its own line.
    fn word_after(&mut self, gap_text: &str, word: &str) {
        if gap_text.contains("//") {
            let indent = self.indent;
            comments(gap_text, indent, &mut self.text);
            self.push(&newline(indent));
        } else {
            self.push(" ");
        }
        self.push(word);
    }
}

/// Formats a declaration or statement without its doc comment. With `flat`, its braces stay on one line of any width, so that
/// the caller can measure it.
pub(super) fn node(pair: &Pair<'_, Rule>, indent: usize, flat: bool) -> Printed {
    match pair.as_rule() {
        Rule::field => field(pair, indent),
        Rule::block => block(pair, indent, flat),
        Rule::if_stmt => Printed::plain(choice(pair, indent, flat)),
        Rule::import => Printed::plain(import(pair, indent)),
        Rule::nothing => Printed::plain(String::new()),
        _ => Printed::plain(words(pair, indent, flat)),
    }
}

/// Formats nodes whose parts are separated by one blank.
fn words(pair: &Pair<'_, Rule>, indent: usize, flat: bool) -> String {
    let mut line = Line::new(indent, flat);
    let mut before: Option<Pair<'_, Rule>> = None;
    for part in pair.clone().into_inner() {
        let gap_text = before.as_ref().map_or("", |before| between(before, &part));
        let first = line.text.is_empty();
        match part.as_rule() {
            Rule::doc => {
                let text = doc(&part, indent);
                line.push(&text);
                continue;
            }
            Rule::params => line.arguments(&part),
            Rule::type_ => {
                line.push(if pair.as_rule() == Rule::function {
                    " -> "
                } else {
                    ": "
                });
                let text = ty(&part, indent);
                line.push(&text);
            }
            Rule::base => {
                line.push(" : ");
                base(&part, &mut line);
            }
            Rule::kind_base => line.push(&format!(" : {}", part.as_str().trim_end())),
            Rule::expr if matches!(gap_text.trim(), "=") => {
                line.push(" = ");
                line.expr(&part);
            }
            Rule::expr => {
                line.push(" ");
                line.expr(&part);
            }
            Rule::where_clause => {
                line.word_after(gap_text, "where ");
                if let Some(condition) = part.clone().into_inner().nth(1) {
                    line.expr(&condition);
                }
            }
            Rule::kw_else => line.word_after(gap_text, "else"),
            Rule::body | Rule::kind_body | Rule::enum_body => {
                line.push(" ");
                line.body(&part);
            }
            _ => {
                if gap_text.contains(',') {
                    line.push(", ");
                } else if !first && before.is_some() {
                    line.push(" ");
                }
                line.push(part.as_str());
            }
        }
        before = Some(part);
    }
    line.text
}

fn import(pair: &Pair<'_, Rule>, indent: usize) -> String {
    if has_comment(pair) {
        return verbatim(pair, indent);
    }
    let mut text = String::new();
    for part in pair.clone().into_inner() {
        if part.as_rule() == Rule::import_names {
            let names: Vec<&str> = part
                .clone()
                .into_inner()
                .map(|name| name.as_str())
                .collect();
            let line = format!(".{{{}}}", names.join(", "));
            if text.len() + line.len() <= WIDTH {
                text.push_str(&line);
            } else {
                let inner = newline(indent + INDENT);
                text.push_str(&format!(
                    ".{{{inner}{},{}}}",
                    names.join(&format!(",{inner}")),
                    newline(indent)
                ));
            }
            continue;
        }
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(part.as_str());
    }
    text
}

fn field(pair: &Pair<'_, Rule>, indent: usize) -> Printed {
    let mut parts = pair.clone().into_inner();
    let (Some(name), Some(value)) = (parts.next(), parts.next()) else {
        return Printed::plain(verbatim(pair, indent));
    };
    let column = indent + name.as_str().chars().count() + 3;
    let value = expr(&value, indent, column);
    let text = format!("{} = {value}", name.as_str());
    let columns = if value.contains('\n') {
        Columns::None
    } else {
        Columns::Field(name.as_str().to_owned(), format!("= {value}"))
    };
    Printed { text, columns }
}

fn base(pair: &Pair<'_, Rule>, line: &mut Line) {
    for part in pair.clone().into_inner() {
        if part.as_rule() == Rule::args {
            line.arguments(&part);
        } else {
            line.push(part.as_str());
        }
    }
}

fn block(pair: &Pair<'_, Rule>, indent: usize, flat: bool) -> Printed {
    let mut line = Line::new(indent, flat);
    let mut head = String::new();
    let mut base_text = None;
    let mut body = String::new();
    for part in pair.clone().into_inner() {
        match part.as_rule() {
            Rule::base => {
                head = line.text.clone();
                line.push(" : ");
                base(&part, &mut line);
                base_text = Some(line.text[head.len() + 1..].to_owned());
            }
            Rule::body => {
                if base_text.is_none() {
                    head = line.text.clone();
                }
                line.push(" ");
                let at = line.text.len();
                line.body(&part);
                body = line.text[at..].to_owned();
            }
            _ => {
                if !line.text.is_empty() {
                    line.push(" ");
                }
                line.push(part.as_str().trim_end());
            }
        }
    }
    let columns = if line.text.contains('\n') || head.is_empty() {
        Columns::None
    } else {
        Columns::Block(head, base_text, body)
    };
    Printed {
        text: line.text,
        columns,
    }
}

/// Formats `if … { } else if … { } else { }`.
fn choice(pair: &Pair<'_, Rule>, indent: usize, flat: bool) -> String {
    let mut line = Line::new(indent, flat);
    let mut before: Option<Pair<'_, Rule>> = None;
    for part in pair.clone().into_inner() {
        let gap_text = before.as_ref().map_or("", |before| between(before, &part));
        match part.as_rule() {
            Rule::kw_if if line.text.is_empty() => line.push("if"),
            Rule::kw_else => line.word_after(gap_text, "else"),
            Rule::kw_if => line.push(" if"),
            Rule::expr => {
                line.push(" ");
                line.expr(&part);
            }
            Rule::else_body => {
                line.push(" ");
                if let Some(body) = part.clone().into_inner().next() {
                    line.body(&body);
                }
            }
            _ => {
                line.push(" ");
                line.body(&part);
            }
        }
        before = Some(part);
    }
    line.text
}

/// Formats braces: on one line if they were and it fits, else with one statement per line.
fn braces(pair: &Pair<'_, Rule>, indent: usize, column: usize, flat: bool) -> String {
    let source = pair.as_str().trim_end_matches([' ', '\t']);
    if flat {
        return one_line(pair, indent + INDENT);
    }
    if !source.contains(['\n', '\r']) && !has_comment(pair) {
        let line = one_line(pair, indent + INDENT);
        if !line.contains('\n') && column + line.chars().count() <= WIDTH {
            return line;
        }
    }
    let rows = rows(pair, indent + INDENT);
    if rows.is_empty() {
        return "{}".to_owned();
    }
    let mut text = "{".to_owned();
    for row in rows {
        match row {
            Row::Trailing(comment) => text.push_str(&format!("  {comment}")),
            Row::Blank => text.push('\n'),
            Row::Own(comment) => {
                text.push_str(&newline(indent + INDENT));
                text.push_str(&comment);
            }
            Row::Statement(printed) => {
                text.push_str(&newline(indent + INDENT));
                text.push_str(&printed.text);
            }
        }
    }
    text + &newline(indent) + "}"
}

fn one_line(pair: &Pair<'_, Rule>, indent: usize) -> String {
    let mut text = "{".to_owned();
    let mut last = None;
    for part in pair.clone().into_inner() {
        let node_rule = part
            .clone()
            .into_inner()
            .last()
            .map(|inner| inner.as_rule());
        let separator = match (pair.as_rule(), last) {
            (_, None) => " ",
            // White space alone would not separate these.
            (Rule::body, Some(Some(Rule::without))) => ", ",
            (Rule::body, _) if node_rule == Some(Rule::in_stmt) => ", ",
            (Rule::body, _) => "  ",
            _ => ", ",
        };
        text.push_str(separator);
        text.push_str(&statement(&part, indent, true).text);
        last = Some(node_rule);
    }
    if last.is_some() {
        text + " }"
    } else {
        text + "}"
    }
}

/// One or more lines between braces.
enum Row {
    Trailing(String),
    Own(String),
    Blank,
    Statement(Printed),
}

fn rows(pair: &Pair<'_, Rule>, indent: usize) -> Vec<Row> {
    let input = pair.get_input();
    let mut rows = Vec::new();
    let mut at = pair.as_span().start() + 1;
    let end = pair.as_span().start() + pair.as_str().trim_end_matches([' ', '\t']).len() - 1;
    let mut parts = pair.clone().into_inner();
    loop {
        let part = parts.next();
        let start = part.as_ref().map_or(end, |part| part.as_span().start());
        let found = gap(&input[at..start]);
        for comment in found.comments {
            if comment.blank_before && !rows.is_empty() {
                rows.push(Row::Blank);
            }
            let text = comment.text.to_owned();
            rows.push(if comment.own_line {
                Row::Own(text)
            } else {
                Row::Trailing(text)
            });
        }
        let Some(part) = part else { break };
        // The end of a doc comment that is not attached to anything.
        if part.as_rule() == Rule::nothing {
            continue;
        }
        if found.blank_after && !rows.is_empty() {
            rows.push(Row::Blank);
        }
        rows.push(Row::Statement(statement(&part, indent, false)));
        at = start + part.as_str().trim_end().len();
    }
    align(&mut rows, indent);
    rows
}

/// Formats a statement, field declaration or enum member with its doc comment.
fn statement(pair: &Pair<'_, Rule>, indent: usize, flat: bool) -> Printed {
    match pair.as_rule() {
        Rule::statement => {
            let mut parts = pair.clone().into_inner().peekable();
            let comment = parts.next_if(|part| part.as_rule() == Rule::doc);
            let printed = parts.next().map(|part| node(&part, indent, flat));
            match (comment, printed) {
                (None, Some(printed)) => printed,
                (Some(comment), printed) => {
                    let mut text = doc(&comment, indent);
                    text.push_str(&printed.map_or(String::new(), |printed| printed.text));
                    text.truncate(text.trim_end().len());
                    Printed::plain(text)
                }
                (None, None) => Printed::plain(String::new()),
            }
        }
        Rule::doc => {
            let mut text = doc(pair, indent);
            text.truncate(text.trim_end().len());
            Printed::plain(text)
        }
        _ => Printed::plain(words(pair, indent, flat)),
    }
}

/// Aligns the columns of adjacent lines, if all of them still fit.
fn align(rows: &mut [Row], indent: usize) {
    let mut start = 0;
    while start < rows.len() {
        let is_field = |row: &Row| {
            matches!(
                row,
                Row::Statement(Printed {
                    columns: Columns::Field(..),
                    ..
                })
            )
        };
        let is_block = |row: &Row| {
            matches!(
                row,
                Row::Statement(Printed {
                    columns: Columns::Block(..),
                    ..
                })
            )
        };
        let belongs: &dyn Fn(&Row) -> bool = if is_field(&rows[start]) {
            &is_field
        } else if is_block(&rows[start]) {
            &is_block
        } else {
            start += 1;
            continue;
        };
        let mut end = start + 1;
        while end < rows.len() && (belongs(&rows[end]) || matches!(rows[end], Row::Trailing(_))) {
            end += 1;
        }
        widen(&mut rows[start..end], indent);
        start = end;
    }
}

fn widen(rows: &mut [Row], indent: usize) {
    let columns: Vec<Columns> = rows
        .iter()
        .filter_map(|row| match row {
            Row::Statement(printed) => Some(printed.columns.clone()),
            _ => None,
        })
        .collect();
    let width = |text: &str| text.chars().count();
    let first = columns
        .iter()
        .map(|columns| match columns {
            Columns::Field(name, _) => width(name),
            Columns::Block(head, _, _) => width(head),
            Columns::None => 0,
        })
        .max()
        .unwrap_or(0);
    let second = columns
        .iter()
        .map(|columns| match columns {
            Columns::Block(_, Some(base), body) if !body.is_empty() => width(base),
            _ => 0,
        })
        .max()
        .unwrap_or(0);
    let lines: Vec<String> = columns
        .iter()
        .map(|columns| match columns {
            Columns::Field(name, value) => format!("{name:first$} {value}"),
            Columns::Block(head, None, body) => format!("{head:first$} {body}"),
            Columns::Block(head, Some(base), body) if body.is_empty() => {
                format!("{head:first$} {base}")
            }
            Columns::Block(head, Some(base), body) => {
                format!("{head:first$} {base:second$} {body}")
            }
            Columns::None => String::new(),
        })
        .collect();
    if lines.iter().any(|line| indent + width(line) > WIDTH) {
        return;
    }
    let statements = rows.iter_mut().filter_map(|row| match row {
        Row::Statement(printed) => Some(printed),
        _ => None,
    });
    for (printed, line) in statements.zip(lines) {
        printed.text = line;
    }
}
