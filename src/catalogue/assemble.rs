//! Assembles metrics from the names of their series.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Description, Gathered, Metadata, Values};
use super::{CHURNING, Metric, MetricType};

/// The suffixes of series of a metric with several series.
const SUFFIXES: [&str; 5] = ["_bucket", "_count", "_gcount", "_gsum", "_sum"];

/// The metrics of the series that a selector matched. `fixed` are the labels that the selector sets to one value.
pub fn metrics(
    gathered: &Gathered,
    metadata: &Metadata,
    fixed: &BTreeSet<String>,
) -> BTreeMap<String, Metric> {
    let mut parts: BTreeMap<&str, BTreeMap<&str, &BTreeMap<String, Values>>> = BTreeMap::new();
    for (name, labels) in &gathered.names {
        let (metric, suffix) = family(name, gathered, metadata);
        parts.entry(metric).or_default().insert(suffix, labels);
    }
    parts
        .into_iter()
        .map(|(name, parts)| (name.to_owned(), metric(name, &parts, metadata, fixed)))
        .collect()
}

/// The name of the metric that a series belongs to, and the suffix of the series' name.
fn family<'a>(name: &'a str, gathered: &Gathered, metadata: &Metadata) -> (&'a str, &'a str) {
    let alone = (name, "");
    let Some((metric, suffix)) = SUFFIXES.iter().find_map(|suffix| {
        let metric = name.strip_suffix(suffix)?;
        (!metric.is_empty()).then(|| name.split_at(metric.len()))
    }) else {
        return alone;
    };
    if is_classic(metric, gathered) {
        return (metric, suffix);
    }
    // A name with its own metadata, such as a gauge `queue_count`, is a metric by itself.
    if metadata.metrics.contains_key(name) {
        return alone;
    }
    let is_part = match metadata.metrics.get(metric).map(|said| said.metric_type) {
        Some(MetricType::Histogram) => matches!(suffix, "_bucket" | "_count" | "_sum"),
        Some(MetricType::Summary) => matches!(suffix, "_count" | "_sum"),
        Some(MetricType::GaugeHistogram) => matches!(suffix, "_bucket" | "_gcount" | "_gsum"),
        _ => false,
    };
    if is_part { (metric, suffix) } else { alone }
}

/// Returns whether a metric has buckets by `le`.
fn is_classic(metric: &str, gathered: &Gathered) -> bool {
    gathered
        .names
        .get(&format!("{metric}_bucket"))
        .is_some_and(|labels| labels.contains_key("le"))
}

fn metric(
    name: &str,
    parts: &BTreeMap<&str, &BTreeMap<String, Values>>,
    metadata: &Metadata,
    fixed: &BTreeSet<String>,
) -> Metric {
    let has_bounds = parts
        .get("_bucket")
        .is_some_and(|labels| labels.contains_key("le"));
    let Description {
        metric_type: said,
        help,
        unit,
    } = describe(name, metadata);
    let metric_type = match said {
        // Buckets by `le` belong to a histogram, with or without metadata.
        MetricType::Unknown if has_bounds => MetricType::Histogram,
        said => said,
    };
    let mut labels: BTreeMap<&str, Values> = BTreeMap::new();
    let mut buckets = Vec::new();
    for (suffix, of_part) in parts {
        for (label, values) in *of_part {
            match values {
                Values::Few(bounds) if label == "le" && *suffix == "_bucket" => {
                    buckets = in_order(bounds);
                }
                values => join(&mut labels, label, values),
            }
        }
    }
    let values = labels
        .iter()
        .filter(|(label, _)| !CHURNING.contains(label) && !fixed.contains(**label))
        .filter_map(|(label, values)| match values {
            Values::Few(few) if few.len() <= super::MOST_VALUES => {
                Some(((*label).to_owned(), few.clone()))
            }
            _ => None,
        })
        .collect();
    Metric {
        metric_type,
        help,
        unit,
        // A histogram has a series of the bare name only if it is stored natively.
        native: parts.contains_key("")
            && matches!(
                metric_type,
                MetricType::Histogram | MetricType::GaugeHistogram
            ),
        suffixes: parts.keys().map(|suffix| (*suffix).to_owned()).collect(),
        labels: labels.keys().map(|label| (*label).to_owned()).collect(),
        buckets,
        values,
    }
}

/// The metadata of a metric. Targets that use OpenMetrics omit the suffix of a counter or an info from the name.
fn describe(name: &str, metadata: &Metadata) -> Description {
    if let Some(said) = metadata.metrics.get(name) {
        return said.clone();
    }
    [("_total", MetricType::Counter), ("_info", MetricType::Info)]
        .into_iter()
        .find_map(|(suffix, metric_type)| {
            let said = metadata.metrics.get(name.strip_suffix(suffix)?)?;
            (said.metric_type == metric_type).then(|| said.clone())
        })
        .unwrap_or_default()
}

fn join<'a>(labels: &mut BTreeMap<&'a str, Values>, label: &'a str, more: &Values) {
    let values = labels
        .entry(label)
        .or_insert_with(|| Values::Few(BTreeSet::new()));
    match (&mut *values, more) {
        (Values::Few(few), Values::Few(more)) => {
            few.extend(more.iter().cloned());
        }
        _ => *values = Values::Many,
    }
}

/// Sorts bounds by size. The text breaks ties: `1` and `1.0` may coexist while targets are upgraded.
fn in_order(bounds: &BTreeSet<String>) -> Vec<String> {
    let mut bounds: Vec<(f64, &String)> = bounds
        .iter()
        .map(|text| (text.parse().unwrap_or(f64::NAN), text))
        .collect();
    bounds.sort_by(|left, right| match left.0.total_cmp(&right.0) {
        Ordering::Equal => left.1.cmp(right.1),
        other => other,
    });
    bounds.into_iter().map(|(_, text)| text.clone()).collect()
}
