//! Programs of other people that tests run.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs;
use std::path::{Path, PathBuf};

/// Where a program is on the `PATH`. Where it is not, the test says so and ends; a build server must have it.
pub fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| {
            folder
                .join(name)
                .with_extension(std::env::consts::EXE_EXTENSION)
        })
        .find(|program| program.is_file());
    if found.is_none() {
        skip(name);
    }
    found
}

/// Says that a test is skipped for want of a program; fails on a build server, where everything must run.
pub fn skip(name: &str) {
    let missing = format!("skipped, {name} not installed");
    let is_ci = std::env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    assert!(!is_ci, "{missing}");
    println!("{missing}");
}

/// The folder of the repository.
pub fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the server is a folder of the repository")
        .to_owned()
}

/// Copies a folder, but not what a build has put into it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder that can be read") {
        let entry = entry.expect("an entry");
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if !source.is_dir() {
            fs::copy(&source, &target).expect("a copy");
        } else if entry.file_name() != "build" && entry.file_name() != "node_modules" {
            copy(&source, &target);
        }
    }
}
