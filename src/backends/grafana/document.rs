//! The part of Grafana's dashboard model (classic) that is generated.

use serde::Serialize;

use super::number::Number;
use super::options::{Custom, Options, Override};

/// The version of the generated model.
pub const SCHEMA_VERSION: u32 = 42;

/// A dashboard.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// The id in Grafana's database; `None` in a file.
    pub id: Option<u32>,
    /// The uid, which URLs contain; at most 40 letters, digits, `-` and `_`.
    pub uid: String,
    /// Its title.
    pub title: String,
    /// The description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The tags by which it can be searched.
    pub tags: Vec<String>,
    /// True if it can be edited in Grafana.
    pub editable: bool,
    /// 1: the cursor is shown on all panels.
    pub graph_tooltip: u8,
    /// The initial time range.
    pub time: TimeRange,
    /// The refresh interval.
    pub refresh: &'static str,
    /// The time zone of displayed times.
    pub timezone: &'static str,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// The variables.
    pub templating: List<Variable>,
    /// The annotations of its graphs.
    pub annotations: List<Annotation>,
    /// The links at its top.
    pub links: Vec<Link>,
    /// The rows and panels, each row before its panels.
    pub panels: Vec<Item>,
}

/// A time range.
#[derive(Debug, Clone, Serialize)]
pub struct TimeRange {
    /// `now-24h`
    pub from: &'static str,
    /// `now`
    pub to: &'static str,
}

/// The object in which Grafana wraps lists.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    /// The elements.
    pub list: Vec<T>,
}

/// A variable.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// `datasource`, `constant` or `query`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The name by which queries refer to it.
    pub name: &'static str,
    /// The label before its selector.
    pub label: &'static str,
    /// The description.
    pub description: &'static str,
    /// The definition of its values; the syntax depends on the kind.
    pub query: String,
    /// The data source of its values, if it is a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DataSource>,
    /// The initial value; `None` for Grafana's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Choice>,
    /// 0: shown; 2: hidden.
    pub hide: u8,
    /// The time of loading the values: 0 never, 1 on load, 2 on a change of the time range.
    pub refresh: u8,
    /// 0: unsorted; 1: alphabetical.
    pub sort: u8,
    /// True if several values can be selected.
    pub multi: bool,
    /// True if all values can be selected.
    pub include_all: bool,
}

/// A value of a variable.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// The displayed text.
    pub text: String,
    /// The value in queries.
    pub value: String,
}

/// An annotation of graphs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// Its name.
    pub name: &'static str,
    /// 1: built into Grafana.
    pub built_in: u8,
    /// The data source.
    pub datasource: DataSource,
    /// True if it is shown.
    pub enable: bool,
    /// True if its switch is hidden.
    pub hide: bool,
    /// The color.
    pub icon_color: &'static str,
    /// `dashboard` for annotations stored in Grafana.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// The selection of annotations.
    pub target: AnnotationTarget,
    /// The query of annotations that are not stored in Grafana.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub query: Option<AnnotationQuery>,
}

/// Annotations from a Prometheus query.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnnotationQuery {
    /// The query.
    pub expr: String,
    /// True if its values are the times, in milliseconds since 1970.
    pub use_value_for_time: bool,
    /// The title of each annotation.
    pub title_format: &'static str,
}

/// The selection of annotations.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum AnnotationTarget {
    /// Of those stored in Grafana.
    Stored(StoredAnnotations),
    /// Of those from a query.
    Query {
        /// The query.
        expr: String,
        /// Grafana's id of the query of an annotation.
        #[serde(rename = "refId")]
        ref_id: &'static str,
    },
}

/// The selection of annotations stored in Grafana.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StoredAnnotations {
    /// The largest number of annotations.
    pub limit: u32,
    /// True if one matching tag is sufficient.
    pub match_any: bool,
    /// The tags.
    pub tags: Vec<String>,
    /// `dashboard` or `tags`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A link.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The title.
    pub title: String,
    /// `link`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Grafana's name of the icon.
    pub icon: &'static str,
    /// The tooltip.
    pub tooltip: String,
    /// The target URL.
    pub url: String,
    /// Empty: the link is not a search for dashboards.
    pub tags: [String; 0],
    /// True if it is a menu.
    pub as_dropdown: bool,
    /// True if it opens in a new tab.
    pub target_blank: bool,
    /// True if it passes the variables' values.
    pub include_vars: bool,
    /// True if it passes the time range.
    pub keep_time: bool,
}

