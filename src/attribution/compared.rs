//! The new version against the old one at the same moment.

use crate::amount::{Excess, OUT_OF_SAMPLE};
use crate::input::{Counts, Stratum};
use crate::numbers::{exp, ln, log_sum_exp};
use crate::window::LATEST;

/// The number of odds that are tried, evenly spaced on a logarithmic scale.
const ODDS: usize = 24;
/// The least odds that are tried.
const LEAST_ODDS: f64 = 1.1;
/// The greatest ones.
const MOST_ODDS: f64 = 200.0;
/// The weight of "not dispersed", in pairs of minutes.
const PRIOR_PAIRS: f64 = 5.0;
/// The greatest weight of what is known from earlier comparisons, in pairs of minutes.
const MOST_PAIRS: f64 = 300.0;
const MINUTE: i64 = 60;
/// Minutes before and after one from which the old version's ratio is estimated.
const NEAR: usize = 2;

/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Comparison {
    /// How probable evidence like this is at any time if the new version is not worse.
    pub(crate) p: f64,
    /// The bad events of the new version, and those that the old one would have had.
    pub(crate) excess: Excess,
    /// The bad and all events of both.
    pub(crate) both: Counts,
    /// The start of the first minute with both versions.
    pub(crate) from: i64,
    /// The end of the last one.
    pub(crate) until: i64,
    /// The share of the minutes from the first to the last one that were compared, from 0 to 1.
    pub(crate) coverage: f64,
    /// How dispersed the minutes were.
    pub(crate) dispersion: Dispersion,
}

/// How much more minutes differ than independent errors would.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Dispersion {
    /// The squared residuals of pairs of minutes; each is 1 on average if errors are independent.
    squares: f64,
    pairs: f64,
}

impl Dispersion {
    /// What is known of two sets of minutes.
    pub(crate) fn plus(self, other: Self) -> Self {
        let sum = Self {
            squares: self.squares + other.squares,
            pairs: self.pairs + other.pairs,
        };
        let scale = (MOST_PAIRS / sum.pairs.max(1.0)).min(1.0);
        Self {
            squares: sum.squares * scale,
            pairs: sum.pairs * scale,
        }
    }

    /// The variance in multiples of that of independent errors, at least 1.
    fn value(self) -> f64 {
        ((PRIOR_PAIRS + self.squares) / (PRIOR_PAIRS + self.pairs)).max(1.0)
    }

    /// Adds two minutes: of their bad events of the new version, how many are in the second one, against the hypergeometric
    /// distribution that these have if the odds are the same in both, whatever the odds are.
    fn add(&mut self, first: &Stratum, second: &Stratum) {
        let new = first.new.bad + second.new.bad;
        let later = second.new.bad + second.old.bad;
        let all = first.new.bad + first.old.bad + later;
        let expected = new * later / all;
        let variance = expected * (all - new) * (all - later) / (all * (all - 1.0));
        if all > 1.0 && variance > 0.0 {
            let residual = second.new.bad - expected;
            self.squares += residual * residual / variance;
            self.pairs += 1.0;
        }
    }
}

fn is_usable(counts: Counts) -> bool {
    counts.bad.is_finite()
        && counts.total.is_finite()
        && counts.bad >= 0.0
        && counts.total > 0.0
        && counts.bad <= counts.total
}

/// The minutes in which both versions served events, in order. Of the same minute, the last one counts.
fn usable(strata: &[Stratum]) -> Vec<Stratum> {
    let mut used: Vec<Stratum> = strata
        .iter()
        .rev()
        .filter(|stratum| is_usable(stratum.old) && is_usable(stratum.new))
        .filter(|stratum| (-LATEST..LATEST).contains(&stratum.start))
        .copied()
        .collect();
    used.sort_by_key(|stratum| stratum.start);
    used.dedup_by_key(|stratum| stratum.start);
    used
}

/// The odds that are tried.
fn odds() -> Vec<f64> {
    let step = ln(MOST_ODDS / LEAST_ODDS) / (ODDS - 1) as f64;
    (0..ODDS)
        .map(|number| LEAST_ODDS * exp(step * number as f64))
        .collect()
}

