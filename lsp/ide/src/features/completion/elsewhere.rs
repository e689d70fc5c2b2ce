//! Completion of names from other modules, with the import that they require.

use nthc::db::{ItemClass, ItemEntry};
use smol_str::SmolStr;

use super::imports::{Imports, item_offer};
use super::index::{IndexedItem, index};
use super::{MOST, Offers, matches_typed};
use crate::cursor::read::Cursor;

/// Offers items of these classes and kinds from other modules that the file does not know yet, or knows through their
/// module. `call` is appended to the name of a template.
pub fn offer_items(
    cursor: &Cursor<'_>,
    wanted: &[(ItemClass, SmolStr)],
    rank: u16,
    call: &dyn Fn(&ItemEntry) -> Option<String>,
    offers: &mut Offers,
) {
    let (db, workspace) = (cursor.scope.lookup.db, cursor.scope.lookup.workspace);
    if wanted.is_empty() {
        return;
    }
    let imports = Imports::new(db, cursor.scope.file);
    let known = index(db, workspace);
    let prefix = cursor.prefix();
    let mut added = 0;
    let of_wanted = wanted
        .iter()
        .flat_map(|(class, kind)| known.get(*class, kind));
    for IndexedItem {
        module,
        file,
        entry,
    } in of_wanted
    {
        let last = module.rsplit('.').next().unwrap_or_default();
        if *file == cursor.scope.file
            || !(matches_typed(prefix, &entry.name) || matches_typed(prefix, last))
        {
            continue;
        }
        if added >= MOST {
            offers.is_incomplete = true;
            return;
        }
        let Some(way) = imports.way(module, &entry.name) else {
            continue;
        };
        let is_known = way.import.is_none();
        let mut offer = item_offer(module, entry, if is_known { rank } else { rank + 60 });
        if !is_known {
            let what = offer.detail.take().unwrap_or_default();
            offer.detail = Some(format!("{what}, import {module}"));
        }
        offer.label.clone_from(&way.written);
        let call = call(entry).unwrap_or_default();
        offer.snippet = format!("{}{call}", super::offer::escape_snippet(&way.written));
        offer.plain = Some(way.written);
        // `avail` finds `http.availability`, also in an editor that compares from the first letter.
        let by_module = last.starts_with(prefix);
        offer.filter = (!by_module).then(|| entry.name.to_string());
        offer.import = way.import;
        offers.add(offer);
        added += 1;
    }
}

/// True if a kind is one of these.
pub fn is_one(kinds: &[SmolStr], kind: &str) -> bool {
    kinds.iter().any(|known| known == kind)
}
