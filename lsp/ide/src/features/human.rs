//! Human-readable numbers: `99.95%`, `21m36s`.

pub use nthc::diagnostics::text::count;
use nthc::ir::Duration;
use rust_decimal::Decimal;

/// A duration as in Prometheus, exact: `21m36s`.
pub fn duration(duration: Duration) -> String {
    duration.to_human()
}

/// A percentage: `99.95%`.
pub fn percent(percent: Decimal) -> String {
    format!("{}%", percent.normalize())
}

/// A ratio as a percentage: 0.9995 is `99.95%`.
pub fn share(share: Decimal) -> String {
    percent(share * Decimal::ONE_HUNDRED)
}

/// The name of a day of the week, 0 for Monday.
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
        assert_eq!(duration(Duration::minutes(21)), "21m");
        assert_eq!(duration(Duration(129_600)), "2m9.6s");
        assert_eq!(duration(Duration(0)), "0s");
        assert_eq!(percent(Decimal::new(99950, 3)), "99.95%");
        assert_eq!(share(Decimal::new(9995, 4)), "99.95%");
        assert_eq!(count(1, "alert"), "1 alert");
        assert_eq!(count(0, "alert"), "0 alerts");
    }
}
