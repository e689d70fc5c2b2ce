//! From counts and roll-outs to judgments.

use std::collections::BTreeMap;

use crate::account::Account;
use crate::compared::{Comparison, Dispersion, compare};
use crate::dependencies::candidate;
use crate::history::{History, Observed};
use crate::input::{Rollout, SLICE_SECONDS, Service, Stratum};
use crate::judgment::{Judgment, Level, Reason, UntilBecause};
use crate::onset::{Onset, onsets, since};
use crate::placebo::{P, Score, Shape, score};
use crate::series::{SLICES_PER_DAY, Series, slice_of, start_of};
use crate::settings::Settings;
use crate::spans::join;
use crate::window::{Window, windows};

/// The least share of the time around a roll-out that must be seen.
const LEAST_COVERAGE: f64 = 0.5;
/// A comparison acquits a deployment if it finds less than this share of the excess of that time.
const ACQUITTED: f64 = 0.5;

/// An analysis of one SLO of a service. It reads no clock: the data ends with the last slice.
#[derive(Debug)]
pub struct Analysis<'a> {
    pub(crate) service: Service<'a>,
    pub(crate) settings: Settings,
    pub(crate) observed: Observed<'a>,
    pub(crate) windows: Vec<Result<Window, Reason>>,
    /// By the number of the day since 1970.
    histories: BTreeMap<i64, History>,
}

/// A deployment on its way to a judgment.
struct Draft {
    /// The roll-out's times, unless they are impossible.
    times: Option<(Window, Shape)>,
    /// The onset that is most like an effect of the roll-out.
    onset: Option<Onset>,
    /// Whether a comparison finds that the new version is not the cause.
    is_acquitted: bool,
    judgment: Judgment,
}

impl<'a> Analysis<'a> {
    /// Reads the counts of a service and its dependencies. Counts that contradict themselves, such as more bad events than events, are
    /// unknown.
    pub fn new(service: Service<'a>, settings: Settings) -> Self {
        let windows = windows(service.rollouts, &settings);
        let rollouts = windows.iter().flatten();
        let dependencies = service.dependencies.iter();
        let observed = Observed {
            series: Series::new(service.slices),
            dependencies: dependencies
                .map(|dependency| (dependency.name.as_str(), Series::new(&dependency.slices)))
                .collect(),
            rollouts: join(
                rollouts
                    .map(|window| (window.started, window.until))
                    .collect(),
            ),
        };
        Self {
            service,
            settings,
            observed,
            windows,
            histories: BTreeMap::new(),
        }
    }

    /// Judges all deployments, in the order of the roll-outs.
    pub fn judgments(&mut self) -> Vec<Judgment> {
        let rollouts = self.service.rollouts;
        let windows = self.windows.clone();
        let comparisons = self.comparisons();
        let mut drafts: Vec<Draft> = rollouts
            .iter()
            .zip(windows)
            .map(|(rollout, window)| match window {
                Ok(window) => self.draft(rollout, window, &comparisons),
                Err(reason) => impossible(rollout, reason),
            })
            .collect();
        self.share(&mut drafts);
        drafts.into_iter().map(|draft| draft.judgment).collect()
    }

