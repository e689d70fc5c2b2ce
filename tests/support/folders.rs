//! Folders for tests.

#![allow(dead_code, reason = "each test file uses its own part")]

use std::fs;
use std::path::Path;

/// Copies a folder without build outputs and installed packages.
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
