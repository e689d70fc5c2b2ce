//! Classes of changes, from what a reviewer must see to what hardly matters.

use serde::{Deserialize, Serialize};

/// The class of a change. Earlier classes are shown first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Nobody is notified any longer, an alert cannot fire, or a gate is always open.
    Silenced,
    /// Something is reported later, or only if it is worse.
    Loosened,
    /// Something is reported otherwise, but no incident was found that shows how.
    Unknown,
    /// Who is notified, how loudly, and when.
    Paging,
    /// Recorded series are renamed, get other labels, or begin anew, and error budgets with them.
    History,
    /// Something is reported earlier, or if it is less bad.
    Tightened,
    /// There is something new.
    Added,
    /// There is something less, without which everything is still reported.
    Removed,
    /// Texts, links and panels.
    Cosmetic,
}

impl Class {
    /// All classes, in their order.
    pub const ALL: [Self; 9] = [
        Self::Silenced,
        Self::Loosened,
        Self::Unknown,
        Self::Paging,
        Self::History,
        Self::Tightened,
        Self::Added,
        Self::Removed,
        Self::Cosmetic,
    ];

    /// The name, as in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Silenced => "silenced",
            Self::Loosened => "loosened",
            Self::Unknown => "unknown",
            Self::Paging => "paging",
            Self::History => "history",
            Self::Tightened => "tightened",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Cosmetic => "cosmetic",
        }
    }

    /// The class of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.name() == name)
    }

    /// The meaning, as one sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Silenced => {
                "Nobody is notified any longer, an alert cannot fire, or a gate is always open."
            }
            Self::Loosened => "Something is reported later, or only if it is worse.",
            Self::Unknown => {
                "Something is reported otherwise, but no incident was found that shows how."
            }
            Self::Paging => "Who is notified, how loudly, or when.",
            Self::History => {
                "Recorded series are renamed, get other labels, or begin anew, and error budgets with them."
            }
            Self::Tightened => "Something is reported earlier, or if it is less bad.",
            Self::Added => "There is something new.",
            Self::Removed => {
                "There is something less, without which everything is still reported."
            }
            Self::Cosmetic => "Texts, links and panels.",
        }
    }

    /// Returns whether an incident can show the change: one whose outcome differs.
    pub const fn has_witness(self) -> bool {
        matches!(
            self,
            Self::Silenced | Self::Loosened | Self::Unknown | Self::Tightened
        )
    }
}

/// What a project does about a change, by its id: a level of `[diff]` in `nth.toml`.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is counted, but not shown unless everything is.
    Allow,
    /// It is shown.
    #[default]
    Warn,
    /// It is shown, and fails the comparison as `--fail-on` does.
    Error,
}

impl Level {
    /// All levels.
    pub const ALL: [Self; 3] = [Self::Allow, Self::Warn, Self::Error];

    /// The name in `nth.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
