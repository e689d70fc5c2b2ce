//! The usual errors of a service: its ratio of bad events for each half hour of the week, and how much counts vary around it.

use crate::numbers::ln;
use crate::series::{SLICES_PER_DAY, Series};

/// Half hours in a day.
const DAY: usize = 48;
/// Half hours in a week.
const WEEK: usize = 7 * DAY;
/// Slices in a half hour.
const HALF_HOUR: i64 = 6;
/// The weight of a prior, in dispersed events.
const PRIOR: f64 = 20.0;
/// Slices with more than this many standard deviations are no usual ones.
const UNUSUAL: f64 = 3.5;
/// The share of days with the fewest errors in a half hour that a first profile is made from.
const QUIETER: f64 = 0.75;
/// How often unusual slices are looked for.
const PASSES: usize = 5;
/// The median of the square of a standard normal number.
const MEDIAN_SQUARE: f64 = 0.455;
/// The median is that of about this many slices.
const MEDIAN_OF: usize = 1000;
/// The lengths of blocks of which the dispersion is measured, in slices: each is a multiple of the one before.
const BLOCKS: [usize; 5] = [3, 6, 12, 24, 48];

/// The profile of a service, from a span of its history.
#[derive(Debug, Clone)]
pub(crate) struct Profile {
    /// For each half hour of the week.
    ratios: Vec<f64>,
    /// The variance of a slice's count in multiples of its mean, at least 1.
    pub(crate) dispersion: f64,
    /// The same of the sums of [`BLOCKS`].
    of_blocks: [f64; BLOCKS.len()],
    /// The standard error of a ratio, in shares of it.
    pub(crate) uncertainty: f64,
}

/// The half hour of the week of a slice. Which half hour is the first does not matter.
fn half_hour(number: i64) -> usize {
    usize::try_from(number.rem_euclid(7 * SLICES_PER_DAY) / HALF_HOUR).unwrap_or(0)
}

/// Twice the logarithm of the likelihood ratio of a count against its mean: the Poisson deviance.
pub(crate) fn deviance(count: f64, mean: f64) -> f64 {
    if mean <= 0.0 {
        return 0.0;
    }
    let log = if count > 0.0 {
        count * ln(count / mean)
    } else {
        0.0
    };
    (2.0 * (log - (count - mean))).max(0.0)
}

/// A slice of the history.
#[derive(Debug, Clone, Copy)]
struct Sample {
    half_hour: usize,
    bad: f64,
    total: f64,
    /// The bad events that the profile expects.
    expected: f64,
    is_unusual: bool,
}

/// The ratio of the quieter half hours of a list of bad and all events.
fn quieter(half_hours: &mut [(f64, f64)]) -> (f64, f64) {
    let ratio = |(bad, total): &(f64, f64)| bad / total;
    half_hours.sort_by(|a, b| ratio(a).total_cmp(&ratio(b)));
    let kept = (half_hours.len() as f64 * QUIETER).ceil() as usize;
    half_hours.iter().take(kept).fold((0.0, 0.0), add)
}

/// The ratio of each half hour of the week as far as incidents cannot move it: that of the three quarters of the days on which the same
/// half hour of the day had the fewest errors.
fn first_ratios(samples: &[Sample]) -> Vec<f64> {
    let mut days: Vec<Vec<(f64, f64)>> = vec![Vec::new(); DAY];
    for chunk in samples.chunk_by(|a, b| a.half_hour == b.half_hour) {
        let events = chunk.iter().map(|sample| (sample.bad, sample.total));
        let sum = events.fold((0.0, 0.0), |a, b| add(a, &b));
        let day = chunk.first().map_or(0, |sample| sample.half_hour % DAY);
        if let Some(day) = days.get_mut(day)
            && sum.1 > 0.0
        {
            day.push(sum);
        }
    }
    let sums: Vec<(f64, f64)> = days.iter_mut().map(|day| quieter(day)).collect();
    let (bad, total) = sums.iter().fold((0.0, 0.0), add);
    let all = if total > 0.0 {
        ((bad + 0.5) / total).min(1.0)
    } else {
        return vec![0.0; WEEK];
    };
    let ratios: Vec<f64> = sums.iter().map(|sum| shrink(all, PRIOR, *sum)).collect();
    ratios.iter().copied().cycle().take(WEEK).collect()
}

fn add(a: (f64, f64), b: &(f64, f64)) -> (f64, f64) {
    (a.0 + b.0, a.1 + b.1)
}

/// A ratio, drawn towards a prior one with the weight of some bad events.
fn shrink(prior: f64, weight: f64, (bad, total): (f64, f64)) -> f64 {
    (bad + weight) / (total + weight / prior)
}

