#![forbid(unsafe_code)]
//! The `nthc` command.
fn main() {}
