//! Escapes text for Markdown so that it is shown as written: no markup, no HTML, and nothing that a renderer's
//! extensions interpret.
//!
//! Characters that every Markdown renderer can escape get a backslash; others become character references, which all of
//! them know.

use std::borrow::Cow;
use std::fmt::Write;

use crate::links::{encode_except, letters_digits_and, push_encoded};
use nth_model::{Text, TextPart};

/// Returns whether a character changes the direction of the text around it.
pub fn turns_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text on one line, with white space as single spaces, for a heading, a cell or an item.
pub fn single_line(text: &str) -> String {
    if is_single_line(text) {
        return text.to_owned();
    }
    let mut line = String::with_capacity(text.len());
    let mut is_apart = false;
    for c in text.chars() {
        if c.is_whitespace() {
            is_apart = !line.is_empty();
        } else if !c.is_control() && !turns_around(c) {
            if is_apart {
                line.push(' ');
            }
            is_apart = false;
            line.push(c);
        }
    }
    line
}

/// Returns whether a text is one line of ASCII with single spaces, as most are.
fn is_single_line(text: &str) -> bool {
    let is_shown = |byte: u8| matches!(byte, b' '..=b'~');
    text.bytes().all(is_shown)
        && !text.starts_with(' ')
        && !text.ends_with(' ')
        && !text.contains("  ")
}

/// Escapes text on one line.
pub fn inline(text: &str) -> String {
    const PLAIN: [bool; 256] = letters_digits_and(b" !\"%'()+,-./:;=?@^");
    if text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| PLAIN[usize::from(byte)])
        && is_single_line(text)
    {
        return text.to_owned();
    }
    let text = single_line(text);
    let mut out = String::with_capacity(text.len());
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    for (at, c) in text.char_indices() {
        // At the start of a line, it may be the mark of a list, a quote, an admonition or a heading's underline; `1.`
        // and `1)` too.
        let begins = at == 0 && c.is_ascii_punctuation() && c != '`';
        let numbers = digits > 0 && at == digits && (c == '.' || c == ')');
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' if !begins => {
                out.push('\\');
                out.push(c);
            }
            '`' => out.push_str("\\`"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '~' | '$' | '{' | '}' => reference(&mut out, c),
            _ if begins || numbers => reference(&mut out, c),
            _ => out.push(c),
        }
    }
    out
}

fn reference(out: &mut String, c: char) {
    // Writing to a string does not fail.
    let _ = write!(out, "&#{};", u32::from(c));
}

/// Escapes text and keeps its lines and paragraphs.
pub fn block(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    for line in text.lines().map(inline) {
        let after_blank = out.last().is_none_or(String::is_empty);
        if !line.is_empty() || !after_blank {
            out.push(line);
        }
    }
    out.join("\n").trim_end().to_owned()
}

/// Formats text as code on one line; empty for empty text, as code cannot be empty.
pub fn code(text: &str) -> String {
    let is_shown = |byte: u8| matches!(byte, b' '..=b'~');
    if text.bytes().all(is_shown) && text.bytes().any(|byte| byte != b' ') {
        return crate::markdown::code(text);
    }
    let shown = |c: &char| !turns_around(*c);
    let visible = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = text.chars().filter(shown).map(visible).collect();
    if text.trim().is_empty() {
        return String::new();
    }
    crate::markdown::code(&text)
}

/// Formats lines unchanged as code of a language.
pub fn fence(language: &str, text: &str) -> String {
    let shown = |c: &char| !turns_around(*c) && (!c.is_control() || *c == '\n' || *c == '\t');
    let text: String = text.chars().filter(shown).collect();
    let longest = crate::markdown::longest_run(&text);
    let fence = "`".repeat(3.max(longest + 1));
    format!("{fence}{language}\n{}\n{fence}", text.trim_end())
}

/// A link, if the URL is safe for a browser; otherwise its text and the URL as code.
pub fn link(text: &str, url: &str) -> String {
    match safe_url(url) {
        Some(url) => format!("[{}]({url})", inline(text)),
        None => format!("{} ({})", inline(text), code(url)),
    }
}

/// A URL that is shown and linked.
pub fn address(url: &str) -> String {
    match safe_url(url) {
        Some(safe) if safe == url => format!("<{url}>"),
        _ => link(url, url),
    }
}

/// A web URL, escaped so that nothing in it ends a link; `None` if it is not safe.
fn safe_url(url: &str) -> Option<Cow<'_, str>> {
    const PLAIN: [bool; 256] = letters_digits_and(b"-._~:/?#@!$&+,;=%");
    let scheme = ["https://", "http://"];
    scheme.iter().find(|scheme| url.starts_with(**scheme))?;
    Some(match url.bytes().all(|byte| PLAIN[usize::from(byte)]) {
        true => Cow::Borrowed(url),
        false => Cow::Owned(encode_except(url, &PLAIN)),
    })
}

