//! Parsing of a text that was edited. The items that the edit cannot affect are taken from the tree of the text before it, so an edit
//! costs what it changes and not what the file holds.
//!
//! Between two items, the grammar remembers nothing: what it reads from there depends only on the text that follows. So
//! - after the edit, the old items count again from the first end of an item that was one before;
//! - before the edit, an old item counts if the grammar read nothing of the edited text for it, not even to look ahead. For an item
//!   without errors it reads no further than the line of the next token. An item with errors may have made it search the rest of the
//!   text, for a quote that closes nothing, so such an item is parsed again.

use std::sync::Arc;

use super::parse::{Rule, parse};
use super::tree::{Item, ItemNode, ParsedFile, SyntaxErrorKind};
use nth_diagnostics::limits;

/// Parses `text`. Equals [`parse()`], and takes what it can from `tree`, the tree of the text `before`.
pub fn reparse(before: &str, tree: &ParsedFile, text: &str) -> ParsedFile {
    let is_whole = |file: &ParsedFile| file.hidden == 0 && !file.items.iter().any(is_of_file);
    if !is_whole(tree) || super::parse::too_large(text).is_some() {
        return parse(text);
    }
    let start = common_start(before.as_bytes(), text.as_bytes());
    let longest = before.len().min(text.len()) - start;
    let end = common_end(before.as_bytes(), text.as_bytes()).min(longest);
    let edited = Edited {
        old: tree,
        before,
        text,
        start,
        end,
    };
    match edited.parse() {
        Some(file) if is_whole(&file) && !has_merged(&file) => file,
        _ => parse(text),
    }
}

/// The most items that are parsed one by one. If there are more, all are parsed at once.
const MOST: usize = 64;

/// How many bytes the grammar reads of an item to see that it does not belong to the comment at the top of the file.
const HEAD: usize = 4;

/// True for an item that may hold others, because the file exceeds a limit.
fn is_of_file((_, item): &(u32, Arc<Item>)) -> bool {
    item.errors.iter().any(|error| {
        matches!(
            error.kind,
            SyntaxErrorKind::TooDeep | SyntaxErrorKind::TooLarge
        )
    })
}

/// True if some malformed items of a file would be merged, or if it has too many items.
fn has_merged(file: &ParsedFile) -> bool {
    let late = file.items.get(limits::DIAGNOSTICS..).unwrap_or_default();
    file.items.len() > limits::FILE_ITEMS
        || late.windows(2).any(|pair| {
            pair.iter()
                .all(|(_, item)| matches!(item.node, ItemNode::Error))
        })
}

/// An edited text.
struct Edited<'a> {
    old: &'a ParsedFile,
    before: &'a str,
    text: &'a str,
    /// How many bytes at the start both texts have in common.
    start: usize,
    /// How many bytes at the end both texts have in common.
    end: usize,
}

