//! Diagnostics with the lines and columns at which an editor shows them, and with their fixes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::diagnostics::{Applicability, Code, Diagnostic, FileSpan, Severity};
use nthc::syntax::tree::TextRange;

use crate::files::FileName;
use crate::position::{Encoding, Lines, Range, TextEdit};

/// A diagnostic in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The file.
    pub file: FileName,
    /// The range in bytes of the file.
    pub place: TextRange,
    /// The range in lines and columns.
    pub range: Range,
    /// The severity.
    pub severity: Severity,
    /// The code.
    pub code: &'static Code,
    /// The headline.
    pub message: String,
    /// A few words about the range; empty if the message says it all.
    pub label: String,
    /// Other ranges that belong to the diagnostic.
    pub related: Vec<Related>,
    /// Consequences or background.
    pub notes: Vec<String>,
    /// Solutions, one idea each.
    pub help: Vec<String>,
    /// Edits that fix the problem.
    pub fixes: Vec<QuickFix>,
}

/// Another range that belongs to a diagnostic.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// The file.
    pub file: FileName,
    /// The path of the file as shown.
    pub shown: String,
    /// The range in the file.
    pub range: Range,
    /// The message for this range.
    pub message: String,
}

/// Edits that fix a problem.
#[derive(Debug, Clone, PartialEq)]
pub struct QuickFix {
    /// The title, such as `Add a team`.
    pub title: String,
    /// True if the edits are certain to be correct, so that they can be applied without a choice.
    pub is_sure: bool,
    /// The edits, each with the path of its file.
    pub edits: Vec<(PathBuf, TextEdit)>,
}

/// A file that diagnostics point to.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// The path; `None` for a module of the standard library.
    pub path: Option<&'a Path>,
    /// The path as shown.
    pub shown: &'a str,
    /// The text.
    pub text: &'a Arc<str>,
}

impl Text<'_> {
    fn name(&self) -> FileName {
        match self.path {
            Some(path) => FileName::Disk(path.to_path_buf()),
            None => FileName::Standard {
                shown: self.shown.to_owned(),
                text: Arc::clone(self.text),
            },
        }
    }
}

/// Converts the compiler's diagnostics to findings.
pub struct Converter<'a> {
    encoding: Encoding,
    file: &'a dyn Fn(usize) -> Option<Text<'a>>,
    /// The lines of each text, by the file's number; computed on first use.
    lines: RefCell<HashMap<usize, Lines<'a>>>,
}

impl<'a> Converter<'a> {
    /// Creates a converter. `file` returns a file by its number.
    pub fn new(encoding: Encoding, file: &'a dyn Fn(usize) -> Option<Text<'a>>) -> Self {
        Self {
            encoding,
            file,
            lines: RefCell::default(),
        }
    }

    /// Converts diagnostics. Those without a file are skipped.
    pub fn findings(&self, found: &[Diagnostic<FileSpan>]) -> Vec<Finding> {
        found
            .iter()
            .filter_map(|found| self.finding(found))
            .collect()
    }

    fn finding(&self, found: &Diagnostic<FileSpan>) -> Option<Finding> {
        let span = found.primary.span;
        let file = (self.file)(span.file)?.name();
        let related = found.secondary.iter().filter_map(|label| {
            let file = (self.file)(label.span.file)?;
            Some(Related {
                file: file.name(),
                shown: file.shown.to_owned(),
                range: self.range(label.span),
                message: label.text.clone(),
            })
        });
        let fixes = found.fixes.iter().filter_map(|fix| {
            let edits = fix.edits.iter().map(|edit| {
                // A file without a path is the standard library's, which cannot be edited.
                let path = (self.file)(edit.span.file)?.path?.to_path_buf();
                let new_text = edit.replacement.clone();
                Some((
                    path,
                    TextEdit {
                        range: self.range(edit.span),
                        new_text,
                    },
                ))
            });
            Some(QuickFix {
                title: fix.title.clone(),
                is_sure: fix.applicability == Applicability::Always,
                edits: edits.collect::<Option<_>>()?,
            })
        });
        Some(Finding {
            file,
            place: TextRange::new(span.start, span.end),
            range: self.range(span),
            severity: found.severity,
            code: found.code,
            message: found.message.clone(),
            label: found.primary.text.clone(),
            related: related.collect(),
            notes: found.notes.clone(),
            help: found.help.clone(),
            fixes: fixes.collect(),
        })
    }

    fn range(&self, span: FileSpan) -> Range {
        let Some(file) = (self.file)(span.file) else {
            return Range::default();
        };
        self.lines
            .borrow_mut()
            .entry(span.file)
            .or_insert_with(|| Lines::new(file.text, self.encoding))
            .range(span.start, span.end)
    }
}