/// A data source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DataSource {
    /// `prometheus`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The uid, or a reference to a variable.
    pub uid: &'static str,
}

impl DataSource {
    /// The Prometheus selected in the variable `datasource`.
    pub const PROMETHEUS: Self = Self {
        kind: "prometheus",
        uid: "${datasource}",
    };
    /// Grafana's built-in data source.
    pub const GRAFANA: Self = Self {
        kind: "grafana",
        uid: "-- Grafana --",
    };
}

/// A row or a panel.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Item {
    /// A row.
    Row(Row),
    /// A panel.
    Panel(Box<Panel>),
}

/// A row. The panels of an open row follow it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The id, unique in the dashboard.
    pub id: u32,
    /// `row`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The title.
    pub title: String,
    /// True if it is collapsed.
    pub collapsed: bool,
    /// The position in the grid.
    pub grid_pos: GridPos,
    /// Its panels, if it is collapsed.
    pub panels: Vec<Panel>,
}

impl Row {
    /// Creates an open row.
    pub fn new(id: u32, title: String, grid_pos: GridPos) -> Self {
        Self {
            id,
            kind: "row",
            title,
            collapsed: false,
            grid_pos,
            panels: Vec::new(),
        }
    }
}

/// A position in the grid, which is 24 wide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GridPos {
    /// The height.
    pub h: u8,
    /// The width.
    pub w: u8,
    /// The distance from the left.
    pub x: u8,
    /// The distance from the top.
    pub y: u32,
}

/// A panel.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// The id, unique in the dashboard.
    pub id: u32,
    /// The plugin of the panel.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The title.
    pub title: String,
    /// The description in Markdown, on how to read the panel.
    pub description: String,
    /// The data source of its queries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DataSource>,
    /// The position in the grid.
    pub grid_pos: GridPos,
    /// The queries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// The time range, `30d`, if it is not that of the dashboard.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_from: Option<String>,
    /// The transformations of the results.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transformations: Vec<Transformation>,
    /// The options of the plugin.
    pub options: Options,
    /// The display of values.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_config: Option<FieldConfig>,
}

/// A query of a panel.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `A`, `B` …
    pub ref_id: String,
    /// The data source.
    pub datasource: DataSource,
    /// The query.
    pub expr: String,
    /// The legend of its series.
    pub legend_format: String,
    /// `time_series`, `table` or `heatmap`.
    pub format: &'static str,
    /// True if only the last value is queried.
    pub instant: bool,
    /// True if all values of the time range are queried.
    pub range: bool,
    /// `code`
    pub editor_mode: &'static str,
}

/// A transformation of results.
#[derive(Debug, Clone, Serialize)]
pub struct Transformation {
    /// `organize`
    pub id: &'static str,
    /// The columns and their order.
    pub options: Organize,
}

/// The columns of a table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organize {
    /// The columns that are hidden.
    pub exclude_by_name: std::collections::BTreeMap<&'static str, bool>,
    /// The index of each column.
    pub index_by_name: std::collections::BTreeMap<&'static str, usize>,
    /// The displayed names of columns.
    pub rename_by_name: std::collections::BTreeMap<&'static str, &'static str>,
}

/// The display of values.
#[derive(Debug, Clone, Serialize)]
pub struct FieldConfig {
    /// The display of all series.
    pub defaults: FieldDefaults,
    /// Overrides for single series or columns.
    pub overrides: Vec<Override>,
}

/// The display of the values of all series.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDefaults {
    /// Grafana's name of the unit.
    pub unit: &'static str,
    /// The number of decimal places; `None` for as many as needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// The least value of the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// The greatest value of the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// The color mode.
    pub color: Color,
    /// The thresholds of the colors.
    pub thresholds: Thresholds,
    /// The links of each value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The options of the plugin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
}

/// A color mode.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Color {
    /// `palette-classic` or `thresholds`.
    pub mode: &'static str,
}

/// The thresholds at which colors change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Thresholds {
    /// `absolute`
    pub mode: &'static str,
    /// The steps in rising order; the first has no value and applies below all others.
    pub steps: Vec<Step>,
}

/// A color and the value from which it applies.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// The least value of the step; `None` for the first.
    pub value: Option<Number>,
    /// The color.
    pub color: &'static str,
}
