//! How many bad events there are beyond the usual ones.

use crate::judgment::Interval;
use crate::numbers::{Z_95, gamma_quantile};
use crate::profile::Profile;
use crate::series::Series;

/// The variance of counts after a history in multiples of that in it: the profile is fitted to the one and not to the other, and half
/// hours with small incidents are among the usual ones. Measured in the planted worlds of `tests`.
pub(crate) const OUT_OF_SAMPLE: f64 = 1.5;

/// A span of slices of which the last may be a part.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stretch {
    /// The first slice.
    pub(crate) from: i64,
    /// The slice after the last whole one.
    pub(crate) whole: i64,
    /// The part of that slice that belongs to the span, from 0 to 1.
    pub(crate) part: f64,
}

/// Bad events and what is usual, of a span of slices.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Excess {
    /// Bad events.
    pub(crate) bad: f64,
    /// The usual bad events among them.
    pub(crate) usual: f64,
    /// The variance of these.
    pub(crate) variance: f64,
    /// The standard deviation of the bad events themselves, as a part of a slice is an estimate.
    pub(crate) cut: f64,
    /// How many events fewer there may be, as they may be those of another incident.
    pub(crate) fewer: f64,
    /// How many more, as fewer may be those of an earlier incident.
    pub(crate) more: f64,
}

impl Excess {
    /// The excess of a span of slices over `before` times the profile. The variance is that of a sum of dispersed counts that resemble
    /// their neighbors, and that of the profile's own estimate.
    pub(crate) fn new(series: &Series, profile: &Profile, stretch: Stretch, before: f64) -> Self {
        let mut sum = Self::default();
        let mut add = |number: i64, part: f64| {
            let (bad, total) = series.counts(number);
            sum.bad += part * bad;
            sum.usual += part * before * total * profile.ratio(number);
            bad
        };
        for number in stretch.from..stretch.whole {
            add(number, 1.0);
        }
        if stretch.part > 0.0 {
            let bad = add(stretch.whole, stretch.part);
            // A draw of events, and a ratio that is not the same in both parts.
            let spread = stretch.part * (1.0 - stretch.part);
            sum.cut = (spread * bad).sqrt() + 0.5 * spread * bad;
        }
        let length = (stretch.whole - stretch.from).max(0) + 1;
        let estimate = profile.uncertainty * sum.usual;
        sum.variance =
            OUT_OF_SAMPLE * (profile.dispersion_of_sum(length) * sum.usual + estimate * estimate);
        sum
    }

    /// The sum of two independent parts.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            bad: self.bad + other.bad,
            usual: self.usual + other.usual,
            variance: self.variance + other.variance,
            cut: self.cut.hypot(other.cut),
            fewer: self.fewer + other.fewer,
            more: self.more + other.more,
        }
    }

    /// The 95 % interval of the excess: the bad events less the quantiles of the usual ones, which have a gamma distribution and are
    /// whole. Deviations of independent parts are added in squares (MOVER: Zou and Donner, 2008).
    pub(crate) fn interval(self) -> Interval {
        let usual = |z: f64| gamma_quantile(self.usual, self.variance, z);
        let mid = (self.bad - self.usual).max(0.0);
        let cut = Z_95 * self.cut;
        let below = libm::hypot((usual(Z_95).ceil() - self.usual).max(0.0), cut);
        let above = libm::hypot(self.usual - usual(-Z_95).floor(), cut);
        Interval {
            low: (mid - below - self.fewer).max(0.0),
            mid,
            high: (mid + above + self.more).min(self.bad.max(mid) + cut),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_its_middle() {
        for usual in [0.0, 0.1, 3.0, 1000.0] {
            for bad in [0.0, 1.0, 50.0, 5000.0] {
                let excess = Excess {
                    bad,
                    usual,
                    variance: 2.0 * usual,
                    ..Excess::default()
                };
                let Interval { low, mid, high } = excess.interval();
                assert!(0.0 <= low && low <= mid && mid <= high, "{excess:?}");
                assert!(high <= bad.max(mid), "{excess:?}");
            }
        }
    }

    #[test]
    fn without_usual_errors_all_are_excess() {
        let excess = Excess {
            bad: 12.0,
            ..Excess::default()
        };
        let interval = excess.interval();
        assert_eq!(
            (interval.low, interval.mid, interval.high),
            (12.0, 12.0, 12.0)
        );
    }

    #[test]
    fn doubtful_events_widen_the_interval_downwards() {
        let sure = Excess {
            bad: 100.0,
            usual: 10.0,
            variance: 10.0,
            ..Excess::default()
        };
        let doubtful = Excess {
            fewer: 30.0,
            ..sure
        };
        assert!((sure.interval().low - doubtful.interval().low - 30.0).abs() < 1e-9);
        assert_eq!(sure.interval().high, doubtful.interval().high);
    }
}
