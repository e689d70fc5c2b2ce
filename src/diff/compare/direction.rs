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
    fn opposite(self) -> Self {
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
    let first = *found.first()?;
    found.iter().all(|one| *one == first).then_some(first)
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
            (Some(limit), None) => Some((mirrored(binary.op), limit, false)),
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
    let is_above = |op| match op {
        BinaryOp::Greater | BinaryOp::GreaterOrEqual => Some(true),
        BinaryOp::Less | BinaryOp::LessOrEqual => Some(false),
        _ => None,
    };
    let (above, other) = (is_above(old_op)?, is_above(new_op)?);
    if above != other {
        return None;
    }
    // Larger is rarer for `>`.
    let rises = if new_limit == old_limit {
        let is_strict = |op| matches!(op, BinaryOp::Greater | BinaryOp::Less);
        match (is_strict(old_op), is_strict(new_op)) {
            (false, true) => above,
            (true, false) => !above,
            _ => return None,
        }
    } else {
        // `x >= 4` to `x > 5`: whatever the operators are, different numbers decide.
        new_limit > old_limit
    };
    Some(if rises == above {
        Direction::Rarer
    } else {
        Direction::Oftener
    })
}

fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::LessOrEqual => BinaryOp::GreaterOrEqual,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::GreaterOrEqual => BinaryOp::LessOrEqual,
        other => other,
    }
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
