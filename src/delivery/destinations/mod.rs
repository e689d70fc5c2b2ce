//! The destinations, one file or folder each.

pub mod alertmanager;
pub mod alertmanager_api;
mod cortex;
mod files;
pub mod grafana;
pub mod kubernetes;
mod ownership;
pub mod prometheus;
mod recorded;
pub mod ruler;
pub mod secret_files;
pub mod terraform;
mod yaml;
