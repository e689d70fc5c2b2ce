//! A sample of what services record: a month and a day as they could be, for dashboards that nobody has data for yet.
//!
//! It is simulated from the queries of the model like everything else here: one share of bad events decides what the SLI, the
//! burn rates, the budget and the alerts of an SLO are, so that they agree on every panel. What no SLO and no alert reads is
//! guessed by the names of metrics, and marked.

mod buckets;
mod fill;
mod guess;
mod past;
mod seed;
mod story;

use std::collections::BTreeSet;

use nth_engine::rules::{self, ALERTS, ALERTS_FOR_STATE, Rule};
use nth_engine::{Evaluated, FloatSample, Labels, MemoryStore, Series, Steps, Timestamp, eval};
use nth_model::burn_rate::SLICE;
use nth_model::test::SloRef;
use nth_model::{CalendarWindow, Service, Settings, Slo};
use nth_promql::{Expr, Selector};
use nth_targets::series_names::{BAD_EVENTS, CONTRACT_INFO, INFO, KNOWN_TIME, TOTAL_EVENTS};
use smol_str::SmolStr;

use crate::alerts::{AlertTimeline, timelines};
use crate::error::Error;
use crate::plan::{BAD_SLICE, Plan};
use crate::queries::{reach, readings};
use crate::rule_groups::{Literal, RuleSet};
use crate::series::Scrapes;
use crate::timeline::millis;

/// The time at which samples end, in milliseconds since 1970: Wednesday, 2026-06-24, 16:00 UTC.
pub const END: Timestamp = 1_782_316_800_000;

/// How long all series have samples, in milliseconds.
pub const DAY: i64 = 24 * 3_600_000;

/// The time between two samples of what is recorded before the last day, in milliseconds.
pub const COARSE: i64 = 3 * 3_600_000;

/// The longest range of raw series that is generated besides the last day.
const LONGEST_LEAD: i64 = 32 * DAY;

/// The shortest one: longer than the lookback of slices.
const SHORTEST_LEAD: i64 = 70 * 60_000;

/// What counters have counted before their first sample: they are not new.
const COUNTED_BEFORE: f64 = 1000.0;

/// A sample of what services record.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    store: MemoryStore,
    alerts: Vec<AlertTimeline>,
    /// The groups of rules that were evaluated, by their names.
    evaluated: BTreeSet<SmolStr>,
    /// The metrics that follow from the queries of SLOs and alerts.
    simulated: BTreeSet<SmolStr>,
    /// The metrics that are guessed.
    guessed: BTreeSet<SmolStr>,
}

/// The values of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct SampleValues {
    /// The series.
    pub series: Vec<Series>,
    /// True if a metric of the query is guessed by its name.
    pub is_guessed: bool,
}

impl Sample {
    /// Makes a sample of services. `queries` are those that it is for: what they read is guessed if nothing else gives it.
    ///
    /// What cannot be simulated is left out: an SLO or an alert from whose query no series follow.
    pub fn new(services: &[&Service], settings: &Settings, queries: &[Expr]) -> Self {
        let planned = RuleSet::of_services(services, settings).and_then(|rules| {
            let groups: Vec<SloRef> = services.iter().flat_map(|of| groups(of)).collect();
            Plan::of_groups(services, settings, rules.into(), &groups)
        });
        match planned {
            Ok(plan) => Self::of_plan(&plan, queries),
            Err(error) => {
                let mut fewer: Vec<Service> = services.iter().map(|one| (*one).clone()).collect();
                if !leave_out(&mut fewer, &error) {
                    return Self::default();
                }
                let fewer: Vec<&Service> = fewer.iter().collect();
                Self::new(&fewer, settings, queries)
            }
        }
    }

