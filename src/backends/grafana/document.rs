//! Dashboards as Grafana defines them (the classic model), as far as they are made here.

use serde::Serialize;

use super::number::Number;
use super::options::{Custom, Options, Override};

/// The version of the model that is written.
pub const SCHEMA_VERSION: u32 = 42;

/// A dashboard.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// The database's own; none in a file.
    pub id: Option<u32>,
    /// By which it is linked to; at most 40 letters, digits, `-` and `_`.
    pub uid: String,
    /// Its title.
    pub title: String,
    /// What it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// By which it is found.
    pub tags: Vec<String>,
    /// Whether it can be changed in Grafana.
    pub editable: bool,
    /// 1: the cursor is shown on all panels.
    pub graph_tooltip: u8,
    /// The time that it opens with.
    pub time: TimeRange,
    /// How often it is loaded again.
    pub refresh: &'static str,
    /// The zone that times are shown in.
    pub timezone: &'static str,
    /// [`SCHEMA_VERSION`].
    pub schema_version: u32,
    /// Its variables.
    pub templating: List<Variable>,
    /// What is marked in its graphs.
    pub annotations: List<Annotation>,
    /// Links at its top.
    pub links: Vec<Link>,
    /// Its rows and panels, each row before its panels.
    pub panels: Vec<Item>,
}

/// A range of time.
#[derive(Debug, Clone, Serialize)]
pub struct TimeRange {
    /// `now-24h`
    pub from: &'static str,
    /// `now`
    pub to: &'static str,
}

/// What Grafana wraps lists in.
#[derive(Debug, Clone, Serialize)]
pub struct List<T> {
    /// What is in it.
    pub list: Vec<T>,
}

/// A variable.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Variable {
    /// `datasource`, `constant` or `query`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// By which it is named in queries.
    pub name: &'static str,
    /// What stands before it.
    pub label: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// What its values are, in words that depend on its type.
    pub query: String,
    /// Where its values are asked, if it is a query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DataSource>,
    /// The value that it opens with; Grafana's choice where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current: Option<Choice>,
    /// 0: shown; 2: hidden.
    pub hide: u8,
    /// When its values are asked: 0 never, 1 on load, 2 when the time changes.
    pub refresh: u8,
    /// 0: as they come; 1: by the alphabet.
    pub sort: u8,
    /// Whether several values can be chosen.
    pub multi: bool,
    /// Whether all values can be chosen.
    pub include_all: bool,
}

/// A value of a variable.
#[derive(Debug, Clone, Serialize)]
pub struct Choice {
    /// As it is shown.
    pub text: String,
    /// As it is used.
    pub value: String,
}

/// What is marked in graphs.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Annotation {
    /// Its name.
    pub name: &'static str,
    /// 1: Grafana's own.
    pub built_in: u8,
    /// Where it is asked.
    pub datasource: DataSource,
    /// Whether it is shown.
    pub enable: bool,
    /// Whether its switch is hidden.
    pub hide: bool,
    /// Its color.
    pub icon_color: &'static str,
    /// `dashboard` for Grafana's own.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    /// Which annotations there are.
    pub target: AnnotationTarget,
}

/// Which of Grafana's own annotations are wanted.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AnnotationTarget {
    /// How many.
    pub limit: u32,
    /// Whether one of the tags is enough.
    pub match_any: bool,
    /// The tags.
    pub tags: Vec<&'static str>,
    /// `dashboard` or `tags`.
    #[serde(rename = "type")]
    pub kind: &'static str,
}

/// A link.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// What it is called.
    pub title: String,
    /// `link`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Grafana's name of a picture.
    pub icon: &'static str,
    /// What is shown over it.
    pub tooltip: String,
    /// Where to.
    pub url: String,
    /// None: it is no search.
    pub tags: [String; 0],
    /// Whether it is a menu.
    pub as_dropdown: bool,
    /// Whether it opens beside what is there.
    pub target_blank: bool,
    /// Whether the variables' values go along.
    pub include_vars: bool,
    /// Whether the time goes along.
    pub keep_time: bool,
}

