//! Reading a TOML table field by field: every mistake is reported where it stands, and what is left over at
//! the end is an unknown key.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostics::{Applicability, Diagnostic, FileSpan, codes, suggest};

/// What is read with where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Its place in the manifest.
    pub span: FileSpan,
}

/// The mistakes found in one manifest.
pub struct Findings {
    /// The manifest's number in the source map.
    pub file: usize,
    /// What was found, in the order of finding.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

impl Findings {
    /// A range of the manifest as a span.
    pub fn span(&self, range: Range<usize>) -> FileSpan {
        FileSpan {
            file: self.file,
            start: range.start,
            end: range.end,
        }
    }

    /// Reports a value that cannot be used.
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
    /// A table named `name` in messages, empty for the whole manifest, with its head at `head`.
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

    /// An empty table, in place of one that is absent.
    pub fn absent(name: impl Into<String>, at: Range<usize>) -> Self {
        Self {
            name: name.into(),
            head: at,
            entries: BTreeMap::new(),
            known: Vec::new(),
        }
    }

    /// Where the table begins: its key.
    pub fn head(&self) -> Range<usize> {
        self.head.clone()
    }

    /// Takes a field out, with the range of its key.
    fn take(&mut self, key: &'static str) -> Option<(Range<usize>, Spanned<DeValue<'i>>)> {
        self.known.push(key);
        self.entries.remove(key)
    }

    /// Takes a table out; an absent one reads as empty.
    pub fn table(&mut self, key: &'static str, findings: &mut Findings) -> Table<'i> {
        match self.take(key) {
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
        let (_, value) = self.take(key)?;
        into_string(&path, value, findings)
    }

    /// Takes a boolean out.
    pub fn boolean(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<bool>> {
        let path = self.path(key);
        let (_, value) = self.take(key)?;
        let span = findings.span(value.span());
        match value.into_inner() {
            DeValue::Boolean(value) => Some(Located { value, span }),
            other => {
                findings.bad_value(
                    span,
                    format!("`{path}` must be `true` or `false`"),
                    format!("found {}", kind_of(&other)),
                );
                None
            }
        }
    }

    /// Takes a whole number above zero out.
    pub fn count(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<usize>> {
        let path = self.path(key);
        let (_, value) = self.take(key)?;
        let span = findings.span(value.span());
        let value = value.into_inner();
        let number = match &value {
            DeValue::Integer(integer) => {
                usize::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        match number {
            Some(value) if value > 0 => Some(Located { value, span }),
            _ => {
                findings.bad_value(
                    span,
                    format!("`{path}` must be a positive integer"),
                    format!("found {}", kind_of(&value)),
                );
                None
            }
        }
    }

    /// All that is left, as tables or values under free names: the keys of `[dependencies]`.
    pub fn drain(&mut self) -> Vec<(Located<String>, Spanned<DeValue<'i>>)> {
        std::mem::take(&mut self.entries)
            .into_iter()
            .map(|(key, (at, value))| {
                // The number of the file is filled in by the caller's findings.
                (
                    Located {
                        value: key,
                        span: FileSpan {
                            file: 0,
                            start: at.start,
                            end: at.end,
                        },
                    },
                    value,
                )
            })
            .collect()
    }

    /// Takes a table of strings under free names out: labels.
    pub fn strings(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> BTreeMap<String, Located<String>> {
        let path = self.path(key);
        let mut table = self.table(key, findings);
        table
            .drain()
            .into_iter()
            .filter_map(|(name, value)| {
                let path = format!("{path}.{}", name.value);
                into_string(&path, value, findings).map(|value| (name.value, value))
            })
            .collect()
    }

    /// Takes a list of strings out; an absent one reads as empty.
    pub fn list(&mut self, key: &'static str, findings: &mut Findings) -> Vec<Located<String>> {
        let path = self.path(key);
        let Some((_, value)) = self.take(key) else {
            return Vec::new();
        };
        let span = findings.span(value.span());
        match value.into_inner() {
            DeValue::Array(items) => items
                .into_iter()
                .enumerate()
                .filter_map(|(index, item)| {
                    into_string(&format!("{path}[{index}]"), item, findings)
                })
                .collect(),
            other => {
                findings.bad_value(
                    span,
                    format!("`{path}` must be a list of strings"),
                    format!("found {}", kind_of(&other)),
                );
                Vec::new()
            }
        }
    }

    /// Reports each field that nobody took.
    pub fn finish(self, findings: &mut Findings) {
        for (key, (at, value)) in self.entries {
            let span = findings.span(at);
            let is_table = value.get_ref().is_table();
            let message = match (self.name.is_empty(), is_table) {
                (true, true) => format!("unknown table `[{key}]` in `nth.toml`"),
                (true, false) => format!("unknown top-level key `{key}` in `nth.toml`"),
                (false, _) => format!("unknown key `{key}` in `[{}]`", self.name),
            };
            let mut diagnostic = Diagnostic::new(&codes::PROJECT_UNKNOWN_SETTING, message, span)
                .label(
                    "not a known \
                    setting",
                );
            match suggest::nearest(&key, self.known.iter().copied()) {
                Some(name) => {
                    diagnostic = diagnostic.fix(
                        format!("Replace with `{name}`"),
                        span,
                        name,
                        Applicability::Maybe,
                    );
                }
                None => {
                    let known: Vec<_> = self.known.iter().map(|name| format!("`{name}`")).collect();
                    diagnostic = diagnostic.help(format!("use one of {}", known.join(", ")));
                }
            }
            findings.diagnostics.push(diagnostic);
        }
    }

    fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

/// A value that must be a table.
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

/// A value that must be a string.
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

/// What a value is, with its article.
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
