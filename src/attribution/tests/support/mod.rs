//! Planted truth: services with a seed, whose guilty deployments are known, and what each method finds in them.

pub mod canaries;
pub mod draw;
pub mod incidents;
pub mod measure;
pub mod peers;
pub mod table;
pub mod world;
