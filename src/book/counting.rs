//! How the events of an SLO are counted from the series of a Prometheus.

use std::collections::BTreeMap;

use nth_model::{Duration, Numerator, Service, Settings, Sli, Slo};
use nth_promql::{BinaryOp, Counter, Expr, MatchOp, Node, build, counters};
use nth_targets::prometheus::BudgetStatus;

/// A series whose increases are added, each times its factor.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// What its increases are multiplied with.
    pub factor: f64,
    /// The selector.
    pub selector: String,
    /// The labels that it requires to have a value.
    pub labels: BTreeMap<String, String>,
}

/// How the events of an SLO are counted.
#[derive(Debug, Clone, PartialEq)]
pub enum Counting {
    /// Counters, whose raw samples give exact counts.
    Counters {
        /// The bad events.
        bad: Vec<Series>,
        /// All events.
        total: Vec<Series>,
        /// The series of the bucket that counts the good events. Nothing is known while it does not exist.
        bucket: Option<String>,
    },
    /// A condition, each of whose evaluations is an event: 0 for a good one, 1 for a bad one.
    Evaluations {
        /// The condition as a query with these values.
        bad: String,
        /// The time between two evaluations.
        interval: Duration,
    },
    /// What the recording rules wrote: an estimate.
    Recorded {
        /// The selector of the bad events of each slice of the rules.
        bad: String,
        /// That of all events.
        total: String,
        /// That of the known seconds.
        known: String,
        /// Why there are no exact counts.
        why: &'static str,
    },
}

impl Counting {
    /// How the events of an SLO of a service are counted. Of an SLO with groups, each series belongs to the group of its labels.
    pub fn new(service: &Service, slo: &Slo, settings: &Settings) -> Self {
        let status = BudgetStatus::new(service, slo, settings);
        let recorded = |why| {
            let [bad, total, known] = status.recorded_slices();
            Self::Recorded {
                bad,
                total,
                known,
                why,
            }
        };
        match &slo.ungrouped_sli() {
            Sli::Events {
                numerator,
                total,
                bucket,
                ..
            } => match (of_bad_events(numerator, total), counters(total)) {
                (Some(bad), Some(total)) => Self::Counters {
                    bad: bad.into_iter().map(series).collect(),
                    total: total.into_iter().map(series).collect(),
                    bucket: bucket.as_ref().map(ToString::to_string),
                },
                _ => recorded("its query is not a sum of rates of counters"),
            },
            Sli::TimeSlices { .. } => match status.bad_slice() {
                Some(bad) => Self::Evaluations {
                    bad,
                    interval: slo.interval(&settings.prometheus),
                },
                None => recorded("its condition cannot be evaluated alone"),
            },
            Sli::ErrorRatio { .. } => recorded("it is a ratio that counts no events"),
        }
    }

    /// Why the counts are an estimate; `None` if they are exact.
    pub fn estimate(&self) -> Option<&'static str> {
        match self {
            Self::Recorded { why, .. } => Some(why),
            Self::Counters { .. } | Self::Evaluations { .. } => None,
        }
    }
}

/// The counters of the bad events: all events minus the good ones, if those are counted.
fn of_bad_events(numerator: &Numerator, total: &Expr) -> Option<Vec<Counter>> {
    match numerator {
        Numerator::Bad(bad) => counters(bad),
        Numerator::Good(good) => {
            let bad = build::binary(
                BinaryOp::Subtract,
                total.clone(),
                build::paren(good.clone()),
            );
            counters(&bad)
        }
    }
}

/// The labels that a selector requires to have a value.
fn required(series: &Expr) -> BTreeMap<String, String> {
    let Node::Selector(selector) = &series.node else {
        return BTreeMap::new();
    };
    let matchers = selector.matchers.iter();
    matchers
        .filter(|matcher| matcher.op == MatchOp::Equal)
        .filter_map(|matcher| Some((matcher.label.to_string(), matcher.value.text()?.to_owned())))
        .collect()
}

fn series(counter: Counter) -> Series {
    Series {
        factor: counter.factor,
        selector: counter.series.to_string(),
        labels: required(&counter.series),
    }
}
