//! Changes as Markdown: the comment on a pull request.
//!
//! A comment is below a limit, which counts bytes of UTF-8 and units of UTF-16. Over it, whole sections are dropped from the
//! least important end, and the comment names them; nothing is ever cut within a table, a fence or a section.

mod section;
#[cfg(test)]
mod tests;
mod text;

use std::cmp::Reverse;

use super::groups::{Origin, Row, Section, sections};
use super::words::{self, Text};
use crate::class::Class;
use crate::document::Document;
use text::inline;

pub use text::{prose, span};

/// The number of changes above the fold.
const GRAVEST: usize = 5;

/// The number of characters of a change above the fold; longer ones are only in their section.
const LINE: usize = 120;

/// The number of errors, and of entries that are not valid any longer, that are shown.
const LISTED: usize = 5;

/// The number of dropped sections that the comment names.
const NAMED: usize = 12;

/// What a comment may contain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest length, in bytes of UTF-8 and in units of UTF-16. Less than 8 KiB counts as 8 KiB.
    pub most: usize,
    /// The number of changes of a section; for more, their number is shown.
    pub rows: usize,
    /// The number of rows of a table of numbers.
    pub numbers: usize,
    /// True if sections can be folded with `<details>`. Bitbucket shows HTML as text: there they are headings.
    pub details: bool,
    /// True if incidents are shown as tests of the language.
    pub tests: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            most: 60_000,
            rows: 40,
            numbers: 40,
            details: true,
            tests: true,
        }
    }
}

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// The text.
    pub body: String,
    /// What is not in it, for want of room: plain text.
    pub dropped: Vec<String>,
}

/// A part of the comment that is dropped as a whole.
struct Block {
    /// The name.
    name: Text,
    /// The text.
    full: String,
    /// The text without tables and tests, and with fewer changes.
    brief: String,
}

/// Returns the comment.
pub fn comment(document: &Document, limits: Limits) -> Comment {
    let limits = Limits {
        // The beginning always has room.
        most: limits.most.max(8 << 10),
        ..limits
    };
    let sections = sections(document, false);
    let blocks = section::blocks(document, &sections, limits);
    let head = head(document, &sections, limits.most / 2);
    assemble(head, &blocks, limits.most)
}

/// Returns one line for a change that has nothing to show any longer.
pub fn clean(document: &Document) -> String {
    let compared = span(&words::compared(document));
    let is_complete = document.complete && document.errored.is_empty();
    if is_complete && !document.changes.is_empty() {
        let hidden = nth_model::text::count(document.changes.len(), "change");
        format!("No changes to show any longer, {compared}; {hidden} of the level `allow`.\n")
    } else if is_complete {
        format!("No changes any longer, {compared}.\n")
    } else {
        let remarks = words::remarks(document).join("; ");
        format!(
            "No changes any longer in what could be compared, {compared}; {}.\n",
            prose(&remarks)
        )
    }
}

/// The length that counts: no platform counts more than bytes, as each unit of UTF-16 has one at least.
fn size(text: &str) -> usize {
    text.len().max(text.encode_utf16().count())
}

