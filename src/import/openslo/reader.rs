//! Reads a mapping field by field, as strictly as the Go SDK: fields that are left at the end are unknown.

use std::ops::Range;

use rust_decimal::Decimal;

use crate::diagnostics::{Applicability, Code, Diagnostic, FileSpan, codes, suggest};
use crate::project::Located;
use crate::yaml::{Key, Node, Value};

/// The diagnostics so far, and the current file.
pub struct Findings {
    /// The index of the file.
    pub file: usize,
    /// The diagnostics.
    pub diagnostics: Vec<Diagnostic<FileSpan>>,
}

impl Findings {
    /// Returns the span of a range of the file.
    pub fn span(&self, range: &Range<usize>) -> FileSpan {
        FileSpan {
            file: self.file,
            start: range.start,
            end: range.end,
        }
    }

    /// Adds a diagnostic.
    pub fn report(
        &mut self,
        code: &'static Code,
        span: FileSpan,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        let diagnostic = Diagnostic::new(code, message, span).label(label);
        self.diagnostics.push(diagnostic);
    }

    /// Reports an invalid value.
    pub fn report_invalid(
        &mut self,
        span: FileSpan,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.report(&codes::OPENSLO_BAD_VALUE, span, message, label);
    }
}

/// Warns that something is not imported.
pub fn report_skipped(
    findings: &mut Findings,
    span: FileSpan,
    message: impl Into<String>,
    label: impl Into<String>,
) {
    let diagnostic = Diagnostic::new(&codes::OPENSLO_LEFT_OUT, message, span).label(label);
    if !findings.diagnostics.contains(&diagnostic) {
        findings.diagnostics.push(diagnostic);
    }
}

