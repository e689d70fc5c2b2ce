//! What a service's dashboard shows besides what every service's does: its own panels and rows, and those of what it
//! depends on.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Duration, DurationUnit, Text};
use nth_promql as promql;

/// The panels of a service.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Panels {
    /// Those that stand in no row, in the order of the source.
    pub own: Vec<Panel>,
    /// Its rows, in the order of the source.
    pub rows: Vec<Row>,
    /// What it depends on, in the order of the source, whether it has panels or not.
    pub dependencies: Vec<Dependency>,
}

/// Panels under a title.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Row {
    /// Its name as written; unique among the service's rows.
    pub name: SmolStr,
    /// What stands above it.
    pub title: String,
    /// Its panels, in the order of the source.
    pub panels: Vec<Panel>,
}

/// What a service depends on.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// Its name as written; unique among the service's dependencies.
    pub name: SmolStr,
    /// The service it is, if it is one of the project's.
    pub service: Option<SmolStr>,
    /// What it runs on, `PostgreSQL`.
    pub technology: Option<String>,
    /// Its panels, in the order of the source.
    pub panels: Vec<Panel>,
}

/// A view of a query.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Panel {
    /// Its name as written; unique where it stands.
    pub name: SmolStr,
    /// What stands above it.
    pub title: String,
    /// What to look for in it, in its author's words.
    pub description: Option<String>,
    /// What it shows. `$window` stands where a dashboard takes a window that suits its resolution.
    pub query: promql::Expr,
    /// What its numbers count.
    pub unit: Unit,
    /// How it shows them.
    pub visualization: Visualization,
    /// What each series is called; the labels that the query groups by where absent. It has no [`Value`] part.
    ///
    /// [`Value`]: super::TextPart::Value
    pub legend: Option<Text>,
    /// Where colors change, in rising order.
    pub thresholds: Vec<Decimal>,
    /// Whether values below the thresholds are the bad ones, not those above.
    pub low_is_bad: bool,
    /// The least value that its scale shows.
    pub min: Option<Decimal>,
    /// The greatest value that its scale shows.
    pub max: Option<Decimal>,
    /// Its width, in twenty-fourths of the dashboard's: 1 to 24.
    pub width: u8,
    /// Its height, in steps of a dashboard's grid: 2 to 24.
    pub height: u8,
    /// The signals in the query that no metric carries. With any, there is nothing to see.
    pub missing: Vec<MissingSignal>,
}

/// A signal that no metric carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MissingSignal {
    /// Its name.
    pub name: SmolStr,
    /// The selectors that were looked for, in order of preference.
    pub candidates: Vec<String>,
    /// How to get it, in its author's words.
    pub hint: Option<String>,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// Millionths of a second.
    Microseconds,
    /// Thousand-millionths of a second.
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
    /// The unit of a panel that shows what is counted in a unit of time.
    fn from(unit: DurationUnit) -> Self {
        match unit {
            DurationUnit::Seconds => Self::Seconds,
            DurationUnit::Milliseconds => Self::Milliseconds,
            DurationUnit::Microseconds => Self::Microseconds,
            DurationUnit::Nanoseconds => Self::Nanoseconds,
        }
    }
}

/// How a panel shows its numbers.
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

/// A histogram of durations, by which latency is shown as quantiles.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Histogram {
    /// A classic one's `_bucket` series, without a matcher on `le`; a native one's series.
    pub series: promql::Expr,
    /// Whether it is a native histogram.
    pub native: bool,
    /// How long a good event takes at most.
    pub under: Duration,
    /// The unit that it counts in.
    pub unit: DurationUnit,
}
