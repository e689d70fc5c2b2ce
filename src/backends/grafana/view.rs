//! A panel under construction: its queries, visualization and thresholds.

use rust_decimal::Decimal;

use nth_model::Duration;
use nth_model::panel::{Unit, Visualization};
use nth_promql::{Expr, Node, classify, rewrite};

use super::document::{
    Color, DataSource, FieldConfig, FieldDefaults, Panel, Step, Target, Thresholds,
};
use super::layout::Draft;
use super::number::Number;
use super::options::{self, Options};
use super::text;

/// The color of good values.
pub const GOOD: &str = "green";
/// The color of values that need attention.
pub const WARN: &str = "orange";
/// The color of bad values.
pub const BAD: &str = "red";

/// Grafana's name of a table's column of values.
pub const VALUE: &str = "Value";

/// Prepares a query for a panel: with a window that suits the panel's resolution, and without variables of Grafana in
/// its strings.
pub fn panel_query(query: &Expr) -> Expr {
    let mut query = query.clone();
    rewrite::hide(&mut query, &text::begins_variable);
    rewrite::set_window(&mut query, "$__rate_interval");
    query
}

/// The labels of a query's series, if the query sets them at its top; empty for one series without labels.
pub fn grouping(query: &Expr) -> Option<Vec<&str>> {
    match &query.node {
        Node::Paren(inner) | Node::Unary(_, inner) => grouping(inner),
        Node::Aggregate(aggregate) => match &aggregate.grouping {
            _ if matches!(
                aggregate.op.as_str(),
                "topk" | "bottomk" | "limitk" | "limit_ratio" | "count_values"
            ) =>
            {
                None
            }
            None => Some(Vec::new()),
            Some(grouping) if grouping.without => None,
            Some(grouping) => Some(
                grouping
                    .labels
                    .iter()
                    .map(|label| label.name.as_str())
                    .collect(),
            ),
        },
        Node::Binary(binary) if binary.matching.is_none() => {
            match (grouping(&binary.left), grouping(&binary.right)) {
                (Some(left), Some(right)) if left == right => Some(left),
                (Some(labels), None) if is_number(&binary.right) => Some(labels),
                (None, Some(labels)) if is_number(&binary.left) => Some(labels),
                _ => None,
            }
        }
        Node::Call(call) if call.function == "histogram_quantile" => {
            let mut labels = grouping(call.args.get(1)?)?;
            labels.retain(|label| *label != "le");
            Some(labels)
        }
        _ => None,
    }
}

fn is_number(expr: &Expr) -> bool {
    matches!(&expr.unparenthesised().node, Node::Number(_))
        || matches!(&expr.unparenthesised().node, Node::Call(call) if matches!(call.function.as_str(), "time" | "scalar"))
}

/// Returns whether the query contains an aggregation, so that the number of its series does not grow with the number of
/// instances.
pub fn is_aggregated(query: &Expr) -> bool {
    classify::exprs(query).any(|expr| matches!(expr.node, Node::Aggregate(_)))
}

/// A panel under construction.
pub struct View {
    key: String,
    size: (u8, u8),
    title: String,
    description: String,
    visualization: Visualization,
    unit: &'static str,
    decimals: Option<u8>,
    bounds: (Option<Decimal>, Option<Decimal>),
    steps: Vec<(Option<Decimal>, &'static str)>,
    targets: Vec<(Expr, String)>,
    time_from: Option<String>,
    instant: bool,
}

impl View {
    /// Creates a view of this size without a query. The title and the description, which is Markdown, are already
    /// escaped for Grafana.
    pub fn new(
        key: impl Into<String>,
        visualization: Visualization,
        unit: &'static str,
        size: (u8, u8),
    ) -> Self {
        Self {
            key: key.into(),
            size,
            title: String::new(),
            description: String::new(),
            visualization,
            unit,
            decimals: None,
            bounds: (None, None),
            steps: Vec::new(),
            targets: Vec::new(),
            time_from: None,
            instant: !matches!(
                visualization,
                Visualization::Timeseries | Visualization::Heatmap
            ),
        }
    }

    /// Sets the title and the description.
    pub fn titled(mut self, title: impl Into<String>, description: impl Into<String>) -> Self {
        self.title = title.into();
        self.description = description.into();
        self
    }

    /// Adds a query with the legend of its series.
    pub fn add_query(mut self, query: Expr, legend: impl Into<String>) -> Self {
        self.targets.push((query, legend.into()));
        self
    }

    /// Sets the least and the greatest value of the scale.
    pub fn bounds(mut self, min: Option<Decimal>, max: Option<Decimal>) -> Self {
        self.bounds = (min, max);
        self
    }

    /// Sets the time range, whatever that of the dashboard is.
    pub fn last(mut self, time: Duration) -> Self {
        self.time_from = Some(time.to_string());
        self
    }

    /// Sets the number of decimal places.
    pub fn decimals(mut self, decimals: u8) -> Self {
        self.decimals = Some(decimals);
        self
    }

