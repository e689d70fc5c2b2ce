//! How a name is written where another stood.

use nthc::db::{ItemClass, Span, item_entry};
use nthc::eval::notes::Meaning;
use nthc::promql;

use super::Names;

/// Words that mean something else where an expression begins.
const KEYWORDS: [&str; 16] = [
    "and", "or", "in", "not", "if", "else", "where", "for", "let", "true", "false", "without",
    "require", "import", "as", "extend",
];

/// How a name is written at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spelling {
    /// So.
    Fits(String),
    /// Not at all: only an identifier can stand there.
    Refused,
}

/// Whether a text can stand for a name without quotes.
pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && !name.ends_with('-')
        && !KEYWORDS.contains(&name)
}

/// How a name is written at a place. What was quoted stays so.
pub fn spelling(names: &Names<'_>, span: Span, new: &str) -> Spelling {
    if is_in_query(names, span) {
        let is_metric = |name: &str| {
            let mut letters = name.chars();
            letters
                .next()
                .is_some_and(|first| first.is_ascii_alphabetic() || "_:".contains(first))
                && letters.all(|letter| letter.is_ascii_alphanumeric() || "_:".contains(letter))
                && promql::parse(name).is_ok()
        };
        return match is_metric(new) && !names.written(span).starts_with(['"', '\'']) {
            true => Spelling::Fits(new.to_owned()),
            false => Spelling::Refused,
        };
    }
    if names.written(span).starts_with('"') || (!is_identifier(new) && takes_quotes(names, span)) {
        let escaped = new.replace('\\', "\\\\").replace('"', "\\\"");
        return Spelling::Fits(format!("\"{escaped}\""));
    }
    match is_identifier(new) {
        true => Spelling::Fits(new.to_owned()),
        false => Spelling::Refused,
    }
}

/// Whether a place is inside of backticks, and outside of their holes.
fn is_in_query(names: &Names<'_>, span: Span) -> bool {
    let notes = names.notes(span.item);
    let around = notes
        .values
        .iter()
        // A name in a hole is a value of its own.
        .filter(|value| value.range.start <= span.range.start && span.range.end <= value.range.end)
        .min_by_key(|value| value.range.len());
    around.is_some_and(|value| {
        let place = Span {
            item: span.item,
            range: value.range,
        };
        names.written(place).starts_with('`')
    })
}

/// Names of blocks may be quoted, where they are declared, removed or referred to, and those of templates.
fn takes_quotes(names: &Names<'_>, span: Span) -> bool {
    let notes = names.notes(span.item);
    let meaning = notes
        .names
        .iter()
        .find(|name| name.range == span.range)
        .map(|name| &name.meaning);
    match meaning {
        Some(Meaning::Block(_)) => return true,
        Some(Meaning::Item(key)) => {
            return item_entry(names.db, *key)
                .is_some_and(|entry| entry.class == ItemClass::Template);
        }
        _ => {}
    }
    let Some(entry) = item_entry(names.db, span.item) else {
        return false;
    };
    if !matches!(entry.class, ItemClass::Block | ItemClass::Template) {
        return false;
    }
    let own = names.sites(span.item).into_iter().any(|site| {
        site.name
            .is_some_and(|name| name.range == span.range && site.range.start <= span.range.start)
    });
    let start = names.absolute(span).start as usize;
    let before = names.text(span.item.file).get(..start).unwrap_or_default();
    let mut words = before.trim_end().rsplit([' ', '\t', '\n']);
    let kind = words.next();
    own || (kind.is_some() && words.find(|word| !word.is_empty()) == Some("without"))
}