/// The logarithm of the largest mixture of likelihood ratios so far, and the dispersion of these minutes.
fn evidence(strata: &[Stratum], known: Dispersion) -> (f64, Dispersion) {
    let odds: Vec<(f64, f64)> = odds().into_iter().map(|odds| (odds, ln(odds))).collect();
    let mut logs = vec![0.0; ODDS];
    let mut most: f64 = 0.0;
    let mut own = Dispersion::default();
    let mut before: Option<&Stratum> = None;
    for stratum in strata {
        let bad = stratum.old.bad + stratum.new.bad;
        if bad <= 0.0 {
            continue;
        }
        let share = stratum.new.total / (stratum.old.total + stratum.new.total);
        let dispersion = known.plus(own).value();
        for (log, (odds, ln_odds)) in logs.iter_mut().zip(&odds) {
            let ratio = stratum.new.bad * ln_odds - bad * ln(1.0 + share * (odds - 1.0));
            *log += ratio / dispersion;
        }
        most = most.max(log_sum_exp(&logs) - ln(ODDS as f64));
        if let Some(before) = before {
            own.add(before, stratum);
        }
        before = Some(stratum);
    }
    (most, own)
}

/// The excess of the new version over the old one's ratio in the same and the neighboring minutes.
fn excess(strata: &[Stratum], dispersion: f64) -> Excess {
    let mut sum = Excess::default();
    // How many of the new version's usual bad events each one of the old version stands for.
    let mut weights = vec![0.0; strata.len()];
    for (number, stratum) in strata.iter().enumerate() {
        let near = number.saturating_sub(NEAR)..(number + NEAR + 1).min(strata.len());
        let neighbors = strata.get(near.clone()).unwrap_or_default();
        let old: f64 = neighbors.iter().map(|stratum| stratum.old.total).sum();
        for weight in weights.get_mut(near).unwrap_or_default() {
            *weight += stratum.new.total / old;
        }
        sum.bad += stratum.new.bad;
    }
    let mut of_estimate = 0.0;
    for (weight, stratum) in weights.iter().zip(strata) {
        sum.usual += weight * stratum.old.bad;
        of_estimate += weight * weight * stratum.old.bad;
    }
    if sum.usual <= 0.0 {
        // No errors of the old version: half an event, not none.
        let weight = weights.iter().copied().fold(0.0, f64::max);
        sum.usual = 0.5 * weight;
        of_estimate = weight * weight;
    }
    // The dispersion is that of other minutes, and of minutes with few errors.
    sum.variance = OUT_OF_SAMPLE * dispersion * (sum.usual + of_estimate);
    sum
}

