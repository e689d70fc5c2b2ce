//! The overview of technologies in the standard library, from its templates of dependencies.

use super::markdown::{Document, code};
use super::{Reader, library};
use crate::db::{ItemClass, SourceFile, file_names, find_module, item, parsed};
use crate::session::STANDARD_LIBRARY;
use crate::syntax::tree::{Block, Body, ItemNode, Statement, Template};

/// The start of the sentence in a module's comment about tested versions.
const SEEN: &str = "The metric names were tested with ";

/// Writes a table with a row for each template of a dependency, in the order of modules.
pub fn table(reader: &Reader<'_>, document: &mut Document) {
    let mut rows = Vec::new();
    for (name, _) in STANDARD_LIBRARY {
        let Some(file) = find_module(reader.db, reader.workspace, (*name).into()) else {
            continue;
        };
        for entry in &file_names(reader.db, file).items {
            if entry.class == ItemClass::Template
                && let Some(known) = item(reader.db, entry.key)
                && let ItemNode::Template(template) = &known.node
                && template.kind.text == "dependency"
            {
                rows.push(row(reader, name, file, template));
            }
        }
    }
    let head = [
        "module",
        "technology",
        "tested with",
        "signals",
        "panels",
        "alerts",
    ];
    document.table(head, rows);
}

fn row(reader: &Reader<'_>, module: &str, file: SourceFile, template: &Template) -> [String; 6] {
    let doc = parsed(reader.db, file).doc.as_deref().unwrap_or_default();
    let text = doc.split_whitespace().collect::<Vec<_>>().join(" ");
    let what = text.split(". ").next().unwrap_or_default();
    let seen = text.split_once(SEEN).map(|(_, rest)| rest);
    let seen = seen.and_then(|rest| rest.split([';', ':']).next());
    let seen = seen.and_then(|rest| rest.split(". ").next());
    let mut blocks = Vec::new();
    gather(&template.body, &mut blocks);
    let of = |kind: &str| {
        let names = blocks
            .iter()
            .filter(|block| block.kind.text == kind)
            .filter_map(|block| block.name.as_ref());
        names.map(|name| code(&name.text)).collect::<Vec<_>>()
    };
    [
        library::link_from_outside(module),
        what.trim_end_matches('.').to_owned(),
        seen.unwrap_or_default().trim_end_matches('.').to_owned(),
        of("signal").join(", "),
        of("panel").len().to_string(),
        of("alert").join(", "),
    ]
}

/// Adds the blocks of a body, including those in conditions and loops, to `found`.
fn gather<'a>(body: &'a Body, found: &mut Vec<&'a Block>) {
    for statement in &body.statements {
        match statement {
            Statement::Block(block) => found.push(block),
            Statement::For(repeated) => gather(&repeated.body, found),
            Statement::If(choice) => {
                gather(&choice.then, found);
                if let Some(otherwise) = &choice.otherwise {
                    gather(otherwise, found);
                }
            }
            _ => {}
        }
    }
}
