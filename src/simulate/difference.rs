//! The rules that differ between two sets, with those that read them and those that they read.

use std::collections::BTreeSet;

use nth_engine::rules::{ALERTS, ALERTS_FOR_STATE, Recording, Rule, RuleId};
use nth_engine::{Labels, METRIC_NAME};
use nth_promql::Selector;
use smol_str::SmolStr;

use crate::matching::matches;
use crate::queries::readings;
use crate::rule_groups::RuleSet;

/// How one set of rules differs from another.
#[derive(Debug, Clone)]
pub struct Difference {
    /// The rules whose results may differ, and those that they read; groups keep their order.
    pub rules: RuleSet,
    /// The rules of [`rules`](Self::rules) whose results may differ.
    pub affected: BTreeSet<RuleId>,
    /// The rules of the original set whose results may differ, or that do not exist any more.
    pub originals: BTreeSet<RuleId>,
    /// True if the result of a recording rule may differ.
    pub changes_recordings: bool,
}

/// A rule with its place.
struct Placed<'r> {
    id: RuleId,
    service: &'r SmolStr,
    group: &'r SmolStr,
    rule: &'r Rule,
    selectors: Vec<Selector>,
}

impl Placed<'_> {
    fn is_same(&self, other: &Placed<'_>) -> bool {
        self.service == other.service && self.group == other.group && self.rule == other.rule
    }

    /// True if its query may read what another rule writes.
    fn reads(&self, written: &Rule) -> bool {
        self.selectors
            .iter()
            .any(|selector| may_match(selector, written))
    }
}

impl RuleSet {
    /// Compares with another set. `None` if both have the same rules.
    pub fn difference(&self, original: &RuleSet) -> Option<Difference> {
        let mine = placed(self);
        let theirs = placed(original);
        let is_known =
            |rule: &Placed<'_>, all: &[Placed<'_>]| all.iter().any(|one| one.is_same(rule));
        let mut affected: BTreeSet<RuleId> = BTreeSet::new();
        let mut originals: BTreeSet<RuleId> = BTreeSet::new();
        // What may be other than before, and so whatever reads it.
        let mut written: Vec<&Rule> = Vec::new();
        for rule in mine.iter().filter(|rule| !is_known(rule, &theirs)) {
            affected.insert(rule.id);
            written.push(rule.rule);
        }
        for rule in theirs.iter().filter(|rule| !is_known(rule, &mine)) {
            originals.insert(rule.id);
            written.push(rule.rule);
        }
        while let Some(rule) = written.pop() {
            for reader in mine.iter().filter(|reader| reader.reads(rule)) {
                if affected.insert(reader.id) {
                    written.push(reader.rule);
                }
            }
            for reader in theirs.iter().filter(|reader| reader.reads(rule)) {
                if originals.insert(reader.id) {
                    written.push(reader.rule);
                }
            }
        }
        if affected.is_empty() && originals.is_empty() {
            return None;
        }
        let is_recording = |(rule, ids): (&Placed<'_>, &BTreeSet<RuleId>)| {
            matches!(rule.rule, Rule::Recording(_)) && ids.contains(&rule.id)
        };
        let all = mine.iter().map(|rule| (rule, &affected));
        let all = all.chain(theirs.iter().map(|rule| (rule, &originals)));
        let changes_recordings = { all }.any(is_recording);
        let needed = needed(&mine, &affected);
        let (rules, affected) = self.only(&needed, &affected);
        Some(Difference {
            rules,
            affected,
            originals,
            changes_recordings,
        })
    }

    /// Returns this set with other rules for a service.
    pub fn replaced(&self, service: &str, by: &RuleSet) -> RuleSet {
        let all = self.groups.iter().zip(&self.services);
        let mut kept = all.filter(|(_, of)| *of != service).peekable();
        let mut others = by.groups.iter().zip(&by.services).peekable();
        let (mut groups, mut services) = (Vec::new(), Vec::new());
        // Services are in the order of their names.
        loop {
            let is_other_next = match (kept.peek(), others.peek()) {
                (None, None) => break,
                (None, Some(_)) => true,
                (Some(_), None) => false,
                (Some((_, kept)), Some(_)) => service < kept.as_str(),
            };
            let next = if is_other_next {
                others.next()
            } else {
                kept.next()
            };
            if let Some((group, of)) = next {
                groups.push(group.clone());
                services.push(of.clone());
            }
        }
        Self::of_groups(groups, services)
    }

    /// Keeps some rules, and returns the places that others have then.
    fn only(&self, kept: &BTreeSet<RuleId>, named: &BTreeSet<RuleId>) -> (Self, BTreeSet<RuleId>) {
        let mut places = BTreeSet::new();
        let mut groups = Vec::new();
        let mut services = Vec::new();
        for (group_index, (group, service)) in self.groups.iter().zip(&self.services).enumerate() {
            let mut rules = Vec::new();
            for (rule_index, rule) in group.rules.iter().enumerate() {
                let id = RuleId {
                    group: group_index,
                    rule: rule_index,
                };
                if !kept.contains(&id) {
                    continue;
                }
                if named.contains(&id) {
                    places.insert(RuleId {
                        group: groups.len(),
                        rule: rules.len(),
                    });
                }
                rules.push(rule.clone());
            }
            if !rules.is_empty() {
                let mut group = group.clone();
                group.rules = rules;
                groups.push(group);
                services.push(service.clone());
            }
        }
        (Self::of_groups(groups, services), places)
    }
}

/// Returns these rules, and the recording rules that they read, directly or not.
fn needed(all: &[Placed<'_>], wanted: &BTreeSet<RuleId>) -> BTreeSet<RuleId> {
    let mut needed = wanted.clone();
    let mut waiting: Vec<&Placed<'_>> = all
        .iter()
        .filter(|rule| wanted.contains(&rule.id))
        .collect();
    while let Some(reader) = waiting.pop() {
        for read in all.iter().filter(|rule| reader.reads(rule.rule)) {
            if needed.insert(read.id) {
                waiting.push(read);
            }
        }
    }
    needed
}

fn placed(set: &RuleSet) -> Vec<Placed<'_>> {
    let groups = set.groups.iter().zip(&set.services).enumerate();
    groups
        .flat_map(|(group_index, (group, service))| {
            group
                .rules
                .iter()
                .enumerate()
                .map(move |(rule_index, rule)| Placed {
                    id: RuleId {
                        group: group_index,
                        rule: rule_index,
                    },
                    service,
                    group: &group.name,
                    rule,
                    selectors: readings(rule.expr())
                        .into_iter()
                        .map(|reading| reading.selector)
                        .collect(),
                })
        })
        .collect()
}

/// True if a selector may match a series that a rule writes: nothing that is known about its labels contradicts.
fn may_match(selector: &Selector, written: &Rule) -> bool {
    match written {
        Rule::Recording(Recording { record, labels, .. }) => {
            let mut known: Labels = labels
                .iter()
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect();
            known = known.with(METRIC_NAME, record);
            let mut asked = selector.clone();
            asked
                .matchers
                .retain(|matcher| labels.contains_key(&matcher.label));
            matches(&asked, &known)
        }
        Rule::Alerting(_) => selector
            .metric
            .as_ref()
            .is_none_or(|metric| metric.text == ALERTS || metric.text == ALERTS_FOR_STATE),
    }
}
