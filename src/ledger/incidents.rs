//! Incidents found in slices: where the budget burned fast.

use crate::judge::{Yardstick, allowed_share, as_float};
use crate::{SLICE_SECONDS, Slice};

/// What is an incident.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// The burn rate of a slice at which an incident starts. Default: 6, the rate of the SRE workbook's slower page.
    pub onset: f64,
    /// The burn rate below which a slice is quiet. Default: 1, at which the budget lasts for exactly the SLO window.
    pub recovery: f64,
    /// After how many quiet slices in a row an incident is over. Default: 3.
    pub quiet_slices: usize,
    /// How many slices in a row may be unseen or without events within an incident. Default: 3.
    pub most_unseen: usize,
    /// The least consumed share of the budget of an SLO window. Default: 0.5%.
    pub least_share: f64,
    /// The least number of bad events. Default: 5.
    pub least_bad: f64,
}

impl Default for Detection {
    fn default() -> Self {
        Self {
            onset: 6.0,
            recovery: 1.0,
            quiet_slices: 3,
            most_unseen: 3,
            least_share: 0.005,
            least_bad: 5.0,
        }
    }
}

/// How the end of an incident is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IncidentEnd {
    /// It was quiet afterwards.
    Recovered,
    /// Afterwards, too little was seen: it may have lasted longer.
    Unseen,
    /// Afterwards, there were no events: it may have lasted longer.
    NoEvents,
    /// The slices end before it was quiet: it may last.
    Open,
}

/// An incident that was found in slices.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FoundIncident {
    /// The start of the first slice, in seconds since 1970.
    pub from: i64,
    /// The end of the last slice that was not quiet.
    pub until: i64,
    /// How the end is known.
    pub end: IncidentEnd,
    /// Whether the slice before was seen. Otherwise, it may have started earlier.
    pub is_onset_seen: bool,
    /// The seconds between start and end that were not seen.
    pub unseen: i64,
    /// The bad events.
    pub bad: f64,
    /// All events.
    pub total: f64,
    /// How many of them were allowed to be bad.
    pub allowed: f64,
    /// The highest share of bad events in a slice, 0 to 1.
    pub worst_ratio: f64,
    /// The highest burn rate of a slice; `None` if the objective is 100%.
    pub worst_burn_rate: Option<f64>,
    /// The consumed share of the budget of an SLO window; `None` if the objective is 100%. The events of the SLO window are
    /// extrapolated from the mean rate of all slices.
    pub budget_share: Option<f64>,
    /// The consumed budget in seconds of full downtime, at the mean rate of all slices.
    pub budget_seconds: f64,
}

impl FoundIncident {
    /// The bad events beyond those that were allowed.
    pub fn excess(&self) -> f64 {
        (self.bad - self.allowed).max(0.0)
    }
}

/// What a slice says about an incident.
#[derive(Clone, Copy)]
enum State {
    /// Nothing was seen, or there was no objective.
    Unseen,
    /// There were no events.
    Idle,
    /// The burn rate, infinite if nothing was allowed to be bad.
    Rate(f64),
}

fn state(slice: Option<&Slice>, allowed: Option<f64>) -> State {
    let (Some(slice), Some(allowed)) = (slice, allowed) else {
        return State::Unseen;
    };
    if slice.total > 0.0 {
        let ratio = slice.bad / slice.total;
        return State::Rate(if ratio > 0.0 { ratio / allowed } else { 0.0 });
    }
    if slice.seen == 0 {
        State::Unseen
    } else {
        State::Idle
    }
}

/// An incident that has not ended yet, with what came after its last slice that was not quiet.
struct Current {
    found: FoundIncident,
    quiet: usize,
    /// Slices in a row that were unseen or idle.
    missing: usize,
    is_unseen: bool,
    /// What is added to `found` if another slice is not quiet.
    pending: Pending,
}

#[derive(Default)]
struct Pending {
    bad: f64,
    total: f64,
    allowed: f64,
    unseen: i64,
}

/// Finds the incidents of an SLO, in order. `slices` are in the order of their starts, each start once; a missing slice was not
/// seen. An incident never spans more unseen slices in a row than [`Detection::most_unseen`], and shows how many seconds of it were
/// not seen.
pub fn find_incidents(
    slices: &[Slice],
    yardstick: Yardstick<'_>,
    window_ms: i64,
    detection: &Detection,
) -> Vec<FoundIncident> {
    let (Some(first), Some(last)) = (slices.first(), slices.last()) else {
        return Vec::new();
    };
    let seen: i64 = slices.iter().map(|slice| i64::from(slice.seen)).sum();
    let events: f64 = slices.iter().map(|slice| slice.total).sum();
    let rate = if seen > 0 {
        events / as_float(seen)
    } else {
        0.0
    };
    let mut search = Search {
        detection,
        mean: Mean {
            rate,
            window_seconds: as_float(window_ms) / 1_000.0,
        },
        current: None,
        found: Vec::new(),
    };
    let mut rest = slices.iter().peekable();
    let mut start = first.start;
    let mut is_seen = false;
    while start <= last.start {
        let slice = rest.next_if(|slice| slice.start <= start);
        let allowed = yardstick.objective(start).map(allowed_share);
        let state = state(slice, allowed);
        search.step(start, slice, state, allowed.unwrap_or(0.0), is_seen);
        is_seen = !matches!(state, State::Unseen);
        start += SLICE_SECONDS;
    }
    search.end(IncidentEnd::Open);
    search.found
}

