//! What other modules have, with the import that it needs.

use nthc::db::{ItemClass, file_names};
use smol_str::SmolStr;

use super::bodies::is_plain;
use super::imports::{Imports, item_offer};
use super::{MOST, Offers, fits};
use crate::cursor::place::Cursor;

/// Offers the items of some classes and kinds that other modules have and the file does not know yet, or knows by their
/// module. A template's `call` is what follows its name.
pub fn offer(
    cursor: &Cursor<'_>,
    wanted: &dyn Fn(ItemClass, &str) -> bool,
    rank: u16,
    call: &dyn Fn(&nthc::db::ItemEntry) -> Option<String>,
    offers: &mut Offers,
) {
    let (db, workspace) = (cursor.scope.lookup.db, cursor.scope.lookup.workspace);
    let own = cursor.scope.file;
    let imports = Imports::of(db, own);
    let prefix = cursor.prefix();
    let mut added = 0;
    for (module, file) in workspace.modules(db).iter() {
        if *file == own || module == "std.prelude" {
            continue;
        }
        let last = module.rsplit('.').next().unwrap_or_default();
        for entry in &file_names(db, *file).items {
            if !wanted(entry.class, &entry.kind)
                || !is_plain(&entry.name)
                || !(fits(prefix, &entry.name) || fits(prefix, last))
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
            offer.plain = Some(way.written.clone());
            offer.snippet = format!("{}{call}", super::offer::escaped(&way.written));
            // `avail` finds `http.availability`, be it in an editor that compares from the first letter.
            let by_module = last.starts_with(prefix);
            offer.filter = (!by_module).then(|| entry.name.to_string());
            offer.import = way.import;
            offers.add(offer);
            added += 1;
        }
    }
}

/// Whether a kind is one of these.
pub fn is_one(kinds: &[SmolStr], kind: &str) -> bool {
    kinds.iter().any(|known| known == kind)
}
