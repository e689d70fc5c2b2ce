//! Which ReplicaSet leads an object at what time.

use std::collections::{BTreeMap, BTreeSet};

use super::Range;
use crate::sequence::Kind;

/// How long after its creation a ReplicaSet gets its first replicas, at most, in seconds. One that gets them later is rolled
/// out then.
const FIRST_REPLICAS: i64 = 600;

/// The ReplicaSets with replicas at a time, with the times of their creation. At least one: without any, the object is scaled
/// to zero or the series are missing, and nothing is known to change.
pub(super) struct Active<'a> {
    pub at: i64,
    pub sets: &'a BTreeMap<String, i64>,
}

/// A ReplicaSet takes the lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Event {
    pub set: String,
    /// The time: that of its creation if it is new.
    pub at: i64,
    pub kind: Kind,
    /// When it was the only one with replicas.
    pub finished: Option<i64>,
}

/// The changes of the lead, in order.
pub(super) fn events(steps: &[Active<'_>], range: Range) -> Vec<Event> {
    let mut timeline = Timeline {
        events: Vec::new(),
        seen: BTreeSet::new(),
        order: Vec::new(),
        range,
    };
    let mut before: Option<&BTreeMap<String, i64>> = None;
    for step in steps {
        timeline.add(step, before);
        before = Some(step.sets);
    }
    timeline.events
}

struct Timeline {
    events: Vec<Event>,
    /// The ReplicaSets so far, with the times of their creation.
    seen: BTreeSet<(String, i64)>,
    /// The ReplicaSets in the order in which they got replicas, the last one at the end.
    order: Vec<String>,
    range: Range,
}

impl Timeline {
    fn add(&mut self, step: &Active<'_>, before: Option<&BTreeMap<String, i64>>) {
        let mut new: Vec<(&String, i64)> = step
            .sets
            .iter()
            .filter(|(set, created)| before.and_then(|before| before.get(*set)) != Some(*created))
            .map(|(set, created)| (set, *created))
            .collect();
        new.sort_by_key(|(set, created)| (*created, *set));
        for (set, created) in new {
            let is_first = self.seen.insert((set.clone(), created));
            let is_prompt = step.at - created <= FIRST_REPLICAS + self.range.step;
            let is_in_range = created >= self.range.from;
            let (at, kind) = match (before.is_none(), is_first) {
                // Whether it replaces the same artifact is unknown.
                (true, _) if !is_in_range || !is_prompt => (created, Kind::Baseline),
                (_, true) if is_in_range && is_prompt => (created, Kind::Deployed),
                (_, true) if is_in_range => (step.at, Kind::Deployed),
                _ => (step.at, Kind::Return),
            };
            self.lead(set, at, kind);
        }
        let leads = self.events.last().map(|event| event.set.clone());
        let Some(leader) = leads else { return };
        if !step.sets.contains_key(&leader) {
            // The new one is gone before it replaced the old one.
            let mut order = self.order.iter().rev();
            if let Some(set) = order.find(|set| step.sets.contains_key(*set)).cloned() {
                self.lead(&set, step.at, Kind::Return);
            }
        } else if step.sets.len() == 1
            && let Some(event) = self.events.last_mut()
        {
            event.finished.get_or_insert(step.at);
        }
    }

    fn lead(&mut self, set: &str, at: i64, kind: Kind) {
        self.order.retain(|known| known != set);
        self.order.push(set.to_owned());
        // Events are in order, although a creation may show after a later change.
        let last = self.events.last().map_or(i64::MIN, |event| event.at);
        self.events.push(Event {
            set: set.to_owned(),
            at: at.max(last),
            kind,
            finished: None,
        });
    }
}
