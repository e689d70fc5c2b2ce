//! The parts of a text with their ranges, for editors: folding, growing a selection, matching brackets. Malformed text has
//! parts too.

use pest::Parser;
use pest::iterators::Pair;

use super::parse::{Grammar, Rule};
use super::tree::{ParsedFile, TextRange};

/// The kind of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    /// An item, statement, field declaration or enum member, with its doc comment.
    Unit,
    /// The same without its doc comment.
    Core,
    /// `{ … }` with statements or declarations.
    Body,
    /// `[…]`
    List,
    /// `{ job = "x" }`
    Labels,
    /// `(…)` around arguments or parameters.
    Arguments,
    /// `.{a, b}` of an import, or the parentheses, braces or angle brackets of an expression or a type.
    Group,
    /// An argument, a label, a parameter, an operand or an element.
    Piece,
    /// `"…"`
    String,
    /// `"""…"""`
    Multiline,
    /// `` `…` ``
    Query,
    /// `${…}`
    Hole,
    /// Lines of a `///` comment.
    Doc,
    /// A name, a number, a path.
    Word,
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Part {
    /// The kind.
    pub kind: PartKind,
    /// Its range, including brackets or quotes.
    pub range: TextRange,
    /// True if its bracket or quote is closed.
    pub closed: bool,
    /// The number of brackets around it.
    pub depth: u32,
}

impl Part {
    /// True if it begins and ends with a bracket.
    pub fn is_bracketed(&self) -> bool {
        matches!(
            self.kind,
            PartKind::Body
                | PartKind::List
                | PartKind::Labels
                | PartKind::Arguments
                | PartKind::Group
        )
    }
}

/// Returns the parts of a file, outer before inner, in text order.
pub fn parts(text: &str, file: &ParsedFile) -> Vec<Part> {
    let mut found = Vec::new();
    for (start, item) in &file.items {
        let (from, until) = (*start as usize, (*start + item.len) as usize);
        // Parse each item by itself, like the tree of a malformed text.
        let Some(slice) = text.get(from..until) else {
            continue;
        };
        let Ok(mut pairs) = Grammar::parse(Rule::file, slice) else {
            continue;
        };
        let Some(root) = pairs.next() else { continue };
        for pair in root.into_inner() {
            walk(&pair, from, 0, &mut found);
        }
    }
    found
}

fn walk(pair: &Pair<'_, Rule>, offset: usize, depth: u32, found: &mut Vec<Part>) {
    let span = pair.as_span();
    let blank = [' ', '\t', '\r', '\n'];
    let length = pair.as_str().trim_end_matches(blank).len();
    let range = TextRange::new(offset + span.start(), offset + span.start() + length);
    let kind = kind(pair);
    let mut depth = depth;
    if let Some(kind) = kind
        && !range.is_empty()
    {
        let unclosed = |inner: Pair<'_, Rule>| {
            matches!(
                inner.as_rule(),
                Rule::no_brace | Rule::no_close | Rule::open
            )
        };
        let part = Part {
            kind,
            range,
            closed: !pair.clone().into_inner().any(unclosed),
            depth,
        };
        depth += u32::from(part.is_bracketed() || kind == PartKind::Hole);
        found.push(part);
    }
    for inner in pair.clone().into_inner() {
        walk(&inner, offset, depth, found);
    }
}

fn kind(pair: &Pair<'_, Rule>) -> Option<PartKind> {
    Some(match pair.as_rule() {
        Rule::item | Rule::statement | Rule::field_decl | Rule::member_decl => PartKind::Unit,
        Rule::import
        | Rule::extend
        | Rule::kind
        | Rule::enum_decl
        | Rule::function
        | Rule::template
        | Rule::let_stmt
        | Rule::rule
        | Rule::block
        | Rule::field
        | Rule::for_stmt
        | Rule::if_stmt
        | Rule::in_stmt
        | Rule::without
        | Rule::require => PartKind::Core,
        Rule::body | Rule::kind_body | Rule::enum_body if opens(pair, "{") => PartKind::Body,
        Rule::if_arm if opens(pair, "{") => PartKind::Group,
        Rule::list => PartKind::List,
        Rule::labels => PartKind::Labels,
        Rule::args | Rule::params => PartKind::Arguments,
        Rule::paren | Rule::type_paren | Rule::import_names => PartKind::Group,
        Rule::arg
        | Rule::label
        | Rule::param
        | Rule::operand
        | Rule::expr
        | Rule::free_expr
        | Rule::base
        | Rule::type_
        | Rule::where_clause => PartKind::Piece,
        Rule::string => PartKind::String,
        Rule::multiline => PartKind::Multiline,
        Rule::query => PartKind::Query,
        Rule::hole => PartKind::Hole,
        Rule::doc => PartKind::Doc,
        Rule::ident
        | Rule::quoted
        | Rule::path
        | Rule::base_path
        | Rule::numeral
        | Rule::boolean
        | Rule::time_of_day
        | Rule::time_of_week => PartKind::Word,
        _ => return None,
    })
}

fn opens(pair: &Pair<'_, Rule>, bracket: &str) -> bool {
    pair.as_str().starts_with(bracket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;

    fn find_parts(text: &str, kind: PartKind) -> Vec<(String, bool, u32)> {
        parts(text, &parse(text))
            .into_iter()
            .filter(|part| part.kind == kind)
            .map(|part| {
                let range = part.range.start as usize..part.range.end as usize;
                (text[range].to_owned(), part.closed, part.depth)
            })
            .collect()
    }

    #[test]
    fn brackets_know_their_depth() {
        let text = "team a {\n  x = f([1, { a = 2 }])\n}\n";
        let all = |text: &str, depth| vec![(text.to_owned(), true, depth)];
        assert_eq!(
            find_parts(text, PartKind::Body),
            all("{\n  x = f([1, { a = 2 }])\n}", 0)
        );
        assert_eq!(
            find_parts(text, PartKind::Arguments),
            all("([1, { a = 2 }])", 1)
        );
        assert_eq!(find_parts(text, PartKind::List), all("[1, { a = 2 }]", 2));
        assert_eq!(find_parts(text, PartKind::Labels), all("{ a = 2 }", 3));
    }

    #[test]
    fn what_is_left_open_is_known() {
        let text = "team a {\n  x = [1,\n\nteam b {\n  y = 1\n}\n";
        let bodies = find_parts(text, PartKind::Body);
        assert_eq!(bodies.len(), 2, "{bodies:?}");
        assert_eq!((bodies[0].1, bodies[1].1), (false, true));
        assert_eq!(
            find_parts(text, PartKind::List).first().map(|list| list.1),
            Some(false)
        );
    }

    #[test]
    fn parts_of_any_file_lie_within_one_another() {
        for (_, text) in crate::tests::TOUR {
            for cut in (0..text.len())
                .filter(|at| text.is_char_boundary(*at))
                .step_by(7)
            {
                let text = &text[..cut];
                let mut open: Vec<TextRange> = Vec::new();
                for part in parts(text, &parse(text)) {
                    assert!(
                        text.get(part.range.start as usize..part.range.end as usize)
                            .is_some()
                    );
                    while open
                        .last()
                        .is_some_and(|outer| outer.end <= part.range.start)
                    {
                        open.pop();
                    }
                    if let Some(outer) = open.last() {
                        assert!(
                            part.range.end <= outer.end,
                            "{part:?} in {outer:?} of {text}"
                        );
                    }
                    open.push(part.range);
                }
            }
        }
    }
}
