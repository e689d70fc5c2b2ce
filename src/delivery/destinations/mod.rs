//! The destinations, one file or folder each.

pub mod alertmanager_api;
mod cortex;
pub mod ruler;
mod yaml;
