#![forbid(unsafe_code)]
#![doc = "The compiler of `.nth`."]

pub mod diagnostics;
pub mod promql;
pub mod syntax;
