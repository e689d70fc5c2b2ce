//! Where errors end.

use crate::profile::Profile;
use crate::series::{SLICES_PER_DAY, Series};

/// The narrowest window in which the end of errors is looked for, in slices.
const NARROWEST: i64 = 3;
/// The widest one.
const WIDEST: i64 = 12;
/// The end is looked for in this many slices after the beginning.
const LONGEST: i64 = 14 * SLICES_PER_DAY;

/// Events in a window, beyond a level.
#[derive(Debug, Clone, Copy, Default)]
struct Window {
    length: i64,
    /// Bad events beyond the usual ones.
    excess: f64,
    total: f64,
    usual: f64,
    /// The standard deviation of the usual bad events.
    noise: f64,
}

impl Window {
    /// The shortest window in which the level of a change is four standard deviations of noise. `None` if the data ends before.
    fn new(
        series: &Series,
        profile: &Profile,
        (from, end): (i64, i64),
        (before, level): (f64, f64),
    ) -> Option<Self> {
        let mut window = Self::default();
        while window.length < WIDEST
            && (window.length < NARROWEST || level * window.total < 4.0 * window.noise)
        {
            let slice = from + window.length;
            if slice >= end {
                return None;
            }
            let (bad, total) = series.counts(slice);
            let usual = total * before * profile.ratio(slice);
            window.excess += bad - usual;
            window.total += total;
            window.usual += usual;
            window.length += 1;
            window.noise = (profile.dispersion_of_sum(window.length) * window.usual).sqrt();
        }
        Some(window)
    }

    /// Whether nothing is left of a change: within two standard deviations, and less than half of its level; or less than a tenth of it.
    fn is_recovered(self, level: f64) -> bool {
        let level = level * self.total;
        self.excess <= (2.0 * self.noise).min(0.5 * level).max(0.1 * level)
    }
}

/// The first slice after a change without its errors; `None` if the data ends before.
pub(crate) fn recovery(
    series: &Series,
    profile: &Profile,
    onset: i64,
    (before, level): (f64, f64),
) -> Option<i64> {
    let end = series.end().min(onset + LONGEST);
    for slice in onset + 1..end {
        if series.counts(slice).1 <= 0.0 {
            continue;
        }
        let window = Window::new(series, profile, (slice, end), (before, level))?;
        if window.is_recovered(level) {
            return Some(if window.length > NARROWEST {
                split(
                    series,
                    profile,
                    (slice, slice + window.length),
                    (before, level),
                )
            } else {
                slice
            });
        }
    }
    None
}

/// The slice of a window that best divides it in a part with the errors of a change and a part without: where the sum of what is beyond
/// half of the level is largest.
fn split(
    series: &Series,
    profile: &Profile,
    (from, until): (i64, i64),
    (before, level): (f64, f64),
) -> i64 {
    let (mut sum, mut most, mut best) = (0.0, 0.0, from);
    for slice in from..until {
        let (bad, total) = series.counts(slice);
        sum += bad - total * (before * profile.ratio(slice) + level / 2.0);
        if sum > most {
            (most, best) = (sum, slice + 1);
        }
    }
    best
}
