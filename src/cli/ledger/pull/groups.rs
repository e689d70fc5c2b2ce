//! The groups of SLOs in a pull: which ones the ledger has, and whether there are too many.

use std::collections::BTreeMap;

use nth_book::pull::{Group, Wanted};
use nth_ledger::{Interval, Pull, SloKey, Store};
use serde::Serialize;

use super::super::super::Context;
use super::super::super::exit::Failure;
use super::super::{keys, open};
use super::Asked;

/// An SLO of which nothing more was read, because it has more groups than its rules allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TooMany {
    /// The name of the SLO.
    pub slo: String,
    /// The number of groups in an SLO window.
    pub groups: usize,
    /// The largest number of groups, `group_limit`.
    pub limit: usize,
}

/// The groups of the SLOs of a pull, by the identities of the SLOs.
#[derive(Debug, Default)]
pub struct Groups {
    slos: BTreeMap<SloKey, Known>,
}

/// The groups of an SLO.
#[derive(Debug)]
struct Known {
    limit: usize,
    window: i64,
    /// What the ledger has of any of them.
    read: Option<Interval>,
    /// When the book of the SLO begins.
    since: i64,
    /// The end of the last slice of each group in which something was seen; `None` if there is none in the SLO window.
    groups: BTreeMap<Group, Option<i64>>,
    /// How many groups there were when they became too many.
    exceeded: Option<usize>,
}

impl Groups {
    /// Reads which groups the ledger has. SLOs that it does not have are read from `since` on.
    ///
    /// # Errors
    ///
    /// If the ledger cannot be read.
    pub fn new(
        context: &Context,
        store: Option<&mut Store>,
        slos: &[Vec<Asked>],
        since: i64,
    ) -> Result<Self, Failure> {
        let mut found = Self::default();
        let mut grouped = slos.iter().flatten();
        if !grouped.any(|asked| asked.limit().is_some()) {
            return Ok(found);
        }
        let mut ledger = match store {
            Some(store) => Some((open::with(context, store, |store| store.slos())?, store)),
            None => None,
        };
        for asked in slos.iter().flatten() {
            let Some(limit) = asked.limit() else {
                continue;
            };
            let mut known = Known {
                limit,
                window: i64::try_from(asked.window_ms / 1_000).unwrap_or(i64::MAX / 4),
                read: None,
                since,
                groups: BTreeMap::new(),
                exceeded: None,
            };
            if let Some((all, store)) = &mut ledger {
                for key in keys::in_ledger(all, &asked.wanted.key, &asked.wanted.by) {
                    known.add(context, store, key)?;
                }
            }
            known.since = known.read.map_or(since, |read| read.from);
            found.slos.insert(asked.wanted.key.clone(), known);
        }
        Ok(found)
    }

    /// What the ledger has of any group of an SLO.
    pub fn read_interval(&self, slo: &SloKey) -> Option<Interval> {
        self.slos.get(slo).and_then(|known| known.read)
    }

    /// When the objectives of an SLO's groups begin, also of a group that is new: `None` for an SLO without groups.
    pub fn since(&self, slo: &SloKey) -> Option<i64> {
        self.slos.get(slo).map(|known| known.since)
    }

    /// The identities under which the ledger has an SLO: its own, or those of its groups. None of an SLO with too many.
    pub fn keys(&self, wanted: &Wanted) -> Vec<SloKey> {
        match self.slos.get(&wanted.key) {
            Some(known) if known.exceeded.is_some() => Vec::new(),
            Some(known) => { known.groups.keys() }
                .map(|group| wanted.group(group.clone()))
                .collect(),
            None => vec![wanted.key.clone()],
        }
    }

    /// What is recorded of the SLOs that were read together: of a group that the ledger has, and of which nothing was found, that it
    /// was read. Nothing of an SLO with too many groups.
    pub fn complete(
        &mut self,
        wanted: &[Wanted],
        mut pulls: Vec<Pull>,
        read: Interval,
    ) -> Vec<Pull> {
        for slo in wanted {
            let Some(known) = self.slos.get_mut(&slo.key) else {
                continue;
            };
            let is_own = |pull: &Pull| slo.group(pull.slo.group.clone()) == pull.slo;
            for pull in pulls.iter_mut().filter(|pull| is_own(pull)) {
                // A group that is new to the ledger begins with its first slice.
                if !known.groups.contains_key(&pull.slo.group)
                    && let Some(first) = pull.slices.first()
                {
                    pull.read.from = first.start.max(read.from);
                }
                let seen = pull.slices.iter().filter(|slice| slice.seen > 0);
                let last = seen.map(|slice| slice.end()).max();
                let end = known.groups.entry(pull.slo.group.clone()).or_default();
                *end = (*end).max(last);
            }
            known.check(read.until);
            if known.exceeded.is_some() {
                pulls.retain(|pull| !is_own(pull));
                continue;
            }
            let absent: Vec<SloKey> = { known.groups.keys() }
                .map(|group| slo.group(group.clone()))
                .filter(|key| !pulls.iter().any(|pull| pull.slo == *key))
                .collect();
            pulls.extend(absent.into_iter().map(|slo| Pull {
                slo,
                slices: Vec::new(),
                read,
            }));
        }
        pulls
    }

    /// The SLOs with too many groups.
    pub fn too_many(&self) -> Vec<TooMany> {
        let exceeded = self.slos.iter().filter_map(|(slo, known)| {
            Some(TooMany {
                slo: keys::name(slo),
                groups: known.exceeded?,
                limit: known.limit,
            })
        });
        exceeded.collect()
    }

    /// The number of groups of all SLOs.
    pub fn count(&self) -> usize {
        self.slos.values().map(|known| known.groups.len()).sum()
    }
}

impl Known {
    /// Adds a group of the ledger.
    fn add(&mut self, context: &Context, store: &mut Store, key: SloKey) -> Result<(), Failure> {
        let Some(read) = open::with(context, store, |store| store.read_interval(&key))? else {
            return Ok(());
        };
        self.read = Some(self.read.map_or(read, |all| Interval {
            from: all.from.min(read.from),
            until: all.until.max(read.until),
        }));
        let window = Interval {
            from: read.until - self.window,
            until: read.until,
        };
        let slices = open::with(context, store, |store| store.slices(&key, window))?;
        let seen = slices.iter().rev().find(|slice| slice.seen > 0);
        self.groups.insert(key.group, seen.map(|slice| slice.end()));
        Ok(())
    }

    /// Checks the number of groups in the SLO window that ends at a time.
    fn check(&mut self, until: i64) {
        let from = until - self.window;
        let in_window = self.groups.values().flatten().filter(|end| **end > from);
        let count = in_window.count();
        if count > self.limit {
            self.exceeded.get_or_insert(count);
        }
    }
}
