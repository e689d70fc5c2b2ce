//! One line for each change: `file:line: class[id]: subject: before -> after: because`, and the history if it is known.

use std::fmt::Write as _;

use super::groups::Row;
use super::words;
use crate::change::{Change, Side};
use crate::document::Document;

/// Returns the changes, a line each, in the order of the document; without those of the level `allow`, unless `all`. A place in
/// the old version has the revision before it, as git writes it: `main:checkout.nth:12: …`.
pub fn short(document: &Document, all: bool) -> String {
    let mut out = String::new();
    for change in &document.changes {
        if all || change.level != crate::Level::Allow {
            let _ = writeln!(out, "{}", line(document, change));
        }
    }
    out
}

fn line(document: &Document, change: &Change) -> String {
    let mut line = String::new();
    if let Some(place) = &change.place {
        if place.side == Side::Base {
            let _ = write!(line, "{}:", words::clip(&document.base.name, 80));
        }
        let _ = write!(
            line,
            "{}:{}: ",
            words::clip(&place.file, words::CLIP),
            place.line
        );
    }
    let _ = write!(
        line,
        "{}[{}]: {}: ",
        change.class.name(),
        change.id,
        words::clip(&change.subject.name, words::CLIP)
    );
    if let Some(pair) = words::pair(change.before.as_deref(), change.after.as_deref(), " -> ") {
        let _ = write!(line, "{pair}: ");
    }
    line.push_str(&words::clip(&change.because, 2 * words::CLIP));
    let row = Row {
        change,
        others: Vec::new(),
    };
    if let Some(history) = words::history(&row) {
        let _ = write!(line, ": {history}");
    }
    line
}
