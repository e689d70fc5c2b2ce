//! The Grafana target: what the examples make is what Grafana takes, and what an engineer would have drawn.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod blocks;
mod dashboards;
mod edits;
mod hostile;
mod layout;
mod linter;
mod linter_rules;
#[path = "../place/mod.rs"]
#[allow(dead_code)]
mod place;
#[path = "../tools/promql.rs"]
#[allow(dead_code)]
mod promql_tree;
mod queries;
#[path = "../tools/schemas.rs"]
#[allow(dead_code)]
mod schema_files;
mod schemas;
mod single;
#[path = "../tools/mod.rs"]
mod tools;
