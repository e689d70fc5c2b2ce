#![forbid(unsafe_code)]
#![doc = "The compiler of `.nth`."]

pub mod cli;
pub mod compile;
pub mod diagnostics;
pub mod ir;
pub mod output;
pub mod project;
pub mod promql;
pub mod syntax;
