//! Settings of `nth.toml`: the key, the valid values, the default and the documentation, declared once.
//!
//! [`settings_table!`](super::settings_table) declares a table: the struct that holds it, its defaults, and a
//! [`Setting`] for each of its keys. The reader, the documentation, the JSON schema and the completion in editors are
//! generated from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::texts::{TextRule, parse_duration};
use crate::{Duration, PrometheusVersion};

/// A key of a table of `nth.toml`.
#[derive(Debug)]
pub struct Setting {
    /// The key.
    pub key: &'static str,
    /// The documentation, in Markdown: complete sentences.
    pub doc: &'static str,
    /// The valid values.
    pub kind: Kind,
    /// The default in prose, if it is not a value.
    pub unset: Option<&'static str>,
    /// An example value as TOML, if the default is not a good one.
    pub example: Option<&'static str>,
    /// True if every project has to set it.
    pub is_required: bool,
}

/// The valid values of a setting.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// `true` or `false`.
    Boolean,
    /// A whole number above zero.
    Count,
    /// A string that follows a rule.
    Text(&'static TextRule),
    /// A list of such strings.
    Texts(&'static TextRule),
    /// A Prometheus duration above zero, `"1m30s"`.
    Duration {
        /// The longest valid duration.
        most: Duration,
        /// The reason for this limit.
        because: &'static str,
    },
    /// One of several strings.
    Choice(&'static Choices),
    /// A list of at least one of several strings.
    ChoiceList(&'static Choices),
    /// A table of strings under any keys: labels.
    Labels,
}

/// The choices of a setting.
#[derive(Debug)]
pub struct Choices {
    /// The headline for an unknown string, without that string: `unknown rule format`.
    pub unknown: &'static str,
    /// The label at an unknown string: `not a rule format`.
    pub label: &'static str,
    /// The help, if it is more than the list of choices.
    pub help: Option<&'static str>,
    /// The choices.
    pub all: &'static [Choice],
}

/// A choice of a setting.
#[derive(Debug, Clone, Copy)]
pub struct Choice {
    /// The string.
    pub name: &'static str,
    /// The documentation, in Markdown.
    pub doc: &'static str,
}

/// A value of a setting in `nth.toml`: of the type and within the bounds of its [`Kind`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A boolean.
    Boolean(bool),
    /// A whole number above zero.
    Count(usize),
    /// A string, a choice or a duration.
    Text(String),
    /// A list of strings.
    Texts(Vec<String>),
    /// Strings by key.
    Labels(BTreeMap<String, String>),
}

impl fmt::Display for Value {
    /// The value as TOML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Count(value) => write!(f, "{value}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Texts(texts) => {
                let quoted: Vec<String> = texts.iter().map(|text| format!("{text:?}")).collect();
                write!(f, "[{}]", quoted.join(", "))
            }
            Self::Labels(labels) => {
                let pairs = labels
                    .iter()
                    .map(|(name, text)| format!("{name:?} = {text:?}"));
                write!(f, "{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
            }
        }
    }
}

impl Setting {
    /// A value to show as TOML: the example, or the default.
    pub fn sample(&self, table: &Table) -> Option<String> {
        let default = || (table.default)(self.key).map(|value| value.to_string());
        self.example.map(str::to_owned).or_else(default)
    }
}

impl Kind {
    /// The choices; empty for other kinds.
    pub fn choices(&self) -> &'static [Choice] {
        match self {
            Self::Choice(choices) | Self::ChoiceList(choices) => choices.all,
            _ => &[],
        }
    }

    /// The type of a value, in prose.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Boolean => "boolean",
            Self::Count => "positive integer",
            Self::Text(_) | Self::Choice(_) => "string",
            Self::Texts(_) | Self::ChoiceList(_) => "list of strings",
            Self::Duration { .. } => "duration",
            Self::Labels => "table of strings",
        }
    }

    /// The bounds of a value, in prose; `None` if there are none or the choices are the bounds.
    pub fn bounds(&self) -> Option<String> {
        match self {
            Self::Duration { most, .. } => Some(format!("at most {most}")),
            Self::Text(rule) => {
                let (longest, _) = rule.longest?;
                Some(format!("at most {longest} characters"))
            }
            Self::Texts(rule) => {
                let (longest, _) = rule.longest?;
                Some(format!("at most {longest} characters each"))
            }
            _ => None,
        }
    }
}

/// A type of a field of a settings struct.
pub trait SettingValue: Sized {
    /// Converts a value; `None` if it is of another kind.
    fn from_value(value: Value) -> Option<Self>;

    /// The value as in `nth.toml`; `None` if `nth.toml` cannot express it.
    fn to_value(&self) -> Option<Value>;
}

/// The settings of one table of `nth.toml`.
pub trait SettingsTable: Default {
    /// The declaration of the table.
    const TABLE: Table;

    /// Sets a key; returns `false` if there is no such key or the value is not valid for it.
    fn set(&mut self, key: &str, value: Value) -> bool;

    /// The value of a key; `None` if there is no such key or it is not set.
    fn get(&self, key: &str) -> Option<Value>;
}

