//! Values and rows of both databases, with typed access.

use crate::LedgerError;

/// A value of a column or a parameter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// No value.
    Null,
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Real(f64),
    /// A text.
    Text(String),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "no value",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a number",
            Self::Text(_) => "a text",
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Self::Real(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        Self::Text(value.clone())
    }
}

impl From<&Option<String>> for Value {
    fn from(value: &Option<String>) -> Self {
        value.as_ref().map_or(Self::Null, Self::from)
    }
}

impl From<&Option<i64>> for Value {
    fn from(value: &Option<i64>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// A row of a result. Columns are read by their position; names are for errors.
#[derive(Debug)]
pub(super) struct Row(pub(super) Vec<Value>);

impl Row {
    fn value(&self, position: usize, name: &str) -> Result<&Value, LedgerError> {
        let value = self.0.get(position);
        value.ok_or_else(|| LedgerError::damaged(name, "the column is missing"))
    }

    fn unexpected<T>(value: &Value, name: &str, expected: &str) -> Result<T, LedgerError> {
        let why = format!("expected {expected}, found {}", value.kind());
        Err(LedgerError::damaged(name, why))
    }

    /// An integer.
    pub(super) fn integer(&self, position: usize, name: &str) -> Result<i64, LedgerError> {
        match self.value(position, name)? {
            Value::Integer(value) => Ok(*value),
            other => Self::unexpected(other, name, "an integer"),
        }
    }

    /// An integer or no value.
    pub(super) fn optional_integer(
        &self,
        position: usize,
        name: &str,
    ) -> Result<Option<i64>, LedgerError> {
        match self.value(position, name)? {
            Value::Null => Ok(None),
            _ => self.integer(position, name).map(Some),
        }
    }

    /// A finite number. SQLite stores whole numbers as integers.
    pub(super) fn number(&self, position: usize, name: &str) -> Result<f64, LedgerError> {
        match self.value(position, name)? {
            Value::Real(value) if value.is_finite() => Ok(*value),
            Value::Real(_) => Err(LedgerError::damaged(name, "the number is not finite")),
            #[expect(clippy::cast_precision_loss, reason = "counts are exact up to 2^53")]
            Value::Integer(value) => Ok(*value as f64),
            other => Self::unexpected(other, name, "a number"),
        }
    }

    /// A text.
    pub(super) fn text(&self, position: usize, name: &str) -> Result<String, LedgerError> {
        match self.value(position, name)? {
            Value::Text(value) => Ok(value.clone()),
            other => Self::unexpected(other, name, "a text"),
        }
    }

    /// A text or no value.
    pub(super) fn optional_text(
        &self,
        position: usize,
        name: &str,
    ) -> Result<Option<String>, LedgerError> {
        match self.value(position, name)? {
            Value::Null => Ok(None),
            _ => self.text(position, name).map(Some),
        }
    }

    /// A text that is JSON.
    pub(super) fn json<T: serde::de::DeserializeOwned>(
        &self,
        position: usize,
        name: &str,
    ) -> Result<T, LedgerError> {
        let text = self.text(position, name)?;
        serde_json::from_str(&text)
            .map_err(|error| LedgerError::damaged(name, format!("invalid JSON: {error}")))
    }
}

/// A value as JSON, which is the same text for equal values.
pub(super) fn to_json(value: &impl serde::Serialize) -> Result<String, LedgerError> {
    serde_json::to_string(value).map_err(|error| LedgerError::invalid(error.to_string()))
}

/// Fails if a text contains a NUL character, which PostgreSQL cannot store.
pub(super) fn check_texts(values: &[Value]) -> Result<(), LedgerError> {
    let has_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
    if values.iter().any(has_nul) {
        return Err(LedgerError::invalid("a text contains a NUL character"));
    }
    Ok(())
}

/// Makes what a database reports safe to print in a line: control characters are escaped, and it has a limited length.
pub(super) fn printable(text: &str) -> String {
    let mut safe = String::new();
    for letter in text.trim().chars() {
        if safe.len() > 300 {
            safe.push('…');
            break;
        }
        if letter.is_control() {
            safe.extend(letter.escape_default());
        } else {
            safe.push(letter);
        }
    }
    safe
}
