//! The service's past before a day: its profile, its onsets, and what there is to compare with.

use std::cell::OnceCell;

use crate::dependencies::{DependencyOnsets, candidate};
use crate::onset::{Onset, onsets};
use crate::placebo::Placebo;
use crate::profile::Profile;
use crate::series::{SLICES_PER_DAY, Series, start_of};
use crate::settings::Settings;
use crate::spans::Span;

/// The past of a service before a day.
#[derive(Debug)]
pub(crate) struct History {
    pub(crate) profile: Profile,
    /// The days that were seen.
    pub(crate) days: f64,
    /// The first slice, and the first one of the day.
    slices: (i64, i64),
    unseen: OnceCell<Vec<Span>>,
    dependencies: OnceCell<Vec<DependencyOnsets>>,
    /// The onsets that no dependency explains.
    onsets: OnceCell<Vec<Onset>>,
}

/// What is observed of a service and its dependencies.
#[derive(Debug)]
pub(crate) struct Observed<'a> {
    pub(crate) series: Series,
    /// By name.
    pub(crate) dependencies: Vec<(&'a str, Series)>,
    /// The roll-outs with their delay, joined.
    pub(crate) rollouts: Vec<Span>,
}

/// The spans without data.
fn unseen(series: &Series, (from, until): (i64, i64)) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for number in from..until {
        if series.counts(number).1 > 0.0 {
            continue;
        }
        let (start, end) = (start_of(number), start_of(number + 1));
        match spans.last_mut() {
            Some(last) if last.1 == start => last.1 = end,
            _ => spans.push((start, end)),
        }
    }
    spans
}

impl History {
    /// What is known before a day, given as its number since 1970.
    pub(crate) fn before(observed: &Observed<'_>, day: i64, settings: &Settings) -> Self {
        let series = &observed.series;
        let until = day * SLICES_PER_DAY;
        let longest = i64::from(settings.most_history_days) * SLICES_PER_DAY;
        let from = series.first.max(until - longest).min(until);
        let seen: f64 = (from..until).map(|number| series.seen(number)).sum();
        Self {
            profile: Profile::fit(series, (from, until)),
            days: seen / SLICES_PER_DAY as f64,
            slices: (from, until),
            unseen: OnceCell::new(),
            dependencies: OnceCell::new(),
            onsets: OnceCell::new(),
        }
    }

    /// The onsets of the dependencies in this past, and in the week from the day on.
    pub(crate) fn dependencies(&self, observed: &Observed<'_>) -> &[DependencyOnsets] {
        self.dependencies.get_or_init(|| {
            let all = observed.dependencies.iter();
            all.map(|(name, series)| DependencyOnsets::new(name, series, self.slices))
                .collect()
        })
    }

    fn onsets(&self, observed: &Observed<'_>) -> &[Onset] {
        self.onsets.get_or_init(|| {
            let dependencies = self.dependencies(observed);
            onsets(&observed.series, &self.profile, self.slices)
                .into_iter()
                .filter(|onset| candidate(dependencies, onset).is_none())
                .collect()
        })
    }

    /// The history as one for placebos.
    pub(crate) fn placebo<'a>(&'a self, observed: &'a Observed<'_>) -> Placebo<'a> {
        Placebo {
            within: (start_of(self.slices.0), start_of(self.slices.1)),
            onsets: self.onsets(observed),
            rollouts: &observed.rollouts,
            unseen: self
                .unseen
                .get_or_init(|| unseen(&observed.series, self.slices)),
        }
    }

    /// How many onsets there are in a time, on average.
    pub(crate) fn onsets_in(&self, observed: &Observed<'_>, slices: f64) -> f64 {
        let all = (self.slices.1 - self.slices.0).max(1) as f64;
        self.onsets(observed).len() as f64 * slices / all
    }
}
