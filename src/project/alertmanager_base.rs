//! The existing configuration of Alertmanager that a project adds its own to: `base` of `[alertmanager]`.
//!
//! Only what nthc relies on is checked: a root route with a receiver, and lists that are lists. Keys that it does not know are kept, and
//! Alertmanager checks them.

use std::ops::Range;

use super::secret_fields::{self, InlineSecret};
use crate::diagnostics::{Diagnostic, FileSpan, codes};
use crate::ir::{AlertmanagerBase, BaseName, YamlNode};
use crate::yaml::{self, Key, Node, Value};

/// The lists that nthc adds to, or whose names it must not use again; with the name that they count as.
const LISTS: [(&str, &str); 5] = [
    ("templates", "templates"),
    ("receivers", "receivers"),
    ("inhibit_rules", "inhibit_rules"),
    ("time_intervals", "time_intervals"),
    // The name before Alertmanager 0.24.
    ("mute_time_intervals", "time_intervals"),
];

/// A diagnostic of a base file, whose file is not known yet.
type Found = Box<dyn FnOnce(usize) -> Diagnostic<FileSpan>>;

/// The result of reading a base file.
pub(super) struct ReadBase {
    /// The configuration; `None` if it has an error.
    pub base: Option<AlertmanagerBase>,
    /// The text for messages: inline secrets and URLs are hidden, and all places are as in the file.
    pub shown: String,
    found: Vec<Found>,
}

impl ReadBase {
    /// The diagnostics, for the index of the file in a [`SourceMap`](crate::diagnostics::SourceMap).
    pub fn diagnostics(self, file: usize) -> impl Iterator<Item = Diagnostic<FileSpan>> {
        self.found.into_iter().map(move |found| found(file))
    }
}

/// Reads the text of a base file. `path` is the one to show.
pub(super) fn read(text: &str, path: &str) -> ReadBase {
    let mut reader = Reader {
        text,
        found: Vec::new(),
    };
    let document = reader.document();
    let secrets = document.as_ref().map(secret_fields::inline_secrets);
    let secrets = secrets.unwrap_or_default();
    let shown = secret_fields::without_secrets(text, &secrets);
    for secret in &secrets {
        reader.secret(secret);
    }
    let base = document.and_then(|document| reader.base(&document, path));
    ReadBase {
        base: base.filter(|_| reader.found.is_empty()),
        shown,
        found: reader.found,
    }
}

struct Reader<'t> {
    text: &'t str,
    found: Vec<Found>,
}

