//! How many seconds of each slice were seen.

use std::collections::BTreeMap;

use super::target::{Job, Target};
use super::{LONGEST_ABSENCE, LOOK_BACK};
use crate::{Interval, SLICE_SECONDS};

/// A time from its start to its end, in milliseconds.
type Span = (i64, i64);

/// The seconds of each slice of an interval of whole slices that were seen, in order.
pub(super) fn seen(within: Interval, jobs: &BTreeMap<String, Job>) -> Vec<u16> {
    // How the numbers of known and of scraped targets change.
    let mut changes: BTreeMap<i64, (i64, i64)> = BTreeMap::new();
    for target in jobs.values().flat_map(BTreeMap::values) {
        let scraped = scraped(target);
        let mut known = known(target);
        known.extend(&scraped);
        for (from, until) in unite(known) {
            changes.entry(from).or_default().0 += 1;
            changes.entry(until).or_default().0 -= 1;
        }
        for (from, until) in unite(scraped) {
            changes.entry(from).or_default().1 += 1;
            changes.entry(until).or_default().1 -= 1;
        }
    }
    let mut steps = changes.into_iter().peekable();
    let (mut known, mut scraped) = (0, 0);
    let mut seen = Vec::new();
    let mut start = within.from;
    while start < within.until {
        let (mut at, end) = (start * 1_000, (start + SLICE_SECONDS) * 1_000);
        let (mut whole, mut partial) = (0, 0.0);
        while at < end {
            while let Some((_, (of_known, of_scraped))) = steps.next_if(|(time, _)| *time <= at) {
                known += of_known;
                scraped += of_scraped;
            }
            let next = steps.peek().map_or(end, |(time, _)| (*time).min(end));
            if known > 0 && scraped >= known {
                whole += next - at;
            } else if known > 0 {
                partial += share(next - at, scraped, known);
            }
            at = next;
        }
        seen.push(seconds(whole, partial));
        start += SLICE_SECONDS;
    }
    seen
}

#[expect(clippy::cast_precision_loss, reason = "a slice has 300,000 ms")]
fn share(millis: i64, scraped: i64, known: i64) -> f64 {
    millis as f64 * scraped as f64 / known as f64
}

/// Whole seconds, rounded down: a slice is only complete if all of it was seen.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "it is at most 300"
)]
fn seconds(whole: i64, partial: f64) -> u16 {
    ((whole as f64 + partial) / 1_000.0)
        .floor()
        .clamp(0.0, 300.0) as u16
}

/// The times between two successful scrapes without a gap.
fn scraped(target: &Target) -> Vec<Span> {
    let pairs = target.scrapes.windows(2).filter_map(|pair| {
        let (from, until) = (pair.first()?.at, pair.last()?.at);
        (until - from <= target.interval.longest(until)).then_some((from, until))
    });
    pairs.collect()
}

/// The times at which the target exists.
fn known(target: &Target) -> Vec<Span> {
    let mut spans = Vec::new();
    for (number, from) in target.attempts.iter().enumerate() {
        let next = target.attempts.get(number + 1).copied();
        let removal = target.removals.partition_point(|at| at <= from);
        let removed = target.removals.get(removal).copied();
        let until = match (next, removed) {
            (Some(next), Some(removed)) if removed < next => removed,
            (None, Some(removed)) => removed,
            (Some(next), _) if next - from <= LONGEST_ABSENCE => next,
            // It is missed at the next scrape, and so is what happened after the last one.
            _ => from + target.interval.at(*from),
        };
        spans.push((*from, until.min(from + LONGEST_ABSENCE)));
        // If it is back within an hour, what happened meanwhile counts at its first scrape.
        if let Some(next) = next.filter(|next| next - from <= LOOK_BACK) {
            spans.push((next - target.interval.at(next), next));
        }
    }
    spans
}

/// Ordered spans without overlaps, from spans in any order.
fn unite(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable();
    let mut united: Vec<Span> = Vec::new();
    for (from, until) in spans {
        match united.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(until),
            _ => united.push((from, until)),
        }
    }
    united
}
