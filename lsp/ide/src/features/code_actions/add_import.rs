//! Adds imports for unresolved names that other modules declare.

use nthc::check::check_item;
use nthc::db::{ImportEntry, ItemClass, SourceFile, file_names};
use nthc::schema::is_standard;
use nthc::schema::names::kind;
use nthc::syntax::tree::{Import, ItemNode, TextRange};
use smol_str::SmolStr;

use super::super::formatting::diff::Change;
use super::super::formatting::layout::touch;
use super::place::{ActionKind, ItemAt, Offer, Place, insertion, replacement};

/// Maximum number of modules offered for one name.
const MANY: usize = 20;

/// Offers imports for the unresolved name at the selection: from the project's own modules first, then from packages,
/// then from the standard library.
pub fn add<'a>(place: &'a Place<'a>, offers: &mut Vec<Offer<'a>>) {
    let Some(at) = place.item() else { return };
    let (db, workspace) = (place.db(), place.workspace());
    let mut seen: Vec<(String, String)> = Vec::new();
    for found in &check_item(db, workspace, at.key).found {
        let Some(unknown) = &found.unknown_name else {
            continue;
        };
        let span = found.primary.span.range.shifted(at.start);
        let key = (unknown.kind.clone(), unknown.name.clone());
        if found.primary.span.item != at.key || !touch(span, place.range) || seen.contains(&key) {
            continue;
        }
        seen.push(key);
        // A name that an import lists in vain is declared elsewhere, but is replaced in that import.
        let in_import = matches!(at.item.node, ItemNode::Import(_));
        match unknown.kind.as_str() {
            kind::METRIC => {}
            "module" => offer_module(place, &unknown.name, offers),
            kind if !in_import => offer_name(place, kind, &unknown.name, span, offers),
            _ => {}
        }
    }
}

fn offer_module<'a>(place: &'a Place<'a>, name: &str, offers: &mut Vec<Offer<'a>>) {
    let modules = place.workspace().modules(place.db());
    let named = modules
        .iter()
        .filter(|(module, _)| module.rsplit('.').next() == Some(name));
    let mut found: Vec<(u8, SmolStr)> = named
        .map(|(module, file)| (distance(place, *file), module.clone()))
        .collect();
    found.sort();
    let is_only = found.len() == 1;
    for (_, module) in found.into_iter().take(MANY) {
        let title = format!("Add `import {module}`");
        let edits = move || Some(vec![import_edit(place, &module, None)]);
        offers.push(Offer {
            is_preferred: is_only,
            ..Offer::new(ActionKind::QuickFix, title, edits)
        });
    }
}

fn offer_name<'a>(
    place: &'a Place<'a>,
    kind: &str,
    name: &str,
    span: TextRange,
    offers: &mut Vec<Offer<'a>>,
) {
    let candidates = candidates(place, kind, name);
    let is_only = candidates.len() == 1;
    let name = SmolStr::from(name);
    let mut qualified = Vec::new();
    for (number, (_, module)) in candidates.into_iter().take(MANY).enumerate() {
        let last: SmolStr = module.rsplit('.').next().unwrap_or_default().into();
        let is_preferred = is_only && number == 0;
        if last == name {
            let title = format!("Add `import {module}`");
            let edits = move || Some(vec![import_edit(place, &module, None)]);
            offers.push(Offer {
                is_preferred,
                ..Offer::new(ActionKind::QuickFix, title, edits)
            });
            continue;
        }
        let title = format!("Add `import {module}.{{{name}}}`");
        let (of, wanted) = (module.clone(), name.clone());
        let edits = move || Some(vec![import_edit(place, &of, Some(&wanted))]);
        offers.push(Offer {
            is_preferred,
            ..Offer::new(ActionKind::QuickFix, title, edits)
        });
        let imports = &file_names(place.db(), place.file).imports;
        let whole = imports
            .iter()
            .find(|import| import.names.is_none() && import.module == module);
        if let Some(ImportEntry { alias, .. }) = whole {
            let written = format!("{alias}.{name}");
            let title = format!("Write `{written}`");
            let edits = move || Some(vec![replacement(span, written.clone())]);
            qualified.push(Offer::new(ActionKind::QuickFix, title, edits));
            continue;
        }
        // A second module with this last name would need an alias.
        let is_taken = imports
            .iter()
            .any(|import| import.names.is_none() && import.alias == last);
        if is_taken {
            continue;
        }
        let written = format!("{last}.{name}");
        let title = format!("Add `import {module}` and write `{written}`");
        let edits = move || {
            Some(vec![
                import_edit(place, &module, None),
                replacement(span, written.clone()),
            ])
        };
        qualified.push(Offer::new(ActionKind::QuickFix, title, edits));
    }
    offers.extend(qualified);
}

