//! The past of SLOs: what their rules would have recorded, so that a month need not be evaluated.

use std::collections::BTreeMap;

use nth_engine::rules::Recording;
use nth_engine::{FloatSample, Labels, METRIC_NAME, MemoryStore, Timestamp};
use nth_model::burn_rate::SLICE;
use nth_model::{CalendarWindow, Duration, Sli, Slo};
use nth_targets::series_names::{BAD_EVENTS, GROUPS, KNOWN_TIME, OBJECTIVE, TOTAL_EVENTS};

use crate::error::Error;
use crate::other_past::{OtherPast, Values};
use crate::piecewise::Span;
use crate::plan::{BAD_SLICE, Plan, float};
use crate::rule_groups::RuleSet;
use crate::timeline::{Scenario, millis};
use crate::world::{SloIndex, is_chosen};

/// Adds what the rules of all SLOs recorded in their windows before the first evaluation. `original` are the rules of the plan's
/// services, if these are other ones.
pub(crate) fn plant(
    plan: &Plan<'_>,
    scenario: &Scenario,
    (rules, original): (&RuleSet, Option<&RuleSet>),
    from: Timestamp,
    store: &mut MemoryStore,
) -> Result<(), Error> {
    // Rules write their samples at the time that they query.
    let now = from;
    for (index, planned) in plan.slos.iter().enumerate() {
        let from = now - planned.query_offset(plan.settings);
        let Some(service) = plan.services.get(planned.service) else {
            continue;
        };
        let past = Past::new(plan, scenario, index, from)?;
        let other = match original {
            Some(known) => {
                OtherPast::new(plan, scenario, (rules, known), (index, past.share), from)?
            }
            None => None,
        };
        for rule in rules.of_slo(&service.name, &planned.slo.name) {
            if let Some(series) = other.as_ref().and_then(|other| other.series(rule)) {
                let is_own = |labels: &Labels| {
                    let mut group = planned.group.iter();
                    group.all(|(label, value)| labels.get(label) == *value)
                };
                for (labels, values) in series.into_iter().filter(|(labels, _)| is_own(labels)) {
                    store.add_floats(&labels, past.measured(rule, values));
                }
                continue;
            }
            let labels = recorded_labels(rule, &planned.group);
            let samples = match rule.record.as_str() {
                KNOWN_TIME => past.slices(|_| SLICE_SECONDS),
                TOTAL_EVENTS => past.slices(|_| past.total),
                BAD_EVENTS => past.slices(|at| past.bad_at(at)),
                BAD_SLICE => past.evaluations(),
                // The time since the last sample is what a slice covers.
                GROUPS => {
                    let sample = FloatSample {
                        at: from - millis(SLICE),
                        value: 1.0,
                    };
                    store.add_floats(&recorded_labels(rule, &BTreeMap::new()), vec![sample]);
                    continue;
                }
                OBJECTIVE => vec![FloatSample {
                    at: from - millis(SLICE),
                    value: float(planned.objective()),
                }],
                _ => continue,
            };
            store.add_floats(&labels, samples);
        }
    }
    Ok(())
}

const SLICE_SECONDS: f64 = 180.0;

/// Returns the labels of what a rule records of a group of an SLO.
pub(crate) fn recorded_labels(rule: &Recording, group: &BTreeMap<String, String>) -> Labels {
    let labels = rule
        .labels
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    let group = group.iter().filter(|(_, value)| !value.is_empty());
    labels
        .chain(group.map(|(label, value)| (label.as_str().into(), value.as_str().into())))
        .chain([(METRIC_NAME.into(), rule.record.clone())])
        .collect()
}

/// The longest of the windows of an SLO and its contracts.
fn longest_window(slo: &Slo) -> Duration {
    let longest = |calendar: &Option<CalendarWindow>, window| match calendar {
        Some(calendar) => calendar.unit.longest(),
        None => window,
    };
    let contracts = slo.contracts.iter();
    contracts
        .map(|contract| longest(&contract.calendar, contract.window))
        .fold(longest(&slo.calendar, slo.window), Duration::max)
}

/// The past of an SLO.
struct Past {
    /// The first evaluation, before which the past is.
    from: Timestamp,
    /// How far back it is recorded, in milliseconds: the longest window.
    recorded: i64,
    /// The SLO window, in milliseconds.
    window: i64,
    /// The time between two evaluations of fast rules.
    tick: i64,
    /// Events or seconds of a slice.
    total: f64,
    /// When some are bad.
    bad: Option<Span>,
    /// The bad share then.
    share: f64,
}

