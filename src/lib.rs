#![forbid(unsafe_code)]
#![doc = "The compiler of `.nth`: from one description of a service's reliability to everything that watches it."]

mod artifacts;
pub mod backends;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod compile;
pub mod db;
pub mod diagnostics;
pub mod eval;
pub mod import;
pub mod ir;
pub mod judge;
pub mod levels;
pub mod limits;
pub mod lower;
pub mod output;
pub mod partial;
pub mod policy;
pub mod preview;
pub mod project;
pub mod promql;
pub mod reference;
pub mod resolve;
pub mod schema;
pub mod session;
pub mod stack;
pub mod syntax;
