//! Conditions as PromQL: 1 if one holds, 0 if not, no sample if it is unknown.
//!
//! Every part returns one sample without labels or none, so that `or` selects the first that is known.

use std::collections::BTreeMap;

use nth_model::gate::{Comparison, DAY};
use nth_policy::{Compare, Condition, FactQuery, Operand, Override, Span, end, start};
use nth_promql::{BinaryOp, Expr, build, parse};

use super::error::Error;
use super::query::number;
use crate::clock::{from_moment, seconds, time};

/// The queries of facts as trees.
pub struct Facts(BTreeMap<String, Expr>);

impl Facts {
    /// Parses the queries of a policy.
    ///
    /// # Errors
    ///
    /// If a query is not PromQL, which does not happen with generated ones.
    pub fn new(facts: &BTreeMap<String, FactQuery>) -> Result<Self, Error> {
        let parsed = facts.iter().map(|(name, fact)| {
            parse(&fact.query)
                .map(|expr| (name.clone(), expr))
                .map_err(|_| Error::UnreadableQuery(name.clone()))
        });
        Ok(Self(parsed.collect::<Result<_, _>>()?))
    }

    /// The query of a condition.
    ///
    /// # Errors
    ///
    /// If PromQL cannot express it.
    pub fn condition(&self, condition: &Condition) -> Result<Expr, Error> {
        let each = |parts: &[Condition]| {
            parts
                .iter()
                .map(|part| self.condition(part))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(match condition {
            Condition::Constant(known) => build::vector(if *known { "1" } else { "0" }),
            Condition::Not(inner) => build::binary(
                BinaryOp::Subtract,
                build::number("1"),
                self.condition(inner)?,
            ),
            // A false part decides, even if others are unknown.
            Condition::All(parts) => {
                let parts = each(parts)?;
                let all = build::join(BinaryOp::Multiply, parts.clone());
                decide(all, parts, "0").unwrap_or_else(|| build::vector("1"))
            }
            // A true part decides.
            Condition::Any(parts) => {
                let parts = each(parts)?;
                let sum = build::join(BinaryOp::Add, parts.clone())
                    .map(|sum| build::call("clamp_max", vec![sum, build::number("1")]));
                decide(sum, parts, "1").unwrap_or_else(|| build::vector("0"))
            }
            Condition::Compare(compare) => self.comparison(compare)?,
            Condition::Dates { from, to, zone } => {
                let after = to.tomorrow().map_err(|_| Error::LastDay(*to))?;
                let first = start(*from, zone)?.as_second();
                let end = start(after, zone)?.as_second();
                build::call(
                    "vector",
                    vec![build::binary(
                        BinaryOp::Multiply,
                        from_moment(first),
                        build::compare_bool(BinaryOp::Less, time(), seconds(end)),
                    )],
                )
            }
            Condition::Week { spans, .. } => {
                let parts = spans.iter().map(week);
                build::join(BinaryOp::Add, parts).unwrap_or_else(|| build::vector("0"))
            }
        })
    }

    fn comparison(&self, compare: &Compare) -> Result<Expr, Error> {
        let side = |operand: &Operand| match operand {
            Operand::Fact(name) => self
                .0
                .get(name)
                .cloned()
                .ok_or_else(|| Error::NoQuery(name.clone())),
            Operand::Limit(limit) => Ok(number(*limit)),
        };
        let op = match compare.op {
            Comparison::Less => BinaryOp::Less,
            Comparison::LessOrEqual => BinaryOp::LessOrEqual,
            Comparison::Greater => BinaryOp::Greater,
            Comparison::GreaterOrEqual => BinaryOp::GreaterOrEqual,
            Comparison::Equal => BinaryOp::Equal,
            Comparison::NotEqual => BinaryOp::NotEqual,
        };
        let paren = |expr: Expr| match expr.node {
            nth_promql::Node::Number(_) => expr,
            _ => build::paren(expr),
        };
        Ok(build::compare_bool(
            op,
            paren(side(&compare.left)?),
            paren(side(&compare.right)?),
        ))
    }
}

/// The combined result of all parts if all are known, or else one that decides alone.
fn decide(together: Option<Expr>, parts: Vec<Expr>, deciding: &str) -> Option<Expr> {
    let alone = parts
        .into_iter()
        .map(|part| build::binary(BinaryOp::Equal, part, build::number(deciding)));
    build::join(BinaryOp::Or, together.into_iter().chain(alone))
}

/// 1 from the end of an override's last day on, 0 before: the query of the overridden rule is multiplied by it.
///
/// # Errors
///
/// If the time zone or the day is invalid.
pub fn override_expired(overriding: &Override) -> Result<Expr, Error> {
    let end = end(overriding)?;
    Ok(from_moment(end.as_second()))
}

/// 1 within a span of the week in UTC, 0 otherwise.
fn week(span: &Span) -> Expr {
    let call = |function| build::call(function, Vec::new());
    let times =
        |expr, by: u16| build::binary(BinaryOp::Multiply, expr, build::number(by.to_string()));
    // The week of PromQL begins on Sunday.
    let monday_first = build::binary(
        BinaryOp::Modulo,
        build::paren(build::binary(
            BinaryOp::Add,
            call("day_of_week"),
            build::number("6"),
        )),
        build::number("7"),
    );
    let minute = || {
        let parts = [
            times(monday_first.clone(), DAY),
            times(call("hour"), 60),
            call("minute"),
        ];
        build::join(BinaryOp::Add, parts).map_or_else(|| call("minute"), build::paren)
    };
    let bound =
        |op, minutes: u16| build::compare_bool(op, minute(), build::number(minutes.to_string()));
    build::paren(build::binary(
        BinaryOp::Multiply,
        build::paren(bound(BinaryOp::GreaterOrEqual, span.from)),
        build::paren(bound(BinaryOp::Less, span.to)),
    ))
}
