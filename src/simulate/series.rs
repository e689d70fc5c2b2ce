//! Simulated series, and their samples.

use std::sync::Arc;

use nth_engine::histogram::{FloatHistogram, Span as BucketSpan};
use nth_engine::{FloatSample, HistogramSample, Labels, MemoryStore, STALE_NAN, Timestamp};

use crate::matching::Condition;
use crate::piecewise::{Count, Piecewise};
use crate::world::{ServiceIndex, SloIndex, World};

/// The metric that shows whether a target is up.
pub(crate) const UP: &str = "up";

/// A simulated series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Simulated {
    /// Its labels.
    pub(crate) labels: Labels,
    /// The service that it belongs to.
    pub(crate) service: ServiceIndex,
    /// The dependency that it belongs to, if it is not the service's own.
    pub(crate) dependency: Option<String>,
    /// The selectors that it satisfies or must not satisfy.
    pub(crate) conditions: Vec<Condition>,
    /// Its values.
    pub(crate) source: Source,
}

/// A share of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// All events.
    All,
    /// The bad events of an SLO.
    Bad(SloIndex),
    /// The good events of an SLO.
    Good(SloIndex),
    /// No event.
    Nothing,
}

/// What a simulated series counts or measures.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source {
    /// Counts the events that are in all parts.
    Events(Vec<Part>),
    /// A native histogram of the service's events, those of an SLO good or bad.
    Histogram {
        /// The SLO.
        slo: SloIndex,
        /// The longest duration of a good event, in the histogram's unit.
        limit: f64,
    },
    /// Measures a share of events.
    Share(Part),
    /// Has one value in good time slices, and another one in bad ones.
    Slices {
        /// The SLOs; a slice that is bad for one of them is bad.
        slos: Vec<SloIndex>,
        /// The value in good slices.
        good: Value,
        /// The value in bad slices.
        bad: Value,
    },
    /// Has a value that nothing changes.
    Fixed(Value),
    /// 1 if the targets are up, otherwise 0. Of a dependency, 1 if it is up.
    Up,
    /// The time of the last deployment, in seconds.
    Deployed,
}

/// A value, which may depend on the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value {
    /// Always the same.
    Constant(f64),
    /// The time so many seconds before.
    Ago(f64),
    /// A counter with so many events per second.
    Slope(f64),
}

/// The scrapes of a simulation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scrapes {
    /// The first.
    pub(crate) first: Timestamp,
    /// No scrape is later.
    pub(crate) last: Timestamp,
    /// The milliseconds between two.
    pub(crate) interval: i64,
    /// What counters have counted before the first scrape.
    pub(crate) counted_before: f64,
}

impl Scrapes {
    fn times(self) -> impl Iterator<Item = Timestamp> {
        let step = usize::try_from(self.interval.max(1)).unwrap_or(1);
        (self.first..=self.last).step_by(step)
    }
}

/// A sample without its time.
enum Sample {
    Float(f64),
    Histogram(FloatHistogram),
}

impl Simulated {
    /// Adds the samples of all scrapes to a store, with staleness markers where targets go away.
    pub(crate) fn load(&self, world: &World, scrapes: Scrapes, store: &mut MemoryStore) {
        let meter = Meter::new(self, world, scrapes);
        let mut floats = Vec::new();
        let mut was_histogram = None;
        let stale = |at| FloatSample {
            at,
            value: STALE_NAN,
        };
        for at in scrapes.times() {
            let sample = if self.is_gone(world, at) {
                None
            } else {
                meter.read(at)
            };
            match sample {
                Some(Sample::Float(value)) => {
                    floats.push(FloatSample { at, value });
                    was_histogram = Some(false);
                }
                Some(Sample::Histogram(value)) => {
                    let value = Arc::new(value);
                    store.add_histogram(&self.labels, HistogramSample { at, value });
                    was_histogram = Some(true);
                }
                None => {
                    match was_histogram {
                        Some(false) => floats.push(stale(at)),
                        Some(true) => {
                            let value = Arc::new(FloatHistogram {
                                sum: STALE_NAN,
                                ..FloatHistogram::default()
                            });
                            store.add_histogram(&self.labels, HistogramSample { at, value });
                        }
                        None => {}
                    }
                    was_histogram = None;
                }
            }
        }
        store.add_floats(&self.labels, floats);
    }

    fn is_gone(&self, world: &World, at: Timestamp) -> bool {
        // The time of a deployment is pushed.
        if self.dependency.is_some() || self.source == Source::Deployed {
            return false;
        }
        let Some(service) = world.services.get(self.service) else {
            return false;
        };
        service.gone.iter().any(|span| span.contains(at))
            || (self.labels.metric() != UP && service.down.iter().any(|span| span.contains(at)))
    }
}

