//! Options of each kind of panel.

use rust_decimal::Decimal;
use serde::Serialize;

use super::number::Number;

/// The options of a panel.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Options {
    /// Lines over time.
    Timeseries {
        /// The legend.
        legend: Legend,
        /// The tooltip at the cursor.
        tooltip: Tooltip,
    },
    /// Single values.
    Stat(Stat),
    /// Dials.
    Gauge(Gauge),
    /// Bars.
    BarGauge(BarGauge),
    /// A table.
    Table(Table),
    /// Buckets over time.
    Heatmap(Heatmap),
    /// Text.
    Text {
        /// `markdown`
        mode: &'static str,
        /// The text.
        content: String,
    },
}

impl Default for Options {
    fn default() -> Self {
        Self::Text {
            mode: "markdown",
            content: String::new(),
        }
    }
}

/// The legend of the series.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Legend {
    /// `list` or `table`.
    pub display_mode: &'static str,
    /// `bottom` or `right`.
    pub placement: &'static str,
    /// True if the legend is shown.
    pub show_legend: bool,
    /// Calculated values beside the names.
    pub calcs: Vec<&'static str>,
}

/// The tooltip at the cursor.
#[derive(Debug, Clone, Serialize)]
pub struct Tooltip {
    /// `multi`: all series.
    pub mode: &'static str,
    /// `desc`: the greatest first.
    pub sort: &'static str,
}

/// The reduction of a series to one number.
#[derive(Debug, Clone, Serialize)]
pub struct Reduce {
    /// True if all values are shown.
    pub values: bool,
    /// `lastNotNull`
    pub calcs: Vec<&'static str>,
    /// The fields; empty for all numeric ones.
    pub fields: &'static str,
}

impl Reduce {
    fn last() -> Self {
        Self {
            values: false,
            calcs: vec!["lastNotNull"],
            fields: "",
        }
    }
}

/// Options of single values.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Stat {
    graph_mode: &'static str,
    color_mode: &'static str,
    justify_mode: &'static str,
    text_mode: &'static str,
    wide_layout: bool,
    show_percent_change: bool,
    percent_change_color_mode: &'static str,
    orientation: &'static str,
    reduce_options: Reduce,
}

/// Options of dials.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauge {
    show_threshold_labels: bool,
    show_threshold_markers: bool,
    sizing: &'static str,
    min_viz_width: u16,
    min_viz_height: u16,
    orientation: &'static str,
    reduce_options: Reduce,
}

/// Options of bars.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BarGauge {
    display_mode: &'static str,
    value_mode: &'static str,
    name_placement: &'static str,
    show_unfilled: bool,
    sizing: &'static str,
    min_viz_width: u16,
    min_viz_height: u16,
    max_viz_height: u16,
    legend: Legend,
    orientation: &'static str,
    reduce_options: Reduce,
}

/// Options of a table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Table {
    frame_index: u8,
    show_header: bool,
    cell_height: &'static str,
    sort_by: Vec<SortBy>,
}

/// The sort order of a table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SortBy {
    /// The name of the column.
    pub display_name: &'static str,
    /// True for descending order.
    pub desc: bool,
}

/// Options of a heatmap.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heatmap {
    calculate: bool,
    color: HeatmapColor,
    cell_gap: u8,
    show_value: &'static str,
    y_axis: YAxis,
    legend: HeatmapLegend,
    tooltip: HeatmapTooltip,
    exemplars: Exemplars,
}

#[derive(Debug, Clone, Serialize)]
struct HeatmapColor {
    mode: &'static str,
    scheme: &'static str,
    fill: &'static str,
    exponent: Number,
    steps: u8,
    reverse: bool,
}

#[derive(Debug, Clone, Serialize)]
struct YAxis {
    unit: &'static str,
}

#[derive(Debug, Clone, Serialize)]
struct HeatmapLegend {
    show: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeatmapTooltip {
    mode: &'static str,
    y_histogram: bool,
}

#[derive(Debug, Clone, Serialize)]
struct Exemplars {
    color: &'static str,
}

/// The plugin's options for the display of values.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Custom {
    /// For lines.
    Lines(Lines),
    /// For table cells.
    Cells(Cells),
}

/// The style of lines.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lines {
    draw_style: &'static str,
    line_width: u8,
    fill_opacity: u8,
    show_points: &'static str,
    thresholds_style: ThresholdsStyle,
}

#[derive(Debug, Clone, Serialize)]
struct ThresholdsStyle {
    mode: &'static str,
}

/// The style of cells.
#[derive(Debug, Clone, Serialize)]
pub struct Cells {
    align: &'static str,
    inspect: bool,
}