    /// Joins what queries read of several samples, for a dashboard of all of them.
    pub fn joined<'s>(samples: impl IntoIterator<Item = &'s Self>, queries: &[Expr]) -> Self {
        let selectors: Vec<Selector> = queries
            .iter()
            .flat_map(readings)
            .map(|reading| reading.selector)
            .collect();
        let mut all = Self::default();
        for sample in samples {
            for series in sample.store.iter() {
                let mut wanted = selectors.iter();
                if wanted.any(|selector| crate::matching::matches(selector, &series.labels)) {
                    let floats = series.floats.into_owned();
                    all.store.add_floats(&series.labels, floats);
                }
            }
            all.simulated.extend(sample.simulated.iter().cloned());
            all.guessed.extend(sample.guessed.iter().cloned());
        }
        all
    }

    /// Evaluates a query; `None` if it fails, or if it has no value because it reads what the sample does not have.
    pub fn evaluate(&self, query: &Expr, steps: Steps) -> Option<SampleValues> {
        let (found, _) =
            eval::evaluate(query, &self.store, steps, &eval::Options::default()).ok()?;
        let series = match found {
            Evaluated::Vector(series) => series,
            Evaluated::Scalar(values) => {
                let points = values.into_iter().map(nth_engine::Point::Float);
                vec![Series::new(Labels::default(), points.collect())]
            }
            Evaluated::String(_) => return None,
        };
        let metrics: Vec<SmolStr> = readings(query)
            .into_iter()
            .filter_map(|reading| Some(reading.selector.metric?.text))
            .collect();
        let is_known = metrics.iter().all(|metric| self.knows(metric));
        (is_known || !series.is_empty()).then(|| SampleValues {
            series,
            is_guessed: metrics.iter().any(|metric| self.guessed.contains(metric)),
        })
    }

    /// Returns the alerts that were active on the last day. Times are milliseconds since its beginning.
    pub fn alerts(&self) -> &[AlertTimeline] {
        &self.alerts
    }

    /// True if the rules of a group were evaluated, so that an alert of it without a timeline did not fire.
    pub fn has_evaluated(&self, group: &str) -> bool {
        self.evaluated.contains(group)
    }

    fn knows(&self, metric: &SmolStr) -> bool {
        self.simulated.contains(metric)
            || self.guessed.contains(metric)
            || (!self.evaluated.is_empty() || !self.simulated.is_empty())
                && [ALERTS, ALERTS_FOR_STATE].contains(&metric.as_str())
    }

    fn of_plan(plan: &Plan<'_>, queries: &[Expr]) -> Self {
        let world = story::world(plan);
        let from = END - DAY;
        let rules = &plan.rules;
        let is_raw = |selector: &Selector| !rules.records(selector);
        let reaches = rules.exprs().map(|expr| reach(expr, &is_raw));
        let lead = reaches
            .max()
            .unwrap_or(0)
            .clamp(SHORTEST_LEAD, LONGEST_LEAD);
        let interval = millis(plan.settings.prometheus.scrape_interval).max(15_000);
        let scrapes = Scrapes {
            first: from
                - (lead + rules.longest_offset()).div_euclid(interval) * interval
                - 2 * interval,
            last: END,
            interval,
            counted_before: COUNTED_BEFORE,
        };
        let mut store = MemoryStore::new();
        let wanted = fill::Wanted::new(queries.iter().chain(rules.exprs()), &|selector| {
            let metric = selector
                .metric
                .as_ref()
                .map_or("", |metric| metric.text.as_str());
            is_raw(selector)
                && !metric.starts_with("slo:")
                && ![ALERTS, ALERTS_FOR_STATE, INFO, CONTRACT_INFO].contains(&metric)
        });
        for series in &plan.series {
            let mut series = series.clone();
            series.labels = wanted.completed(&series.labels, plan);
            series.load(&world, scrapes, &mut store);
        }
        buckets::add(plan, &mut store);
        let simulated = store.iter().map(|series| series.labels.metric().into());
        let mut simulated: BTreeSet<SmolStr> = simulated.collect();
        let guessed = fill::fill(&wanted, plan, &simulated, &mut store);
        simulated.extend(rules.written().map(SmolStr::from));
        past::plant(plan, &world, from, &mut store);
        let groups = as_often_as_needed(rules);
        let settings = rules::Settings {
            expand: &Literal,
            ..rules::Settings::default()
        };
        let alerts = match rules::run(&groups, &mut store, from..=END, settings) {
            Ok(outcome) => outcome.alerts,
            Err(_) => return Self::default(),
        };
        Self {
            store: recent(&store, from),
            alerts: timelines(&plan.services, plan.settings, rules, alerts, from),
            evaluated: groups.iter().map(|group| group.name.clone()).collect(),
            simulated,
            guessed,
        }
    }
}