impl Edited<'_> {
    /// Returns the tree; `None` if too much has to be parsed again.
    fn parse(&self) -> Option<ParsedFile> {
        let mut file = ParsedFile {
            hidden: 0,
            doc: None,
            items: Vec::with_capacity(self.old.items.len() + 1),
            unsplit: 0,
        };
        let untouched = self.untouched();
        let first = self.old.items.first();
        let keeps_head = first.is_some_and(|(at, _)| *at as usize + HEAD <= self.start);
        let mut at = match keeps_head.then(|| self.keep(0, untouched, &mut file)) {
            Some(Some(at)) => {
                file.doc.clone_from(&self.old.doc);
                at
            }
            _ => match self.read(Rule::first_item, 0, &mut file) {
                Some(at) => at,
                None => return Some(file),
            },
        };
        for _ in 0..MOST {
            if let Some(next) = self.after_edit(at) {
                self.keep_rest(next, &mut file);
                return Some(file);
            }
            let next = (at <= self.start).then(|| self.following(at)).flatten();
            if let Some(kept) = next.and_then(|next| self.keep(next, untouched, &mut file)) {
                at = kept;
            }
            match self.read(Rule::next_item, at, &mut file) {
                Some(end) => at = end,
                None => return Some(file),
            }
        }
        None
    }

    /// Parses one item from a byte of the text on. Returns its end; `None` if nothing follows.
    fn read(&self, first: Rule, from: usize, file: &mut ParsedFile) -> Option<usize> {
        let end = file.read(first, self.text.get(from..)?, from, true)?;
        if end == self.text.len() {
            return None;
        }
        Some(self.text.get(..end)?.trim_end_matches([' ', '\t']).len())
    }

    /// The number of old items for which the grammar read nothing of the edit, if they have no errors.
    fn untouched(&self) -> usize {
        let whole = self.old.items.get(..self.old.unsplit).unwrap_or_default();
        let mut count = whole.partition_point(|item| end_of(item) <= self.start);
        let reads = |item| reach(self.before, end_of(item));
        while count > 0 && whole.get(count - 1).map_or(0, reads) > self.start {
            count -= 1;
        }
        count
    }

    /// Adds the old items from `from` on that can be kept, of the first `untouched` ones. Returns the end of the last.
    fn keep(&self, from: usize, untouched: usize, file: &mut ParsedFile) -> Option<usize> {
        let items = self.old.items.get(from..untouched)?.iter();
        let kept = items.take_while(|(_, item)| item.errors.is_empty());
        let before = file.items.len();
        file.items.extend(kept.cloned());
        file.unsplit = file.items.len();
        file.items.get(before..)?.last().map(end_of)
    }

    /// Adds all old items from `from` on, which are after the edit.
    fn keep_rest(&self, from: usize, file: &mut ParsedFile) {
        let whole = self.old.unsplit.saturating_sub(from);
        file.unsplit = file.items.len() + whole;
        let rest = self.old.items.get(from..).unwrap_or_default();
        file.items.extend(rest.iter().map(|(start, item)| {
            let moved = *start as usize + self.text.len() - self.before.len();
            (moved as u32, Arc::clone(item))
        }));
    }

    /// The number of the old item after this byte of the text, if all that follows was there before.
    fn after_edit(&self, at: usize) -> Option<usize> {
        let to_end = self.text.len().checked_sub(at)?;
        let old = self.before.len().checked_sub(to_end)?;
        (to_end <= self.end).then(|| self.following(old)).flatten()
    }

    /// The number of the old item after the one that ends at this byte of the text before.
    fn following(&self, end: usize) -> Option<usize> {
        let whole = self.old.items.get(..self.old.unsplit)?;
        let number = whole.partition_point(|item| end_of(item) < end);
        (end_of(whole.get(number)?) == end).then_some(number + 1)
    }
}

fn end_of((start, item): &(u32, Arc<Item>)) -> usize {
    (*start + item.len) as usize
}

/// Returns how far the grammar may read after the end of an item: to the end of the line of the next token.
fn reach(text: &str, end: usize) -> usize {
    let mut rest = text.get(end..).unwrap_or_default();
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r']);
        if !rest.starts_with("//") {
            break;
        }
        rest = match rest.find(['\n', '\r']) {
            Some(at) => rest.get(at..).unwrap_or_default(),
            None => "",
        };
    }
    // The last of these bytes is the line feed after a carriage return.
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    text.len() - rest.len() + line + 2
}

/// The number of bytes compared at once.
const PART: usize = 1024;

fn common_start(left: &[u8], right: &[u8]) -> usize {
    let parts = left.chunks(PART).zip(right.chunks(PART));
    let equal = parts.take_while(|(left, right)| left == right).count() * PART;
    let equal = equal.min(left.len()).min(right.len());
    let (left, right) = (left.iter().skip(equal), right.iter().skip(equal));
    equal
        + left
            .zip(right)
            .take_while(|(left, right)| left == right)
            .count()
}

fn common_end(left: &[u8], right: &[u8]) -> usize {
    let parts = left.rchunks(PART).zip(right.rchunks(PART));
    let equal = parts.take_while(|(left, right)| left == right).count() * PART;
    let equal = equal.min(left.len()).min(right.len());
    let (left, right) = (
        left.iter().rev().skip(equal),
        right.iter().rev().skip(equal),
    );
    equal
        + left
            .zip(right)
            .take_while(|(left, right)| left == right)
            .count()
}
