//! What is wrong in a text, with the lines and columns that an editor shows it at, and what would mend it.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nthc::diagnostics::{Applicability, Code, Diagnostic, FileSpan, Severity};
use nthc::syntax::tree::TextRange;

use crate::files::FileName;
use crate::position::{Encoding, Lines, Range, TextEdit};

/// Something wrong in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The file.
    pub file: FileName,
    /// Where it is, by the bytes of the file.
    pub place: TextRange,
    /// Where it is, by lines and columns.
    pub range: Range,
    /// How bad it is.
    pub severity: Severity,
    /// Its code.
    pub code: &'static Code,
    /// What is wrong, in a sentence.
    pub message: String,
    /// What stands at its place, in a few words; empty where the message says it all.
    pub label: String,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// What follows from it.
    pub notes: Vec<String>,
    /// What to do.
    pub help: Vec<String>,
    /// What would mend it.
    pub fixes: Vec<QuickFix>,
}

/// Another place that belongs to a finding.
#[derive(Debug, Clone, PartialEq)]
pub struct Related {
    /// The file.
    pub file: FileName,
    /// The file's path as it is shown.
    pub shown: String,
    /// Where in it.
    pub range: Range,
    /// What is there.
    pub message: String,
}

/// Edits that mend something.
#[derive(Debug, Clone, PartialEq)]
pub struct QuickFix {
    /// What they do.
    pub title: String,
    /// Whether they are surely what was meant.
    pub is_sure: bool,
    /// The edits, each with its file.
    pub edits: Vec<(PathBuf, TextEdit)>,
}

/// A file that diagnostics point into.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    /// Where it is; nothing for one of the standard library's.
    pub path: Option<&'a Path>,
    /// Its path as shown.
    pub shown: &'a str,
    /// Its text.
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

/// Makes findings of the compiler's diagnostics.
pub struct Converter<'a> {
    encoding: Encoding,
    file: &'a dyn Fn(usize) -> Option<Text<'a>>,
    /// The lines of each text, read when it is first pointed into.
    lines: RefCell<HashMap<usize, Lines<'a>>>,
}

impl<'a> Converter<'a> {
    /// `file` gives the files by their numbers.
    pub fn new(encoding: Encoding, file: &'a dyn Fn(usize) -> Option<Text<'a>>) -> Self {
        Self {
            encoding,
            file,
            lines: RefCell::default(),
        }
    }

    /// These diagnostics, but for those that point where nothing is.
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
                // What has no path is the standard library's, which nobody can edit.
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
