//! Inference of the range of an expression's values, for any data.

use super::super::{durations, labels, tree::*};
use super::Known;

/// A range of numbers with inclusive or open ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bounds {
    pub(super) low: f64,
    pub(super) high: f64,
    low_is_open: bool,
    high_is_open: bool,
    /// True if a value may be `NaN`.
    pub(super) nan: bool,
}

impl Bounds {
    /// The difference of a value and itself: 0, or `NaN` for an infinite one.
    pub(super) fn nothing_left() -> Self {
        Self::point(0.0).or_nan(true)
    }

    /// Any value.
    pub(super) fn any() -> Self {
        Self::new(f64::NEG_INFINITY, f64::INFINITY).or_nan(true)
    }

    fn new(low: f64, high: f64) -> Self {
        Self {
            low,
            high,
            low_is_open: false,
            high_is_open: false,
            nan: false,
        }
    }

    /// One number, which may be `NaN`.
    pub(super) fn point(value: f64) -> Self {
        if value.is_nan() {
            // The range has no numbers, only `NaN`.
            Self::new(f64::INFINITY, f64::NEG_INFINITY).or_nan(true)
        } else {
            Self::new(value, value)
        }
    }

    fn at_least(low: f64) -> Self {
        Self::new(low, f64::INFINITY)
    }

    fn or_nan(mut self, nan: bool) -> Self {
        self.nan |= nan;
        self
    }

    /// True if it contains no number.
    fn is_empty(&self) -> bool {
        self.low > self.high || (self.low == self.high && (self.low_is_open || self.high_is_open))
    }

    /// Returns its number, if it has only one.
    pub(super) fn value(&self) -> Option<f64> {
        (self.low == self.high && !self.is_empty()).then_some(self.low)
    }

    /// True if it is exactly one number.
    pub(super) fn is_constant(&self) -> bool {
        self.value().is_some() && !self.nan
    }

