//! From evaluated blocks to the model: what the language says becomes what a backend needs.

mod buckets;
mod calendar;
mod doubts;
mod gate;
mod panel;
mod service;
mod signal;
mod sli;

use std::sync::Arc;

use smol_str::SmolStr;

use buckets::Buckets;

use crate::db::{Diag, ItemKey, Workspace};
use crate::eval::instance;
use crate::ir;

/// A service's model and what is wrong with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lowered {
    /// The model; `None` where the block is too wrong to have one.
    pub service: Option<ir::Service>,
    /// What is wrong with it in this environment.
    pub diagnostics: Vec<Diag>,
}

/// The model of a service in an environment.
#[salsa::tracked(returns(ref))]
pub fn service_model(
    db: &dyn salsa::Database,
    workspace: Workspace,
    key: ItemKey,
    environment: Option<SmolStr>,
) -> Arc<Lowered> {
    let evaluated = instance(db, workspace, key, environment.clone());
    let mut diagnostics = evaluated.diagnostics.clone();
    let service = evaluated.instance.as_ref().and_then(|instance| {
        let surroundings = service::Surroundings {
            db,
            workspace,
            environment: environment.as_ref(),
            scrape_interval: workspace.scrape_interval(db),
            buckets: Buckets::of(db, workspace, environment.clone(), instance),
        };
        service::lower(instance, &surroundings, &mut diagnostics)
    });
    Arc::new(Lowered {
        service,
        diagnostics,
    })
}
