//! Durations: literals, `$window`, and duration expressions.

use pest::iterators::Pair;
use smol_str::SmolStr;

use super::error::Error;
use super::grammar::Rule;
use super::literal;
use super::tree::*;
use super::tree_builder::operators::binary_op;
use super::tree_builder::{TreeBuilder, sign, span};
use crate::codes;

impl<'t> TreeBuilder<'t> {
    pub(super) fn duration(&mut self, pair: Pair<'t, Rule>) -> Option<Duration> {
        let mut operands: Vec<Duration> = Vec::new();
        let mut pending: Vec<(Option<UnaryOp>, BinaryOp, Span)> = Vec::new();
        for part in Self::inner(pair) {
            if part.as_rule() == Rule::duration_operator {
                let at = span(&part);
                let op = binary_op(part.as_str())?;
                self.reduce_durations(&mut operands, &mut pending, Some(op))?;
                pending.push((None, op, at));
                continue;
            }
            for piece in Self::inner(part) {
                match piece.as_rule() {
                    Rule::sign => {
                        pending.push((Some(sign(&piece)), BinaryOp::Multiply, span(&piece)))
                    }
                    Rule::missing => {
                        self.missing_duration(span(&piece).start as usize);
                        return None;
                    }
                    _ => operands.push(self.duration_operand(piece)?),
                }
            }
            if pending.len() + operands.len() > super::MAX_DEPTH {
                let at = operands.last()?.span;
                self.structure_error(Error::new(
                    &codes::PROMQL_TOO_DEEP,
                    format!("duration with more than {} parts", super::MAX_DEPTH / 2),
                    at,
                ));
                return None;
            }
        }
        self.reduce_durations(&mut operands, &mut pending, None)?;
        operands.pop()
    }

    fn reduce_durations(
        &mut self,
        operands: &mut Vec<Duration>,
        pending: &mut Vec<(Option<UnaryOp>, BinaryOp, Span)>,
        next: Option<BinaryOp>,
    ) -> Option<()> {
        while let Some((_, op, _)) = pending.last() {
            let goes_first = next.is_none_or(|next| {
                op.precedence() > next.precedence()
                    || (op.precedence() == next.precedence() && !next.is_right_associative())
            });
            if !goes_first {
                break;
            }
            let (unary, op, at) = pending.pop()?;
            let right = operands.pop()?;
            let duration = match unary {
                Some(unary) => Duration {
                    span: at.cover(right.span),
                    node: DurationNode::Unary(unary, Box::new(right)),
                },
                None => {
                    let left = operands.pop()?;
                    let is_zero = constant(&right) == Some(0.0);
                    if is_zero && matches!(op, BinaryOp::Divide | BinaryOp::Modulo) {
                        self.error(Error::new(
                            &codes::PROMQL_BAD_DURATION,
                            "division by zero in duration expression",
                            right.span,
                        ));
                    }
                    Duration {
                        span: left.span.cover(right.span),
                        node: DurationNode::Binary(op, Box::new(left), Box::new(right)),
                    }
                }
            };
            operands.push(duration);
        }
        Some(())
    }

    pub(super) fn duration_operand(&mut self, pair: Pair<'t, Rule>) -> Option<Duration> {
        let at = span(&pair);
        let node = match pair.as_rule() {
            Rule::number | Rule::special => {
                let text = pair.as_str();
                match seconds(text) {
                    None => self.bad_duration(text, at, &codes::PROMQL_BAD_DURATION),
                    Some(seconds) if seconds <= literal::MAX_SECONDS => {}
                    Some(_) => self.error(Error::new(
                        &codes::PROMQL_BAD_DURATION,
                        "duration out of range: longer than 292 years",
                        at,
                    )),
                }
                DurationNode::Literal(text.into())
            }
            Rule::hole => {
                self.duration_hole(&pair)?;
                DurationNode::Hole(self.hole_number(at.start as usize))
            }
            Rule::variable if pair.as_str() == "$window" => DurationNode::Window,
            Rule::variable => return self.variable(&pair),
            Rule::duration_paren => {
                let (mut whole, mut inner) = (at, None);
                for part in Self::inner(pair) {
                    match part.as_rule() {
                        Rule::open => whole = span(&part),
                        Rule::duration => inner = Some(self.duration(part)?),
                        Rule::close => whole = whole.cover(span(&part)),
                        _ => return self.unclosed(&part, Some(whole), "an operator or `)`"),
                    }
                }
                return Some(Duration {
                    node: DurationNode::Paren(Box::new(inner?)),
                    span: whole,
                });
            }
            _ => return self.duration_call(pair),
        };
        Some(Duration { node, span: at })
    }

    fn duration_call(&mut self, pair: Pair<'t, Rule>) -> Option<Duration> {
        let (mut name, mut open, mut end) = (None, None, Span::default());
        let mut args = Vec::new();
        for part in Self::inner(pair) {
            match part.as_rule() {
                Rule::duration_function => name = Some(part),
                Rule::open => open = Some(span(&part)),
                Rule::duration => args.push(self.duration(part)?),
                Rule::close => end = span(&part),
                _ => return self.unclosed(&part, open, "`,` or `)`"),
            }
        }
        let name = name?;
        let whole = span(&name).cover(end);
        let function = SmolStr::from(name.as_str().to_ascii_lowercase());
        let expected = if function.ends_with("_of") { 2 } else { 0 };
        if args.len() != expected {
            let wanted = if expected == 0 {
                "no arguments"
            } else {
                "two durations"
            };
            self.error(Error::new(
                &codes::PROMQL_ARGUMENTS,
                format!(
                    "expected {wanted} in call to `{function}`, got {}",
                    args.len()
                ),
                whole,
            ));
        }
        Some(Duration {
            node: DurationNode::Call(function, args),
            span: whole,
        })
    }

    /// Reports a range or step that is certainly not positive.
    pub(super) fn check_positive(&mut self, duration: &Duration) {
        if constant(duration).is_some_and(|seconds| seconds <= 0.0) {
            self.error(
                Error::new(
                    &codes::PROMQL_BAD_DURATION,
                    "duration must be greater than 0",
                    duration.span,
                )
                .help("write how far back it reaches: `[5m]`"),
            );
        }
    }
}

/// Returns the seconds of a literal, with signs.
fn constant(duration: &Duration) -> Option<f64> {
    match &duration.node {
        DurationNode::Literal(text) => seconds(text),
        DurationNode::Unary(op, inner) => {
            constant(inner).map(|value| if *op == UnaryOp::Minus { -value } else { value })
        }
        _ => None,
    }
}

/// Returns the seconds of a number or duration, as in [`DurationNode::Literal`]; `None` if it is malformed.
pub fn seconds(text: &str) -> Option<f64> {
    literal::number(text).or_else(|| match literal::duration(text) {
        Ok(time) => Some(time.as_secs_f64()),
        Err(literal::BadDuration::TooLong) => Some(f64::INFINITY),
        Err(_) => None,
    })
}

/// Returns the milliseconds of a duration with units, `1h30m`; `None` if it is malformed or longer than 292 years.
pub fn milliseconds(text: &str) -> Option<i64> {
    i64::try_from(literal::duration(text).ok()?.as_millis()).ok()
}