/// A data source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DataSource {
    /// `prometheus`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its uid, or the variable that holds it.
    pub uid: &'static str,
}

impl DataSource {
    /// The Prometheus that the variable `datasource` stands for.
    pub const PROMETHEUS: Self = Self {
        kind: "prometheus",
        uid: "${datasource}",
    };
    /// What Grafana itself knows.
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

/// A row that is open: its panels come after it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Unique in the dashboard.
    pub id: u32,
    /// `row`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What stands in it.
    pub title: String,
    /// Whether it is closed.
    pub collapsed: bool,
    /// Where it stands.
    pub grid_pos: GridPos,
    /// What is hidden in it while it is closed.
    pub panels: [Panel; 0],
}

impl Row {
    /// An open row.
    pub fn new(id: u32, title: String, grid_pos: GridPos) -> Self {
        Self {
            id,
            kind: "row",
            title,
            collapsed: false,
            grid_pos,
            panels: [],
        }
    }
}

/// A place in the grid, which is 24 wide.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct GridPos {
    /// Its height.
    pub h: u8,
    /// Its width.
    pub w: u8,
    /// From the left.
    pub x: u8,
    /// From the top.
    pub y: u32,
}

/// A panel.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Panel {
    /// Unique in the dashboard.
    pub id: u32,
    /// The plugin that draws it.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What stands above it.
    pub title: String,
    /// What to look for, in Markdown.
    pub description: String,
    /// Where its queries are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datasource: Option<DataSource>,
    /// Where it stands.
    pub grid_pos: GridPos,
    /// Its queries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub targets: Vec<Target>,
    /// What is done with the answers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub transformations: Vec<Transformation>,
    /// What is the plugin's own.
    pub options: Options,
    /// How values are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field_config: Option<FieldConfig>,
}

/// A query.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Target {
    /// `A`, `B` …
    pub ref_id: String,
    /// Where it is asked.
    pub datasource: DataSource,
    /// The query.
    pub expr: String,
    /// What its series are called.
    pub legend_format: String,
    /// `time_series`, `table` or `heatmap`.
    pub format: &'static str,
    /// Whether the last value is wanted.
    pub instant: bool,
    /// Whether all values of the time are wanted.
    pub range: bool,
    /// `code`
    pub editor_mode: &'static str,
}

/// What is done with answers.
#[derive(Debug, Clone, Serialize)]
pub struct Transformation {
    /// `organize`
    pub id: &'static str,
    /// Which columns there are, and in which order.
    pub options: Organize,
}

/// Which columns a table has.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Organize {
    /// Columns that are left out.
    pub exclude_by_name: std::collections::BTreeMap<&'static str, bool>,
    /// The place of each column.
    pub index_by_name: std::collections::BTreeMap<&'static str, usize>,
    /// What columns are called.
    pub rename_by_name: std::collections::BTreeMap<&'static str, &'static str>,
}

/// How values are shown.
#[derive(Debug, Clone, Serialize)]
pub struct FieldConfig {
    /// For all series.
    pub defaults: FieldDefaults,
    /// For single ones.
    pub overrides: Vec<Override>,
}

/// How the values of all series are shown.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FieldDefaults {
    /// Grafana's name of the unit.
    pub unit: &'static str,
    /// The digits after the point; as many as are needed where absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// The least value of the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Number>,
    /// The greatest value of the scale.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Number>,
    /// How colors are chosen.
    pub color: Color,
    /// Where colors change.
    pub thresholds: Thresholds,
    /// Links of each value.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// What is the plugin's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom: Option<Custom>,
}

/// How colors are chosen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Color {
    /// `palette-classic` or `thresholds`.
    pub mode: &'static str,
}

/// Where colors change.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Thresholds {
    /// `absolute`
    pub mode: &'static str,
    /// Rising; the first has no value and holds below all others.
    pub steps: Vec<Step>,
}

/// A color from a value on.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// From where on.
    pub value: Option<Number>,
    /// The color.
    pub color: &'static str,
}