/// The modules that declare an item of this kind and name, nearest first.
fn candidates(place: &Place<'_>, kind: &str, name: &str) -> Vec<(u8, SmolStr)> {
    let db = place.db();
    let mut found = Vec::new();
    for (module, file) in place.workspace().modules(db).iter() {
        if *file == place.file || *file == place.workspace().prelude(db) {
            continue;
        }
        let fits = file_names(db, *file).items.iter().any(|entry| {
            entry.name == name
                && (kind.is_empty() || entry.kind == kind)
                && matches!(
                    entry.class,
                    ItemClass::Block | ItemClass::Template | ItemClass::Let
                )
        });
        if fits {
            found.push((distance(place, *file), module.clone()));
        }
    }
    found.sort();
    found
}

/// Distance of a module: 0 for the project's own, highest for the standard library.
fn distance(place: &Place<'_>, file: SourceFile) -> u8 {
    if is_standard(place.db(), file) {
        2
    } else {
        u8::from(file.package(place.db()))
    }
}

/// Returns the edit that imports a module or a name from it: into existing braces, or on a line of its own in
/// alphabetical order.
pub fn import_edit(place: &Place<'_>, module: &str, name: Option<&str>) -> Change {
    let imports: Vec<(ItemAt<'_>, &Import)> = place
        .items()
        .filter_map(|at| match &at.item.node {
            ItemNode::Import(import) => Some((at, import)),
            _ => None,
        })
        .collect();
    if let Some(name) = name
        && let Some(change) = imports
            .iter()
            .filter(|(_, import)| path(import) == module && import.alias.is_none())
            .find_map(|(at, import)| into_braces(*at, import, name))
    {
        return change;
    }
    let line = match name {
        Some(name) => format!("import {module}.{{{name}}}"),
        None => format!("import {module}"),
    };
    let paths: Vec<String> = imports.iter().map(|(_, import)| path(import)).collect();
    let next = paths.iter().position(|path| path.as_str() > module);
    if paths.is_sorted()
        && let Some((at, import)) = next.and_then(|next| imports.get(next))
    {
        let start = place.with_comments_above(at.start + import.range.start);
        return insertion(start, format!("{line}\n"));
    }
    if let Some((at, import)) = imports.last() {
        return place.lines_after(at.start + import.range.end, "", &[&line]);
    }
    match place.items().next() {
        Some(first) => {
            let start = place.with_comments_above(first.start);
            insertion(start, format!("{line}\n\n"))
        }
        None => insertion(place.text.len(), format!("{line}\n")),
    }
}

fn path(import: &Import) -> String {
    let words: Vec<&str> = import
        .path
        .segments
        .iter()
        .map(|name| name.text.as_str())
        .collect();
    words.join(".")
}

/// Adds a name to an import's braces, before the first that follows it in alphabetical order.
fn into_braces(at: ItemAt<'_>, import: &Import, name: &str) -> Option<Change> {
    let names = import.names.as_ref()?;
    let after = |range: TextRange| (at.start + range.end) as usize;
    if let Some(next) = names.iter().find(|known| known.text.as_str() > name) {
        let start = (at.start + next.range.start) as usize;
        return Some(insertion(start, format!("{name}, ")));
    }
    let last = names.last()?;
    Some(insertion(after(last.range), format!(", {name}")))
}