    /// The comparisons by deployment, in the order in which they ended: each knows the dispersion of those before it.
    fn comparisons(&self) -> BTreeMap<&'a str, Comparison> {
        let all = self.service.comparisons;
        let end = |strata: &[Stratum]| strata.iter().map(|stratum| stratum.start).max();
        let mut sorted: Vec<(Option<i64>, &str, &[Stratum])> = all
            .iter()
            .map(|(key, strata)| (end(strata), key.as_str(), strata.as_slice()))
            .collect();
        sorted.sort_by_key(|(end, key, _)| (*end, *key));
        let mut known = Dispersion::default();
        let mut found = BTreeMap::new();
        for (_, key, strata) in sorted {
            if let Some(comparison) = compare(strata, known) {
                known = known.plus(comparison.dispersion);
                found.insert(key, comparison);
            }
        }
        found
    }

    /// The past before a day.
    pub(crate) fn history(&mut self, day: i64) -> &History {
        let (observed, settings) = (&self.observed, &self.settings);
        self.histories
            .entry(day)
            .or_insert_with(|| History::before(observed, day, settings))
    }

    /// The past before a day that [`Self::history`] was called for.
    pub(crate) fn known_history(&self, day: i64) -> Option<&History> {
        self.histories.get(&day)
    }

    fn draft(
        &mut self,
        rollout: &Rollout,
        window: Window,
        comparisons: &BTreeMap<&str, Comparison>,
    ) -> Draft {
        let end = start_of(self.observed.series.end());
        let shape = window.shape(end.max(window.started));
        let mut draft = Draft {
            times: Some((window, shape)),
            onset: None,
            is_acquitted: false,
            judgment: nothing(&rollout.key, window.started, window.until),
        };
        let comparison = comparisons.get(rollout.key.as_str());
        let day = slice_of(window.started).div_euclid(SLICES_PER_DAY);
        let reason = self.unseen(&window).or_else(|| {
            let need = self.settings.least_history_days;
            let have = self.history(day).days;
            (have < need).then_some(Reason::TooLittleHistory { have, need })
        });
        let history = self.histories.get(&day).filter(|_| reason.is_none());
        let untested =
            history.and_then(|history| self.search(history, (window, shape), &mut draft));
        if let Some(comparison) = comparison
            && comparison.p < self.settings.significance
            && comparison.excess.interval().low > 0.0
        {
            self.burned(history, &window, comparison, &mut draft);
            return draft;
        }
        match (reason.or(untested), history) {
            (Some(reason), _) => draft.judgment.level = Level::NotJudged { reason },
            (None, Some(history)) => {
                draft.is_acquitted = comparison.is_some_and(|comparison| {
                    self.acquits(history, comparison, draft.onset.as_ref())
                });
                self.decide(history, &window, &mut draft);
            }
            (None, None) => {}
        }
        draft
    }

    /// Why there is no onset to look for.
    fn unseen(&self, window: &Window) -> Option<Reason> {
        let series = &self.observed.series;
        if series.is_empty() {
            return Some(Reason::Unseen);
        }
        let started = slice_of(window.started);
        if started + 1 >= series.end() {
            return Some(Reason::TooEarly);
        }
        let until = (slice_of(window.until) + 2).min(series.end());
        (series.coverage(started - 2, until) < LEAST_COVERAGE).then_some(Reason::Unseen)
    }

    /// Looks for the onset in a roll-out. Returns why it cannot be tested.
    fn search(
        &self,
        history: &History,
        (window, shape): (Window, Shape),
        draft: &mut Draft,
    ) -> Option<Reason> {
        let series = &self.observed.series;
        let started = slice_of(window.started);
        let span = (started - 2, slice_of(window.until) + 3);
        let found = onsets(series, &history.profile, span);
        let (onset, score) = best(&found, shape, window.started)?;
        let judgment = &mut draft.judgment;
        judgment.candidate_dependency = candidate(history.dependencies(&self.observed), &onset);
        let significance = self.settings.significance;
        let placebo = history.placebo(&self.observed);
        let P { p, least } = placebo.p(shape, score, window.started, significance);
        judgment.p = p;
        let onset = since(series, &history.profile, &onset, started);
        let account = Account::new(&onset, &window, start_of(series.end()));
        judgment.from = onset.at;
        judgment.until = account.until;
        judgment.until_because = account.because;
        draft.onset = Some(onset);
        (least >= significance).then_some(Reason::TooFewPlacebos { least_p: least })
    }

    /// Decides by the onset.
    fn decide(&self, history: &History, window: &Window, draft: &mut Draft) {
        let Some(onset) = draft.onset else {
            return;
        };
        let series = &self.observed.series;
        let account = Account::new(&onset, window, start_of(series.end()));
        let amount = account
            .whole(&self.observed, history, (&onset, window))
            .interval();
        let judgment = &mut draft.judgment;
        judgment.coverage = self.coverage(judgment);
        if judgment.candidate_dependency.is_none()
            && judgment.p < self.settings.significance
            && amount.low > 0.0
            && !draft.is_acquitted
        {
            judgment.level = Level::Onset;
            judgment.amount = Some(amount);
        }
    }

    /// A comparison that finds the new version worse: what it counts, and after it the excess over the profile.
    fn burned(
        &self,
        history: Option<&History>,
        window: &Window,
        comparison: &Comparison,
        draft: &mut Draft,
    ) {
        let mut excess = comparison.excess;
        let mut until = comparison.until;
        let mut seen = comparison.coverage * (until - comparison.from) as f64;
        if let (Some(history), Some(onset)) = (history, draft.onset) {
            let series = &self.observed.series;
            let account = Account::new(&onset, window, start_of(series.end()));
            let after = slice_of(until + SLICE_SECONDS - 1);
            if start_of(after) < account.until {
                let later = (&onset, window);
                excess = excess.plus(account.excess(&self.observed, history, later, after));
                seen += series.coverage(after, slice_of(account.until))
                    * (account.until - start_of(after)) as f64;
                until = account.until;
            }
        }
        let judgment = &mut draft.judgment;
        judgment.level = Level::Compared;
        judgment.p = comparison.p;
        judgment.amount = Some(excess.interval());
        judgment.candidate_dependency = None;
        judgment.from = comparison.from;
        judgment.until = until;
        judgment.coverage = (seen / (until - comparison.from) as f64).min(1.0);
    }

    /// Whether a comparison that saw an onset finds that the new version did not cause it.
    fn acquits(&self, history: &History, comparison: &Comparison, onset: Option<&Onset>) -> bool {
        let Some(onset) = onset else {
            return false;
        };
        let ratio = history.profile.ratio(slice_of(comparison.from));
        let excess = comparison.both.bad - ratio * comparison.both.total;
        onset.at >= comparison.from - SLICE_SECONDS
            && onset.at <= comparison.until - SLICE_SECONDS
            && comparison.excess.interval().high < ACQUITTED * excess
    }

    fn coverage(&self, judgment: &Judgment) -> f64 {
        let until = slice_of(judgment.until + SLICE_SECONDS - 1);
        let series = &self.observed.series;
        series.coverage(slice_of(judgment.from), until)
    }

    /// Deployments that were rolled out at the same onset share it, and are blamed together or not at all. If one of them was compared,
    /// and is worse, it is that one.
    fn share(&self, drafts: &mut [Draft]) {
        let mut shared: Vec<(usize, Vec<usize>)> = Vec::new();
        for (number, draft) in drafts.iter().enumerate() {
            let Some(onset) = draft.onset.filter(|_| draft.judgment.level == Level::Onset) else {
                continue;
            };
            let others = drafts.iter().enumerate().filter(|(other, candidate)| {
                let inside = candidate
                    .times
                    .is_some_and(|(window, shape)| score(&onset, shape, window.started).is_some());
                let is_unjudged = matches!(candidate.judgment.level, Level::NotJudged { .. });
                *other != number && inside && !is_unjudged && !candidate.is_acquitted
            });
            shared.push((number, others.map(|(other, _)| other).collect()));
        }
        let starts: BTreeMap<&str, i64> = self
            .service
            .rollouts
            .iter()
            .map(|rollout| (rollout.key.as_str(), rollout.started))
            .collect();
        let started = |judgment: &Judgment| {
            let key = judgment.deployment.as_str();
            (starts.get(key).copied(), key.to_owned())
        };
        let judged: Vec<Judgment> = drafts.iter().map(|draft| draft.judgment.clone()).collect();
        for (number, others) in shared {
            let others: Vec<&Judgment> = others
                .iter()
                .filter_map(|other| judged.get(*other))
                .collect();
            let is_explained = others.iter().any(|other| other.level == Level::Compared);
            let worst = others.iter().map(|other| other.p).fold(0.0, f64::max);
            let Some(draft) = drafts.get_mut(number) else {
                continue;
            };
            let judgment = &mut draft.judgment;
            judgment.p = judgment.p.max(worst);
            if is_explained || judgment.p >= self.settings.significance {
                judgment.level = Level::Coincides;
                judgment.amount = None;
                continue;
            }
            judgment.shared_with = others
                .iter()
                .map(|other| other.deployment.clone())
                .collect();
            // All have the amount, and its times, of the first one that was rolled out.
            let blamed = others
                .into_iter()
                .filter(|other| other.level == Level::Onset);
            if let Some(first) = blamed.min_by_key(|other| started(other))
                && started(first) < started(judgment)
            {
                judgment.amount = first.amount;
                judgment.coverage = first.coverage;
                judgment.from = first.from;
                judgment.until = first.until;
                judgment.until_because = first.until_because;
            }
        }
    }
}

/// A judgment that finds nothing.
fn nothing(key: &str, from: i64, until: i64) -> Judgment {
    Judgment {
        deployment: key.to_owned(),
        level: Level::Coincides,
        p: 1.0,
        amount: None,
        coverage: 0.0,
        from,
        until,
        until_because: UntilBecause::End,
        shared_with: Vec::new(),
        candidate_dependency: None,
    }
}

fn impossible(rollout: &Rollout, reason: Reason) -> Draft {
    let mut judgment = nothing(&rollout.key, rollout.started, rollout.started);
    judgment.level = Level::NotJudged { reason };
    Draft {
        times: None,
        onset: None,
        is_acquitted: false,
        judgment,
    }
}

/// The onset that is most like an effect of a roll-out.
pub(crate) fn best(onsets: &[Onset], shape: Shape, started: i64) -> Option<(Onset, Score)> {
    let mut best: Option<(Onset, Score)> = None;
    for onset in onsets {
        if let Some(score) = score(onset, shape, started)
            && best.is_none_or(|(_, other)| score > other)
        {
            best = Some((*onset, score));
        }
    }
    best
}
