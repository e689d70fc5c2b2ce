//! Which deployments burned the budget of an SLO.

use std::collections::BTreeMap;

use nth_attribution::{
    Analysis, Counts, Dependency, FalseBlame, Judgment, Rollout, Service, Settings, Stratum,
};
use nth_ledger::{Deployment, Slice, Version, VersionCounts};

/// What is known about an SLO and the deployments of its service.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'e> {
    /// Its slices, of the time of the deployments and four weeks before.
    pub slices: &'e [Slice],
    /// The deployments of its service, in the order of time.
    pub deployments: &'e [Deployment],
    /// The counts of old and new versions.
    pub versions: &'e [VersionCounts],
    /// The slices of the SLOs that say whether dependencies fail, by the names of the dependencies.
    pub dependencies: &'e [(String, Vec<Slice>)],
}

/// The judgments about deployments, and how often harmless ones are blamed.
#[derive(Debug, Clone, Default)]
pub struct Judged {
    /// A judgment about each deployment, in their order.
    pub judgments: Vec<Judgment>,
    /// How often the method blames times of the service's own history at which nothing was deployed.
    pub false_blame: FalseBlame,
}

/// Judges the deployments of a service by one of its SLOs.
pub fn judge(evidence: Evidence<'_>) -> Judged {
    let slices: Vec<nth_attribution::Slice> = evidence.slices.iter().map(slice).collect();
    let rollouts: Vec<Rollout> = { evidence.deployments.iter() }
        .map(|deployment| Rollout {
            key: deployment.key.clone(),
            started: deployment.started,
            finished: deployment.finished,
            ended_by_rollback: deployment.rolled_back,
        })
        .collect();
    let dependencies: Vec<Dependency> = { evidence.dependencies.iter() }
        .map(|(name, slices)| Dependency {
            name: name.clone(),
            slices: slices.iter().map(slice).collect(),
        })
        .collect();
    let comparisons = comparisons(evidence.versions);
    let service = Service {
        slices: &slices,
        rollouts: &rollouts,
        dependencies: &dependencies,
        comparisons: &comparisons,
    };
    let mut analysis = Analysis::new(service, Settings::default());
    Judged {
        judgments: analysis.judgments(),
        false_blame: analysis.false_blame_rate(),
    }
}

/// Seconds that are estimates of rules are as good as others here: a profile of rates is one too.
fn slice(slice: &Slice) -> nth_attribution::Slice {
    nth_attribution::Slice {
        start: slice.start,
        bad: slice.bad,
        total: slice.total,
        seen: slice.seen,
    }
}

/// The strata of each deployment in which both versions served events.
fn comparisons(versions: &[VersionCounts]) -> BTreeMap<String, Vec<Stratum>> {
    let mut minutes: BTreeMap<(&str, i64), [Counts; 2]> = BTreeMap::new();
    for count in versions {
        let counts = minutes.entry((&count.deployment, count.stratum)).or_insert(
            [Counts {
                bad: 0.0,
                total: 0.0,
            }; 2],
        );
        let [old, new] = counts;
        let own = match count.version {
            Version::Old => old,
            Version::New => new,
        };
        own.bad += count.bad;
        own.total += count.total;
    }
    let mut strata: BTreeMap<String, Vec<Stratum>> = BTreeMap::new();
    for ((deployment, start), [old, new]) in minutes {
        if old.total > 0.0 && new.total > 0.0 {
            let stratum = Stratum { start, old, new };
            strata
                .entry(deployment.to_owned())
                .or_default()
                .push(stratum);
        }
    }
    strata
}
