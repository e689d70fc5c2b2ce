//! Numbers as a person reads them: `99.95 %`, `21 m 36 s`.

use nthc::ir::Duration;
use rust_decimal::Decimal;

/// A duration with spaces: `21 m 36 s`. Digit for digit what the compiler says of it.
pub fn duration(duration: Duration) -> String {
    spaced(&duration.to_human())
}

/// A share of a hundred with its sign: `99.95 %`.
pub fn percent(percent: Decimal) -> String {
    format!("{} %", percent.normalize())
}

/// A share of one as one of a hundred: 0.9995 is `99.95 %`.
pub fn share(share: Decimal) -> String {
    percent(share * Decimal::ONE_HUNDRED)
}

/// `21m36s` as `21 m 36 s`.
fn spaced(text: &str) -> String {
    let mut out = String::new();
    let mut before: Option<char> = None;
    for c in text.chars() {
        let digit = |c: char| c.is_ascii_digit() || c == '.';
        if before.is_some_and(|before| digit(before) != digit(c)) {
            out.push(' ');
        }
        out.push(c);
        before = Some(c);
    }
    out
}

/// "1 alert", "4 alerts".
pub fn count(number: usize, word: &str) -> String {
    if number == 1 {
        format!("1 {word}")
    } else {
        format!("{number} {word}s")
    }
}

/// The day of that number, 0 for Monday.
pub fn day(day: u8) -> &'static str {
    const DAYS: [&str; 7] = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    DAYS.get(usize::from(day)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        assert_eq!(duration(Duration::minutes(21)), "21 m");
        assert_eq!(duration(Duration(129_600)), "2 m 9.6 s");
        assert_eq!(duration(Duration(0)), "0 s");
        assert_eq!(percent(Decimal::new(99950, 3)), "99.95 %");
        assert_eq!(share(Decimal::new(9995, 4)), "99.95 %");
        assert_eq!(count(1, "alert"), "1 alert");
        assert_eq!(count(0, "alert"), "0 alerts");
    }
}
