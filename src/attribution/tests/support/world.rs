//! A service: its traffic and usual errors, incidents, deployments, gaps, and the truth about all of them.

use std::collections::BTreeMap;

use nth_attribution::{Dependency, Rollout, Slice};

use super::draw::Draw;
use super::incidents::{self, Incident};

/// A Monday, 2026-01-05 00:00 UTC.
pub const BEGIN: i64 = 1_767_571_200;
const SLICE: f64 = 300.0;
const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;

/// The share of harmless deployments that are rolled back if an unrelated incident began in them, or soon after.
const SUSPECTED: f64 = 0.4;

/// What a world is like.
#[derive(Debug, Clone)]
pub struct World {
    /// Requests per second, on average.
    pub rate: f64,
    /// Incidents a day that no deployment caused.
    pub incidents: f64,
    /// Whether these incidents begin rather in working hours.
    pub in_working_hours: bool,
    /// How long the service is observed, in days.
    pub days: f64,
    /// The share of deployments that are harmful.
    pub harmful: f64,
    /// The shares of their effects that end by a roll-back and by a deployment that fixes them; the others end by themselves.
    pub ends: (f64, f64),
    /// The share of requests that must succeed.
    pub objective: f64,
}

impl World {
    /// A service with 50 requests per second and this many unrelated incidents a day.
    pub fn new(incidents: f64) -> Self {
        Self {
            rate: 50.0,
            incidents,
            in_working_hours: false,
            days: 56.0,
            harmful: 0.05,
            ends: (0.6, 0.25),
            objective: 0.999,
        }
    }

    /// The same with other traffic.
    pub fn with_rate(self, rate: f64) -> Self {
        Self { rate, ..self }
    }
}

/// The truth about a deployment.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Whether it is harmful.
    pub harmful: bool,
    /// The bad events that it caused, until the next deployment.
    pub caused: f64,
}

/// A service as it was observed.
pub struct Observed {
    pub slices: Vec<Slice>,
    pub rollouts: Vec<Rollout>,
    pub dependencies: Vec<Dependency>,
    /// The truth by the key of the deployment.
    pub truth: BTreeMap<String, Truth>,
}

/// The seconds since [`BEGIN`] as a time.
fn time(seconds: f64) -> i64 {
    BEGIN + seconds.round() as i64
}

fn is_weekend(seconds: f64) -> bool {
    (seconds / DAY).floor() as i64 % 7 >= 5
}

/// Traffic at a time, in multiples of the average.
pub fn rhythm(seconds: f64) -> f64 {
    let hour = seconds / HOUR % 24.0;
    let daily = 1.0 + 0.6 * libm::sin((hour - 8.0) / 24.0 * core::f64::consts::TAU);
    if is_weekend(seconds) {
        daily * 0.7
    } else {
        daily
    }
}

/// Numbers that wander around 0 with a standard deviation, keeping `memory` of themselves from slice to slice.
struct Wandering {
    value: f64,
    memory: f64,
    deviation: f64,
}

impl Wandering {
    fn new(memory: f64, deviation: f64, draw: &mut Draw) -> Self {
        let value = deviation * draw.normal();
        Self {
            value,
            memory,
            deviation,
        }
    }

    fn next(&mut self, draw: &mut Draw) -> f64 {
        let fresh = self.deviation * (1.0 - self.memory * self.memory).sqrt();
        self.value = self.memory * self.value + fresh * draw.normal();
        self.value
    }
}

/// Traffic and usual errors of a service, per slice.
fn usual(world: &World, draw: &mut Draw) -> Vec<(f64, f64)> {
    let ratio = draw.around(0.0004, 0.4, (0.0001, 0.0008));
    let phase = draw.between(0.0, 24.0);
    let mut traffic = Wandering::new(0.8, 0.08, draw);
    let mut errors = Wandering::new(0.92, 0.25, draw);
    let slices = (world.days * DAY / SLICE) as usize;
    (0..slices)
        .map(|slice| {
            let at = slice as f64 * SLICE;
            let requests = world.rate * SLICE * rhythm(at) * libm::exp(traffic.next(draw));
            let hour = at / HOUR % 24.0;
            let daily = 1.0 + 0.4 * libm::sin((hour - phase) / 24.0 * core::f64::consts::TAU);
            let share = ratio * daily * libm::exp(errors.next(draw)) * draw.factor(8.0);
            (requests, share)
        })
        .collect()
}