/// Returns the groups, none of which is evaluated more often than there are slices, unless its evaluations are time slices
/// themselves.
fn as_often_as_needed(rules: &RuleSet) -> Vec<rules::Group> {
    let slice = millis(SLICE);
    let is_slices = |rule: &Rule| matches!(rule, Rule::Recording(rule) if rule.record == BAD_SLICE);
    let mut groups = rules.groups.clone();
    for group in &mut groups {
        if !group.rules.iter().any(is_slices) {
            group.interval = group.interval.max(slice);
        }
    }
    groups
}

/// Returns what panels read: of slices, none before the last day.
fn recent(store: &MemoryStore, from: Timestamp) -> MemoryStore {
    let mut kept = MemoryStore::new();
    for series in store.iter() {
        let is_slice =
            [KNOWN_TIME, TOTAL_EVENTS, BAD_EVENTS, BAD_SLICE].contains(&series.labels.metric());
        let floats: Vec<FloatSample> = match is_slice {
            true => {
                let late = series.floats.partition_point(|sample| sample.at < from);
                series.floats.get(late..).unwrap_or_default().to_vec()
            }
            false => series.floats.into_owned(),
        };
        kept.add_floats(&series.labels, floats);
        for histogram in series.histograms.iter() {
            kept.add_histogram(&series.labels, histogram.clone());
        }
    }
    kept
}

/// Returns groups of the SLOs of a service that have groups: those with objectives of their own, and a few others.
fn groups(service: &Service) -> Vec<SloRef> {
    let mut all = Vec::new();
    for slo in &service.slos {
        let Some(grouping) = &slo.grouping else {
            continue;
        };
        for number in 0..3 {
            let own = grouping.objectives.get(number);
            let labels = grouping.by.iter().map(|label| {
                let declared = own.and_then(|own| own.labels.get(label)).cloned();
                let value = || guess::values(label).get(number).map(ToString::to_string);
                let value = declared.or_else(value);
                (
                    label.clone(),
                    value.unwrap_or_else(|| format!("{label}-{}", number + 1)),
                )
            });
            all.push(SloRef {
                service: service.name.clone(),
                slo: slo.name.clone(),
                group: labels.collect(),
            });
        }
    }
    all
}

/// Leaves out what an error is about. False if it is about nothing that can be left out.
fn leave_out(services: &mut [Service], error: &Error) -> bool {
    if let Error::Query(error) = error {
        for service in &mut *services {
            let name = service.name.clone();
            let is = |part: &str| error.subject == format!("{name}.{part}");
            let before = service.slos.len() + service.alerts.len();
            match service.slos.iter().any(|slo| is(&slo.name)) {
                true => service.slos.retain(|slo| !is(&slo.name)),
                false => service.alerts.retain(|alert| !is(&alert.name)),
            }
            if service.slos.len() + service.alerts.len() < before {
                return true;
            }
        }
    }
    let had = services.iter().any(|service| !service.alerts.is_empty());
    for service in services {
        service.alerts.clear();
    }
    had
}

/// The longest of the windows of an SLO and its contracts, in milliseconds.
fn longest_window(slo: &Slo) -> i64 {
    let longest = |calendar: &Option<CalendarWindow>, window| match calendar {
        Some(calendar) => calendar.unit.longest(),
        None => window,
    };
    let contracts = slo.contracts.iter();
    let windows = contracts.map(|contract| longest(&contract.calendar, contract.window));
    millis(windows.fold(longest(&slo.calendar, slo.window), Ord::max))
}