impl Past {
    fn new(
        plan: &Plan<'_>,
        scenario: &Scenario,
        index: SloIndex,
        from: Timestamp,
    ) -> Result<Self, Error> {
        let unknown = || Error::inapplicable(plan.slo_name(index), "it is not simulated");
        let planned = plan.slos.get(index).ok_or_else(unknown)?;
        let service = scenario
            .world
            .services
            .get(planned.service)
            .ok_or_else(unknown)?;
        let is_timed = matches!(
            planned.slo.sli,
            Sli::TimeSlices { .. } | Sli::ErrorRatio { total: None, .. }
        );
        let rate = if is_timed { 1.0 } else { service.rate.at(from) };
        let mut past = Self {
            from,
            recorded: millis(longest_window(planned.slo)),
            window: millis(match &planned.slo.calendar {
                Some(calendar) => calendar.unit.longest(),
                None => planned.slo.window,
            }),
            tick: scenario.world.tick(index),
            total: rate * SLICE_SECONDS,
            bad: None,
            share: 0.0,
        };
        let mut budgets = scenario.budgets.iter().rev();
        if let Some((_, left)) = budgets.find(|(slo, _)| *slo == index) {
            past.consume(plan, scenario, index, 1.0 - left)?;
        }
        Ok(past)
    }

    /// Lets as much be bad as consumes a share of the error budget: before the windows of alerts, so that none of them fires for
    /// it, and so late that it is in the SLO window until the end.
    fn consume(
        &mut self,
        plan: &Plan<'_>,
        scenario: &Scenario,
        index: SloIndex,
        consumed: f64,
    ) -> Result<(), Error> {
        if consumed == 0.0 {
            return Ok(());
        }
        let Some(planned) = plan.slos.get(index) else {
            return Ok(());
        };
        let margin = 2 * millis(SLICE);
        let pairs = planned.slo.burn_rate_pairs.iter();
        let longest = pairs.map(|pair| millis(pair.long)).max().unwrap_or(0);
        // The language reports an unknown zone before.
        let period = { planned.slo.calendar.as_ref() }
            .and_then(|calendar| calendar.period(scenario.begin.div_euclid(1000)).ok())
            .map(|period| Span {
                from: period.start * 1000 + 5 * millis(SLICE),
                to: period.end * 1000,
            });
        let length = period.map_or(self.window, |period| period.to - period.from);
        let (oldest, lasting) = match period {
            Some(period) => (period.from, period.from),
            None => (
                scenario.begin - self.window,
                scenario.end - self.window + margin,
            ),
        };
        let span = Span {
            from: lasting,
            to: self.from - longest - margin,
        };
        let everything = Span {
            from: oldest,
            to: self.from,
        };
        let span = if span.to - span.from > length / 4 {
            span
        } else {
            everything
        };
        #[allow(clippy::cast_precision_loss)]
        let budget = float(rust_decimal::Decimal::ONE - planned.objective());
        let share = consumed * budget * length as f64 / (span.to - span.from).max(1) as f64;
        if !(0.0..=1.0).contains(&share) {
            let reason = format!(
                "its history cannot leave {:.4}% of the budget",
                (1.0 - consumed) * 100.0
            );
            return Err(Error::inapplicable(plan.slo_name(index), reason));
        }
        self.bad = Some(span);
        self.share = share;
        Ok(())
    }

    fn bad_at(&self, at: Timestamp) -> f64 {
        self.share_at(at) * self.total
    }

    fn share_at(&self, at: Timestamp) -> f64 {
        if self.bad.is_some_and(|span| span.contains(at)) {
            self.share
        } else {
            0.0
        }
    }

    /// Returns the samples of a rule that measures these values.
    fn measured(&self, rule: &Recording, values: Values) -> Vec<FloatSample> {
        let sample = |at, value: Option<f64>| Some(FloatSample { at, value: value? });
        if rule.record == BAD_SLICE {
            let is_bad = |at: Timestamp| is_chosen(at.div_euclid(self.tick), self.share_at(at));
            let value = |at| {
                if is_bad(at) {
                    values.bad_slice
                } else {
                    values.good
                }
            };
            let times = self.times(self.tick);
            return times.filter_map(|at| sample(at, value(at))).collect();
        }
        let is_bad = |at| self.bad.is_some_and(|span| span.contains(at));
        let value = |at| if is_bad(at) { values.bad } else { values.good };
        let times = self.times(millis(SLICE));
        times.filter_map(|at| sample(at, value(at))).collect()
    }

    /// Returns a sample of each slice.
    fn slices(&self, value: impl Fn(Timestamp) -> f64) -> Vec<FloatSample> {
        let sample = |at| FloatSample {
            at,
            value: value(at),
        };
        self.times(millis(SLICE)).map(sample).collect()
    }

    /// Returns whether each time slice is bad.
    fn evaluations(&self) -> Vec<FloatSample> {
        let bad = |at: Timestamp| is_chosen(at.div_euclid(self.tick), self.share_at(at));
        let sample = |at| FloatSample {
            at,
            value: f64::from(u8::from(bad(at))),
        };
        self.times(self.tick).map(sample).collect()
    }

    /// Returns the recorded times before the first evaluation, in order.
    fn times(&self, step: i64) -> impl Iterator<Item = Timestamp> {
        let (from, count) = (self.from, self.recorded / step);
        (1..=count).rev().map(move |number| from - number * step)
    }
}
