#![forbid(unsafe_code)]
#![doc = "The compiler of `.nth`: from one description of a service's reliability to everything that watches it."]

mod artifacts;
pub mod backtest;
pub mod codes;
pub mod comparison;
pub mod compile;
pub mod detection;
mod hash;
pub mod import;
pub mod output;
pub mod partial;
pub mod parts;
pub mod preview;
pub mod project;
pub mod reference;
mod regular;
#[cfg(test)]
mod selectors_tests;
pub mod testing;
pub mod user_cache;
mod yaml;

pub use nth_analysis::{
    check, db, environment, eval, limits, lower, resolve, schema, session, stack, suppressions,
};
pub use nth_diff as diff;
pub use nth_model as ir;
pub use nth_policy as policy;
pub use nth_promql as promql;
pub use nth_syntax as syntax;
pub use nth_targets as backends;

/// Diagnostics and their output formats.
pub mod diagnostics {
    pub use crate::codes;
    pub use nth_diagnostics::*;
    pub use nth_render as render;
}

/// The metric catalog, and its use by a project.
pub mod catalogue {
    pub use nth_analysis::coverage::{
        BlockCoverage, Coverage, EnvironmentCoverage, ErrorCoverage, MetricCoverage, MetricState,
        RequiredSelectors, ServiceCoverage, Share, SignalCoverage, SignalState, TechnologyCoverage,
        coverage, required_errors, required_selectors,
    };
    pub use nth_analysis::eval::metrics::{
        MetricIndex, MetricPresence, block_labels, environment_labels, metrics_under,
        named_selectors,
    };
    pub use nth_metrics::*;
}
