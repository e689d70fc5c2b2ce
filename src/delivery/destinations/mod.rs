//! The destinations, one file or folder each.

pub mod alertmanager;
mod files;
pub mod kubernetes;
mod ownership;
pub mod prometheus;
pub mod terraform;
