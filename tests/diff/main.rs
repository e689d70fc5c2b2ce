//! Two versions of a project, and what changes between them: pairs of `pairs.md` in memory, and the command from end to end.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod against_build;
mod command;
mod history;
#[path = "../literate/markdown.rs"]
mod markdown;
#[allow(dead_code)]
#[path = "../backtest/history.rs"]
mod month;
mod pairs;
#[allow(dead_code)]
#[path = "../place/mod.rs"]
mod place;
#[path = "../support/mod.rs"]
mod support;
