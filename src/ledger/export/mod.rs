//! Slices in the formats of other programs.
//!
//! All of them are deterministic: the same slices give the same bytes. Every format has the same four measures of a slice: bad
//! events, all events, the seconds that were seen, and those of them of which the counts are estimates.

mod csv;
mod labels;
mod open_metrics;
mod parquet;
mod remote_write;

use std::fmt;

pub use self::csv::CsvWriter;
pub use self::open_metrics::OpenMetricsWriter;
pub use self::parquet::ParquetWriter;
pub use self::remote_write::{REMOTE_WRITE_HEADERS, remote_write_requests};

use crate::Slice;

/// A measure of a slice, which is a metric of its own for Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The bad events.
    BadEvents,
    /// All events.
    Events,
    /// The seconds that were seen.
    SeenSeconds,
    /// The seconds of which the counts are estimates.
    EstimatedSeconds,
}

impl Measure {
    /// All measures, in the order in which they are exported.
    pub const ALL: [Self; 4] = [
        Self::BadEvents,
        Self::Events,
        Self::SeenSeconds,
        Self::EstimatedSeconds,
    ];

    /// The name of its metric. A sample is of the five minutes that end at its timestamp, so that `sum_over_time` is the sum of a
    /// longer time.
    pub fn metric(self) -> &'static str {
        match self {
            Self::BadEvents => "nth_ledger_bad_events",
            Self::Events => "nth_ledger_events",
            Self::SeenSeconds => "nth_ledger_seen_seconds",
            Self::EstimatedSeconds => "nth_ledger_estimated_seconds",
        }
    }

    fn help(self) -> &'static str {
        match self {
            Self::BadEvents => "Bad events of the SLO in the last 5 minutes.",
            Self::Events => "All events of the SLO in the last 5 minutes.",
            Self::SeenSeconds => "Seconds of the last 5 minutes with data.",
            Self::EstimatedSeconds => {
                "Seconds of the last 5 minutes of which the counts are estimates."
            }
        }
    }

    /// The unit, which is the end of the name.
    fn unit(self) -> Option<&'static str> {
        match self {
            Self::BadEvents | Self::Events => None,
            Self::SeenSeconds | Self::EstimatedSeconds => Some("seconds"),
        }
    }

    /// Its value in a slice.
    pub fn value(self, slice: &Slice) -> f64 {
        match self {
            Self::BadEvents => slice.bad,
            Self::Events => slice.total,
            Self::SeenSeconds => f64::from(slice.seen),
            Self::EstimatedSeconds if slice.source.is_estimate() => f64::from(slice.seen),
            Self::EstimatedSeconds => 0.0,
        }
    }
}

/// Why slices cannot be exported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExportError {
    /// The output cannot be written.
    Output {
        /// What the system reports.
        cause: String,
    },
    /// Two labels of a group have the same name once characters that Prometheus does not accept are replaced.
    DuplicateLabel {
        /// The SLO.
        slo: String,
        /// The name.
        label: String,
    },
    /// A time is outside of the years -9999 to 9999.
    InvalidTime {
        /// The start of the slice, in seconds since 1970.
        start: i64,
    },
}

impl ExportError {
    fn output(error: &dyn fmt::Display) -> Self {
        Self::Output {
            cause: error.to_string(),
        }
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output { cause } => write!(f, "cannot write the export: {cause}"),
            Self::DuplicateLabel { slo, label } => {
                write!(f, "duplicate label `{label}` in the group of SLO `{slo}`")
            }
            Self::InvalidTime { start } => write!(f, "invalid time of a slice: {start}"),
        }
    }
}

impl std::error::Error for ExportError {}
