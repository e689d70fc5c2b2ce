//! Sections about kinds and their fields, and about enums.

use smol_str::SmolStr;

use super::Reader;
use super::headings::{enum_heading, heading, link_to};
use super::markdown::{Document, code};
use super::types::type_text;
use crate::db::Span;
use crate::eval::refinement;
use crate::schema::{FieldSchema, Kind, Schema, TOP_LEVEL, Ty};

/// Returns the kinds of blocks in the body of a kind, including those that it may contain once.
fn children(schema: &Schema, kind: &str) -> Vec<SmolStr> {
    let mut names: Vec<SmolStr> = schema
        .children(kind)
        .map(|child| child.name.clone())
        .collect();
    for field in schema.fields(kind) {
        if let Ty::One(child, _) = &field.ty
            && !names.contains(child)
        {
            names.push(child.clone());
        }
    }
    names
}

/// Returns the kinds below a kind, nested ones and variants, each at its first place and with its depth from 1.
pub fn below(schema: &Schema, kind: &str) -> Vec<(usize, SmolStr)> {
    fn walk(schema: &Schema, kind: &str, depth: usize, found: &mut Vec<(usize, SmolStr)>) {
        let variants = schema.variants(kind).map(|variant| variant.name.clone());
        for name in children(schema, kind).into_iter().chain(variants) {
            let first = schema
                .kinds
                .get(&name)
                .and_then(|known| known.parents.first());
            // A kind of the top level has its section there.
            let is_top = schema
                .kinds
                .get(&name)
                .is_some_and(|known| known.is_top_level);
            let elsewhere = is_top || first.is_some_and(|parent| parent != kind);
            if !elsewhere && !found.iter().any(|(_, known)| *known == name) {
                found.push((depth, name.clone()));
                walk(schema, &name, depth + 1, found);
            }
        }
    }
    let mut found = Vec::new();
    walk(schema, kind, 1, &mut found);
    found
}

/// Writes a section for every kind, in the order of nesting.
pub fn kinds(reader: &Reader<'_>, document: &mut Document) {
    document.heading(2, "Kinds");
    document.paragraph(
        "A block is `kind name : base { … }`. Set its fields with `=`; write nested blocks without it. \
        A project can add fields to a kind with `extend kind service { cost-center: string }`.",
    );
    for top in reader.schema.top_level() {
        kind(reader, top, document);
        for (_, name) in below(reader.schema, &top.name) {
            if let Some(nested) = reader.schema.kinds.get(&name) {
                kind(reader, nested, document);
            }
        }
    }
}

fn kind(reader: &Reader<'_>, kind: &Kind, document: &mut Document) {
    let schema = reader.schema;
    document.heading(3, &heading(&kind.name));
    document.paragraph(kind.doc.as_deref().unwrap_or_default());
    document.paragraph(&place(schema, kind));
    let list = |names: &[SmolStr]| {
        names
            .iter()
            .map(|name| link_to(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let variants: Vec<SmolStr> = schema
        .variants(&kind.name)
        .map(|variant| variant.name.clone())
        .collect();
    if let Some(first) = variants.first() {
        let example = code(&format!("{} : {first}", kind.name));
        document.paragraph(&format!(
            "It must be one of its variants, written after a colon ({example}): {}.",
            list(&variants)
        ));
    }
    let nested = children(schema, &kind.name);
    if !nested.is_empty() {
        document.paragraph(&format!("Nested blocks: {}.", list(&nested)));
    }
    let rows = kind
        .fields
        .values()
        .filter(|field| !matches!(field.ty, Ty::One(..)))
        .map(|field| {
            [
                code(&field.name),
                type_text(field.ty.required()),
                default(reader, field),
                field
                    .refinement
                    .as_ref()
                    .map(|limit| refinement(limit))
                    .unwrap_or_default(),
                meaning(field),
            ]
        });
    document.table(["field", "type", "default", "allowed", "meaning"], rows);
}

/// Describes where blocks of a kind are allowed, and how many.
fn place(schema: &Schema, kind: &Kind) -> String {
    if let Some(base) = &kind.base {
        return format!(
            "A variant of {}: `{base} : {} {{ … }}`.",
            link_to(base),
            kind.name
        );
    }
    let top = kind.is_top_level.then_some("at the top level of a file");
    if kind.parents.is_empty() {
        return format!(
            "Allowed at the top level of a file: `{} name {{ … }}`.",
            kind.name
        );
    }
    let parents = kind
        .parents
        .iter()
        .map(|parent| link_to(parent))
        .collect::<Vec<_>>()
        .join(" or ");
    if schema.is_single(&kind.name) {
        let needed = kind.parents.iter().any(|parent| {
            let fields = schema.fields(parent);
            fields
                .iter()
                .any(|field| matches!(&field.ty, Ty::One(child, true) if *child == kind.name))
        });
        let number = if needed {
            "exactly once"
        } else {
            "at most once"
        };
        return format!(
            "Allowed in {parents}, without a name, {number}: `{} {{ … }}`.",
            kind.name
        );
    }
    let top = top.map(|top| format!("{top} or ")).unwrap_or_default();
    format!("Allowed {top}in {parents}: `{} name {{ … }}`.", kind.name)
}

/// The doc comment of a field, with the places that it is restricted to.
fn meaning(field: &FieldSchema) -> String {
    let doc = field.doc.as_deref().unwrap_or_default();
    let places: Vec<String> = field
        .within
        .iter()
        .map(|place| match place.as_str() {
            TOP_LEVEL => "at the top level of a file".to_owned(),
            kind => format!("in {}", link_to(kind)),
        })
        .collect();
    match places.is_empty() {
        true => doc.to_owned(),
        false => format!("Only {}: {doc}", places.join(" or ")),
    }
}

fn default(reader: &Reader<'_>, field: &FieldSchema) -> String {
    match &field.default {
        Some(default) => code(reader.source(Span {
            item: field.span.item,
            range: default.range,
        })),
        None if field.ty.is_optional() => "none".to_owned(),
        None => "required".to_owned(),
    }
}

/// Writes a section for every enum with its members.
pub fn enums(reader: &Reader<'_>, document: &mut Document) {
    document.heading(2, "Enums");
    document.paragraph("The members that a field of that type accepts, written without quotes.");
    for (name, known) in &reader.schema.enums {
        document.heading(3, &enum_heading(name));
        document.paragraph(known.doc.as_deref().unwrap_or_default());
        let rows = known
            .members
            .iter()
            .map(|(member, doc)| [code(member), doc.as_deref().unwrap_or_default().to_owned()]);
        document.table(["member", "meaning"], rows);
    }
}
