//! Completion of values, by expected type.

use nthc::db::{ItemClass, file_names};
use nthc::schema::names::kind;
use nthc::schema::{COMPILE_TIME, IN_TEXTS, Ty};
use smol_str::SmolStr;

use super::bodies::name_text;
use super::elsewhere::{self, is_one};
use super::imports::{Imports, is_sayable, item_offer};
use super::{Offer, Offers, What, literals};
use crate::cursor::infer::plural;
use crate::cursor::place::Callee;
use crate::cursor::read::Cursor;
use crate::cursor::scope::LocalKind;
use crate::features::docs::Subject;

/// The types of a union, or the type itself.
fn members(ty: &Ty) -> Vec<&Ty> {
    match ty {
        Ty::Optional(inner) => members(inner),
        Ty::Union(all) => all.iter().flat_map(members).collect(),
        other => vec![other],
    }
}

/// True if a value of type `found` is allowed where one of the types is expected.
fn is_assignable(found: &Ty, wanted: &[&Ty]) -> bool {
    let found = found.required();
    wanted.iter().any(|wanted| {
        **wanted == *found
            || (wanted.is_query() && found.is_query())
            || matches!(
                (wanted, found),
                (
                    Ty::Text | Ty::Markdown | Ty::Url | Ty::Email | Ty::LabelName,
                    Ty::String
                ) | (Ty::GateCondition, Ty::Bool)
            )
            || matches!((wanted, found), (Ty::List(_), Ty::List(_)))
    })
}

/// Offers values of a type.
pub fn values(cursor: &Cursor<'_>, ty: &Ty, offers: &mut Offers) {
    let wanted = members(ty);
    let is_any = wanted.contains(&&Ty::Any);
    let is_bool = wanted
        .iter()
        .any(|ty| matches!(ty, Ty::Bool | Ty::GateCondition));
    for ty in &wanted {
        if let Ty::Enum(name) = ty {
            enum_members(cursor, name, offers);
        }
    }
    if is_bool {
        for word in ["true", "false"] {
            let rank = if wanted.contains(&&Ty::Bool) { 10 } else { 65 };
            offers.add(Offer::new(word, What::Literal, rank).detail("bool"));
        }
    }
    let kinds = kinds_of(ty);
    blocks_around(cursor, &kinds, is_any || is_bool, offers);
    locals(cursor, &wanted, is_any || is_bool, offers);
    if wanted.contains(&&Ty::LabelName) {
        super::labels::known_labels(cursor, offers);
    }
    enclosing_blocks(cursor, offers);
    functions(cursor, &wanted, is_any || is_bool, offers);
    literals::literals(&wanted, offers);
    if cursor.scope.in_alert_text {
        for known in IN_TEXTS {
            offers.add(
                Offer::new(known.name, What::Function, 5)
                    .detail(known.signature)
                    .about(Subject::Function(known.name.into()))
                    .snippet(match known.name {
                        "value" => "value".to_owned(),
                        "labels" | "external" => format!("{}.$0", known.name),
                        name => format!("{name}(${{1:value}})"),
                    })
                    .plain(known.name),
            );
        }
    }
    for word in ["not", "if"] {
        if word == "if" || is_bool {
            let offer = Offer::new(word, What::Keyword, 90);
            offers.add(match word {
                "if" => offer.snippet("if $1 { $2 } else { $0 }").plain("if "),
                _ => offer.types("not "),
            });
        }
    }
    items(cursor, &kinds, &wanted, is_any || is_bool, offers);
}

fn enum_members(cursor: &Cursor<'_>, name: &SmolStr, offers: &mut Offers) {
    let Some(known) = cursor.scope.lookup.schema.enums.get(name) else {
        return;
    };
    for (place, member) in known.members.keys().enumerate() {
        let rank = 10 + u16::try_from(place.min(9)).unwrap_or_default();
        offers.add(
            Offer::new(member.as_str(), What::Member, rank)
                .detail(name.as_str())
                .about(Subject::Member(name.clone(), member.clone())),
        );
    }
}

/// The kinds of blocks that a value of a type can refer to.
pub fn kinds_of(ty: &Ty) -> Vec<SmolStr> {
    let wanted = members(ty).into_iter();
    let kinds = wanted.filter_map(|ty| match ty {
        Ty::Ref(kind) => Some(kind.clone()),
        _ => None,
    });
    kinds.collect()
}

/// Offers the names of blocks of these kinds, for a cursor in quotes.
pub fn names_in_quotes(cursor: &Cursor<'_>, kinds: &[SmolStr], offers: &mut Offers) {
    let scope = &cursor.scope;
    let (db, workspace) = (scope.lookup.db, scope.lookup.workspace);
    let mut names: Vec<(SmolStr, SmolStr)> = Vec::new();
    for place in (0..scope.blocks.len()).rev() {
        names.extend(scope.children(place));
    }
    let imports = Imports::new(db, scope.file);
    for file in [scope.file, workspace.prelude(db)] {
        let blocks = file_names(db, file).of_class(ItemClass::Block);
        names.extend(blocks.map(|entry| (entry.kind.clone(), entry.name.clone())));
    }
    for (module, file) in workspace.modules(db).iter() {
        let blocks = file_names(db, *file).of_class(ItemClass::Block);
        let known = blocks.filter(|entry| imports.knows(module, &entry.name));
        names.extend(known.map(|entry| (entry.kind.clone(), entry.name.clone())));
    }
    names.retain(|(kind, name)| is_one(kinds, kind) && !name.is_empty());
    names.sort();
    names.dedup();
    for (kind, name) in names {
        offers.add(Offer::new(name.as_str(), What::Block, 10).detail(kind.as_str()));
    }
}

