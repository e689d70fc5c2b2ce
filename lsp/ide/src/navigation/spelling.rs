//! The spelling of a new name at the place of another.

use nthc::db::{ItemClass, Span, item_entry};
use nthc::eval::index::Definition;
use nthc::promql;

use super::Names;

/// Keywords at the start of an expression.
const KEYWORDS: [&str; 16] = [
    "and", "or", "in", "not", "if", "else", "where", "for", "let", "true", "false", "without",
    "require", "import", "as", "extend",
];

/// Spelling of a name at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spelling {
    /// The text to write.
    Fits(String),
    /// None: only an identifier is allowed at this place.
    Refused,
}

/// True if a name can be written without quotes.
pub fn is_identifier(name: &str) -> bool {
    let mut letters = name.chars();
    let first = letters.next();
    first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
        && !name.ends_with('-')
        && !KEYWORDS.contains(&name)
}

/// Returns the spelling of a name at a place. A quoted name stays quoted.
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
        return match is_metric(new) && !names.source_text(span).starts_with(['"', '\'']) {
            true => Spelling::Fits(new.to_owned()),
            false => Spelling::Refused,
        };
    }
    if names.source_text(span).starts_with('"')
        || (!is_identifier(new) && takes_quotes(names, span))
    {
        let escaped = new.replace('\\', "\\\\").replace('"', "\\\"");
        return Spelling::Fits(format!("\"{escaped}\""));
    }
    match is_identifier(new) {
        true => Spelling::Fits(new.to_owned()),
        false => Spelling::Refused,
    }
}

/// True if a range is inside backticks and outside their interpolations.
fn is_in_query(names: &Names<'_>, span: Span) -> bool {
    let notes = names.notes(span.item);
    let around = notes
        .values
        .iter()
        // A name in an interpolation is a value of its own.
        .filter(|value| value.range.start <= span.range.start && span.range.end <= value.range.end)
        .min_by_key(|value| value.range.len());
    around.is_some_and(|value| {
        let place = Span {
            item: span.item,
            range: value.range,
        };
        names.source_text(place).starts_with('`')
    })
}

/// True if the name at a range may be quoted: names of blocks where they are declared, removed or referred to, and
/// names of templates.
fn takes_quotes(names: &Names<'_>, span: Span) -> bool {
    let notes = names.notes(span.item);
    let meaning = notes
        .names
        .iter()
        .find(|name| name.range == span.range)
        .map(|name| &name.meaning);
    match meaning {
        Some(Definition::Block(_)) => return true,
        Some(Definition::Item(key)) => {
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
