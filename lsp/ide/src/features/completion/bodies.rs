//! Completion in a body: missing fields, allowed blocks, and statements.

use nthc::eval::expression;
use nthc::schema::{FieldSchema, Kind, Schema, Ty, names};
use smol_str::SmolStr;

use super::{Offer, Offers, What};
use crate::cursor::read::Cursor;
use crate::cursor::scope::BlockAt;
use crate::features::docs::Subject;

/// Offers the statements of the innermost body.
pub fn statements(cursor: &Cursor<'_>, offers: &mut Offers) {
    let scope = &cursor.scope;
    let Some(block) = scope.blocks.last() else {
        // The body of a rule.
        for (word, snippet) in [
            ("for", "for ${1:s} in ${2:services} {\n  $0\n}"),
            ("require", "require $1 else \"$2\""),
            ("let", "let ${1:name} = $0"),
            ("if", "if $1 {\n  $0\n}"),
        ] {
            offers.add(word_offer(cursor, word, snippet, 10));
        }
        return;
    };
    fields(cursor, block, offers);
    blocks(cursor, block, offers);
    let words = [
        ("let", "let ${1:name} = $0"),
        ("for", "for ${1:item} in ${2:list} {\n  $0\n}"),
        ("if", "if $1 {\n  $0\n}"),
    ];
    for (word, snippet) in words {
        offers.add(word_offer(cursor, word, snippet, 80));
    }
    let environments = scope.lookup.workspace.environments(scope.lookup.db);
    for name in environments.keys() {
        let name = name_text(name);
        offers.add(
            Offer::new(format!("in {name}"), What::Keyword, 81)
                .detail("overrides for that environment")
                .snippet(format!(
                    "in {} {{\n  $0\n}}",
                    super::offer::escape_snippet(&name)
                ))
                .plain(format!("in {name} ")),
        );
    }
    if environments.is_empty() {
        offers.add(word_offer(
            cursor,
            "in",
            "in ${1:environment} {\n  $0\n}",
            81,
        ));
    }
    for child in block.bases.children() {
        let name = child.name.as_ref().map_or("", |name| name.text.as_str());
        let head = head_text(&child.kind.text, name);
        offers.add(
            Offer::new(format!("without {head}"), What::Keyword, 82)
                .detail("removes the inherited block")
                .types(&format!("without {head}")),
        );
    }
}

fn word_offer(cursor: &Cursor<'_>, word: &str, snippet: &str, rank: u16) -> Offer {
    let offer = Offer::new(word, What::Keyword, rank);
    if cursor.rest_of_line().trim().is_empty() {
        offer.snippet(snippet).plain(format!("{word} "))
    } else {
        offer
    }
}

fn fields(cursor: &Cursor<'_>, block: &BlockAt<'_>, offers: &mut Offers) {
    let scope = &cursor.scope;
    let schema = scope.lookup.schema;
    let kind = block.fields_of();
    // An `in` or `if` block may set fields again that its block sets.
    let tokens = scope.tokens;
    let open = tokens.open_at(cursor.word.start).last().copied();
    let set = scope.own_fields(open.unwrap_or(block.open), cursor.word.start);
    let within = open.is_some_and(|open| open != block.open);
    let above = if within {
        scope.own_fields(block.open, usize::MAX)
    } else {
        Vec::new()
    };
    let place = scope
        .blocks
        .iter()
        .position(|known| known.open == block.open);
    let parent = place.and_then(|place| scope.blocks.get(place.checked_sub(1)?));
    let parent = parent.map(|parent| parent.kind.as_str());
    for field in schema.fields(&kind) {
        let name = field.name.as_str();
        let is_here = scope.is_template && parent.is_none() || field.is_in(parent);
        if set.contains(&name) || matches!(field.ty, Ty::One(..)) || !is_here {
            continue;
        }
        let inherited = block.bases.field(name);
        let is_required = !within && field.default.is_none() && !field.ty.is_optional();
        let rank = match inherited {
            _ if above.contains(&name) => 15,
            Some(_) => 30,
            None if is_required => 10,
            None => 20,
        };
        let mut detail = field.ty.to_string();
        if let Some(inherited) = inherited {
            detail.push_str(&format!(" = {} (inherited)", expression(&inherited.value)));
        } else if let Some(default) = &field.default {
            detail.push_str(&format!(" = {}", expression(default)));
        } else if is_required {
            detail.push_str(", required");
        }
        let written = name_text(&field.name);
        let offer = Offer::new(name, What::Field, rank)
            .detail(detail)
            .about(Subject::Field(
                declaring(schema, &kind, &field.name),
                field.name.clone(),
            ));
        let equals = cursor.rest_of_line().trim_start().starts_with('=');
        offers.add(if equals {
            offer.types(&written)
        } else {
            let value = value_snippet(schema, field, 1);
            offer
                .snippet(format!(
                    "{} = {value}",
                    super::offer::escape_snippet(&written)
                ))
                .plain(format!("{written} = "))
        });
    }
}

