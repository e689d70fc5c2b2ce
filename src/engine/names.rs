//! The labels that name and describe a metric, and when functions remove them.

use crate::labels::{Labels, METRIC_NAME};
use crate::value::Series;

/// True for the labels that describe a metric: its name, type and unit.
pub(crate) fn is_metadata(label: &str) -> bool {
    matches!(label, METRIC_NAME | "__type__" | "__unit__")
}

/// Returns the labels without those that describe the metric; see [`is_metadata`].
pub(crate) fn without_metadata(labels: &Labels) -> Labels {
    labels.filter(|name| !is_metadata(name))
}

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

    /// Returns the metric's name for the annotations of functions; `""` where it is removed before.
    pub(crate) fn metric(self, labels: &Labels) -> &str {
        match self {
            Self::AtOnce => "",
            Self::AtEnd => labels.metric(),
        }
    }
}
