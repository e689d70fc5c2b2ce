//! The data of the preview page: SLOs, alerts, dependencies and dashboards of a project in one environment, and sample values
//! for them. Nothing here does I/O.

mod alerts;
mod model;
pub mod page;
mod sample;
mod values;

pub use alerts::{Alert, DetectionTime, State, alerts, detection_times};
pub use model::{BudgetAlert, Dependency, Model, Pair, Problems, Service, Slo, model};
pub use sample::{DashboardValues, Line, PanelValues, Samples};
pub use values::{OVERVIEW, PanelQuery, Series, panel_expression, series};