/// A mapping whose fields are taken out one after another.
pub struct Fields<'n> {
    /// Its path, `spec.objectives[0]`; empty for a whole document.
    path: String,
    /// The place to report missing fields: the key, or the first line.
    pub head: Range<usize>,
    entries: Vec<(&'n Key, &'n Node)>,
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// Reads the fields of a mapping; `None` if the node is not one, which is reported.
    pub fn new(
        node: &'n Node,
        path: impl Into<String>,
        head: Range<usize>,
        findings: &mut Findings,
    ) -> Option<Self> {
        let path = path.into();
        let Value::Map(entries) = &node.value else {
            let span = findings.span(&node.span);
            let what = if path.is_empty() { "a document" } else { &path };
            findings.report_invalid(
                span,
                format!("{} must be a mapping", quote_path(what)),
                format!("found {}", node.kind()),
            );
            return None;
        };
        Some(Self {
            path,
            head,
            entries: entries.iter().map(|(key, node)| (key, node)).collect(),
            known: Vec::new(),
        })
    }

    /// Returns the path of a field.
    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    /// Takes a field out; null counts as absent.
    pub fn take(&mut self, key: &'static str) -> Option<(&'n Key, &'n Node)> {
        self.known.push(key);
        let at = self
            .entries
            .iter()
            .position(|(known, _)| known.text == key)?;
        let (key, node) = self.entries.remove(at);
        (!node.is_null()).then_some((key, node))
    }

    /// Returns true if there is a field with this key.
    pub fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, _)| known.text == key)
    }

    /// Takes out all remaining fields, whose names are free.
    pub fn drain(&mut self) -> Vec<(&'n Key, &'n Node)> {
        std::mem::take(&mut self.entries)
    }

    /// Takes a mapping out.
    pub fn fields(&mut self, key: &'static str, findings: &mut Findings) -> Option<Self> {
        let path = self.path(key);
        let (key, node) = self.take(key)?;
        Self::new(node, path, key.span.clone(), findings)
    }

    /// Takes a required mapping out.
    pub fn required_fields(&mut self, key: &'static str, findings: &mut Findings) -> Option<Self> {
        let before = findings.diagnostics.len();
        let fields = self.fields(key, findings);
        if fields.is_none() && findings.diagnostics.len() == before {
            self.report_missing(key, findings);
        }
        fields
    }

    /// Takes a list out; an absent one reads as empty.
    pub fn list(&mut self, key: &'static str, findings: &mut Findings) -> &'n [Node] {
        let path = self.path(key);
        let Some((_, node)) = self.take(key) else {
            return &[];
        };
        let Value::List(items) = &node.value else {
            let span = findings.span(&node.span);
            findings.report_invalid(
                span,
                format!("`{path}` must be a list"),
                format!("found {}", node.kind()),
            );
            return &[];
        };
        items
    }

    /// Takes a string out.
    pub fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<Located<String>> {
        let path = self.path(key);
        let (_, node) = self.take(key)?;
        text(node, &path, findings)
    }

    /// Takes a required, non-empty string out.
    pub fn required_text(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<Located<String>> {
        let before = findings.diagnostics.len();
        let found = self
            .text(key, findings)
            .filter(|text| !text.value.is_empty());
        if found.is_none() && findings.diagnostics.len() == before {
            self.report_missing(key, findings);
        }
        found
    }

    /// Takes out a string that must be one of several.
    pub fn one_of(
        &mut self,
        key: &'static str,
        known: &[&'static str],
        findings: &mut Findings,
    ) -> Option<Located<&'static str>> {
        let found = self
            .text(key, findings)
            .filter(|text| !text.value.is_empty())?;
        let value = known.iter().copied().find(|known| *known == found.value);
        if value.is_none() {
            let mut diagnostic = Diagnostic::new(
                &codes::OPENSLO_BAD_VALUE,
                format!("invalid value of `{}`: {:?}", self.path(key), found.value),
                found.span,
            )
            .help(format!("use one of `{}`", known.join("`, `")));
            if let Some(near) = suggest::nearest(&found.value, known.iter().copied()) {
                diagnostic = diagnostic.fix(
                    format!("Replace with `{near}`"),
                    found.span,
                    near,
                    Applicability::Maybe,
                );
            }
            findings.diagnostics.push(diagnostic);
        }
        Some(Located {
            value: value?,
            span: found.span,
        })
    }

    /// Takes a reference out: an RFC 1123 label.
    pub fn reference(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<Located<String>> {
        let found = self.text(key, findings)?;
        dns_label(&found, &self.path(key), findings);
        Some(found)
    }

    /// Takes a boolean out.
    pub fn boolean(&mut self, key: &'static str, findings: &mut Findings) -> Option<bool> {
        let path = self.path(key);
        let (_, node) = self.take(key)?;
        // In YAML 1.1, which the SDK reads, `yes` and similar words are booleans.
        let value = match &node.value {
            Value::Scalar { text, plain: true } => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" => Some(true),
                "false" | "no" | "off" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if value.is_none() {
            let span = findings.span(&node.span);
            findings.report_invalid(
                span,
                format!("`{path}` must be `true` or `false`"),
                format!("found {}", node.kind()),
            );
        }
        value
    }

    /// Takes a number out, with all its digits.
    pub fn number(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<Located<Decimal>> {
        let path = self.path(key);
        let (_, node) = self.take(key)?;
        let span = findings.span(&node.span);
        let value = match &node.value {
            Value::Scalar { text, plain: true } => text
                .parse()
                .or_else(|_| Decimal::from_scientific(text))
                .ok(),
            _ => None,
        };
        if value.is_none() {
            findings.report_invalid(
                span,
                format!("`{path}` must be a number"),
                format!("found {}", node.kind()),
            );
        }
        Some(Located {
            value: value?,
            span,
        })
    }

    /// Takes a description out: at most 1050 characters.
    pub fn description(&mut self, findings: &mut Findings) -> Option<String> {
        let found = self.text("description", findings)?;
        let length = found.value.chars().count();
        if length > 1050 {
            findings.report_invalid(
                found.span,
                format!("`{}` is too long", self.path("description")),
                format!("{length} characters, at most 1050 are allowed"),
            );
        }
        Some(found.value).filter(|text| !text.is_empty())
    }

    /// Reports a missing field.
    pub fn report_missing(&self, key: &str, findings: &mut Findings) {
        let span = findings.span(&self.head);
        findings.report_invalid(span, format!("missing `{}`", self.path(key)), "");
    }

    /// Reports each field that was not taken.
    pub fn finish(self, findings: &mut Findings) {
        for (key, _) in &self.entries {
            let span = findings.span(&key.span);
            let mut diagnostic = Diagnostic::new(
                &codes::OPENSLO_UNKNOWN_FIELD,
                format!("unknown field `{}`", self.path(&key.text)),
                span,
            )
            .label("not a known field");
            match suggest::nearest(&key.text, self.known.iter().copied()) {
                Some(near) => {
                    diagnostic = diagnostic.fix(
                        format!("Replace with `{near}`"),
                        span,
                        near,
                        Applicability::Maybe,
                    );
                }
                None if !self.known.is_empty() => {
                    diagnostic =
                        diagnostic.help(format!("use one of `{}`", self.known.join("`, `")));
                }
                None => {}
            }
            findings.diagnostics.push(diagnostic);
        }
    }
}

/// Returns a path in backticks, or the text itself if it is not a path.
fn quote_path(path: &str) -> String {
    if path.contains(' ') {
        path.to_owned()
    } else {
        format!("`{path}`")
    }
}

/// Reads a string; numbers and booleans are read as they are written.
pub fn text(node: &Node, path: &str, findings: &mut Findings) -> Option<Located<String>> {
    let span = findings.span(&node.span);
    match &node.value {
        Value::Scalar { text, .. } => Some(Located {
            value: text.clone(),
            span,
        }),
        _ => {
            findings.report_invalid(
                span,
                format!("`{path}` must be a string"),
                format!("found {}", node.kind()),
            );
            None
        }
    }
}

/// Reports a name that is not an RFC 1123 label.
pub fn dns_label(name: &Located<String>, path: &str, findings: &mut Findings) {
    let plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = name.value.as_bytes();
    let is_label = (1..=63).contains(&bytes.len())
        && bytes.first().is_some_and(plain)
        && bytes.last().is_some_and(plain)
        && bytes.iter().all(|byte| plain(byte) || *byte == b'-');
    if !is_label {
        findings.diagnostics.push(
            Diagnostic::new(
                &codes::OPENSLO_BAD_VALUE,
                format!("`{path}` must be an RFC 1123 label"),
                name.span,
            )
            .label("not a name")
            .help("use at most 63 lower-case letters, digits and `-`, starting and ending with a letter \
                or digit"),
        );
    }
}

/// Returns the range of the first key of a mapping, where missing fields are reported.
pub fn head(node: &Node) -> std::ops::Range<usize> {
    match &node.value {
        Value::Map(entries) => entries.first().map(|(key, _)| key.span.clone()),
        _ => None,
    }
    .unwrap_or(node.span.clone())
}
