//! Semantic tokens. The syntax tree determines the possible type of a word, the compiler's notes the meaning of
//! names; comments, keywords and text with syntax errors are read word by word.

mod legend;
pub mod promql;
mod token;
mod tree;
mod words;

use std::collections::HashMap;

use nthc::db::{ItemClass, Span, item_entry};
use nthc::eval::index::{Definition, NamedPlace};
use nthc::schema::is_standard;
use nthc::syntax::tree::{ItemNode, TextRange};

pub use legend::{Kind, Legend, Modifiers, legend};
pub use token::Token;

use super::source::{Placed, Source};

/// The tokens of a file that overlap `range`, in source order and disjoint.
pub fn tokens(source: &Source<'_>, range: TextRange) -> Vec<Token> {
    let text = source.text();
    let mut found = tree::TreeTokens::new(text);
    let mut meanings: HashMap<TextRange, (Kind, Modifiers)> = HashMap::new();
    for placed in source.items_in(range) {
        found.item(placed.start, &placed.item.node);
        note(source, &placed, &mut meanings);
    }
    let tree::TreeTokens {
        mut tokens, closed, ..
    } = found;
    for token in &mut tokens {
        if let Some((kind, modifiers)) = meanings.get(&token.range) {
            token.kind = *kind;
            token.modifiers = *modifiers;
        }
    }
    tokens.sort_by_key(|token| (token.range.start, token.range.end));
    remove_overlaps(&mut tokens);
    add_words(text, range, &mut tokens, closed);
    tokens.retain(|token| token.range.start < range.end && range.start < token.range.end);
    tokens
}

/// Removes overlaps, which syntax errors can cause; the first token stays.
fn remove_overlaps(tokens: &mut Vec<Token>) {
    let mut end = 0;
    tokens.retain(|token| {
        let free = token.range.start >= end;
        if free {
            end = token.range.end;
        }
        free
    });
}

/// Adds the words between the tokens, outside texts and queries.
fn add_words(text: &str, range: TextRange, tokens: &mut Vec<Token>, mut closed: Vec<TextRange>) {
    closed.extend(tokens.iter().map(|token| token.range));
    closed.sort_by_key(|range| range.start);
    // A comment that starts before the range and extends into it is read from its start.
    let begin = text
        .get(..range.start as usize)
        .and_then(|before| before.rfind('\n'))
        .map_or(0, |newline| newline as u32 + 1);
    let mut at = begin;
    // A comment that starts in the range and ends after it is read to its end.
    let end = line_end(text, range.end.min(text.len() as u32));
    let mut added = Vec::new();
    for taken in closed {
        let stretch = TextRange {
            start: at,
            end: taken.start.min(end),
        };
        if stretch.start < stretch.end {
            words::words(text, stretch, &mut added);
        }
        at = at.max(taken.end);
    }
    let rest = TextRange {
        start: at.min(end),
        end,
    };
    words::words(text, rest, &mut added);
    tokens.extend(added);
    tokens.sort_by_key(|token| (token.range.start, token.range.end));
    remove_overlaps(tokens);
}

fn line_end(text: &str, at: u32) -> u32 {
    let rest = text.get(at as usize..).unwrap_or_default();
    at + rest.find('\n').unwrap_or(rest.len()) as u32
}

/// Sets the types of the names of an item, by their meaning.
fn note(
    source: &Source<'_>,
    placed: &Placed<'_>,
    meanings: &mut HashMap<TextRange, (Kind, Modifiers)>,
) {
    for named in &source.notes(placed.key).names {
        if let Some(meaning) = classify(source, named) {
            meanings.insert(placed.absolute(named.range), meaning);
        }
    }
}

fn classify(source: &Source<'_>, named: &NamedPlace) -> Option<(Kind, Modifiers)> {
    let library = Modifiers::DEFAULT_LIBRARY;
    let of = |file| {
        if is_standard(source.db, file) {
            library
        } else {
            Modifiers::NONE
        }
    };
    let (kind, modifiers) = match &named.meaning {
        Definition::Module(file) => (Kind::Namespace, of(*file)),
        Definition::Item(key) => {
            let entry = item_entry(source.db, *key)?;
            let (kind, modifiers) = match entry.class {
                ItemClass::Template => (Kind::Class, Modifiers::NONE),
                ItemClass::Enum => (Kind::Enum, Modifiers::NONE),
                ItemClass::Function => (Kind::Function, Modifiers::NONE),
                ItemClass::Kind | ItemClass::Extension => (Kind::Type, Modifiers::NONE),
                _ => (Kind::Variable, Modifiers::READONLY),
            };
            (kind, modifiers.and(of(key.file)))
        }
        Definition::Block(block) => (Kind::Variable, Modifiers::READONLY.and(of(block.item.file))),
        Definition::Enclosing(_) => (Kind::Variable, Modifiers::READONLY.and(library)),
        Definition::Local(span) if is_parameter(source, *span) => {
            (Kind::Parameter, Modifiers::READONLY)
        }
        Definition::Local(_) => (Kind::Variable, Modifiers::READONLY),
        Definition::Kind(_) | Definition::Type(_) => (Kind::Type, library),
        Definition::Field(kind, field) => {
            let known = source.schema().field(kind, field)?;
            let own = if known.extension {
                Modifiers::NONE
            } else {
                library
            };
            (Kind::Property, own)
        }
        Definition::Enum(name) => {
            let known = source.schema().enums.get(name)?;
            (Kind::Enum, of(known.span.item.file))
        }
        Definition::Member(name, member) => {
            let known = source.schema().enums.get(name)?;
            (Kind::EnumMember, of(known.item_of(member).file))
        }
        Definition::Function(_) | Definition::CompileTime(_) => (Kind::Function, library),
        Definition::FunctionParam(..) => (Kind::Parameter, library),
    };
    let declares = if named.declares {
        Modifiers::DECLARATION.and(Modifiers::DEFINITION)
    } else {
        Modifiers::NONE
    };
    Some((kind, modifiers.and(declares)))
}

/// True if a range declares a parameter of a template.
pub fn is_parameter(source: &Source<'_>, declared: Span) -> bool {
    matches!(
        source.tree(declared.item).map(|tree| &tree.node),
        Some(ItemNode::Template(template))
            if template.params.iter().any(|param| param.name.range == declared.range)
    )
}