/// The mean SLO window.
#[derive(Clone, Copy)]
struct Mean {
    /// Events per second.
    rate: f64,
    window_seconds: f64,
}

struct Search<'a> {
    detection: &'a Detection,
    mean: Mean,
    current: Option<Current>,
    found: Vec<FoundIncident>,
}

impl Search<'_> {
    fn step(
        &mut self,
        start: i64,
        slice: Option<&Slice>,
        state: State,
        allowed: f64,
        is_onset_seen: bool,
    ) {
        let Some(current) = &mut self.current else {
            if let (State::Rate(burn), Some(slice)) = (state, slice)
                && burn >= self.detection.onset
            {
                let found = empty(start, is_onset_seen);
                let mut current = Current {
                    found,
                    quiet: 0,
                    missing: 0,
                    is_unseen: false,
                    pending: Pending::default(),
                };
                current.add(slice, allowed);
                current.extend(slice, burn, self.mean);
                self.current = Some(current);
            }
            return;
        };
        match slice {
            Some(slice) => current.add(slice, allowed),
            None => current.pending.unseen += SLICE_SECONDS,
        }
        match (state, slice) {
            (State::Rate(burn), Some(slice)) => {
                current.missing = 0;
                if burn >= self.detection.recovery {
                    current.quiet = 0;
                    current.extend(slice, burn, self.mean);
                } else {
                    current.quiet += 1;
                    if current.quiet >= self.detection.quiet_slices {
                        self.end(IncidentEnd::Recovered);
                    }
                }
            }
            (missing, _) => {
                current.missing += 1;
                current.is_unseen |= matches!(missing, State::Unseen);
                if current.missing > self.detection.most_unseen {
                    let end = if current.is_unseen {
                        IncidentEnd::Unseen
                    } else {
                        IncidentEnd::NoEvents
                    };
                    self.end(end);
                }
            }
        }
    }

    fn end(&mut self, end: IncidentEnd) {
        let Some(current) = self.current.take() else {
            return;
        };
        let found = FoundIncident {
            end,
            ..current.found
        };
        let is_large = found
            .budget_share
            .is_none_or(|share| share >= self.detection.least_share);
        if is_large && found.bad >= self.detection.least_bad {
            self.found.push(found);
        }
    }
}

fn empty(from: i64, is_onset_seen: bool) -> FoundIncident {
    FoundIncident {
        from,
        until: from,
        end: IncidentEnd::Open,
        is_onset_seen,
        unseen: 0,
        bad: 0.0,
        total: 0.0,
        allowed: 0.0,
        worst_ratio: 0.0,
        worst_burn_rate: Some(0.0),
        budget_share: Some(0.0),
        budget_seconds: 0.0,
    }
}

impl Current {
    /// Adds a slice that may be the end.
    fn add(&mut self, slice: &Slice, allowed: f64) {
        self.pending.bad += slice.bad;
        self.pending.total += slice.total;
        self.pending.allowed += allowed * slice.total;
        self.pending.unseen += SLICE_SECONDS - i64::from(slice.seen);
    }

    /// Extends the incident to a slice that is not quiet.
    fn extend(&mut self, slice: &Slice, burn: f64, mean: Mean) {
        let found = &mut self.found;
        let pending = std::mem::take(&mut self.pending);
        found.until = slice.end();
        found.bad += pending.bad;
        found.total += pending.total;
        found.allowed += pending.allowed;
        found.unseen += pending.unseen;
        found.worst_ratio = found.worst_ratio.max(slice.bad / slice.total);
        let worst = found.worst_burn_rate.map(|worst| worst.max(burn));
        found.worst_burn_rate = worst.filter(|worst| worst.is_finite());
        found.budget_seconds = if mean.rate > 0.0 {
            found.bad / mean.rate
        } else {
            0.0
        };
        // The mean objective of its events: it may change within an incident.
        let budget = found.allowed / found.total * mean.window_seconds;
        found.budget_share = (budget > 0.0).then(|| found.budget_seconds / budget);
        self.is_unseen = false;
    }
}
