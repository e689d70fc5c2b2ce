//! Numbers as Go's `%g` writes them.

use std::fmt::{self, Display, Formatter};

/// Displays a number with the fewest digits that identify it, and with an exponent below 0.0001 and from 1e+06.
pub(crate) struct Shortest(pub(crate) f64);

impl Display for Shortest {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let value = self.0;
        if value.is_nan() {
            return f.write_str("NaN");
        }
        if value.is_infinite() {
            return f.write_str(if value > 0.0 { "+Inf" } else { "-Inf" });
        }
        let scientific = format!("{value:e}");
        let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        if (-4..6).contains(&exponent) {
            return write!(f, "{value}");
        }
        let sign = if exponent < 0 { '-' } else { '+' };
        write!(f, "{digits}e{sign}{:02}", exponent.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_in_go() {
        for (value, text) in [
            (1.0, "1"),
            (123_456.0, "123456"),
            (1_234_567.0, "1.234567e+06"),
            (1e21, "1e+21"),
            (10_000_000_000.000_008, "1.0000000000000008e+10"),
            (0.0001, "0.0001"),
            (-0.000_015, "-1.5e-05"),
            (261_827.543_312_694_44, "261827.54331269444"),
            (1e100, "1e+100"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Inf"),
        ] {
            assert_eq!(Shortest(value).to_string(), text);
        }
    }
}
