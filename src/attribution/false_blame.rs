//! How often the method blames where there is nobody to blame.

use crate::analysis::{Analysis, best};
use crate::dependencies::candidate;
use crate::onset::onsets;
use crate::placebo::{EARLY, Shape};
use crate::series::{SLICES_PER_DAY, start_of};
use crate::spans::overlaps;

/// The longest roll-out of a placebo, in slices: onsets are looked for this long after the day.
const LONGEST: i64 = SLICES_PER_DAY;

/// How often the method blames where there is nobody to blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FalseBlame {
    /// Placebo roll-outs, at times at which there was none.
    pub placebos: u64,
    /// Those that were blamed.
    pub blamed: u64,
}

impl FalseBlame {
    /// The share that was blamed, from 0 to 1; `None` without any placebo.
    pub fn share(self) -> Option<f64> {
        (self.placebos > 0).then(|| self.blamed as f64 / self.placebos as f64)
    }
}

impl Analysis<'_> {
    /// The share of placebo roll-outs that would have been blamed at level [`crate::Level::Onset`], on the service's own history.
    ///
    /// Each slice of the history is the start of a placebo with the times of one of the service's roll-outs, in turn, unless it touches a
    /// real one or has no data. It is judged as a deployment is, by the history before its day; days with too little history before them
    /// have no placebos. Placebos that start in neighboring slices resemble each other, so a share of a short history is a coarse one.
    pub fn false_blame_rate(&mut self) -> FalseBlame {
        let mut found = FalseBlame::default();
        let end = start_of(self.observed.series.end());
        let shapes: Vec<Shape> = self
            .windows
            .iter()
            .flatten()
            .map(|window| window.shape(end.max(window.started)))
            .collect();
        let (first, last) = (self.observed.series.first, self.observed.series.end());
        let mut turn = 0;
        for day in first.div_euclid(SLICES_PER_DAY)..last.div_euclid(SLICES_PER_DAY) {
            let need = self.settings.least_history_days;
            if self.history(day).days >= need {
                self.count(day, &shapes, &mut turn, &mut found);
            }
        }
        found
    }

    fn count(&mut self, day: i64, shapes: &[Shape], turn: &mut usize, found: &mut FalseBlame) {
        let significance = self.settings.significance;
        let Some(history) = self.known_history(day) else {
            return;
        };
        let observed = &self.observed;
        let span = (day * SLICES_PER_DAY, (day + 1) * SLICES_PER_DAY);
        let today = onsets(
            &observed.series,
            &history.profile,
            (span.0, span.1 + LONGEST),
        );
        for slice in span.0..span.1 {
            let Some(shape) = shapes.get(*turn % shapes.len().max(1)).copied() else {
                return;
            };
            *turn += 1;
            let started = start_of(slice);
            let near = (started - EARLY, started + shape.lasted + EARLY + 1);
            let touches = overlaps(&observed.rollouts, near);
            if touches || observed.series.counts(slice).1 <= 0.0 {
                continue;
            }
            found.placebos += 1;
            let is_blamed = best(&today, shape, started).is_some_and(|(onset, score)| {
                candidate(history.dependencies(observed), &onset).is_none()
                    && history
                        .placebo(observed)
                        .p(shape, score, started, significance)
                        .p
                        < significance
            });
            found.blamed += u64::from(is_blamed);
        }
    }
}
