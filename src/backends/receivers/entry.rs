//! An entry of an Alertmanager receiver, in either of its two formats.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, Serializer};

use nth_model::AlertmanagerSettings;

use super::secrets::Secret;

/// The format of a configuration.
#[derive(Debug, Clone, Copy)]
pub enum Language<'a> {
    /// `alertmanager.yml`: secrets are files.
    File,
    /// An `AlertmanagerConfig`: secrets are keys of the `Secret` of this name.
    Resource {
        /// The name of the `Secret`.
        secret: &'a str,
    },
}

/// The name of a field or list in both formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// The name in `alertmanager.yml`.
    pub file: &'static str,
    /// The name in an `AlertmanagerConfig`.
    pub resource: &'static str,
}

impl Name {
    /// Creates a name that differs between the formats.
    pub const fn new(file: &'static str, resource: &'static str) -> Self {
        Self { file, resource }
    }

    /// The name in a format.
    pub fn in_language(self, language: Language<'_>) -> &'static str {
        match language {
            Language::File => self.file,
            Language::Resource { .. } => self.resource,
        }
    }
}

impl From<&'static str> for Name {
    /// Creates a name that both formats share.
    fn from(name: &'static str) -> Self {
        Self::new(name, name)
    }
}

/// An entry with its fields in the order in which they are added.
#[derive(Debug)]
pub struct Entry<'a> {
    language: Language<'a>,
    settings: &'a AlertmanagerSettings,
    fields: Vec<(Cow<'static, str>, Value<'a>)>,
}

/// The value of a field.
#[derive(Debug)]
enum Value<'a> {
    Bool(bool),
    Number(i64),
    /// A template.
    Text(String),
    /// A text that is no template.
    Plain(String),
    Texts(Vec<String>),
    Nested(Entry<'a>),
    /// The path of a file with a secret.
    SecretFile(String),
    /// A key of a `Secret`.
    SecretKey(String, String),
    /// A map.
    Map(Vec<(&'static str, String)>),
    /// Maps with these two keys.
    List([&'static str; 2], Vec<(String, String)>),
}

impl<'a> Entry<'a> {
    /// Creates an entry without a field.
    pub fn new(language: Language<'a>, settings: &'a AlertmanagerSettings) -> Self {
        Self {
            language,
            settings,
            fields: Vec::new(),
        }
    }

    /// The format in which it is written.
    pub fn language(&self) -> Language<'a> {
        self.language
    }

    fn add(&mut self, name: impl Into<Name>, value: Value<'a>) {
        let name = name.into().in_language(self.language);
        self.fields.push((name.into(), value));
    }

    /// Adds a boolean.
    pub fn bool(&mut self, name: impl Into<Name>, value: bool) {
        self.add(name, Value::Bool(value));
    }

    /// Adds a number.
    pub fn number(&mut self, name: impl Into<Name>, value: impl Into<i64>) {
        self.add(name, Value::Number(value.into()));
    }

    /// Adds a text that Alertmanager does not read as a template.
    pub fn plain(&mut self, name: impl Into<Name>, value: impl Into<String>) {
        self.add(name, Value::Plain(value.into()));
    }

    /// Adds a list of texts.
    pub fn texts(&mut self, name: impl Into<Name>, values: Vec<String>) {
        self.add(name, Value::Texts(values));
    }

    /// Adds a map, whose fields `write` adds. An empty one is not added.
    pub fn nested(&mut self, name: impl Into<Name>, write: impl FnOnce(&mut Self)) {
        let name = name.into().in_language(self.language);
        self.named(name.into(), write);
    }

    /// Adds a map under a name that both formats share.
    pub fn named(&mut self, name: Cow<'static, str>, write: impl FnOnce(&mut Self)) {
        let mut inner = Self::new(self.language, self.settings);
        write(&mut inner);
        if !inner.fields.is_empty() {
            self.fields.push((name, Value::Nested(inner)));
        }
    }

    /// Adds a text, which Alertmanager reads as a Go template in most fields.
    pub fn text(&mut self, name: impl Into<Name>, value: impl Into<String>) {
        self.add(name, Value::Text(value.into()));
    }

    /// Adds a secret: the path of its file, or its key in the `Secret`.
    pub fn secret(&mut self, name: Name, secret: &Secret<'_>) {
        let value = match self.language {
            Language::File => Value::SecretFile(secret.file(self.settings)),
            Language::Resource { secret: object } => {
                Value::SecretKey(object.to_owned(), secret.key(self.settings))
            }
        };
        self.add(name, value);
    }

    /// Adds texts by name: a map in the file, a list of keys and values in the resource.
    pub fn pairs(
        &mut self,
        name: impl Into<Name>,
        pairs: impl IntoIterator<Item = (&'static str, String)>,
    ) {
        let pairs = pairs.into_iter();
        let value = match self.language {
            Language::File => Value::Map(pairs.collect()),
            Language::Resource { .. } => {
                let pairs = pairs.map(|(key, value)| (key.to_owned(), value));
                Value::List(["key", "value"], pairs.collect())
            }
        };
        self.add(name, value);
    }

    /// The texts that Alertmanager reads as templates, with their names: `title`, `details.service` of a map,
    /// `links.Runbook` of links. The entry must be one of `alertmanager.yml`.
    pub fn templates(&self) -> Vec<(String, &str)> {
        let mut all = Vec::new();
        for (name, value) in &self.fields {
            let within = |key: &str| format!("{name}.{key}");
            match value {
                Value::Bool(_)
                | Value::Number(_)
                | Value::Plain(_)
                | Value::Texts(_)
                | Value::Nested(_)
                | Value::SecretFile(_)
                | Value::SecretKey(..) => {}
                Value::Text(text) => all.push((name.to_string(), text.as_str())),
                Value::Map(pairs) => {
                    all.extend(pairs.iter().map(|(key, text)| (within(key), text.as_str())));
                }
                Value::List(_, links) => {
                    all.extend(links.iter().map(|(to, text)| (within(text), to.as_str())));
                }
            }
        }
        all
    }

    /// Adds links by their texts. The resource calls a link's text `alt`.
    pub fn links(&mut self, name: Name, links: impl IntoIterator<Item = (&'static str, String)>) {
        let text = Name::new("text", "alt").in_language(self.language);
        let links = links.into_iter();
        let links = links.map(|(text, href)| (href, text.to_owned()));
        self.add(name, Value::List(["href", text], links.collect()));
    }
}

impl Serialize for Entry<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, value)| (name, value)))
    }
}

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => serializer.serialize_i64(*value),
            Self::Text(text) | Self::Plain(text) | Self::SecretFile(text) => {
                serializer.serialize_str(text)
            }
            Self::Texts(texts) => serializer.collect_seq(texts),
            Self::Nested(entry) => entry.serialize(serializer),
            Self::SecretKey(name, key) => Pair(["name", "key"], [name, key]).serialize(serializer),
            Self::Map(pairs) => {
                serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
            }
            Self::List(keys, pairs) => {
                let pairs = pairs.iter();
                serializer.collect_seq(pairs.map(|(one, other)| Pair(*keys, [one, other])))
            }
        }
    }
}

/// A map with two keys.
struct Pair<'a>([&'static str; 2], [&'a str; 2]);

impl Serialize for Pair<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(keys, values) = self;
        let mut map = serializer.serialize_map(Some(keys.len()))?;
        for (key, value) in keys.iter().zip(values) {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}