/// The kind that declares a field of a kind: itself, or the one that it is a variant of.
fn declaring(schema: &Schema, kind: &SmolStr, field: &str) -> SmolStr {
    match schema.kinds.get(kind) {
        Some(known) if !known.fields.contains_key(field) => known
            .base
            .as_ref()
            .map_or_else(|| kind.clone(), |base| declaring(schema, base, field)),
        _ => kind.clone(),
    }
}

/// The snippet of a value that is to be typed.
pub fn value_snippet(schema: &Schema, field: &FieldSchema, place: usize) -> String {
    let required = field.ty.required();
    match required {
        Ty::Enum(name) => match schema.enums.get(name) {
            Some(known) if known.members.len() <= 12 => {
                let members: Vec<&str> = known.members.keys().map(SmolStr::as_str).collect();
                format!("${{{place}|{}|}}", members.join(","))
            }
            _ => format!("${place}"),
        },
        Ty::Bool => {
            let first = match &field.default {
                Some(default) if expression(default) == "true" => "false,true",
                _ => "true,false",
            };
            format!("${{{place}|{first}|}}")
        }
        Ty::String
        | Ty::Text
        | Ty::Markdown
        | Ty::Url
        | Ty::Email
        | Ty::Date
        | Ty::DateTime
        | Ty::TimeZone => {
            format!("\"${place}\"")
        }
        Ty::List(_) => format!("[${place}]"),
        Ty::Labels | Ty::Matchers | Ty::Annotations => format!("{{ ${place} }}"),
        ty if ty.is_query() => format!("`${place}`"),
        _ => format!("${place}"),
    }
}

/// Braces with the required fields of a kind, in a block of the kind `parent`, or at the top level.
pub fn body_snippet(schema: &Schema, kind: &str, first: usize, parent: Option<&str>) -> String {
    let fields = schema.fields(kind);
    let required = fields.into_iter().filter(|field| {
        field.default.is_none()
            && !field.ty.is_optional()
            && !matches!(field.ty, Ty::One(..))
            && field.is_in(parent)
    });
    let lines: Vec<String> = required
        .zip(first..)
        .map(|(field, place)| {
            format!(
                "\n  {} = {}",
                field.name,
                value_snippet(schema, field, place)
            )
        })
        .collect();
    if lines.is_empty() {
        return "{\n  $0\n}".to_owned();
    }
    format!("{{{}\n  $0\n}}", lines.concat())
}

fn blocks(cursor: &Cursor<'_>, block: &BlockAt<'_>, offers: &mut Offers) {
    let scope = &cursor.scope;
    let schema = scope.lookup.schema;
    let kind = block.fields_of();
    let open = scope.tokens.open_at(cursor.word.start).last().copied();
    let own = scope.own_children(open.unwrap_or(block.open));
    let alone = cursor.rest_of_line().trim().is_empty();
    for child in schema
        .children(&block.kind)
        .chain(schema.children(&kind).filter(|_| kind != block.kind))
    {
        let single = schema.is_single(&child.name);
        let has_one = |(known, _): &(SmolStr, SmolStr)| *known == child.name;
        if single && own.iter().any(has_one) {
            continue;
        }
        let is_required = schema
            .field(&kind, &child.name)
            .is_some_and(|field| matches!(field.ty, Ty::One(_, true)));
        let inherited = block.bases.children();
        let has_inherited = inherited.iter().any(|known| known.kind.text == child.name);
        let rank = match is_required && !has_inherited {
            true => 12,
            false => 40,
        };
        let offer = Offer::new(child.name.as_str(), What::Kind, rank)
            .detail(doc_line(child))
            .about(Subject::Kind(child.name.clone()));
        offers.add(if alone {
            offer
                .snippet(block_snippet(schema, child, single, &block.kind))
                .plain(format!("{} ", child.name))
        } else {
            offer
        });
        let variants: Vec<&Kind> = schema.variants(&child.name).collect();
        if single && alone {
            for variant in variants {
                let head = format!("{} : {}", child.name, variant.name);
                offers.add(
                    Offer::new(head.as_str(), What::Kind, rank + 1)
                        .detail(doc_line(variant))
                        .about(Subject::Kind(variant.name.clone()))
                        .snippet(format!(
                            "{head} {}",
                            body_snippet(schema, &variant.name, 1, None)
                        ))
                        .plain(head),
                );
            }
        }
        // A block of the base can be overridden by its name.
        if alone && !single {
            for known in inherited
                .iter()
                .filter(|known| known.kind.text == child.name)
            {
                let name = known.name.as_ref().map_or("", |name| name.text.as_str());
                if own
                    .iter()
                    .any(|(kind, own)| *kind == child.name && own == name)
                {
                    continue;
                }
                let head = head_text(&child.name, name);
                offers.add(
                    Offer::new(head.as_str(), What::Block, 45)
                        .detail("overrides the inherited block")
                        .about(doc_subject(known.doc.as_ref()))
                        .snippet(format!(
                            "{} {{\n  $0\n}}",
                            super::offer::escape_snippet(&head)
                        ))
                        .plain(format!("{head} ")),
                );
            }
        }
    }
}

