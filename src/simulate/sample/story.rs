//! What happens in a sample: how traffic goes through the day, and when events are bad.

use std::f64::consts::TAU;

use nth_engine::Timestamp;
use nth_model::{Sli, Slo};

use super::seed::Seed;
use super::{DAY, END, longest_window};
use crate::piecewise::{Piecewise, Span};
use crate::plan::{Plan, PlannedSlo, float};
use crate::timeline::millis;
use crate::world::{ServiceState, World};

/// How long traffic and the share of bad events stay the same.
const PIECE: i64 = 6 * 60_000;

const MINUTE: i64 = 60_000;

/// The greatest share of events that are bad in an incident.
const MOST_BAD: f64 = 0.6;

/// Returns what happens to the services of a plan.
pub(super) fn world(plan: &Plan<'_>) -> World {
    let slos = plan.slos.iter().map(|planned| longest_window(planned.slo));
    // A window that begins where the history of budgets does.
    let start = END - 2 * slos.max().unwrap_or(DAY).max(31 * DAY) - DAY;
    let services = plan.services.iter().map(|service| {
        let mut state = ServiceState::steady(1.0);
        state.rate = traffic(&service.name, start);
        state.deployments = vec![END - 9 * DAY, END - 26 * 60 * MINUTE, END - 310 * MINUTE];
        state
    });
    World {
        services: services.collect(),
        bad: plan
            .slos
            .iter()
            .map(|planned| {
                let service = plan.services.get(planned.service);
                let service = service.map_or("", |service| service.name.as_str());
                bad(service, planned)
            })
            .collect(),
        ticks: plan.ticks(),
        begin: END - DAY,
    }
}

/// Traffic with its peak in the afternoon. All days are alike, so that a window of days has the same number of events always.
fn traffic(service: &str, start: Timestamp) -> Piecewise {
    let mut seed = Seed::new(&format!("traffic of {service}"));
    let level = 10_f64.powf(seed.between(1.3, 2.4));
    let swing = seed.between(0.3, 0.5);
    let peak = seed.between(13.0, 16.0);
    #[allow(clippy::cast_precision_loss)]
    let day: Vec<f64> = (0..DAY / PIECE)
        .map(|piece| {
            let hour = (piece * PIECE) as f64 / 3_600_000.0;
            let wave = ((hour - peak + 6.0) / 24.0 * TAU).sin();
            let second = ((hour - peak) / 12.0 * TAU).sin();
            let noise = seed.between(-0.03, 0.03);
            level * (1.0 + swing * wave + 0.12 * swing * second + noise)
        })
        .collect();
    let first = start.div_euclid(PIECE) * PIECE;
    let count = usize::try_from((END - first) / PIECE + 1).unwrap_or(0);
    let times = (first..).step_by(usize::try_from(PIECE).unwrap_or(1));
    let changes = times.take(count).map(|at| {
        let piece = at.rem_euclid(DAY) / PIECE;
        let rate = usize::try_from(piece).ok().and_then(|piece| day.get(piece));
        (at, rate.copied().unwrap_or(level))
    });
    Piecewise::of_changes(level, changes.collect())
}

/// What becomes of the error budget of an SLO.
struct Fate {
    /// The share of it that is consumed at the end.
    consumed: f64,
    /// True if it burns fast at the end.
    burns: bool,
}

impl Fate {
    /// Most budgets last; of every ten, two are nearly consumed and one is.
    fn new(seed: &mut Seed) -> Self {
        let kind = seed.next();
        let consumed = match kind {
            ..0.72 => seed.between(0.12, 0.5),
            ..0.92 => seed.between(0.62, 0.86),
            _ => seed.between(1.03, 1.25),
        };
        Self {
            consumed,
            burns: seed.next() < 0.15,
        }
    }
}

