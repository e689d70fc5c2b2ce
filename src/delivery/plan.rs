//! What would change: a comparison of what should be with what is, without side effects.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::destination::{DestinationIdentity, Excess};
use crate::object::{ChangedBy, ContentHash, DesiredObject, LiveObject, ObjectKey, Owner, Phase};

/// What is done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It does not exist and is created.
    Create,
    /// It bears our mark and another content, which is replaced.
    Change,
    /// It bears no mark: its content is replaced and it gets ours.
    Adopt,
    /// It bears our mark and is not desired any more.
    Delete,
}

impl Action {
    /// The action in a word: `create`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Change => "change",
            Self::Adopt => "adopt",
            Self::Delete => "delete",
        }
    }
}

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operation {
    /// Which object.
    pub key: ObjectKey,
    /// What is done with it.
    pub action: Action,
    /// When it is written; `None` for a deletion, which comes after all phases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// The hash of the live content that the operation was planned for; `None` if nothing was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<ContentHash>,
    /// The hash of the content afterwards; `None` for a deletion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<ContentHash>,
    /// The services that the object is about. Empty for a deletion: the files say nothing about it any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub services: Vec<String>,
}

impl Operation {
    /// Returns true if this is what the operation leaves behind.
    pub fn is_done(&self, live: Option<&LiveObject>, owner: &Owner) -> bool {
        match (&self.wanted, live) {
            (None, None) => true,
            (Some(wanted), Some(live)) => live.is_owned_by(owner) && live.hash == *wanted,
            _ => false,
        }
    }

    /// Returns true if this is what the operation was planned for.
    pub fn is_expected(&self, live: Option<&LiveObject>, owner: &Owner) -> bool {
        let is_hash = live.map(|live| &live.hash) == self.expected.as_ref();
        let is_mark = match (self.action, live) {
            (Action::Create, live) => live.is_none(),
            (Action::Adopt, Some(live)) => live.owner.is_none(),
            (Action::Change | Action::Delete, Some(live)) => live.is_owned_by(owner),
            (_, None) => false,
        };
        is_hash && is_mark
    }

    /// The order in which operations are done: by phase, deletions last and those in the opposite order of kinds.
    pub(crate) fn order(&self) -> impl Ord + use<> {
        let kind = self.key.kind as u8;
        match self.phase {
            Some(phase) => (phase as u8, kind, self.key.clone()),
            None => (u8::MAX, u8::MAX - kind, self.key.clone()),
        }
    }
}

/// A change of an object of ours by someone else since it was applied last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drift {
    /// Which object.
    pub key: ObjectKey,
    /// The hash of its content that was applied last.
    pub applied: ContentHash,
    /// The hash of its content now, which is that of `applied` if only the mark was removed; `None` if it was deleted.
    pub live: Option<ContentHash>,
    /// Who changed it, where the destination knows.
    pub changed_by: Option<ChangedBy>,
}

/// An object that is desired and cannot be written, as it is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Foreign {
    /// Which object.
    pub key: ObjectKey,
    /// Whose mark it bears: that of another project or environment. `None` if it bears none, and could be adopted by name.
    pub owner: Option<Owner>,
}

/// How sure it is that the desired objects are all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceState {
    /// The build succeeded and generated all files. If nothing of it is for this destination, nothing is deleted.
    Complete,
    /// As [`Complete`](Self::Complete), and that nothing is left for this destination is intended.
    CompleteAndMayBeEmpty,
    /// A part failed or was not asked for. Nothing is deleted.
    Incomplete,
}

/// What is compared.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// Whose objects.
    pub owner: &'a Owner,
    /// What should be, normalized by the destination.
    pub desired: &'a [DesiredObject],
    /// What is: all that [`Destination::read`](crate::Destination::read) returned for the keys of `desired` and `applied`.
    pub live: &'a [LiveObject],
    /// Whether `desired` is all.
    pub source: SourceState,
    /// Objects without a mark that are adopted.
    pub adopt: &'a BTreeSet<ObjectKey>,
    /// The hashes of what was applied last, if that is known.
    pub applied: Option<&'a BTreeMap<ObjectKey, ContentHash>>,
}

