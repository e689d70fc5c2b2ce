//! What editors get of the features, each tried on marked texts: see [`support`].

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;
mod definition;
mod harness;
mod references;
mod rename;
mod support;
mod symbols;