/// The declaration of a table of `nth.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The name, such as `prometheus`.
    pub name: &'static str,
    /// The documentation, in Markdown: complete sentences.
    pub doc: &'static str,
    /// Its keys.
    pub settings: &'static [Setting],
    /// Returns the default of a key; `None` if it has none.
    pub default: fn(&str) -> Option<Value>,
}

/// Declares a table of `nth.toml` and the struct that holds it.
///
/// Each key has its documentation, its name, which is also the field's name, its type, its default and its valid
/// values. Then, if needed, `unset`: the default in prose, if it is not a value; `example`: a value as TOML.
#[macro_export]
macro_rules! settings_table {
    (
        $(#[doc = $table_doc:literal])+
        $table:literal => $name:ident;
        $(
            $(#[doc = $doc:literal])+
            $field:ident: $type:ty = $default:expr, $kind:expr
            $(, unset = $unset:literal)? $(, example = $example:literal)? $(, required = $required:literal)?;
        )+
    ) => {
        $(#[doc = $table_doc])+
        #[derive(Debug, Clone, PartialEq, Eq, Hash)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default,)+ }
            }
        }

        impl $crate::settings::SettingsTable for $name {
            const TABLE: $crate::settings::Table = $crate::settings::Table {
                name: $table,
                doc: concat!($($table_doc),+),
                settings: &[$($crate::settings::Setting {
                    key: stringify!($field),
                    doc: concat!($($doc),+),
                    kind: $kind,
                    unset: [$(Some($unset),)? None][0],
                    example: [$(Some($example),)? None][0],
                    is_required: [$($required,)? false][0],
                }),+],
                default: |key| Self::default().get(key),
            };

            fn set(&mut self, key: &str, value: $crate::settings::Value) -> bool {
                match key {
                    $(stringify!($field) => {
                        let value = $crate::settings::SettingValue::from_value(value);
                        value.map(|value| self.$field = value).is_some()
                    })+
                    _ => false,
                }
            }

            fn get(&self, key: &str) -> Option<$crate::settings::Value> {
                match key {
                    $(stringify!($field) => {
                        $crate::settings::SettingValue::to_value(&self.$field)
                    })+
                    _ => None,
                }
            }
        }
    };
}

/// Declares an enum whose variants are strings of `nth.toml`, and the [`Choices`] of a setting.
#[macro_export]
macro_rules! setting_choices {
    (
        $(#[$attribute:meta])+
        $name:ident, $unknown:literal, $label:literal;
        $($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+
    ) => {
        $(#[$attribute])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// All variants.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// The choices in `nth.toml`.
            pub const CHOICES: $crate::settings::Choices = $crate::settings::Choices {
                unknown: $unknown,
                label: $label,
                help: None,
                all: &[$($crate::settings::Choice {
                    name: $text,
                    doc: concat!($($doc),+),
                }),+],
            };

            /// The name in `nth.toml`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl $crate::settings::Named for $name {
            fn all() -> &'static [Self] {
                &Self::ALL
            }

            fn name(self) -> &'static str {
                self.name()
            }
        }

        impl $crate::settings::SettingValue for $name {
            fn from_value(value: $crate::settings::Value) -> Option<Self> {
                $crate::settings::by_name(&value)
            }

            fn to_value(&self) -> Option<$crate::settings::Value> {
                Some($crate::settings::Value::Text(self.name().to_owned()))
            }
        }
    };
}

pub use crate::{setting_choices, settings_table};

/// A type whose values have names in `nth.toml`.
pub trait Named: Copy + 'static {
    /// All values.
    fn all() -> &'static [Self];

    /// A value's name.
    fn name(self) -> &'static str;
}

/// Returns the value that has the name in `value`.
pub fn by_name<T: Named>(value: &Value) -> Option<T> {
    let Value::Text(text) = value else {
        return None;
    };
    T::all().iter().copied().find(|known| known.name() == text)
}

impl SettingValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Boolean(value) => Some(value),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        Some(Value::Boolean(*self))
    }
}

impl SettingValue for usize {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Count(value) => Some(value),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        Some(Value::Count(*self))
    }
}

impl SettingValue for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(value) => Some(value),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.clone()))
    }
}

impl<T: SettingValue> SettingValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        T::from_value(value).map(Some)
    }

    fn to_value(&self) -> Option<Value> {
        self.as_ref()?.to_value()
    }
}

impl SettingValue for Vec<String> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Texts(value) => Some(value),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Texts(self.clone()))
    }
}

impl SettingValue for BTreeMap<String, String> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Labels(value) => Some(value),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        (!self.is_empty()).then(|| Value::Labels(self.clone()))
    }
}

impl<T: Named + Ord> SettingValue for BTreeSet<T> {
    fn from_value(value: Value) -> Option<Self> {
        let Value::Texts(names) = value else {
            return None;
        };
        let values = names.into_iter().map(|name| by_name(&Value::Text(name)));
        values.collect()
    }

    fn to_value(&self) -> Option<Value> {
        let names = self.iter().map(|value| value.name().to_owned());
        Some(Value::Texts(names.collect()))
    }
}

impl SettingValue for Duration {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => parse_duration(&text),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
}

impl SettingValue for PrometheusVersion {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    fn to_value(&self) -> Option<Value> {
        Some(Value::Text(self.to_string()))
    }
}
