//! Writes `.nth`. Text from documents is escaped, so that it is never code.

use std::fmt::Write as _;

use crate::project::to_identifier;
use crate::promql::LabelMatchers;

/// Returns a string literal.
///
/// ```
/// use nthc::import::openslo::string;
///
/// assert_eq!(string("a \"b\" ${c}\n"), r#""a \"b\" \${c}\n""#);
/// ```
pub fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '$' => out.push_str("\\$"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            // Line breaks and bidirectional controls would make the source look different from what it is.
            c if c.is_control() || is_invisible(c) => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Returns a comment line. Line breaks in the text become spaces.
pub fn comment(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|c| {
            if c.is_control() || is_invisible(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    format!("// {}\n", text.trim())
}

/// The keywords that may begin something at the place of a name.
const KEYWORDS: [&str; 23] = [
    "and", "as", "else", "enum", "extend", "false", "for", "function", "if", "import", "in", "it",
    "kind", "let", "not", "one", "or", "require", "rule", "template", "true", "where", "without",
];

/// Converts a text to an identifier.
pub fn identifier(text: &str) -> String {
    let name = to_identifier(text).unwrap_or_else(|| "unnamed".to_owned());
    if KEYWORDS.contains(&name.as_str()) {
        format!("{name}-team")
    } else {
        name
    }
}

/// Returns the name of a block: an identifier, or a string literal.
pub fn block_name(text: &str) -> String {
    if crate::project::is_identifier(text) && !KEYWORDS.contains(&text) && !text.ends_with('-') {
        text.to_owned()
    } else {
        string(text)
    }
}

/// Returns labels as a map literal.
pub fn labels<'l>(labels: impl IntoIterator<Item = (&'l String, &'l String)>) -> String {
    let entries: Vec<String> = labels
        .into_iter()
        .map(|(label, value)| format!("{label} = {}", string(value)))
        .collect();
    if entries.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", entries.join(", "))
    }
}

/// Writes the matchers of a selector.
pub fn matchers(matchers: &LabelMatchers) -> String {
    let entries: Vec<String> = matchers
        .matchers()
        .filter_map(|matcher| {
            let value = string(matcher.value.text()?);
            Some(format!("{} {} {value}", matcher.label, matcher.op.as_str()))
        })
        .collect();
    if entries.is_empty() {
        "{}".to_owned()
    } else {
        format!("{{ {} }}", entries.join(", "))
    }
}
