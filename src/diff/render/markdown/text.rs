//! Texts of users in Markdown. None of them becomes markup, a mention, a reference or a link on GitHub, GitLab or Bitbucket.

use std::fmt::Write as _;

use nth_render::lines;

use crate::render::words::{Piece, Text};

/// An invisible character that ends a word, so that `@team` or `#12` is not recognized. Escapes are not enough: platforms
/// look for mentions and references in the text that is left when Markdown has been read.
const BREAK: char = '\u{200b}';

/// A text on one line.
pub fn inline(text: &Text) -> String {
    pieces(text, false)
}

/// A text in a cell of a table.
pub fn cell(text: &Text) -> String {
    pieces(text, true)
}

fn pieces(text: &Text, in_table: bool) -> String {
    let mut out = String::new();
    for piece in &text.pieces {
        match piece {
            Piece::Said(words) => escaped(words, &mut out),
            Piece::Strong(words) => strong(words, &mut out),
            Piece::Class(class) => strong(class.name(), &mut out),
            Piece::Name(value) | Piece::Before(value) | Piece::After(value) => {
                code(value, in_table, &mut out);
            }
            Piece::Prose(text) => {
                for (is_code, part) in parts(text) {
                    if is_code {
                        code(part, in_table, &mut out);
                    } else {
                        escaped(part, &mut out);
                    }
                }
            }
        }
    }
    out
}

/// Adds bold words. Blanks beside the asterisks would keep them from being markup.
fn strong(words: &str, out: &mut String) {
    let inner = words.trim();
    let (before, after) = words.split_once(inner).unwrap_or_default();
    out.push_str(before);
    if !inner.is_empty() {
        if out.ends_with('*') {
            out.push(BREAK);
        }
        let _ = write!(out, "**{}**", prose(inner));
    }
    out.push_str(after);
}

/// A text on one line of HTML, for a `summary`, in which Markdown is not read.
pub fn html(text: &Text) -> String {
    let mut out = String::new();
    for piece in &text.pieces {
        match piece {
            Piece::Said(words) => out.push_str(&entities(words)),
            Piece::Strong(words) => {
                let _ = write!(out, "<b>{}</b>", entities(words));
            }
            Piece::Class(class) => {
                let _ = write!(out, "<b>{}</b>", class.name());
            }
            Piece::Name(value) | Piece::Before(value) | Piece::After(value) => {
                let _ = write!(out, "<code>{}</code>", entities(value));
            }
            Piece::Prose(text) => {
                for (is_code, part) in parts(text) {
                    if is_code {
                        let _ = write!(out, "<code>{}</code>", entities(part));
                    } else {
                        out.push_str(&entities(&broken(part)));
                    }
                }
            }
        }
    }
    out
}

/// The parts of a sentence, and whether they are code. A backtick without another one is text.
fn parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let pairs = text.matches('`').count() / 2;
    let mut rest = text;
    let mut number = 0;
    std::iter::from_fn(move || {
        if number > 2 * pairs {
            return None;
        }
        let is_code = number % 2 == 1;
        let part = if number == 2 * pairs {
            std::mem::take(&mut rest)
        } else {
            let (part, after) = rest.split_once('`')?;
            rest = after;
            part
        };
        number += 1;
        Some((is_code, part))
    })
    // Code without text separates what is beside it.
    .filter(|(is_code, part)| *is_code || !part.is_empty())
}

/// Adds a code span. Its fence is longer than all backticks in it.
fn code(text: &str, in_table: bool, out: &mut String) {
    if in_table && text.contains('|') {
        // A bar would end the cell, also within a code span.
        let _ = write!(out, "<code>{}</code>", entities(text));
        return;
    }
    if out.ends_with('`') {
        // Two spans without anything between them would be one.
        out.push(BREAK);
    }
    let text = if text.trim().is_empty() { " " } else { text };
    let fence = "`".repeat(longest_run(text) + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    let _ = write!(out, "{fence}{pad}{text}{pad}{fence}");
}

/// A code span on its own.
pub fn span(text: &str) -> String {
    let mut out = String::new();
    code(text, false, &mut out);
    out
}

/// A block of code.
pub fn fenced(text: &str, language: &str) -> String {
    let text = lines(text);
    let fence = "`".repeat(longest_run(&text).max(2) + 1);
    format!(
        "{fence}{language}\n{}\n{fence}\n",
        text.trim_end_matches('\n')
    )
}

fn longest_run(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// Text that is nothing else: all punctuation is escaped, and what a platform would recognize is broken.
pub fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escaped(text, &mut out);
    out
}

fn escaped(text: &str, out: &mut String) {
    // At the beginning of a line, `-`, `=`, `:` and `1.` make lists and headings.
    let mut is_begin = out.trim_start().is_empty();
    let mut is_number = is_begin;
    for c in broken(text).chars() {
        match c {
            // A bar would end a cell; the others begin HTML and entities.
            '|' | '<' | '>' | '&' => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            '-' | '=' | ':' if !is_begin => out.push(c),
            '.' | ')' if !is_number => out.push(c),
            ',' | ';' | '?' | '/' | '%' | '@' | '(' | '"' | '\'' => out.push(c),
            c if c.is_ascii_punctuation() => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
        is_begin &= c.is_whitespace() || c == BREAK;
        is_number &= c.is_ascii_digit();
    }
}

/// Breaks what would become a mention, a reference or a link.
fn broken(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    // The length of the run of hexadecimal digits: a platform links what looks like the hash of a commit.
    let mut hex = 0;
    for (place, c) in chars.iter().copied().enumerate() {
        let next = chars.get(place + 1).copied();
        let previous = place
            .checked_sub(1)
            .and_then(|place| chars.get(place))
            .copied();
        out.push(c);
        hex = if c.is_ascii_hexdigit() { hex + 1 } else { 0 };
        let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let must_break = match c {
            '@' | '#' | '!' | '&' | '~' | '^' => next.is_some_and(|c| !c.is_whitespace()),
            // `https://`, `mailto:`, `:emoji:`; not `03:00`.
            ':' => {
                let digits = chars.iter().skip(place + 1);
                let digits = digits.take_while(|c| c.is_ascii_digit()).count();
                let is_time = digits == 2 && previous.is_some_and(|c| c.is_ascii_digit());
                !is_time && next.is_some_and(|c| !c.is_whitespace())
            }
            // Formulas.
            '$' => true,
            // Not `9%, 10%`.
            '%' => next.is_some_and(|c| !c.is_whitespace() && !",.;:()".contains(c)),
            '[' | '*' => is_word(next),
            // `JIRA-12`, `GH-12`.
            '-' => next.is_some_and(|c| c.is_ascii_digit()) && is_word(previous),
            // `www.`
            'w' | 'W' => matches!(next, Some('w' | 'W')),
            // A line that begins with a command.
            '/' => place == 0,
            _ => hex >= 6 && next.is_some_and(|c| c.is_ascii_hexdigit()),
        };
        if must_break {
            out.push(BREAK);
            hex = 0;
        }
    }
    out
}

/// Text in HTML in which no character has a meaning, neither for HTML nor for Markdown.
fn entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ':' if chars.peek() == Some(&' ') => out.push(c),
            ' ' | '.' | ',' | '/' | '-' | '(' | ')' | '%' | '=' => out.push(c),
            c if c.is_ascii_punctuation() => {
                let _ = write!(out, "&#{};", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}