/// What would change in one destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DestinationPlan {
    /// Which destination.
    pub target: DestinationIdentity,
    /// What is done, in this order.
    pub operations: Vec<Operation>,
    /// Objects that cannot be written: the plan cannot be applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign: Vec<Foreign>,
    /// Objects of ours that are not desired, and are kept as the source is incomplete or empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<ObjectKey>,
    /// What others changed since the last apply.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Drift>,
    /// Limits of the server that the desired objects exceed: the plan cannot be applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excesses: Vec<Excess>,
    /// The number of desired objects that are live already.
    pub unchanged: usize,
}

impl DestinationPlan {
    /// The number of deletions.
    pub fn deletions(&self) -> usize {
        let deletions = self.operations.iter();
        deletions.filter(|one| one.action == Action::Delete).count()
    }
}

/// Compares what should be with what is. It never changes what bears another mark; what bears none is only changed if it is
/// adopted by name; and only what bears our mark is deleted.
pub fn compare(target: DestinationIdentity, comparison: &Comparison<'_>) -> DestinationPlan {
    let owner = comparison.owner;
    let live: BTreeMap<&ObjectKey, &LiveObject> = comparison
        .live
        .iter()
        .map(|object| (&object.key, object))
        .collect();
    let desired: BTreeMap<&ObjectKey, &DesiredObject> = comparison
        .desired
        .iter()
        .map(|object| (&object.key, object))
        .collect();
    let mut plan = DestinationPlan {
        target,
        operations: Vec::new(),
        foreign: Vec::new(),
        kept: Vec::new(),
        drift: Vec::new(),
        excesses: Vec::new(),
        unchanged: 0,
    };
    for (key, object) in &desired {
        let found = live.get(key).copied();
        let wanted = object.hash();
        let action = match found {
            None => Action::Create,
            Some(found) if found.is_owned_by(owner) && found.hash == wanted => {
                plan.unchanged += 1;
                continue;
            }
            Some(found) if found.is_owned_by(owner) => Action::Change,
            Some(found) if found.owner.is_none() && comparison.adopt.contains(*key) => {
                Action::Adopt
            }
            Some(found) => {
                plan.foreign.push(Foreign {
                    key: (*key).clone(),
                    owner: found.owner.clone(),
                });
                continue;
            }
        };
        plan.operations.push(Operation {
            key: (*key).clone(),
            action,
            phase: Some(object.phase),
            expected: found.map(|found| found.hash.clone()),
            wanted: Some(wanted),
            services: object.services.clone(),
        });
    }
    let deletes = match comparison.source {
        SourceState::Complete => !desired.is_empty(),
        SourceState::CompleteAndMayBeEmpty => true,
        SourceState::Incomplete => false,
    };
    for (key, object) in &live {
        if desired.contains_key(key) || !object.is_owned_by(owner) {
            continue;
        }
        if !deletes {
            plan.kept.push((*key).clone());
            continue;
        }
        plan.operations.push(Operation {
            key: (*key).clone(),
            action: Action::Delete,
            phase: None,
            expected: Some(object.hash.clone()),
            wanted: None,
            services: Vec::new(),
        });
    }
    plan.operations.sort_by_key(Operation::order);
    // What the marks record, and what the caller knows better.
    let mut applied: BTreeMap<&ObjectKey, &ContentHash> = comparison
        .live
        .iter()
        .filter(|object| object.is_owned_by(owner))
        .filter_map(|object| Some((&object.key, object.applied.as_ref()?)))
        .collect();
    applied.extend(comparison.applied.into_iter().flatten());
    for (key, applied) in applied {
        let found = live.get(key);
        let now = found.map(|found| found.hash.clone());
        let is_ours = found.is_some_and(|found| found.is_owned_by(owner));
        if !is_ours || now.as_ref() != Some(applied) {
            plan.drift.push(Drift {
                key: key.clone(),
                applied: applied.clone(),
                live: now,
                changed_by: found.and_then(|found| found.changed_by.clone()),
            });
        }
    }
    plan
}
