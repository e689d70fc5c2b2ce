//! The project of all benchmarks, as the compiler has read it.

use std::path::Path;

use nthc::compile::Input;
use nthc::db::SourceFile;
use nthc::session::Session;

use crate::project;

/// Writes the project with this many services, and reads it. Paths are relative to its folder.
#[allow(dead_code, reason = "each benchmark uses its own part")]
pub fn input(services: usize) -> Input {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let shop = project::write(folder.path(), services).expect("the project is written");
    read(&shop)
}

/// Reads the project in a folder.
pub fn read(shop: &Path) -> Input {
    let loaded = nthc::project::load(shop, shop).expect("the project is read");
    assert!(loaded.diagnostics.is_empty(), "{:#?}", loaded.diagnostics);
    loaded.project.input(None)
}

/// Returns the file of a module.
///
/// # Panics
///
/// If there is no such module.
#[allow(dead_code, reason = "each benchmark uses its own part")]
pub fn file(session: &Session, module: &str) -> SourceFile {
    let mut files = session.files().iter().copied();
    files
        .find(|file| file.module(&session.db) == module)
        .expect("the module is there")
}
