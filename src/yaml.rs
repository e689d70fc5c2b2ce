//! Reads YAML, including JSON, to a tree with source ranges.

use std::collections::HashMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

/// A value with its range.
#[derive(Debug, Clone)]
pub struct Node {
    /// The range in bytes.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// A YAML value.
#[derive(Debug, Clone)]
pub enum Value {
    /// A string, a number, `true` …
    Scalar {
        /// The text, without quotes and escapes.
        text: String,
        /// True if it has no quotes, so that it may not be a string.
        plain: bool,
    },
    /// A list.
    List(Vec<Node>),
    /// A mapping in the order of the source, without duplicate keys.
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The range in bytes.
    pub span: Range<usize>,
    /// The text.
    pub text: String,
}

/// A syntax error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The range in bytes.
    pub span: Range<usize>,
    /// A short description of the error.
    pub what: String,
}

/// The maximum number of nodes in a file, counting the targets of aliases each time: a few aliases can expand to more than
/// fits in memory.
const MOST_NODES: usize = 200_000;

/// The maximum number of lists and mappings within each other.
const MOST_DEEP: usize = 100;

impl Node {
    /// Returns true for null: `null`, `~` or an empty plain scalar.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar { text, plain: true }
            if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
    }

    /// Returns the type of the value with its article.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Scalar { plain: false, .. } => "a string",
            Value::Scalar { text, .. } if self.is_null() && text.is_empty() => "nothing",
            Value::Scalar { text, .. } => match text.as_str() {
                "true" | "false" | "True" | "False" | "TRUE" | "FALSE" => "a boolean",
                text if text.parse::<f64>().is_ok() => "a number",
                _ if self.is_null() => "nothing",
                _ => "a string",
            },
        }
    }

    fn size(&self) -> usize {
        1 + match &self.value {
            Value::Scalar { .. } => 0,
            Value::List(items) => items.iter().map(Node::size).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|(_, node)| 1 + node.size())
                .sum::<usize>(),
        }
    }
}

/// Parses the documents of a file; empty documents are skipped.
///
/// # Errors
///
/// If the text is not valid YAML, a key is duplicate or not a string, or aliases expand to too many nodes.
pub fn documents(text: &str) -> Result<Vec<Node>, Malformed> {
    let mut tree = Tree {
        text,
        open: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        documents: Vec::new(),
    };
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = tree.byte(error.marker().byte_offset(), error.marker().index());
            Malformed {
                span: at..tree.after(at),
                what: error.kind().to_string(),
            }
        })?;
        tree.take(event, span)?;
    }
    Ok(tree.documents)
}

/// The state of building the tree.
struct Tree<'t> {
    text: &'t str,
    open: Vec<Open>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    documents: Vec<Node>,
}

/// A list or mapping whose end was not read yet.
struct Open {
    start: usize,
    anchor: usize,
    items: Vec<Node>,
    entries: Vec<(Key, Node)>,
    key: Option<Key>,
    is_map: bool,
}

