//! The files of pages that commands write with `--html`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::Context;
use super::exit::Failure;
use nthc::output::{check_regular, replace_file};
use nthc::project::{io_cause, paths};

/// A file that is written after each run.
pub struct PageFile {
    path: PathBuf,
    /// The path as it is shown.
    shown: String,
}

impl PageFile {
    /// Selects a file: a new one, or one that an earlier run of the command `generator` wrote.
    ///
    /// # Errors
    ///
    /// If it is standard output, there is something else in its place, or its folder does not exist.
    pub fn new(path: &Path, generator: &str, context: &Context) -> Result<Self, Failure> {
        if path == Path::new("-") {
            return Err(Failure::usage("cannot write the page to standard output")
                .help("use a file: `--html report.html`"));
        }
        let path = paths::absolute(path, &context.cwd);
        let shown = paths::display(&path, &context.cwd);
        let folder = path.parent().unwrap_or(Path::new("."));
        if !folder.is_dir() {
            let folder = paths::display(folder, &context.cwd);
            return Err(
                Failure::io(format!("cannot write {shown}: no directory {folder}"))
                    .help("create it, or use another file with `--html`"),
            );
        }
        let unusable = |cause: &std::io::Error| {
            Failure::io(format!("cannot write {shown}: {}", io_cause(cause)))
        };
        let is_there = check_regular(&path).map_err(|cause| unusable(&cause))?;
        if is_there.is_some() {
            let mut bytes = Vec::new();
            File::open(&path)
                .and_then(|file| file.take(LOOKED_AT).read_to_end(&mut bytes))
                .map_err(|cause| unusable(&cause))?;
            if !bytes.is_empty() && !is_page(&bytes, generator) {
                return Err(Failure::usage(format!(
                    "{shown} exists and is not a page of `{generator}`"
                ))
                .help("use another file with `--html`, or remove it; nothing was written"));
            }
        }
        Ok(Self { path, shown })
    }

    /// Writes the page.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn write(&self, page: &str) -> Result<(), Failure> {
        replace_file(&self.path, page.as_bytes()).map_err(|cause| {
            Failure::io(format!("cannot write {}: {}", self.shown, io_cause(&cause)))
        })
    }

    /// The path as it is shown.
    pub fn shown(&self) -> &str {
        &self.shown
    }
}

/// How much of a file is read to recognize a page, in bytes.
const LOOKED_AT: u64 = 512;

/// Returns whether a text begins as a page of an earlier run does.
fn is_page(start: &[u8], generator: &str) -> bool {
    let generator = format!("<meta name=\"generator\" content=\"{generator}\">");
    String::from_utf8_lossy(start).contains(&generator)
}
