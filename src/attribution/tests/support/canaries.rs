//! Canaries: the old and the new version serve requests at the same moment, minute by minute.

use std::collections::BTreeMap;

use nth_attribution::{Analysis, Counts, Level, Rollout, Service, Settings, Stratum};

use super::draw::Draw;
use super::incidents;
use super::measure::{Attributed, Counted};
use super::world::BEGIN;

/// What canaries are like.
#[derive(Debug, Clone)]
pub struct Canaries {
    /// Requests per second.
    pub rate: f64,
    /// The share of requests that the new version serves.
    pub share: f64,
    /// How long it does, in minutes.
    pub minutes: u32,
    /// Incidents a day that hit both versions.
    pub incidents: f64,
    /// The share of canaries whose new version is harmful.
    pub harmful: f64,
    /// How many errors of the same version come at once, on average.
    pub burst: f64,
}

impl Canaries {
    /// Canaries of 20% for 15 minutes.
    pub fn new(rate: f64, incidents: f64) -> Self {
        Self {
            rate,
            share: 0.2,
            minutes: 15,
            incidents,
            harmful: 0.05,
            burst: 1.0,
        }
    }
}

/// A canary with its truth.
pub struct Canary {
    pub strata: Vec<Stratum>,
    pub harmful: bool,
    /// The bad events that the new version caused.
    pub caused: f64,
}

/// Errors with this mean that come in bursts.
fn bursts(mean: f64, burst: f64, draw: &mut Draw) -> f64 {
    let mut sum = 0.0;
    for _ in 0..draw.count(mean / burst) as u32 {
        sum += 1.0;
        while draw.chance(1.0 - 1.0 / burst) {
            sum += 1.0;
        }
    }
    sum
}

/// When a canary starts: one an hour.
fn started(number: u64) -> i64 {
    BEGIN + number as i64 * 3600
}

/// Creates the canary number `number`.
pub fn observe(canaries: &Canaries, seed: u64, number: u64) -> Canary {
    let mut draw = Draw::new(seed, number);
    let harmful = draw.chance(canaries.harmful);
    let extra = if harmful {
        incidents::share(&mut draw)
    } else {
        0.0
    };
    let usual = draw.around(0.0004, 0.4, (0.0001, 0.0008));
    let length = f64::from(canaries.minutes) * 60.0;
    // Incidents from an hour before the canary to its end.
    let both: Vec<incidents::Incident> = draw
        .times(86_400.0 / canaries.incidents, length + 3600.0)
        .into_iter()
        .map(|from| incidents::unrelated(from - 3600.0, &mut draw))
        .collect();
    let rhythm = draw.between(0.5, 1.5);
    let mut caused = 0.0;
    let mut strata = Vec::new();
    let mut level = draw.normal();
    for minute in 0..canaries.minutes {
        let at = f64::from(minute) * 60.0;
        level = 0.9 * level + 0.43 * draw.normal();
        let incident: f64 = both.iter().map(|incident| incident.mean(at, 60.0)).sum();
        let ratio = (usual * libm::exp(0.4 * level) + incident).min(0.9);
        let requests = canaries.rate * 60.0 * rhythm;
        let mut version = |share: f64, extra: f64| {
            let total = draw.count(requests * share);
            let errors = draw.count(total * extra).min(total);
            let usual = bursts(total * ratio, canaries.burst, &mut draw);
            let bad = (errors + usual).min(total);
            (Counts { bad, total }, errors)
        };
        let (old, _) = version(1.0 - canaries.share, 0.0);
        let (new, errors) = version(canaries.share, extra);
        caused += errors;
        strata.push(Stratum {
            start: started(number) + i64::from(minute) * 60,
            old,
            new,
        });
    }
    Canary {
        strata,
        harmful,
        caused,
    }
}

/// What was measured of canaries.
#[derive(Debug, Clone, Default)]
pub struct MeasuredCanaries {
    pub compared: Counted,
    pub attributed: Attributed,
    /// A test of two ratios with p < 0.01 that is looked at each minute.
    pub each_minute: Counted,
}

/// Whether a normal test of two ratios finds the new version worse with p < 0.01 at any minute.
fn each_minute(strata: &[Stratum]) -> bool {
    let (mut old, mut new) = (Counts::default(), Counts::default());
    strata.iter().any(|stratum| {
        old.bad += stratum.old.bad;
        old.total += stratum.old.total;
        new.bad += stratum.new.bad;
        new.total += stratum.new.total;
        let ratio = (old.bad + new.bad) / (old.total + new.total);
        let variance = ratio * (1.0 - ratio) * (1.0 / old.total + 1.0 / new.total);
        let difference = new.bad / new.total - old.bad / old.total;
        variance > 0.0 && difference > 2.326 * variance.sqrt()
    })
}

/// Judges canaries of a service of which nothing else is known.
pub fn measure(canaries: &Canaries, seed: u64, number: u64) -> MeasuredCanaries {
    let mut measured = MeasuredCanaries::default();
    let mut rollouts = Vec::new();
    let mut comparisons = BTreeMap::new();
    let mut truth = Vec::new();
    for number in 0..number {
        let canary = observe(canaries, seed, number);
        let key = number.to_string();
        rollouts.push(Rollout {
            key: key.clone(),
            started: started(number),
            finished: Some(started(number) + i64::from(canaries.minutes) * 60),
            ended_by_rollback: None,
        });
        measured
            .each_minute
            .add(canary.harmful, each_minute(&canary.strata));
        comparisons.insert(key, canary.strata);
        truth.push((canary.harmful, canary.caused));
    }
    let service = Service {
        slices: &[],
        rollouts: &rollouts,
        dependencies: &[],
        comparisons: &comparisons,
    };
    let judgments = Analysis::new(service, Settings::default()).judgments();
    for (judgment, (harmful, caused)) in judgments.iter().zip(truth) {
        let blamed = judgment.level == Level::Compared;
        measured.compared.add(harmful, blamed);
        if blamed && harmful {
            measured.attributed.add(judgment.amount, caused);
        }
    }
    measured
}