/// Reads the value of a series at each time.
enum Meter<'w> {
    Counter(ResetCount),
    Histogram {
        good: ResetCount,
        bad: ResetCount,
        limit: f64,
    },
    Gauge(Piecewise),
    Other(&'w Simulated, &'w World),
}

impl<'w> Meter<'w> {
    fn new(series: &'w Simulated, world: &'w World, scrapes: Scrapes) -> Self {
        let resets = || {
            let service = world.services.get(series.service);
            service
                .map(|service| service.resets.clone())
                .unwrap_or_default()
        };
        let counter = |rate: &Piecewise, failures: Vec<(Timestamp, f64)>| ResetCount {
            count: rate.count_from(scrapes.first),
            failures,
            before: scrapes.counted_before,
            resets: resets(),
        };
        match &series.source {
            Source::Events(parts) => Self::Counter(counter(
                &rate(parts, series.service, world),
                failures(parts, series.service, world),
            )),
            Source::Histogram { slo, limit } => {
                let part = |part: Part| {
                    counter(
                        &rate(&[part], series.service, world),
                        failures(&[part], series.service, world),
                    )
                };
                Self::Histogram {
                    good: part(Part::Good(*slo)),
                    bad: part(Part::Bad(*slo)),
                    limit: *limit,
                }
            }
            Source::Share(part) => Self::Gauge(share(*part, world)),
            Source::Fixed(Value::Slope(rate)) => {
                Self::Counter(counter(&Piecewise::constant(*rate), Vec::new()))
            }
            // Only a constant share of slices changes a counter steadily.
            Source::Slices {
                slos,
                good: Value::Slope(good),
                bad: Value::Slope(bad),
            } => {
                let all_good = slos.iter().fold(Piecewise::constant(1.0), |before, slo| {
                    before.times(&share(Part::Good(*slo), world))
                });
                let rate = all_good.map(|share| bad + (good - bad) * share);
                Self::Counter(counter(&rate, Vec::new()))
            }
            _ => Self::Other(series, world),
        }
    }

    fn read(&self, at: Timestamp) -> Option<Sample> {
        match self {
            Self::Counter(count) => Some(Sample::Float(count.at(at))),
            Self::Histogram { good, bad, limit } => Some(Sample::Histogram(histogram(
                good.at(at),
                bad.at(at),
                *limit,
            ))),
            Self::Gauge(value) => Some(Sample::Float(value.at(at))),
            Self::Other(series, world) => series.value(world, at).map(Sample::Float),
        }
    }
}

impl Simulated {
    #[allow(clippy::cast_precision_loss)]
    fn value(&self, world: &World, at: Timestamp) -> Option<f64> {
        let seconds = at as f64 / 1000.0;
        let of = |value: Value| match value {
            Value::Constant(value) => value,
            Value::Ago(ago) => seconds - ago,
            Value::Slope(rate) => seconds * rate,
        };
        let service = world.services.get(self.service);
        let is_target = self.labels.metric() == UP && self.dependency.is_none();
        if is_target && service?.down.iter().any(|span| span.contains(at)) {
            return Some(0.0);
        }
        match &self.source {
            Source::Fixed(value) => Some(of(*value)),
            Source::Slices { slos, good, bad } => {
                let is_bad = slos.iter().any(|slo| world.is_bad_slice(*slo, at));
                Some(of(if is_bad { *bad } else { *good }))
            }
            Source::Up => {
                let mut down = service?.dependencies_down.iter();
                let is_down = down.any(|(name, span)| {
                    Some(name) == self.dependency.as_ref() && span.contains(at)
                });
                Some(if is_down { 0.0 } else { 1.0 })
            }
            Source::Deployed => {
                let deployments = &service?.deployments;
                let until = deployments.partition_point(|time| *time <= at);
                let last = until
                    .checked_sub(1)
                    .and_then(|last| deployments.get(last))?;
                Some(*last as f64 / 1000.0)
            }
            Source::Events(_) | Source::Histogram { .. } | Source::Share(_) => None,
        }
    }
}

/// A counter that starts again from 0 at times.
struct ResetCount {
    count: Count,
    /// Single events besides, with their number.
    failures: Vec<(Timestamp, f64)>,
    before: f64,
    resets: Vec<Timestamp>,
}

impl ResetCount {
    fn at(&self, at: Timestamp) -> f64 {
        let last = self.resets.iter().filter(|reset| **reset <= at).max();
        match last {
            Some(reset) => self.counted(at) - self.counted(*reset),
            None => self.before + self.counted(at),
        }
    }

    fn counted(&self, at: Timestamp) -> f64 {
        let single = self.failures.iter().filter(|(time, _)| *time <= at);
        self.count.at(at) + single.map(|(_, number)| number).sum::<f64>()
    }
}

