//! Checks whether statements can be moved into a base without a change of meaning: a base is applied first, and the
//! block's own statements override it.

use nthc::eval::index::BodyPlace;
use nthc::syntax::tree::{Block, Body, Statement, TextRange};
use smol_str::SmolStr;

use super::template_error::ExtractError;

/// True if a block without a base inherits contents: it overrides a block of the same name, and a base of its own
/// would replace that.
pub fn amends(block: &Block, bodies: &[BodyPlace]) -> bool {
    let own = bodies.iter().find(|body| body.range == block.body.range);
    let mut said = Vec::new();
    block
        .body
        .statements
        .iter()
        .for_each(|statement| keys(statement, &mut said));
    own.is_none_or(|own| {
        let is_said = |name: &SmolStr| said.iter().any(|(known, _)| known == name);
        !own.set.iter().all(is_said) || !own.children.iter().all(|(kind, _)| is_said(kind))
    })
}

/// The subject of a statement: a field, or a block by kind and name. `None` as name: the name has interpolations, and
/// may be any.
type Key = (SmolStr, Option<SmolStr>);

fn keys(statement: &Statement, found: &mut Vec<Key>) {
    let of_body = |body: &Body, found: &mut Vec<Key>| {
        body.statements
            .iter()
            .for_each(|statement| keys(statement, found));
    };
    match statement {
        Statement::Field(field) => found.push((field.name.text.clone(), Some(SmolStr::default()))),
        Statement::Block(block) => found.push((block.kind.text.clone(), name_of(block))),
        Statement::Without(without) => {
            let name = without.name.as_ref().map(|name| name.text.clone());
            found.push((without.kind.text.clone(), name));
        }
        Statement::For(repeat) => of_body(&repeat.body, found),
        Statement::If(choice) => {
            of_body(&choice.then, found);
            if let Some(otherwise) = &choice.otherwise {
                of_body(otherwise, found);
            }
        }
        Statement::In(inner) => of_body(&inner.body, found),
        Statement::Let(_) | Statement::Require(_) => {}
    }
}

fn name_of(block: &Block) -> Option<SmolStr> {
    if block.name_parts.is_some() && block.name.is_none() {
        return None;
    }
    Some(
        block
            .name
            .as_ref()
            .map(|name| name.text.clone())
            .unwrap_or_default(),
    )
}

/// Checks that the order of statements does not matter: a base is applied first, so the remaining statements must not
/// come before the chosen ones, and must not set the same.
///
/// # Errors
/// If it matters; with the reason.
pub fn stays_in_order(block: &Block, chosen: TextRange) -> Result<(), ExtractError> {
    let is_chosen = |statement: &&Statement| {
        let range = statement.range();
        chosen.start <= range.start && range.end <= chosen.end
    };
    let of = |statements: &[&Statement]| {
        let mut found = Vec::new();
        statements
            .iter()
            .for_each(|statement| keys(statement, &mut found));
        found
    };
    let all = &block.body.statements;
    let inside: Vec<&Statement> = all.iter().filter(is_chosen).collect();
    let before: Vec<&Statement> = all
        .iter()
        .filter(|statement| statement.range().end <= chosen.start)
        .collect();
    let rest: Vec<&Statement> = all
        .iter()
        .filter(|statement| !is_chosen(statement))
        .collect();
    let (inside, before, rest) = (of(&inside), of(&before), of(&rest));
    let is_block = |key: &&Key| key.1.as_ref().is_none_or(|name| !name.is_empty());
    for key in &inside {
        let is_same = |other: &&Key| {
            other.0 == key.0 && (other.1 == key.1 || other.1.is_none() || key.1.is_none())
        };
        if rest.iter().any(|other| is_same(&other)) {
            return Err(ExtractError::AlsoOutside(describe(key)));
        }
        if is_block(&key) && before.iter().filter(is_block).any(|other| other.0 == key.0) {
            return Err(ExtractError::OtherOrder {
                block: describe(key),
                kind: key.0.clone(),
            });
        }
    }
    Ok(())
}

fn describe(key: &Key) -> String {
    match &key.1 {
        Some(name) if !name.is_empty() => format!("{} {name}", key.0),
        _ => key.0.to_string(),
    }
}
