//! What each method finds in a world.

use std::collections::BTreeMap;

use nth_attribution::{Analysis, Interval, Judgment, Level, Service, Settings};

use super::peers;
use super::world::{Observed, World, observe};

/// The history before the first deployment that counts, in seconds.
const HISTORY: i64 = 14 * 86_400;

/// Blamed deployments of harmless and harmful ones.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counted {
    pub harmless: u32,
    pub blamed_harmless: u32,
    pub harmful: u32,
    pub blamed_harmful: u32,
}

impl Counted {
    /// Counts a deployment.
    pub fn add(&mut self, harmful: bool, blamed: bool) {
        let (all, counted) = if harmful {
            (&mut self.harmful, &mut self.blamed_harmful)
        } else {
            (&mut self.harmless, &mut self.blamed_harmless)
        };
        *all += 1;
        *counted += u32::from(blamed);
    }

    /// The share of harmless deployments that are blamed.
    pub fn false_blame(self) -> f64 {
        f64::from(self.blamed_harmless) / f64::from(self.harmless.max(1))
    }

    /// The share of harmful deployments that are blamed.
    pub fn recall(self) -> f64 {
        f64::from(self.blamed_harmful) / f64::from(self.harmful.max(1))
    }
}

/// The amounts of harmful deployments that were blamed.
#[derive(Debug, Clone, Default)]
pub struct Attributed {
    pub intervals: u32,
    /// Those that hold the truth.
    pub held: u32,
    /// The middle of each divided by the truth, less 1.
    pub errors: Vec<f64>,
    /// The width of each divided by its middle.
    pub widths: Vec<f64>,
}

impl Attributed {
    /// Counts an amount.
    pub fn add(&mut self, amount: Option<Interval>, caused: f64) {
        let amount = amount.expect("what is blamed has an amount");
        assert!(amount.low <= amount.mid && amount.mid <= amount.high);
        self.intervals += 1;
        // The truth has parts of events where a deployment began within a slice.
        let holds = amount.low - 0.5 <= caused && caused <= amount.high + 0.5;
        self.held += u32::from(holds);
        self.errors.push(amount.mid / caused.max(1.0) - 1.0);
        self.widths
            .push((amount.high - amount.low) / amount.mid.max(1.0));
    }

    /// The share that holds the truth.
    pub fn coverage(&self) -> f64 {
        f64::from(self.held) / f64::from(self.intervals.max(1))
    }
}

/// The value that a share of values is below.
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let place = (share * sorted.len() as f64) as usize;
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// What was measured in a world.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    pub naive: Counted,
    pub nthlayer: Counted,
    pub onset: Counted,
    pub attributed: Attributed,
    /// Deployments without a judgment.
    pub unjudged: u32,
    /// What the method says of itself.
    pub placebos: u64,
    pub placebos_blamed: u64,
}

/// Judges the deployments of services after two weeks.
pub fn measure(world: &World, seed: u64, services: u64) -> Measured {
    let mut measured = Measured::default();
    for number in 0..services {
        let observed = observe(world, seed, number);
        let comparisons = BTreeMap::new();
        let service = Service {
            slices: &observed.slices,
            rollouts: &observed.rollouts,
            dependencies: &observed.dependencies,
            comparisons: &comparisons,
        };
        let mut analysis = Analysis::new(service, Settings::default());
        let judgments = analysis.judgments();
        for judgment in &judgments {
            count(world, &observed, judgment, &mut measured);
        }
        if number % 8 == 0 {
            let own = analysis.false_blame_rate();
            measured.placebos += own.placebos;
            measured.placebos_blamed += own.blamed;
        }
    }
    measured
}

fn count(world: &World, observed: &Observed, judgment: &Judgment, measured: &mut Measured) {
    let rollout = observed
        .rollouts
        .iter()
        .find(|rollout| rollout.key == judgment.deployment)
        .expect("a judgment is that of a roll-out");
    if rollout.started < observed.slices[0].start + HISTORY {
        return;
    }
    if matches!(judgment.level, Level::NotJudged { .. }) {
        measured.unjudged += 1;
        return;
    }
    let truth = &observed.truth[&rollout.key];
    let sharing = || judgment.shared_with.iter().map(|key| &observed.truth[key]);
    // Two that share an onset are blamed together, and both say so.
    if !truth.harmful && sharing().any(|other| other.harmful) {
        return;
    }
    let blamed = judgment.level == Level::Onset;
    measured.onset.add(truth.harmful, blamed);
    let naive = peers::naive(observed, rollout, world.objective);
    measured.naive.add(truth.harmful, naive);
    let nthlayer = peers::nthlayer(observed, rollout);
    measured.nthlayer.add(truth.harmful, nthlayer);
    if blamed && truth.harmful {
        let caused = truth.caused + sharing().map(|other| other.caused).sum::<f64>();
        measured.attributed.add(judgment.amount, caused);
    }
}
