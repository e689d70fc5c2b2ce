//! Aggregations.

mod count_values;
mod floats;
mod hash;
mod ranked;
mod sums;

use nth_promql::{Aggregate, Expr, Grouping, Node, StringLit, StringPart};
use rustc_hash::FxHashMap;

use super::Evaluator;
use crate::annotations::Annotations;
use crate::error::Error;
use crate::functions::notices;
use crate::labels::Labels;
use crate::names::is_metadata;
use crate::value::{Evaluated, Point, Series, Steps};

/// The series with equal grouping labels.
struct Group {
    labels: Labels,
    /// Indices of the series.
    members: Vec<usize>,
}

impl Evaluator<'_> {
    /// Evaluates an aggregation.
    pub(super) fn aggregate(
        &mut self,
        aggregate: &Aggregate,
        steps: Steps,
    ) -> Result<Evaluated, Error> {
        let grouping = aggregate.grouping.as_ref();
        let op = aggregate.op.as_str();
        if op == "count_values" {
            let label = label_param(aggregate)?;
            let series = self.eval_vector(&aggregate.expr, steps)?;
            let counted = count_values::counted(&series, label, grouping, steps);
            return Ok(Evaluated::Vector(counted));
        }
        let param = match &aggregate.param {
            Some(param) => self.eval_scalar(param, steps)?,
            None => Vec::new(),
        };
        let series = self.eval_vector(&aggregate.expr, steps)?;
        let groups = grouped(&series, grouping);
        if let Some(kind) = ranked::Kind::of(op) {
            let span = param_of(aggregate).span;
            let annotations = &mut self.annotations;
            let chosen = ranked::chosen(kind, series, &groups, &param, steps, span, annotations)?;
            return Ok(Evaluated::Vector(chosen));
        }
        if op == "quantile" {
            warn_of_quantiles(&param, &mut self.annotations);
        }
        let mut result = Vec::with_capacity(groups.len());
        for group in groups {
            let members: Vec<&[Point]> = group
                .members
                .iter()
                .filter_map(|index| series.get(*index))
                .map(|series| series.points.as_slice())
                .collect();
            let metric = |member: usize| {
                let index = group.members.get(member);
                index
                    .and_then(|index| series.get(*index))
                    .map_or("", |series| series.labels.metric())
            };
            let annotations = &mut self.annotations;
            let points = match op {
                "sum" => sums::sum(&members, steps, metric, annotations),
                "avg" => sums::average(&members, steps, metric, annotations),
                "quantile" => floats::quantile(&members, &param, steps, annotations),
                _ => floats::aggregated(op, &members, steps, annotations).ok_or_else(|| {
                    let message = format!("the aggregation {op} is not supported");
                    Error::new(message, aggregate.op_span)
                })?,
            };
            let Some(last) = points.iter().rposition(Point::is_present) else {
                continue;
            };
            let mut of_group = Series::new(group.labels, points);
            of_group.drops_name = group.members.iter().any(|index| {
                let member = series.get(*index).filter(|member| member.drops_name);
                member
                    .and_then(|member| member.points.get(last))
                    .is_some_and(Point::is_present)
            });
            result.push(of_group);
        }
        Ok(Evaluated::Vector(result))
    }
}

/// Returns the labels of a group, given those of one of its series.
fn group_labels(labels: &Labels, grouping: Option<&Grouping>) -> Labels {
    let Some(grouping) = grouping else {
        return Labels::default();
    };
    let listed = |name: &str| grouping.labels.iter().any(|label| label.name == name);
    if grouping.without {
        labels.filter(|name| !is_metadata(name) && !listed(name))
    } else {
        labels.filter(listed)
    }
}

/// Groups series, in the order of the groups' first series.
fn grouped(series: &[Series], grouping: Option<&Grouping>) -> Vec<Group> {
    let mut known: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut groups: Vec<Group> = Vec::new();
    for (index, series) in series.iter().enumerate() {
        let labels = group_labels(&series.labels, grouping);
        let next = groups.len();
        let place = *known.entry(labels.clone()).or_insert(next);
        match groups.get_mut(place) {
            Some(group) => group.members.push(index),
            None => groups.push(Group {
                labels,
                members: vec![index],
            }),
        }
    }
    groups
}

fn param_of(aggregate: &Aggregate) -> &Expr {
    aggregate.param.as_ref().unwrap_or(&aggregate.expr)
}

/// Returns the label of `count_values`.
fn label_param(aggregate: &Aggregate) -> Result<&str, Error> {
    let param = param_of(aggregate).unparenthesised();
    let Node::String(string) = &param.node else {
        return Err(Error::new("expected a string", param.span));
    };
    match string.text() {
        Some(label) if !label.is_empty() => Ok(label),
        _ => Err(Error::new(
            format!("invalid label name {}", quoted(string)),
            param.span,
        )),
    }
}

fn quoted(string: &StringLit) -> String {
    let parts = string.parts.iter().map(|part| match part {
        StringPart::Text(text) => text.escape_debug().to_string(),
        StringPart::Byte(byte) => format!("\\x{byte:02x}"),
        StringPart::Hole(_) => "${…}".to_owned(),
    });
    format!("\"{}\"", parts.collect::<String>())
}

fn warn_of_quantiles(values: &[f64], annotations: &mut Annotations) {
    if values.iter().any(|value| value.is_nan()) {
        annotations.warn(notices::invalid_quantile(f64::NAN));
        return;
    }
    let most = values.iter().copied().fold(f64::MIN, f64::max);
    let least = values.iter().copied().fold(f64::MAX, f64::min);
    if most > 1.0 {
        annotations.warn(notices::invalid_quantile(most));
    }
    if least < 0.0 {
        annotations.warn(notices::invalid_quantile(least));
    }
}

/// The info that an aggregation ignores a histogram.
fn ignore_histogram(op: &str, annotations: &mut Annotations) {
    annotations.info(format_args!("ignored histogram in {op} aggregation"));
}
