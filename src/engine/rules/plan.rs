//! The order in which rules are evaluated.

use nth_promql::{Expr, Selector};
use rustc_hash::FxHashMap;

use super::delay::{self, Use};
use super::input::Input;
use super::reads::{self, Read};
use super::rule::Rule;
use super::writes::{self, Written};
use crate::value::Timestamp;

/// A rule with what decides when it is evaluated.
#[derive(Debug, Clone)]
pub(super) struct Placed<'g> {
    pub(super) rule: &'g Rule,
    /// Its query, or an equivalent one.
    pub(super) expr: Expr,
    pub(super) interval: i64,
    pub(super) query_offset: i64,
}

/// What else decides the order.
#[derive(Debug, Clone, Default)]
pub(super) struct Context {
    /// How old a sample may be to be selected.
    pub(super) lookback: i64,
    /// The time of the first evaluation.
    pub(super) start: Timestamp,
    /// What the store has already.
    pub(super) input: Input,
}

/// Rules that are evaluated together. Rules are given by their index in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unit {
    /// A rule that can be evaluated over many times at once, after the units before it.
    Range(usize),
    /// Rules that must be evaluated one time after another, in this order.
    Instants(Vec<usize>),
}

/// Divides rules into units, so that each unit comes after those whose series it reads. Queries may become equivalent ones.
///
/// A rule is evaluated over many times at once if its query then sees the same samples as if rules were evaluated one time after
/// another. It must not read its own series. If the other rule whose series it reads comes later in the order, the query must not
/// look at the time of evaluation itself, where the later rule has not written yet: then the two are one unit. So are rules that
/// read each other, and rules that may write the same series, because only one of two samples at a time is kept.
pub(super) fn units(rules: &mut [Placed<'_>], context: &Context) -> Vec<Unit> {
    delay_late_reads(rules, context);
    let graph = Graph::new(rules);
    components(&graph.edges)
        .into_iter()
        .map(|mut members| {
            members.sort_unstable();
            match *members.as_slice() {
                [one] if !graph.instants[one] => Unit::Range(one),
                _ => Unit::Instants(members),
            }
        })
        .collect()
}

/// Changes queries so that they do not look at the time of evaluation for series that only later rules write.
fn delay_late_reads(rules: &mut [Placed<'_>], context: &Context) {
    let writers = Writers::new(rules);
    let delayed: Vec<Option<Expr>> = rules
        .iter()
        .enumerate()
        .map(|(reader, placed)| {
            delay::delayed(&placed.expr, &|selector, used| {
                let times = (context.start, placed.interval, placed.query_offset);
                let is_input = context
                    .input
                    .interferes(selector, used, times, context.lookback);
                let mut of_selector = writers.of(selector).peekable();
                let is_written = of_selector.peek().is_some();
                // A series has a sample in each interval until it is stale, so the oldest of the lookback is never the last.
                let is_late = |writer: usize| {
                    let other = &rules[writer];
                    writer >= reader
                        && other.query_offset == placed.query_offset
                        && (used == Use::Range || other.interval < context.lookback)
                };
                !is_input && is_written && of_selector.all(is_late)
            })
        })
        .collect();
    for (placed, delayed) in rules.iter_mut().zip(delayed) {
        if let Some(expr) = delayed {
            placed.expr = expr;
        }
    }
}

/// The rules that write each metric.
struct Writers<'g>(FxHashMap<&'g str, Vec<(usize, Written<'g>)>>);

impl<'g> Writers<'g> {
    fn new(rules: &[Placed<'g>]) -> Self {
        let mut writers: FxHashMap<&str, Vec<(usize, Written<'_>)>> = FxHashMap::default();
        for (index, placed) in rules.iter().enumerate() {
            for one in writes::writes(placed.rule) {
                writers.entry(one.metric).or_default().push((index, one));
            }
        }
        Self(writers)
    }

    /// Returns the rules that may write series that a selector selects.
    fn of<'s>(&'s self, selector: &'s Selector) -> impl Iterator<Item = usize> + use<'s, 'g> {
        let metric = reads::metric_of(selector);
        let named = metric
            .as_ref()
            .and_then(|metric| self.0.get(metric.as_str()));
        let all = self.0.values().filter(move |_| metric.is_none());
        named
            .into_iter()
            .chain(all)
            .flatten()
            .filter(|(_, written)| reads::may_select(selector, written))
            .map(|(writer, _)| *writer)
    }
}

struct Graph {
    /// For each rule, those that must not be evaluated after it. Two rules with edges in both directions are in one unit.
    edges: Vec<Vec<usize>>,
    /// The rules that must be evaluated one time after another.
    instants: Vec<bool>,
}

impl Graph {
    fn new(rules: &[Placed<'_>]) -> Self {
        let writers = Writers::new(rules);
        let mut graph = Self {
            edges: vec![Vec::new(); rules.len()],
            instants: rules
                .iter()
                .map(|placed| reads::is_instant_only(&placed.expr))
                .collect(),
        };
        for (reader, placed) in rules.iter().enumerate() {
            for read in reads::reads(&placed.expr) {
                for writer in writers.of(read.selector) {
                    graph.add_read(rules, reader, writer, &read);
                }
            }
        }
        for writers in writers.0.values() {
            for (index, (left, one)) in writers.iter().enumerate() {
                for (right, other) in &writers[index + 1..] {
                    if left != right && !one.is_disjoint(other) {
                        graph.join(*left, *right);
                    }
                }
            }
        }
        for edges in &mut graph.edges {
            edges.sort_unstable();
            edges.dedup();
        }
        graph
    }

    fn add_read(&mut self, rules: &[Placed<'_>], reader: usize, writer: usize, read: &Read<'_>) {
        if reader == writer {
            self.instants[reader] = true;
        } else if sees_only_the_past(rules, reader, writer, read) {
            self.edges[reader].push(writer);
        } else {
            self.join(reader, writer);
        }
    }

    fn join(&mut self, left: usize, right: usize) {
        self.edges[left].push(right);
        self.edges[right].push(left);
    }
}

/// True if, at each time of evaluation, a selector of the reader finds no sample that the writer would write only afterwards, even
/// if all the writer's samples exist already.
fn sees_only_the_past(rules: &[Placed<'_>], reader: usize, writer: usize, read: &Read<'_>) -> bool {
    let is_earlier = writer < reader;
    let offset = rules[writer].query_offset;
    if read.peeks {
        // Samples after the time of evaluation are hidden from it.
        return is_earlier && offset == 0;
    }
    // Samples at the reader's query time are the last that it sees; the writer's sample of the same evaluation has its own.
    let reach = rules[reader].query_offset + i64::from(read.delayed);
    if is_earlier {
        offset <= reach
    } else {
        offset < reach
    }
}

/// Returns the strongly connected components of a graph, each after those that its edges lead to: Tarjan's algorithm.
fn components(edges: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut visits: Vec<Option<Visit>> = vec![None; edges.len()];
    let mut found = Vec::new();
    let mut stack = Vec::new();
    let mut next = 0;
    for root in 0..edges.len() {
        // The node and the number of its edges that were followed.
        let mut path: Vec<(usize, usize)> = Vec::new();
        if visits[root].is_none() {
            path.push((root, 0));
        }
        while let Some((node, followed)) = path.pop() {
            if followed == 0 {
                visits[node] = Some(Visit {
                    index: next,
                    low: next,
                    on_stack: true,
                });
                next += 1;
                stack.push(node);
            }
            if let Some(&target) = edges[node].get(followed) {
                path.push((node, followed + 1));
                match visits[target] {
                    None => path.push((target, 0)),
                    Some(visit) if visit.on_stack => lower(&mut visits[node], visit.index),
                    Some(_) => {}
                }
                continue;
            }
            let Some(visit) = visits[node] else { continue };
            if let Some((parent, _)) = path.last() {
                lower(&mut visits[*parent], visit.low);
            }
            if visit.low == visit.index {
                let mut members = Vec::new();
                while let Some(member) = stack.pop() {
                    if let Some(visit) = &mut visits[member] {
                        visit.on_stack = false;
                    }
                    members.push(member);
                    if member == node {
                        break;
                    }
                }
                found.push(members);
            }
        }
    }
    found
}

/// The state of a node in [`components`].
#[derive(Clone, Copy)]
struct Visit {
    index: usize,
    low: usize,
    on_stack: bool,
}

fn lower(visit: &mut Option<Visit>, to: usize) {
    if let Some(visit) = visit {
        visit.low = visit.low.min(to);
    }
}
