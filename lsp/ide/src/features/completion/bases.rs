//! Completion after a colon: variants, templates and blocks as bases.

use nthc::db::{ItemClass, ItemEntry, SourceFile, file_names, find_module, item};
use nthc::resolve::module_named;
use nthc::syntax::tree::{ItemNode, TextRange};
use smol_str::SmolStr;

use super::bodies::{body_snippet, doc_line};
use super::elsewhere;
use super::imports::{Imports, item_offer};
use super::{Offer, Offers, What};
use crate::cursor::read::Cursor;
use crate::features::docs::Subject;

/// Offers bases for a block of a kind, after these parts of a path.
pub fn bases(cursor: &Cursor<'_>, kind: &str, path: &[SmolStr], offers: &mut Offers) {
    let scope = &cursor.scope;
    let (db, workspace) = (scope.lookup.db, scope.lookup.workspace);
    if !path.is_empty() {
        let alias = path.join(".");
        let module = module_named(db, workspace, scope.file, &alias)
            .or_else(|| find_module(db, workspace, alias.as_str().into()));
        match module {
            Some(file) => module_bases(cursor, kind, file, None, offers),
            None => unimported_bases(cursor, kind, &alias, offers),
        }
        return;
    }
    let schema = scope.lookup.schema;
    for variant in schema.variants(kind) {
        let offer = Offer::new(variant.name.as_str(), What::Kind, 5)
            .detail(doc_line(variant))
            .about(Subject::Kind(variant.name.clone()));
        offers.add(if cursor.rest_of_line().trim().is_empty() {
            offer
                .snippet(format!(
                    "{} {}",
                    variant.name,
                    body_snippet(schema, &variant.name, 1, None)
                ))
                .plain(variant.name.as_str())
        } else {
            offer
        });
    }
    for file in [scope.file, workspace.prelude(db)] {
        for entry in &file_names(db, file).items {
            // A block or template is no base of itself.
            let is_own = file == scope.file && cursor.item().is_some_and(|item| item == entry.key);
            // The tiers and other blocks of the prelude are no useful bases.
            let is_tier = file != scope.file && entry.class == ItemClass::Block;
            if is_base(entry, kind) && !is_own && !is_tier && !entry.name.is_empty() {
                let offer = item_offer(file.module(db), entry, rank(entry));
                offers.add(with_call(cursor, entry, offer));
            }
        }
    }
    for (alias, import) in Imports::new(db, scope.file).modules() {
        let module = find_module(db, workspace, import.module.clone());
        let has = module.is_some_and(|file| {
            file_names(db, file)
                .items
                .iter()
                .any(|entry| is_base(entry, kind))
        });
        if has {
            offers.add(
                Offer::new(alias.as_str(), What::Module, 30)
                    .detail(import.module.as_str())
                    .about(Subject::Module(import.module.clone())),
            );
        }
    }
    let call = |entry: &ItemEntry| call_snippet(cursor, entry);
    // Blocks of other modules are rarely used as bases; templates are meant for it.
    let mut wanted = vec![(ItemClass::Template, SmolStr::from(kind))];
    if !cursor.prefix().is_empty() {
        wanted.push((ItemClass::Block, kind.into()));
    }
    elsewhere::offer_items(cursor, &wanted, 12, &call, offers);
}

/// Offers the bases that a module declares for a block of a kind, with the import that they require.
fn module_bases(
    cursor: &Cursor<'_>,
    kind: &str,
    file: SourceFile,
    import: Option<&(TextRange, String)>,
    offers: &mut Offers,
) {
    let db = cursor.scope.lookup.db;
    let module = file.module(db);
    for entry in &file_names(db, file).items {
        if is_base(entry, kind) {
            let mut offer = item_offer(module, entry, rank(entry));
            if import.is_some() {
                let what = offer.detail.take().unwrap_or_default();
                offer.detail = Some(format!("{what}, import {module}"));
                offer.import = import.cloned();
            }
            offers.add(with_call(cursor, entry, offer));
        }
    }
}

/// Offers the same from all modules with this last name, if the file does not know the name yet.
fn unimported_bases(cursor: &Cursor<'_>, kind: &str, alias: &str, offers: &mut Offers) {
    let (db, workspace) = (cursor.scope.lookup.db, cursor.scope.lookup.workspace);
    let imports = Imports::new(db, cursor.scope.file);
    for (module, file) in workspace.modules(db).iter() {
        let is_it = module.rsplit('.').next() == Some(alias) && *file != cursor.scope.file;
        if is_it && let Some(import) = imports.whole_module(module) {
            module_bases(cursor, kind, *file, Some(&import), offers);
        }
    }
}

fn is_base(entry: &ItemEntry, kind: &str) -> bool {
    matches!(entry.class, ItemClass::Template | ItemClass::Block) && entry.kind == kind
}

fn rank(entry: &ItemEntry) -> u16 {
    match entry.class {
        ItemClass::Template => 10,
        _ => 40,
    }
}

fn with_call(cursor: &Cursor<'_>, entry: &ItemEntry, offer: Offer) -> Offer {
    match call_snippet(cursor, entry) {
        Some(call) => {
            let name = super::bodies::name_text(&entry.name);
            let written = super::offer::escape_snippet(&name);
            offer.snippet(format!("{written}{call}")).plain(name)
        }
        None => offer,
    }
}

/// The call of a template with its required arguments.
fn call_snippet(cursor: &Cursor<'_>, entry: &ItemEntry) -> Option<String> {
    let db = cursor.scope.lookup.db;
    if entry.class != ItemClass::Template || cursor.rest_of_line().trim_start().starts_with('(') {
        return None;
    }
    let ItemNode::Template(template) = &item(db, entry.key).as_ref()?.node else {
        return None;
    };
    // In its own file it has no qualifier.
    let mut ignored = Vec::new();
    let schema = cursor.scope.lookup.schema;
    let params = nthc::schema::params(schema, &template.params, entry.key, &mut ignored);
    let places: Vec<String> = params
        .iter()
        .zip(1..)
        .filter(|((_, ty, default), _)| default.is_none() && !ty.is_optional())
        .map(|((name, ty, _), place)| {
            let value = match ty {
                ty if ty.is_query() => format!("`${place}`"),
                nthc::schema::Ty::String => format!("\"${place}\""),
                _ => format!("${place}"),
            };
            if place == 1 {
                value
            } else {
                format!("{name}: {value}")
            }
        })
        .collect();
    (!places.is_empty()).then(|| format!("({})", places.join(", ")))
}
