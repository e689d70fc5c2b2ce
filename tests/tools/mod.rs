//! Finding the programs that read what nthc writes. `tests/tools/install` builds them.

#![allow(dead_code, reason = "each test needs some of it")]

use std::path::{Path, PathBuf};

/// Where a program is: in `target/tools/bin`, at the version pinned here, or else on the `PATH`.
///
/// Without it the test is skipped and says so; in CI, where everything must run, it fails.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(installed().join("bin"))
        .chain(std::env::split_paths(&path))
        .map(|folder| {
            folder
                .join(name)
                .with_extension(std::env::consts::EXE_EXTENSION)
        })
        .find(|program| program.is_file());
    if found.is_none() {
        skipped(name);
    }
    found
}

/// Where `tests/tools/install` puts what it builds.
pub fn installed() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    target.join("tools")
}

/// Says that a test is skipped for want of something; in CI, where everything must run, it fails.
pub fn skipped(name: &str) {
    let missing = format!("skipped, {name} not installed: run tests/tools/install");
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci.is_empty()),
        "{missing}"
    );
    eprintln!("{missing}");
}

/// Public data that is in no clone of this project and is read where it is; `None`, and said, where it is not there.
pub fn shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("NTH_SHARED_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"),
        PathBuf::from,
    );
    let found = shared.join(path);
    if !found.exists() {
        println!("skipped, ../shared/data not present");
        return None;
    }
    Some(found)
}
