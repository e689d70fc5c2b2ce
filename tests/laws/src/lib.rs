#![forbid(unsafe_code)]
#![doc = "What holds for every input. Each law is a function of bytes that panics where it is broken, so that a fuzzer can look for"]
#![doc = "bytes that break it (`fuzz/`), and what it once found is tried in every run of the tests (`tests/laws/findings`)."]
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
