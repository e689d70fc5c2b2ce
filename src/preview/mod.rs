//! What the preview shows: a project's objectives, alerts, dependencies and dashboards, for one environment, as the
//! page reads it. Nothing here does I/O.

mod model;
pub mod page;
mod values;

pub use model::{Alert, BudgetAlert, Dependency, Model, Pair, Problems, Service, Slo, model};
pub use values::{Asked, Series, expression, series};