    /// Returns the smallest range that contains both.
    fn hull(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            let whole = if self.is_empty() { other } else { self };
            return whole.or_nan(true);
        }
        let (low, low_is_open) = if self.low == other.low {
            (self.low, self.low_is_open && other.low_is_open)
        } else if self.low < other.low {
            (self.low, self.low_is_open)
        } else {
            (other.low, other.low_is_open)
        };
        let (high, high_is_open) = if self.high == other.high {
            (self.high, self.high_is_open && other.high_is_open)
        } else if self.high > other.high {
            (self.high, self.high_is_open)
        } else {
            (other.high, other.high_is_open)
        };
        Self {
            low,
            high,
            low_is_open,
            high_is_open,
            nan: self.nan || other.nan,
        }
    }

    /// Returns the numbers that are in both.
    pub(super) fn intersection(self, other: Self) -> Self {
        let (low, low_is_open) = if self.low == other.low {
            (self.low, self.low_is_open || other.low_is_open)
        } else if self.low > other.low {
            (self.low, self.low_is_open)
        } else {
            (other.low, other.low_is_open)
        };
        let (high, high_is_open) = if self.high == other.high {
            (self.high, self.high_is_open || other.high_is_open)
        } else if self.high < other.high {
            (self.high, self.high_is_open)
        } else {
            (other.high, other.high_is_open)
        };
        Self {
            low,
            high,
            low_is_open,
            high_is_open,
            nan: self.nan && other.nan,
        }
    }

    /// True if no number is in both.
    pub(super) fn excludes(self, other: Self) -> bool {
        self.intersection(other).is_empty()
    }

    /// The values that a comparison with a number keeps.
    pub(super) fn from_comparison(op: BinaryOp, right: f64) -> Self {
        let mut bounds = match op {
            BinaryOp::Equal => Self::point(right),
            BinaryOp::Less | BinaryOp::LessOrEqual => Self::new(f64::NEG_INFINITY, right),
            BinaryOp::Greater | BinaryOp::GreaterOrEqual => Self::at_least(right),
            _ => return Self::any(),
        };
        bounds.high_is_open = op == BinaryOp::Less;
        bounds.low_is_open = op == BinaryOp::Greater;
        bounds
    }

    fn negated(self) -> Self {
        Self {
            low: -self.high,
            high: -self.low,
            low_is_open: self.high_is_open,
            high_is_open: self.low_is_open,
            nan: self.nan,
        }
    }

    /// Applies a monotonically increasing function to both ends.
    fn mapped(self, function: fn(f64) -> f64) -> Self {
        if self.is_empty() {
            return self;
        }
        Self::new(function(self.low), function(self.high)).or_nan(self.nan)
    }

    fn plus(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::point(f64::NAN);
        }
        let sum = |a: f64, b: f64, otherwise: f64| {
            let sum = a + b;
            if sum.is_nan() { otherwise } else { sum }
        };
        // Adding infinities of opposite signs is NaN.
        let clash = (self.low == f64::NEG_INFINITY && other.high == f64::INFINITY)
            || (self.high == f64::INFINITY && other.low == f64::NEG_INFINITY);
        Self::new(
            sum(self.low, other.low, f64::NEG_INFINITY),
            sum(self.high, other.high, f64::INFINITY),
        )
        .or_nan(self.nan || other.nan || clash)
    }

    fn times(self, other: Self) -> Self {
        if self.is_empty() || other.is_empty() {
            return Self::point(f64::NAN);
        }
        let product = |a: f64, b: f64| if a == 0.0 || b == 0.0 { 0.0 } else { a * b };
        let corners = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        let clash = |a: Self, b: Self| {
            a.low <= 0.0 && a.high >= 0.0 && (b.low.is_infinite() || b.high.is_infinite())
        };
        Self::new(
            corners.into_iter().fold(f64::INFINITY, f64::min),
            corners.into_iter().fold(f64::NEG_INFINITY, f64::max),
        )
        .or_nan(self.nan || other.nan || clash(self, other) || clash(other, self))
    }

    fn divided_by(self, other: Self) -> Self {
        match other.value() {
            Some(divisor) if divisor != 0.0 && divisor.is_finite() && !self.is_empty() => {
                let (a, b) = (self.low / divisor, self.high / divisor);
                Self::new(a.min(b), a.max(b)).or_nan(self.nan || other.nan)
            }
            _ if self.low >= 0.0 && other.low >= 0.0 => Self::at_least(0.0).or_nan(true),
            _ => Self::any(),
        }
    }

    /// True if the comparison is false for all values.
    pub(super) fn never(op: BinaryOp, left: Self, right: Self) -> bool {
        if op == BinaryOp::NotEqual {
            // `NaN` is not equal to anything.
            return left.is_constant() && right.is_constant() && left.low == right.low;
        }
        if left.is_empty() || right.is_empty() {
            return op.is_comparison();
        }
        match op {
            BinaryOp::Equal => left.excludes(right),
            BinaryOp::Less => left.low >= right.high,
            BinaryOp::LessOrEqual => {
                left.low > right.high
                    || (left.low == right.high && (left.low_is_open || right.high_is_open))
            }
            BinaryOp::Greater => Self::never(BinaryOp::Less, right, left),
            BinaryOp::GreaterOrEqual => Self::never(BinaryOp::LessOrEqual, right, left),
            _ => false,
        }
    }

    /// True if the comparison is true for all values.
    pub(super) fn always(op: BinaryOp, left: Self, right: Self) -> bool {
        let Some(opposite) = op.negated() else {
            return false;
        };
        !left.nan && !right.nan && Self::never(opposite, left, right)
    }
}

/// Infers the bounds of an expression from those of its direct subexpressions.
pub(super) fn infer(expr: &Expr, children: &[Bounds], known: Known<'_>) -> Bounds {
    let child = |number: usize| children.get(number).copied().unwrap_or(Bounds::any());
    match &expr.node {
        Node::Number(text) => durations::seconds(text).map_or(Bounds::any(), Bounds::point),
        Node::String(_) => Bounds::any(),
        // Prometheus generates `up`, so its values are known.
        Node::Selector(selector) => match &selector.metric {
            Some(name) if name.text == "up" => Bounds::new(0.0, 1.0),
            _ => Bounds::any(),
        },
        Node::Hole(_) => match known {
            Known::Number(value) => Bounds::point(value),
            _ => Bounds::any(),
        },
        Node::Range(..) | Node::Paren(_) | Node::Modified(..) | Node::Subquery(_) => child(0),
        Node::Unary(UnaryOp::Plus, _) => child(0),
        Node::Unary(UnaryOp::Minus, _) => child(0).negated(),
        Node::Call(call) => infer_call(call, child),
        Node::Aggregate(aggregate) => infer_aggregate(aggregate, child(0), child(1)),
        Node::Binary(binary) => infer_binary(binary, child(0), child(1)),
    }
}