/// A link to another page of the documents, `ledger.md`, or to a heading of this one, `#alerts`.
pub fn internal_link(text: &str, target: &str) -> String {
    let (page, anchor) = target.split_once('#').unwrap_or((target, ""));
    let mark = if target.contains('#') { "#" } else { "" };
    let mut link = format!("[{}]({page}{mark}", inline(text));
    for byte in anchor.bytes() {
        if byte.is_ascii() {
            link.push(char::from(byte));
        } else {
            push_encoded(&mut link, byte);
        }
    }
    link.push(')');
    link
}

/// The email address of a person, linked if it is a plain one.
pub fn person(mail: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@.-+_".contains(c);
    if mail.chars().all(plain) && mail.contains('@') {
        format!("<{mail}>")
    } else {
        inline(mail)
    }
}

/// Formats an alert's text: the parts that are filled in when it fires are code.
pub fn alert_text(text: &Text) -> String {
    let mut out = String::new();
    let mut literal = String::new();
    for part in &text.parts {
        let filled = match part {
            TextPart::Literal(text) => {
                literal.push_str(text);
                continue;
            }
            TextPart::Value(_) => "value".to_owned(),
            TextPart::Label(label) => format!("labels.{label}"),
            TextPart::External(label) => format!("external.{label}"),
        };
        // Spaces before and after a filled-in part are significant.
        out.push_str(&spaced_inline(&literal, !out.is_empty()));
        literal.clear();
        out.push_str(&code(&filled));
    }
    out.push_str(&spaced_inline(&literal, !out.is_empty()));
    out.trim().to_owned()
}

fn spaced_inline(text: &str, follows: bool) -> String {
    let before = follows && text.starts_with(char::is_whitespace);
    let after = text.ends_with(char::is_whitespace) && !text.trim().is_empty();
    format!(
        "{}{}{}",
        if before { " " } else { "" },
        inline(text),
        if after { " " } else { "" }
    )
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

    use super::*;

    fn read(markdown: &str) -> Result<String, String> {
        let mut read = String::new();
        let options = Options::ENABLE_TABLES
            | Options::ENABLE_STRIKETHROUGH
            | Options::ENABLE_MATH
            | Options::ENABLE_TASKLISTS
            | Options::ENABLE_FOOTNOTES
            | Options::ENABLE_DEFINITION_LIST;
        for event in Parser::new_ext(markdown, options) {
            match event {
                Event::Text(text) => read.push_str(&text),
                Event::SoftBreak => read.push('\n'),
                Event::Start(Tag::Paragraph) | Event::End(TagEnd::Paragraph) => read.push('\n'),
                other => return Err(format!("{other:?}")),
            }
        }
        Ok(read)
    }

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_cannot_be_followed_is_no_link() {
        assert_eq!(
            link("a", "javascript:alert(1)"),
            "a (`javascript:alert(1)`)"
        );
        assert_eq!(
            link("a]", "https://x.example/(a b)<c>"),
            "[a\\]](https://x.example/%28a%20b%29%3Cc%3E)"
        );
        assert_eq!(address("https://x.example/a"), "<https://x.example/a>");
    }

    #[test]
    fn addresses_are_shown_whatever_they_are() {
        assert_eq!(person("ana@example.com"), "<ana@example.com>");
        assert_eq!(person("<b>@x"), "&lt;b&gt;@x");
    }

    #[test]
    fn a_fence_is_longer_than_any_within() {
        assert_eq!(fence("promql", "a ```` b"), "`````promql\na ```` b\n`````");
    }

    proptest! {
        #[test]
        fn a_line_shows_what_was_written(text in "[ -~\n]{0,60}") {
            let shown = inline(&text);
            prop_assert_eq!(words(&read(&shown).unwrap()), words(&text), "{}", shown);
            let heading = format!("## {shown}");
            let in_heading: String = Parser::new(&heading)
                .filter_map(|event| match event { Event::Text(text) => Some(text.to_string()), _ => None })
                .collect();
            prop_assert_eq!(words(&in_heading), words(&text), "{}", heading);
        }

        #[test]
        fn lines_show_what_was_written(text in "[ -~\n]{0,60}") {
            let shown = block(&text);
            let read = read(&shown);
            prop_assert!(read.is_ok(), "{:?} of {:?}", read, shown);
            prop_assert_eq!(words(&read.unwrap()), words(&text), "{}", shown);
        }

        #[test]
        fn a_cell_shows_what_was_written(text in "[ -~]{1,40}") {
            let table = format!("| a | b |\n| --- | --- |\n| {} | end |\n", inline(&text));
            let cells: Vec<String> = {
                let mut cells = Vec::new();
                for event in Parser::new_ext(&table, Options::ENABLE_TABLES) {
                    match event {
                        Event::Start(Tag::TableCell) => cells.push(String::new()),
                        Event::Text(text) => cells.last_mut().unwrap().push_str(&text),
                        _ => {}
                    }
                }
                cells
            };
            prop_assert_eq!(cells.len(), 4);
            prop_assert_eq!(words(&cells[2]), words(&text));
        }
    }
}
