//! Functions from a float to a float.

use std::f64::consts::PI;

/// A function of one float.
pub(crate) type FloatFunction = fn(f64) -> f64;

/// Returns the function that is applied to each float of a vector.
pub(crate) fn float_function(name: &str) -> Option<FloatFunction> {
    Some(match name {
        "abs" => f64::abs,
        "ceil" => f64::ceil,
        "floor" => f64::floor,
        "exp" => f64::exp,
        "sqrt" => f64::sqrt,
        "ln" => f64::ln,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sin" => f64::sin,
        "cos" => f64::cos,
        "tan" => f64::tan,
        "asin" => f64::asin,
        "acos" => f64::acos,
        "atan" => f64::atan,
        "sinh" => f64::sinh,
        "cosh" => f64::cosh,
        "tanh" => f64::tanh,
        "asinh" => f64::asinh,
        "acosh" => f64::acosh,
        "atanh" => f64::atanh,
        "rad" => |value| value * (PI / 180.0),
        "deg" => |value| value * (180.0 / PI),
        "sgn" => |value| {
            if value < 0.0 {
                -1.0
            } else if value > 0.0 {
                1.0
            } else {
                value
            }
        },
        _ => return None,
    })
}

/// Rounds to the nearest multiple of `step`; a tie is rounded up.
pub(crate) fn round(value: f64, step: f64) -> f64 {
    // The inverse loses less precision.
    let inverse = 1.0 / step;
    (value * inverse + 0.5).floor() / inverse
}

/// Limits a value to bounds; `None` if the bounds are reversed.
pub(crate) fn clamp(value: f64, min: f64, max: f64) -> Option<f64> {
    if max < min {
        return None;
    }
    Some(larger(min, smaller(max, value)))
}

/// The larger of two values: `+Inf` if one is, else NaN if one is.
pub(crate) fn larger(left: f64, right: f64) -> f64 {
    if left == f64::INFINITY || right == f64::INFINITY {
        f64::INFINITY
    } else if left.is_nan() || right.is_nan() {
        f64::NAN
    } else if left == 0.0 && left == right {
        if left.is_sign_negative() { right } else { left }
    } else if left > right {
        left
    } else {
        right
    }
}

/// The smaller of two values: `-Inf` if one is, else NaN if one is.
pub(crate) fn smaller(left: f64, right: f64) -> f64 {
    -larger(-left, -right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_are_rounded_up() {
        assert_eq!(round(2.5, 1.0), 3.0);
        assert_eq!(round(-2.5, 1.0), -2.0);
        assert_eq!(round(5.0, 10.0), 10.0);
        assert_eq!(round(0.55, 0.1), 0.6);
    }

    #[test]
    fn bounds_limit() {
        assert_eq!(clamp(5.0, 0.0, 3.0), Some(3.0));
        assert_eq!(clamp(-5.0, 0.0, 3.0), Some(0.0));
        assert_eq!(clamp(1.0, 3.0, 0.0), None);
        assert!(clamp(f64::NAN, 0.0, 3.0).is_some_and(f64::is_nan));
        assert!(clamp(1.0, f64::NAN, 3.0).is_some_and(f64::is_nan));
        assert_eq!(smaller(f64::NAN, f64::NEG_INFINITY), f64::NEG_INFINITY);
    }

    #[test]
    fn signs() {
        let sign = float_function("sgn").map(|sign| [-3.0, 0.0, 7.0].map(sign));
        assert_eq!(sign, Some([-1.0, 0.0, 1.0]));
    }
}
