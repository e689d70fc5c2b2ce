//! Samples that the server no longer has.

use std::collections::BTreeMap;

use jiff::{Timestamp, Unit};
use nth_ledger::{Interval, Store};

use super::super::super::Context;
use super::super::super::exit::Failure;
use super::super::super::prometheus_client::Client;
use super::super::{keys, open};
use super::{Asked, Groups};
use nth_book::{Counting, Series};

/// The SLOs that a failure names.
const NAMED: usize = 5;

/// SLOs of the ledger whose samples the server no longer has.
pub struct Gap {
    /// Those that continue nevertheless, because of others the server has the samples: a warning each.
    pub warnings: Vec<String>,
}

/// Requires that the server has what follows the last pull of each SLO. SLOs of which the ledger has nothing in the hour before are
/// not asked for.
///
/// # Errors
///
/// If retention has removed samples, or the server has none of any SLO.
pub fn require_none(
    context: &Context,
    store: &mut Store,
    slos: &[Vec<Asked>],
    groups: &Groups,
    client: &Client,
) -> Result<Gap, Failure> {
    // SLOs that ended together are asked for together.
    let mut by_end: BTreeMap<i64, Vec<(String, &str)>> = BTreeMap::new();
    for asked in slos.iter().flatten() {
        let Some(selector) = probe(&asked.wanted.counting) else {
            continue;
        };
        let key = &asked.wanted.key;
        let mut watermark = None;
        let keys = groups.keys(&asked.wanted);
        for key in &keys {
            watermark = watermark.max(open::with(context, store, |store| store.watermark(key))?);
        }
        let Some(watermark) = watermark else {
            continue;
        };
        let before = Interval {
            from: watermark - 3_600,
            until: watermark,
        };
        let mut seen = 0;
        for key in &keys {
            seen += open::with(context, store, |store| store.sums(key, before))?.seen;
        }
        if seen > 0 {
            let of_end = by_end.entry(watermark).or_default();
            of_end.push((keys::name(key), selector));
        }
    }
    let mut lost: Vec<(Timestamp, String)> = Vec::new();
    let mut probed = 0;
    for (watermark, slos) in by_end {
        let Ok(at) = Timestamp::from_second(watermark) else {
            continue;
        };
        let selectors: Vec<&str> = slos.iter().map(|(_, selector)| *selector).collect();
        let found = client.with_samples(&selectors, at)?;
        probed += slos.len();
        let missing = slos
            .into_iter()
            .enumerate()
            .filter(|(number, _)| !found.contains(number));
        lost.extend(missing.map(|(_, (name, _))| (at, name)));
    }
    let Some((first, _)) = lost.first() else {
        let warnings = Vec::new();
        return Ok(Gap { warnings });
    };
    let oldest = client.retention().and_then(|length| {
        let oldest = Timestamp::now().checked_sub(length).ok()?;
        oldest.round(Unit::Minute).ok()
    });
    let is_removed = oldest.is_some_and(|oldest| *first < oldest);
    if lost.len() < probed && !is_removed {
        // Of a query that was changed, for example, the new series did not exist.
        let warning = |(at, name): &(Timestamp, String)| {
            format!(
                "the server has no samples of {name} before {at}, where the ledger ends: what follows may be unknown"
            )
        };
        let warnings = lost.iter().map(warning).collect();
        return Ok(Gap { warnings });
    }
    let keeps = oldest.map(|oldest| format!("; it keeps samples since about {oldest}"));
    let of = match lost.len() == probed {
        true => String::new(),
        false => format!(" of {}", names(&lost)),
    };
    Err(Failure::usage(format!(
        "the ledger{of} ends at {first}, and the server no longer has the samples that follow{}",
        keeps.unwrap_or_default()
    ))
    .help("pull from a server that has them, or pass `--accept-gap` to leave that time unknown"))
}

/// The names of the SLOs: all, or the first ones and how many more there are.
fn names(lost: &[(Timestamp, String)]) -> String {
    let mut names: Vec<&str> = { lost.iter() }
        .take(NAMED)
        .map(|(_, name)| name.as_str())
        .collect();
    let more = lost.len().saturating_sub(NAMED);
    let more_text = format!("{more} more");
    if more > 0 {
        names.push(&more_text);
    }
    match names.split_last() {
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}

/// A selector whose samples show that the server still has them.
fn probe(counting: &Counting) -> Option<&str> {
    match counting {
        Counting::Counters { total, .. } => {
            total.first().map(|Series { selector, .. }| &**selector)
        }
        Counting::Evaluations { .. } => None,
        Counting::Recorded { known, .. } => Some(known),
    }
}
