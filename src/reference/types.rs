//! Sections about types and functions.

use super::Reader;
use super::headings::{enum_heading, link_to};
use super::markdown::{Document, code, link};
use crate::db::Span;
use crate::eval::expression;
use crate::schema::{BUILTIN, COMPILE_TIME, Function, IN_TEXTS, Ty};

fn heading(name: &str) -> String {
    format!("Type {}", code(name))
}

/// Formats a type with links to its parts.
pub fn type_text(ty: &Ty) -> String {
    match ty {
        Ty::Optional(inner) => format!("{}, optional", type_text(inner)),
        Ty::List(inner) => format!("list of {}", type_text(inner)),
        Ty::Union(members) => members
            .iter()
            .map(type_text)
            .collect::<Vec<_>>()
            .join(" or "),
        Ty::Enum(name) => link(&code(name), &enum_heading(name)),
        Ty::Ref(kind) | Ty::One(kind, _) => link_to(kind),
        Ty::Any => "anything".to_owned(),
        builtin => {
            let name = builtin.to_string();
            link(&code(&name), &heading(&name))
        }
    }
}

/// Writes a section about the builtin types.
pub fn types(reader: &Reader<'_>, document: &mut Document) {
    document.heading(2, "Types");
    let kinds = reader
        .schema
        .top_level()
        .map(|kind| link_to(&kind.name))
        .collect::<Vec<_>>()
        .join(", ");
    document.paragraph(&format!(
        "`list<T>` is a list, `T?` an optional value, `A | B` a value of either type. The name of a \
        kind is a reference to one of its blocks ({kinds}, and blocks nested in them); the name of an \
        enum is one of its members.",
    ));
    for (name, _, doc) in BUILTIN {
        document.heading(3, &heading(name));
        document.paragraph(&sentence(doc));
    }
}

/// Turns a phrase into a sentence.
fn sentence(phrase: &str) -> String {
    let mut letters = phrase.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str())
}

/// Writes a section about functions, and when they are evaluated.
pub fn functions(reader: &Reader<'_>, document: &mut Document) {
    document.heading(2, "Functions");
    document.heading(3, "At compile time");
    document.paragraph("Allowed in any expression.");
    let rows = |known: &[crate::schema::CompileTime]| {
        known
            .iter()
            .map(|one| [code(one.signature), one.doc.to_owned()])
            .collect::<Vec<_>>()
    };
    document.table(["function", "meaning"], rows(COMPILE_TIME));
    document.heading(3, "In alert texts");
    document.paragraph(&format!(
        "Filled in when the alert fires, in fields of type {} and in annotations.",
        type_text(&Ty::Text)
    ));
    document.table(["written", "meaning"], rows(IN_TEXTS));
    document.heading(3, "In gates");
    document.paragraph(&format!(
        "Computed when a gate is evaluated. Only allowed in a {}.",
        type_text(&Ty::GateCondition)
    ));
    let rows = reader.schema.functions.iter().map(|(name, function)| {
        [
            code(&signature(reader, name, function)),
            function.doc.as_deref().unwrap_or_default().to_owned(),
        ]
    });
    document.table(["function", "meaning"], rows);
}

fn signature(reader: &Reader<'_>, name: &str, function: &Function) -> String {
    let params: Vec<String> = function
        .params
        .iter()
        .map(|(name, ty, default)| match default {
            Some(default) => {
                let text = reader.source(Span {
                    item: function.span.item,
                    range: default.range,
                });
                let text = if text.is_empty() {
                    expression(default)
                } else {
                    text.to_owned()
                };
                format!("{name}: {ty} = {text}")
            }
            None => format!("{name}: {ty}"),
        })
        .collect();
    format!("{name}({}) -> {}", params.join(", "), function.result)
}
