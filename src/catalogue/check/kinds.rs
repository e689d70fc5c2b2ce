//! What the values of series are.

use crate::{MetricType, Part};

/// What the values of series are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// They only grow, until their process starts anew: a counter, or a part of a histogram or summary.
    Counter,
    /// Native histograms, which only grow too.
    Histogram,
    /// They grow and shrink.
    Gauge,
    /// Quantiles that the target itself computed.
    Quantile,
    /// Always 1: what they say is in the labels.
    Info,
    /// 0 or 1 for each state.
    State,
    /// Nobody knows.
    Unknown,
}

impl Kind {
    /// That of a series.
    pub fn of(part: &Part<'_>) -> Self {
        // What Prometheus itself writes of each scrape has no metadata.
        if part.suffix.is_empty() && (part.name == "up" || part.name.starts_with("scrape_")) {
            return Self::Gauge;
        }
        match (part.metric.metric_type, part.suffix) {
            // Some exporters call a counter a gauge; its name is then more to be trusted.
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

    /// Whether a function that takes resets out of its argument makes sense of it.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Counter | Self::Histogram)
    }

    /// Whether it is known not to count.
    pub fn is_measured(self) -> bool {
        !self.is_counted() && self != Self::Unknown
    }

    /// What a series of it is, before its name: "the gauge `x`".
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
