//! Escapes text so that Grafana shows it as written.
//!
//! Grafana replaces variables in titles, descriptions, legends, links and the contents of text panels, wherever its
//! expression for variables matches: `$x`, `${x}` and `[[x]]`. There is no escape for it. The only way is to break the
//! match: with a word joiner (U+2060), which has no width, after the `$` or the first `[`. Queries do not need this:
//! their strings have their own escapes.

use std::fmt::Write as _;

use nth_model::{Text, TextPart};

/// A character without width at which lines are not broken.
const WORD_JOINER: char = '\u{2060}';

/// Returns whether a variable could begin with the first character of this text.
pub fn begins_variable(rest: &str) -> bool {
    let mut bytes = rest.bytes();
    match bytes.next() {
        Some(b'$') => bytes
            .next()
            .is_some_and(|next| next.is_ascii_alphanumeric() || next == b'_' || next == b'{'),
        Some(b'[') => bytes.next() == Some(b'['),
        _ => false,
    }
}

/// Escapes text so that no variable in it is replaced.
pub fn literal(text: &str) -> String {
    break_variables(text, begins_variable)
}

fn break_variables(text: &str, begins: impl Fn(&str) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        out.push(c);
        if begins(&text[at..]) {
            out.push(WORD_JOINER);
        }
    }
    out
}

/// Formats a legend: the data source fills in labels, and nothing else is replaced.
pub fn legend(text: &Text) -> String {
    let begins = |rest: &str| begins_variable(rest) || rest.starts_with("{{");
    text.parts
        .iter()
        .map(|part| match part {
            TextPart::Literal(text) => break_variables(text, begins),
            TextPart::Label(label) => label_reference(label),
            TextPart::Value(_) | TextPart::External(_) => String::new(),
        })
        .collect()
}

/// The labels of a group in a legend: `{{route}} {{method}}`.
pub fn group_references(by: &[String]) -> String {
    let labels: Vec<String> = by.iter().map(|label| label_reference(label)).collect();
    labels.join(" ")
}

/// `{{label}}`
pub fn label_reference(label: &str) -> String {
    format!("{{{{{label}}}}}")
}

/// Escapes text as Markdown, line by line: no markup, no HTML, no variable.
pub fn markdown(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(markdown_line).collect();
    literal(&lines.join("\n"))
}

fn markdown_line(line: &str) -> String {
    let line = line.trim();
    let mut out = String::with_capacity(line.len());
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    for (at, c) in line.char_indices() {
        // Marks of headings, quotes, lists and rules are at the start of a line; `1.` and `1)` of a list too.
        let begins = at == 0 && "#+-=".contains(c);
        let numbers = digits > 0 && at == digits && (c == '.' || c == ')');
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            _ if begins || numbers => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

/// Formats text as code in Markdown, on one line.
pub fn code(text: &str) -> String {
    literal(&crate::markdown::code(text))
}

/// Escapes a URL so that no variable in it is replaced.
pub fn url(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for (at, c) in url.char_indices() {
        if begins_variable(&url[at..]) {
            // It is ASCII, like everything that begins a variable.
            let _ = write!(out, "%{:02X}", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use nth_promql as promql;

    /// Returns whether Grafana's expression for variables, `\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\${(\w+)…}`, could match.
    fn has_variable(text: &str) -> bool {
        let bytes = text.as_bytes();
        let word = |at: usize| {
            bytes
                .get(at)
                .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_')
        };
        (0..bytes.len()).any(|at| {
            (bytes[at] == b'$' && word(at + 1))
                || (bytes[at..].starts_with(b"${") && word(at + 2))
                || (bytes[at..].starts_with(b"[[") && word(at + 2))
        })
    }

    #[test]
    fn variables_are_broken_and_nothing_else() {
        for same in ["costs 5 $", "a[0]", "$ 5", "ünïcode $", "[ [x]]"] {
            assert_eq!(literal(same), same);
        }
        for variable in [
            "$service",
            "${service}",
            "[[service]]",
            "[[service:csv]]",
            "$5",
            "$$x",
        ] {
            assert!(has_variable(variable), "{variable}");
            let shown = literal(variable);
            assert!(!has_variable(&shown), "{shown:?}");
            assert_eq!(shown.replace(WORD_JOINER, ""), variable);
        }
        assert_eq!(
            url("https://x.example/$service?a=[[b]]"),
            "https://x.example/%24service?a=%5B[b]]"
        );
    }

    #[test]
    fn queries_use_their_own_escapes() {
        let mut query = promql::parse(r#"x{a="$service",b=~"[[c]]|d$"} > 1"#).unwrap();
        promql::rewrite::hide(&mut query, &begins_variable);
        assert_eq!(
            query.to_string(),
            r#"x{a="\x24service",b=~"\x5b[c]]|d$"} > 1"#
        );
    }

    #[test]
    fn legends_take_labels_from_the_series_alone() {
        let text = Text {
            parts: vec![
                TextPart::Literal("{{job}} $service ".into()),
                TextPart::Label("region".into()),
            ],
        };
        assert_eq!(legend(&text), "{\u{2060}{job}} $\u{2060}service {{region}}");
    }

    proptest! {
        /// Rendering the Markdown returns the text without markup, for every text.
        #[test]
        fn markdown_shows_what_was_written(text in "[ -~\n]{0,60}") {
            let shown = markdown(&text);
            prop_assert!(!has_variable(&shown));
            let options = pulldown_cmark::Options::ENABLE_TABLES | pulldown_cmark::Options::ENABLE_STRIKETHROUGH;
            let mut read = String::new();
            for event in pulldown_cmark::Parser::new_ext(&shown, options) {
                match event {
                    pulldown_cmark::Event::Text(text) => read.push_str(&text),
                    pulldown_cmark::Event::SoftBreak => read.push('\n'),
                    pulldown_cmark::Event::Start(pulldown_cmark::Tag::Paragraph)
                    | pulldown_cmark::Event::End(pulldown_cmark::TagEnd::Paragraph) => read.push('\n'),
                    other => prop_assert!(false, "{other:?} in {shown:?}"),
                }
            }
            let words = |text: &str| -> Vec<String> {
                text.replace(WORD_JOINER, "").split_whitespace().map(str::to_owned).collect()
            };
            prop_assert_eq!(words(&read), words(&text));
        }

        #[test]
        fn code_shows_what_was_written(text in "[ -~]{1,40}") {
            prop_assume!(!text.trim().is_empty());
            let shown = code(&text);
            let read: Vec<_> = pulldown_cmark::Parser::new(&shown)
                .filter_map(|event| match event {
                    pulldown_cmark::Event::Code(code) => Some(code.replace(WORD_JOINER, "")),
                    _ => None,
                })
                .collect();
            prop_assert_eq!(read.len(), 1, "{:?}", shown);
            prop_assert_eq!(read[0].trim(), text.trim());
        }
    }
}
