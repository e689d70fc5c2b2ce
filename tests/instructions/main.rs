//! How many instructions fixed work takes: a change that needs more than [`TOLERANCE`] more, or less, must say so in
//! `expected.toml`, which `tests/instructions/renew` writes.
//!
//! Callgrind counts them, in programs that `.ci/profile.toml` builds, so that the counts do not depend on the speed of the machine
//! or on what else runs there. Only the instructions of the program itself count: those of the C library depend on its
//! version and on the processor.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod callgrind;
mod expected;
#[path = "../../benches/support/loaded.rs"]
mod loaded;
#[path = "../../benches/support/project.rs"]
mod project;
#[path = "../tools/mod.rs"]
mod tools;
mod workloads;

use std::fs;
use std::path::Path;

use callgrind::Callgrind;
use expected::Expected;

/// How much a count may differ from the expected one.
const TOLERANCE: f64 = 0.05;

/// The profile that the expected counts are of.
const PROFILE: &str = ".ci/profile.toml";

#[test]
fn fixed_work_takes_as_many_instructions_as_before() {
    let is_known = cfg!(all(target_os = "linux", target_arch = "x86_64"));
    if !is_known || std::env::var_os("NTH_TEST_CONFIG").is_none_or(|config| config != PROFILE) {
        println!(
            "skipped, the counts are those of x86-64 Linux and {PROFILE}: run tests/instructions/renew"
        );
        return;
    }
    let Some(callgrind) = Callgrind::find() else {
        return;
    };
    let counts = workloads::count(&callgrind);
    let found = Expected::new(counts);
    println!("{found}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instructions/expected.toml");
    if std::env::var_os("NTH_BLESS").is_some() {
        fs::write(path, found.to_string()).unwrap();
        return;
    }
    let expected = Expected::read(&fs::read_to_string(path).unwrap());
    let faults = expected.compare(&found, TOLERANCE);
    assert!(
        faults.is_empty(),
        "{}\n\nIf that is meant, write the new counts with tests/instructions/renew, and say in the commit why. If it is not, \
         `callgrind_annotate` shows which functions count: see CONTRIBUTING.md.",
        faults.join("\n")
    );
}

/// Work that is counted, not a test: edits of the project in the folder `NTH_EDITS`.
#[test]
#[ignore = "started by the test above, below Callgrind"]
fn edits() {
    workloads::edit();
}
