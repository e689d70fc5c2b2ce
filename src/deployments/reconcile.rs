//! Reports of the same deployment by several sources.

use std::collections::BTreeSet;

use nth_ledger::Deployment;

/// How far two reports of one deployment may be apart, in seconds: a sync, a new ReplicaSet and a job of a pipeline start one
/// after the other.
pub const TOLERANCE: i64 = 600;

/// Gives reports the keys of deployments in the ledger that other sources have reported: of the same service and environment,
/// with roll-outs that overlap or are at most [`TOLERANCE`] apart. Two reports of one source are two deployments, and take
/// different ones, the closest first. Versions are not compared: a revision and an image have different ones.
///
/// Recording such a report adds only what is missing.
pub fn reconcile(reports: &mut [Deployment], known: &[Deployment]) {
    let keys: BTreeSet<&str> = known.iter().map(|known| known.key.as_str()).collect();
    let mut pairs = Vec::new();
    for (index, report) in reports.iter().enumerate() {
        if keys.contains(report.key.as_str()) {
            continue;
        }
        for other in known {
            if is_candidate(report, other) {
                let apart = report.started.abs_diff(other.started);
                pairs.push((apart, other.started, other.key.clone(), index));
            }
        }
    }
    pairs.sort();
    let mut taken: BTreeSet<(String, String)> = BTreeSet::new();
    let mut done = BTreeSet::new();
    for (_, _, key, index) in pairs {
        let Some(report) = reports.get_mut(index) else {
            continue;
        };
        let pair = (report.source.clone(), key.clone());
        if done.contains(&index) || taken.contains(&pair) {
            continue;
        }
        taken.insert(pair);
        done.insert(index);
        report.key = key;
    }
}

fn is_candidate(report: &Deployment, other: &Deployment) -> bool {
    let end = |one: &Deployment| {
        one.finished
            .unwrap_or(one.started)
            .saturating_add(TOLERANCE)
    };
    report.source != other.source
        && report.service == other.service
        && report.project == other.project
        && report.environment == other.environment
        && report.started <= end(other)
        && other.started <= end(report)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::deployment;

    fn report(source: &str, started: i64) -> Deployment {
        Deployment {
            key: format!("{source}:{started}"),
            source: source.to_owned(),
            ..deployment(started)
        }
    }

    fn keys(reports: &[Deployment], known: &[Deployment]) -> Vec<String> {
        let mut reports = reports.to_vec();
        reconcile(&mut reports, known);
        reports.into_iter().map(|report| report.key).collect()
    }

    #[test]
    fn reports_of_other_sources_are_the_same_deployment() {
        let known = [report("pipeline", 1_000), report("pipeline", 5_000)];
        let found = keys(
            &[
                report("argo-cd", 1_500),
                report("argo-cd", 3_000),
                report("argo-cd", 4_900),
            ],
            &known,
        );
        assert_eq!(found, ["pipeline:1000", "argo-cd:3000", "pipeline:5000"]);
        // Those of the same source are others.
        assert_eq!(
            keys(&[report("pipeline", 1_100)], &known),
            ["pipeline:1100"]
        );
        let other = Deployment {
            service: "ledger".to_owned(),
            ..report("argo-cd", 1_000)
        };
        assert_eq!(keys(&[other], &known), ["argo-cd:1000"]);
    }

    #[test]
    fn each_takes_its_own_and_the_closest_goes_first() {
        let known = [report("pipeline", 1_000), report("pipeline", 1_400)];
        let found = keys(
            &[report("argo-cd", 1_100), report("argo-cd", 1_390)],
            &known,
        );
        assert_eq!(found, ["pipeline:1000", "pipeline:1400"]);
        let found = keys(
            &[report("argo-cd", 1_010), report("argo-cd", 1_020)],
            &known[..1],
        );
        assert_eq!(found, ["pipeline:1000", "argo-cd:1020"]);
    }

    #[test]
    fn a_long_roll_out_covers_what_happens_in_it() {
        let mut long = report("pipeline", 1_000);
        long.finished = Some(4_000);
        assert_eq!(keys(&[report("kube", 3_900)], &[long]), ["pipeline:1000"]);
    }
}
