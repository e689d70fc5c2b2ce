//! Completion of label names.

use super::metrics::Metrics;
use super::{Offer, Offers, What};
use crate::cursor::read::Cursor;

/// Offers the label names known at the cursor.
pub fn known_labels(cursor: &Cursor<'_>, offers: &mut Offers) {
    for (label, rank) in Metrics::new(cursor).labels(None) {
        let written = super::bodies::name_text(&label);
        offers.add(Offer::new(label, What::Label, rank).types(&written));
    }
}

/// Offers label names in braces.
pub fn label_keys(cursor: &Cursor<'_>, given: &[String], offers: &mut Offers) {
    for (label, rank) in Metrics::new(cursor).labels(None) {
        if given.contains(&label) {
            continue;
        }
        let written = super::bodies::name_text(&label);
        let offer = Offer::new(label, What::Label, rank);
        let equals = cursor.rest_of_line().trim_start().starts_with('=');
        offers.add(if equals {
            offer.types(&written)
        } else {
            offer
                .snippet(format!(
                    "{} = \"$0\"",
                    super::offer::escape_snippet(&written)
                ))
                .plain(format!("{written} = "))
        });
    }
}
