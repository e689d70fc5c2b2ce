//! Kinds of series by their values.

use crate::{MetricType, Part};

/// The kind of a series' values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Values that only increase until the process restarts: a counter, or a part of a histogram or summary.
    Counter,
    /// Native histograms, which only increase too.
    Histogram,
    /// Values that increase and decrease.
    Gauge,
    /// Quantiles, computed by the target.
    Quantile,
    /// Always 1: the information is in the labels.
    Info,
    /// 0 or 1 for each state.
    State,
    /// The kind is not known.
    Unknown,
}

impl Kind {
    /// The kind of a series.
    pub fn from_part(part: &Part<'_>) -> Self {
        // Series that Prometheus writes about each scrape have no metadata.
        if part.suffix.is_empty() && (part.name == "up" || part.name.starts_with("scrape_")) {
            return Self::Gauge;
        }
        match (part.metric.metric_type, part.suffix) {
            // Some exporters declare a counter as a gauge; the name is then more reliable.
            (MetricType::Gauge, "") if part.name.ends_with("_total") => Self::Unknown,
            (MetricType::Counter, _) => Self::Counter,
            (MetricType::Gauge, _) => Self::Gauge,
            (MetricType::Histogram, "") => Self::Histogram,
            (MetricType::Histogram, "_bucket" | "_count" | "_sum") => Self::Counter,
            (MetricType::Summary, "") => Self::Quantile,
            (MetricType::Summary, "_count" | "_sum") => Self::Counter,
            (MetricType::GaugeHistogram, "_bucket" | "_gcount" | "_gsum") => Self::Gauge,
            (MetricType::Info, _) => Self::Info,
            (MetricType::StateSet, _) => Self::State,
            _ => Self::Unknown,
        }
    }

    /// Returns whether functions for counters are valid for this kind.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Counter | Self::Histogram)
    }

    /// Returns whether this kind is known not to be a counter.
    pub fn is_measured(self) -> bool {
        !self.is_counted() && self != Self::Unknown
    }

    /// Describes a series with its kind: "the gauge `x`".
    pub fn phrase(self, part: &Part<'_>) -> String {
        let series = format!("{}{}", part.name, part.suffix);
        let what = match (self, part.suffix) {
            (Self::Counter, "_bucket") => "the histogram's buckets",
            (Self::Counter, "") => "the counter",
            (Self::Counter, "_sum") => "the sum",
            (Self::Counter, _) => "the count",
            (Self::Histogram, _) => "the native histogram",
            (Self::Gauge, _) => "the gauge",
            (Self::Quantile, _) => "the summary's quantiles",
            (Self::Info, _) => "the info metric",
            (Self::State, _) => "the state set",
            (Self::Unknown, _) => "the metric",
        };
        format!("{what} `{series}`")
    }
}
