//! What an evaluation of rules results in, besides the series.

use super::rule::RuleId;
use crate::annotations::Annotations;
use crate::labels::Labels;
use crate::value::{Point, Timestamp};

/// The result of [`run`](super::run()).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outcome {
    /// The alerts that were active at any time, ordered by rule, then by labels.
    pub alerts: Vec<AlertHistory>,
    /// The warnings and infos of rules that have any, ordered by rule.
    pub annotations: Vec<(RuleId, Annotations)>,
}

/// The states of an alert over time.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertHistory {
    /// The alerting rule.
    pub rule: RuleId,
    /// The alert's labels, including `alertname`.
    pub labels: Labels,
    /// The changes of its state, in order of time. It is inactive before the first.
    pub transitions: Vec<Transition>,
    /// The samples of the query that differ from the ones before, in order of time. Annotations are expanded with them.
    pub observations: Vec<Observation>,
}

/// A change of an alert's state.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The time of the evaluation.
    pub at: Timestamp,
    /// The new state.
    pub state: AlertState,
    /// The last value of the query.
    pub value: Point,
}

/// The state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum AlertState {
    /// There is no such alert, or it is resolved.
    #[default]
    Inactive,
    /// Its series exists, but not for as long as `for` requires.
    Pending,
    /// It fires.
    Firing,
}

impl AlertState {
    /// Returns the value of the label `alertstate`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
        }
    }
}

/// A sample of an alert's query.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The time of the evaluation.
    pub at: Timestamp,
    /// The labels of the query's series, which differ from the alert's.
    pub labels: Labels,
    /// The value.
    pub value: Point,
}

impl Observation {
    /// True if labels and value are the same as those of another. NaNs with the same bits are the same.
    pub(super) fn is_same(&self, labels: &Labels, value: &Point) -> bool {
        let same_value = match (&self.value, value) {
            (Point::Float(left), Point::Float(right)) => left.to_bits() == right.to_bits(),
            (left, right) => left == right,
        };
        same_value && self.labels == *labels
    }
}

impl AlertHistory {
    /// Returns the state after the evaluation at a time, or after the last one before it.
    pub fn state_at(&self, at: Timestamp) -> AlertState {
        last_until(&self.transitions, at, |transition| transition.at)
            .map_or(AlertState::Inactive, |transition| transition.state)
    }

    /// Returns the last sample of the query at a time; `None` before the first.
    pub fn observation_at(&self, at: Timestamp) -> Option<&Observation> {
        last_until(&self.observations, at, |observation| observation.at)
    }
}

fn last_until<T>(all: &[T], until: Timestamp, at: impl Fn(&T) -> Timestamp) -> Option<&T> {
    all[..all.partition_point(|one| at(one) <= until)].last()
}

impl Outcome {
    /// Iterates over the alerts that are in a state after the evaluation at a time, or after the last one before it.
    pub fn alerts_at(
        &self,
        at: Timestamp,
        state: AlertState,
    ) -> impl Iterator<Item = &AlertHistory> {
        self.alerts
            .iter()
            .filter(move |alert| alert.state_at(at) == state)
    }
}
