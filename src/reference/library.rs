//! Sections about the modules of the standard library: templates with their parameters, and blocks.

use smol_str::SmolStr;

use super::Reader;
use super::headings;
use super::markdown::{Document, anchor, code, link};
use super::types::type_text;
use crate::db::{ItemClass, ItemKey, SourceFile, Span, file_names, find_module, item, parsed};
use crate::schema::params;
use crate::session::STANDARD_LIBRARY;
use crate::syntax::tree::{Block, Body, ItemNode, Statement, Template, TextRange};

/// Writes a section for each module.
pub fn modules(reader: &Reader<'_>, document: &mut Document) {
    document.heading(2, "Standard library");
    document.paragraph(
        "Written in the language itself and shipped with the compiler. The prelude needs no import; \
        `import std.http` imports another module, whose templates are then `http.availability` and so \
        on.",
    );
    for name in names(reader) {
        if let Some(file) = find_module(reader.db, reader.workspace, name.into()) {
            module(reader, name, file, document);
        }
    }
}

/// Returns the modules with templates or blocks.
pub fn names(reader: &Reader<'_>) -> impl Iterator<Item = &'static str> {
    STANDARD_LIBRARY
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| {
            find_module(reader.db, reader.workspace, (*name).into()).is_some_and(|file| {
                let mut items = file_names(reader.db, file).items.iter();
                items.any(|entry| matches!(entry.class, ItemClass::Block | ItemClass::Template))
            })
        })
}

fn heading(module: &str) -> String {
    format!("Module {}", code(module))
}

/// Returns a link to the section of a module.
pub fn link_to(module: &str) -> String {
    link(&code(module), &heading(module))
}

/// Returns a link from another document to the section of a module.
pub fn link_from_outside(module: &str) -> String {
    format!(
        "[{}](reference.md#{})",
        code(module),
        anchor(&heading(module))
    )
}

fn module(reader: &Reader<'_>, name: &str, file: SourceFile, document: &mut Document) {
    document.heading(3, &heading(name));
    document.paragraph(parsed(reader.db, file).doc.as_deref().unwrap_or_default());
    for entry in &file_names(reader.db, file).items {
        match item(reader.db, entry.key).as_ref().map(|item| &item.node) {
            Some(ItemNode::Template(one)) => template(reader, name, entry.key, one, document),
            Some(ItemNode::Block(one)) => block(reader, entry.key, one, document),
            _ => {}
        }
    }
}

fn template(
    reader: &Reader<'_>,
    module: &str,
    key: ItemKey,
    template: &Template,
    document: &mut Document,
) {
    let short = module.rsplit('.').next().unwrap_or(module);
    let name = format!("{short}.{}", template.name.text);
    document.heading(
        4,
        &format!("Template {} {}", template.kind.text, code(&name)),
    );
    document.paragraph(template.doc.as_deref().unwrap_or_default());
    document.paragraph(&format!(
        "For a {}.",
        headings::link_to(&template.kind.text)
    ));
    let source = |range: TextRange| reader.source(Span { item: key, range });
    let types = params(reader.schema, &template.params, key, &mut Vec::new());
    let rows = template
        .params
        .iter()
        .zip(types)
        .map(|(param, (_, ty, _))| {
            let default = match &param.default {
                Some(default) => code(source(default.range)),
                None if ty.is_optional() => "none".to_owned(),
                None => "required".to_owned(),
            };
            let doc = param.doc.as_deref().unwrap_or_default().to_owned();
            [
                code(&param.name.text),
                type_text(ty.required()),
                default,
                doc,
            ]
        });
    document.table(["parameter", "type", "default", "meaning"], rows);
    let (fields, blocks) = contents(&template.body);
    if !fields.is_empty() {
        document.paragraph(&format!("Sets {}.", fields.join(", ")));
    }
    if !blocks.is_empty() {
        document.paragraph(&format!("Contains {}.", blocks.join(", ")));
    }
}

/// Returns the fields that a body sets, and its blocks by kind and name.
fn contents(body: &Body) -> (Vec<String>, Vec<String>) {
    let mut fields = Vec::new();
    let mut blocks = Vec::new();
    for statement in &body.statements {
        match statement {
            Statement::Field(field) => fields.push(code(&field.name.text)),
            Statement::Block(block) => {
                let mut head = block.kind.text.to_string();
                if let Some(name) = &block.name {
                    head = format!("{head} {}", name.text);
                }
                if let Some(base) = &block.base {
                    let path: Vec<&str> = base
                        .path
                        .segments
                        .iter()
                        .map(|name| name.text.as_str())
                        .collect();
                    head = format!("{head} : {}", path.join("."));
                }
                blocks.push(code(&head));
            }
            _ => {}
        }
    }
    (fields, blocks)
}

fn block(reader: &Reader<'_>, key: ItemKey, block: &Block, document: &mut Document) {
    let name = block
        .name
        .as_ref()
        .map(|name| name.text.clone())
        .unwrap_or_default();
    document.heading(4, &format!("{} {}", title(&block.kind.text), code(&name)));
    document.paragraph(block.doc.as_deref().unwrap_or_default());
    document.paragraph(&format!("A {}.", headings::link_to(&block.kind.text)));
    let rows = block
        .body
        .statements
        .iter()
        .filter_map(|statement| match statement {
            Statement::Field(field) => {
                let value = reader.source(Span {
                    item: key,
                    range: field.value.range,
                });
                Some([code(&field.name.text), code(value)])
            }
            _ => None,
        });
    document.table(["field", "value"], rows);
}

/// Capitalizes a word.
fn title(word: &SmolStr) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters)
        .collect()
}
