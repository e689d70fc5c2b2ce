//! Aggregations that choose series: `topk`, `bottomk`, `limitk` and `limit_ratio`.

use nth_promql::Span;

use super::hash::share;
use super::{Group, ignore_histogram};
use crate::annotations::Annotations;
use crate::error::Error;
use crate::histogram::number::Shortest;
use crate::value::{Point, Series, Steps};

/// How to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Top,
    Bottom,
    Limit,
    Ratio,
}

impl Kind {
    /// Returns the kind of an aggregation; `None` for one that does not choose series.
    pub(super) fn of(op: &str) -> Option<Self> {
        Some(match op {
            "topk" => Self::Top,
            "bottomk" => Self::Bottom,
            "limitk" => Self::Limit,
            "limit_ratio" => Self::Ratio,
            _ => return None,
        })
    }
}

/// Chooses series of each group at each step. At a single step, they are in the order of their values.
pub(super) fn chosen(
    kind: Kind,
    mut series: Vec<Series>,
    groups: &[Group],
    params: &[f64],
    steps: Steps,
    span: Span,
    annotations: &mut Annotations,
) -> Result<Vec<Series>, Error> {
    if check(kind, params, span, annotations)?.is_none() {
        return Ok(Vec::new());
    }
    let total = series.len();
    let mut kept = vec![vec![false; steps.count()]; total];
    let mut order = Vec::new();
    for group in groups {
        let members: Vec<(usize, &Series)> = group
            .members
            .iter()
            .filter_map(|index| Some((*index, series.get(*index)?)))
            .collect();
        for (step, param) in (0..steps.count()).zip(params) {
            let of_step = of_step(kind, &members, step, *param, total, annotations);
            for index in of_step {
                if let Some(kept) = kept.get_mut(index).and_then(|kept| kept.get_mut(step)) {
                    *kept = true;
                }
                order.push(index);
            }
        }
    }
    for (series, kept) in series.iter_mut().zip(&kept) {
        for (point, kept) in series.points.iter_mut().zip(kept) {
            if !kept {
                *point = Point::Absent;
            }
        }
    }
    if steps.count() == 1 {
        let mut slots: Vec<Option<Series>> = series.into_iter().map(Some).collect();
        let taken = order
            .into_iter()
            .filter_map(|index| slots.get_mut(index)?.take());
        return Ok(taken.collect());
    }
    series.retain(|series| series.points.iter().any(Point::is_present));
    Ok(series)
}

/// Checks the parameters of all steps. Returns `None` if nothing is chosen at any step.
fn check(
    kind: Kind,
    params: &[f64],
    span: Span,
    annotations: &mut Annotations,
) -> Result<Option<()>, Error> {
    let has_nan = params.iter().any(|param| param.is_nan());
    let most = params.iter().copied().fold(f64::MIN, f64::max);
    let least = params.iter().copied().fold(f64::MAX, f64::min);
    if kind == Kind::Ratio {
        if has_nan {
            return Err(Error::new("Ratio value is NaN", span));
        }
        if most == 0.0 && least == 0.0 {
            return Ok(None);
        }
        for (value, limit) in [(most, 1.0), (least, -1.0)] {
            if value / limit > 1.0 {
                annotations.warn(format_args!(
                    "ratio value should be between -1 and 1, got {}, capping to {}",
                    Shortest(value),
                    Shortest(limit)
                ));
            }
        }
        return Ok(Some(()));
    }
    if has_nan {
        return Err(Error::new("Parameter value is NaN", span));
    }
    if most < 1.0 {
        return Ok(None);
    }
    if least <= i64::MIN as f64 {
        let message = format!("Scalar value {} underflows int64", Shortest(least));
        return Err(Error::new(message, span));
    }
    if most >= i64::MAX as f64 {
        let message = format!("Scalar value {} overflows int64", Shortest(most));
        return Err(Error::new(message, span));
    }
    Ok(Some(()))
}