/// Offers blocks that are in the blocks around the cursor.
fn blocks_around(cursor: &Cursor<'_>, kinds: &[SmolStr], all: bool, offers: &mut Offers) {
    let scope = &cursor.scope;
    for place in (0..scope.blocks.len()).rev() {
        for (kind, name) in scope.children(place) {
            let is_signal = kind == kind::SIGNAL && all;
            if name.is_empty() || !(is_one(kinds, &kind) || is_signal) {
                continue;
            }
            offers.add(
                Offer::new(name.as_str(), What::Block, 10)
                    .detail(kind.as_str())
                    .types(&name_text(&name)),
            );
        }
    }
}

fn locals(cursor: &Cursor<'_>, wanted: &[&Ty], all: bool, offers: &mut Offers) {
    let scope = &cursor.scope;
    let mut seen: Vec<&str> = Vec::new();
    for local in scope.locals.iter().rev() {
        if seen.contains(&local.name.as_str()) {
            continue;
        }
        seen.push(&local.name);
        let ty = match &local.ty {
            Some(ty) => ty.clone(),
            None => scope
                .path(&[&local.name], 8)
                .map_or(Ty::Any, |thing| thing.ty(scope)),
        };
        let rank = if is_assignable(&ty, wanted) || all || ty == Ty::Any {
            20
        } else {
            55
        };
        let what = match local.what {
            LocalKind::Param => What::Param,
            LocalKind::Let | LocalKind::Loop => What::Let,
        };
        let offer = Offer::new(local.name.as_str(), what, rank);
        offers.add(match ty {
            Ty::Any => offer,
            ty => offer.detail(ty.to_string()),
        });
    }
}

/// Offers the blocks around the cursor by their kinds, and in rules all blocks of a kind.
fn enclosing_blocks(cursor: &Cursor<'_>, offers: &mut Offers) {
    let scope = &cursor.scope;
    let mut seen: Vec<&str> = Vec::new();
    for block in scope.blocks.iter().rev() {
        if !seen.contains(&block.kind.as_str()) {
            seen.push(&block.kind);
            offers.add(
                Offer::new(block.kind.as_str(), What::Keyword, 68)
                    .detail(format!("the enclosing {}", block.kind)),
            );
        }
    }
    for kind in scope.lookup.schema.kinds.values() {
        if scope.is_above(&kind.name) && !seen.contains(&kind.name.as_str()) {
            offers.add(
                Offer::new(kind.name.as_str(), What::Keyword, 69)
                    .detail(format!("the enclosing {} of each use", kind.name)),
            );
        }
        if scope.root == "rule" && kind.parents.is_empty() && kind.base.is_none() {
            offers.add(
                Offer::new(plural(&kind.name), What::Let, 30)
                    .detail(format!("list<{}>", kind.name)),
            );
        }
    }
}

fn functions(cursor: &Cursor<'_>, wanted: &[&Ty], all: bool, offers: &mut Offers) {
    let scope = &cursor.scope;
    let in_gate = scope.blocks.iter().any(|block| block.kind == kind::GATE);
    for (name, function) in &scope.lookup.schema.functions {
        if !in_gate {
            break;
        }
        let rank = if is_assignable(&function.result, wanted) || all {
            50
        } else {
            75
        };
        offers.add(
            Offer::new(name.as_str(), What::Function, rank)
                .detail(signature(cursor, name, &function.result.to_string()))
                .about(Subject::Function(name.clone()))
                .snippet(call_snippet(cursor, name)),
        );
    }
    for known in COMPILE_TIME {
        let result = match known.name {
            "unscoped" => Ty::Vector,
            "matching" | "not-matching" => Ty::Selector,
            "length" => Ty::Number,
            "join" => Ty::String,
            _ => Ty::Ref(kind::ENVIRONMENT.into()),
        };
        if is_assignable(&result, wanted) || all {
            offers.add(
                Offer::new(known.name, What::Function, 52)
                    .detail(known.signature)
                    .about(Subject::Function(known.name.into()))
                    .snippet(call_snippet(cursor, known.name)),
            );
        }
    }
}

fn signature(cursor: &Cursor<'_>, name: &str, result: &str) -> String {
    let params = cursor.scope.params(&Callee::Function(name.to_owned()));
    let params: Vec<String> = params.iter().map(|param| param.declaration()).collect();
    format!("{name}({}) -> {result}", params.join(", "))
}

