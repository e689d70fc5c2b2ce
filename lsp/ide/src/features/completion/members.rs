//! Completion after a dot: fields, blocks of a kind, and items of a module.

use nthc::db::{ItemClass, SourceFile, file_names};
use nthc::schema::Ty;
use smol_str::SmolStr;

use super::bodies::name_text;
use super::imports::{is_sayable, item_offer};
use super::{Offer, Offers, What};
use crate::cursor::infer::{Thing, plural};
use crate::cursor::read::Cursor;
use crate::cursor::statement::Unit;
use crate::features::docs::Subject;

/// Offers the members of the expression before the dot.
pub fn members(cursor: &Cursor<'_>, object: &[Unit], ty: &Ty, offers: &mut Offers) {
    let scope = &cursor.scope;
    // A module is only valid before a dot, so the expression alone does not show it.
    let (path, taken) = scope.tokens.path_before(object);
    if let [alias] = path.as_slice()
        && taken == object.len()
        && !scope.locals.iter().any(|local| local.name == *alias)
        && !scope.blocks.iter().any(|block| block.kind == *alias)
        && let Some(file) =
            nthc::resolve::module_named(scope.lookup.db, scope.lookup.workspace, scope.file, alias)
    {
        module(cursor, file, ty, offers);
    }
    let Some(thing) = scope.infer(object) else {
        return;
    };
    if thing == Thing::AlertLabels {
        super::labels::known_labels(cursor, offers);
        return;
    }
    let kind = match (&thing, thing.ty(scope)) {
        (Thing::Enclosing(place), _) => match scope.blocks.get(*place) {
            Some(block) => block.fields_of(),
            None => return,
        },
        (_, Ty::Ref(kind)) => kind,
        (_, Ty::Optional(inner)) => match *inner {
            Ty::Ref(kind) => kind,
            _ => return,
        },
        _ => return,
    };
    fields(cursor, &kind, ty, offers);
    nested_blocks(cursor, &thing, ty, offers);
}

fn fields(cursor: &Cursor<'_>, kind: &SmolStr, ty: &Ty, offers: &mut Offers) {
    let schema = cursor.scope.lookup.schema;
    let suits = |found: &Ty| *ty != Ty::Any && found.required() == ty.required();
    for field in schema.fields(kind) {
        if matches!(field.ty, Ty::One(..)) {
            continue;
        }
        let rank = if suits(&field.ty) { 10 } else { 20 };
        offers.add(
            Offer::new(field.name.as_str(), What::Field, rank)
                .detail(field.ty.to_string())
                .about(Subject::Field(kind.clone(), field.name.clone())),
        );
    }
    offers.add(Offer::new("name", What::Field, 30).detail("string"));
    for child in schema.children(kind) {
        offers.add(
            Offer::new(plural(&child.name), What::Field, 40)
                .detail(format!("list<{}>", child.name))
                .about(Subject::Kind(child.name.clone())),
        );
    }
}

/// Offers the blocks of the expected kind in the block before the dot.
fn nested_blocks(cursor: &Cursor<'_>, thing: &Thing, ty: &Ty, offers: &mut Offers) {
    let Ty::Ref(wanted) = ty.required() else {
        return;
    };
    let scope = &cursor.scope;
    let children: Vec<(SmolStr, SmolStr)> = match thing {
        Thing::Enclosing(place) => scope.children(*place),
        Thing::Item(_, key) => scope
            .lookup
            .item_bases(*key)
            .children()
            .into_iter()
            .filter_map(|child| Some((child.kind.text.clone(), child.name.as_ref()?.text.clone())))
            .collect(),
        _ => Vec::new(),
    };
    for (kind, name) in children {
        if kind == *wanted {
            offers.add(
                Offer::new(name.as_str(), What::Block, 5)
                    .detail(kind.as_str())
                    .types(&name_text(&name)),
            );
        }
    }
}

fn module(cursor: &Cursor<'_>, file: SourceFile, ty: &Ty, offers: &mut Offers) {
    let db = cursor.scope.lookup.db;
    let wanted = |kind: &str| match ty.required() {
        Ty::Ref(wanted) => wanted == kind,
        Ty::Union(members) => members
            .iter()
            .any(|member| matches!(member, Ty::Ref(wanted) if wanted == kind)),
        _ => true,
    };
    for entry in &file_names(db, file).items {
        let is_value = match entry.class {
            ItemClass::Let => true,
            ItemClass::Block => wanted(&entry.kind),
            _ => false,
        };
        if is_value && is_sayable(entry) {
            offers.add(item_offer(file.module(db), entry, 10));
        }
    }
}
