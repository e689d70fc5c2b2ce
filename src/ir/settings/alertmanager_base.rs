//! The existing configuration of Alertmanager that a project adds its own to.

/// A YAML value as a file contains it, without comments. Aliases are expanded.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum YamlNode {
    /// A scalar without quotes, whose type depends on the reader: `4h`, `587`, `true`; empty for null.
    Plain(String),
    /// A string in quotes, or a block of text.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A mapping, in the order of the file.
    Map(Vec<(String, Self)>),
}

impl YamlNode {
    /// The value of a key of a mapping; `None` for other values.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else {
            return None;
        };
        let mut entries = entries.iter();
        entries
            .find(|(known, _)| known == key)
            .map(|(_, value)| value)
    }

    /// The text of a scalar; `None` for null and other values.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Plain(text) if is_null(text) => None,
            Self::Plain(text) | Self::Text(text) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// True for null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Plain(text) if is_null(text))
    }
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// A name in a list of an existing configuration.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseName {
    /// The list: `receivers`, `templates` or `time_intervals`.
    pub list: &'static str,
    /// The name in it.
    pub name: String,
    /// The line of the file, from 1.
    pub line: usize,
}

/// An existing configuration of Alertmanager, `base` of `[alertmanager]`: its root route has a receiver, and its lists are lists.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AlertmanagerBase {
    /// The path to show.
    pub path: String,
    /// The configuration.
    pub document: YamlNode,
    /// The receiver of its root route.
    pub receiver: String,
    /// The names in its lists.
    pub names: Vec<BaseName>,
}

impl AlertmanagerBase {
    /// The names of an existing list of this configuration that nthc must not use again.
    pub fn names_of<'s>(&'s self, list: &'s str) -> impl Iterator<Item = &'s BaseName> {
        self.names.iter().filter(move |name| name.list == list)
    }

    /// Returns whether its `global` section has a mail server and a sender, which its own and all other receivers use.
    pub fn sends_mail(&self) -> bool {
        let global = self.document.get("global");
        let is_set = |key| {
            let value = global.and_then(|global| global.get(key));
            value
                .and_then(YamlNode::text)
                .is_some_and(|text| !text.is_empty())
        };
        is_set("smtp_smarthost") && is_set("smtp_from")
    }
}
