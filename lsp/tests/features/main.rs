//! What editors get of the features, each tried on marked texts: see [`support`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod code_actions;
mod code_lens;
#[path = "../common/mod.rs"]
mod common;
mod completing;
mod completion;
mod completion_promql;
mod completion_values;
mod definition;
mod exclusions;
mod file_renames;
mod folding;
mod formatting;
mod generated;
mod harness;
mod hover;
mod inlay_hints;
mod manifest;
mod outside;
mod refactorings;
mod references;
mod rename;
mod selection;
mod semantic_tokens;
mod signature;
mod support;
mod symbols;
