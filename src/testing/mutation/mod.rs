//! Mutation testing: which changes of alerts, objectives, gates and routes no test notices.
//!
//! Mutants are made on the model. The series of a test remain those of the project without the change, so that a mutant cannot
//! adapt the incident to itself. A mutant that survives is shown with a test that would notice it, if one is found.

mod alert;
mod all;
mod gate;
mod incidents;
mod killer;
mod mutant;
mod mutator;
mod observed;
mod places;
mod query;
mod route;
mod run;
mod search;
mod slo;
mod suite;
mod texts;
mod variant;
mod view;

pub use killer::Killer;
pub use mutant::{Fate, MutantResult, MutationKind};
pub use run::{FailingTest, KindScore, MutationReport, mutate};