/// Compares two versions. `known` is the dispersion of the service's earlier comparisons. `None` if there is no minute in which both
/// served events.
///
/// If the new version is not worse, then of the `m` bad events in a minute those of the new one are a draw without replacement in which
/// each is one of `π = n_new / n` events, whatever the ratio is in that minute. For odds `θ > 1`, `θ^b / (1 + π (θ − 1))^m` then has a
/// mean of at most 1: it is the likelihood ratio of a conditional binomial distribution, and convex functions of a draw without
/// replacement have no greater mean than those of one with (Hoeffding, 1963, theorem 4). The product over minutes, and the mixture over
/// odds, is a nonnegative supermartingale, so `1 / max` is a p at any time (Ville, 1939; Howard et al., 2021; Lindon et al., arXiv
/// 2205.14762). Each factor is raised to `1 / φ`, where `φ ≥ 1` is the dispersion as known before the minute. That keeps its mean at most
/// 1 by Jensen's inequality, and errors that come in bursts of the same version count about once.
pub(crate) fn compare(strata: &[Stratum], known: Dispersion) -> Option<Comparison> {
    let strata = usable(strata);
    let (first, last) = (strata.first()?, strata.last()?);
    let (most, own) = evidence(&strata, known);
    let mut both = Counts::default();
    for stratum in &strata {
        both.bad += stratum.old.bad + stratum.new.bad;
        both.total += stratum.old.total + stratum.new.total;
    }
    let until = last.start + MINUTE;
    Some(Comparison {
        p: exp(-most).min(1.0),
        excess: excess(&strata, known.plus(own).value()),
        both,
        from: first.start,
        until,
        coverage: (strata.len() as f64 * MINUTE as f64 / (until - first.start) as f64).min(1.0),
        dispersion: own,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn counts(bad: f64, total: f64) -> Counts {
        Counts { bad, total }
    }

    /// Minutes with 1,000 events of the old version and 250 of the new one.
    fn strata(bad: &[(f64, f64)]) -> Vec<Stratum> {
        bad.iter()
            .zip(0..)
            .map(|((old, new), minute)| Stratum {
                start: minute * 60,
                old: counts(*old, 1000.0),
                new: counts(*new, 250.0),
            })
            .collect()
    }

    fn compared(bad: &[(f64, f64)]) -> Comparison {
        compare(&strata(bad), Dispersion::default()).unwrap()
    }

    #[test]
    fn a_worse_version_is_found() {
        let worse = compared(&[(1.0, 5.0); 15]);
        assert!(worse.p < 1e-9, "{}", worse.p);
        let interval = worse.excess.interval();
        assert_eq!(worse.excess.bad, 75.0);
        assert!((interval.mid - (75.0 - 15.0 / 4.0)).abs() < 1e-9);
        assert_eq!((worse.from, worse.until), (0, 900));
    }

    #[test]
    fn an_incident_of_both_is_none_of_the_new_one() {
        let both = compared(&[(1.0, 0.0), (400.0, 100.0), (400.0, 100.0), (40.0, 10.0)]);
        assert!(both.p > 0.1, "{}", both.p);
        let better = compared(&[(40.0, 1.0); 15]);
        assert_eq!(better.p, 1.0);
    }

    /// The mean of the evidence is at most 1, exactly: the sum over all draws of a minute.
    #[test]
    fn a_likelihood_ratio_has_a_mean_of_at_most_one() {
        let choose = |n: f64, k: f64| {
            let log = |x: f64| libm::lgamma(x + 1.0);
            libm::exp(log(n) - log(k) - log(n - k))
        };
        let (old, new, bad) = (30.0, 12.0, 9.0);
        let mut mean = 0.0;
        let mut all = 0.0;
        for drawn in 0..=9 {
            let drawn = f64::from(drawn);
            let probability =
                choose(new, drawn) * choose(old, bad - drawn) / choose(old + new, bad);
            let stratum = Stratum {
                start: 0,
                old: counts(bad - drawn, old),
                new: counts(drawn, new),
            };
            let mut logs = vec![0.0; ODDS];
            for (log, odds) in logs.iter_mut().zip(odds()) {
                let share = new / (old + new);
                *log = stratum.new.bad * ln(odds) - bad * ln(1.0 + share * (odds - 1.0));
            }
            mean += probability * exp(log_sum_exp(&logs)) / ODDS as f64;
            all += probability;
        }
        assert!((all - 1.0).abs() < 1e-9);
        assert!(mean <= 1.0 && mean > 0.2, "{mean}");
    }

    #[test]
    fn bursts_count_once() {
        let bursts = [(9.0, 0.0), (0.0, 0.0), (0.0, 9.0), (8.0, 0.0), (0.0, 8.0)];
        let own = compared(&bursts).dispersion;
        assert!(own.value() > 2.0, "{own:?}");
        let known = compare(&strata(&bursts), own).unwrap();
        assert!(known.p > compared(&bursts).p);
    }

    #[test]
    fn minutes_with_one_version_or_impossible_counts_are_none() {
        let mut wrong = strata(&[(1.0, 1.0); 4]);
        wrong[0].old = counts(0.0, 0.0);
        wrong[1].new = counts(5.0, 4.0);
        wrong[2].new = counts(f64::NAN, 4.0);
        let comparison = compare(&wrong, Dispersion::default()).unwrap();
        assert_eq!((comparison.from, comparison.until), (180, 240));
        assert_eq!(compare(&wrong[..3], Dispersion::default()), None);
        assert_eq!(compare(&[], Dispersion::default()), None);
    }

    #[test]
    fn of_the_same_minute_the_last_one_counts() {
        let mut twice = strata(&[(1.0, 1.0), (1.0, 50.0)]);
        twice[1].start = 0;
        let comparison = compare(&twice, Dispersion::default()).unwrap();
        assert_eq!(comparison.both.bad, 51.0);
    }
}
