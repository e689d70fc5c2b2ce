//! UTF-8 names of metrics and labels, which need Prometheus 3, in a project with an older Prometheus.

use std::collections::{BTreeSet, HashSet};

use smol_str::SmolStr;

use crate::codes;
use crate::db::{Diag, Span};
use crate::eval::{Instance, Value};
use crate::lower::report;
use crate::schema::names::field;
use nth_model::PrometheusVersion;
use nth_promql::{Call, Expr, Node, classify};

/// A name, and true for a metric.
type Name = (SmolStr, bool);

/// Reports the names in a block that the version does not support, once per place. `elsewhere` are labels that are added to its
/// queries from outside and reported there.
pub fn unreadable(
    block: &Instance,
    version: PrometheusVersion,
    elsewhere: &BTreeSet<SmolStr>,
) -> Vec<Diag> {
    let mut names = Names {
        version,
        known: elsewhere.clone(),
        reported: HashSet::new(),
        found: Vec::new(),
    };
    if !version.has_utf8_names() {
        names.check_block(block);
    }
    names.found
}

struct Names {
    version: PrometheusVersion,
    /// Labels that are reported at the selector that adds them to queries.
    known: BTreeSet<SmolStr>,
    reported: HashSet<(SmolStr, Span)>,
    found: Vec<Diag>,
}

impl Names {
    fn check_block(&mut self, block: &Instance) {
        let before = self.known.clone();
        // The labels of a selector are added to every query of the block.
        for (field, value) in &block.fields {
            let labels: Vec<&SmolStr> = match &value.value {
                Value::Labels(labels) => labels.keys().collect(),
                Value::Matchers(matchers) => matchers.labels().collect(),
                _ => continue,
            };
            for label in labels {
                if !is_label(label) {
                    self.report(
                        block,
                        (label.clone(), false),
                        block.span_of_label(field, label),
                    );
                    if field == field::SELECTOR {
                        self.known.insert(label.clone());
                    }
                }
            }
        }
        for (field, value) in &block.fields {
            self.check_value(block, field, &value.value);
        }
        for child in &block.children {
            self.check_block(child);
        }
        self.known = before;
    }

    fn check_value(&mut self, block: &Instance, field: &str, value: &Value) {
        match value {
            Value::Query(query) => {
                let mut names = BTreeSet::new();
                names_in(&query.expr, &mut names);
                for name in names {
                    if !self.known.contains(&name.0) {
                        self.report(block, name, query.span);
                    }
                }
            }
            Value::List(items) => {
                for item in items {
                    match item {
                        Value::String(label) if field == field::BREAKDOWN && !is_label(label) => {
                            self.report(
                                block,
                                (label.as_str().into(), false),
                                block.span_of(field),
                            );
                        }
                        other => self.check_value(block, field, other),
                    }
                }
            }
            _ => {}
        }
    }

    fn report(&mut self, block: &Instance, (name, is_metric): Name, place: Span) {
        if !self.reported.insert((name.clone(), place)) {
            return;
        }
        let what = if is_metric { "metric" } else { "label" };
        let legacy: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
            .collect();
        let diagnostic = Diag::new(
            &codes::NEEDS_UTF8_NAMES,
            format!("{what} `{name}` needs Prometheus 3"),
            place,
        )
        .label(format!(
            "Prometheus {} only reads names of letters, digits and `_`",
            self.version
        ))
        .help(format!(
            "use the {what}'s name in that Prometheus, most likely `{legacy}`"
        ))
        .help(
            "set `version = \"3\"` under `[prometheus]` in nth.toml if every Prometheus that loads \
            the rules is a later version",
        );
        report(block, &mut self.found, diagnostic);
    }
}

/// Collects the UTF-8 names in a query.
fn names_in(expr: &Expr, names: &mut BTreeSet<Name>) {
    let mut label = |name: &str| {
        if !is_label(name) {
            names.insert((name.into(), false));
        }
    };
    let mut metrics = Vec::new();
    for expr in classify::exprs(expr) {
        match &expr.node {
            Node::Selector(selector) => {
                metrics.extend(selector.metric.as_ref().map(|metric| &metric.text));
                for matcher in &selector.matchers {
                    label(&matcher.label);
                }
            }
            Node::Aggregate(aggregate) => {
                if let Some(grouping) = &aggregate.grouping {
                    grouping.labels.iter().for_each(|found| label(&found.name));
                }
                if aggregate.op == "count_values"
                    && let Some(Node::String(text)) =
                        aggregate.param.as_ref().map(|param| &param.node)
                    && let Some(text) = text.text()
                {
                    label(text);
                }
            }
            Node::Binary(binary) => {
                if let Some(matching) = &binary.matching {
                    matching.labels.iter().for_each(|found| label(&found.name));
                    if let Some(group) = &matching.group {
                        group.labels.iter().for_each(|found| label(&found.name));
                    }
                }
            }
            Node::Call(call) => label_arguments(call).for_each(&mut label),
            _ => {}
        }
    }
    for metric in metrics {
        if !is_metric(metric) {
            names.insert((metric.clone(), true));
        }
    }
}

/// Iterates over the arguments of a call that name labels.
fn label_arguments(call: &Call) -> impl Iterator<Item = &str> {
    let named: fn(usize) -> bool = match call.function.as_str() {
        "label_replace" => |number| number == 1 || number == 3,
        "label_join" => |number| number == 1 || number > 2,
        "sort_by_label" | "sort_by_label_desc" => |number| number > 0,
        _ => |_| false,
    };
    call.args
        .iter()
        .enumerate()
        .filter(move |(number, _)| named(*number))
        .filter_map(|(_, arg)| match &arg.node {
            Node::String(text) => text.text(),
            _ => None,
        })
}

/// True for a label name that every Prometheus supports.
fn is_label(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// True for a metric name that every Prometheus supports.
fn is_metric(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}
