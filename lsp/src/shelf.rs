//! What the compiler carries inside of itself and a person may want to open: the pages of the codes, and the
//! standard library. They are put into a folder that lives as long as the server.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use nthc::diagnostics::Code;
use tempfile::TempDir;

/// Files that are written when they are first asked for.
#[derive(Debug, Default)]
pub struct Shelf {
    folder: Option<TempDir>,
    written: HashMap<String, PathBuf>,
}

impl Shelf {
    /// A code's page.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn page(&mut self, code: &Code) -> io::Result<PathBuf> {
        self.put(&format!("{}.md", code.id), code.page)
    }

    /// A module of the standard library by its shown path, `std/http.nth`.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn module(&mut self, shown: &str, text: &str) -> io::Result<PathBuf> {
        self.put(shown, text)
    }

    /// Whether a file is one of these.
    pub fn holds(&self, path: &Path) -> bool {
        self.folder
            .as_ref()
            .is_some_and(|folder| path.starts_with(folder.path()))
    }

    fn put(&mut self, name: &str, text: &str) -> io::Result<PathBuf> {
        if let Some(path) = self.written.get(name) {
            return Ok(path.clone());
        }
        let path = self.folder()?.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        self.written.insert(name.to_owned(), path.clone());
        Ok(path)
    }

    fn folder(&mut self) -> io::Result<&Path> {
        if self.folder.is_none() {
            self.folder = Some(tempfile::Builder::new().prefix("nth-lsp-").tempdir()?);
        }
        self.folder
            .as_ref()
            .map(TempDir::path)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
