//! A linter finds nothing in the pages.

use std::path::Path;

use crate::built::{self, Built};
use crate::node;

/// What the linter says of pages, by rules that a file of this folder has.
fn lint(folder: &Path, rules: &str) -> Option<(bool, String)> {
    let packages = node::packages()?;
    let program = packages.join("markdownlint-cli2/markdownlint-cli2-bin.mjs");
    let rules = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/docs")
        .join(format!("{rules}.markdownlint-cli2.jsonc"));
    let arguments = [
        program.to_str().unwrap(),
        "--config",
        rules.to_str().unwrap(),
        "**/*.md",
    ];
    let output = node::run(&arguments, "", |command| {
        command.current_dir(folder);
    })?;
    let told = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&told).into_owned(),
    ))
}

fn clean(built: &Built, rules: &str) {
    if let Some((is_clean, told)) = lint(built.folder(), rules) {
        assert!(is_clean, "{}: {told}", built.name);
        let files = format!("Linting: {} file(s)", built.pages().len());
        assert!(told.contains(&files), "{}: {told}", built.name);
    }
}

#[test]
fn the_examples_have_no_fault() {
    for built in built::examples() {
        clean(&built, "examples");
    }
}

#[test]
fn hostile_texts_make_none() {
    clean(&built::hostile(), "hostile");
}

#[test]
fn the_linter_finds_faults() {
    let folder = tempfile::tempdir().unwrap();
    let page = "# One\n\n[x](#nowhere)\n\n<b>x</b>\n\n# Two\n";
    std::fs::write(folder.path().join("page.md"), page).unwrap();
    if let Some((is_clean, told)) = lint(folder.path(), "hostile") {
        assert!(!is_clean);
        for rule in ["MD051", "MD033", "MD025"] {
            assert!(told.contains(rule), "{told}");
        }
    }
}
