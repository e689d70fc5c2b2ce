//! The workspace's folders, and the projects in them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::thread;

use nthc::project;

use crate::complaints::complain;

/// Folders, each with the projects found in it.
pub type ProjectsByFolder = Vec<(PathBuf, Vec<PathBuf>)>;

/// The workspace's folders, each with the projects found in it.
#[derive(Debug, Default)]
pub struct Folders {
    projects: BTreeMap<PathBuf, Vec<PathBuf>>,
    /// Number of running searches.
    searches: usize,
}

impl Folders {
    /// Adds and removes folders. Returns whether any was removed, so that projects may be gone.
    pub fn change(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) -> bool {
        let before = self.projects.len();
        self.projects.retain(|folder, _| !removed.contains(folder));
        let is_fewer = self.projects.len() < before;
        for folder in added {
            self.projects.entry(folder).or_default();
        }
        is_fewer
    }

    /// Searches the folders for projects in a thread of its own, as they may be large. `report` gets the result.
    pub fn search(&mut self, report: impl FnOnce(ProjectsByFolder) + Send + 'static) {
        let folders: Vec<PathBuf> = self.projects.keys().cloned().collect();
        if folders.is_empty() {
            return;
        }
        let thread = thread::Builder::new()
            .name("folders".to_owned())
            .spawn(move || {
                let found = folders.into_iter().map(|folder| {
                    let projects = project::projects_below(&folder);
                    (folder, projects)
                });
                report(found.collect());
            });
        match thread {
            Ok(_) => self.searches += 1,
            Err(cause) => complain(&format_args!("cannot look for projects: {cause}")),
        }
    }

    /// Stores the result of a search. Folders that were removed in the meantime are skipped.
    pub fn store(&mut self, found: ProjectsByFolder) {
        self.searches = self.searches.saturating_sub(1);
        for (folder, projects) in found {
            if let Some(known) = self.projects.get_mut(&folder) {
                *known = projects;
            }
        }
    }

    /// True while a search is running.
    pub fn is_searching(&self) -> bool {
        self.searches > 0
    }

    /// The projects of all folders.
    pub fn projects(&self) -> BTreeSet<&Path> {
        let all = self.projects.values().flatten();
        all.map(PathBuf::as_path).collect()
    }
}
