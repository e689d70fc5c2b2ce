//! The set of projects, and loading them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nth_ide::project::{Project, is_manifest};
use nthc::project;
use tower_lsp::lsp_types::MessageType;

use super::ServerState;
use crate::buffers::Buffer;
use crate::outgoing::Outgoing;
use crate::progress::Progress;

impl ServerState {
    /// Loads the projects of the workspace's folders and of the open documents, and removes all others.
    pub(super) fn update_projects(&mut self) {
        self.must_publish = true;
        let buffers = Arc::clone(&self.buffers);
        let root_of = |path: &Path, buffer: &Buffer| {
            buffer.uri.to_file_path().ok()?;
            project::find(path.parent()?)
        };
        let roots: Vec<(&PathBuf, &Buffer, Option<PathBuf>)> = buffers
            .iter()
            .map(|(path, buffer)| (path, buffer, root_of(path, buffer)))
            .collect();
        let of_folders: BTreeSet<PathBuf> = self
            .folders
            .projects()
            .into_iter()
            .map(Path::to_path_buf)
            .collect();
        let of_documents = roots.iter().filter_map(|(_, _, root)| root.as_ref());
        let required: BTreeSet<PathBuf> = of_documents.cloned().chain(of_folders.clone()).collect();
        for root in &required {
            self.load(root);
        }
        let mut used = of_folders;
        for (path, buffer, root) in roots {
            let project = root.and_then(|root| self.projects.get_key_value(&root));
            if let Some((root, _)) = project.filter(|(_, project)| project.contains(path)) {
                used.insert(root.clone());
                continue;
            }
            // The standard library is not a project.
            if is_manifest(path) || self.embedded_files.holds(path) {
                continue;
            }
            self.projects
                .entry(path.clone())
                .or_insert_with(|| Project::from_document(path, Arc::clone(&buffer.text)));
            used.insert(path.clone());
        }
        self.projects.retain(|key, _| used.contains(key));
        self.progress.retain(|key, _| used.contains(key));
    }

    /// Loads a project, or reloads it if its files may have changed.
    fn load(&mut self, root: &Path) {
        let buffers = Arc::clone(&self.buffers);
        let text = |path: &Path| buffers.get(path).map(|buffer| Arc::clone(&buffer.text));
        let read = match self.projects.get_mut(root) {
            Some(project) if project.is_stale => {
                // Try once, even if it fails.
                project.is_stale = false;
                project.reload(text)
            }
            Some(_) => return,
            None => {
                let progress = self.begin_progress(root);
                Project::load(root, text).map(|project| {
                    if let Some(progress) = progress {
                        progress.step(format!("{} files", project.len()));
                        self.progress.insert(root.to_path_buf(), progress);
                    }
                    self.projects.insert(root.to_path_buf(), project);
                })
            }
        };
        match read {
            Ok(()) => self.problems.clear(),
            Err(problem) => {
                let problem = problem.to_string();
                if self.problems.insert(problem.clone()) {
                    self.send(Outgoing::Show(MessageType::ERROR, problem));
                }
            }
        }
    }

    /// Starts to show progress of loading a project, if the client supports it.
    fn begin_progress(&mut self, root: &Path) -> Option<Progress> {
        if !self.settings.progress {
            return None;
        }
        self.progress_count += 1;
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let (progress, shown) = Progress::begin(self.progress_count, format!("Reading {name}"));
        self.send(Outgoing::Progress(shown));
        Some(progress)
    }
}
