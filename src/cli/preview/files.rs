//! The files whose changes are followed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::catalogue::LOCK;
use crate::project::{EXTENSION, Loaded, MANIFEST};

/// How long there must be no further change before one is looked at: editors write a file in several steps.
const PAUSE: Duration = Duration::from_millis(80);

/// The folders with the project's files and those of its packages, none inside another.
pub fn roots(loaded: &Loaded) -> Vec<PathBuf> {
    let mut folders = BTreeSet::from([loaded.project.root.clone()]);
    for file in &loaded.project.files {
        folders.extend(file.path.parent().map(Path::to_path_buf));
    }
    let mut roots: Vec<PathBuf> = Vec::new();
    for folder in folders {
        if !roots.iter().any(|root| folder.starts_with(root)) {
            roots.push(folder);
        }
    }
    roots
}

/// Calls `changed` whenever a file changes that a project is read from, until what it returns is dropped.
///
/// # Errors
/// Where the system does not let files be watched; with its words.
pub fn watch(
    roots: &[PathBuf],
    output: &Path,
    mut changed: impl FnMut() + Send + 'static,
) -> Result<RecommendedWatcher, String> {
    let output = output.to_path_buf();
    let counts = move |path: &PathBuf| {
        let is_source = path.extension().is_some_and(|found| found == EXTENSION)
            || path.ends_with(MANIFEST)
            || path.ends_with(LOCK);
        is_source && !path.starts_with(&output)
    };
    let (tell, told) = mpsc::channel();
    let handler = move |event: notify::Result<Event>| {
        // That a file is read, as by the work itself, changes nothing. What cannot be told may be a change.
        let matters = event.map_or(true, |event| {
            !event.kind.is_access() && event.paths.iter().any(&counts)
        });
        if matters {
            // Where nobody listens any more, the process ends.
            let _ = tell.send(());
        }
    };
    let mut watcher = notify::recommended_watcher(handler).map_err(|error| error.to_string())?;
    for root in roots {
        watcher
            .watch(root, RecursiveMode::Recursive)
            .map_err(|error| error.to_string())?;
    }
    thread::spawn(move || {
        while told.recv().is_ok() {
            while told.recv_timeout(PAUSE).is_ok() {}
            changed();
        }
    });
    Ok(watcher)
}
