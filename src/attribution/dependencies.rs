//! Errors of a service that began with those of a dependency.

use crate::input::SLICE_SECONDS;
use crate::onset::{Onset, onsets};
use crate::profile::Profile;
use crate::series::{SLICES_PER_DAY, Series, start_of};

/// How much earlier than the service's errors those of a dependency may begin, in seconds.
const LEAD: i64 = 1800;
/// How precise the time of an onset is, in seconds.
const PRECISION: i64 = 60;
/// How far onsets are looked for after a history, in slices.
const LATER: i64 = 8 * SLICES_PER_DAY;

/// A dependency, with the onsets of its errors.
#[derive(Debug, Clone)]
pub(crate) struct DependencyOnsets {
    name: String,
    onsets: Vec<Onset>,
}

impl DependencyOnsets {
    /// The onsets in a history, and some time after it, against the dependency's own profile of that history.
    pub(crate) fn new(name: &str, series: &Series, history: (i64, i64)) -> Self {
        let profile = Profile::fit(series, history);
        Self {
            name: name.to_owned(),
            onsets: onsets(series, &profile, (history.0, history.1 + LATER)),
        }
    }
}

/// Whether the errors of a dependency began first, and had not ended when those of the service began.
fn explains(dependency: &Onset, service: &Onset) -> bool {
    let ended = dependency.recovery.map(start_of);
    dependency.at <= service.at + PRECISION
        && dependency.at >= service.at - LEAD
        && ended.is_none_or(|ended| ended + SLICE_SECONDS > service.at)
}

/// The dependency whose errors began before an onset of the service: of several the first.
pub(crate) fn candidate(dependencies: &[DependencyOnsets], onset: &Onset) -> Option<String> {
    dependencies
        .iter()
        .flat_map(|dependency| {
            let onsets = dependency.onsets.iter();
            let explaining = onsets.filter(|other| explains(other, onset));
            explaining.map(|other| (other.at, &dependency.name))
        })
        .min()
        .map(|(_, name)| name.clone())
}
