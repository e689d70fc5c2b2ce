//! Comments and blank lines, found in the text between two nodes of the grammar.

use pest::iterators::Pair;

use crate::parse::Rule;

/// A comment and how it stood.
#[derive(Debug, Clone)]
pub(super) struct Comment<'t> {
    /// From its `//` to the end of its line, without blanks at the end.
    pub(super) text: &'t str,
    /// Whether a line end stood before it, so that it is not at the end of something's line.
    pub(super) own_line: bool,
    /// Whether a blank line stood before it.
    pub(super) blank_before: bool,
}

/// What stands between two nodes.
#[derive(Debug, Default)]
pub(super) struct Gap<'t> {
    pub(super) comments: Vec<Comment<'t>>,
    /// Whether a blank line stood before what follows.
    pub(super) blank_after: bool,
}

/// Reads text in which nothing stands but blanks, line ends, punctuation and comments.
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

/// Whether a comment stands anywhere in a node, outside its strings and queries.
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

/// Whether a node has room for comments and nothing else in it: `[ // none ]`.
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

/// Whether a node is printed as it stands.
fn is_leaf(pair: &Pair<'_, Rule>) -> bool {
    matches!(pair.as_rule(), Rule::string | Rule::multiline | Rule::query)
        || pair.clone().into_inner().next().is_none()
}
