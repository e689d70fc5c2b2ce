//! The result of a query as series of points, and points of several series merged into one.

use nth_promql::Span;
use rustc_hash::FxHashMap;

use crate::error::Error;
use crate::labels::Labels;
use crate::value::{Evaluated, Point, Series};

/// Returns the series of a rule's result: a scalar is a series without labels.
pub(super) fn series_of(evaluated: Evaluated, span: Span) -> Result<Vec<Series>, Error> {
    match evaluated {
        Evaluated::Vector(series) => Ok(series),
        Evaluated::Scalar(values) => {
            let points = values.into_iter().map(Point::Float).collect();
            Ok(vec![Series::new(Labels::default(), points)])
        }
        Evaluated::String(_) => Err(not_a_vector(span)),
    }
}

/// The error of a rule with another type than instant vector or scalar.
pub(super) fn not_a_vector(span: Span) -> Error {
    Error::new("rule result is not a vector or scalar", span)
}

/// Series by the labels that a rule gives them, in the order in which they were added first.
#[derive(Debug)]
pub(super) struct Relabeled<T> {
    pub(super) columns: Vec<(Labels, T)>,
    places: FxHashMap<Labels, usize>,
}

impl<T> Default for Relabeled<T> {
    fn default() -> Self {
        Self {
            columns: Vec::new(),
            places: FxHashMap::default(),
        }
    }
}

impl<T> Relabeled<T> {
    /// Adds a column, or merges it into the one with equal labels.
    pub(super) fn add(&mut self, labels: Labels, column: T, merge: impl FnOnce(&mut T, T)) {
        let place = *self
            .places
            .entry(labels.clone())
            .or_insert(self.columns.len());
        match self.columns.get_mut(place) {
            Some((_, known)) => merge(known, column),
            None => self.columns.push((labels, column)),
        }
    }
}
