#![forbid(unsafe_code)]
//! Which deployment burned the error budget: statistics over counts and roll-outs.
//!
//! The crate does no I/O, reads no clock and draws no random number. Equal input gives equal output on every platform: logarithms and
//! exponentials are those of `libm`. [`Analysis`] reads what is known of one SLO of a service and judges its deployments.
//!
//! # Levels
//!
//! | level | says | found by |
//! |---|---|---|
//! | [`Level::Compared`] | burned | the new version was compared with the old one at the same moment, and is worse |
//! | [`Level::Onset`] | likely burned | errors began inside the roll-out, as they hardly do at other times of this service |
//! | [`Level::Coincides`] | – | neither: the deployment is only listed |
//! | [`Level::NotJudged`] | – | there is too little to judge by, with the [`Reason`] |
//!
//! # Comparison
//!
//! The input is one [`Stratum`] for each minute: bad and all events of the old and of the new version. If the new one is not worse, then of
//! the `m` bad events in a minute those of the new version are a draw without replacement in which it has the share
//! `π = n_new / (n_new + n_old)`. This holds whatever the ratio is in that minute, so an incident of both versions is no evidence. The
//! evidence for odds `θ > 1` is the conditional binomial likelihood ratio, and the evidence for "worse" is its mixture over 24 odds
//! between 1.1 and 200:
//!
//! ```text
//! E_t(θ) = Π_k [ θ^b_k / (1 + π_k (θ − 1))^m_k ]^(1/φ_k)      M_t = mean over θ of E_t(θ)      p_t = 1 / max_{s ≤ t} M_s
//! ```
//!
//! Each factor has a mean of at most 1: a draw without replacement is less variable than one with (Hoeffding 1963, theorem 4). So `M` is a
//! nonnegative supermartingale, and by Ville's inequality `p` falls below 1% in at most 1% of harmless deployments, *however often it is
//! computed* (Howard, Ramdas, McAuliffe, Sekhon 2021; Lindon, Sanden, Shirikian 2022, arXiv 2205.14762). The strata are those of Mantel
//! and Haenszel (1959). `φ_k ≥ 1` is the dispersion of the minutes before, of this and of earlier comparisons of the service: errors of the
//! same version that come in bursts count about once.
//!
//! The amount is the new version's bad events less those that the old version's ratio predicts for its requests, in the same minute and
//! two on both sides. After the last stratum it is the excess over the profile, as below.
//!
//! A comparison that saw an onset and finds less than half of its excess in the new version acquits the deployment.
//!
//! # Onset
//!
//! **Profile.** The ratio of bad events for each half hour of the week, from at most 28 days before the day of the deployment, without
//! unusual slices, shrunk towards the same half hour of all days and towards the overall ratio (empirical Bayes with gamma priors). The
//! variance of a count is `φ` times its mean (quasi-Poisson: McCullagh and Nelder 1989), and more for sums of slices, as slices resemble
//! those before them.
//!
//! **Change point.** For each slice `τ`, with `ρ` the ratio in multiples of the profile in the three slices from `τ` on, `ρ₀ ≥ 1` that of the
//! six before, `x` bad and `μ` expected events in the three:
//!
//! ```text
//! strength(τ) = [ x ln(ρ / ρ₀) − (ρ − ρ₀) μ ] / φ
//! ```
//!
//! An onset is a local maximum of at least 8. How much of its slice is affected estimates its time to about half a minute. It is inside a
//! roll-out if that time is between the start and a minute after the end.
//!
//! **Placebo.** Most incidents that begin inside a roll-out are unrelated if incidents are frequent. So `p` is the share of times of the
//! service's own history at which a roll-out of the same length, with the same time until its roll-back or the next deployment, would look
//! at least as guilty (Fisher's randomization test; placebo in time: Abadie 2021). The score is first how the errors ended, then their
//! strength: with the roll-back or the next deployment; not at all; by themselves; the roll-back did not help. Times that touch a real
//! roll-out are no placebos. Of all times and those of similar hours on the same kind of day, the larger share counts.
//!
//! **Dependencies.** If errors of a dependency began first, or within the same minute, it is the candidate instead.
//!
//! **Amount.** The bad events beyond the profile from the onset to the recovery, the roll-back or the next deployment. The 95% interval has
//! the gamma quantiles of the usual errors of that time. If incidents are frequent, its lower bound is without what rises above the
//! steady level of the effect, which may be another incident. Overlapping roll-outs share an onset: each has the amount of all, and
//! [`Judgment::share`] divides it.
//!
//! The test is not one for looking each minute: a judgment is final once the errors have ended and the next deployment has begun.
//!
//! # Measured
//!
//! False blame of harmless deployments / recall of harmful ones, in planted worlds with a daily rhythm, over-dispersed errors, gaps,
//! failing dependencies, three deployments a weekday of which 5% are harmful, and 14 days of history before the first one that counts.
//! `cargo run --release -p nth-attribution --example attribution` prints it; `tests/planted.rs` fails if the bounds break.
//!
//! | roll-outs | burn after > burn before | NthLayer >= 0.7 | onset | intervals that hold the truth |
//! |---|---|---|---|---|
//! | 0.3 unrelated incidents a day | 2.19% / 91% | 2.38% / 66% | 0.41% / 94% | 96.0% of 871 |
//! | 2 a day | 7.95% / 85% | 7.97% / 65% | 0.81% / 76% | 95.8% of 685 |
//! | 2 a day, most in working hours | 12.26% / 85% | 12.31% / 64% | 1.01% / 67% | 95.2% of 647 |
//! | 0.3 a day, 2 requests/s | 3.74% / 90% | 2.21% / 51% | 0.30% / 71% | 97.1% of 659 |
//! | 2 a day, effects end by themselves | 8.12% / 84% | 8.06% / 61% | 0.75% / 54% | 93.8% of 498 |
//!
//! | canaries of 20% for 15m | p < 0.01 at any minute | compared | intervals that hold the truth |
//! |---|---|---|---|
//! | 0.3 unrelated incidents a day | 7.08% / 99% | 0.06% / 95% | 99.4% of 2354 |
//! | 2 a day | 7.09% / 99% | 0.05% / 94% | 99.4% of 2331 |
//! | 2 a day, errors in bursts of 3 | 28.25% / 98% | 0.37% / 81% | 94.2% of 1997 |
//! | 0.3 a day, 2 requests/s | 1.08% / 64% | 0.00% / 39% | 99.2% of 966 |
//!
//! The middle of an interval is at the median 0.1% below the truth. Deviations are mostly those of the first and last slices, and of other
//! incidents: 80% of the middles are between 4% below and 7% above it at 2 incidents a day.
//!
//! - "Burn after > burn before": in the hour after the start the budget burns faster than is sustainable, and twice as fast as in the hour
//!   before.
//! - NthLayer: the confidence of its correlator (`src/nthlayer/slos/correlator.py` of `rsionnach/nthlayer`): 0.4 times the rise against the
//!   30 minutes before, full at five times, plus 0.3, plus 0.3 times the minutes burned in two hours, full at ten.
//! - Of ten effects, six end by a roll-back and two or three by the next deployment. If all end by themselves, their ending is no
//!   evidence, and recall is lower.
//! - [`Analysis::false_blame_rate`] measures the same on the history of a real service.
//!
//! # Limits
//!
//! - What begins after the roll-out, such as a leak, is not found. What began before it is never the deployment's.
//! - An incident that begins inside a roll-out by chance and ends with its roll-back is blamed. Only a comparison can tell.
//! - Roll-outs of hours need a longer history: by chance they contain the begin of an incident more often.
//! - Days and weekends are those of UTC.

mod account;
mod amount;
mod analysis;
mod compared;
mod dependencies;
mod false_blame;
mod history;
mod input;
mod judgment;
mod numbers;
mod onset;
mod placebo;
mod profile;
mod recovery;
mod series;
mod settings;
mod spans;
mod window;

pub use analysis::Analysis;
pub use false_blame::FalseBlame;
pub use input::{Counts, Dependency, Rollout, SLICE_SECONDS, Service, Slice, Stratum};
pub use judgment::{Interval, Judgment, Level, Reason, UntilBecause};
pub use settings::Settings;
