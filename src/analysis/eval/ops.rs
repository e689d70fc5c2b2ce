//! Operators: the types that they accept, and exact arithmetic.

use std::cmp::Ordering;

use rust_decimal::Decimal;

use super::Evaluator;
use super::scope::Context;
use super::value::{Runtime, Value};
use crate::codes;
use crate::db::Diag;
use crate::schema::Ty;
use nth_syntax::tree::{BinaryOp, TextRange};

/// Returns an operator as source text.
pub fn sign(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Or => "or",
        BinaryOp::And => "and",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::In => "in",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
    }
}

/// Returns the type of `left op right`; `None` if the operand types do not match.
fn result_type(op: BinaryOp, left: &Ty, right: &Ty) -> Option<Ty> {
    let (left, right) = (left.required(), right.required());
    if *left == Ty::Any || *right == Ty::Any {
        return Some(match op {
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => Ty::Any,
            _ => Ty::Bool,
        });
    }
    let quantity = |ty: &Ty| {
        matches!(
            ty,
            Ty::Number | Ty::Percent | Ty::Duration | Ty::Size | Ty::Rate
        )
    };
    let truth = |ty: &Ty| matches!(ty, Ty::Bool | Ty::GateCondition | Ty::List(_));
    match op {
        BinaryOp::And | BinaryOp::Or => (truth(left) && truth(right)).then_some(Ty::Bool),
        BinaryOp::Equal | BinaryOp::NotEqual => comparable(left, right).then_some(Ty::Bool),
        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
            ((quantity(left) || matches!(left, Ty::TimeOfDay | Ty::TimeOfWeek)) && left == right)
                .then_some(Ty::Bool)
        }
        BinaryOp::In => match right {
            Ty::List(element) => {
                (**element == Ty::Any || comparable(left, element)).then_some(Ty::Bool)
            }
            _ => None,
        },
        BinaryOp::Add | BinaryOp::Subtract => {
            (quantity(left) && left == right).then(|| left.clone())
        }
        BinaryOp::Multiply => match (left, right) {
            (Ty::Number, other) | (other, Ty::Number) if quantity(other) => Some(other.clone()),
            (Ty::Percent, other) | (other, Ty::Percent)
                if quantity(other) && *other != Ty::Percent =>
            {
                Some(other.clone())
            }
            _ => None,
        },
        BinaryOp::Divide => match (left, right) {
            (left, Ty::Number) if quantity(left) => Some(left.clone()),
            (left, right) if quantity(left) && left == right => Some(Ty::Number),
            _ => None,
        },
    }
}

fn comparable(left: &Ty, right: &Ty) -> bool {
    let text = |ty: &Ty| {
        matches!(
            ty,
            Ty::String
                | Ty::Text
                | Ty::Markdown
                | Ty::Url
                | Ty::Email
                | Ty::Date
                | Ty::DateTime
                | Ty::TimeZone
                | Ty::LabelName
        )
    };
    left == right || (text(left) && text(right)) || *left == Ty::Any || *right == Ty::Any
}

impl<'db> Evaluator<'db> {
    pub(crate) fn operate(
        &mut self,
        op: BinaryOp,
        left: Value,
        right: Value,
        range: TextRange,
        context: &Context<'db>,
    ) -> Value {
        if left.is_error() || right.is_error() {
            return Value::Error;
        }
        // A comparison with an unset value tests whether it is set.
        if let (BinaryOp::Equal | BinaryOp::NotEqual, true) =
            (op, left == Value::None || right == Value::None)
            && !left.is_opaque()
            && !right.is_opaque()
        {
            return Value::Bool((left == right) == (op == BinaryOp::Equal));
        }
        let (left_type, right_type) = (left.ty(), right.ty());
        let Some(ty) = result_type(op, &left_type, &right_type) else {
            let mut diagnostic = Diag::new(
                &codes::BAD_OPERANDS,
                format!(
                    "cannot apply `{}` to {} and {}",
                    sign(op),
                    left_type.phrase(),
                    right_type.phrase()
                ),
                self.span(context, range),
            );
            if matches!((&left_type, op), (Ty::String, BinaryOp::Add)) {
                diagnostic = diagnostic.help("join text with interpolation: `\"${a}${b}\"`");
            } else if matches!(
                (&left_type, &right_type),
                (Ty::Percent, Ty::Number) | (Ty::Number, Ty::Percent)
            ) {
                let number = match (&left, &right) {
                    (Value::Number(number), _) | (_, Value::Number(number)) => {
                        Some(number.normalize())
                    }
                    _ => None,
                };
                diagnostic = match number {
                    Some(number) if number > Decimal::ONE => {
                        diagnostic.help(format!("write it as a percentage: `{number}%`"))
                    }
                    _ => diagnostic.help("write the number as a percentage: 1 is `100%`"),
                };
            }
            self.report(context, diagnostic);
            return Value::Error;
        };
        if matches!(left, Value::Unknown(_)) || matches!(right, Value::Unknown(_)) {
            return Value::Unknown(ty);
        }
        if matches!(left, Value::Runtime(..)) || matches!(right, Value::Runtime(..)) {
            let span = self.span(context, range);
            let binary = Runtime::Binary(op, Box::new(left), Box::new(right), span);
            return Value::Runtime(binary, ty);
        }
        match compute(op, &left, &right) {
            Some(value) => value,
            None => {
                let diagnostic = Diag::new(
                    &codes::ARITHMETIC,
                    match op {
                        BinaryOp::Divide if amount(&right).is_some_and(|right| right.is_zero()) => {
                            "division by zero".to_owned()
                        }
                        BinaryOp::Subtract => "a duration cannot be negative".to_owned(),
                        _ => "the result is too large".to_owned(),
                    },
                    self.span(context, range),
                );
                self.report(context, diagnostic);
                Value::Error
            }
        }
    }
}