/// A call with tab stops for its required arguments.
fn call_snippet(cursor: &Cursor<'_>, name: &str) -> String {
    let callee = Callee::Function(name.to_owned());
    let params = cursor.scope.params(&callee);
    if cursor.rest_of_line().starts_with('(') {
        return name.to_owned();
    }
    let positional = cursor.scope.is_positional(&callee) && !name.ends_with("matching");
    let places: Vec<String> = params
        .iter()
        .enumerate()
        .filter(|(_, param)| param.is_required())
        .map(|(place, param)| match place == 0 || positional {
            true => format!("${{{}:{}}}", place + 1, param.name),
            false => format!("{}: ${}", param.name, place + 1),
        })
        .collect();
    format!("{name}({})", places.join(", "))
}

/// Offers the names of arguments, required ones first.
pub fn arguments(cursor: &Cursor<'_>, callee: &Callee, named: &[String], offers: &mut Offers) {
    let scope = &cursor.scope;
    let call = scope_call(cursor);
    for (place, param) in scope.params(callee).iter().enumerate() {
        let is_given = named.iter().any(|known| *known == param.name)
            || (place == 0 && call.is_some_and(|has_first| has_first));
        if is_given {
            continue;
        }
        // A function's first argument is rarely named.
        let seldom = place == 0 && matches!(callee, Callee::Function(_));
        let rank = match param.is_required() {
            _ if seldom => 30,
            true => 1,
            false => 4,
        };
        let doc = param.doc.as_deref().unwrap_or_default().trim().to_owned();
        let colon = cursor.rest_of_line().trim_start().starts_with(':');
        let offer = Offer::new(format!("{}:", param.name), What::Param, rank)
            .detail(match &param.default {
                Some(default) => format!("{} = {default}", param.ty),
                None => param.ty.to_string(),
            })
            .about(Subject::Markdown(doc));
        offers.add(if colon {
            offer.types(&param.name)
        } else {
            offer
                .snippet(format!("{}: $0", param.name))
                .plain(format!("{}: ", param.name))
        });
    }
}

/// True if the innermost call has a positional argument before the one at the cursor.
fn scope_call(cursor: &Cursor<'_>) -> Option<bool> {
    let call = cursor.calls.last()?;
    Some(call.arguments.len() > 1 && call.arguments.first()?.is_none())
}

/// Offers the environments of the project.
pub fn environments(cursor: &Cursor<'_>, offers: &mut Offers) {
    let lookup = cursor.scope.lookup;
    for (name, key) in lookup.workspace.environments(lookup.db).iter() {
        let module = key.file.module(lookup.db);
        let entry = nthc::db::item_entry(lookup.db, *key);
        let about = entry.map_or(Subject::None, |entry| Subject::item(module, &entry));
        let written = name_text(name);
        offers.add(
            Offer::new(name.as_str(), What::Block, 10)
                .detail("environment")
                .about(about)
                .types(&written),
        );
    }
}

/// Offers the items of the expected kinds and all `let`s: of the file, its imports, the prelude and other modules.
fn items(cursor: &Cursor<'_>, kinds: &[SmolStr], wanted: &[&Ty], all: bool, offers: &mut Offers) {
    let scope = &cursor.scope;
    let (db, workspace) = (scope.lookup.db, scope.lookup.workspace);
    let own = scope.file;
    let own_item = cursor.item();
    for (file, rank) in [(own, 20), (workspace.prelude(db), 15)] {
        for entry in &file_names(db, file).items {
            let is_wanted = match entry.class {
                ItemClass::Block => is_one(kinds, &entry.kind),
                ItemClass::Let => true,
                _ => false,
            };
            // A block is not a value of its own field.
            let is_around = scope.blocks.first().is_some_and(|block| {
                file == own && block.kind == entry.kind && block.name == entry.name
            });
            // Nor is a `let` its own value.
            let is_itself = own_item == Some(entry.key);
            if is_wanted && !is_around && !is_itself && is_sayable(entry) {
                offers.add(item_offer(file.module(db), entry, rank));
            }
        }
    }
    if is_one(kinds, kind::ENVIRONMENT) {
        environments(cursor, offers);
    }
    for (alias, import) in Imports::new(db, own).modules() {
        let value = all || !kinds.is_empty() || wanted.iter().any(|ty| ty.is_query());
        if value {
            offers.add(
                Offer::new(alias.as_str(), What::Module, 70)
                    .detail(import.module.as_str())
                    .about(Subject::Module(import.module.clone())),
            );
        }
    }
    let blocks = kinds.iter().filter(|kind| *kind != kind::ENVIRONMENT);
    let mut elsewhere: Vec<(ItemClass, SmolStr)> = blocks
        .map(|kind| (ItemClass::Block, kind.clone()))
        .collect();
    // All `let`s of all modules are too many without a typed letter.
    if !cursor.prefix().is_empty() {
        elsewhere.push((ItemClass::Let, SmolStr::default()));
    }
    elsewhere::offer_items(cursor, &elsewhere, 25, &|_| None, offers);
}