/// The share of bad events, or of bad time, of an SLO.
fn bad(service: &str, planned: &PlannedSlo<'_>) -> Piecewise {
    let group: Vec<String> = planned.group.values().cloned().collect();
    let mut seed = Seed::new(&format!(
        "{service} {} {}",
        planned.slo.name,
        group.join(" ")
    ));
    let budget = 1.0 - float(planned.objective());
    let window = period(planned.slo);
    let fate = Fate::new(&mut seed);
    if matches!(planned.slo.sli, Sli::TimeSlices { .. }) {
        return outages(&mut seed, &fate, budget, window);
    }
    let start = END - window;
    #[allow(clippy::cast_precision_loss)]
    let length = window as f64;
    let base = 0.4 * fate.consumed;
    let mut spans: Vec<(Span, f64)> = Vec::new();
    // A few incidents before the last day.
    let count = 2 + usize::from(seed.next() < 0.5);
    for number in 0..count {
        #[allow(clippy::cast_precision_loss)]
        let share = 0.6 * fate.consumed / count as f64;
        let mut lasts = pieces(seed.between(24.0, 140.0));
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
        {
            let least = share * budget * length / MOST_BAD / PIECE as f64;
            lasts = lasts.max((least.ceil() as i64).saturating_mul(PIECE));
        }
        let from = within(start, END - DAY - lasts, number, count, &mut seed);
        #[allow(clippy::cast_precision_loss)]
        let strength = share * budget * length / lasts as f64;
        spans.push((span(from, lasts), strength));
    }
    // A short one on the last day, of which no budget is spent that counts.
    let from = END - pieces(seed.between(200.0, 900.0));
    let lasts = pieces(seed.between(18.0, 40.0));
    spans.push((span(from, lasts), seed.between(4.0, 9.0) * budget));
    if fate.burns {
        let lasts = pieces(seed.between(60.0, 84.0));
        spans.push((
            span(END - lasts, lasts + PIECE),
            seed.between(18.0, 23.0) * budget,
        ));
    }
    let first = start.div_euclid(PIECE) * PIECE;
    let times = (first..=END).step_by(usize::try_from(PIECE).unwrap_or(1));
    let mut noise = seed;
    let changes = times.map(|at| {
        let usual = base * budget * noise.between(0.5, 1.5);
        let active = spans.iter().filter(|(span, _)| span.contains(at));
        let incident: f64 = active.map(|(_, strength)| strength).sum();
        (at, (usual + incident * noise.between(0.9, 1.1)).min(1.0))
    });
    Piecewise::of_changes(0.0, changes.collect())
}

/// Times in which all is bad: a time slice is good or bad as a whole.
fn outages(seed: &mut Seed, fate: &Fate, budget: f64, window: i64) -> Piecewise {
    let start = END - window;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)]
    let share = |share: f64| {
        let length = share * fate.consumed * budget * window as f64;
        ((length / MINUTE as f64).round() as i64).max(1) * MINUTE
    };
    let mut spans = Vec::new();
    for (number, part) in [0.35, 0.3, 0.2].into_iter().enumerate() {
        let lasts = share(part);
        let from = within(start, END - DAY - lasts, number, 3, seed);
        spans.push((span(from, lasts), 1.0));
    }
    let lasts = share(0.1).min(45 * MINUTE);
    spans.push((span(END - pieces(seed.between(300.0, 900.0)), lasts), 1.0));
    Piecewise::of_spans(0.0, &spans, f64::max)
}

/// A time in the part with this number of a range that is divided into `count` parts.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap
)]
fn within(
    from: Timestamp,
    to: Timestamp,
    number: usize,
    count: usize,
    seed: &mut Seed,
) -> Timestamp {
    let part = (to - from).max(0) as f64 / count.max(1) as f64;
    let at = from as f64 + part * (number as f64 + seed.between(0.2, 0.8));
    (at as i64).div_euclid(PIECE) * PIECE
}

fn span(from: Timestamp, lasts: i64) -> Span {
    Span {
        from,
        to: from + lasts,
    }
}

/// Whole pieces of about so many minutes.
#[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
fn pieces(minutes: f64) -> i64 {
    ((minutes * MINUTE as f64 / PIECE as f64).round() as i64).max(1) * PIECE
}

/// How long the budget is consumed: the SLO window, or the current period of a calendar window.
fn period(slo: &Slo) -> i64 {
    let calendar = slo.calendar.as_ref();
    let period = calendar.and_then(|calendar| calendar.period(END / 1000).ok());
    match period {
        Some(period) => (END - period.start * 1000).max(2 * DAY),
        None => millis(slo.window),
    }
}
