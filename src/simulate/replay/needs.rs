//! How long before a time rules must be evaluated, so that all that is read then is known.

use std::collections::HashMap;

use nth_engine::rules::{Group, Recording, Rule, RuleId};
use nth_promql::classify::exprs;
use nth_promql::{Expr, MatchOp, Node, Selector};

use crate::queries::reach;
use crate::run::least_common_multiple;

/// How long rules are evaluated before the alerts count, at least: what the shortest windows of recorded series read.
const LEAD: i64 = 2 * 3_600_000;

/// When each rule must be evaluated first.
#[derive(Debug, Clone)]
pub(super) struct Needs {
    /// The evaluations of all groups include multiples of this, in milliseconds.
    pub(super) step: i64,
    /// How long before the beginning each phase starts, in milliseconds: in each, more rules are evaluated than in the one
    /// before, and in the last all.
    pub(super) phases: Vec<i64>,
    /// The first phase of each rule, by group.
    first: Vec<Vec<usize>>,
}

impl Needs {
    pub(super) fn new(groups: &[Group]) -> Self {
        let step = groups.iter().map(|group| group.interval);
        let step = step.fold(1, least_common_multiple).max(1);
        let all: Vec<&Rule> = groups.iter().flat_map(|group| &group.rules).collect();
        let settled = all
            .iter()
            .map(|rule| match rule {
                Rule::Alerting(rule) => rule.hold.saturating_add(rule.keep_firing),
                Rule::Recording(_) => 0,
            })
            .max()
            .unwrap_or(0);
        let aligned = |time: i64| time.div_euclid(step).saturating_add(2).saturating_mul(step);
        let last = aligned(settled.saturating_add(LEAD));
        let needed = needed(&all, settled);
        let mut starts: Vec<i64> = needed.iter().map(|need| aligned(*need).max(last)).collect();
        starts.sort_unstable_by(|one, other| other.cmp(one));
        let mut phases: Vec<i64> = Vec::new();
        for start in starts.into_iter().filter(|start| *start > last) {
            let is_near = |phase: &i64| phase - start < LEAD;
            if !phases.last().is_some_and(is_near) {
                phases.push(start);
            }
        }
        phases.push(last);
        let first_of = |need: i64| {
            let sufficient = phases.iter().rposition(|start| *start >= need);
            sufficient.unwrap_or(0)
        };
        let mut needed = needed.iter();
        let first = groups
            .iter()
            .map(|group| {
                let needs = needed.by_ref().take(group.rules.len());
                needs.map(|need| first_of(*need)).collect()
            })
            .collect();
        Self {
            step,
            phases,
            first,
        }
    }

    /// How long before the beginning the first of some rules is evaluated.
    pub(super) fn start_of_any(&self, rules: &[RuleId]) -> i64 {
        let phase = |id: &RuleId| self.first.get(id.group)?.get(id.rule).copied();
        let first = rules.iter().filter_map(phase).min().unwrap_or(0);
        self.phases.get(first).copied().unwrap_or(0)
    }

    /// Returns the groups with the rules that are evaluated in a phase.
    pub(super) fn of_phase(&self, groups: &[Group], phase: usize) -> Vec<Group> {
        let groups = groups.iter().zip(&self.first);
        groups
            .map(|(group, first)| {
                let rules = group.rules.iter().zip(first);
                let rules = rules.filter(|(_, first)| **first <= phase);
                Group {
                    rules: rules.map(|(rule, _)| rule.clone()).collect(),
                    ..group.clone()
                }
            })
            .filter(|group| !group.rules.is_empty())
            .collect()
    }
}

/// Returns how long before the beginning each rule is read, directly or through others, by alerts that are evaluated `settled`
/// milliseconds before it.
fn needed(rules: &[&Rule], settled: i64) -> Vec<i64> {
    let written = Written::new(rules.iter().copied());
    let mut readers: Vec<Vec<(usize, i64)>> = vec![Vec::new(); rules.len()];
    for (index, reader) in rules.iter().enumerate() {
        for (selector, reach) in reaches(reader.expr()) {
            for (read, _) in written.selected(selector) {
                if let Some(readers) = readers.get_mut(read) {
                    readers.push((index, reach));
                }
            }
        }
    }
    let mut known: Vec<Option<i64>> = vec![None; rules.len()];
    let mut active = vec![false; rules.len()];
    for index in 0..rules.len() {
        need(index, &readers, settled, &mut known, &mut active);
    }
    known
        .into_iter()
        .map(|need| need.unwrap_or(settled))
        .collect()
}

fn need(
    index: usize,
    readers: &[Vec<(usize, i64)>],
    settled: i64,
    known: &mut [Option<i64>],
    active: &mut [bool],
) -> i64 {
    if let Some(Some(need)) = known.get(index) {
        return *need;
    }
    match active.get_mut(index) {
        // A rule that reads itself starts without a past, as it does in Prometheus.
        None | Some(true) => return settled,
        Some(active) => *active = true,
    }
    let mut most = settled;
    for (reader, reach) in readers.get(index).into_iter().flatten() {
        let of_reader = need(*reader, readers, settled, known, active);
        most = most.max(of_reader.saturating_add(*reach));
    }
    if let Some(place) = known.get_mut(index) {
        *place = Some(most);
    }
    if let Some(active) = active.get_mut(index) {
        *active = false;
    }
    most
}

/// Returns the selectors of a query, with how far back it reads each, in milliseconds.
pub(super) fn reaches(expr: &Expr) -> impl Iterator<Item = (&Selector, i64)> {
    let selectors = exprs(expr).filter_map(|part| match &part.node {
        Node::Selector(selector) => Some(selector),
        _ => None,
    });
    selectors.map(|selector| (selector, reach(expr, &|other| other == selector)))
}

/// The recording rules, by their metric.
pub(super) struct Written<'r> {
    by_metric: HashMap<&'r str, Vec<(usize, &'r Recording)>>,
}

impl<'r> Written<'r> {
    pub(super) fn new(rules: impl Iterator<Item = &'r Rule>) -> Self {
        let mut by_metric: HashMap<&str, Vec<_>> = HashMap::new();
        for (index, rule) in rules.enumerate() {
            if let Rule::Recording(rule) = rule {
                let of_metric = by_metric.entry(rule.record.as_str()).or_default();
                of_metric.push((index, rule));
            }
        }
        Self { by_metric }
    }

    /// Returns the rules whose series a selector may select, in their order, each with its number among all rules.
    pub(super) fn selected(&self, selector: &Selector) -> Vec<(usize, &'r Recording)> {
        let mut selected: Vec<_> = match &selector.metric {
            Some(metric) => self.by_metric.get(metric.text.as_str()).cloned(),
            None => Some(self.by_metric.values().flatten().copied().collect()),
        }
        .unwrap_or_default();
        selected.retain(|(_, rule)| may_select(selector, rule));
        selected.sort_unstable_by_key(|(index, _)| *index);
        selected
    }
}

/// True if a selector may select what a rule of its metric records. Only its constant labels decide.
fn may_select(selector: &Selector, rule: &Recording) -> bool {
    selector.matchers.iter().all(|matcher| {
        let known = rule.labels.get(&matcher.label);
        match (matcher.op, known, matcher.value.text()) {
            (MatchOp::Equal, Some(known), Some(text)) => known == text,
            _ => true,
        }
    })
}
