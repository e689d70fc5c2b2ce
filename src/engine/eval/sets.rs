//! The set operators `and`, `or` and `unless`.

use nth_promql::{BinaryOp, Matching, Span};
use rustc_hash::FxHashMap;

use super::matching::signature;
use crate::error::Error;
use crate::functions::unite;
use crate::labels::Labels;
use crate::value::{Point, Series};

/// Combines two vectors.
pub(super) fn combined(
    op: BinaryOp,
    left: Vec<Series>,
    right: Vec<Series>,
    matching: Option<&Matching>,
    span: Span,
) -> Result<Vec<Series>, Error> {
    if op == BinaryOp::Or {
        let known = presence(&left, matching);
        let others = filtered(right, &known, matching, false);
        return unite(left.into_iter().chain(others).collect(), span);
    }
    let known = presence(&right, matching);
    unite(filtered(left, &known, matching, op == BinaryOp::And), span)
}

/// Returns the steps at which any series with a signature has a sample.
fn presence(series: &[Series], matching: Option<&Matching>) -> FxHashMap<Labels, Vec<bool>> {
    let mut known: FxHashMap<Labels, Vec<bool>> =
        FxHashMap::with_capacity_and_hasher(series.len(), Default::default());
    for Series { labels, points, .. } in series {
        let present = known
            .entry(signature(labels, matching))
            .or_insert_with(|| vec![false; points.len()]);
        for (present, point) in present.iter_mut().zip(points) {
            *present |= point.is_present();
        }
    }
    known
}

/// Keeps samples at steps with another sample of the same signature, or at those without.
fn filtered(
    mut series: Vec<Series>,
    known: &FxHashMap<Labels, Vec<bool>>,
    matching: Option<&Matching>,
    keep: bool,
) -> Vec<Series> {
    series.retain_mut(|Series { labels, points, .. }| {
        let Some(present) = known.get(&signature(labels, matching)) else {
            return !keep;
        };
        for (point, present) in points.iter_mut().zip(present) {
            if *present != keep {
                *point = Point::Absent;
            }
        }
        true
    });
    series
}
