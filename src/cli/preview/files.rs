//! The files whose changes are followed.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_mini::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_mini::{DebounceEventResult, Debouncer, new_debouncer};

use crate::catalogue::LOCK;
use crate::project::{EXTENSION, Loaded, MANIFEST};

/// How long after a change it is looked at: editors write a file in several steps.
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
) -> Result<Debouncer<RecommendedWatcher>, String> {
    let output = output.to_path_buf();
    let counts = move |path: &Path| {
        let is_source = path.extension().is_some_and(|found| found == EXTENSION)
            || path.ends_with(MANIFEST)
            || path.ends_with(LOCK);
        is_source && !path.starts_with(&output)
    };
    let handler = move |events: DebounceEventResult| {
        // What cannot be told may be a change as well.
        let matters = events.map_or(true, |events| {
            events.iter().any(|event| counts(&event.path))
        });
        if matters {
            changed();
        }
    };
    let mut watcher = new_debouncer(PAUSE, handler).map_err(|error| error.to_string())?;
    for root in roots {
        watcher
            .watcher()
            .watch(root, RecursiveMode::Recursive)
            .map_err(|error| error.to_string())?;
    }
    Ok(watcher)
}