/// Converts a quantity to a number of its base unit.
fn amount(value: &Value) -> Option<Decimal> {
    match value {
        Value::Number(value) | Value::Percent(value) | Value::Size(value) | Value::Rate(value) => {
            Some(*value)
        }
        Value::Duration(milliseconds) => Some(Decimal::from(*milliseconds)),
        _ => None,
    }
}

/// Converts a number of a base unit to a quantity with the type of `like`.
fn quantity(like: &Value, amount: Decimal) -> Option<Value> {
    Some(match like {
        Value::Percent(_) => Value::Percent(amount),
        Value::Size(_) => Value::Size(amount),
        Value::Rate(_) => Value::Rate(amount),
        Value::Duration(_) => {
            let milliseconds = amount.round();
            if milliseconds.is_sign_negative() && !milliseconds.is_zero() {
                return None;
            }
            Value::Duration(u64::try_from(milliseconds).ok()?)
        }
        _ => Value::Number(amount),
    })
}

fn compute(op: BinaryOp, left: &Value, right: &Value) -> Option<Value> {
    let truth = |value: &Value| match value {
        Value::Bool(value) => *value,
        Value::List(items) => !items.is_empty(),
        _ => false,
    };
    let hundredth =
        |value: &Value| amount(value).and_then(|value| value.checked_div(Decimal::ONE_HUNDRED));
    Some(match op {
        BinaryOp::And => Value::Bool(truth(left) && truth(right)),
        BinaryOp::Or => Value::Bool(truth(left) || truth(right)),
        BinaryOp::Equal => Value::Bool(equal(left, right)),
        BinaryOp::NotEqual => Value::Bool(!equal(left, right)),
        BinaryOp::In => match right {
            Value::List(items) => Value::Bool(items.iter().any(|item| equal(left, item))),
            _ => return None,
        },
        BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
            let ordering = match (left, right) {
                (Value::TimeOfDay(left), Value::TimeOfDay(right)) => left.cmp(right),
                (Value::TimeOfWeek(left), Value::TimeOfWeek(right)) => left.cmp(right),
                _ => amount(left)?.cmp(&amount(right)?),
            };
            Value::Bool(match op {
                BinaryOp::Less => ordering == Ordering::Less,
                BinaryOp::LessOrEqual => ordering != Ordering::Greater,
                BinaryOp::Greater => ordering == Ordering::Greater,
                _ => ordering != Ordering::Less,
            })
        }
        BinaryOp::Add => quantity(left, amount(left)?.checked_add(amount(right)?)?)?,
        BinaryOp::Subtract => quantity(left, amount(left)?.checked_sub(amount(right)?)?)?,
        BinaryOp::Multiply => match (left, right) {
            (Value::Number(_), other) => {
                quantity(other, amount(left)?.checked_mul(amount(other)?)?)?
            }
            (other, Value::Number(_)) => {
                quantity(other, amount(other)?.checked_mul(amount(right)?)?)?
            }
            (Value::Percent(_), other) => {
                quantity(other, hundredth(left)?.checked_mul(amount(other)?)?)?
            }
            (other, _) => quantity(other, amount(other)?.checked_mul(hundredth(right)?)?)?,
        },
        BinaryOp::Divide => {
            let value = amount(left)?.checked_div(amount(right)?)?;
            match right {
                Value::Number(_) => quantity(left, value)?,
                _ => Value::Number(value),
            }
        }
    })
}

fn equal(left: &Value, right: &Value) -> bool {
    match (amount(left), amount(right)) {
        (Some(left), Some(right)) => left == right,
        _ => match (left, right) {
            (Value::String(_) | Value::Text(..), Value::String(_) | Value::Text(..)) => {
                left.show() == right.show()
            }
            _ => left == right,
        },
    }
}