/// When incidents begin that no deployment caused.
fn beginnings(world: &World, a_day: f64, draw: &mut Draw) -> Vec<f64> {
    let until = world.days * DAY;
    if !world.in_working_hours {
        return draw.times(DAY / a_day, until);
    }
    // Three times as often from 8 to 18 h of weekdays, with the same mean.
    let busy = 50.0 / 168.0;
    let quiet_rate = a_day / (1.0 + 2.0 * busy);
    let all = draw.times(DAY / (3.0 * quiet_rate), until);
    all.into_iter()
        .filter(|at| {
            let hour = at / HOUR % 24.0;
            let is_busy = !is_weekend(*at) && (8.0..18.0).contains(&hour);
            is_busy || draw.chance(1.0 / 3.0)
        })
        .collect()
}

/// A deployment while a world is created, in seconds since it began.
#[derive(Debug, Clone)]
struct Planned {
    started: f64,
    finished: f64,
    rolled_back: Option<f64>,
    harm: Option<Incident>,
}

fn rollout_length(draw: &mut Draw) -> f64 {
    draw.around(600.0, 0.5, (120.0, 2400.0))
}

/// Three deployments each weekday; one of 25 overlaps another one.
fn planned(world: &World, draw: &mut Draw) -> Vec<Planned> {
    let mut all = Vec::new();
    for day in 0..world.days as i64 {
        let midnight = day as f64 * DAY;
        if is_weekend(midnight) {
            continue;
        }
        for _ in 0..3 {
            let started = (midnight + draw.between(8.0, 18.0) * HOUR).round();
            let finished = (started + rollout_length(draw)).round();
            all.push(Planned {
                started,
                finished,
                rolled_back: None,
                harm: None,
            });
            if draw.chance(0.04) {
                let started = draw.between(started, finished).round();
                all.push(Planned {
                    started,
                    finished: (started + rollout_length(draw)).round(),
                    rolled_back: None,
                    harm: None,
                });
            }
        }
    }
    all
}

/// Makes a share of the deployments harmful: the effect grows while the new version is rolled out. A deployment in which an unrelated
/// incident begins may be rolled back too.
fn harm(world: &World, unrelated: &[Incident], all: &mut Vec<Planned>, draw: &mut Draw) {
    let mut fixes = Vec::new();
    for planned in all.iter_mut() {
        let delay = draw.around(20.0 * 60.0, 0.7, (300.0, 4.0 * HOUR));
        if !draw.chance(world.harmful) {
            let at = (planned.finished + delay).round();
            let seen = unrelated.iter().any(|incident| {
                incident.from > planned.started && incident.from < at && incident.until > at
            });
            if seen && draw.chance(SUSPECTED) {
                planned.rolled_back = Some(at);
            }
            continue;
        }
        let length = planned.finished - planned.started;
        let from = planned.started + draw.between(0.05, 0.4) * length;
        let full = from.max(planned.finished - draw.between(0.0, 0.3) * length) + 1.0;
        let mut incident = Incident {
            from,
            full,
            fading: 0.0,
            until: 0.0,
            share: incidents::share(draw),
        };
        let how = draw.unit();
        if how < world.ends.0 {
            let at = (planned.finished + delay).round();
            planned.rolled_back = Some(at);
            incident.fading = at + 20.0;
            incident.until = incident.fading + draw.between(30.0, 300.0);
        } else if how < world.ends.0 + world.ends.1 {
            let at = (planned.finished + draw.around(HOUR, 0.6, (900.0, 6.0 * HOUR))).round();
            let fix = Planned {
                started: at,
                finished: (at + rollout_length(draw)).round(),
                rolled_back: None,
                harm: None,
            };
            incident.fading = at + 20.0;
            incident.until = fix.finished.max(at + 21.0);
            fixes.push(fix);
        } else {
            let lasts = draw.around(30.0 * 60.0, 0.8, (300.0, 6.0 * HOUR));
            incident.fading = full + lasts * 0.7;
            incident.until = full + lasts;
        }
        planned.harm = Some(incident);
    }
    all.extend(fixes);
    all.sort_by(|a, b| a.started.total_cmp(&b.started));
}

