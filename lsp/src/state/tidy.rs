//! Releasing memory when there is nothing else to do.

use nth_ide::project::Project;

use super::ServerState;
use crate::events::Looked;

impl ServerState {
    /// Handles that a request was answered or cancelled.
    pub fn answered(&mut self) {
        self.is_untidy = true;
    }

    /// Handles that a part of a project was checked, so that the next part follows.
    pub fn looked(&mut self, looked: &Looked) {
        self.checking = None;
        self.is_untidy = true;
        if let Some(project) = self.projects.get_mut(&looked.project) {
            project.look(looked.revision, looked.files);
        }
    }

    /// True if memory can be released without waiting for a snapshot.
    pub(super) fn can_tidy(&self) -> bool {
        self.is_untidy
            && self.checking.is_none()
            && self.projects.values().all(|project| !project.is_asked())
    }

    /// Releases outdated results of all projects.
    pub(super) fn tidy(&mut self) {
        self.is_untidy = false;
        self.projects.values_mut().for_each(Project::tidy);
    }
}
