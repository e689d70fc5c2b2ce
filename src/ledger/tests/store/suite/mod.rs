//! Tests that every database has to pass.

pub mod records;
pub mod slices;
pub mod versions;
