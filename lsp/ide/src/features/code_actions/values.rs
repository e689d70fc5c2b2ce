//! Placeholder values by type.

use nthc::db::{ItemClass, file_names};
use nthc::resolve::{Want, resolve_path};
use nthc::schema::Ty;
use nthc::schema::names::field;

use super::place::Place;

/// Maximum depth to which nested blocks are filled in.
const DEPTH: usize = 4;

/// Returns a placeholder of a type for a field or parameter of this name. `owner` is the name of the block around it.
pub fn placeholder(place: &Place<'_>, ty: &Ty, name: &str, owner: &str) -> String {
    let text = match ty {
        Ty::Bool => "true",
        Ty::Number => "1",
        Ty::Percent => "99%",
        Ty::Duration => "5m",
        Ty::Size => "1GiB",
        Ty::Rate => "100/s",
        Ty::Url => "\"https://example.com\"",
        Ty::Email => "\"someone@example.com\"",
        Ty::Date => "\"2026-12-31\"",
        Ty::DateTime => "\"2026-12-31 22:00\"",
        Ty::TimeZone => "\"Etc/UTC\"",
        Ty::LabelName => "job",
        Ty::TimeOfDay => "09:00",
        Ty::TimeOfWeek => "mon 09:00",
        Ty::Matchers if name == field::SELECTOR && !owner.is_empty() => {
            return format!("{{ job = {} }}", quote(owner));
        }
        Ty::Labels | Ty::Matchers | Ty::Annotations => "{}",
        Ty::GateCondition => "false",
        Ty::Selector | Ty::Vector => "`up`",
        Ty::Windowed => "`sum(rate(x_total[$window]))`",
        Ty::Condition => "`up == 0`",
        Ty::Logql => "`sum(rate({job=\"app\"}[5m])) > 0`",
        Ty::List(_) => "[]",
        Ty::String | Ty::Text | Ty::Markdown | Ty::Any | Ty::One(..) => "\"\"",
        Ty::Enum(of) => {
            let members = place.schema().enums.get(of);
            let first = members.and_then(|known| known.members.keys().next());
            return first.map_or_else(|| of.to_string(), ToString::to_string);
        }
        Ty::Ref(kind) => return reference(place, kind),
        Ty::Optional(inner) => return placeholder(place, inner, name, owner),
        Ty::Union(members) => {
            let first = members.first().unwrap_or(&Ty::Any);
            return placeholder(place, first, name, owner);
        }
    };
    text.to_owned()
}

/// The only block of a kind that the document knows by name; otherwise the kind, for which the compiler reports an
/// error.
fn reference(place: &Place<'_>, kind: &str) -> String {
    let (db, workspace) = (place.db(), place.workspace());
    let names = file_names(db, place.file);
    let own = names.of_class(ItemClass::Block);
    let own = own
        .filter(|entry| entry.kind == kind)
        .map(|entry| entry.name.clone());
    let imported = names.imports.iter().flat_map(|import| {
        let listed = import.names.clone();
        listed.unwrap_or_else(|| vec![import.alias.clone()])
    });
    let want = Want {
        class: ItemClass::Block,
        kind,
    };
    let known = |name: &smol_str::SmolStr| {
        let path = std::slice::from_ref(name);
        resolve_path(db, workspace, place.file, path, want).is_some()
    };
    own.chain(imported)
        .find(known)
        .map_or_else(|| kind.to_owned(), |name| name_text(&name))
}

/// A name, in quotes if it is not an identifier.
pub fn name_text(name: &str) -> String {
    let is_plain = super::place::identifier(name) == name;
    if is_plain {
        name.to_owned()
    } else {
        quote(name)
    }
}

/// A text in quotes.
pub fn quote(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace("${", "\\${")
        .replace('\n', "\\n")
        .replace('\t', "\\t")
        .replace('\r', "\\u{d}");
    format!("\"{text}\"")
}

/// The statements that a block of a kind requires and does not have, with the field's name, in the prelude's order.
/// `parent` is the kind of the block that it is in, if any; `has` returns whether a field or block is there.
pub fn missing(
    place: &Place<'_>,
    kind: &str,
    owner: &str,
    parent: Option<&str>,
    has: &impl Fn(&str) -> bool,
) -> Vec<(String, String)> {
    let is_here = |name: &str| {
        let field = place.schema().field(kind, name);
        field.is_none_or(|field| field.is_in(parent))
    };
    let has = |name: &str| has(name) || !is_here(name);
    missing_to(place, kind, owner, &has, DEPTH)
}

fn missing_to(
    place: &Place<'_>,
    kind: &str,
    owner: &str,
    has: &impl Fn(&str) -> bool,
    depth: usize,
) -> Vec<(String, String)> {
    let Some(depth) = depth.checked_sub(1) else {
        return Vec::new();
    };
    let fields = place.schema().fields(kind).into_iter();
    let needed = fields
        .filter(|field| field.default.is_none() && !field.ty.is_optional() && !has(&field.name));
    needed
        .map(|field| {
            let statement = match &field.ty {
                Ty::One(child, _) => block(place, child, depth),
                ty => {
                    let value = placeholder(place, ty, &field.name, owner);
                    format!("{} = {value}", field.name)
                }
            };
            (field.name.to_string(), statement)
        })
        .collect()
}

/// A block of a kind that is allowed once, of its first variant.
fn block(place: &Place<'_>, kind: &str, depth: usize) -> String {
    let variant = place.schema().variants(kind).next();
    let (of, base) = match variant {
        Some(variant) => (variant.name.as_str(), format!(" : {}", variant.name)),
        None => (kind, String::new()),
    };
    let fields: Vec<String> = missing_to(place, of, "", &|_| false, depth)
        .into_iter()
        .map(|(_, statement)| statement)
        .collect();
    if fields.is_empty() {
        format!("{kind}{base} {{}}")
    } else {
        format!("{kind}{base} {{ {} }}", fields.join("  "))
    }
}
