//! `count_values`.

use nth_promql::Grouping;
use rustc_hash::FxHashMap;

use super::group_labels;
use crate::labels::Labels;
use crate::value::{Point, Series, Steps};

/// Counts equal values in each group. The value becomes a label.
pub(super) fn counted(
    series: &[Series],
    label: &str,
    grouping: Option<&Grouping>,
    steps: Steps,
) -> Vec<Series> {
    let mut known: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut result: Vec<Series> = Vec::new();
    for Series { labels, points, .. } in series {
        // Most series repeat few values.
        let mut last: Option<(&Point, usize)> = None;
        for (step, point) in points.iter().enumerate() {
            let place = match last {
                Some((known, place)) if is_same(known, point) => place,
                _ => {
                    let Some(value) = text(point) else { continue };
                    let labels = result_labels(labels, label, &value, grouping);
                    let next = result.len();
                    let place = *known.entry(labels.clone()).or_insert(next);
                    if place == next {
                        let points = vec![Point::Absent; steps.count()];
                        result.push(Series::new(labels, points));
                    }
                    last = Some((point, place));
                    place
                }
            };
            let into = result
                .get_mut(place)
                .and_then(|series| series.points.get_mut(step));
            if let Some(into) = into {
                *into = Point::Float(into.float().unwrap_or(0.0) + 1.0);
            }
        }
    }
    result
}

fn is_same(left: &Point, right: &Point) -> bool {
    match (left, right) {
        (Point::Float(left), Point::Float(right)) => left.to_bits() == right.to_bits(),
        _ => false,
    }
}

/// Returns a value as a label's value.
fn text(point: &Point) -> Option<String> {
    Some(match point {
        Point::Absent => return None,
        Point::Float(value) if value.is_infinite() => {
            (if *value > 0.0 { "+Inf" } else { "-Inf" }).to_owned()
        }
        Point::Float(value) => value.to_string(),
        Point::Histogram(histogram) => histogram.to_string(),
    })
}

fn result_labels(labels: &Labels, label: &str, value: &str, grouping: Option<&Grouping>) -> Labels {
    let labels = labels.with(label, value);
    match grouping {
        Some(grouping) if grouping.without => group_labels(&labels, Some(grouping)),
        _ => {
            let group = group_labels(&labels, grouping);
            group.with(label, value)
        }
    }
}