/// The ratio of each half hour of the week, and the mean standard error in shares of it.
fn ratios(samples: &[Sample], dispersion: f64) -> (Vec<f64>, f64) {
    let mut sums = vec![(0.0, 0.0); WEEK];
    for sample in samples {
        if let Some(sum) = sums.get_mut(sample.half_hour)
            && !sample.is_unusual
        {
            sum.0 += sample.bad;
            sum.1 += sample.total;
        }
    }
    let (bad, total) = sums.iter().fold((0.0, 0.0), add);
    if total <= 0.0 {
        return (vec![0.0; WEEK], 0.0);
    }
    // Half an event: a service without errors has a small ratio, not none.
    let all = ((bad + 0.5) / total).min(1.0);
    let weight = PRIOR * dispersion;
    let days: Vec<f64> = (0..DAY)
        .map(|bin| {
            let days = sums.iter().skip(bin).step_by(DAY);
            shrink(all, weight, days.fold((0.0, 0.0), add))
        })
        .collect();
    let ratios = sums
        .iter()
        .zip(days.iter().cycle())
        .map(|(sum, day)| shrink(*day, weight, *sum))
        .collect();
    let events = bad / WEEK as f64 + weight;
    (ratios, (dispersion / events).sqrt())
}

/// The dispersion by the median of the squared residuals, which incidents do not move.
fn robust_dispersion(samples: &[Sample], squares: &mut Vec<f64>) -> f64 {
    squares.clear();
    for sample in samples.iter().step_by(samples.len() / MEDIAN_OF + 1) {
        if sample.expected > 0.0 {
            let residual = sample.bad - sample.expected;
            squares.push(residual * residual / sample.expected);
        }
    }
    if squares.is_empty() {
        return 1.0;
    }
    let middle = squares.len() / 2;
    let (_, median, _) = squares.select_nth_unstable_by(middle, f64::total_cmp);
    (*median / MEDIAN_SQUARE).max(1.0)
}

/// Marks slices with unusually many errors, and their neighbors. Returns whether a mark has changed.
fn mark(samples: &mut [Sample], dispersion: f64) -> bool {
    let most = UNUSUAL * UNUSUAL * dispersion;
    let mut high = Vec::with_capacity(samples.len() + 2);
    high.push(false);
    for sample in samples.iter() {
        let residual = sample.bad - sample.expected;
        // The deviance is at most the squared residual.
        high.push(
            residual > 0.0
                && residual * residual > most * sample.expected
                && deviance(sample.bad, sample.expected) > most,
        );
    }
    high.push(false);
    let mut has_changed = false;
    for (sample, near) in samples.iter_mut().zip(high.windows(3)) {
        let is_unusual = matches!(near, [true, ..] | [_, true, _] | [.., true]);
        has_changed |= is_unusual != sample.is_unusual;
        sample.is_unusual = is_unusual;
    }
    has_changed
}

/// A residual with the mean that it belongs to.
type Block = (f64, f64);

/// The residuals of usual slices.
fn residuals(samples: &[Sample]) -> Vec<Block> {
    let mut blocks = Vec::with_capacity(samples.len());
    for sample in samples {
        blocks.push(if sample.is_unusual {
            (0.0, 0.0)
        } else {
            (sample.bad - sample.expected, sample.expected)
        });
    }
    blocks
}

/// The sums of blocks that follow each other.
fn sums(blocks: &[Block], length: usize) -> Vec<Block> {
    let whole = blocks.chunks_exact(length);
    whole
        .map(|block| block.iter().fold((0.0, 0.0), add))
        .collect()
}

/// The variance of blocks in multiples of their means, at least 1.
fn dispersion(blocks: &[Block]) -> f64 {
    let (mut squares, mut means) = (0.0, 0.0);
    for (residual, mean) in blocks {
        squares += residual * residual;
        means += mean;
    }
    if means > 0.0 {
        (squares / means).max(1.0)
    } else {
        1.0
    }
}

