//! Series of Prometheus, as the readers of its answers take them.

use std::collections::BTreeMap;

/// A series of a range query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Series {
    /// The labels.
    pub labels: BTreeMap<String, String>,
    /// The samples with their times in seconds since 1970, in order.
    pub samples: Vec<(i64, f64)>,
}

impl Series {
    /// The value of a label; empty if the series has no such label, as in PromQL.
    pub(crate) fn label(&self, name: &str) -> &str {
        self.labels.get(name).map_or("", String::as_str)
    }
}

/// A value that is a time, in seconds since 1970; `None` if it is not between 2000 and a day after `now`. Values in
/// milliseconds are none.
pub(crate) fn time(value: f64, now: i64) -> Option<i64> {
    const FIRST: f64 = 946_684_800.0;
    #[allow(clippy::cast_precision_loss)]
    let last = now as f64 + 86_400.0;
    #[allow(clippy::cast_possible_truncation)]
    (FIRST..=last).contains(&value).then_some(value as i64)
}
