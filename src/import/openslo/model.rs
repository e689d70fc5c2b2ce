//! What documents of `openslo/v1` say, with the places where they say it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::diagnostics::FileSpan;
use crate::project::Located;

/// An object.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it is called.
    pub metadata: Metadata,
    /// What it says.
    pub spec: Spec,
}

/// What an object is called.
#[derive(Debug, Clone)]
pub struct Metadata {
    /// Its name.
    pub name: Located<String>,
    /// What people call it.
    pub display: Option<String>,
    /// Its labels, each with where it stands.
    pub labels: BTreeMap<String, (FileSpan, Vec<String>)>,
    /// Its annotations.
    pub annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// What it is called where it came from: an annotation keeps what is no name here.
    pub fn source_name(&self) -> &str {
        let kept = self.annotations.get("nthc.name");
        kept.map_or(self.name.value.as_str(), String::as_str)
    }

    /// The value of a label that has one.
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

/// What an object says.
#[derive(Debug, Clone)]
pub enum Spec {
    /// Where metrics come from.
    DataSource {
        /// Its type.
        of: Located<String>,
    },
    /// A service.
    Service {
        /// What it is for.
        description: Option<String>,
    },
    /// An objective.
    Slo(Box<Slo>),
    /// An indicator.
    Sli(Box<Sli>),
    /// Whom an alert tells.
    Policy(Box<Policy>),
    /// When it tells.
    Condition(Condition),
    /// Where it tells.
    Target(Target),
}

/// A reference, or what it would lead to.
#[derive(Debug, Clone)]
pub enum RefOr<T> {
    /// A name.
    Ref(Located<String>),
    /// The object itself.
    Inline(Box<T>),
}

/// An objective.
#[derive(Debug, Clone)]
pub struct Slo {
    /// What it promises.
    pub description: Option<String>,
    /// The service.
    pub service: Located<String>,
    /// The indicator, where it is not each goal's own.
    pub indicator: Option<RefOr<Sli>>,
    /// How the budget is counted.
    pub budgeting: Located<&'static str>,
    /// The period.
    pub window: Window,
    /// The goals.
    pub goals: Vec<Goal>,
    /// The alerts.
    pub policies: Vec<RefOr<Policy>>,
}

/// A period.
#[derive(Debug, Clone)]
pub struct Window {
    /// How long it is.
    pub duration: Located<Shorthand>,
    /// Where it says that it follows the calendar.
    pub calendar: Option<FileSpan>,
}

/// A length of time as the format writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shorthand {
    /// How many.
    pub count: u32,
    /// `m`, `h`, `d`, `w`, `M`, `Q` or `Y`
    pub unit: char,
}

/// How good.
#[derive(Debug, Clone)]
pub struct Goal {
    /// Its first line.
    pub span: FileSpan,
    /// What people call it.
    pub display: Option<String>,
    /// How a threshold's value is compared.
    pub op: Option<Located<&'static str>>,
    /// With what.
    pub value: Option<Located<Decimal>>,
    /// The share that must be good.
    pub target: Located<Decimal>,
    /// The share of a slice that must be.
    pub slice_target: Option<Located<Decimal>>,
    /// How long a slice is.
    pub slice: Option<Located<Shorthand>>,
    /// Its own indicator.
    pub indicator: Option<RefOr<Sli>>,
}

/// An indicator.
#[derive(Debug, Clone)]
pub struct Sli {
    /// What is measured.
    pub description: Option<String>,
    /// How.
    pub measure: Measure,
}

/// How something is measured.
#[derive(Debug, Clone)]
pub enum Measure {
    /// A number that is compared.
    Threshold(Metric),
    /// Events out of all events.
    Events {
        /// Whether the metrics only grow.
        counter: bool,
        /// Whether `part` is the good ones.
        good: bool,
        /// Good or bad events.
        part: Metric,
        /// All events.
        total: Metric,
    },
    /// A ratio.
    Raw {
        /// Whether it is that of good events.
        success: bool,
        /// The ratio.
        ratio: Metric,
    },
}

/// A query.
#[derive(Debug, Clone)]
pub struct Metric {
    /// Where it stands.
    pub span: FileSpan,
    /// The data source, where one is named.
    pub source: Option<Located<String>>,
    /// The type of the source, where it is given.
    pub of: Option<Located<String>>,
    /// What is asked; `None` where the source is asked otherwise.
    pub query: Option<Located<String>>,
}

/// Whom an alert tells.
#[derive(Debug, Clone)]
pub struct Policy {
    /// When.
    pub condition: RefOr<Condition>,
    /// Where.
    pub targets: Vec<RefOr<(Metadata, Target)>>,
}

/// When an alert tells.
#[derive(Debug, Clone)]
pub struct Condition {
    /// What is compared.
    pub op: Located<&'static str>,
    /// How many times faster than sustainable.
    pub threshold: Located<Decimal>,
    /// Over how long.
    pub lookback: Located<Shorthand>,
}

/// Where an alert tells.
#[derive(Debug, Clone)]
pub struct Target {
    /// What it says of itself.
    pub description: Option<String>,
    /// What it is.
    pub target: Located<String>,
}
