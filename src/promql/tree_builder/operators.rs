//! Binary operators with `bool`, `on`, `group_left` and `fill`.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::{TreeBuilder, span};
use crate::codes;
use crate::error::Error;
use crate::grammar::Rule;
use crate::tree::*;

/// A binary operator with its modifiers.
pub(crate) struct Operator {
    pub(crate) op: BinaryOp,
    pub(crate) span: Span,
    pub(crate) return_bool: bool,
    pub(crate) matching: Option<Matching>,
    pub(crate) fill: Fill,
}

impl<'t> TreeBuilder<'t> {
    pub(crate) fn operator(&mut self, pair: Pair<'t, Rule>) -> Option<Operator> {
        let mut operator = Operator {
            op: BinaryOp::Add,
            span: Span::default(),
            return_bool: false,
            matching: None,
            fill: Fill::default(),
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::op => {
                    operator.op = binary_op(part.as_str())?;
                    operator.span = Span::new(
                        part.as_span().start(),
                        part.as_span().start() + part.as_str().trim_end().len(),
                    );
                }
                Rule::bool_word => operator.return_bool = true,
                Rule::matching => operator.matching = Some(self.matching(part)?),
                Rule::stray_group => {
                    let word = part.as_str().trim_end();
                    let at = span(&part).start as usize;
                    self.structure_error(
                        Error::new(
                            &codes::PROMQL_MATCHING,
                            format!("`{word}` needs an `on (…)` or `ignoring (…)` before it"),
                            Span::new(at, at + word.len()),
                        )
                        .label("the labels to match are missing")
                        .help(format!(
                            "write for example `{} on (job) {word}`",
                            operator.op.as_str()
                        )),
                    );
                    return None;
                }
                Rule::fill => self.fill(part, &mut operator.fill)?,
                _ => {}
            }
        }
        Some(operator)
    }

    fn matching(&mut self, pair: Pair<'t, Rule>) -> Option<Matching> {
        let mut matching = Matching {
            on: false,
            labels: Vec::new(),
            group: None,
        };
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::on_word => matching.on = part.as_str().eq_ignore_ascii_case("on"),
                Rule::labels => matching.labels = self.labels(part)?,
                Rule::group => {
                    let mut group = Group {
                        left: false,
                        labels: Vec::new(),
                    };
                    for piece in part.into_inner() {
                        match piece.as_rule() {
                            Rule::labels => group.labels = self.labels(piece)?,
                            _ => group.left = piece.as_str().eq_ignore_ascii_case("group_left"),
                        }
                    }
                    matching.group = Some(group);
                }
                _ => {}
            }
        }
        Some(matching)
    }

    fn fill(&mut self, pair: Pair<'t, Rule>, fill: &mut Fill) -> Option<()> {
        let (mut word, mut text) = (None, String::new());
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::fill_word => word = Some(part),
                Rule::sign if part.as_str() == "-" => text.push('-'),
                Rule::number | Rule::special => {
                    self.number(&part);
                    text.push_str(part.as_str());
                }
                Rule::missing => {
                    self.unexpected(span(&part).start as usize, "a number");
                    return None;
                }
                Rule::unclosed => return self.unclosed(&part, None, "`)`"),
                _ => {}
            }
        }
        let word = word?;
        let name = word.as_str().to_ascii_lowercase();
        let text = SmolStr::from(text);
        let (left, right) = (name != "fill_right", name != "fill_left");
        if (left && fill.left.is_some()) || (right && fill.right.is_some()) {
            self.structure_error(Error::new(
                &codes::PROMQL_MATCHING,
                format!("duplicate fill: `{name}`"),
                span(&word),
            ));
            return None;
        }
        if left {
            fill.left = Some(text.clone());
        }
        if right {
            fill.right = Some(text);
        }
        Some(())
    }
}

/// Returns the operator of a source text, ignoring case.
pub(crate) fn binary_op(text: &str) -> Option<BinaryOp> {
    Some(match text.trim_end().to_ascii_lowercase().as_str() {
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "unless" => BinaryOp::Unless,
        "==" => BinaryOp::Equal,
        "!=" => BinaryOp::NotEqual,
        "<" => BinaryOp::Less,
        "<=" => BinaryOp::LessOrEqual,
        ">" => BinaryOp::Greater,
        ">=" => BinaryOp::GreaterOrEqual,
        "</" => BinaryOp::TrimUpper,
        ">/" => BinaryOp::TrimLower,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Subtract,
        "*" => BinaryOp::Multiply,
        "/" => BinaryOp::Divide,
        "%" => BinaryOp::Modulo,
        "^" => BinaryOp::Power,
        "atan2" => BinaryOp::Atan2,
        _ => return None,
    })
}
