//! What editors get of the features, each tried on marked texts: see [`support`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod code_actions;
#[path = "../common/mod.rs"]
mod common;
mod definition;
mod folding;
mod formatting;
mod harness;
mod refactorings;
mod references;
mod rename;
mod selection;
mod support;
mod symbols;
