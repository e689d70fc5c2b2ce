//! The sources of the last build, kept in the output folder if the project asks for it, to compare later ones with them where there
//! is no version control.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::record::Unreadable;
use crate::limits;
use crate::project::read_file_at_most;
use crate::regular::{self, replace_file};

/// The file name.
pub const SOURCES: &str = ".nthc-sources.json";

/// The version of the format.
const VERSION: u32 = 1;

/// The sources of a build: all texts that it read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuiltSources {
    /// A description of the file for readers.
    about: String,
    /// The version of the format.
    version: u32,
    /// The folder of the project, with `/`, relative to the folder that contains all files; empty if it is that.
    root: String,
    /// The texts by path, relative to the folder that contains all of them, with `/`.
    files: BTreeMap<String, String>,
}

impl BuiltSources {
    /// Takes the texts of a project in `root`, by their absolute paths. Packages may be outside of it. `None` if the files have no
    /// folder in common, as on two drives.
    pub fn new<'t>(
        root: &Path,
        files: impl IntoIterator<Item = (PathBuf, &'t str)>,
    ) -> Option<Self> {
        let files: Vec<(PathBuf, &str)> = files.into_iter().collect();
        let mut top = root.to_path_buf();
        while !files.iter().all(|(path, _)| path.starts_with(&top)) {
            if !top.pop() {
                return None;
            }
        }
        let relative = |path: &Path| -> Option<String> {
            let parts = path.strip_prefix(&top).ok()?.components();
            let parts: Vec<String> = parts
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            Some(parts.join("/"))
        };
        Some(Self {
            about: "The sources of the last build, for `nthc diff --against-build`.".to_owned(),
            version: VERSION,
            root: relative(root)?,
            files: files
                .iter()
                .map(|(path, text)| Some((relative(path)?, (*text).to_owned())))
                .collect::<Option<_>>()?,
        })
    }

    /// Writes the file into an output folder.
    ///
    /// # Errors
    ///
    /// If the file system fails, or there is something else in its place.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(io::Error::other)?;
        replace_file(&folder.join(SOURCES), (text + "\n").as_bytes())
    }

    /// Reads the file of an output folder; `None` if there is none.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not such a file.
    pub fn read(folder: &Path) -> Result<Option<Self>, Unreadable> {
        let path = folder.join(SOURCES);
        match regular::check(&path) {
            Ok(None) => return Ok(None),
            Ok(Some(_)) => {}
            Err(cause) if cause.kind() == io::ErrorKind::NotADirectory => return Ok(None),
            Err(cause) => return Err(Unreadable::Io(cause)),
        }
        let bytes = read_file_at_most(&path, limits::LOCK_BYTES).map_err(Unreadable::Io)?;
        let read: Self = serde_json::from_slice(&bytes)
            .map_err(|error| Unreadable::Malformed(error.to_string()))?;
        if read.version != VERSION {
            return Err(Unreadable::Malformed(format!(
                "version {} of the format is unknown",
                read.version
            )));
        }
        let outside = {
            let mut paths = read.files.keys().chain([&read.root]);
            paths.find(|path| !is_below(path)).cloned()
        };
        match outside {
            Some(path) => Err(Unreadable::Malformed(format!(
                "{path:?} is not a path below a folder"
            ))),
            None => Ok(Some(read)),
        }
    }

    /// Writes the sources into an empty folder, and returns the folder of the project in it.
    ///
    /// # Errors
    ///
    /// If the file system fails.
    pub fn unpack(&self, folder: &Path) -> io::Result<PathBuf> {
        for (path, text) in &self.files {
            let path = folder.join(path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(path, text)?;
        }
        Ok(folder.join(&self.root))
    }
}

/// Returns whether a path stays in the folder that it is joined to.
fn is_below(path: &str) -> bool {
    !path.contains('\\')
        && Path::new(path)
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_back_as_they_were() {
        let files = [
            (PathBuf::from("/a/shop/nth.toml"), "[project]\n"),
            (PathBuf::from("/a/platform/x.nth"), "tier a {}\n"),
        ];
        let sources = BuiltSources::new(Path::new("/a/shop"), files).unwrap();
        let folder = tempfile::tempdir().unwrap();
        assert!(BuiltSources::read(folder.path()).unwrap().is_none());
        sources.write(folder.path()).unwrap();
        let read = BuiltSources::read(folder.path()).unwrap().unwrap();
        assert_eq!(read, sources);
        let unpacked = tempfile::tempdir().unwrap();
        let root = read.unpack(unpacked.path()).unwrap();
        assert_eq!(root, unpacked.path().join("shop"));
        let text = fs::read_to_string(unpacked.path().join("platform/x.nth")).unwrap();
        assert_eq!(text, "tier a {}\n");
    }

    #[test]
    fn a_path_cannot_leave_the_folder() {
        for path in ["../x.nth", "/etc/x.nth", "a/../../x.nth", "a\\..\\x.nth"] {
            let folder = tempfile::tempdir().unwrap();
            let text = format!(
                "{{\"about\":\"\",\"version\":1,\"root\":\"\",\"files\":{{{path:?}:\"\"}}}}"
            );
            fs::write(folder.path().join(SOURCES), text).unwrap();
            assert!(
                matches!(
                    BuiltSources::read(folder.path()),
                    Err(Unreadable::Malformed(_))
                ),
                "{path}"
            );
        }
    }
}
