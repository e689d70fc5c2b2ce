//! The fixes of the compiler, and comments that allow what it warns of.

use std::path::Path;

use nthc::project::EXTENSION;
use nthc::suppressions::suppress_fix;

use crate::findings::{Finding, QuickFix};
use crate::position::{Range, TextEdit};
use crate::view::View;

/// A fix, and what it mends.
#[derive(Debug, Clone, PartialEq)]
pub struct Fix {
    /// What is wrong.
    pub finding: Finding,
    /// What mends it.
    pub fix: QuickFix,
}

/// The fixes of what is wrong at a place of a file, each with what would allow it. `text` is the file's, if it is open.
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

/// What would allow a warning where it stands, in a document that is open.
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

/// The edits of every fix of a file that is surely right, as `nthc check --fix` makes them: of a finding's fixes the
/// first, and of two that touch the same text that of the finding that comes first.
pub fn all_fixes(view: &View, path: &Path) -> Vec<TextEdit> {
    let mut findings = view.findings(path);
    findings.sort_by_key(|finding| (finding.range.start, finding.code.id));
    let mut accepted: Vec<TextEdit> = Vec::new();
    for finding in &findings {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.is_sure) else {
            continue;
        };
        // Other documents are not this one's to change.
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

/// Whether two edits can't both be made without a choice of what comes first.
fn overlap(left: Range, right: Range) -> bool {
    left.start == right.start || left.start < right.end && right.start < left.end
}

/// Whether two ranges share a place, be it an end of each.
fn touch(left: Range, right: Range) -> bool {
    left.start <= right.end && right.start <= left.end
}