fn block_snippet(schema: &Schema, kind: &Kind, single: bool, parent: &str) -> String {
    let name = if single { "" } else { " ${1:name}" };
    let first = if single { 1 } else { 2 };
    let variants: Vec<&str> = schema
        .variants(&kind.name)
        .map(|variant| variant.name.as_str())
        .collect();
    if variants.is_empty() {
        return format!(
            "{}{name} {}",
            kind.name,
            body_snippet(schema, &kind.name, first, Some(parent))
        );
    }
    let variants = variants.join(",");
    format!(
        "{}{name} : ${{{first}|{variants}|}} {{\n  $0\n}}",
        kind.name
    )
}

/// Offers the names of the base's blocks of a kind, to override them.
pub fn block_names(cursor: &Cursor<'_>, kind: &str, offers: &mut Offers) {
    let Some(block) = cursor.scope.blocks.last() else {
        return;
    };
    let tokens = cursor.scope.tokens;
    let open = tokens.open_at(cursor.word.start).last().copied();
    let own = cursor.scope.own_children(open.unwrap_or(block.open));
    if kind == names::kind::DEFAULTS {
        let schema = cursor.scope.lookup.schema;
        let kinds = schema.kinds.values();
        for known in kinds.filter(|known| schema.has_defaults(&known.name)) {
            let offer = Offer::new(known.name.as_str(), What::Kind, 10);
            offers.add(
                offer
                    .about(doc_subject(known.doc.as_ref()))
                    .types(&known.name),
            );
        }
    }
    for child in block.bases.children() {
        let Some(name) = &child.name else { continue };
        let is_own = own
            .iter()
            .any(|(known, own)| known == kind && *own == name.text && *own != cursor.prefix());
        if child.kind.text == kind && !is_own {
            let offer = Offer::new(name.text.as_str(), What::Block, 10)
                .detail("overrides the inherited block")
                .about(doc_subject(child.doc.as_ref()));
            let written = name_text(&name.text);
            offers.add(if cursor.rest_of_line().trim().is_empty() {
                let head = super::offer::escape_snippet(&written);
                offer
                    .snippet(format!("{head} {{\n  $0\n}}"))
                    .plain(format!("{written} "))
            } else {
                offer.types(&written)
            });
        }
    }
}

/// After `without`: offers the kinds of blocks in the bases, and each block.
pub fn removable_kinds(cursor: &Cursor<'_>, offers: &mut Offers) {
    let Some(block) = cursor.scope.blocks.last() else {
        return;
    };
    for child in block.bases.children() {
        let name = child.name.as_ref().map_or("", |name| name.text.as_str());
        let head = head_text(&child.kind.text, name);
        offers.add(
            Offer::new(head.as_str(), What::Block, 10)
                .about(doc_subject(child.doc.as_ref()))
                .types(&head),
        );
    }
}

/// After `without` and a kind: offers the names of the bases' blocks of that kind.
pub fn removable_names(cursor: &Cursor<'_>, kind: &str, offers: &mut Offers) {
    let Some(block) = cursor.scope.blocks.last() else {
        return;
    };
    let children = block.bases.children();
    for child in children.iter().filter(|child| child.kind.text == kind) {
        if let Some(name) = &child.name {
            offers.add(
                Offer::new(name.text.as_str(), What::Block, 10)
                    .about(doc_subject(child.doc.as_ref()))
                    .types(&name_text(&name.text)),
            );
        }
    }
}

fn doc_subject(doc: Option<&SmolStr>) -> Subject {
    doc.map_or(Subject::None, |doc| {
        Subject::Markdown(doc.trim().to_owned())
    })
}

fn head_text(kind: &str, name: &str) -> String {
    if name.is_empty() {
        kind.to_owned()
    } else {
        format!("{kind} {}", name_text(name))
    }
}

/// True if a name can be written without quotes.
pub fn is_plain(name: &str) -> bool {
    !name.is_empty() && nthc::resolve::is_identifier(name)
}

/// A name as written: in quotes if it is not an identifier.
pub fn name_text(name: &str) -> String {
    nthc::resolve::quote_name(name)
}

/// The first sentence of a kind's documentation.
pub fn doc_line(kind: &Kind) -> String {
    let doc = kind.doc.as_deref().unwrap_or_default().trim();
    let doc = doc.replace('\n', " ");
    let end = doc.find(". ").unwrap_or(doc.trim_end_matches('.').len());
    doc.get(..end).unwrap_or(&doc).to_owned()
}
