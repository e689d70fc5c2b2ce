//! The names and classes of ids.

use super::ChangeId;
use crate::class::Class;

impl ChangeId {
    /// The id as a text: `objective-lowered`.
    pub const fn name(self) -> &'static str {
        self.info().name
    }

    /// The usual class.
    pub const fn class(self) -> Class {
        self.info().class
    }

    /// The id of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|id| id.name() == name)
    }
}
