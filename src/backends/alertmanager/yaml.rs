//! Writes YAML whose values keep their types for every reader: what had no quotes has none, and what had some has some unless it is a
//! word that no reader takes for anything else.

use nth_model::YamlNode;

/// The text of a document.
pub fn write(document: &YamlNode) -> String {
    let mut out = String::new();
    match document {
        YamlNode::Map(entries) if !entries.is_empty() => map(entries, 0, &mut out),
        YamlNode::List(items) if !items.is_empty() => list(items, 0, &mut out),
        other => {
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
    out
}

fn map(entries: &[(String, YamlNode)], indent: usize, out: &mut String) {
    for (key, value) in entries {
        pad(indent, out);
        // A merge key is only one without quotes.
        if key == "<<" || is_word(key) {
            out.push_str(key);
        } else {
            quote(key, out);
        }
        out.push(':');
        match value {
            YamlNode::Map(entries) if !entries.is_empty() => {
                out.push('\n');
                map(entries, indent + 2, out);
            }
            YamlNode::List(items) if !items.is_empty() => {
                out.push('\n');
                list(items, indent, out);
            }
            other => {
                out.push(' ');
                out.push_str(&inline(other));
                out.push('\n');
            }
        }
    }
}

fn list(items: &[YamlNode], indent: usize, out: &mut String) {
    for item in items {
        let start = out.len();
        match item {
            YamlNode::Map(entries) if !entries.is_empty() => map(entries, indent + 2, out),
            YamlNode::List(items) if !items.is_empty() => list(items, indent + 2, out),
            other => {
                pad(indent + 2, out);
                out.push_str(&inline(other));
                out.push('\n');
            }
        }
        // The first line begins with as much space as the dash takes.
        out.replace_range(start + indent..start + indent + 2, "- ");
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn inline(node: &YamlNode) -> String {
    match node {
        YamlNode::Map(_) => "{}".to_owned(),
        YamlNode::List(_) => "[]".to_owned(),
        YamlNode::Plain(text) if text.is_empty() => "null".to_owned(),
        YamlNode::Plain(text) if !text.contains(['\n', '\r']) => text.clone(),
        YamlNode::Text(text) if is_word(text) => text.clone(),
        YamlNode::Plain(text) | YamlNode::Text(text) => {
            let mut out = String::new();
            quote(text, &mut out);
            out
        }
    }
}

/// Words that a reader of some version of YAML takes for a boolean or null.
const RESERVED: [&str; 9] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"];

/// Returns true for a text that is a string for every reader, without quotes: a letter, then letters, digits and some signs.
fn is_word(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"_-./".contains(&byte))
        && !RESERVED.contains(&text.to_ascii_lowercase().as_str())
}

/// Appends a text in quotes: single ones if it contains double ones and nothing that single ones cannot contain.
fn quote(text: &str, out: &mut String) {
    let is_single = text.contains('"') && text.chars().all(|c| c != '\'' && is_printable(c));
    if is_single {
        out.push('\'');
        out.push_str(text);
        out.push('\'');
        return;
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) <= 0xFFFF => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
}

/// Returns true for characters that YAML allows as they are, and that are no line breaks for older readers.
fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{FEFF}' | '\u{FFFE}' | '\u{FFFF}'
        )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn node() -> impl Strategy<Value = YamlNode> {
        let leaf = prop_oneof![
            "[ -~\n\t\u{80}-\u{a0}\u{2028}\u{1F600}]{0,8}".prop_map(YamlNode::Text),
            prop_oneof!["yes", "on", "4h", "12:30", "- a", "#x", "&a", "a: b"]
                .prop_map(YamlNode::Text),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(YamlNode::List),
                proptest::collection::btree_map("[ -~]{1,4}", inner, 0..4)
                    .prop_map(|entries| YamlNode::Map(entries.into_iter().collect())),
            ]
        })
    }

    fn json(node: &YamlNode) -> Value {
        match node {
            YamlNode::Plain(text) | YamlNode::Text(text) => Value::String(text.clone()),
            YamlNode::List(items) => items.iter().map(json).collect(),
            YamlNode::Map(entries) => {
                let entries = entries.iter();
                Value::Object(
                    entries
                        .map(|(key, value)| (key.clone(), json(value)))
                        .collect(),
                )
            }
        }
    }

    proptest! {
        /// A text with its values is read back as these values.
        #[test]
        fn what_is_written_is_read_back(node in node()) {
            let text = write(&node);
            let read: Value = match yaml_serde::from_str(&text) {
                Ok(read) => read,
                Err(error) => return Err(TestCaseError::fail(format!("{error}\n{text}"))),
            };
            prop_assert_eq!(read, json(&node), "{}", text);
        }
    }

    #[test]
    fn values_without_quotes_keep_none() {
        let plain = |text: &str| YamlNode::Plain(text.to_owned());
        let text = |text: &str| YamlNode::Text(text.to_owned());
        let document = YamlNode::Map(vec![
            ("a".to_owned(), plain("4h")),
            ("on".to_owned(), text("587")),
            (
                "list".to_owned(),
                YamlNode::List(vec![plain("a b#c"), plain("")]),
            ),
            ("none".to_owned(), YamlNode::Map(Vec::new())),
        ]);
        let expected = "a: 4h\n\"on\": \"587\"\nlist:\n- a b#c\n- null\nnone: {}\n";
        assert_eq!(write(&document), expected);
    }
}
