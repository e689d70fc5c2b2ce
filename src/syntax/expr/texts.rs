//! Strings and queries, with their interpolations.

use crate::builder::{Builder, first_line};
use crate::literals::{self, Piece};
use crate::parse::Rule;
use crate::tree::*;
use pest::iterators::Pair;
use smol_str::SmolStr;

impl<'t> Builder<'t> {
    /// Builds the pieces of a string. Errors inside an unclosed string are not reported.
    pub(crate) fn pieces(&mut self, pair: Pair<'t, Rule>, range: TextRange) -> Vec<Piece<'t>> {
        let errors_before = self.errors.len();
        let mut pieces = Vec::new();
        let mut open = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::string_text | Rule::multi_text => pieces.push(Piece::Raw(part.as_str())),
                Rule::escape => match literals::escape(part.as_str()) {
                    Some(character) => pieces.push(Piece::Escaped(character)),
                    None => {
                        let range = self.range(&part);
                        self.error(SyntaxErrorKind::BadEscape, range, part.as_str());
                    }
                },
                Rule::hole => pieces.push(Piece::Hole(self.hole(part))),
                Rule::open => open = true,
                Rule::hole_too_deep => {
                    let range = self.opening(&part, 2);
                    self.too_deep(range);
                }
                _ => {}
            }
        }
        if open {
            self.errors.truncate(errors_before);
            let quote = TextRange {
                start: range.start,
                end: range.end,
            };
            self.error(SyntaxErrorKind::OpenString, quote, "");
        }
        pieces
    }

    pub(super) fn hole(&mut self, pair: Pair<'t, Rule>) -> Expr {
        let open = self.opening(&pair, 2);
        let errors_before = self.errors.len();
        let mut inner = Expr {
            node: ExprNode::Error,
            range: open,
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::free_expr => inner = self.expr(part),
                Rule::missing_operand => {
                    inner = Expr {
                        node: ExprNode::Error,
                        range: self.before(&part),
                    };
                    self.error(SyntaxErrorKind::MissingValue, open, "expression in `${…}`");
                }
                Rule::hole_junk => {
                    let range = self.range(&part);
                    if self.errors.len() == errors_before {
                        self.error(SyntaxErrorKind::BadValue, range, first_line(part.as_str()));
                    }
                }
                _ if self.errors.len() == errors_before => self.unclosed(&part, open, "}"),
                _ => {}
            }
        }
        inner
    }

    pub(super) fn query(&mut self, pair: Pair<'t, Rule>, range: TextRange) -> ExprNode {
        let errors_before = self.errors.len();
        let written = pair.as_str();
        let mut open = false;
        let mut holes = Vec::new();
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::hole => {
                    let range = self.range(&part);
                    let errors = self.errors.len();
                    let expr = self.hole(part);
                    // The PromQL parser treats an unclosed interpolation as text.
                    let closed = self
                        .text
                        .as_bytes()
                        .get(self.start + range.end as usize - 1)
                        == Some(&b'}');
                    if closed || self.errors.len() == errors {
                        holes.push(QueryHole { range, expr });
                    }
                }
                Rule::open => open = true,
                Rule::hole_too_deep => {
                    let range = self.opening(&part, 2);
                    self.too_deep(range);
                }
                _ => {}
            }
        }
        // The range of an unclosed literal has no trailing blanks, so the text has none either.
        let end = if open {
            range.len() as usize
        } else {
            written.len() - 1
        };
        if open {
            self.errors.truncate(errors_before);
            self.error(SyntaxErrorKind::OpenQuery, range, "");
        }
        let start = range.start as usize + 1;
        ExprNode::Query(QueryLit {
            text: SmolStr::new(&written[1..end]),
            text_range: TextRange::new(start, start + end - 1),
            holes,
        })
    }
}
