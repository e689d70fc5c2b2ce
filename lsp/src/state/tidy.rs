//! Releasing memory when there is nothing else to do.

use nth_ide::project::Project;

use super::ServerState;
use crate::events::CheckedPart;

impl ServerState {
    /// Handles that a request was answered or cancelled.
    pub fn answered(&mut self) {
        self.must_tidy = true;
    }

    /// Handles that a part of a project was checked, so that the next part follows.
    pub fn checked_part(&mut self, part: &CheckedPart) {
        self.checking = None;
        self.must_tidy = true;
        if let Some(project) = self.projects.get_mut(&part.project) {
            project.record_part(part.revision, part.files);
        }
    }

    /// True if memory can be released without waiting for a snapshot.
    pub(super) fn can_tidy(&self) -> bool {
        self.must_tidy
            && self.checking.is_none()
            && self.projects.values().all(|project| !project.is_in_use())
    }

    /// Releases outdated results of all projects.
    pub(super) fn tidy(&mut self) {
        self.must_tidy = false;
        self.projects.values_mut().for_each(Project::tidy);
    }
}