/// An override for some columns.
#[derive(Debug, Clone, Serialize)]
pub struct Override {
    matcher: Matcher,
    properties: [Property; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Matcher {
    id: &'static str,
    options: Names,
}

#[derive(Debug, Clone, Serialize)]
struct Names {
    mode: &'static str,
    names: [&'static str; 1],
}

#[derive(Debug, Clone, Serialize)]
struct Property {
    id: &'static str,
    value: CellOptions,
}

#[derive(Debug, Clone, Serialize)]
struct CellOptions {
    #[serde(rename = "type")]
    kind: &'static str,
}

fn legend(calcs: &[&'static str]) -> Legend {
    Legend {
        display_mode: if calcs.is_empty() { "list" } else { "table" },
        placement: "bottom",
        show_legend: true,
        calcs: calcs.to_vec(),
    }
}

/// Lines, with the last and the greatest value of each in the legend.
pub fn timeseries() -> Options {
    Options::Timeseries {
        legend: legend(&["lastNotNull", "max"]),
        tooltip: Tooltip {
            mode: "multi",
            sort: "desc",
        },
    }
}

/// The style of lines for [`timeseries`]; `thresholds` adds them as dashed lines.
pub fn lines(thresholds: bool) -> Custom {
    Custom::Lines(Lines {
        draw_style: "line",
        line_width: 1,
        fill_opacity: 10,
        show_points: "never",
        thresholds_style: ThresholdsStyle {
            mode: if thresholds { "dashed" } else { "off" },
        },
    })
}

/// Single values, colored by the thresholds, each with its name if there are several.
pub fn stat() -> Options {
    Options::Stat(Stat {
        graph_mode: "none",
        color_mode: "value",
        justify_mode: "auto",
        text_mode: "auto",
        wide_layout: true,
        show_percent_change: false,
        percent_change_color_mode: "standard",
        orientation: "auto",
        reduce_options: Reduce::last(),
    })
}

/// A dial for each series.
pub fn gauge() -> Options {
    Options::Gauge(Gauge {
        show_threshold_labels: false,
        show_threshold_markers: true,
        sizing: "auto",
        min_viz_width: 75,
        min_viz_height: 75,
        orientation: "auto",
        reduce_options: Reduce::last(),
    })
}

/// A bar for each series.
pub fn bar_gauge() -> Options {
    Options::BarGauge(BarGauge {
        display_mode: "basic",
        value_mode: "color",
        name_placement: "auto",
        show_unfilled: true,
        sizing: "auto",
        min_viz_width: 8,
        min_viz_height: 16,
        max_viz_height: 300,
        legend: Legend {
            show_legend: false,
            ..legend(&[])
        },
        orientation: "horizontal",
        reduce_options: Reduce::last(),
    })
}

/// A row for each series.
pub fn table(sort_by: Vec<SortBy>) -> Options {
    Options::Table(Table {
        frame_index: 0,
        show_header: true,
        cell_height: "sm",
        sort_by,
    })
}

/// Cells without colors.
pub fn cells() -> Custom {
    Custom::Cells(Cells {
        align: "auto",
        inspect: false,
    })
}

/// Colors the numbers of a column by the thresholds. If this applied to all cells, texts would have the color of the
/// worst value.
pub fn color_column(column: &'static str) -> Override {
    cells_of(column, "color-text")
}

/// Shows the titles of the links in a column, not its values.
pub fn link_column(column: &'static str) -> Override {
    cells_of(column, "data-links")
}

/// Sets the type of the cells of a column.
fn cells_of(column: &'static str, kind: &'static str) -> Override {
    Override {
        matcher: Matcher {
            id: "byNames",
            options: Names {
                mode: "include",
                names: [column],
            },
        },
        properties: [Property {
            id: "custom.cellOptions",
            value: CellOptions { kind },
        }],
    }
}

/// A histogram's buckets over time; `unit` is that of their bounds.
pub fn heatmap(unit: &'static str) -> Options {
    Options::Heatmap(Heatmap {
        calculate: false,
        color: HeatmapColor {
            mode: "scheme",
            scheme: "Oranges",
            fill: "dark-orange",
            exponent: Number(Decimal::new(5, 1)),
            steps: 64,
            reverse: false,
        },
        cell_gap: 1,
        show_value: "never",
        y_axis: YAxis { unit },
        legend: HeatmapLegend { show: true },
        tooltip: HeatmapTooltip {
            mode: "single",
            y_histogram: false,
        },
        exemplars: Exemplars {
            color: "rgba(255,0,255,0.7)",
        },
    })
}
