//! Literate tests: every Markdown file of `tests/suites` and every page of `docs/diagnostics`. How they are
//! written is in `tests/suites/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod example;
#[cfg(test)]
mod example_tests;
mod markdown;
mod runner;
