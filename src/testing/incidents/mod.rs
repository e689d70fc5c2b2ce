//! Incidents in which a changed service may behave differently: what happens, chosen by what is changed, as text of the
//! language and as the model of a test.
//!
//! Mutation testing searches them for tests that notice a change, and the comparison of two versions for what shows one.

mod alert;
mod gate;
mod given;
mod groups;
mod model;
mod number;
mod scope;
mod service;
mod slo;
#[cfg(test)]
mod tests;
mod text;

pub use alert::{limits, of_alert};
pub use gate::of_gate;
pub use given::{Beginning, FROM, Happening, Incident, When};
pub use groups::of_groups;
pub use model::test;
pub use number::{constant, rounded};
pub use scope::Scope;
pub use service::of_service;
pub use slo::{Aspects, budget_left, errors, of_slo, quiet, traffic};
pub use text::{fields, group, statement};
