//! Code actions: the compiler's fixes, missing parts, imports, and refactorings.
//!
//! Each action is a function that looks at a [`Place`] and adds [`Offer`]s to a list. The edits are computed on
//! demand: at once, or by `codeAction/resolve` if the client supports it.

mod add_import;
mod environments;
mod extract_let;
mod extract_template;
mod fixes;
mod inline_let;
mod lines;
mod missing;
mod organize;
pub mod place;
mod strings;
mod template_edits;
mod template_error;
mod template_order;
mod template_parameters;
mod values;

use nthc::db::SourceFile;
use nthc::schema::is_standard;
use nthc::syntax::tree::TextRange;

use super::formatting::diff::{Change, apply, changes};
use super::formatting::layout;
use crate::position::TextEdit;
use crate::view::{ProjectView, View};

pub use fixes::{Fix, all_fixes, quick_fixes};
pub use place::{ActionKind, Offer, Place, Plan};

/// An action: adds its offers.
type Action = for<'a> fn(&'a Place<'a>, &mut Vec<Offer<'a>>);

/// All actions, each with its kind.
const ACTIONS: &[(ActionKind, Action)] = &[
    (ActionKind::QuickFix, missing::fields),
    (ActionKind::QuickFix, missing::arguments),
    (ActionKind::QuickFix, add_import::add),
    (ActionKind::Extract, extract_let::extract),
    (ActionKind::Extract, extract_template::extract),
    (ActionKind::Inline, inline_let::inline),
    (ActionKind::Rewrite, strings::convert),
    (ActionKind::Rewrite, environments::environments),
    (ActionKind::Rewrite, lines::lines),
    (ActionKind::OrganizeImports, organize::organize),
];

/// The selection from one byte of a file to another, in any order. `None` in the standard library, which cannot be
/// edited.
pub fn place<'a>(
    view: &'a View,
    project: &'a ProjectView,
    file: SourceFile,
    (start, end): (usize, usize),
) -> Option<Place<'a>> {
    if is_standard(project.db(), file) {
        return None;
    }
    let text = project.text(file);
    let (start, end) = (start.min(end), start.max(end));
    let selected = text.get(start..end).unwrap_or_default();
    let leading = selected.len() - selected.trim_start().len();
    let length = selected.trim().len();
    let start = if length == 0 { start } else { start + leading };
    Some(Place {
        view,
        project,
        file,
        text,
        range: TextRange::new(start, start + length),
    })
}

/// The offers at a place, of the kinds for which `is_wanted` returns true. Without the compiler's fixes: see
/// [`quick_fixes`] and [`all_fixes`].
pub fn offers<'a>(place: &'a Place<'a>, is_wanted: impl Fn(ActionKind) -> bool) -> Vec<Offer<'a>> {
    let mut offers = Vec::new();
    for (kind, action) in ACTIONS {
        if is_wanted(*kind) {
            place.view.stop_if_cancelled();
            action(place, &mut offers);
        }
    }
    offers
}

/// Formats the changes of an offer if the document was formatted before; `None` if nothing would change.
pub fn formatted_changes(place: &Place<'_>, mut made: Vec<Change>) -> Option<Vec<Change>> {
    made.sort_by_key(|change| change.range);
    let is_crlf = layout::has_crlf(place.text);
    for change in &mut made {
        change.text = layout::with_line_ends(&change.text, is_crlf);
    }
    let after = apply(place.text, &made)?;
    let tidied = layout::keep_formatted(place.text, after);
    let changes = changes(place.text, &tidied);
    (!changes.is_empty()).then_some(changes)
}

/// Converts changes of a place's document to edits in lines and columns.
pub fn edits(place: &Place<'_>, changes: Vec<Change>) -> Vec<TextEdit> {
    let lines = place.view.lines(place.text);
    let edits = changes.into_iter().map(|change| TextEdit {
        range: lines.range(change.range.start as usize, change.range.end as usize),
        new_text: change.text,
    });
    edits.collect()
}
