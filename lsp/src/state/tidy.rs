//! Giving memory back when there is nothing else to do.

use nth_ide::project::Project;

use super::ServerState;
use crate::events::Looked;

impl ServerState {
    /// A question was answered or given up.
    pub fn answered(&mut self) {
        self.is_untidy = true;
    }

    /// A part of a project was looked at, and the rest is next.
    pub fn looked(&mut self, looked: &Looked) {
        self.checking = None;
        self.is_untidy = true;
        if let Some(project) = self.projects.get_mut(&looked.project) {
            project.look(looked.revision, looked.files);
        }
    }

    /// Whether there is something to give back, and nobody would wait for that.
    pub(super) fn can_tidy(&self) -> bool {
        self.is_untidy
            && self.checking.is_none()
            && self.projects.values().all(|project| !project.is_asked())
    }

    /// Has the projects give back what they hold of what is gone.
    pub(super) fn tidy(&mut self) {
        self.is_untidy = false;
        self.projects.values_mut().for_each(Project::tidy);
    }
}
