//! Counts of the old and the new version of a deployment, minute by minute.

use std::collections::BTreeMap;

use nth_ledger::counter::Series as SampledSeries;
use nth_ledger::{Deployment, SloKey, Version, VersionCounts};

use super::{Group, Server, Wanted};
use crate::counting::{Counting, Series};
use nth_promql::{MatchOp, Matcher, build};

/// The length of a stratum, in seconds.
const MINUTE: i64 = 60;

/// How long both versions are compared if the end of a roll-out is unknown, in seconds.
const ROLLOUT: i64 = 3_600;

/// How far back a sample may be from which an increase counts, in seconds.
const LOOK_BACK: i64 = 600;

/// When the time ends in which both versions of a deployment are compared, in seconds since 1970.
pub fn end(deployment: &Deployment) -> i64 {
    deployment.finished.unwrap_or(deployment.started + ROLLOUT)
}

/// Reads the counts of both versions while a deployment is rolled out, of each group of the SLO. `label` is the label of the series with the version. Nothing
/// is returned for an SLO whose events are not counted by counters, or a deployment without both versions.
///
/// # Errors
///
/// That of the server, if there is no complete answer.
pub fn read<S: Server>(
    server: &S,
    wanted: &Wanted,
    deployment: &Deployment,
    label: &str,
    until: i64,
) -> Result<Vec<VersionCounts>, S::Error> {
    let (Some(new), Some(old)) = (&deployment.version, &deployment.previous) else {
        return Ok(Vec::new());
    };
    let Counting::Counters { bad, total, .. } = &wanted.counting else {
        return Ok(Vec::new());
    };
    let within = [deployment.started, end(deployment).min(until)];
    if within[1] <= within[0] {
        return Ok(Vec::new());
    }
    let mut counts: BTreeMap<(Group, i64, Version), [f64; 2]> = BTreeMap::new();
    for (place, terms) in [bad, total].into_iter().enumerate() {
        for term in terms {
            let Some(selector) = with_versions(term, label, [old, new]) else {
                continue;
            };
            let from = (within[0] - LOOK_BACK) * 1_000;
            let what = format!("the samples of {selector}");
            let series = server.raw(&selector, from, within[1] * 1_000, &what)?;
            for one in &series {
                let version = match one.labels.get(label) {
                    Some(version) if version == new => Version::New,
                    Some(version) if version == old => Version::Old,
                    _ => continue,
                };
                let group = wanted.group_with(&one.labels);
                for (minute, increase) in increases(one, within) {
                    let at = (group.clone(), minute, version);
                    let sums = counts.entry(at).or_default();
                    if let Some(sum) = sums.get_mut(place) {
                        *sum += term.factor * increase;
                    }
                }
            }
        }
    }
    let counts = counts.into_iter();
    Ok(counts
        .map(|((group, stratum, version), [bad, total])| {
            let slo = wanted.group(group);
            counted(&slo, deployment, stratum, version, [bad, total])
        })
        .collect())
}

fn counted(
    slo: &SloKey,
    deployment: &Deployment,
    stratum: i64,
    version: Version,
    [bad, total]: [f64; 2],
) -> VersionCounts {
    VersionCounts {
        slo: slo.clone(),
        deployment: deployment.key.clone(),
        stratum,
        version,
        bad: bad.clamp(0.0, total.max(0.0)),
        total: total.max(0.0),
    }
}

/// The selector with one of both versions; `None` if it is not valid.
fn with_versions(term: &Series, label: &str, versions: [&String; 2]) -> Option<String> {
    let mut expr = nth_promql::parse(&term.selector).ok()?;
    let nth_promql::Node::Selector(selector) = &mut expr.node else {
        return None;
    };
    let any: Vec<String> = versions
        .iter()
        .map(|version| nth_promql::escape_regex(version))
        .collect();
    let matcher: Matcher = build::matcher(label, MatchOp::Matches, any.join("|"));
    selector.matchers.push(matcher);
    Some(expr.to_string())
}

/// The increases of a counter by minutes: each between two samples belongs to the minute of the later one. A first sample counts
/// from zero if the series was not there before, as that of a new pod is.
fn increases(series: &SampledSeries, [from, until]: [i64; 2]) -> Vec<(i64, f64)> {
    let mut samples = series.samples.clone();
    samples.sort_by_key(|sample| sample.at);
    let mut found = Vec::new();
    let mut before: Option<f64> = None;
    for sample in samples {
        let at = sample.at.div_euclid(1_000);
        let increase = match before.replace(sample.value) {
            Some(before) if sample.value >= before => sample.value - before,
            Some(_) => sample.value,
            // Within the look-back, nothing is known about what was before.
            None if at > from => sample.value,
            None => continue,
        };
        if at > from && at <= until && increase > 0.0 {
            found.push(((at - 1).div_euclid(MINUTE) * MINUTE, increase));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use nth_ledger::counter::Sample;

    #[test]
    fn increases_belong_to_the_minute_of_the_later_sample() {
        let sample = |at: i64, value| Sample {
            at: at * 1_000,
            value,
        };
        let series = |samples: &[Sample]| SampledSeries {
            labels: BTreeMap::new(),
            samples: samples.to_vec(),
        };
        let old = series(&[
            sample(590, 10.0),
            sample(605, 14.0),
            sample(665, 20.0),
            sample(680, 2.0),
        ]);
        assert_eq!(
            increases(&old, [600, 700]),
            [(600, 4.0), (660, 6.0), (660, 2.0)]
        );
        let new = series(&[sample(630, 3.0), sample(645, 3.0)]);
        assert_eq!(increases(&new, [600, 700]), [(600, 3.0)]);
    }

    #[test]
    fn a_version_is_a_matcher() {
        let term = Series {
            factor: 1.0,
            selector: "x{job=\"a\"}".to_owned(),
            labels: BTreeMap::new(),
        };
        let versions = ["v1.4".to_owned(), "v1.5".to_owned()];
        assert_eq!(
            with_versions(&term, "version", [&versions[0], &versions[1]]).as_deref(),
            Some("x{job=\"a\",version=~\"v1\\\\.4|v1\\\\.5\"}")
        );
    }
}
