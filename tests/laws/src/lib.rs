#![forbid(unsafe_code)]
#![doc = "Properties of the compiler and its server that hold for every input. Each law is a function of bytes that panics"]
#![doc = "if they break it, so that a fuzzer can search for such bytes (`fuzz/`). Every run of the tests also tries earlier"]
#![doc = "findings (`tests/laws/findings`)."]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a broken law ends in a panic"
)]

pub mod answer;
pub mod catalogue;
pub mod import;
pub mod manifest;
pub mod project;
pub mod promql;
pub mod record;
pub mod rendered;
pub mod server;
pub mod syntax;

/// A law: it panics if the bytes break it.
pub type Law = fn(&[u8]);

/// Every law with the name of its fuzz target, which is also that of its folder of findings.
pub const LAWS: [(&str, Law); 10] = [
    ("answer", answer::holds),
    ("catalogue", catalogue::holds),
    ("import", import::holds),
    ("manifest", manifest::holds),
    ("project", project::holds),
    ("project-damaged", project::holds_damaged),
    ("promql", promql::holds),
    ("record", record::holds),
    ("server", server::holds),
    ("syntax", syntax::holds),
];
