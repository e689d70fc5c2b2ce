//! Finds the programs that read nthc's output, most of which `tests/tools/install` builds, and public data.

#![allow(dead_code, reason = "each test needs some of it")]

use std::path::{Path, PathBuf};

/// Returns the path of a program that `tests/tools/install` builds: in `target/tools/bin`, with the version pinned there, or
/// else on the `PATH`.
///
/// Without it the test is skipped with a message; in CI, where everything must run, it fails.
pub fn find(name: &str) -> Option<PathBuf> {
    let found = locate(&[name]);
    if found.is_none() {
        report_uninstalled(name);
    }
    found
}

/// Returns the path of a system program with several names, such as one of a distribution. Without it the test is skipped as
/// by [`find`].
pub fn find_any(names: &[&str]) -> Option<PathBuf> {
    let found = locate(names);
    if found.is_none() {
        skip(&format!("{} not installed", names.join(" or ")));
    }
    found
}

/// Returns the path of a program, as [`find`] does, and reports nothing without it.
pub fn locate(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::iter::once(install_folder().join("bin"))
        .chain(std::env::split_paths(&path))
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .map(|program| program.with_extension(std::env::consts::EXE_EXTENSION))
        .find(|program| program.is_file())
}

/// Returns the folder where `tests/tools/install` puts its builds.
pub fn install_folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| workspace().join("target"), PathBuf::from);
    target.join("tools")
}

/// The root of the repository: the tests of packages in it use this file too.
fn workspace() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let has_tools = |folder: &&Path| folder.join("tests/tools/install").is_file();
    package
        .ancestors()
        .find(has_tools)
        .unwrap_or(package)
        .to_owned()
}

/// Reports that a test is skipped because `tests/tools/install` has not run; in CI, where everything must run, it fails.
pub fn report_uninstalled(name: &str) {
    skip(&format!("{name} not installed: run tests/tools/install"));
}

fn skip(why: &str) {
    let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    assert!(!is_ci, "skipped, {why}");
    println!("skipped, {why}");
}

/// Returns the path of public data outside of the repository. `None` if it does not exist, with a message.
pub fn find_shared(path: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("NTH_SHARED_DATA")
        .map_or_else(|| workspace().join("../shared/data"), PathBuf::from);
    let found = shared.join(path);
    if !found.exists() {
        println!("skipped, ../shared/data not present");
        return None;
    }
    Some(found)
}
