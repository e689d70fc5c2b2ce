//! Reads a TOML table field by field: each error is reported at its place, and fields that are left at the end are unknown
//! keys.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes, suggest};
use crate::ir::settings;

/// A value with its place in the manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// The place.
    pub span: FileSpan,
}

/// The diagnostics of one manifest.
pub struct Findings {
    /// The index of the manifest in the source map.
    pub file: usize,
    /// The diagnostics, in the order of reading.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

impl Findings {
    /// Returns the span of a range of the manifest.
    pub fn span(&self, range: Range<usize>) -> FileSpan {
        FileSpan {
            file: self.file,
            start: range.start,
            end: range.end,
        }
    }

    /// Reports an invalid value.
    pub fn bad_value(
        &mut self,
        span: FileSpan,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.diagnostics
            .push(Diagnostic::new(&codes::PROJECT_BAD_SETTING, message, span).label(label));
    }
}

/// A table whose fields are taken out one after another.
pub struct Table<'i> {
    name: String,
    head: Range<usize>,
    entries: BTreeMap<String, (Range<usize>, Spanned<DeValue<'i>>)>,
    known: Vec<&'static str>,
}

impl<'i> Table<'i> {
    /// Creates a table called `name` in messages (empty for the whole manifest), with its key at `head`.
    pub fn new(name: impl Into<String>, head: Range<usize>, table: DeTable<'i>) -> Self {
        let entries = table
            .into_iter()
            .map(|(key, value)| {
                let range = key.span();
                (key.into_inner().into_owned(), (range, value))
            })
            .collect();
        Self {
            name: name.into(),
            head,
            entries,
            known: Vec::new(),
        }
    }

    /// Creates an empty table in place of one that is absent.
    pub fn absent(name: impl Into<String>, at: Range<usize>) -> Self {
        Self {
            name: name.into(),
            head: at,
            entries: BTreeMap::new(),
            known: Vec::new(),
        }
    }

    /// Returns the range of the key of the table.
    pub fn head(&self) -> Range<usize> {
        self.head.clone()
    }

    /// Takes a field out.
    pub fn take(&mut self, key: &'static str) -> Option<Spanned<DeValue<'i>>> {
        self.take_with_key(key).map(|(_, value)| value)
    }

    /// Takes a field out, with the range of its key.
    fn take_with_key(&mut self, key: &'static str) -> Option<(Range<usize>, Spanned<DeValue<'i>>)> {
        self.known.push(key);
        self.entries.remove(key)
    }

    /// Takes a table out; an absent one reads as empty.
    pub fn table(&mut self, key: &'static str, findings: &mut Findings) -> Table<'i> {
        match self.take_with_key(key) {
            None => Table::absent(key, 0..0),
            Some((at, value)) => into_table(key, at.clone(), value, findings)
                .unwrap_or_else(|| Table::absent(key, at)),
        }
    }

    /// Takes a string out.
    pub fn string(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<Located<String>> {
        let path = self.path(key);
        into_string(&path, self.take(key)?, findings)
    }

    /// Takes out all remaining fields, whose names are free: the keys of `[dependencies]`.
    pub fn drain(&mut self, findings: &Findings) -> Vec<(Located<String>, Spanned<DeValue<'i>>)> {
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(value, (at, content))| {
                let span = findings.span(at);
                (Located { value, span }, content)
            })
            .collect()
    }

    /// Reports each field that was not taken.
    pub fn finish(mut self, findings: &mut Findings) {
        for (key, (at, value)) in std::mem::take(&mut self.entries) {
            let span = findings.span(at);
            let is_table = value.get_ref().is_table();
            let message = match (self.name.is_empty(), is_table) {
                (true, true) => format!("unknown table `[{key}]` in `nth.toml`"),
                (true, false) => format!("unknown top-level key `{key}` in `nth.toml`"),
                (false, _) => format!("unknown key `{key}` in `[{}]`", self.name),
            };
            let mut diagnostic = Diagnostic::new(&codes::PROJECT_UNKNOWN_SETTING, message, span)
                .label("not a known setting");
            if let Some(name) = suggest::nearest(&key, self.known.iter().copied()) {
                diagnostic = diagnostic.fix(
                    format!("Replace with `{name}`"),
                    span,
                    name,
                    Applicability::Maybe,
                );
            } else if let Some(help) = self.owning_table(&key) {
                diagnostic = diagnostic.help(help);
            } else {
                let known: Vec<_> = self.known.iter().map(|name| format!("`{name}`")).collect();
                diagnostic = diagnostic.help(format!("use one of {}", known.join(", ")));
            }
            findings.diagnostics.push(diagnostic);
        }
    }

    /// Returns the table that a misplaced key belongs to.
    fn owning_table(&self, key: &str) -> Option<String> {
        let has_key = |table: &&settings::Table| {
            let mut settings = table.settings.iter();
            table.name != self.name && settings.any(|setting| setting.key == key)
        };
        let tables: Vec<String> = settings::TABLES
            .iter()
            .filter(has_key)
            .map(|table| format!("`[{}]`", table.name))
            .collect();
        let (last, others) = tables.split_last()?;
        Some(match others {
            [] => format!("move it to {last}"),
            others => format!("it is a key of {} and {last}", others.join(", ")),
        })
    }

    /// Returns the key with the name of the table: `prometheus.interval`.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

/// Converts a value to a table; `None` if it is not one, which is reported.
pub fn into_table<'i>(
    name: &str,
    head: Range<usize>,
    value: Spanned<DeValue<'i>>,
    findings: &mut Findings,
) -> Option<Table<'i>> {
    let range = value.span();
    match value.into_inner() {
        DeValue::Table(table) => Some(Table::new(name, head, table)),
        other => {
            let span = findings.span(range);
            findings.bad_value(
                span,
                format!("`{name}` must be a table"),
                format!("found {}", kind_of(&other)),
            );
            None
        }
    }
}

/// Converts a value to a string; `None` if it is not one, which is reported.
pub fn into_string(
    path: &str,
    value: Spanned<DeValue<'_>>,
    findings: &mut Findings,
) -> Option<Located<String>> {
    let span = findings.span(value.span());
    match value.into_inner() {
        DeValue::String(text) => Some(Located {
            value: text.into_owned(),
            span,
        }),
        other => {
            findings.bad_value(
                span,
                format!("`{path}` must be a string"),
                format!("found {}", kind_of(&other)),
            );
            None
        }
    }
}

/// Returns the type of a value with its article.
pub fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
