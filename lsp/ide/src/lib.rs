//! What an editor shows of `.nth`.

pub mod cursor;
pub mod features;
pub mod files;
pub mod findings;
pub mod navigation;
pub mod nodes;
pub mod position;
pub mod project;
mod promql_spans;
pub mod view;
pub mod wanted;
