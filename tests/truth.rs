//! What the rules record and when their alerts fire, against what happened: `docs/truth.md`, made again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "tools/mod.rs"]
mod tools;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use similar::TextDiff;

/// The program that simulates and compares, with the programs that it asks; nothing where they are not installed.
fn truth() -> Option<Command> {
    let truth = tools::find("truth")?;
    let sloth = tools::find("sloth")?;
    let mut command = Command::new(truth);
    command
        .arg("-nthc")
        .arg(env!("CARGO_BIN_EXE_nthc"))
        .arg("-sloth")
        .arg(sloth)
        .arg("-shop")
        .arg(root().join("examples/shop"));
    Some(command)
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// Rules are evaluated one by one over all of the time there, which must give what Prometheus's rule manager gives.
#[test]
fn rules_are_evaluated_as_prometheus_does() {
    let Some(mut command) = truth() else { return };
    let output = command.arg("-verify").output().expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
}

/// Every bound of the page holds, and the page is what the command writes: of the other tools in each eighth row, since their
/// rules over the same samples change with their versions only.
#[test]
fn the_page_is_true() {
    let Some(mut command) = truth() else { return };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let page: PathBuf = folder.path().join("truth.md");
    let kept_page = root().join("docs/truth.md");
    let output = command
        .arg("-out")
        .arg(&page)
        .arg("-kept")
        .arg(&kept_page)
        .output()
        .expect("it runs");
    assert!(output.status.success(), "{}", said(&output));
    let written = fs::read_to_string(page).expect("the page is written");
    let kept = fs::read_to_string(kept_page).expect("the page is kept");
    let diff = TextDiff::from_lines(&kept, &written);
    assert!(
        kept == written,
        "docs/truth.md is not what tests/truth/run writes:\n{}",
        diff.unified_diff().context_radius(0)
    );
}