/// Returns the indices of the series that are chosen at a step.
fn of_step(
    kind: Kind,
    members: &[(usize, &Series)],
    step: usize,
    param: f64,
    total: usize,
    annotations: &mut Annotations,
) -> Vec<usize> {
    let present = members.iter().filter_map(|(index, series)| {
        let point = series.points.get(step).filter(|point| point.is_present())?;
        Some((*index, *series, point))
    });
    if kind == Kind::Ratio {
        let ratio = param.clamp(-1.0, 1.0);
        return present
            .filter(|(_, series, _)| is_in_ratio(ratio, share(&series.labels)))
            .map(|(index, ..)| index)
            .collect();
    }
    if param < 1.0 {
        return Vec::new();
    }
    // Casting truncates, as in Go; the bounds were checked.
    let limit = (param as usize).min(total);
    if kind == Kind::Limit {
        return present.take(limit).map(|(index, ..)| index).collect();
    }
    let mut heap = Heap {
        items: Vec::new(),
        is_top: kind == Kind::Top,
        limit,
    };
    for (index, _, point) in present {
        match point {
            Point::Float(value) => heap.offer(index, *value),
            _ => ignore_histogram(if heap.is_top { "topk" } else { "bottomk" }, annotations),
        }
    }
    heap.into_sorted()
}

fn is_in_ratio(ratio: f64, share: f64) -> bool {
    if ratio >= 0.0 {
        share < ratio
    } else {
        share >= 1.0 + ratio
    }
}

/// The best values so far, with the worst of them first. The same heap as in Go, so that the same of several equal values
/// are chosen.
struct Heap {
    items: Vec<(usize, f64)>,
    is_top: bool,
    limit: usize,
}

impl Heap {
    fn is_worse(&self, left: f64, right: f64) -> bool {
        left.is_nan()
            || if self.is_top {
                left < right
            } else {
                left > right
            }
    }

    fn offer(&mut self, index: usize, value: f64) {
        if self.items.len() < self.limit {
            self.items.push((index, value));
            self.sift_up();
            return;
        }
        let Some(worst) = self.items.first_mut() else {
            return;
        };
        let beats = if self.is_top {
            worst.1 < value
        } else {
            worst.1 > value
        };
        if beats || (worst.1.is_nan() && !value.is_nan()) {
            *worst = (index, value);
            self.sift_down();
        }
    }

    fn is_worse_at(&self, left: usize, right: usize) -> bool {
        match (self.items.get(left), self.items.get(right)) {
            (Some(left), Some(right)) => self.is_worse(left.1, right.1),
            _ => false,
        }
    }

    fn sift_up(&mut self) {
        let mut child = self.items.len().saturating_sub(1);
        while child > 0 {
            let parent = (child - 1) / 2;
            if !self.is_worse_at(child, parent) {
                break;
            }
            self.items.swap(child, parent);
            child = parent;
        }
    }

    fn sift_down(&mut self) {
        let mut parent = 0;
        loop {
            let left = 2 * parent + 1;
            if left >= self.items.len() {
                break;
            }
            let right = left + 1;
            let worst = if right < self.items.len() && self.is_worse_at(right, left) {
                right
            } else {
                left
            };
            if !self.is_worse_at(worst, parent) {
                break;
            }
            self.items.swap(parent, worst);
            parent = worst;
        }
    }

    /// Returns the indices, the best first. NaN is last.
    fn into_sorted(mut self) -> Vec<usize> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let is_top = self.is_top;
        self.items
            .sort_by(|left, right| match (left.1.is_nan(), right.1.is_nan()) {
                (true, true) => Equal,
                (true, false) => Greater,
                (false, true) => Less,
                (false, false) => {
                    let ascending = left.1.partial_cmp(&right.1).unwrap_or(Equal);
                    if is_top {
                        ascending.reverse()
                    } else {
                        ascending
                    }
                }
            });
        self.items.into_iter().map(|(index, _)| index).collect()
    }
}
