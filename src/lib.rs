#![forbid(unsafe_code)]
#![doc = "The compiler of `.nth`: from one description of a service's reliability to everything that watches it."]

mod artifacts;
pub mod backends;
pub mod catalogue;
pub mod check;
pub mod cli;
pub mod compile;
pub mod db;
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
pub mod reference;
pub mod resolve;
pub mod schema;
pub mod session;
pub mod stack;

pub use nth_promql as promql;
pub use nth_syntax as syntax;

/// Diagnostics, and how they are shown.
pub mod diagnostics {
    pub use nth_diagnostics::*;
    pub use nth_render as render;
}
