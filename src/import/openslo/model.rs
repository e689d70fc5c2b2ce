//! The contents of `openslo/v1` documents, with spans.

use jiff::civil::DateTime;
use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::diagnostics::FileSpan;
use crate::project::Located;

/// An object.
#[derive(Debug, Clone)]
pub struct Object {
    /// The name, labels and annotations.
    pub metadata: Metadata,
    /// The contents.
    pub spec: Spec,
}

/// The name, labels and annotations of an object.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Its name.
    pub name: Located<String>,
    /// The display name.
    pub display: Option<String>,
    /// The labels with their spans.
    pub labels: BTreeMap<String, (FileSpan, Vec<String>)>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// Returns the name before the export: an annotation keeps names that the format does not allow.
    pub fn source_name(&self) -> &str {
        let kept = self.annotations.get("nthc.name");
        kept.map_or(self.name.value.as_str(), String::as_str)
    }

    /// Returns the value of a label that has exactly one.
    pub fn label(&self, label: &str) -> Option<&str> {
        match self.labels.get(label) {
            Some((_, values)) => match values.as_slice() {
                [value] if !value.is_empty() => Some(value),
                _ => None,
            },
            None => None,
        }
    }
}

/// The contents of an object, by kind.
#[derive(Debug, Clone)]
pub enum Spec {
    /// A source of metrics.
    DataSource {
        /// Its type.
        source_type: Located<String>,
    },
    /// A service.
    Service {
        /// The description.
        description: Option<String>,
    },
    /// An SLO.
    Slo(Box<Slo>),
    /// An SLI.
    Sli(Box<Sli>),
    /// An alert policy.
    Policy(Box<Policy>),
    /// An alert condition.
    Condition(Condition),
    /// A notification target.
    Target(Target),
}

/// A reference, or an inline object.
#[derive(Debug, Clone)]
pub enum RefOr<T> {
    /// A name.
    Ref(Located<String>),
    /// The object itself.
    Inline(Box<T>),
}

/// An SLO.
#[derive(Debug, Clone)]
pub struct Slo {
    /// The description.
    pub description: Option<String>,
    /// The name of the service.
    pub service: Located<String>,
    /// The SLI; `None` if each objective has its own.
    pub indicator: Option<RefOr<Sli>>,
    /// The budgeting method.
    pub budgeting: Located<&'static str>,
    /// The SLO window.
    pub window: Window,
    /// The objectives.
    pub goals: Vec<Goal>,
    /// The alert policies.
    pub policies: Vec<RefOr<Policy>>,
}

/// An SLO window.
#[derive(Debug, Clone)]
pub struct Window {
    /// The length.
    pub duration: Located<Shorthand>,
    /// The calendar, if the window is aligned to it.
    pub calendar: Option<Calendar>,
}

/// The calendar of a window that does not roll.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// Its span.
    pub span: FileSpan,
    /// When a window begins, on the clocks of the zone; `None` if it is invalid, which is reported.
    pub start: Option<DateTime>,
    /// The time zone; `None` if it is unknown, which is reported.
    pub zone: Option<String>,
}

/// A duration in the notation of the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shorthand {
    /// The number of units.
    pub count: u32,
    /// The unit: `m`, `h`, `d`, `w`, `M`, `Q` or `Y`.
    pub unit: char,
}

/// An objective.
#[derive(Debug, Clone)]
pub struct Goal {
    /// Its first line.
    pub span: FileSpan,
    /// The display name.
    pub display: Option<String>,
    /// The comparison of a threshold.
    pub op: Option<Located<&'static str>>,
    /// The value of a threshold.
    pub value: Option<Located<Decimal>>,
    /// The share of good events or slices.
    pub target: Located<Decimal>,
    /// The share of good events in a good slice.
    pub slice_target: Option<Located<Decimal>>,
    /// The length of a slice.
    pub slice: Option<Located<Shorthand>>,
    /// Its own SLI.
    pub indicator: Option<RefOr<Sli>>,
}

/// An SLI.
#[derive(Debug, Clone)]
pub struct Sli {
    /// The description.
    pub description: Option<String>,
    /// The measurement.
    pub measure: Measure,
}

/// The measurement of an SLI.
#[derive(Debug, Clone)]
pub enum Measure {
    /// A value that is compared with a threshold.
    Threshold(Metric),
    /// The ratio of good or bad events to all events.
    Events {
        /// True if the metrics are counters.
        counter: bool,
        /// True if `part` counts good events.
        good: bool,
        /// Good or bad events.
        part: Metric,
        /// All events.
        total: Metric,
    },
    /// A ratio that is computed elsewhere.
    Raw {
        /// True for the ratio of good events.
        success: bool,
        /// The ratio.
        ratio: Metric,
    },
}

/// A query.
#[derive(Debug, Clone)]
pub struct Metric {
    /// The span of the metric source.
    pub span: FileSpan,
    /// The name of the data source, if there is one.
    pub source: Option<Located<String>>,
    /// The type of the data source, if there is one.
    pub source_type: Option<Located<String>>,
    /// The PromQL query; `None` if the source has other fields.
    pub query: Option<Located<String>>,
}

/// An alert policy.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The condition.
    pub condition: RefOr<Condition>,
    /// The notification targets.
    pub targets: Vec<RefOr<(Metadata, Target)>>,
}

/// An alert condition.
#[derive(Debug, Clone)]
pub struct Condition {
    /// The comparison.
    pub op: Located<&'static str>,
    /// The burn rate.
    pub threshold: Located<Decimal>,
    /// The alert window.
    pub lookback: Located<Shorthand>,
}

/// A notification target.
#[derive(Debug, Clone)]
pub struct Target {
    /// The description.
    pub description: Option<String>,
    /// The kind of target, or its address.
    pub target: Located<String>,
}
