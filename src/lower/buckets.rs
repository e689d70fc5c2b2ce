//! How targets write the bounds of a histogram's buckets, as far as the metric catalogue has it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use smol_str::SmolStr;

use crate::catalogue::check::{Bounds, family, read_under};
use crate::catalogue::{
    anything_known, base_name, block_labels, environment_labels, metrics_under, selector_of,
};
use crate::db::Workspace;
use crate::eval::Instance;
use crate::promql::{Expr, Node};

/// The bounds of the histograms that a service's objectives read.
pub(super) struct Buckets<'db> {
    db: &'db dyn salsa::Database,
    workspace: Workspace,
    environment: Option<SmolStr>,
    /// The labels of the service's series; `None` where there is no catalogue.
    measured: Option<BTreeMap<String, String>>,
}

impl<'db> Buckets<'db> {
    pub(super) fn of(
        db: &'db dyn salsa::Database,
        workspace: Workspace,
        environment: Option<SmolStr>,
        service: &Instance,
    ) -> Self {
        let measured = anything_known(db, workspace).then(|| {
            let mut labels = environment_labels(db, workspace, environment.as_deref());
            labels.extend(block_labels(service));
            labels
        });
        Self {
            db,
            workspace,
            environment,
            measured,
        }
    }

    /// How targets write the bound of that value: in several ways, if they differ; in none, if that is not known.
    pub(super) fn texts(&self, histogram: &Expr, limit: Decimal) -> Vec<&'db str> {
        let (Some(measured), Node::Selector(selector)) =
            (&self.measured, &histogram.unparenthesised().node)
        else {
            return Vec::new();
        };
        let (Some(labels), Some(name)) = (read_under(measured, selector), &selector.metric) else {
            return Vec::new();
        };
        let known = metrics_under(
            self.db,
            self.workspace,
            self.environment.clone(),
            selector_of(&labels),
        );
        match family(known, base_name(&name.text)) {
            // What is declared is a number; how it is written the target decides.
            Some((_, metric, true)) => Bounds::of(metric).texts(limit),
            _ => Vec::new(),
        }
    }
}
