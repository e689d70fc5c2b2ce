//! Environments that documents name.

use std::collections::BTreeSet;

use crate::{ReadError, Reading, Scope};

/// Chooses the deployments of one environment.
pub(crate) struct Environments<'s> {
    wanted: Option<&'s str>,
    found: BTreeSet<String>,
}

impl<'s> Environments<'s> {
    pub(crate) fn new(scope: &'s Scope) -> Self {
        Self {
            wanted: scope.from_environment.as_deref(),
            found: BTreeSet::new(),
        }
    }

    /// Whether a deployment in this environment is read; otherwise, it is counted.
    pub(crate) fn accepts(&mut self, name: &str, reading: &mut Reading) -> bool {
        match self.wanted {
            Some(wanted) if !wanted.eq_ignore_ascii_case(name) => {
                let count = reading.other_environments.entry(name.to_owned());
                *count.or_default() += 1;
                false
            }
            _ => {
                self.found.insert(name.to_owned());
                true
            }
        }
    }

    /// Requires that all deployments are of one environment, unless one was chosen.
    pub(crate) fn finish(self) -> Result<(), ReadError> {
        match (self.wanted, self.found.len()) {
            (None, 2..) => Err(ReadError::SeveralEnvironments {
                names: self.found.into_iter().collect(),
            }),
            _ => Ok(()),
        }
    }
}
