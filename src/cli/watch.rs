//! Watching the files of a project.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::select::Source;
use nthc::catalogue::LOCK;
use nthc::project::{EXTENSION, Loaded, MANIFEST};

/// The time without further changes before the project is read again: editors write a file in several steps.
const PAUSE: Duration = Duration::from_millis(80);

/// The watched files of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFiles {
    /// The folders, none inside another.
    folders: Vec<PathBuf>,
    /// The standalone file, if it belongs to no project.
    file: Option<PathBuf>,
    /// The output folder, which is not watched.
    output: PathBuf,
    /// The files of other programs that the project reads.
    outside: BTreeSet<PathBuf>,
}

impl WatchedFiles {
    /// Selects the folders of the project and of its packages, or the folder of the standalone file: editors replace files
    /// instead of writing to them.
    pub fn new(loaded: &Loaded, source: &Source) -> Self {
        let file = match source {
            Source::File(path) => Some(path.clone()),
            Source::Folder(_) => None,
        };
        let mut folders = BTreeSet::from([loaded.project.root.clone()]);
        for file in &loaded.project.files {
            folders.extend(file.path.parent().map(Path::to_path_buf));
        }
        let outside = loaded.project.outside.iter();
        let outside: BTreeSet<PathBuf> = outside.map(|(path, _)| path.clone()).collect();
        let above = outside.iter().filter_map(|path| path.parent());
        folders.extend(above.map(Path::to_path_buf));
        let mut roots: Vec<PathBuf> = Vec::new();
        for folder in folders {
            if !roots.iter().any(|root| folder.starts_with(root)) {
                roots.push(folder);
            }
        }
        Self {
            folders: roots,
            file,
            output: loaded.project.output.clone(),
            outside,
        }
    }

    /// Returns true if the project is read from this file.
    fn is_source(&self, path: &Path) -> bool {
        if let Some(file) = &self.file {
            return path == file;
        }
        let is_source = path.extension().is_some_and(|found| found == EXTENSION)
            || path.ends_with(MANIFEST)
            || path.ends_with(LOCK)
            || self.outside.contains(path);
        is_source && !path.starts_with(&self.output)
    }

    /// Returns how deep the folders are watched: a standalone file may be beside anything.
    fn mode(&self) -> RecursiveMode {
        match self.file {
            Some(_) => RecursiveMode::NonRecursive,
            None => RecursiveMode::Recursive,
        }
    }
}

/// Calls `changed` whenever a file that the project is read from changes, until the returned watcher is dropped.
///
/// # Errors
///
/// If the system cannot watch files.
pub fn watch(
    watched: WatchedFiles,
    mut changed: impl FnMut() + Send + 'static,
) -> notify::Result<RecommendedWatcher> {
    let (folders, mode) = (watched.folders.clone(), watched.mode());
    let (notify, changes) = mpsc::channel();
    let handler = move |event: notify::Result<Event>| {
        // Reading a file, as the caller itself does, is not a change. An unknown event may be one.
        let matters = event.map_or(true, |event| {
            !event.kind.is_access() && event.paths.iter().any(|path| watched.is_source(path))
        });
        if matters {
            // If the receiver is gone, the process is ending.
            let _ = notify.send(());
        }
    };
    let mut watcher = notify::recommended_watcher(handler)?;
    for folder in &folders {
        watcher.watch(folder, mode)?;
    }
    thread::spawn(move || {
        while changes.recv().is_ok() {
            while changes.recv_timeout(PAUSE).is_ok() {}
            changed();
        }
    });
    Ok(watcher)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use nthc::project;

    #[test]
    fn what_counts_is_what_the_project_is_read_from() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (path, text) in [
            (MANIFEST, "[project]\nname = \"shop\"\n"),
            ("teams/payments.nth", "team payments { }\n"),
        ] {
            let path = root.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let loaded = project::load(root, root).unwrap();
        let whole = WatchedFiles::new(&loaded, &Source::Folder(root.to_path_buf()));
        assert_eq!(whole.folders, [root]);
        assert_eq!(whole.mode(), RecursiveMode::Recursive);
        for (path, counts) in [
            ("teams/payments.nth", true),
            ("new.nth", true),
            (MANIFEST, true),
            (LOCK, true),
            ("build/old.nth", false),
            ("notes.txt", false),
        ] {
            assert_eq!(whole.is_source(&root.join(path)), counts, "{path}");
        }

        let file = root.join("teams/payments.nth");
        let loaded = project::load_file(&file, root).unwrap();
        let one = WatchedFiles::new(&loaded, &Source::File(file.clone()));
        assert_eq!(one.folders, [root.join("teams")]);
        assert_eq!(one.mode(), RecursiveMode::NonRecursive);
        assert!(one.is_source(&file) && !one.is_source(&root.join("teams/search.nth")));
    }
}
