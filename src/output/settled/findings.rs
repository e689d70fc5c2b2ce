//! Diagnostics in a form that can be kept in a file.

use serde::{Deserialize, Serialize};

use crate::codes;
use crate::diagnostics::{
    Applicability, Diagnostic, Edit, FileSpan, Fix, Label, Severity, UnknownName,
};

/// The number of a file, and the first byte and the one past the last.
type Span = (usize, usize, usize);

/// A diagnostic, whose code is written as its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    code: String,
    is_error: bool,
    message: String,
    primary: (Span, String),
    secondary: Vec<(Span, String)>,
    notes: Vec<String>,
    help: Vec<String>,
    fixes: Vec<KeptFix>,
    unknown_name: Option<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct KeptFix {
    title: String,
    edits: Vec<(Span, String)>,
    is_certain: bool,
}

impl Kept {
    /// Takes every part of a diagnostic.
    pub(super) fn new(diagnostic: &Diagnostic<FileSpan>) -> Self {
        let Diagnostic {
            code,
            severity,
            message,
            primary,
            secondary,
            notes,
            help,
            fixes,
            unknown_name,
        } = diagnostic;
        let label = |label: &Label<FileSpan>| (span(label.span), label.text.clone());
        Self {
            code: code.id.to_owned(),
            is_error: *severity == Severity::Error,
            message: message.clone(),
            primary: label(primary),
            secondary: secondary.iter().map(label).collect(),
            notes: notes.clone(),
            help: help.clone(),
            fixes: fixes.iter().map(KeptFix::new).collect(),
            unknown_name: unknown_name
                .as_ref()
                .map(|unknown| (unknown.kind.clone(), unknown.name.clone())),
        }
    }

    /// Returns the diagnostic; `None` if there is no such code.
    pub(super) fn restore(self) -> Option<Diagnostic<FileSpan>> {
        let code = codes::ALL.iter().find(|code| code.id == self.code)?;
        Some(Diagnostic {
            code,
            severity: match self.is_error {
                true => Severity::Error,
                false => Severity::Warning,
            },
            message: self.message,
            primary: restore_label(self.primary),
            secondary: self.secondary.into_iter().map(restore_label).collect(),
            notes: self.notes,
            help: self.help,
            fixes: self.fixes.into_iter().map(KeptFix::restore).collect(),
            unknown_name: self
                .unknown_name
                .map(|(kind, name)| UnknownName { kind, name }),
        })
    }
}

impl KeptFix {
    fn new(fix: &Fix<FileSpan>) -> Self {
        let Fix {
            title,
            edits,
            applicability,
        } = fix;
        let edit = |edit: &Edit<FileSpan>| (span(edit.span), edit.replacement.clone());
        Self {
            title: title.clone(),
            edits: edits.iter().map(edit).collect(),
            is_certain: *applicability == Applicability::Always,
        }
    }

    fn restore(self) -> Fix<FileSpan> {
        let edit = |(span, replacement)| Edit {
            span: restore_span(span),
            replacement,
        };
        Fix {
            title: self.title,
            edits: self.edits.into_iter().map(edit).collect(),
            applicability: match self.is_certain {
                true => Applicability::Always,
                false => Applicability::Maybe,
            },
        }
    }
}

fn span(span: FileSpan) -> Span {
    (span.file, span.start, span.end)
}

fn restore_span((file, start, end): Span) -> FileSpan {
    FileSpan { file, start, end }
}

fn restore_label((span, text): (Span, String)) -> Label<FileSpan> {
    Label {
        span: restore_span(span),
        text,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_is_kept_with_all_of_its_parts() {
        let place = |start| FileSpan {
            file: 3,
            start,
            end: start + 4,
        };
        let mut diagnostic = Diagnostic::new(&codes::NO_ALERT_NAMESPACE, "a message", place(7))
            .label("here")
            .because(place(20), "and there")
            .note("a consequence")
            .help("an instruction")
            .fix("a title", place(7), "new", Applicability::Maybe)
            .fix("another", place(9), "", Applicability::Always);
        diagnostic.severity = Severity::Error;
        diagnostic.unknown_name = Some(UnknownName {
            kind: "team".to_owned(),
            name: "paymnts".to_owned(),
        });
        let text = serde_json::to_string(&Kept::new(&diagnostic)).unwrap();
        let kept: Kept = serde_json::from_str(&text).unwrap();
        assert_eq!(kept.restore().unwrap(), diagnostic);
    }

    #[test]
    fn a_code_that_does_not_exist_is_not_restored() {
        let place = FileSpan {
            file: 0,
            start: 0,
            end: 0,
        };
        let mut kept = Kept::new(&Diagnostic::new(&codes::NO_ALERT_NAMESPACE, "", place));
        kept.code = "N9999".to_owned();
        assert_eq!(kept.restore(), None);
    }
}
