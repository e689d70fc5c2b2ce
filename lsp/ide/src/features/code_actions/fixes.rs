//! The compiler's fixes, and comments that suppress warnings.

use std::path::Path;

use nthc::project::EXTENSION;
use nthc::suppressions::suppress_fix;

use crate::findings::{Finding, QuickFix};
use crate::position::{Range, TextEdit};
use crate::view::View;

/// A fix and the problem that it fixes.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// The problem.
    pub finding: Finding,
    /// The fix.
    pub fix: QuickFix,
}

/// The fixes for the problems at a range of a file, each followed by its suppression. `text` is the file's text, if
/// it is open.
pub fn quick_fixes(view: &View, path: &Path, text: Option<&str>, range: Range) -> Vec<Fix> {
    let mut found = Vec::new();
    for finding in view.findings(path) {
        if !touch(finding.range, range) {
            continue;
        }
        let allow = allow(view, path, text, &finding);
        let fixes = finding.fixes.iter().cloned().chain(allow);
        found.extend(fixes.map(|fix| Fix {
            finding: finding.clone(),
            fix,
        }));
    }
    found
}

/// The edit that suppresses a warning at its place, in an open document.
fn allow(view: &View, path: &Path, text: Option<&str>, finding: &Finding) -> Option<QuickFix> {
    let is_source = path
        .extension()
        .is_some_and(|extension| extension == EXTENSION);
    let text = text.filter(|_| is_source)?;
    let above = suppress_fix(text, finding.place, finding.code)?;
    let at = above.at as usize;
    let range = view.lines(text).range(at, at);
    let new_text = above.text;
    Some(QuickFix {
        title: format!("Allow `{}` here", finding.code.slug),
        is_sure: false,
        edits: vec![(path.to_path_buf(), TextEdit { range, new_text })],
    })
}

/// The edits of all safe fixes of a file, as `nthc check --fix` applies them: the first fix of each finding; of two
/// that overlap, that of the first finding.
pub fn all_fixes(view: &View, path: &Path) -> Vec<TextEdit> {
    let mut findings = view.findings(path);
    findings.sort_by_key(|finding| (finding.range.start, finding.code.id));
    let mut accepted: Vec<TextEdit> = Vec::new();
    for finding in &findings {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.is_sure) else {
            continue;
        };
        // Edits of other documents are not applied.
        let is_own = fix.edits.iter().all(|(of, _)| of == path);
        let edits: Vec<&TextEdit> = fix.edits.iter().map(|(_, edit)| edit).collect();
        let is_apart = edits.iter().all(|edit| {
            accepted
                .iter()
                .all(|other| !overlap(edit.range, other.range))
        });
        if is_own && is_apart {
            accepted.extend(edits.into_iter().cloned());
        }
    }
    accepted.sort_by_key(|edit| edit.range.start);
    accepted
}

/// True if two edits cannot both be applied without deciding which comes first.
fn overlap(left: Range, right: Range) -> bool {
    left.start == right.start || left.start < right.end && right.start < left.end
}

/// True if two ranges overlap or touch.
fn touch(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}
