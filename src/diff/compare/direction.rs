//! Whether a changed condition is true more or less often.

use nth_promql::{BinaryOp, Expr, Node};

/// How often a condition is true, compared with before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Less often: whatever makes it true now made it true before.
    Rarer,
    /// More often: whatever made it true before makes it true now.
    Oftener,
}

impl Direction {
    /// The direction of the negation.
    pub fn opposite(self) -> Self {
        match self {
            Self::Rarer => Self::Oftener,
            Self::Oftener => Self::Rarer,
        }
    }
}

/// Compares two conditions in normal form that differ in the numbers that they compare with, and in nothing else; `None` if they
/// differ otherwise, or in both directions.
pub fn direction(before: &Expr, after: &Expr) -> Option<Direction> {
    let mut found = Vec::new();
    walk(before, after, false, &mut found)?;
    agreed(&found)
}

/// The direction of several changes, if it is the same of all.
pub fn agreed(found: &[Direction]) -> Option<Direction> {
    let first = *found.first()?;
    found.iter().all(|one| *one == first).then_some(first)
}

/// A number that something measured is compared with.
#[derive(Debug, Clone, Copy)]
pub struct Limit<T> {
    /// True if what is above holds, false if what is below does.
    pub is_above: bool,
    /// True if the number itself does not hold.
    pub is_strict: bool,
    /// The number.
    pub value: T,
}

impl<T: PartialOrd> Limit<T> {
    /// Compares with a later limit of the same measure; `None` if it is on the other side, or the same.
    pub fn direction(self, after: Self) -> Option<Direction> {
        if self.is_above != after.is_above {
            return None;
        }
        // Different numbers decide, whatever the operators are: `x >= 4` to `x > 5`.
        let is_rarer = if after.value != self.value {
            (after.value > self.value) == self.is_above
        } else if after.is_strict != self.is_strict {
            after.is_strict
        } else {
            return None;
        };
        Some(if is_rarer {
            Direction::Rarer
        } else {
            Direction::Oftener
        })
    }
}

/// Collects the directions of all comparisons that differ. `None` if something else differs.
fn walk(before: &Expr, after: &Expr, inverted: bool, found: &mut Vec<Direction>) -> Option<()> {
    if before == after {
        return Some(());
    }
    let (Node::Binary(old), Node::Binary(new)) = (&before.node, &after.node) else {
        return None;
    };
    if old.matching != new.matching
        || old.fill != new.fill
        || old.return_bool != new.return_bool
        || old.return_bool
    {
        return None;
    }
    match (old.op, new.op) {
        (BinaryOp::And | BinaryOp::Or, _) if old.op == new.op => {
            walk(&old.left, &new.left, inverted, found)?;
            walk(&old.right, &new.right, inverted, found)
        }
        (BinaryOp::Unless, BinaryOp::Unless) => {
            walk(&old.left, &new.left, inverted, found)?;
            walk(&old.right, &new.right, !inverted, found)
        }
        (one, other) if one.is_comparison() && other.is_comparison() => {
            let direction = comparison((old, &old.left, &old.right), (new, &new.left, &new.right))?;
            found.push(if inverted {
                direction.opposite()
            } else {
                direction
            });
            Some(())
        }
        _ => None,
    }
}

type Compared<'e> = (&'e nth_promql::Binary, &'e Expr, &'e Expr);

/// Compares `x > 5` with `x > 10`, and `x > 5` with `x >= 5`.
fn comparison(before: Compared<'_>, after: Compared<'_>) -> Option<Direction> {
    let side = |(binary, left, right): Compared<'_>| {
        // As `x > 5`, also if it is written `5 < x`.
        match (value(left), value(right)) {
            (None, Some(limit)) => Some((binary.op, limit, true)),
            (Some(limit), None) => Some((binary.op.mirrored(), limit, false)),
            _ => None,
        }
    };
    let (old_op, old_limit, old_is_right) = side(before)?;
    let (new_op, new_limit, new_is_right) = side(after)?;
    let measured = |(_, left, right): Compared<'_>, is_right: bool| {
        if is_right {
            left.clone()
        } else {
            right.clone()
        }
    };
    if measured(before, old_is_right) != measured(after, new_is_right) {
        return None;
    }
    let limit = |op, value| match op {
        BinaryOp::Greater => Some(Limit {
            is_above: true,
            is_strict: true,
            value,
        }),
        BinaryOp::GreaterOrEqual => Some(Limit {
            is_above: true,
            is_strict: false,
            value,
        }),
        BinaryOp::Less => Some(Limit {
            is_above: false,
            is_strict: true,
            value,
        }),
        BinaryOp::LessOrEqual => Some(Limit {
            is_above: false,
            is_strict: false,
            value,
        }),
        _ => None,
    };
    limit(old_op, old_limit)?.direction(limit(new_op, new_limit)?)
}

/// The value of a number, also of one with a sign.
fn value(expr: &Expr) -> Option<f64> {
    match &expr.node {
        Node::Number(text) => nth_promql::number(text),
        Node::Unary(nth_promql::UnaryOp::Minus, inner) => value(inner).map(|value| -value),
        Node::Unary(nth_promql::UnaryOp::Plus, inner) | Node::Paren(inner) => value(inner),
        _ => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use nth_promql::parse;

    use super::super::query::{Known, normal};
    use super::*;

    fn of(before: &str, after: &str) -> Option<Direction> {
        let known = Known::default();
        let normal = |text| normal(&parse(text).unwrap(), &known);
        direction(&normal(before), &normal(after))
    }

    #[test]
    fn thresholds_have_a_direction() {
        for (before, after, expected) in [
            ("x > 5", "x > 10", Some(Direction::Rarer)),
            ("x > 10", "x > 5", Some(Direction::Oftener)),
            ("x < 5", "x < 10", Some(Direction::Oftener)),
            ("5 < x", "10 < x", Some(Direction::Rarer)),
            ("5 < x", "x > 10", Some(Direction::Rarer)),
            ("x > 5", "x >= 5", Some(Direction::Oftener)),
            ("x < -5", "x < -10", Some(Direction::Rarer)),
            ("x > 5 and y > 1", "x > 6 and y > 2", Some(Direction::Rarer)),
            ("x > 5 and y > 2", "x > 6 and y > 1", None),
            (
                "x > 5 unless y > 1",
                "x > 5 unless y > 2",
                Some(Direction::Oftener),
            ),
            ("x > 5", "y > 5", None),
            ("x > 5", "x < 5", None),
            ("x == 5", "x == 6", None),
            ("x > bool 5", "x > bool 6", None),
        ] {
            assert_eq!(of(before, after), expected, "{before} to {after}");
        }
    }
}
