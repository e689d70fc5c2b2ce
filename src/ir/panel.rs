//! Custom panels and rows of a service's dashboard, and those of its dependencies.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Duration, DurationUnit, Text};
use nth_promql as promql;

/// The panels of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Panels {
    /// The panels outside of rows, in the order of the source.
    pub own: Vec<Panel>,
    /// The rows, in the order of the source.
    pub rows: Vec<Row>,
    /// All dependencies, with or without panels, in the order of the source.
    pub dependencies: Vec<Dependency>,
}

/// Panels under a title.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// The name as written; unique among the service's rows.
    pub name: SmolStr,
    /// The title above the panels.
    pub title: String,
    /// The panels, in the order of the source.
    pub panels: Vec<Panel>,
}

/// The panels of a dependency of a service.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// The name as written; unique among the service's dependencies.
    pub name: SmolStr,
    /// The name of the service it refers to, if that is one of the project's.
    pub service: Option<SmolStr>,
    /// The technology that it runs on, such as `PostgreSQL`.
    pub technology: Option<String>,
    /// The panels, in the order of the source.
    pub panels: Vec<Panel>,
}

/// A view of a query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Panel {
    /// The name as written; unique in its row or block.
    pub name: SmolStr,
    /// The title.
    pub title: String,
    /// The author's description of what to look for.
    pub description: Option<String>,
    /// The query. `$window` is the place where a dashboard inserts a window that suits its resolution.
    pub query: promql::Expr,
    /// The unit of the values.
    pub unit: Unit,
    /// The visualization of the values.
    pub visualization: Visualization,
    /// The legend of each series; `None` for the labels by which the query groups. It has no [`Value`] part.
    ///
    /// [`Value`]: super::TextPart::Value
    pub legend: Option<Text>,
    /// The values at which colors change, in rising order.
    pub thresholds: Vec<Decimal>,
    /// True if values below the thresholds are bad; false if those above are.
    pub low_is_bad: bool,
    /// The least value of the scale.
    pub min: Option<Decimal>,
    /// The greatest value of the scale.
    pub max: Option<Decimal>,
    /// The width in twenty-fourths of the dashboard's width: 1 to 24.
    pub width: u8,
    /// The height in rows of the dashboard's grid: 2 to 24.
    pub height: u8,
    /// The signals in the query that no metric provides. With any, the panel has no data.
    pub missing: Vec<MissingSignal>,
}

/// A signal that no metric provides.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingSignal {
    /// The name of the signal.
    pub name: SmolStr,
    /// The candidate selectors, in order of preference.
    pub candidates: Vec<String>,
    /// The author's hint on how to provide the signal.
    pub hint: Option<String>,
}

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Billionths of a second.
    Nanoseconds,
    /// A share between 0 and 1.
    Ratio,
    /// A share between 0 and 100.
    Percent,
    /// Events per second.
    PerSecond,
    /// Requests per second.
    RequestsPerSecond,
    /// Bytes per second.
    BytesPerSecond,
}

impl From<DurationUnit> for Unit {
    /// The panel unit of values in a unit of time.
    fn from(unit: DurationUnit) -> Self {
        match unit {
            DurationUnit::Seconds => Self::Seconds,
            DurationUnit::Milliseconds => Self::Milliseconds,
            DurationUnit::Microseconds => Self::Microseconds,
            DurationUnit::Nanoseconds => Self::Nanoseconds,
        }
    }
}

/// The visualization of a panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visualization {
    /// Lines over time.
    Timeseries,
    /// The last value as a number.
    Stat,
    /// The last value on a dial.
    Gauge,
    /// The last value of each series as a bar.
    BarGauge,
    /// The last value of each series as a row of a table.
    Table,
    /// A histogram's buckets over time, as colors.
    Heatmap,
}

/// A histogram of durations, from which latency quantiles are shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Histogram {
    /// The `_bucket` series of a classic histogram, without a matcher on `le`; the series of a native one.
    pub series: promql::Expr,
    /// True if it is a native histogram.
    pub native: bool,
    /// The longest duration of a good event.
    pub under: Duration,
    /// The unit of its values.
    pub unit: DurationUnit,
}
