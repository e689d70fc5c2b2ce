//! Compares the models of two versions.

use nth_model::{Project, Settings};

use crate::change::Change;

/// A version of a project in one environment.
#[derive(Debug, Clone, Copy)]
pub struct Version<'v> {
    /// The services and teams.
    pub project: &'v Project<'v>,
    /// The settings, with the environment.
    pub settings: &'v Settings,
}

/// What differs.
#[derive(Debug, Clone, Default)]
pub struct Compared {
    /// The changes, without places, causes and incidents.
    pub changes: Vec<Change>,
}

/// Compares two versions in an environment.
pub fn compare(_base: Version<'_>, _head: Version<'_>) -> Compared {
    Compared::default()
}
