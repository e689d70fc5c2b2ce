//! Runs the rules of services in what happens to them.

use std::sync::Arc;

use nth_engine::rules::{self, Outcome};
use nth_engine::{Labels, MemoryStore, Timestamp};
use nth_model::burn_rate::SLICE;
use nth_model::test::{History, Test};
use nth_promql::Selector;

use crate::alerts::{AlertTimeline, timelines};
use crate::error::Error;
use crate::history;
use crate::plan::Plan;
use crate::queries::reach;
use crate::rule_groups::{Literal, RuleSet};
use crate::series::{Scrapes, Source};
use crate::timeline::{self, Scenario, millis};

/// The result of a test's events.
#[derive(Debug, Clone)]
pub struct Simulation {
    /// The beginning, in milliseconds since 1970.
    pub begin: Timestamp,
    /// The end, in milliseconds since 1970.
    pub end: Timestamp,
    /// The first evaluation of the rules, in milliseconds since 1970.
    pub from: Timestamp,
    /// The labels of the series that no rule recorded.
    pub raw: Vec<Labels>,
    /// The raw series, and those that the rules recorded.
    pub store: MemoryStore,
    /// The rules.
    pub rules: Arc<RuleSet>,
    /// The alerts that were pending or firing at any time.
    pub alerts: Vec<AlertTimeline>,
}

/// The shortest time before a test for which the rules are evaluated.
const LEAST_WARM_UP: i64 = 20 * 60_000;

/// How long before a test the raw series exist at least: longer than the lookback of slices.
const LEAST_LEAD: i64 = 70 * 60_000;

/// Runs the rules of a plan's services in a test. The expectations are not checked.
///
/// With a good history, the rules are also evaluated for some time before the test, so that an alert that holds when it begins is
/// firing already.
///
/// # Errors
///
/// If an event does not apply to its subject, a series is invalid, or a rule fails.
pub fn simulate(plan: &Plan<'_>, test: &Test) -> Result<Simulation, Error> {
    let scenario = timeline::scenario(plan, test)?;
    run(plan, scenario, Arc::clone(&plan.rules))
}

/// Runs other rules than those of a plan's services in a test: what they would do if the same happened. The series are the
/// plan's, whatever the rules read.
///
/// `part` are the rules to evaluate, all of `rules` or some; when the evaluation begins depends on `rules`, so that a part has
/// the same results as the whole.
///
/// # Errors
///
/// If an event does not apply to its subject, a series is invalid, or a rule fails.
pub fn simulate_rules(
    plan: &Plan<'_>,
    test: &Test,
    rules: &RuleSet,
    part: Arc<RuleSet>,
) -> Result<Simulation, Error> {
    let scenario = timeline::scenario(plan, test)?;
    let times = times(plan, &scenario, rules);
    run_from(plan, scenario, part, times, Some(&plan.rules))
}

/// Returns the labels of a test's hand-written series, which a [`Plan`] leaves out.
///
/// # Errors
///
/// If a series is invalid.
pub fn labels_by_hand(test: &Test) -> Result<Vec<Labels>, Error> {
    let written = timeline::written(test)?;
    Ok(written.into_iter().map(|one| one.sequence.labels).collect())
}

/// Runs rules in a scenario.
pub(crate) fn run(
    plan: &Plan<'_>,
    scenario: Scenario,
    rules: Arc<RuleSet>,
) -> Result<Simulation, Error> {
    let times = times(plan, &scenario, &rules);
    run_from(plan, scenario, rules, times, None)
}

/// Runs rules in a scenario from a time. `original` are those of the plan's services, if these are other ones.
fn run_from(
    plan: &Plan<'_>,
    scenario: Scenario,
    rules: Arc<RuleSet>,
    (from, scrapes): (Timestamp, Scrapes),
    original: Option<&RuleSet>,
) -> Result<Simulation, Error> {
    let Scenario { begin, end, .. } = scenario;
    let mut store = MemoryStore::new();
    for series in &plan.series {
        // Gates read the times of deployments, which rules do not.
        if series.source == Source::Deployed || rules.reads(&series.labels) {
            series.load(&scenario.world, scrapes, &mut store);
        }
    }
    for written in &scenario.written {
        let start = begin.saturating_add(written.from);
        written.sequence.load(&mut store, start, scrapes.interval);
    }
    let raw = store.iter().map(|series| series.labels).collect();
    if scenario.history == History::Good {
        history::plant(plan, &scenario, (&rules, original), from, &mut store)?;
    }
    let settings = rules::Settings {
        expand: &Literal,
        ..rules::Settings::default()
    };
    let Outcome { alerts, .. } = rules::run(&rules.groups, &mut store, from..=end, settings)
        .map_err(|failure| Error::Evaluation(Box::new(failure)))?;
    Ok(Simulation {
        begin,
        end,
        from,
        raw,
        store,
        alerts: timelines(&plan.services, plan.settings, &rules, alerts, begin),
        rules,
    })
}

/// Returns the time of the first evaluation, and the scrapes.
fn times(plan: &Plan<'_>, scenario: &Scenario, rules: &RuleSet) -> (Timestamp, Scrapes) {
    let Scenario { begin, end, .. } = *scenario;
    let interval = millis(plan.settings.prometheus.scrape_interval).max(1);
    let scrapes = |lead: i64, counted_before: f64| Scrapes {
        first: begin - lead.div_euclid(interval) * interval,
        last: end,
        interval,
        counted_before,
    };
    if scenario.history == History::None {
        return (begin, scrapes(0, 0.0));
    }
    let slice = millis(SLICE);
    // The evaluations of all groups include the beginning.
    let step = common_step(rules.groups.iter().map(|group| group.interval), slice);
    let mut warm_up = LEAST_WARM_UP;
    for hold in rules.holds() {
        // An alert that must hold for longer than all that is evaluated does not fire.
        if hold <= warm_up + (end - begin) {
            warm_up = warm_up.max(hold.saturating_add(3 * slice));
        }
    }
    let warm_up = (warm_up + step - 1) / step * step;
    let is_raw = |selector: &Selector| !rules.records(selector);
    let lead = rules
        .exprs()
        .map(|expr| reach(expr, &is_raw))
        .max()
        .unwrap_or(0);
    let lead = lead
        .saturating_add(2 * interval)
        .max(LEAST_LEAD)
        .saturating_add(rules.longest_offset());
    (
        begin - warm_up,
        scrapes(warm_up.saturating_add(lead), COUNTED_BEFORE),
    )
}

/// The longest time that evaluations of groups with different intervals may need to meet.
const LONGEST_STEP: i64 = 12 * 60 * 60_000;

/// The time after which groups with these intervals are evaluated together, a multiple of a slice. An interval is left out if they
/// would meet too rarely: its group is evaluated up to one interval before the beginning instead.
fn common_step(intervals: impl Iterator<Item = i64>, slice: i64) -> i64 {
    let mut intervals: Vec<i64> = intervals.map(|interval| interval.max(1)).collect();
    intervals.sort_unstable();
    intervals.dedup();
    intervals.into_iter().fold(slice, |step, interval| {
        let common = least_common_multiple(step, interval);
        if common <= LONGEST_STEP { common } else { step }
    })
}

/// What counters have counted before their first sample: they are not new.
const COUNTED_BEFORE: f64 = 1000.0;

pub(crate) fn least_common_multiple(one: i64, other: i64) -> i64 {
    (one / greatest_common_divisor(one, other).max(1)).saturating_mul(other)
}

pub(crate) fn greatest_common_divisor(one: i64, other: i64) -> i64 {
    let (mut divisor, mut rest) = (one, other);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    divisor
}
