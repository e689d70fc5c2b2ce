//! Completion at the top of a file, and of kinds and types.

use nthc::schema::{BUILTIN, Kind, Schema};

use super::bodies::{body_snippet, doc_line};
use super::{Offer, Offers, What};
use crate::cursor::place::Kinds;
use crate::cursor::read::Cursor;
use crate::features::docs::Subject;

/// The statements of a file: word, snippet, description.
const STATEMENTS: [(&str, &str, &str); 8] = [
    (
        "import",
        "import ${1:module}",
        "import names of another module",
    ),
    (
        "template",
        "template ${1:kind} ${2:name}(${3}) {\n  $0\n}",
        "a reusable block",
    ),
    ("let", "let ${1:name} = $0", "a named value"),
    (
        "for",
        "for ${1:element} in [$2] {\n  $0\n}",
        "blocks for each element of a list",
    ),
    (
        "rule",
        "rule ${1:name} {\n  for ${2:s} in ${3:services} {\n    require $0 else \"${4:message}\"\n  }\n}",
        "a rule that every service must follow",
    ),
    (
        "extend",
        "extend kind ${1:service} {\n  ${2:field}: ${3:string?}\n}",
        "additional fields of a kind",
    ),
    ("enum", "enum ${1:name} {\n  $0\n}", "a custom enum"),
    ("kind", "kind ${1:name} {\n  $0\n}", "a custom block kind"),
];

/// Offers the statements at the top of a file.
pub fn statements(cursor: &Cursor<'_>, offers: &mut Offers) {
    let schema = cursor.scope.lookup.schema;
    let rest = cursor.rest_of_line().trim();
    for kind in schema.top_level() {
        let offer = Offer::new(kind.name.as_str(), What::Kind, 10)
            .detail(doc_line(kind))
            .about(Subject::Kind(kind.name.clone()));
        offers.add(if rest.is_empty() {
            offer
                .snippet(top_block(schema, kind))
                .plain(format!("{} ", kind.name))
        } else {
            offer
        });
    }
    // Kinds and enums can be declared only in the standard library.
    let is_library = cursor
        .scope
        .file
        .module(cursor.scope.lookup.db)
        .starts_with("std.");
    for (word, snippet, detail) in STATEMENTS {
        if matches!(word, "kind" | "enum") && !is_library {
            continue;
        }
        let offer = Offer::new(word, What::Keyword, 20).detail(detail);
        offers.add(if rest.is_empty() {
            offer.snippet(snippet).plain(format!("{word} "))
        } else {
            offer
        });
    }
}

fn top_block(schema: &Schema, kind: &Kind) -> String {
    format!(
        "{} ${{1:name}} {}",
        kind.name,
        body_snippet(schema, &kind.name, 2, None)
    )
}

/// Offers words.
pub fn keywords(words: &[&str], offers: &mut Offers) {
    for word in words {
        offers.add(Offer::new(*word, What::Keyword, 60).types(word));
    }
}

/// Offers kinds.
pub fn kinds(cursor: &Cursor<'_>, kinds: Kinds, offers: &mut Offers) {
    for kind in cursor.scope.lookup.schema.kinds.values() {
        if kinds == Kinds::Variants || kind.base.is_none() {
            offers.add(
                Offer::new(kind.name.as_str(), What::Kind, 10)
                    .detail(doc_line(kind))
                    .about(Subject::Kind(kind.name.clone())),
            );
        }
    }
}

/// Offers types.
pub fn types(cursor: &Cursor<'_>, offers: &mut Offers) {
    let schema = cursor.scope.lookup.schema;
    for (name, ..) in BUILTIN {
        let about = Subject::Type((*name).into());
        offers.add(Offer::new(*name, What::Type, 10).about(about));
    }
    offers.add(
        Offer::new("list", What::Type, 11)
            .snippet("list<$0>")
            .plain("list"),
    );
    offers.add(Offer::new("one", What::Keyword, 40).detail("a block that occurs once"));
    for name in schema.enums.keys() {
        offers.add(
            Offer::new(name.as_str(), What::Type, 20)
                .detail("enum")
                .about(Subject::Type(name.clone())),
        );
    }
    for kind in schema.kinds.values().filter(|kind| kind.base.is_none()) {
        offers.add(
            Offer::new(kind.name.as_str(), What::Kind, 30)
                .detail("a reference to one")
                .about(Subject::Kind(kind.name.clone())),
        );
    }
}
