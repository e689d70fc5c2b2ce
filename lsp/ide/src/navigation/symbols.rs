//! Search for symbols by name in all files.

use std::cmp::Reverse;

use nthc::db::SourceFile;
use nthc::syntax::tree::TextRange;
use rayon::prelude::*;

use super::Names;
use super::outline::{Sort, Symbol, outline};

/// Maximum number of results.
const MOST: usize = 256;

/// A symbol that can be searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedSymbol {
    /// The name.
    pub name: String,
    /// The names of the symbols around it, outermost first.
    pub container: String,
    /// The kind of symbol.
    pub sort: Sort,
    /// The range of its name, in bytes of the file.
    pub place: TextRange,
}

/// The searchable symbols of a file. Fields and parameters are not included: there are too many.
#[salsa::tracked(returns(ref))]
pub fn named_symbols(db: &dyn salsa::Database, file: SourceFile) -> Vec<NamedSymbol> {
    let mut found = Vec::new();
    for symbol in outline(db, file) {
        add(symbol, "", &mut found);
    }
    found
}

fn add(symbol: &Symbol, container: &str, found: &mut Vec<NamedSymbol>) {
    let is_of_use = match symbol.sort {
        Sort::Field | Sort::Parameter => false,
        Sort::Let => container.is_empty(),
        _ => true,
    };
    if !is_of_use {
        return;
    }
    // An `in` block is no symbol of its own, but its contents are.
    let inner = match container {
        "" => symbol.name.clone(),
        outer => format!("{outer}.{}", symbol.name),
    };
    if !symbol.name.starts_with("in ") {
        found.push(NamedSymbol {
            name: symbol.name.clone(),
            container: container.to_owned(),
            sort: symbol.sort,
            place: symbol.selection,
        });
    }
    for child in &symbol.children {
        add(child, &inner, found);
    }
}

impl Names<'_> {
    /// Searches for symbols, best match first. Of several words in the query, the last one must match the name, and
    /// the others the names around it.
    pub fn find_symbols(&self, typed: &str) -> Vec<(SourceFile, NamedSymbol)> {
        let words: Vec<String> = typed
            .split(|letter: char| letter.is_whitespace() || letter == '.')
            .filter(|word| !word.is_empty())
            .map(str::to_lowercase)
            .collect();
        let (wanted, around) = match words.split_last() {
            Some((last, around)) => (last.as_str(), around),
            None => ("", [].as_slice()),
        };
        let mut found: Vec<(i32, usize, usize, SourceFile)> = self
            .files
            .par_iter()
            .enumerate()
            .map_with(self.db.clone(), |db, (number, file)| {
                let symbols = named_symbols(&*db, *file).iter().enumerate();
                symbols
                    .filter_map(|(place, symbol)| {
                        let score = score(&symbol.name, wanted)?;
                        around
                            .iter()
                            .all(|word| self::score(&symbol.container, word).is_some())
                            .then_some((score, number, place, *file))
                    })
                    .collect::<Vec<_>>()
            })
            .flatten_iter()
            .collect();
        found.sort_by_key(|(score, number, place, _)| (Reverse(*score), *number, *place));
        found.truncate(MOST);
        found
            .into_iter()
            .filter_map(|(_, _, place, file)| {
                Some((file, named_symbols(self.db, file).get(place)?.clone()))
            })
            .collect()
    }
}

/// Score of a name for a query in lower case; higher is better. `None` if the name does not contain the query's
/// letters in order.
fn score(name: &str, typed: &str) -> Option<i32> {
    let mut wanted = typed.chars().peekable();
    let (mut score, mut in_row, mut starts_word) = (0, 0, true);
    for letter in name.chars() {
        let Some(next) = wanted.peek() else { break };
        if letter.to_lowercase().eq(std::iter::once(*next)) {
            wanted.next();
            in_row += 1;
            score += 1 + 2 * in_row + if starts_word { 6 } else { 0 };
        } else {
            in_row = 0;
        }
        starts_word = !letter.is_alphanumeric();
    }
    if wanted.peek().is_some() {
        return None;
    }
    let length = i32::try_from(name.chars().count()).unwrap_or(i32::MAX);
    let folded = name.to_lowercase();
    if folded == typed {
        score += 100;
    } else if folded.starts_with(typed) {
        score += 30;
    }
    Some(score - length.min(60) / 4)
}

#[cfg(test)]
mod tests {
    use super::score;

    #[test]
    fn letters_must_come_in_order() {
        assert!(score("queue-backlog", "qb").is_some());
        assert!(score("queue-backlog", "bq").is_none());
        assert!(score("Queue", "queue").is_some());
        assert_eq!(score("queue", "queues"), None);
    }

    #[test]
    fn what_fits_better_comes_first() {
        let best = |typed: &str, names: &[&str]| {
            let by_score = |name: &&&str| score(name, typed);
            names
                .iter()
                .max_by_key(by_score)
                .map(|name| (*name).to_owned())
        };
        assert_eq!(
            best("checkout", &["checkout-api", "checkout", "old-checkout"]).as_deref(),
            Some("checkout")
        );
        assert_eq!(
            best("lat", &["flat-rate", "latency"]).as_deref(),
            Some("latency")
        );
        assert_eq!(
            best("qb", &["quibble", "queue-backlog"]).as_deref(),
            Some("queue-backlog")
        );
    }
}
