//! Parsing of text to items: runs the grammar and builds the tree.

use std::sync::Arc;

use pest::Parser;
use pest::iterators::Pair;
use smol_str::SmolStr;

use super::builder::{Builder, doc_text};
use super::tree::*;
use nth_diagnostics::limits;

/// The parser that pest generates from `grammar/nth.pest`.
#[derive(pest_derive::Parser)]
#[grammar = "../../grammar/nth.pest"]
pub(super) struct Grammar;

/// Parses a file. Every text has a tree; syntax errors are in [`Item::errors`].
pub fn parse(text: &str) -> ParsedFile {
    let mut file = ParsedFile {
        hidden: 0,
        doc: None,
        items: Vec::new(),
        unsplit: 0,
    };
    match too_large(text) {
        Some(detail) => file.refuse(text, detail),
        None => {
            file.read(Rule::file, text, 0, true);
            let (items, most) = (file.items.len(), limits::FILE_ITEMS);
            if items > most {
                file.refuse(text, format!("{items} items, more than {most}").into());
            }
        }
    }
    file
}

/// Returns the limit that a file exceeds, with the actual number; `None` if it exceeds none.
pub(super) fn too_large(text: &str) -> Option<SmolStr> {
    if text.len() > limits::FILE_BYTES {
        let most = limits::FILE_BYTES / (1024 * 1024);
        return Some(format!("more than {most} MiB").into());
    }
    let parts = text
        .bytes()
        .filter(|byte| matches!(byte, b'\n' | b',' | b';'));
    let parts = parts.count();
    let most = limits::FILE_PARTS;
    (parts > most).then(|| format!("{parts} lines and commas, more than {most}").into())
}

impl ParsedFile {
    /// Adds what the rule `first` reads of `text`, which is at `offset` in the file. If `split` is set, an unclosed item is split at heads at
    /// column 0 inside it, and each part is parsed by itself. Returns the offset in the file of the end of the last item.
    pub(super) fn read(
        &mut self,
        first: Rule,
        text: &str,
        offset: usize,
        split: bool,
    ) -> Option<usize> {
        let Ok(mut pairs) = Grammar::parse(first, text) else {
            // The grammar matches every text. If it ever does not, the text is one malformed item.
            let range = TextRange::new(0, text.len());
            let error = SyntaxError {
                kind: SyntaxErrorKind::Junk,
                range,
                related: None,
                detail: SmolStr::default(),
                fix: None,
            };
            let item = Item {
                len: text.len() as u32,
                node: ItemNode::Error,
                errors: vec![error],
                turns: Vec::new(),
            };
            self.items.push((offset as u32, Arc::new(item)));
            return None;
        };
        let mut last = None;
        for pair in pairs.next()?.into_inner() {
            match pair.as_rule() {
                Rule::file_doc if offset == 0 => {
                    self.doc = Some(doc_text(pair, Rule::file_doc_line, 3));
                }
                Rule::item => {
                    let start = pair.as_span().start();
                    let end = pair.as_span().end();
                    last = Some(offset + end);
                    if split && end == text.len() {
                        let cuts = swallowed_heads(&pair, text);
                        if !cuts.is_empty() {
                            let ends = cuts.iter().copied().chain([text.len()]);
                            let starts = [start].into_iter().chain(cuts.iter().copied());
                            for (start, end) in starts.zip(ends) {
                                self.read(Rule::file, &text[start..end], offset + start, false);
                            }
                            continue;
                        }
                    }
                    self.push(offset + start, Builder::item(text, pair));
                    if split {
                        self.unsplit = self.items.len();
                    }
                }
                _ => {}
            }
        }
        last
    }

    /// Replaces the file by one error about the exceeded limit in `detail`.
    fn refuse(&mut self, text: &str, detail: SmolStr) {
        let error = SyntaxError {
            kind: SyntaxErrorKind::TooLarge,
            range: TextRange::new(0, 0),
            related: None,
            detail,
            fix: None,
        };
        let item = Item {
            len: text.len().try_into().unwrap_or(u32::MAX),
            node: ItemNode::Error,
            errors: vec![error],
            turns: Vec::new(),
        };
        self.hidden = 0;
        self.doc = None;
        self.items = vec![(0, Arc::new(item))];
        self.unsplit = 1;
    }

    /// Adds an item. Malformed text after an item that is nested too deep is merged into that item.
    pub(super) fn push(&mut self, start: usize, item: Item) {
        if item.node == ItemNode::Error
            && let Some((last_start, last)) = self.items.last_mut()
            && last
                .errors
                .iter()
                .any(|error| error.kind == SyntaxErrorKind::TooDeep)
        {
            Arc::make_mut(last).len = start as u32 + item.len - *last_start;
        } else if item.node == ItemNode::Error
            && self.items.len() > limits::DIAGNOSTICS
            && let Some((last_start, last)) = self.items.last_mut()
            && last.node == ItemNode::Error
        {
            // Too many errors: merge the malformed rest into one item.
            self.hidden += item.errors.len();
            Arc::make_mut(last).len = start as u32 + item.len - *last_start;
        } else {
            self.items.push((start as u32, Arc::new(item)));
        }
    }
}

/// Returns the offsets of statements at column 0 of an unclosed item that look like top-level heads.
fn swallowed_heads(item: &Pair<'_, Rule>, text: &str) -> Vec<usize> {
    let mut unclosed = false;
    let mut heads = Vec::new();
    for pair in item.clone().into_inner().flatten() {
        match pair.as_rule() {
            Rule::no_brace | Rule::too_deep | Rule::if_too_deep => unclosed = true,
            Rule::statement => {
                let start = pair.as_span().start();
                let at_column_0 = start > 0 && text.as_bytes()[start - 1] == b'\n';
                if at_column_0 && is_head(pair) {
                    heads.push(start);
                }
            }
            _ => {}
        }
    }
    if unclosed { heads } else { Vec::new() }
}

fn is_head(statement: Pair<'_, Rule>) -> bool {
    let Some(node) = statement
        .into_inner()
        .find(|pair| pair.as_rule() != Rule::doc)
    else {
        return false;
    };
    match node.as_rule() {
        Rule::block | Rule::let_stmt => true,
        Rule::missing_equals | Rule::junk => {
            let first = node.as_str().split_whitespace().next().unwrap_or("");
            [
                "import", "template", "kind", "extend", "rule", "enum", "function",
            ]
            .contains(&first)
        }
        _ => false,
    }
}
