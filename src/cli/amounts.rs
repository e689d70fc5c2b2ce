//! Shares and times as they are printed.

use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive as _, ToPrimitive as _};

use nthc::ir::Duration;
use nthc::ir::number::percent_text;

/// A share as a percentage with three significant digits.
pub fn percent(share: f64) -> String {
    let share = Decimal::from_f64(share).and_then(|share| share.round_sf(3));
    share.map_or_else(|| "–".to_owned(), |share| percent_text(share.normalize()))
}

/// Seconds as a duration: `1h5m`.
pub fn duration(seconds: i64) -> String {
    let millis = u64::try_from(seconds.max(0))
        .unwrap_or(0)
        .saturating_mul(1_000);
    Duration(millis).to_human()
}

/// Seconds as a duration: a long time to the minute, or to the hour from two days on.
pub fn rounded_duration(seconds: Decimal) -> String {
    let milliseconds = seconds.saturating_mul(Decimal::ONE_THOUSAND);
    let length = milliseconds.to_u64().unwrap_or(u64::MAX);
    let step = if length > 2 * Duration::DAY.0 {
        Duration::HOUR.0
    } else if length > Duration::MINUTE.0 {
        Duration::MINUTE.0
    } else {
        Duration::SECOND.0
    };
    Duration(length / step * step).to_human()
}