impl Tree<'_> {
    fn byte(&self, bytes: Option<usize>, chars: usize) -> usize {
        let at = bytes.unwrap_or_else(|| {
            let mut indices = self.text.char_indices();
            indices.nth(chars).map_or(self.text.len(), |(at, _)| at)
        });
        let mut at = at.min(self.text.len());
        while !self.text.is_char_boundary(at) {
            at -= 1;
        }
        at
    }

    fn after(&self, at: usize) -> usize {
        let next = self.text.get(at..).and_then(|rest| rest.chars().next());
        at + next.filter(|c| *c != '\n').map_or(0, char::len_utf8)
    }

    fn range(&self, span: Span) -> Range<usize> {
        let start = self.byte(span.start.byte_offset(), span.start.index());
        let end = self.byte(span.end.byte_offset(), span.end.index());
        // A block ends at the start of the next token.
        let inside = self.text.get(start..end.max(start)).unwrap_or_default();
        start..start + inside.trim_end().len()
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Malformed> {
        let at = self.range(span);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = match tag.as_deref() {
                    None => style != ScalarStyle::Plain,
                    Some(tag) if tag.is_yaml_core_schema() => tag.is_yaml_core_schema_tag("str"),
                    Some(_) => {
                        return Err(Malformed {
                            span: at,
                            what: "a tag that YAML does not define".to_owned(),
                        });
                    }
                };
                let value = Value::Scalar {
                    text: text.into_owned(),
                    plain: !is_text,
                };
                self.add(Node { span: at, value }, anchor)
            }
            Event::Alias(anchor) => match self.anchors.get(&anchor).cloned() {
                Some(mut node) => {
                    node.span = at;
                    self.add(node, 0)
                }
                None => Err(Malformed {
                    span: at,
                    what: "an alias inside its own anchor".to_owned(),
                }),
            },
            Event::SequenceStart(_, anchor, _) => self.begin(at.start, anchor, false),
            Event::MappingStart(_, anchor, _) => self.begin(at.start, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else {
                    return Ok(());
                };
                let end = if open.is_map {
                    open.entries.last().map(|(_, node)| node.span.end)
                } else {
                    open.items.last().map(|node| node.span.end)
                };
                let end = end.unwrap_or(at.end).max(at.end.min(open.start + 1));
                let value = if open.is_map {
                    Value::Map(open.entries)
                } else {
                    Value::List(open.items)
                };
                let span = open.start..end.max(open.start);
                self.add(Node { span, value }, open.anchor)
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, start: usize, anchor: usize, is_map: bool) -> Result<(), Malformed> {
        if let Some(Open {
            is_map: true,
            key: None,
            ..
        }) = self.open.last()
        {
            return Err(Malformed {
                span: start..self.after(start),
                what: "a key must be a string".to_owned(),
            });
        }
        if self.open.len() >= MOST_DEEP {
            return Err(Malformed {
                span: start..self.after(start),
                what: "nested too deeply".to_owned(),
            });
        }
        self.open.push(Open {
            start,
            anchor,
            items: Vec::new(),
            entries: Vec::new(),
            key: None,
            is_map,
        });
        Ok(())
    }

    fn add(&mut self, node: Node, anchor: usize) -> Result<(), Malformed> {
        // Its nodes were counted already unless an alias repeats them.
        self.nodes += if anchor == 0 {
            node.size().min(MOST_NODES)
        } else {
            1
        };
        if self.nodes > MOST_NODES * 16 || node.size() > MOST_NODES {
            return Err(Malformed {
                span: node.span,
                what: "its aliases expand to too much".to_owned(),
            });
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            if !node.is_null() {
                self.documents.push(node);
            }
            return Ok(());
        };
        if !open.is_map {
            open.items.push(node);
            return Ok(());
        }
        let Some(key) = open.key.take() else {
            let Value::Scalar { text, .. } = node.value else {
                return Err(Malformed {
                    span: node.span,
                    what: "a key must be a string".to_owned(),
                });
            };
            if open.entries.iter().any(|(known, _)| known.text == text) {
                return Err(Malformed {
                    span: node.span,
                    what: "duplicate key".to_owned(),
                });
            }
            open.key = Some(Key {
                span: node.span,
                text,
            });
            return Ok(());
        };
        open.entries.push((key, node));
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn everything_has_its_place() {
        let text = "# ü\na: 'x y'\nlist:\n- 1\n- {b: \"c\"}\n---\nd: |\n  two\n  lines\n";
        let documents = documents(text).unwrap();
        assert_eq!(documents.len(), 2);
        let Value::Map(entries) = &documents[0].value else {
            panic!("no mapping");
        };
        assert_eq!(&text[entries[0].0.span.clone()], "a");
        assert_eq!(&text[entries[0].1.span.clone()], "'x y'");
        let Value::List(items) = &entries[1].1.value else {
            panic!("no list");
        };
        assert_eq!(&text[items[0].span.clone()], "1");
        let Value::Map(inner) = &items[1].value else {
            panic!("no mapping");
        };
        assert_eq!(&text[inner[0].1.span.clone()], "\"c\"");
    }

    #[test]
    fn what_is_malformed_is_told() {
        for (text, what) in [
            ("a: 1\na: 2\n", "duplicate key"),
            ("? [a]\n: 1\n", "a key must be a string"),
            ("a: &x [*x]\n", "an alias inside its own anchor"),
        ] {
            assert_eq!(documents(text).unwrap_err().what, what, "{text}");
        }
        assert!(documents("a: [1\n").is_err());
        assert!(documents("a: *gone\n").is_err());
    }

    #[test]
    fn aliases_do_not_grow_without_end() {
        let mut text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (this, last) in ["b", "c", "d", "e", "f", "g", "h"]
            .iter()
            .zip("abcdefg".chars())
        {
            let uses = vec![format!("*{last}"); 10].join(", ");
            text.push_str(&format!("{this}: &{this} [{uses}]\n"));
        }
        assert_eq!(
            documents(&text).unwrap_err().what,
            "its aliases expand to too much"
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in any::<String>()) {
            if let Err(error) = documents(&text) {
                prop_assert!(text.get(error.span).is_some());
            }
        }
    }
}
