#![forbid(unsafe_code)]
//! Runs the rules of services over simulated series: from incidents to the alerts that follow.
//!
//! A [`Plan`] generates series from the queries of SLOs and alerts, and verifies with the engine that these queries give what is
//! asked for. [`simulate`] adds what happens in a [`Test`](nth_model::test::Test) and runs the generated rules. [`detection()`] does
//! that for an SLO in typical incidents. A [`Sample`] is a day as it could be, for dashboards that nobody has data for yet.

mod alerts;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod clock_tests;
mod detection;
mod difference;
mod error;
mod example;
mod history;
mod matching;
mod other_past;
mod piecewise;
mod plan;
mod queries;
mod replay;
mod rerun;
mod rule_groups;
mod run;
mod sample;
mod series;
mod timeline;
mod world;

pub use alerts::{AlertTimeline, Period};
pub use detection::{alone, detection, detection_of, incident};
pub use difference::Difference;
pub use error::{Error, QueryError};
pub use nth_model::detection::{
    Detection, DetectionTable, Fired, Impossible, Incident, STRENGTHS, Situation, Strength,
};
pub use plan::Plan;
pub use replay::{HistoryQuery, HistorySeries, Reach, Replay, Replayed};
pub use rerun::{Selectors, rerun};
pub use rule_groups::RuleSet;
pub use run::{Simulation, labels_by_hand, simulate, simulate_rules};
pub use sample::{COARSE, DAY, END, Sample, SampleValues};
pub use timeline::{DEFAULT_RATE, groups_of, services_of};