fn infer_call(call: &Call, child: impl Fn(usize) -> Bounds) -> Bounds {
    match call.function.as_str() {
        "absent" | "absent_over_time" | "present_over_time" => Bounds::point(1.0),
        "count_over_time" => Bounds::at_least(1.0),
        "rate" | "increase" | "irate" | "resets" | "changes" | "time" => Bounds::at_least(0.0),
        "abs" | "sqrt" | "exp" | "stddev_over_time" | "stdvar_over_time" | "mad_over_time"
        | "histogram_count" | "histogram_stddev" | "histogram_stdvar" => {
            Bounds::at_least(0.0).or_nan(true)
        }
        "histogram_fraction" => Bounds::new(0.0, 1.0).or_nan(true),
        "sgn" | "sin" | "cos" | "tanh" => Bounds::new(-1.0, 1.0).or_nan(true),
        "hour" => Bounds::new(0.0, 23.0),
        "minute" => Bounds::new(0.0, 59.0),
        "month" => Bounds::new(1.0, 12.0),
        "day_of_week" => Bounds::new(0.0, 6.0),
        "day_of_month" => Bounds::new(1.0, 31.0),
        "day_of_year" => Bounds::new(1.0, 366.0),
        "days_in_month" => Bounds::new(28.0, 31.0),
        "vector" | "sort" | "sort_desc" | "sort_by_label" | "sort_by_label_desc"
        | "label_replace" | "label_join" | "min_over_time" | "max_over_time" | "avg_over_time"
        | "last_over_time" | "first_over_time" => child(0),
        "floor" => child(0).mapped(f64::floor),
        "ceil" => child(0).mapped(f64::ceil),
        "scalar" => child(0).or_nan(true),
        "sum_over_time" => infer_sum(child(0)),
        "clamp_min" => match child(1).value() {
            Some(least) => {
                let of = child(0);
                Bounds::new(of.low.max(least), of.high.max(least)).or_nan(of.nan)
            }
            None => Bounds::any(),
        },
        "clamp_max" => match child(1).value() {
            Some(most) => {
                let of = child(0);
                Bounds::new(of.low.min(most), of.high.min(most)).or_nan(of.nan)
            }
            None => Bounds::any(),
        },
        // With swapped ends, the result is empty.
        "clamp" => match (child(1).value(), child(2).value()) {
            (Some(least), Some(most)) if least <= most => {
                Bounds::new(least, most).or_nan(child(0).nan)
            }
            _ => Bounds::any(),
        },
        "pi" => Bounds::point(std::f64::consts::PI),
        _ => Bounds::any(),
    }
}

/// The bounds of a sum of one or more values.
fn infer_sum(of: Bounds) -> Bounds {
    if of.low >= 0.0 {
        Bounds::at_least(of.low).or_nan(of.nan)
    } else if of.high <= 0.0 {
        Bounds::at_least(-of.high).negated().or_nan(of.nan)
    } else {
        Bounds::any()
    }
}

fn infer_aggregate(aggregate: &Aggregate, of: Bounds, param: Bounds) -> Bounds {
    match aggregate.op.as_str() {
        // The count of an empty vector is empty, so it is never 0.
        "count" | "count_values" => Bounds::at_least(1.0),
        "group" => Bounds::point(1.0),
        "stddev" | "stdvar" => Bounds::at_least(0.0).or_nan(true),
        "sum" => infer_sum(of),
        "min" | "max" | "avg" | "topk" | "bottomk" | "limitk" | "limit_ratio" => of,
        "quantile" if param.low >= 0.0 && param.high <= 1.0 && !param.nan => of,
        _ => Bounds::any(),
    }
}

