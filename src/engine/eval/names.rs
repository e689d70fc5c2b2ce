//! The removal of metrics' names.

use nth_promql::Span;

use crate::error::Error;
use crate::functions::{unite, without_metadata};
use crate::labels::Labels;
use crate::value::Series;

/// When a function or operator that changes what a series means removes its metric's name, type and unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameRemoval {
    /// At once, as in Prometheus by default.
    #[default]
    AtOnce,
    /// At the end of the evaluation, as with `--enable-feature=promql-delayed-name-removal`: expressions around the function
    /// can use the name.
    AtEnd,
}

impl NameRemoval {
    /// Removes the name of a series, or has it removed at the end.
    pub(crate) fn apply(self, series: &mut Series) {
        match self {
            Self::AtOnce => series.labels = without_metadata(&series.labels),
            Self::AtEnd => series.drops_name = true,
        }
    }

    /// Returns the metric's name that annotations of functions tell. Without delay, it is gone by then.
    pub(crate) fn told(self, labels: &Labels) -> &str {
        match self {
            Self::AtOnce => "",
            Self::AtEnd => labels.metric(),
        }
    }
}

/// Removes the names of a result that were to be removed at the end.
pub(super) fn finished(mut all: Vec<Series>, span: Span) -> Result<Vec<Series>, Error> {
    let mut any = false;
    for series in &mut all {
        if std::mem::take(&mut series.drops_name) {
            series.labels = without_metadata(&series.labels);
            any = true;
        }
    }
    if any { unite(all, span) } else { Ok(all) }
}