    /// Sets the colors; the first applies below all others, which are in rising order.
    pub fn steps(
        mut self,
        steps: impl IntoIterator<Item = (Option<Decimal>, &'static str)>,
    ) -> Self {
        self.steps = steps.into_iter().collect();
        self
    }

    /// Builds the panel.
    pub fn build(self) -> Draft {
        let marked = self.steps.len() > 1;
        let lines = self.visualization == Visualization::Timeseries;
        let table = self.visualization == Visualization::Table;
        let (kind, options, custom): (_, Options, _) = match self.visualization {
            Visualization::Timeseries => (
                "timeseries",
                options::timeseries(),
                Some(options::lines(marked)),
            ),
            Visualization::Stat => ("stat", options::stat(), None),
            Visualization::Gauge => ("gauge", options::gauge(), None),
            Visualization::BarGauge => ("bargauge", options::bar_gauge(), None),
            Visualization::Table => ("table", options::table(Vec::new()), Some(options::cells())),
            Visualization::Heatmap => ("heatmap", options::heatmap(self.unit), None),
        };
        let format = match self.visualization {
            Visualization::Table => "table",
            Visualization::Heatmap => "heatmap",
            _ => "time_series",
        };
        let steps = if self.steps.is_empty() {
            vec![(None, GOOD)]
        } else {
            self.steps
        };
        let targets = self.targets.into_iter().enumerate();
        let panel = Panel {
            kind,
            title: self.title,
            description: self.description,
            datasource: Some(DataSource::PROMETHEUS),
            targets: targets
                .map(|(index, (query, legend_format))| Target {
                    ref_id: ref_id(index),
                    datasource: DataSource::PROMETHEUS,
                    expr: query.to_string(),
                    legend_format,
                    format,
                    instant: self.instant,
                    range: !self.instant,
                    editor_mode: "code",
                })
                .collect(),
            time_from: self.time_from,
            options,
            field_config: Some(FieldConfig {
                defaults: FieldDefaults {
                    unit: self.unit,
                    decimals: self.decimals,
                    min: self.bounds.0.map(Number),
                    max: self.bounds.1.map(Number),
                    color: Color {
                        mode: if lines {
                            "palette-classic"
                        } else {
                            "thresholds"
                        },
                    },
                    thresholds: Thresholds {
                        mode: "absolute",
                        steps: steps
                            .into_iter()
                            .map(|(value, color)| Step {
                                value: value.map(Number),
                                color,
                            })
                            .collect(),
                    },
                    links: Vec::new(),
                    custom,
                },
                overrides: if table && marked {
                    vec![options::color_column(VALUE)]
                } else {
                    Vec::new()
                },
            }),
            ..Panel::default()
        };
        Draft {
            key: self.key,
            width: self.size.0,
            height: self.size.1,
            panel,
        }
    }
}

/// A text panel; its content is Markdown.
pub fn text_panel(
    key: impl Into<String>,
    size: (u8, u8),
    title: impl Into<String>,
    description: impl Into<String>,
    content: String,
) -> Draft {
    Draft {
        key: key.into(),
        width: size.0,
        height: size.1,
        panel: Panel {
            kind: "text",
            title: title.into(),
            description: description.into(),
            options: Options::Text {
                mode: "markdown",
                content,
            },
            ..Panel::default()
        },
    }
}

/// The id of a query: `A`, `B` … `Z`, `AA` …
fn ref_id(index: usize) -> String {
    let letter = |index: usize| char::from(b'A' + u8::try_from(index % 26).unwrap_or_default());
    match index / 26 {
        0 => letter(index).to_string(),
        before => format!("{}{}", ref_id(before - 1), letter(index)),
    }
}

/// Grafana's name of a unit.
pub fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count => "short",
        Unit::Bytes => "bytes",
        Unit::Seconds => "s",
        Unit::Milliseconds => "ms",
        Unit::Microseconds => "µs",
        Unit::Nanoseconds => "ns",
        Unit::Ratio => "percentunit",
        Unit::Percent => "percent",
        Unit::PerSecond => "cps",
        Unit::RequestsPerSecond => "reqps",
        Unit::BytesPerSecond => "binBps",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use nth_promql::parse;

    #[test]
    fn series_are_named_by_what_a_query_groups_by() {
        for (query, labels) in [
            ("sum(x)", Some(vec![])),
            ("sum by (a, b) (x) / 2", Some(vec!["a", "b"])),
            ("2 * sum by (a) (x)", Some(vec!["a"])),
            ("sum by (a) (x) / sum by (a) (y)", Some(vec!["a"])),
            ("sum by (a) (x) / sum by (b) (y)", None),
            (
                "histogram_quantile(0.9, sum by (le, job) (x))",
                Some(vec!["job"]),
            ),
            ("time() - max(x)", Some(vec![])),
            ("sum without (a) (x)", None),
            ("topk(3, x)", None),
            ("x", None),
        ] {
            assert_eq!(grouping(&parse(query).unwrap()), labels, "{query}");
        }
    }

    #[test]
    fn queries_are_lettered() {
        assert_eq!(
            [0, 25, 26, 51, 52].map(ref_id),
            ["A", "Z", "AA", "AZ", "BA"]
        );
    }
}