fn infer_binary(binary: &Binary, left: Bounds, right: Bounds) -> Bounds {
    if binary.fill != Fill::default() {
        return Bounds::any();
    }
    match binary.op {
        BinaryOp::Add => left.plus(right),
        BinaryOp::Subtract => left.plus(right.negated()),
        BinaryOp::Multiply => left.times(right),
        BinaryOp::Divide => left.divided_by(right),
        BinaryOp::Modulo if left.low >= 0.0 => Bounds::at_least(0.0).or_nan(true),
        BinaryOp::And | BinaryOp::Unless => left,
        BinaryOp::Or => left.hull(right),
        op if op.is_comparison() && binary.return_bool => Bounds::new(0.0, 1.0),
        // A comparison of a scalar and a vector keeps the vector's values.
        op if op.is_comparison() => {
            if labels::surely_scalar(&binary.left) {
                right
            } else if labels::may_be_scalar(&binary.left) {
                left.hull(right)
            } else if let Some(value) = right.value() {
                let kept = left.intersection(Bounds::from_comparison(op, value));
                // An empty result is reported at the comparison, not again around it.
                if kept.is_empty() { left } else { kept }
            } else {
                left
            }
        }
        _ => Bounds::any(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPS: [BinaryOp; 6] = [
        BinaryOp::Equal,
        BinaryOp::NotEqual,
        BinaryOp::Less,
        BinaryOp::LessOrEqual,
        BinaryOp::Greater,
        BinaryOp::GreaterOrEqual,
    ];
    const VALUES: [f64; 8] = [
        f64::NEG_INFINITY,
        -2.0,
        -0.5,
        0.0,
        0.5,
        2.0,
        f64::INFINITY,
        f64::NAN,
    ];

    fn holds(op: BinaryOp, left: f64, right: f64) -> bool {
        match op {
            BinaryOp::Equal => left == right,
            BinaryOp::NotEqual => left != right,
            BinaryOp::Less => left < right,
            BinaryOp::LessOrEqual => left <= right,
            BinaryOp::Greater => left > right,
            _ => left >= right,
        }
    }

    fn has(bounds: Bounds, value: f64) -> bool {
        if value.is_nan() {
            return bounds.nan;
        }
        let above = value > bounds.low || (value == bounds.low && !bounds.low_is_open);
        let below = value < bounds.high || (value == bounds.high && !bounds.high_is_open);
        above && below
    }

    /// Ranges of all kinds, for tests.
    fn all() -> Vec<Bounds> {
        let mut all = vec![Bounds::any()];
        for low in VALUES {
            all.push(Bounds::point(low));
            for op in OPS {
                if !low.is_nan() {
                    all.push(Bounds::from_comparison(op, low));
                }
            }
            for high in VALUES.into_iter().filter(|high| low <= *high) {
                all.push(Bounds::new(low, high));
                all.push(Bounds::new(low, high).or_nan(true));
            }
        }
        all
    }

    #[test]
    fn never_and_always_agree_with_every_value() {
        for left in all() {
            for right in all() {
                for op in OPS {
                    let never = Bounds::never(op, left, right);
                    let always = Bounds::always(op, left, right);
                    for (a, b) in VALUES.iter().flat_map(|a| VALUES.map(|b| (*a, b))) {
                        if has(left, a) && has(right, b) {
                            assert!(
                                !(never && holds(op, a, b)),
                                "{left:?} {op:?} {right:?}: {a} {b}"
                            );
                            assert!(
                                !always || holds(op, a, b),
                                "{left:?} {op:?} {right:?}: {a} {b}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn arithmetic_stays_within_its_bounds() {
        type Made = fn(Bounds, Bounds) -> Bounds;
        type Value = fn(f64, f64) -> f64;
        let operations: [(&str, Made, Value); 3] = [
            ("+", Bounds::plus, |a, b| a + b),
            ("*", Bounds::times, |a, b| a * b),
            ("/", Bounds::divided_by, |a, b| a / b),
        ];
        for (name, made, value) in operations {
            for left in all() {
                for right in all() {
                    let made = made(left, right);
                    for (a, b) in VALUES.iter().flat_map(|a| VALUES.map(|b| (*a, b))) {
                        if has(left, a) && has(right, b) {
                            let value = value(a, b);
                            assert!(
                                has(made, value),
                                "{left:?} {name} {right:?}: {a} {b} {value} {made:?}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn unions_and_parts_hold_what_they_must() {
        for left in all() {
            for right in all() {
                for value in VALUES {
                    let either = has(left, value) || has(right, value);
                    assert!(
                        !either || has(left.hull(right), value),
                        "{left:?} {right:?} {value}"
                    );
                    let both = has(left, value) && has(right, value);
                    assert_eq!(
                        has(left.intersection(right), value),
                        both,
                        "{left:?} {right:?} {value}"
                    );
                    assert!(
                        !(both && !value.is_nan() && left.excludes(right)),
                        "{left:?} {right:?} {value}"
                    );
                }
            }
        }
    }
}