impl Profile {
    /// Estimates the profile of a span of slices.
    ///
    /// Slices with unusually many errors, and their neighbors, are not part of it. The ratio of a half hour of the week is shrunk towards
    /// that of the same half hour of all days, and this one towards the ratio of the whole span, each with the weight of 20 dispersed
    /// events: an empirical Bayes estimate with gamma priors.
    pub(crate) fn fit(series: &Series, (from, until): (i64, i64)) -> Self {
        let mut samples: Vec<Sample> = (from..until)
            .map(|number| {
                let (bad, total) = series.counts(number);
                Sample {
                    half_hour: half_hour(number),
                    bad,
                    total,
                    expected: 0.0,
                    is_unusual: false,
                }
            })
            .collect();
        let mut profile = Self {
            ratios: first_ratios(&samples),
            dispersion: 1.0,
            of_blocks: [1.0; BLOCKS.len()],
            uncertainty: 0.0,
        };
        let mut squares = Vec::with_capacity(MEDIAN_OF);
        for pass in 0..PASSES {
            if pass > 0 {
                (profile.ratios, profile.uncertainty) = ratios(&samples, profile.dispersion);
            }
            for sample in &mut samples {
                let ratio = profile.ratios.get(sample.half_hour).copied();
                sample.expected = sample.total * ratio.unwrap_or(0.0);
            }
            profile.dispersion = robust_dispersion(&samples, &mut squares);
            if !mark(&mut samples, profile.dispersion) && pass > 0 {
                break;
            }
        }
        let mut blocks = residuals(&samples);
        let (mut length, mut most) = (1, dispersion(&blocks));
        profile.dispersion = most;
        for (place, longer) in profile.of_blocks.iter_mut().zip(BLOCKS) {
            blocks = sums(&blocks, longer / length);
            length = longer;
            most = most.max(dispersion(&blocks));
            *place = most;
        }
        profile
    }

    /// The usual ratio in a slice.
    pub(crate) fn ratio(&self, number: i64) -> f64 {
        self.ratios.get(half_hour(number)).copied().unwrap_or(0.0)
    }

    /// The variance of the sum of a number of slices in multiples of its mean. It is more than [`Self::dispersion`], as slices resemble
    /// those before them; between the measured lengths it is interpolated.
    pub(crate) fn dispersion_of_sum(&self, length: i64) -> f64 {
        let length = length as f64;
        let (mut shorter, mut below) = (1.0, self.dispersion);
        for (longer, above) in BLOCKS.iter().zip(self.of_blocks) {
            let longer = *longer as f64;
            if length <= longer {
                let part = ((length - shorter) / (longer - shorter)).max(0.0);
                return below + part * (above - below);
            }
            (shorter, below) = (longer, above);
        }
        below
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Slice;

    /// Two weeks with 1,000 events a slice, of which `bad(number)` are bad.
    fn series(bad: impl Fn(i64) -> f64) -> Series {
        let slices: Vec<Slice> = (0..14 * SLICES_PER_DAY)
            .map(|number| Slice {
                start: number * 300,
                bad: bad(number),
                total: 1000.0,
                seen: 300,
            })
            .collect();
        Series::new(&slices)
    }

    #[test]
    fn an_incident_does_not_move_the_profile() {
        let usual = |number: i64| if number % 2 == 0 { 4.0 } else { 6.0 };
        let span = (0, 14 * SLICES_PER_DAY);
        let quiet = Profile::fit(&series(usual), span);
        let incident = |number: i64| {
            if (1000..1050).contains(&number) {
                300.0
            } else {
                usual(number)
            }
        };
        let loud = Profile::fit(&series(incident), span);
        for number in [0, 990, 1025, 2000] {
            assert!((quiet.ratio(number) - 0.005).abs() < 1e-5);
            assert!((loud.ratio(number) - 0.005).abs() < 1e-4);
        }
        assert_eq!(loud.dispersion, 1.0);
    }

    #[test]
    fn the_profile_follows_the_hour() {
        let daily = |number: i64| if number % 288 < 144 { 50.0 } else { 5.0 };
        let profile = Profile::fit(&series(daily), (0, 14 * SLICES_PER_DAY));
        assert!((profile.ratio(10) - 0.05).abs() < 0.005);
        assert!((profile.ratio(200) - 0.005).abs() < 0.003);
    }

    #[test]
    fn slices_that_resemble_each_other_have_dispersed_sums() {
        // Half hours with more errors and half hours with fewer, at no certain time of the week.
        let bad = |number: i64| {
            let hash = (number / 7).wrapping_mul(2_654_435_761) >> 7;
            if hash % 2 == 0 { 120.0 } else { 80.0 }
        };
        let profile = Profile::fit(&series(bad), (0, 14 * SLICES_PER_DAY));
        assert!(profile.dispersion > 2.0 && profile.dispersion < 4.5);
        assert!(profile.dispersion_of_sum(6) > 2.0 * profile.dispersion);
        assert!(profile.dispersion_of_sum(500) >= profile.dispersion_of_sum(6));
    }

    #[test]
    fn a_service_without_errors_has_a_small_ratio() {
        let profile = Profile::fit(&series(|_| 0.0), (0, 14 * SLICES_PER_DAY));
        assert!(profile.ratio(5) > 0.0 && profile.ratio(5) < 1e-6);
    }

    #[test]
    fn nothing_seen_is_no_profile() {
        let profile = Profile::fit(&Series::default(), (0, 100));
        assert_eq!(profile.ratio(5), 0.0);
        assert_eq!(profile.dispersion, 1.0);
    }
}
