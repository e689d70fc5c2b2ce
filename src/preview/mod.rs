//! The data of the preview page: SLOs, alerts, dependencies and dashboards of a project in one environment. Nothing here
//! does I/O.

mod model;
pub mod page;
mod values;

pub use model::{Alert, BudgetAlert, Dependency, Model, Pair, Problems, Service, Slo, model};
pub use values::{PanelQuery, Series, panel_expression, series};
