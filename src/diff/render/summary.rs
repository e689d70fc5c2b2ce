//! The summary of a step of a workflow, as Markdown: the comment with all sections.

use super::markdown::{Comment, Limits, comment};
use crate::document::Document;

/// GitHub accepts 1 MiB for all summaries of a job; the rest is for those of other steps.
const MOST: usize = 900 * 1024;

/// Returns the summary, below 900 KiB: everything that the comment has, with more changes of each section.
pub fn summary(document: &Document) -> Comment {
    let limits = Limits {
        most: MOST,
        rows: 500,
        numbers: 200,
        ..Limits::default()
    };
    comment(document, limits)
}