/// What is above the fold: the verdict, and as much of the rest as has room.
fn head(document: &Document, sections: &[Section<'_>], most: usize) -> String {
    let mut out = format!(
        "**{}**, {}\n",
        prose(&words::counts(document)),
        span(&words::compared(document))
    );
    let mut add = |paragraph: String| {
        if !paragraph.is_empty() && size(&out) + size(&paragraph) < most {
            out.push('\n');
            out.push_str(&paragraph);
        }
    };
    let remarks: Vec<String> = words::remarks(document)
        .iter()
        .map(|remark| format!("{}.", prose(&words::capitalized(remark))))
        .collect();
    if !remarks.is_empty() {
        add(format!("{}\n", remarks.join(" ")));
    }
    add(gravest(sections));
    let numbers = &document.figures.numbers;
    if !numbers.is_empty() {
        let text = Text::default()
            .said("Project: ")
            .text(words::numbers(numbers));
        add(format!("{}\n", inline(&text)));
    }
    // Two lists without a paragraph between them would be one.
    let problems = document.errored.iter().map(words::problem);
    add(list("Not compared:", problems));
    let expired = words::expired(document).map(|entry| words::acceptance(document, entry));
    add(list("No longer accepted:", expired));
    out
}

/// A list with its heading; empty if there are no texts.
fn list(heading: &str, texts: impl Iterator<Item = Text>) -> String {
    let texts: Vec<Text> = texts.collect();
    if texts.is_empty() {
        return String::new();
    }
    let mut out = format!("{heading}\n\n");
    for text in texts.iter().take(LISTED) {
        out.push_str(&format!("- {}\n", inline(text)));
    }
    if let more @ 1.. = texts.len().saturating_sub(LISTED) {
        out.push_str(&format!("- and {more} more\n"));
    }
    out
}

/// The gravest changes, a line each.
fn gravest(sections: &[Section<'_>]) -> String {
    let mut rows: Vec<(&Section<'_>, &Row<'_>)> = sections
        .iter()
        .flat_map(|section| section.rows.iter().map(move |row| (section, row)))
        .filter(|(_, row)| row.class() != Class::Cosmetic)
        .collect();
    rows.sort_by_key(|(_, row)| (row.change.accepted, row.class(), Reverse(row.len())));
    let mut out = String::new();
    for (section, row) in rows.into_iter().take(GRAVEST) {
        let mut text = Text::default()
            .class(row.class())
            .said(": ")
            .text(words::subject(row));
        // What is longer than a line is in the section.
        let change = words::change(row);
        if let Some(change) = change.filter(|change| change.to_string().chars().count() <= LINE) {
            text = text.said(": ").text(change);
        }
        // An incident says more than a reason.
        let reason = match row.witness() {
            Some(_) => words::witness(row).unwrap_or_default(),
            None => words::because(row),
        };
        text = text.said("; ").text(reason);
        if let Origin::Cause(cause) = section.origin {
            text = text.said("; from ").prose(&cause.name);
        }
        if row.change.accepted {
            text = text.said(" (accepted)");
        }
        out.push_str(&format!("- {}\n", inline(&text)));
    }
    out
}

/// Joins what has room: each block as a whole, or in brief, or not at all. After the first one that is dropped, all are.
fn assemble(head: String, blocks: &[Block], most: usize) -> Comment {
    let mut kept: Vec<(&Block, bool)> = Vec::new();
    let text = |(block, is_full): &(&Block, bool)| {
        if *is_full {
            block.full.clone()
        } else {
            block.brief.clone()
        }
    };
    let mut used = size(&head);
    for block in blocks {
        let has_room = |text: &str| used + size(text) < most;
        let is_full = has_room(&block.full);
        if !is_full && !has_room(&block.brief) {
            break;
        }
        used += size(if is_full { &block.full } else { &block.brief }) + 1;
        kept.push((block, is_full));
    }
    // The names of what is dropped need room, too.
    let mut named = NAMED;
    loop {
        let shortened = kept
            .iter()
            .filter(|(_, is_full)| !is_full)
            .map(|(block, _)| {
                Text::default()
                    .said("numbers and tests of ")
                    .text(block.name.clone())
            });
        let rest = blocks.iter().skip(kept.len());
        let dropped: Vec<Text> = shortened
            .chain(rest.map(|block| block.name.clone()))
            .collect();
        let tail = tail(&dropped, named);
        if used + size(&tail) <= most || (kept.is_empty() && named == 0) {
            let mut body = head;
            for block in &kept {
                body.push('\n');
                body.push_str(&text(block));
            }
            body.push_str(&tail);
            return Comment {
                body,
                dropped: dropped.iter().map(Text::to_string).collect(),
            };
        }
        match kept.pop() {
            Some(block) => used -= size(&text(&block)) + 1,
            None => named = named.saturating_sub(1),
        }
    }
}

/// The names of what was dropped; empty if nothing was.
fn tail(dropped: &[Text], named: usize) -> String {
    if dropped.is_empty() {
        return String::new();
    }
    let mut out = String::from("\nNot shown, because this text would be too long:\n\n");
    for name in dropped.iter().take(named) {
        out.push_str(&format!("- {}\n", inline(name)));
    }
    if let more @ 1.. = dropped.len().saturating_sub(named) {
        out.push_str(&format!("- {}\n", words::count(more, "more section")));
    }
    out.push_str("\n`nthc diff` shows them.\n");
    out
}
