//! Programs that read or draw what nthc makes.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::env;
use std::path::PathBuf;

/// Where a program is. Where it is not installed, a test says so and ends; a build server must have it.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    if found.is_none() {
        assert!(env::var_os("CI").is_none(), "{name} is not installed");
        println!("skipped, {name} not installed");
    }
    found
}