/// A dependency with incidents of its own, and what they do to the service: the same some seconds later, weaker.
fn dependency(world: &World, draw: &mut Draw) -> (Dependency, Vec<Incident>) {
    let usual = usual(world, draw);
    let own: Vec<Incident> = draw
        .times(DAY / 0.1, world.days * DAY)
        .into_iter()
        .map(|from| incidents::unrelated(from, draw))
        .collect();
    let mut slices = Vec::with_capacity(usual.len());
    for (slice, (requests, share)) in usual.iter().enumerate() {
        let at = slice as f64 * SLICE;
        let total = draw.count(*requests);
        let extra: f64 = own.iter().map(|incident| incident.mean(at, SLICE)).sum();
        let bad = draw.count(total * share) + draw.count(total * extra.min(0.9));
        slices.push(Slice {
            start: time(at),
            bad: bad.min(total),
            total,
            seen: 300,
        });
    }
    let follow = own
        .iter()
        .map(|incident| {
            let lag = draw.between(0.0, 60.0);
            Incident {
                from: incident.from + lag,
                full: incident.full + lag,
                fading: incident.fading + lag,
                until: incident.until + lag,
                share: incident.share * draw.between(0.3, 1.0),
            }
        })
        .collect();
    let name = "ledger".to_owned();
    (Dependency { name, slices }, follow)
}

/// The spans without data: about one a week.
fn gaps(world: &World, draw: &mut Draw) -> Vec<(f64, f64)> {
    draw.times(7.0 * DAY, world.days * DAY)
        .into_iter()
        .map(|from| (from, from + draw.around(1800.0, 0.8, (300.0, 6.0 * HOUR))))
        .collect()
}

/// How much of a slice is seen, from 0 to 1.
fn seen(at: f64, gaps: &[(f64, f64)], draw: &mut Draw) -> f64 {
    let missing: f64 = gaps
        .iter()
        .map(|(from, until)| (until.min(at + SLICE) - from.max(at)).max(0.0))
        .sum();
    let lost = if draw.chance(0.01) {
        draw.between(30.0, 240.0)
    } else {
        0.0
    };
    (1.0 - (missing + lost) / SLICE).clamp(0.0, 1.0)
}

/// Creates the service number `number` of a world.
pub fn observe(world: &World, seed: u64, number: u64) -> Observed {
    let part = |part: u64| Draw::new(seed, number * 16 + part);
    let mut unrelated: Vec<Incident> = beginnings(world, world.incidents, &mut part(0))
        .into_iter()
        .scan(part(1), |draw, from| Some(incidents::unrelated(from, draw)))
        .collect();
    let (dependency, follow) = dependency(world, &mut part(2));
    unrelated.extend(follow);
    let mut planned = planned(world, &mut part(3));
    harm(world, &unrelated, &mut planned, &mut part(4));
    let usual = usual(world, &mut part(5));
    let gaps = gaps(world, &mut part(6));

    let mut draw = part(7);
    let mut caused = vec![0.0; planned.len()];
    let mut slices = Vec::with_capacity(usual.len());
    for (slice, (requests, share)) in usual.iter().enumerate() {
        let at = slice as f64 * SLICE;
        let seen = seen(at, &gaps, &mut draw);
        let total = draw.count(requests * seen);
        let mut bad = draw.count(total * share);
        for incident in &unrelated {
            let mean = incident.mean(at, SLICE);
            if mean > 0.0 {
                let factor = draw.factor(20.0);
                bad += draw.count(total * mean * factor);
            }
        }
        for (number, deployment) in planned.iter().enumerate() {
            let Some(harm) = deployment.harm else {
                continue;
            };
            let mean = harm.mean(at, SLICE);
            if mean > 0.0 {
                let factor = draw.factor(20.0);
                let errors = draw.count(total * mean * factor);
                bad += errors;
                let next = next_after(&planned, number);
                // The part of the slice before the next deployment.
                let own = (next - at).clamp(0.0, SLICE);
                let before = harm.mean(at, own.max(1.0)) * own;
                caused[number] += errors * (before / (mean * SLICE)).clamp(0.0, 1.0);
            }
        }
        slices.push(Slice {
            start: time(at),
            bad: bad.min(total),
            total,
            seen: (seen * SLICE).round() as u16,
        });
    }

    let mut rollouts = Vec::with_capacity(planned.len());
    let mut truth = BTreeMap::new();
    for (number, deployment) in planned.iter().enumerate() {
        let key = format!("{number:04}");
        truth.insert(
            key.clone(),
            Truth {
                harmful: deployment.harm.is_some(),
                caused: caused[number],
            },
        );
        rollouts.push(Rollout {
            key,
            started: time(deployment.started),
            finished: Some(time(deployment.finished)),
            ended_by_rollback: deployment.rolled_back.map(time),
        });
    }
    Observed {
        slices,
        rollouts,
        dependencies: vec![dependency],
        truth,
    }
}

/// When the next deployment begins that does not overlap this one.
fn next_after(planned: &[Planned], number: usize) -> f64 {
    let finished = planned[number].finished;
    planned
        .iter()
        .filter(|other| other.started > finished)
        .map(|other| other.started)
        .fold(f64::INFINITY, f64::min)
}