impl Reader<'_> {
    fn error(&mut self, span: &Range<usize>, message: impl Into<String>, label: &str, help: &str) {
        let (span, message) = (span.clone(), message.into());
        let (label, help) = (label.to_owned(), help.to_owned());
        self.found.push(Box::new(move |file| {
            let span = FileSpan {
                file,
                start: span.start,
                end: span.end,
            };
            let mut found = Diagnostic::new(&codes::ALERTMANAGER_BASE, message, span).label(label);
            if !help.is_empty() {
                found = found.help(help);
            }
            found
        }));
    }

    /// The only document of the file.
    fn document(&mut self) -> Option<Node> {
        let documents = match yaml::documents(self.text) {
            Ok(documents) => documents,
            Err(malformed) => {
                self.error(
                    &malformed.span,
                    "the Alertmanager base file is not well-formed YAML",
                    &malformed.what,
                    "",
                );
                return None;
            }
        };
        let mut documents = documents.into_iter();
        let Some(first) = documents.next() else {
            self.error(
                &(0..0),
                "the Alertmanager base file is empty",
                "",
                "write a configuration with `route` and `receivers`, or remove `base` from `[alertmanager]`",
            );
            return None;
        };
        if let Some(second) = documents.next() {
            self.error(
                &second.span,
                "the Alertmanager base file has several documents",
                "Alertmanager only reads the first one",
                "",
            );
            return None;
        }
        Some(first)
    }

    /// Reports a secret that a build would copy.
    fn secret(&mut self, secret: &InlineSecret) {
        self.error(
            &secret.key.span,
            format!(
                "inline secret `{}` in the Alertmanager base file",
                secret.key.text
            ),
            "a build would write it to its output",
            &secret.help,
        );
    }

    fn base(&mut self, document: &Node, path: &str) -> Option<AlertmanagerBase> {
        let entries = self.mapping(document, "the Alertmanager base file")?;
        for (list, _) in LISTS {
            if let Some((_, value)) = find(entries, list) {
                self.list(value, list);
            }
        }
        let Some((_, route)) = find(entries, "route") else {
            self.error(
                &(0..0),
                "the Alertmanager base file has no `route`",
                "",
                "add the root route: `route: { receiver: … }`",
            );
            return None;
        };
        let root = self.mapping(route, "`route`")?;
        if let Some((_, routes)) = find(root, "routes") {
            self.list(routes, "route.routes");
        }
        let receiver = find(root, "receiver").and_then(|(_, value)| scalar(value));
        let Some(receiver) = receiver.filter(|name| !name.is_empty()) else {
            self.error(
                &start(&route.span),
                "the root route of the Alertmanager base file has no receiver",
                "",
                "add `receiver`: alerts that no route matches go to it",
            );
            return None;
        };
        let names = self.names(entries);
        if !names
            .iter()
            .any(|name| name.list == "receivers" && name.name == receiver)
        {
            let span = find(root, "receiver").map(|(_, value)| value.span.clone());
            self.error(
                &span.unwrap_or_default(),
                format!("unknown receiver `{receiver}` of the root route"),
                "not in `receivers`",
                "",
            );
        }
        Some(AlertmanagerBase {
            path: path.to_owned(),
            document: convert(document),
            receiver: receiver.to_owned(),
            names,
        })
    }

    /// The entries of a mapping without merge keys: what nthc adds to the mapping would replace what they merge.
    fn mapping<'n>(&mut self, node: &'n Node, what: &str) -> Option<&'n [(Key, Node)]> {
        let Value::Map(entries) = &node.value else {
            self.error(
                &start(&node.span),
                format!("expected {what} to be a mapping, found {}", node.kind()),
                "",
                "",
            );
            return None;
        };
        if let Some((key, _)) = find(entries, "<<") {
            let span = key.span.clone();
            self.error(
                &span,
                format!("unexpected merge key in {what}"),
                "what it merges would be replaced",
                "write the merged keys out, as far as nthc adds to them",
            );
            return None;
        }
        Some(entries)
    }

    fn list(&mut self, node: &Node, name: &str) {
        if !matches!(node.value, Value::List(_)) && !node.is_null() {
            self.error(
                &start(&node.span),
                format!("expected `{name}` to be a list, found {}", node.kind()),
                "",
                "",
            );
        }
    }

    /// The names in the lists; duplicate names are left to Alertmanager.
    fn names(&self, entries: &[(Key, Node)]) -> Vec<BaseName> {
        let mut names = Vec::new();
        for (key, list) in LISTS {
            let Some((_, node)) = find(entries, key) else {
                continue;
            };
            let Value::List(items) = &node.value else {
                continue;
            };
            for item in items {
                let name = match &item.value {
                    Value::Map(entries) => {
                        find(entries, "name").and_then(|(_, value)| Some((scalar(value)?, value)))
                    }
                    Value::Scalar { text, .. } => Some((text.as_str(), item)),
                    Value::List(_) => None,
                };
                if let Some((name, node)) = name {
                    let before = self.text.get(..node.span.start).unwrap_or_default();
                    names.push(BaseName {
                        list,
                        name: name.to_owned(),
                        line: before.matches('\n').count() + 1,
                    });
                }
            }
        }
        names
    }
}

fn find<'n>(entries: &'n [(Key, Node)], key: &str) -> Option<&'n (Key, Node)> {
    entries.iter().find(|(known, _)| known.text == key)
}

fn scalar(node: &Node) -> Option<&str> {
    match &node.value {
        Value::Scalar { text, .. } if !node.is_null() => Some(text),
        _ => None,
    }
}

/// The first place of a span.
fn start(span: &Range<usize>) -> Range<usize> {
    span.start..span.start
}

/// Converts a value to the form that targets read.
fn convert(node: &Node) -> YamlNode {
    match &node.value {
        Value::Scalar { text, plain: true } => YamlNode::Plain(text.clone()),
        Value::Scalar { text, plain: false } => YamlNode::Text(text.clone()),
        Value::List(items) => YamlNode::List(items.iter().map(convert).collect()),
        Value::Map(entries) => YamlNode::Map(
            entries
                .iter()
                .map(|(key, value)| (key.text.clone(), convert(value)))
                .collect(),
        ),
    }
}
