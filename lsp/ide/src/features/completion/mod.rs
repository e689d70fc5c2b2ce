//! Completion: names, values and words that fit at the cursor, in half-typed text.

mod bases;
mod bodies;
mod elsewhere;
mod imports;
mod index;
mod labels;
mod literals;
mod members;
mod metrics;
mod offer;
mod query;
mod texts;
mod top;
mod values;

use std::collections::HashSet;

use nthc::db::{SourceFile, Workspace};
use nthc::syntax::tree::TextRange;

use crate::cursor::place::Place;
use crate::cursor::read::{Cursor, Part};

pub use offer::{Offer, What};

/// Maximum number of offers from other modules at once; each typed letter brings others.
const MOST: usize = 200;

/// The offers at a place of a file.
#[derive(Debug, Default)]
pub struct Offers {
    /// The offers, best first.
    pub all: Vec<Offer>,
    /// True if there are more, which further letters would bring.
    pub is_incomplete: bool,
    /// The range to replace, in bytes of the file.
    pub word: Option<TextRange>,
}

impl Offers {
    fn add(&mut self, offer: Offer) {
        self.all.push(offer);
    }

    /// Sorts by rank, and removes duplicates.
    fn sort(&mut self) {
        // The sort is stable: fields stay in the order of their declaration.
        self.all.sort_by_key(|offer| offer.rank);
        let mut seen = HashSet::new();
        self.all.retain(|offer| {
            let import = offer.import.as_ref().map(|(_, text)| text.clone());
            seen.insert((offer.label.clone(), offer.snippet.clone(), import))
        });
    }
}

/// Completes at a byte of a file.
pub fn complete(
    db: &dyn salsa::Database,
    workspace: Workspace,
    file: SourceFile,
    offset: usize,
) -> Offers {
    let mut offers = Offers::default();
    let part = Part::at_offset(db, file, offset);
    let tokens = part.tokens();
    let Some(cursor) = Cursor::read(db, workspace, file, &part, &tokens) else {
        return offers;
    };
    offers.word = Some(TextRange::new(
        cursor.start + cursor.word.start,
        cursor.start + cursor.word.end,
    ));
    match &cursor.place {
        Place::Nothing => {}
        Place::Top => top::statements(&cursor, &mut offers),
        Place::Body => bodies::statements(&cursor, &mut offers),
        Place::Keywords(words) => top::keywords(words, &mut offers),
        Place::ImportPath(path) => imports::modules(&cursor, path, &mut offers),
        Place::ImportNames(module, given) => imports::names(&cursor, module, given, &mut offers),
        Place::Kinds(kinds) => top::kinds(&cursor, *kinds, &mut offers),
        Place::BlockName(kind) => bodies::block_names(&cursor, kind, &mut offers),
        Place::RemovedKind => bodies::removable_kinds(&cursor, &mut offers),
        Place::RemovedName(kind) => bodies::removable_names(&cursor, kind, &mut offers),
        Place::Base(kind, path) => bases::bases(&cursor, kind, path, &mut offers),
        Place::Environment => values::environments(&cursor, &mut offers),
        Place::Type => top::types(&cursor, &mut offers),
        Place::Value(ty) => values::values(&cursor, ty, &mut offers),
        Place::Member(object, ty) => members::members(&cursor, object, ty, &mut offers),
        Place::Argument(callee, named, ty) => {
            values::arguments(&cursor, callee, named, &mut offers);
            if let Some(ty) = ty {
                values::values(&cursor, ty, &mut offers);
            }
        }
        Place::LabelKey(given) => labels::label_keys(&cursor, given, &mut offers),
        Place::Unit(ty) => texts::units(&cursor, ty, &mut offers),
        Place::Text(ty) => texts::texts(&cursor, ty, &mut offers),
        Place::Query(open, ty) => query::query(&cursor, *open, ty, &mut offers),
    }
    // Right after a sign that triggered completion, a space is missing.
    let before = tokens.text.get(..cursor.word.start).unwrap_or_default();
    let is_spaced = matches!(&cursor.place, Place::Value(_) | Place::Type)
        || matches!(&cursor.place, Place::Base(_, path) if path.is_empty());
    if is_spaced && before.ends_with(['=', ':']) {
        for offer in &mut offers.all {
            offer.snippet.insert(0, ' ');
            if let Some(plain) = &mut offer.plain {
                plain.insert(0, ' ');
            }
        }
    }
    offers.sort();
    offers
}

/// True if the letters of `typed` occur in `name` in this order, as most editors compare them.
fn matches_typed(typed: &str, name: &str) -> bool {
    let mut letters = name.chars().map(|letter| letter.to_ascii_lowercase());
    typed
        .chars()
        .all(|letter| letters.any(|next| next == letter.to_ascii_lowercase()))
}
