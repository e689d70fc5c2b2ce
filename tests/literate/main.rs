//! Literate tests: every Markdown file of `tests/suites` and every page of `docs/diagnostics`. How they are
//! written is in `tests/suites/README.md`.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod compiler;
mod example;
#[cfg(test)]
mod example_tests;
mod markdown;
mod runner;

use std::path::Path;

use nthc::diagnostics::codes::ALL;

use compiler::Nthc;
use example::Kind;
use runner::{Options, markdown_files, run};

fn passes(folder: &str, kind: Kind) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = markdown_files(&root.join(folder));
    assert!(!files.is_empty(), "{folder} has no tests");
    let code_of = |id: &str| ALL.iter().copied().find(|code| code.id == id);
    let told = run(
        root,
        &files,
        kind,
        &Nthc,
        &code_of,
        &Options::from_environment(),
    );
    assert!(told.is_empty(), "\n{told}");
}

#[test]
fn suites() {
    passes("tests/suites", Kind::Suite);
}

#[test]
fn pages_of_the_diagnostics() {
    passes("docs/diagnostics", Kind::Page);
}
