//! Recording rules.

use super::columns::Relabeled;
use super::failure::Failed;
use super::rule::Recording;
use super::write::Writer;
use crate::error::Error;
use crate::labels::{Labels, METRIC_NAME};
use crate::store::MemoryStore;
use crate::value::{Point, Series, Steps, merge_points};

/// Writes the result of a recording rule.
pub(super) fn record(
    rule: &Recording,
    limit: usize,
    result: Vec<Series>,
    steps: Steps,
    writer: &mut Writer,
    store: &mut MemoryStore,
) -> Result<(), Failed> {
    let mut failed = None;
    let mut relabeled: Relabeled<Vec<Point>> = Relabeled::default();
    for series in result {
        relabeled.add(
            labels(rule, &series.labels),
            series.points,
            |known, points| {
                if let Some(step) = merge_points(known, points) {
                    let error = Error::new(
                        "vector contains metrics with the same labelset after applying rule labels",
                        rule.expr.span,
                    );
                    let at = steps.time(step);
                    Failed::earliest(&mut failed, Failed { at, error });
                }
            },
        );
    }
    if limit > 0 && relabeled.columns.len() > limit {
        let mut counts = vec![0_usize; steps.count()];
        for (_, points) in &relabeled.columns {
            for (count, point) in counts.iter_mut().zip(points) {
                *count += usize::from(point.is_present());
            }
        }
        if let Some((step, count)) = counts.iter().enumerate().find(|(_, count)| **count > limit) {
            let message = format!("exceeded limit of {limit} with {count} series");
            let error = Error::new(message, rule.expr.span);
            let at = steps.time(step);
            Failed::earliest(&mut failed, Failed { at, error });
        }
    }
    let mut results = writer.begin(store, steps);
    for (labels, points) in relabeled.columns {
        let present = points
            .iter()
            .enumerate()
            .filter(|(_, point)| point.is_present());
        results.series(labels, present);
    }
    if let Some(conflict) = results.finish() {
        Failed::earliest(&mut failed, conflict);
    }
    failed.map_or(Ok(()), Err)
}

/// Returns the labels of a recorded series.
fn labels(rule: &Recording, labels: &Labels) -> Labels {
    let own = rule
        .labels
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    labels
        .iter()
        .chain([(METRIC_NAME, rule.record.as_str())])
        .chain(own)
        .collect()
}
