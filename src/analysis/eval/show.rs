//! Formatting of expressions and parameters for messages.

use smol_str::SmolStr;
use std::sync::Arc;

use super::ops::sign;
use crate::schema::Ty;
use nth_syntax::tree::{BinaryOp, Expr, ExprNode, StringPart, UnaryOp};

/// Describes a refinement: `0% < it < 100%` becomes "more than 0% and less than 100%".
pub fn refinement(expr: &Expr) -> String {
    match &expr.node {
        ExprNode::Paren(inner) => refinement(inner),
        ExprNode::Binary(BinaryOp::And, left, right) => {
            format!("{} and {}", refinement(left), refinement(right))
        }
        ExprNode::Binary(BinaryOp::Or, left, right) => {
            format!("{} or {}", refinement(left), refinement(right))
        }
        ExprNode::Binary(op, left, right) if is_it(left) => bound(*op, right),
        ExprNode::Binary(op, left, right) if is_it(right) => {
            let mirrored = match op {
                BinaryOp::Less => BinaryOp::Greater,
                BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
                BinaryOp::Greater => BinaryOp::Less,
                BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
                other => *other,
            };
            bound(mirrored, left)
        }
        _ => format!("such that `{}`", expression(expr)),
    }
}

fn is_it(expr: &Expr) -> bool {
    matches!(&expr.node, ExprNode::Name(name) if name.text == "it")
}

fn bound(op: BinaryOp, limit: &Expr) -> String {
    let limit = expression(limit);
    match op {
        BinaryOp::Less => format!("less than {limit}"),
        BinaryOp::LessOrEqual => format!("at most {limit}"),
        BinaryOp::Greater => format!("more than {limit}"),
        BinaryOp::GreaterOrEqual => format!("at least {limit}"),
        BinaryOp::Equal => limit,
        BinaryOp::NotEqual => format!("other than {limit}"),
        BinaryOp::In => format!("one of {limit}"),
        other => format!("such that `it {} {limit}`", sign(other)),
    }
}

/// Formats an expression as source text.
pub fn expression(expr: &Expr) -> String {
    use super::value::Value;
    let value = match &expr.node {
        ExprNode::Bool(value) => Value::Bool(*value),
        ExprNode::Number(value) => Value::Number(*value),
        ExprNode::Percent(value) => Value::Percent(*value),
        ExprNode::Duration(value) => Value::Duration(*value),
        ExprNode::Size(value) => Value::Size(*value),
        ExprNode::Rate(value) => Value::Rate(*value),
        ExprNode::TimeOfDay(value) => Value::TimeOfDay(*value),
        ExprNode::TimeOfWeek(value) => Value::TimeOfWeek(*value),
        ExprNode::String(string) => {
            let parts = string.parts.iter().map(|part| match part {
                StringPart::Text(text) => text
                    .replace('\\', "\\\\")
                    .replace('"', "\\\"")
                    .replace('\n', "\\n"),
                StringPart::Hole(inner) => format!("${{{}}}", expression(inner)),
            });
            return format!("\"{}\"", parts.collect::<String>());
        }
        ExprNode::Query(query) => return format!("`{}`", query.text),
        ExprNode::List(items) => {
            return format!(
                "[{}]",
                items.iter().map(expression).collect::<Vec<_>>().join(", ")
            );
        }
        ExprNode::Labels(entries) => {
            let entries: Vec<_> = entries
                .iter()
                .map(|entry| {
                    let op = entry.op.as_str();
                    format!("{} {op} {}", entry.name.text, expression(&entry.value))
                })
                .collect();
            return if entries.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", entries.join(", "))
            };
        }
        ExprNode::Name(name) => return name.text.to_string(),
        ExprNode::Member(object, name) => return format!("{}.{}", expression(object), name.text),
        ExprNode::Call(callee, args) => {
            let args: Vec<_> = args
                .iter()
                .map(|arg| match &arg.name {
                    Some(name) => format!("{}: {}", name.text, expression(&arg.value)),
                    None => expression(&arg.value),
                })
                .collect();
            return format!("{}({})", expression(callee), args.join(", "));
        }
        ExprNode::Unary(UnaryOp::Not, inner) => return format!("not {}", expression(inner)),
        ExprNode::Unary(UnaryOp::Negate, inner) => return format!("-{}", expression(inner)),
        ExprNode::Binary(op, left, right) => {
            return format!("{} {} {}", expression(left), sign(*op), expression(right));
        }
        ExprNode::If(condition, then, otherwise) => {
            return format!(
                "if {} {{ {} }} else {{ {} }}",
                expression(condition),
                expression(then),
                expression(otherwise)
            );
        }
        ExprNode::Paren(inner) => return format!("({})", expression(inner)),
        ExprNode::Error => return "…".to_owned(),
    };
    value.show().unwrap_or_default()
}

/// Formats parameters with their types: `(under: duration, native: bool = false)`.
pub fn parameters(params: &[(SmolStr, Ty, Option<Arc<Expr>>)]) -> String {
    let params: Vec<_> = params
        .iter()
        .map(|(name, ty, default)| match default {
            Some(default) => format!("{name}: {ty} = {}", expression(default)),
            None => format!("{name}: {ty}"),
        })
        .collect();
    format!("({})", params.join(", "))
}
