//! Selectors of instant vectors.

use std::cell::RefCell;

use nth_promql::{Extended, MatchOp, Matcher, Selector, Span};
use regex::Regex;
use rustc_hash::FxHashMap;

use super::durations::Reference;
use super::{Evaluator, text};
use crate::error::Error;
use crate::functions::unite;
use crate::labels::METRIC_NAME;
use crate::stale::is_stale;
use crate::store::{LabelMatcher, Samples};
use crate::value::{Evaluated, FloatSample, HistogramSample, Point, Series, Steps, Timestamp};

impl Evaluator<'_> {
    /// Evaluates a selector: each series' last sample, unless it is too old or a staleness marker.
    pub(super) fn instant_vector(
        &self,
        selector: &Selector,
        span: Span,
        steps: Steps,
    ) -> Result<Evaluated, Error> {
        let series = self.select_latest(selector, span, steps, |latest| latest.point())?;
        Ok(Evaluated::Vector(series))
    }

    /// Evaluates `timestamp(selector)`: the times of the samples, in seconds.
    pub(super) fn timestamps(
        &self,
        selector: &Selector,
        span: Span,
        steps: Steps,
    ) -> Result<Evaluated, Error> {
        let mut series = self.select_latest(selector, span, steps, |latest| {
            Point::Float(latest.at() as f64 / 1e3)
        })?;
        for series in &mut series {
            self.options.name_removal.apply(series);
        }
        unite(series, span).map(Evaluated::Vector)
    }

    fn select_latest(
        &self,
        selector: &Selector,
        span: Span,
        steps: Steps,
        point: impl Fn(&Latest<'_>) -> Point,
    ) -> Result<Vec<Series>, Error> {
        if let Some(extended) = selector.modifiers.extended {
            return Err(unsupported(extended, span));
        }
        let reference = Reference::new(&selector.modifiers, self.query, span)?;
        let lookback = self.options.lookback;
        let (first, last) = reference.bounds(steps);
        let mut found =
            self.store
                .select(&matchers(selector)?, first.saturating_sub(lookback), last);
        self.need.reduce(&mut found);
        let mut series = Vec::with_capacity(found.len());
        for samples in &found {
            let mut cursor = Cursor::new(samples);
            let mut any = false;
            let points = steps
                .times()
                .map(|step| {
                    let time = reference.time(step);
                    let Some(latest) = cursor.latest(time) else {
                        return Point::Absent;
                    };
                    if latest.at() <= time.saturating_sub(lookback) || latest.is_stale() {
                        return Point::Absent;
                    }
                    any = true;
                    point(&latest)
                })
                .collect();
            if any {
                series.push(Series::new(samples.labels.clone(), points));
            }
        }
        Ok(series)
    }
}

/// The last sample of a series up to a time.
enum Latest<'s> {
    Float(&'s FloatSample),
    Histogram(&'s HistogramSample),
}

impl Latest<'_> {
    fn at(&self) -> Timestamp {
        match self {
            Self::Float(sample) => sample.at,
            Self::Histogram(sample) => sample.at,
        }
    }

    fn is_stale(&self) -> bool {
        match self {
            Self::Float(sample) => is_stale(sample.value),
            Self::Histogram(sample) => sample.value.is_stale(),
        }
    }

    fn point(&self) -> Point {
        match self {
            Self::Float(sample) => Point::Float(sample.value),
            Self::Histogram(sample) => Point::Histogram(sample.value.clone()),
        }
    }
}

/// A place in a series that only moves on.
struct Cursor<'s> {
    samples: &'s Samples<'s>,
    floats: usize,
    histograms: usize,
}

impl<'s> Cursor<'s> {
    fn new(samples: &'s Samples<'s>) -> Self {
        Self {
            samples,
            floats: 0,
            histograms: 0,
        }
    }

    /// Returns the last sample up to and including a time, which is not before that of the last call.
    fn latest(&mut self, time: Timestamp) -> Option<Latest<'s>> {
        let (floats, histograms) = (&*self.samples.floats, &*self.samples.histograms);
        let float = last_up_to(floats, &mut self.floats, time, |sample| sample.at);
        let histogram = last_up_to(histograms, &mut self.histograms, time, |sample| sample.at);
        match (float, histogram) {
            (Some(float), Some(histogram)) if histogram.at > float.at => {
                Some(Latest::Histogram(histogram))
            }
            (Some(float), _) => Some(Latest::Float(float)),
            (None, histogram) => histogram.map(Latest::Histogram),
        }
    }
}

fn last_up_to<'s, S>(
    samples: &'s [S],
    next: &mut usize,
    time: Timestamp,
    at: impl Fn(&S) -> Timestamp,
) -> Option<&'s S> {
    while samples.get(*next).is_some_and(|sample| at(sample) <= time) {
        *next += 1;
    }
    samples.get(next.checked_sub(1)?)
}

/// The error of a selector with `anchored` or `smoothed`.
pub(super) fn unsupported(extended: Extended, span: Span) -> Error {
    let word = match extended {
        Extended::Anchored => "anchored",
        Extended::Smoothed => "smoothed",
    };
    Error::new(format!("the modifier {word} is not supported"), span)
}

/// Returns the conditions of a selector.
pub(super) fn matchers(selector: &Selector) -> Result<Vec<LabelMatcher>, Error> {
    let metric = selector.metric.iter();
    metric
        .map(|metric| Ok(LabelMatcher::Equal(METRIC_NAME.into(), metric.text.clone())))
        .chain(selector.matchers.iter().map(matcher))
        .collect()
}

fn matcher(matcher: &Matcher) -> Result<LabelMatcher, Error> {
    let label = matcher.label.clone();
    let value = text(&matcher.value)?;
    let pattern = || {
        compiled(value).ok_or_else(|| {
            let message = format!("invalid regular expression {value:?}");
            Error::new(message, matcher.value.span)
        })
    };
    Ok(match matcher.op {
        MatchOp::Equal => LabelMatcher::Equal(label, value.into()),
        MatchOp::NotEqual => LabelMatcher::NotEqual(label, value.into()),
        MatchOp::Matches => LabelMatcher::Matches(label, pattern()?),
        MatchOp::NotMatches => LabelMatcher::NotMatches(label, pattern()?),
    })
}

/// How many regular expressions a thread keeps, because rules are evaluated again and again.
const KEPT: usize = 256;

thread_local! {
    static COMPILED: RefCell<FxHashMap<String, Regex>> = RefCell::new(FxHashMap::default());
}

/// Compiles a regular expression that must match a whole value.
fn compiled(pattern: &str) -> Option<Regex> {
    COMPILED.with_borrow_mut(|kept| {
        if let Some(regex) = kept.get(pattern) {
            return Some(regex.clone());
        }
        let regex = Regex::new(&format!("^{}$", nth_promql::regex_for_rust(pattern)?)).ok()?;
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(pattern.to_owned(), regex.clone());
        Some(regex)
    })
}
