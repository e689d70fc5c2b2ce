//! Files embedded in the compiler that a user may want to open: the pages of the codes, and the standard library.
//! They are written to a temporary folder that is removed when the server ends.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nthc::diagnostics::Code;
use tempfile::TempDir;

/// Writes embedded files on first use.
#[derive(Debug, Default)]
pub struct EmbeddedFiles {
    files: Mutex<WrittenFiles>,
}

#[derive(Debug, Default)]
struct WrittenFiles {
    folder: Option<TempDir>,
    /// True after [`EmbeddedFiles::clear`]: nothing is written any more.
    is_closed: bool,
    written: HashMap<String, PathBuf>,
}

impl EmbeddedFiles {
    /// The path of a code's page.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn page(&self, code: &Code) -> io::Result<PathBuf> {
        self.write(&format!("{}.md", code.id), code.page)
    }

    /// The path of a module of the standard library with this shown path, `std/http.nth`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn module(&self, shown: &str, text: &str) -> io::Result<PathBuf> {
        self.write(shown, text)
    }

    /// Writes a document, also if it was written before with another text.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn document(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.written.remove(name);
        drop(files);
        self.write(name, text)
    }

    /// True if a path is in the folder.
    pub fn holds(&self, path: &Path) -> bool {
        self.shown_path(path).is_some()
    }

    /// The shown path of a file in the folder: `std/http.nth`.
    pub fn shown_path(&self, path: &Path) -> Option<PathBuf> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = files.folder.as_ref()?;
        path.strip_prefix(folder.path()).ok().map(Path::to_path_buf)
    }

    /// Removes all files, and keeps further ones from being written.
    pub fn clear(&self) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.is_closed = true;
        files.written.clear();
        files.folder = None;
    }

    fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = files.written.get(name) {
            return Ok(path.clone());
        }
        let path = files.folder()?.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        files.written.insert(name.to_owned(), path.clone());
        Ok(path)
    }
}

impl WrittenFiles {
    fn folder(&mut self) -> io::Result<&Path> {
        if self.is_closed {
            return Err(io::ErrorKind::NotFound.into());
        }
        if self.folder.is_none() {
            self.folder = Some(tempfile::Builder::new().prefix("nth-lsp-").tempdir()?);
        }
        self.folder
            .as_ref()
            .map(TempDir::path)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}
