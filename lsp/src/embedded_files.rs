//! What the compiler carries inside of itself and a person may want to open: the pages of the codes, and the
//! standard library. They are put into a folder that lives as long as the server.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use nthc::diagnostics::Code;
use tempfile::TempDir;

/// Files that are written when they are first asked for.
#[derive(Debug, Default)]
pub struct EmbeddedFiles {
    kept: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    folder: Option<TempDir>,
    /// Nothing is put here any more.
    is_closed: bool,
    written: HashMap<String, PathBuf>,
}

impl EmbeddedFiles {
    /// A code's page.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn page(&self, code: &Code) -> io::Result<PathBuf> {
        self.put(&format!("{}.md", code.id), code.page)
    }

    /// A module of the standard library by its shown path, `std/http.nth`.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn module(&self, shown: &str, text: &str) -> io::Result<PathBuf> {
        self.put(shown, text)
    }

    /// A document that may have another text each time.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn document(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.written.remove(name);
        drop(kept);
        self.put(name, text)
    }

    /// Whether a file is one of these.
    pub fn holds(&self, path: &Path) -> bool {
        self.shown_path(path).is_some()
    }

    /// The shown path of a file that is one of these: `std/http.nth`.
    pub fn shown_path(&self, path: &Path) -> Option<PathBuf> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = kept.folder.as_ref()?;
        path.strip_prefix(folder.path()).ok().map(Path::to_path_buf)
    }

    /// Takes everything away, for good.
    pub fn clear(&self) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.is_closed = true;
        kept.written.clear();
        kept.folder = None;
    }

    fn put(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = kept.written.get(name) {
            return Ok(path.clone());
        }
        let path = kept.folder()?.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(&path, text)?;
        kept.written.insert(name.to_owned(), path.clone());
        Ok(path)
    }
}

impl Written {
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
