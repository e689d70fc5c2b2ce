//! Comments and blank lines, found in the text between two nodes of the grammar.

use pest::iterators::Pair;

use crate::parse::Rule;

/// A comment with its position.
#[derive(Debug, Clone)]
pub(super) struct Comment<'t> {
    /// Its text, from `//` to the end of the line without trailing blanks.
    pub(super) text: &'t str,
    /// True if a line end is before it, false at the end of a line with other text.
    pub(super) own_line: bool,
    /// True if a blank line is before it.
    pub(super) blank_before: bool,
}

/// The comments and blank lines between two nodes.
#[derive(Debug, Default)]
pub(super) struct Gap<'t> {
    pub(super) comments: Vec<Comment<'t>>,
    /// True if a blank line is before the next node.
    pub(super) blank_after: bool,
}

/// Parses text that contains only blanks, line ends, punctuation and comments.
pub(super) fn gap(text: &str) -> Gap<'_> {
    let mut found = Gap::default();
    let mut rest = text;
    let mut newlines = 0;
    while let Some(at) = rest.find(['\n', '\r', '/']) {
        rest = &rest[at..];
        if let Some(after) = rest
            .strip_prefix("\r\n")
            .or_else(|| rest.strip_prefix(['\n', '\r']))
        {
            newlines += 1;
            rest = after;
        } else if rest.starts_with("//") {
            let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
            found.comments.push(Comment {
                text: rest[..end].trim_end(),
                own_line: newlines > 0 || found.comments.last().is_some(),
                blank_before: newlines > 1,
            });
            newlines = 0;
            rest = &rest[end..];
        } else {
            rest = &rest[1..];
        }
    }
    found.blank_after = newlines > 1;
    found
}

/// True if a node contains a comment, outside of strings and queries.
pub(super) fn has_comment(pair: &Pair<'_, Rule>) -> bool {
    let mut at = pair.as_span().start();
    let found = search(pair, pair.get_input(), &mut at);
    found || pair.get_input()[at..pair.as_span().end()].contains("//")
}

fn search(pair: &Pair<'_, Rule>, text: &str, at: &mut usize) -> bool {
    let span = pair.as_span();
    if is_empty_bracket(pair) {
        let found = text[*at..span.end()].contains("//");
        *at = span.end();
        return found;
    }
    if is_leaf(pair) {
        let found = text[*at..span.start()].contains("//") || pair.as_rule() == Rule::doc_line;
        *at = span.end();
        return found;
    }
    pair.clone()
        .into_inner()
        .any(|inner| search(&inner, text, at))
}

/// True for empty brackets, which may contain comments: `[ // none ]`.
fn is_empty_bracket(pair: &Pair<'_, Rule>) -> bool {
    matches!(
        pair.as_rule(),
        Rule::list
            | Rule::labels
            | Rule::args
            | Rule::params
            | Rule::body
            | Rule::kind_body
            | Rule::enum_body
            | Rule::import_names
    ) && pair.clone().into_inner().next().is_none()
}

/// True if a node is printed unchanged.
fn is_leaf(pair: &Pair<'_, Rule>) -> bool {
    matches!(pair.as_rule(), Rule::string | Rule::multiline | Rule::query)
        || pair.clone().into_inner().next().is_none()
}
