//! Where series come from.

use std::borrow::Cow;

use regex::Regex;
use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use crate::labels::{Labels, METRIC_NAME};
use crate::stored_hint::set_stored_hint;
use crate::value::{FloatSample, HistogramSample, Timestamp};

/// The condition of a selector on one label.
#[derive(Debug, Clone)]
pub enum LabelMatcher {
    /// The label has this value; `""` means that it is absent.
    Equal(SmolStr, SmolStr),
    /// The label has another value.
    NotEqual(SmolStr, SmolStr),
    /// The whole value matches. The regex is anchored already.
    Matches(SmolStr, Regex),
    /// The whole value does not match.
    NotMatches(SmolStr, Regex),
}

impl LabelMatcher {
    /// True if the labels satisfy the condition.
    pub fn matches(&self, labels: &Labels) -> bool {
        match self {
            Self::Equal(name, value) => labels.get(name) == value,
            Self::NotEqual(name, value) => labels.get(name) != value,
            Self::Matches(name, regex) => regex.is_match(labels.get(name)),
            Self::NotMatches(name, regex) => !regex.is_match(labels.get(name)),
        }
    }
}

/// The samples of one series within a range of time, each in order of time. Staleness markers are included.
#[derive(Debug, Clone)]
pub struct Samples<'s> {
    /// The series' labels.
    pub labels: Labels,
    /// Its float samples.
    pub floats: Cow<'s, [FloatSample]>,
    /// Its histogram samples.
    pub histograms: Cow<'s, [HistogramSample]>,
}

/// Something that has series.
pub trait Store {
    /// Returns the series that satisfy all matchers and have samples after `start`, up to and including `end`, in the order of
    /// their labels.
    fn select(
        &self,
        matchers: &[LabelMatcher],
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<Samples<'_>>;
}

/// Series in memory.
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    series: Vec<StoredSeries>,
    by_labels: FxHashMap<Labels, usize>,
    by_metric: FxHashMap<SmolStr, Vec<usize>>,
}

#[derive(Debug, Clone)]
struct StoredSeries {
    labels: Labels,
    floats: Vec<FloatSample>,
    histograms: Vec<HistogramSample>,
}

impl MemoryStore {
    /// Creates an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a float. A sample at or before the last one of its series is inserted at its place, and replaces one at the same
    /// time.
    pub fn add_float(&mut self, labels: &Labels, sample: FloatSample) {
        let series = self.series_mut(labels);
        insert(&mut series.floats, sample, |sample| sample.at);
    }

    /// Adds a native histogram; see [`MemoryStore::add_float`]. Its counter reset hint becomes what Prometheus's storage would
    /// return: of a counter, [`CounterResetHint::NotCounterReset`](crate::histogram::CounterResetHint) or unknown. The histogram is not
    /// checked: see [`FloatHistogram::validate`](crate::histogram::FloatHistogram::validate).
    pub fn add_histogram(&mut self, labels: &Labels, mut sample: HistogramSample) {
        let series = self.series_mut(labels);
        let last_float = series
            .floats
            .last()
            .map_or(Timestamp::MIN, |float| float.at);
        let previous = series.histograms.last();
        let previous = previous.filter(|last| last.at < sample.at && last_float < last.at);
        set_stored_hint(&mut sample.value, previous.map(|last| last.value.as_ref()));
        insert(&mut series.histograms, sample, |sample| sample.at);
    }

    /// Adds floats; see [`MemoryStore::add_float`].
    pub fn add_floats(&mut self, labels: &Labels, samples: Vec<FloatSample>) {
        let series = self.series_mut(labels);
        let last = series.floats.last().map(|last| last.at);
        let times = last
            .into_iter()
            .chain(samples.iter().map(|sample| sample.at));
        if !times.is_sorted_by(|one, next| one < next) {
            for sample in samples {
                insert(&mut series.floats, sample, |sample| sample.at);
            }
        } else if series.floats.is_empty() {
            series.floats = samples;
        } else {
            series.floats.extend(samples);
        }
    }

    /// Returns the series with exactly these labels, with all its samples.
    pub fn series(&self, labels: &Labels) -> Option<Samples<'_>> {
        let series = self.series.get(*self.by_labels.get(labels)?)?;
        Some(series.samples())
    }

    /// Iterates over all series with all their samples, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = Samples<'_>> {
        self.series.iter().map(StoredSeries::samples)
    }

    fn series_mut(&mut self, labels: &Labels) -> &mut StoredSeries {
        let next = self.series.len();
        let index = *self.by_labels.entry(labels.clone()).or_insert(next);
        if index == next {
            self.series.push(StoredSeries {
                labels: labels.clone(),
                floats: Vec::new(),
                histograms: Vec::new(),
            });
            self.by_metric
                .entry(labels.metric().into())
                .or_default()
                .push(index);
        }
        &mut self.series[index]
    }
}

impl StoredSeries {
    fn samples(&self) -> Samples<'_> {
        Samples {
            labels: self.labels.clone(),
            floats: Cow::Borrowed(&self.floats),
            histograms: Cow::Borrowed(&self.histograms),
        }
    }
}

fn insert<T>(samples: &mut Vec<T>, sample: T, at: impl Fn(&T) -> Timestamp) {
    match samples.last() {
        Some(last) if at(last) >= at(&sample) => {
            match samples.binary_search_by_key(&at(&sample), &at) {
                Ok(place) => samples[place] = sample,
                Err(place) => samples.insert(place, sample),
            }
        }
        _ => samples.push(sample),
    }
}

fn within<T>(
    samples: &[T],
    start: Timestamp,
    end: Timestamp,
    at: impl Fn(&T) -> Timestamp,
) -> &[T] {
    let from = samples.partition_point(|sample| at(sample) <= start);
    let to = samples.partition_point(|sample| at(sample) <= end);
    samples.get(from..to).unwrap_or_default()
}

impl Store for MemoryStore {
    fn select(
        &self,
        matchers: &[LabelMatcher],
        start: Timestamp,
        end: Timestamp,
    ) -> Vec<Samples<'_>> {
        let metric = matchers.iter().find_map(|matcher| match matcher {
            LabelMatcher::Equal(name, value) if name == METRIC_NAME => Some(value),
            _ => None,
        });
        let candidates: Box<dyn Iterator<Item = &StoredSeries>> = match metric {
            Some(metric) => {
                let indices = self.by_metric.get(metric).into_iter().flatten();
                Box::new(indices.filter_map(|index| self.series.get(*index)))
            }
            None => Box::new(self.series.iter()),
        };
        let mut found: Vec<Samples<'_>> = candidates
            .filter(|series| {
                matchers
                    .iter()
                    .all(|matcher| matcher.matches(&series.labels))
            })
            .map(|series| Samples {
                labels: series.labels.clone(),
                floats: Cow::Borrowed(within(&series.floats, start, end, |sample| sample.at)),
                histograms: Cow::Borrowed(within(&series.histograms, start, end, |sample| {
                    sample.at
                })),
            })
            .filter(|samples| !samples.floats.is_empty() || !samples.histograms.is_empty())
            .collect();
        found.sort_by(|left, right| left.labels.cmp(&right.labels));
        found
    }
}
