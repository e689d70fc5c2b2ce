#![forbid(unsafe_code)]
#![doc = "The compiler of `.nth`."]

pub mod backends;
pub mod diagnostics;
pub mod ir;
pub mod promql;
