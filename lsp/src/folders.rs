//! The workspace's folders, and the projects in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::thread;

use nthc::project;

use crate::complaints::complain;

/// Folders, each with the projects found in it.
pub type Found = Vec<(PathBuf, Vec<PathBuf>)>;

/// The workspace's folders, each with the projects found in it.
#[derive(Debug, Default)]
pub struct Folders {
    found: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Number of running searches.
    looking: usize,
}

impl Folders {
    /// Adds and removes folders. Returns whether any was removed, so that projects may be gone.
    pub fn change(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) -> bool {
        let before = self.found.len();
        self.found.retain(|folder, _| !removed.contains(folder));
        let is_fewer = self.found.len() < before;
        for folder in added {
            self.found.entry(folder).or_default();
        }
        is_fewer
    }

    /// Searches the folders for projects in a thread of its own, as they may be large. `tell` gets the result.
    pub fn look(&mut self, tell: impl FnOnce(Found) + Send + 'static) {
        let folders: Vec<PathBuf> = self.found.keys().cloned().collect();
        if folders.is_empty() {
            return;
        }
        let looking = thread::Builder::new()
            .name("folders".to_owned())
            .spawn(move || {
                let found = folders.into_iter().map(|folder| {
                    let projects = project::projects_below(&folder);
                    (folder, projects)
                });
                tell(found.collect());
            });
        match looking {
            Ok(_) => self.looking += 1,
            Err(cause) => complain(&format_args!("cannot look for projects: {cause}")),
        }
    }

    /// Stores the result of a search. Folders that were removed in the meantime are skipped.
    pub fn find(&mut self, found: Found) {
        self.looking = self.looking.saturating_sub(1);
        for (folder, projects) in found {
            if let Some(known) = self.found.get_mut(&folder) {
                *known = projects;
            }
        }
    }

    /// True while a search is running.
    pub fn is_looking(&self) -> bool {
        self.looking > 0
    }

    /// The projects of all folders.
    pub fn projects(&self) -> BTreeSet<&Path> {
        let all = self.found.values().flatten();
        all.map(PathBuf::as_path).collect()
    }
}
