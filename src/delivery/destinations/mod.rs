//! The destinations, one file or folder each.

pub mod terraform;
