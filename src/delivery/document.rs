//! The document of a plan: what was reviewed, and what it is bound to.

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::destination::DestinationIdentity;
use crate::object::{ContentHash, Owner};
use crate::plan::DestinationPlan;

/// The version of the document that this program writes and reads.
pub const PLAN_VERSION: u32 = 1;

/// A plan for all destinations of an environment. It contains hashes and names, no content and no secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`PLAN_VERSION`].
    pub version: u32,
    /// Whose objects.
    pub owner: Owner,
    /// The revision that the sources are those of, such as a commit; `None` if they are in no repository, or differ from all of its
    /// revisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// True if the environment has destinations that were left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_partial: bool,
    /// The version of the compiler that generated the objects.
    pub compiler: String,
    /// When it was made.
    pub created: Timestamp,
    /// After this time it is not applied.
    pub expires: Timestamp,
    /// What would change in each destination.
    pub destinations: Vec<DestinationPlan>,
    /// What it silences, as far as was known when it was made: plain sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<String>,
}

/// Why a plan cannot be read or applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanError {
    /// The document has another version.
    Version {
        /// Its version.
        found: u64,
    },
    /// The document is no plan.
    NotAPlan {
        /// What is wrong with it.
        why: String,
    },
    /// It has expired.
    Expired {
        /// When.
        expires: Timestamp,
    },
    /// It was made for another project or environment.
    OtherOwner {
        /// Whose it is.
        planned: Owner,
        /// Whose objects should be changed.
        owner: Owner,
    },
    /// Two destinations are the same place, so each would delete what the other one writes.
    SameTarget {
        /// Which place.
        target: Box<DestinationIdentity>,
    },
    /// It was made for other destinations.
    OtherTarget {
        /// A destination that only one of both has.
        target: Box<DestinationIdentity>,
        /// True if the plan has it, false if the settings have it.
        is_planned: bool,
    },
}

impl PlanError {
    /// How to solve it, imperative.
    pub fn help(&self) -> &'static str {
        match self {
            Self::Version { .. } => "plan again, or apply with the version of nthc that planned",
            Self::NotAPlan { .. } => "pass a file that `nthc plan --out` wrote",
            Self::Expired { .. } => "plan again",
            Self::OtherOwner { .. } => "apply in the project and environment of the plan",
            Self::SameTarget { .. } => "configure the destination once",
            Self::OtherTarget { .. } => "plan again: the destinations have changed",
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => write!(
                f,
                "the plan has version {found}, and this program supports version {PLAN_VERSION}"
            ),
            Self::NotAPlan { why } => write!(f, "not a plan: {why}"),
            Self::Expired { expires } => write!(f, "the plan expired at {expires}"),
            Self::OtherOwner { planned, owner } => {
                write!(f, "the plan is for {planned}, not for {owner}")
            }
            Self::SameTarget { target } => write!(f, "two destinations are {target}"),
            Self::OtherTarget { target, is_planned } => {
                let (with, without) = match is_planned {
                    true => ("the plan", "the settings do"),
                    false => ("the settings have", "the plan does"),
                };
                let verb = if *is_planned { " has" } else { "" };
                write!(f, "{with}{verb} {target}, and {without} not")
            }
        }
    }
}

impl std::error::Error for PlanError {}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    ///
    /// If it is no plan, or has another version.
    pub fn from_json(text: &str) -> Result<Self, PlanError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        let not_a_plan = |error: serde_json::Error| PlanError::NotAPlan {
            // The message may quote the document.
            why: error.to_string().escape_debug().to_string(),
        };
        let versioned: Versioned = serde_json::from_str(text).map_err(not_a_plan)?;
        if versioned.version != u64::from(PLAN_VERSION) {
            return Err(PlanError::Version {
                found: versioned.version,
            });
        }
        serde_json::from_str(text).map_err(not_a_plan)
    }

    /// The document.
    ///
    /// # Errors
    ///
    /// Never for a plan: all its members have a form in JSON.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = serde_json::to_string_pretty(self)?;
        text.push('\n');
        Ok(text)
    }

    /// A name of this plan: the hash of the document.
    pub fn id(&self) -> ContentHash {
        let value = serde_json::to_value(self).unwrap_or_default();
        ContentHash::compute(&value)
    }

    /// Checks that the plan is for this owner and exactly these destinations, each of them once, and has not expired.
    ///
    /// # Errors
    ///
    /// If not.
    pub fn check(
        &self,
        owner: &Owner,
        targets: &[DestinationIdentity],
        now: Timestamp,
    ) -> Result<(), PlanError> {
        if self.expires <= now {
            return Err(PlanError::Expired {
                expires: self.expires,
            });
        }
        if self.owner != *owner {
            return Err(PlanError::OtherOwner {
                planned: self.owner.clone(),
                owner: owner.clone(),
            });
        }
        let mut places = BTreeSet::new();
        if let Some(target) = targets.iter().find(|target| !places.insert(*target)) {
            return Err(PlanError::SameTarget {
                target: Box::new(target.clone()),
            });
        }
        let planned = || self.destinations.iter().map(|plan| &plan.target);
        let other = |target: &DestinationIdentity, is_planned| PlanError::OtherTarget {
            target: Box::new(target.clone()),
            is_planned,
        };
        if let Some(target) = planned().find(|target| !targets.contains(target)) {
            return Err(other(target, true));
        }
        match targets
            .iter()
            .find(|known| !planned().any(|target| target == *known))
        {
            Some(target) => Err(other(target, false)),
            None => Ok(()),
        }
    }

    /// Returns true if nothing would be done.
    pub fn is_empty(&self) -> bool {
        let mut plans = self.destinations.iter();
        plans.all(|plan| plan.operations.is_empty())
    }

    /// The number of operations.
    pub fn operations(&self) -> usize {
        let plans = self.destinations.iter();
        plans.map(|plan| plan.operations.len()).sum()
    }

    /// The number of deletions.
    pub fn deletions(&self) -> usize {
        self.destinations
            .iter()
            .map(DestinationPlan::deletions)
            .sum()
    }
}
