//! Since when the server has the history that alerts read.

use std::collections::BTreeMap;

use nth_simulate::{Reach, Replay};
use serde::Serialize;

use super::answer::Matrix;
use super::episodes::subject;
use super::fetch::Request;

/// The time between two looks for the beginning of a series, in milliseconds: the lookback of Prometheus, so that no sample is
/// between two looks unseen.
const LOOK: i64 = 300_000;

/// Alerts whose windows reach back further than the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shortage {
    /// The SLO or the service: `checkout.availability`.
    pub subject: String,
    /// The alert's name, as in the rules.
    pub alert: String,
    /// The alert window of a burn rate: `3d`.
    pub window: Option<String>,
    /// How far back the alert reads, in milliseconds.
    pub reads: i64,
    /// When the history begins, in milliseconds since 1970; `None` if there is none in the range and before.
    pub begins: Option<i64>,
    /// When all that the alert reads is known, in milliseconds since 1970.
    pub whole_from: Option<i64>,
}

/// Returns the requests that find when the series of all selectors of some rules begin, for a range of time that begins at `from`.
pub fn probes(replays: &[Replay<'_>], from: i64, to: i64) -> BTreeMap<String, Request> {
    let mut furthest: BTreeMap<&str, i64> = BTreeMap::new();
    for reach in replays.iter().flat_map(Replay::reaches) {
        for (selector, back) in &reach.selectors {
            let known = furthest.entry(selector.as_str()).or_insert(0);
            *known = (*known).max(*back);
        }
    }
    let request = |(selector, back): (&str, i64)| {
        let start = from
            .saturating_sub(back)
            .div_euclid(LOOK)
            .saturating_mul(LOOK);
        let request = Request {
            query: format!("count({selector})"),
            step: LOOK,
            from: start,
            to,
            what: format!("the beginning of {selector}"),
        };
        (selector.to_owned(), request)
    };
    furthest.into_iter().map(request).collect()
}

/// Whether the history of some alerts is whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Beginnings {
    /// The last of the beginnings of histories that are not whole, in milliseconds since 1970.
    pub late: Option<i64>,
    /// The number of alerts that read a series of the server.
    pub alerts: usize,
    /// The number of these that have no history at all.
    pub without: usize,
}

impl Beginnings {
    /// Looks at the history of some alerts, for a range of time that begins at `from`. `begins` has the answers to [`probes`] by
    /// selector.
    pub fn new<'r>(
        reaches: impl Iterator<Item = &'r Reach>,
        begins: &BTreeMap<String, Matrix>,
        from: i64,
    ) -> Self {
        let mut all = Self::default();
        for reach in reaches.filter(|reach| !reach.selectors.is_empty()) {
            all.alerts += 1;
            let Some(begin) = beginning(reach, begins) else {
                all.without += 1;
                continue;
            };
            let back = reach.selectors.values().copied().max().unwrap_or(0);
            // What is found at the first look began before it.
            if begin.saturating_add(back) > from.saturating_add(LOOK) {
                all.late = all.late.max(Some(begin));
            }
        }
        all
    }

    /// Adds what is known about other alerts.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            late: self.late.max(other.late),
            alerts: self.alerts + other.alerts,
            without: self.without + other.without,
        }
    }
}

/// When the first of the series begins that an alert reads. A counter that is created with its first event begins later than the
/// history.
fn beginning(reach: &Reach, begins: &BTreeMap<String, Matrix>) -> Option<i64> {
    let begin = |selector: &String| {
        let series = begins.get(selector)?.first()?;
        Some(series.samples.first()?.at)
    };
    reach.selectors.keys().filter_map(begin).min()
}

/// Returns the alerts whose windows are not whole when the range begins, each subject's longest window first. `begins` has the answers
/// to [`probes`] by selector.
pub fn shortages(
    replay: &Replay<'_>,
    begins: &BTreeMap<String, Matrix>,
    from: i64,
) -> Vec<Shortage> {
    let mut found: Vec<Shortage> = Vec::new();
    for reach in replay.reaches() {
        let earliest = beginning(reach, begins);
        let back = reach.selectors.values().copied().max().unwrap_or(0);
        if back == 0 {
            continue;
        }
        let whole_from = earliest.map(|earliest| earliest.saturating_add(back));
        // What is found at the first look began before it.
        if whole_from.is_some_and(|whole| whole <= from.saturating_add(LOOK)) {
            continue;
        }
        let shortage = Shortage {
            subject: subject(&reach.service, reach.slo.as_deref()),
            alert: reach.alert.to_string(),
            window: reach.window.as_ref().map(ToString::to_string),
            reads: back,
            begins: earliest,
            whole_from,
        };
        if !found.contains(&shortage) {
            found.push(shortage);
        }
    }
    found.sort_by(|one, other| {
        one.subject
            .cmp(&other.subject)
            .then(other.reads.cmp(&one.reads))
            .then(one.alert.cmp(&other.alert))
    });
    found
}
