//! What the caller passes: counts, roll-outs, comparisons, dependencies.

use std::collections::BTreeMap;

/// The length of a slice, in seconds.
pub const SLICE_SECONDS: i64 = 300;

/// Events of a service in the five minutes from `start`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slice {
    /// When it begins, in seconds since 1970, a multiple of [`SLICE_SECONDS`].
    pub start: i64,
    /// Bad events, or bad seconds of an SLI that weighs time.
    pub bad: f64,
    /// All events, or all seconds.
    pub total: f64,
    /// The seconds of the 300 for which there is data. 0: the slice is unknown, whatever its counts are.
    pub seen: u16,
}

/// A deployment, from its first replaced instance to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// The key of the deployment, unique among those of the service.
    pub key: String,
    /// When it began, in seconds since 1970.
    pub started: i64,
    /// When the last instance was replaced. `None` if that is unknown, or has not happened yet.
    pub finished: Option<i64>,
    /// When it was rolled back. `None` if it was not.
    pub ended_by_rollback: Option<i64>,
}

/// Bad and all events of one version in a minute.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Counts {
    /// Bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
}

/// The old and the new version in the same minute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stratum {
    /// When the minute begins, in seconds since 1970.
    pub start: i64,
    /// What the old version served.
    pub old: Counts,
    /// What the new version served.
    pub new: Counts,
}

/// A service that the judged one depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Dependency {
    /// Its name.
    pub name: String,
    /// Its own counts.
    pub slices: Vec<Slice>,
}

/// What is known of a service. Nothing needs to be sorted; of two slices with the same start the later one counts.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    /// The counts of one SLO.
    pub slices: &'a [Slice],
    /// All deployments, harmless ones too: they are the candidates, and no placebo may touch them.
    pub rollouts: &'a [Rollout],
    /// The hard and soft dependencies with counts of their own.
    pub dependencies: &'a [Dependency],
    /// Comparisons of the old and the new version, by the key of the deployment.
    pub comparisons: &'a BTreeMap<String, Vec<Stratum>>,
}
