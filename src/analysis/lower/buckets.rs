//! The `le` values of histogram buckets as the targets expose them, from the metric catalog.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::db::Workspace;
use crate::eval::Instance;
use crate::eval::metrics::{block_labels, environment_labels, has_known_metrics, metrics_under};
use nth_metrics::check::{Bounds, family, read_under};
use nth_metrics::unit::{HistogramUnit, histogram_unit};
use nth_metrics::{CHURNING, Known, Lookup, MOST_VALUES, base_name, name_of, selector_of};
use nth_model::DurationUnit;
use nth_promql::{Expr, LabelMatchers, Node};

/// How many values a label has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LabelValues {
    /// So many.
    Listed(usize),
    /// More than so many, which the catalog does not list.
    More(usize),
}

/// Bucket bounds and units of the histograms that a service's objectives use.
pub(super) struct Buckets<'db> {
    db: &'db dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    /// The labels of the service's series; `None` without known metrics.
    measured: Option<LabelMatchers>,
}

impl<'db> Buckets<'db> {
    pub(super) fn new(
        db: &'db dyn salsa::Database,
        workspace: Workspace,
        environment: Option<SmolStr>,
        service: &Instance,
    ) -> Self {
        let measured = has_known_metrics(db, workspace).then(|| {
            let mut labels = environment_labels(db, workspace, environment.as_deref());
            labels.replace(block_labels(service));
            labels
        });
        Self {
            db,
            workspace,
            environment,
            measured,
        }
    }

    /// Returns the `le` values that targets use for a bound: several if targets differ, none if unknown.
    pub(super) fn texts(&self, histogram: &Expr, limit: Decimal) -> Vec<&'db str> {
        let Some((known, name)) = self.metrics(histogram) else {
            return Vec::new();
        };
        match family(known, base_name(name)) {
            // A declared bound is only a number: its notation depends on the target.
            Some((_, metric, true)) => Bounds::new(metric).texts(limit),
            _ => Vec::new(),
        }
    }

    /// Returns the unit of a histogram's values. `field` is the unit that the SLI sets.
    pub(super) fn unit<'t>(
        &self,
        histogram: &'t Expr,
        field: Option<DurationUnit>,
    ) -> HistogramUnit<'t>
    where
        'db: 't,
    {
        let name = match &histogram.unparenthesised().node {
            Node::Selector(selector) => name_of(selector).unwrap_or_default(),
            _ => "",
        };
        histogram_unit(self.metrics(histogram).map(|(known, _)| known), name, field)
    }

    /// Returns how many values a label of a selector's metric has, as far as the catalog knows: at least as many exist.
    pub(super) fn label_values(&self, series: &Expr, label: &str) -> Option<LabelValues> {
        let (known, name) = self.metrics(series)?;
        let Lookup::Found(part) = known.metric(name) else {
            return None;
        };
        match part.metric.values.get(label) {
            Some(values) => Some(LabelValues::Listed(values.len())),
            None if part.metric.labels.contains(label) && !CHURNING.contains(&label) => {
                let measured = self.measured.as_ref()?;
                (!measured.contains(label)).then_some(LabelValues::More(MOST_VALUES))
            }
            None => None,
        }
    }

    /// Returns the metrics under a histogram's selector, and the histogram's name.
    fn metrics<'t>(&self, histogram: &'t Expr) -> Option<(&'db Known, &'t str)> {
        let (Some(measured), Node::Selector(selector)) =
            (&self.measured, &histogram.unparenthesised().node)
        else {
            return None;
        };
        let name = selector.metric.as_ref()?.text.as_str();
        let under = match read_under(measured, selector) {
            Some(labels) => selector_of(&labels),
            // Declared metrics exist under every selector.
            None => String::new(),
        };
        let known = metrics_under(self.db, self.workspace, self.environment.clone(), under);
        Some((known, name))
    }
}