/// Returns the events per second that are in all parts.
fn rate(parts: &[Part], service: ServiceIndex, world: &World) -> Piecewise {
    let all = world
        .services
        .get(service)
        .map(|service| service.rate.clone());
    let all = all.unwrap_or_else(|| Piecewise::constant(0.0));
    parts
        .iter()
        .fold(all, |rate, part| rate.times(&share(*part, world)))
}

/// Returns the single failures that a series counts.
fn failures(parts: &[Part], service: ServiceIndex, world: &World) -> Vec<(Timestamp, f64)> {
    let Some(service) = world.services.get(service) else {
        return Vec::new();
    };
    let counts = |failed: SloIndex| {
        parts.iter().all(|part| match part {
            Part::All => true,
            Part::Bad(slo) => *slo == failed,
            Part::Good(slo) => *slo != failed,
            Part::Nothing => false,
        })
    };
    let counted = service.failures.iter().filter(|(slo, _)| counts(*slo));
    counted.map(|(_, at)| (*at, 1.0)).collect()
}

fn share(part: Part, world: &World) -> Piecewise {
    let bad = |slo: SloIndex| {
        world
            .bad
            .get(slo)
            .cloned()
            .unwrap_or_else(|| Piecewise::constant(0.0))
    };
    match part {
        Part::All => Piecewise::constant(1.0),
        Part::Nothing => Piecewise::constant(0.0),
        Part::Bad(slo) => bad(slo),
        Part::Good(slo) => bad(slo).map(|share| 1.0 - share),
    }
}

/// The resolution of native histograms: eight buckets for each doubling.
const SCHEMA: i32 = 3;

/// Returns the bucket of a value.
#[allow(clippy::cast_possible_truncation)]
fn bucket(value: f64) -> i32 {
    (value.log2() * f64::from(1 << SCHEMA)).ceil() as i32
}

/// A native histogram of good events at a quarter of a limit, and of bad ones at its fourfold. No bucket contains both sides of
/// the limit.
fn histogram(good: f64, bad: f64, limit: f64) -> FloatHistogram {
    let (fast, slow) = (limit / 4.0, limit * 4.0);
    let (first, second) = (bucket(fast), bucket(slow));
    let one = |offset| BucketSpan { offset, length: 1 };
    FloatHistogram {
        schema: SCHEMA,
        zero_threshold: f64::from_bits(0x37f0_0000_0000_0000),
        count: good + bad,
        sum: good * fast + bad * slow,
        positive_spans: vec![one(first), one(second - first - 1)],
        positive_buckets: vec![good, bad],
        ..FloatHistogram::default()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::piecewise::Span;

    fn samples(source: Source, world: &World) -> Vec<f64> {
        let series = Simulated {
            labels: [("__name__", if source == Source::Up { UP } else { "x" })]
                .into_iter()
                .collect(),
            service: 0,
            dependency: None,
            conditions: Vec::new(),
            source,
        };
        let scrapes = Scrapes {
            first: 0,
            last: 60_000,
            interval: 10_000,
            counted_before: 0.0,
        };
        let mut store = MemoryStore::new();
        series.load(world, scrapes, &mut store);
        let found = store.series(&series.labels).unwrap();
        found.floats.iter().map(|sample| sample.value).collect()
    }

    #[test]
    fn counters_start_again_and_continue_behind_a_gap() {
        let mut world = World::steady(&[2.0], &[0.25], &[30_000]);
        world.services[0].resets = vec![25_000];
        world.services[0].gone = vec![Span {
            from: 40_000,
            to: 50_000,
        }];
        let found = samples(Source::Events(vec![Part::Bad(0)]), &world);
        assert_eq!(found[..4], [0.0, 5.0, 10.0, 2.5]);
        assert!(nth_engine::is_stale(found[4]));
        assert_eq!(found[5..], [12.5, 17.5]);
    }

    #[test]
    fn a_target_that_is_down_is_not_gone() {
        let mut world = World::steady(&[2.0], &[], &[30_000]);
        world.services[0].down = vec![Span {
            from: 20_000,
            to: 40_000,
        }];
        assert_eq!(
            samples(Source::Up, &world),
            [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 1.0]
        );
        let counter = samples(Source::Events(vec![Part::All]), &world);
        assert_eq!(counter.len(), 6, "one staleness marker: {counter:?}");
    }

    #[test]
    fn a_single_failure_is_one_event() {
        let mut world = World::steady(&[0.0], &[0.0, 0.0], &[30_000, 30_000]);
        world.services[0].failures = vec![(0, 30_000)];
        let bad = samples(Source::Events(vec![Part::Bad(0)]), &world);
        assert_eq!(bad, [0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(
            samples(Source::Events(vec![Part::Good(0)]), &world),
            [0.0; 7]
        );
        assert_eq!(samples(Source::Events(vec![Part::Good(1)]), &world), bad);
    }
}
