//! Flux: `Kustomization` and `HelmRelease` objects.
//!
//! The history in the status of a `Kustomization` (`Snapshot` in `apis/meta` of Flux) has the digest of what was applied, so
//! that a revision that changes nothing is no deployment. That of a `HelmRelease` (`api/v2/snapshot_types.go` of
//! helm-controller) has the chart and the digest of its values. Objects of older versions have no history, but the last applied
//! revision with the time of the condition `Ready`.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::document::{Node, objects, values};
use crate::key::key;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{ReadError, Reading, Scope, Skipped};

/// The name of the source.
pub const SOURCE: &str = "flux";

/// Reads one object or several: `kubectl get kustomizations,helmreleases -A -o json`.
///
/// # Errors
///
/// If it is not JSON, or an object lacks what Flux always writes.
pub fn read(bytes: &[u8], scope: &Scope) -> Result<Reading, ReadError> {
    let values = values(bytes)?;
    let mut reading = Reading::default();
    for object in objects(&values)? {
        let kind = object.require("kind")?;
        let metadata = object.require("metadata")?;
        let name = metadata.require("name")?.text()?;
        let path = format!("{}/{name}", metadata.require("namespace")?.text()?);
        let kind = match kind.text()? {
            "Kustomization" => "kustomization",
            "HelmRelease" => "helm-release",
            _ => return Err(kind.unexpected("`Kustomization` or `HelmRelease`")),
        };
        let mut own = Reading::default();
        let history = match object.get("status") {
            Some(status) => history(kind, &status, &mut own)?,
            None => History::default(),
        };
        let Some(service) = scope.services.find(&[&path, name]) else {
            reading.unmapped(name, history.rollouts.len());
            continue;
        };
        let object = Object {
            source: SOURCE,
            parts: &[kind, &path],
            service,
            continues: match history.is_complete {
                true => Continues::Nothing,
                false => Continues::Object,
            },
        };
        sequence::add(&mut own, scope, object, history.rollouts);
        for deployment in &mut own.deployments {
            // The start of one that is in the ledger stays: the duration is no longer known.
            let is_known = scope.known.iter().any(|known| known.key == deployment.key);
            let durations = history.durations.iter().filter(|_| !is_known);
            for ((digest, first), seconds) in durations {
                if deployment.key == key(scope, SOURCE, &[kind, &path, digest], *first) {
                    deployment.started -= seconds;
                }
            }
        }
        reading.extend(own);
    }
    Ok(reading)
}

/// The roll-outs of an object.
#[derive(Default)]
struct History {
    rollouts: Vec<Rollout>,
    /// Whether they are compared with one another alone. A revision alone is compared with the ledger.
    is_complete: bool,
    /// How many seconds before its recorded time a roll-out began, by revision and recorded time.
    durations: BTreeMap<(String, i64), i64>,
}

fn history(kind: &str, status: &Node<'_>, reading: &mut Reading) -> Result<History, ReadError> {
    let entries = status.list("history")?;
    if entries.is_empty() {
        return Ok(History {
            rollouts: last_applied(status)?.into_iter().collect(),
            ..History::default()
        });
    }
    match kind {
        "kustomization" => kustomization(&entries, reading),
        _ => Ok(History {
            rollouts: helm_release(&entries, reading)?,
            is_complete: true,
            ..History::default()
        }),
    }
}

/// A snapshot of a Kustomization.
struct Snapshot {
    rollout: Rollout,
    last: i64,
}

fn kustomization(entries: &[Node<'_>], reading: &mut Reading) -> Result<History, ReadError> {
    let mut snapshots = Vec::new();
    let mut durations = BTreeMap::new();
    for entry in entries {
        let digest = entry.require("digest")?.text()?;
        let first = entry.require("firstReconciled")?.time()?;
        let last = entry.require("lastReconciled")?.time()?;
        let kind = match entry.require("lastReconciledStatus")?.text()? {
            "ReconciliationSucceeded" => Kind::Deployed,
            // Everything was applied.
            "HealthCheckFailed" => Kind::Failed,
            _ => {
                reading.skip(Skipped::NotStarted, 1);
                continue;
            }
        };
        let revision = match entry.get("metadata") {
            Some(metadata) => metadata.optional_text("revision")?,
            None => None,
        };
        // The duration is that of the last reconciliation, which is the first one only once.
        if let Some(total) = entry.get("totalReconciliations")
            && total.integer()? == 1
        {
            durations.insert((digest.to_owned(), first), duration(entry)?);
        }
        let rollout = Rollout {
            revision: digest.to_owned(),
            version: Some(revision.unwrap_or(digest).to_owned()),
            artifact: Artifact::Text(digest.to_owned()),
            started: first,
            finished: Some(first),
            rolled_back: None,
            url: None,
            by: None,
            kind,
        };
        snapshots.push(Snapshot { rollout, last });
    }
    snapshots.sort_by_key(|snapshot| snapshot.rollout.started);
    let newest = snapshots.iter().max_by_key(|snapshot| snapshot.last);
    let back = match (newest, snapshots.last()) {
        // An earlier snapshot was reconciled again after the newest one was for the last time.
        (Some(newest), Some(last)) if newest.last > last.last => Some(Rollout {
            started: last.last,
            finished: None,
            kind: Kind::Return,
            ..newest.rollout.clone()
        }),
        _ => None,
    };
    let rollouts = snapshots.into_iter().map(|snapshot| snapshot.rollout);
    Ok(History {
        rollouts: rollouts.chain(back).collect(),
        is_complete: true,
        durations,
    })
}

/// The seconds of the last reconciliation, rounded up.
fn duration(entry: &Node<'_>) -> Result<i64, ReadError> {
    let Some(node) = entry.get("lastReconciledDuration") else {
        return Ok(0);
    };
    let text = node.text()?;
    let duration: SignedDuration = text
        .parse()
        .map_err(|_| node.unexpected("a duration, e.g. `2.5s`"))?;
    Ok(duration.as_secs().max(0) + i64::from(duration.subsec_nanos() > 0))
}

fn helm_release(entries: &[Node<'_>], reading: &mut Reading) -> Result<Vec<Rollout>, ReadError> {
    let mut releases = Vec::new();
    for entry in entries {
        let number = entry.require("version")?.integer()?;
        let kind = match entry.require("status")?.text()? {
            "deployed" | "superseded" => Kind::Deployed,
            "failed" => Kind::Failed,
            "uninstalled" | "uninstalling" => {
                reading.skip(Skipped::Removed, 1);
                continue;
            }
            _ => Kind::Deployed,
        };
        let chart = entry.require("chartName")?.text()?;
        let version = entry.require("chartVersion")?.text()?;
        let config = entry.optional_text("configDigest")?.unwrap_or_default();
        let digest = entry.optional_text("ociDigest")?.unwrap_or_default();
        let started = entry.require("lastDeployed")?.time()?;
        let rollout = Rollout {
            revision: number.to_string(),
            version: Some(format!("{chart}@{version}")),
            artifact: Artifact::Text(format!("{chart}@{version} {config} {digest}")),
            started,
            finished: None,
            rolled_back: None,
            url: None,
            by: None,
            kind,
        };
        releases.push((number, rollout));
    }
    releases.sort_by_key(|(number, _)| *number);
    Ok(releases.into_iter().map(|(_, rollout)| rollout).collect())
}

/// What an object without history applied last; `None` if nothing was.
fn last_applied(status: &Node<'_>) -> Result<Option<Rollout>, ReadError> {
    let Some(revision) = status.optional_text("lastAppliedRevision")? else {
        return Ok(None);
    };
    for condition in status.list("conditions")? {
        let is_ready = condition.require("type")?.text()? == "Ready"
            && condition.require("status")?.text()? == "True";
        let Some(since) = condition
            .optional_time("lastTransitionTime")?
            .filter(|_| is_ready)
        else {
            continue;
        };
        return Ok(Some(Rollout {
            revision: revision.to_owned(),
            version: Some(revision.to_owned()),
            artifact: Artifact::Text(revision.to_owned()),
            started: since,
            finished: Some(since),
            rolled_back: None,
            url: None,
            by: None,
            kind: Kind::Deployed,
        }));
    }
    Ok(None)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{lines, scope};

    fn object(kind: &str, status: &str) -> String {
        format!(
            r#"{{"kind":"{kind}","metadata":{{"name":"checkout","namespace":"shop"}},"status":{status}}}"#
        )
    }

    fn snapshot(digest: &str, revision: &str, first: &str, last: &str, total: u32) -> String {
        format!(
            r#"{{"digest":"sha256:{digest}","firstReconciled":"2026-11-20T{first}Z","lastReconciled":"2026-11-20T{last}Z",
            "lastReconciledDuration":"12.5s","lastReconciledStatus":"ReconciliationSucceeded",
            "totalReconciliations":{total},"metadata":{{"revision":"main@sha1:{revision}"}}}}"#
        )
    }

    fn read_text(text: &str) -> Result<Reading, ReadError> {
        read(text.as_bytes(), &scope())
    }

    #[test]
    fn what_was_applied_decides() {
        let history = [
            snapshot("bbb", "222", "10:00:00", "10:00:00", 1),
            snapshot("aaa", "111", "09:00:00", "09:50:00", 6),
        ];
        let text = object(
            "Kustomization",
            &format!(r#"{{"history":[{}]}}"#, history.join(",")),
        );
        let reading = read_text(&text).unwrap();
        assert_eq!(
            lines(&reading),
            [
                "flux:shop:production:kustomization:shop/checkout:sha256%3Aaaa:1795165200 checkout main@sha1:111 from - 09:00:00 to 09:00:00",
                "flux:shop:production:kustomization:shop/checkout:sha256%3Abbb:1795168800 checkout main@sha1:222 from main@sha1:111 09:59:47 to 10:00:00",
            ]
        );
        // Later, the duration of the first reconciliation is not known any more: the start stays.
        let mut scope = scope();
        scope.known = reading.deployments;
        let later = text.replace(r#""totalReconciliations":1"#, r#""totalReconciliations":9"#);
        assert_eq!(
            read(later.as_bytes(), &scope).unwrap().deployments,
            scope.known
        );
    }

    #[test]
    fn an_earlier_snapshot_that_is_reconciled_again_is_a_roll_back() {
        let history = [
            snapshot("aaa", "333", "09:00:00", "11:30:00", 9),
            snapshot("bbb", "222", "10:00:00", "11:00:00", 7),
        ];
        let text = object(
            "Kustomization",
            &format!(r#"{{"history":[{}]}}"#, history.join(",")),
        );
        let reading = read_text(&text).unwrap();
        assert!(
            lines(&reading)[1].ends_with(", rolled back 11:00:00"),
            "{reading:?}"
        );
        assert_eq!(reading.skipped, [(Skipped::RollBack, 1)].into());
    }

    #[test]
    fn what_was_not_applied_is_none() {
        let failed = snapshot("bbb", "222", "10:00:00", "10:00:00", 1);
        let failed = failed.replace("ReconciliationSucceeded", "BuildFailed");
        let text = object("Kustomization", &format!(r#"{{"history":[{failed}]}}"#));
        let reading = read_text(&text).unwrap();
        assert_eq!(reading.deployments, []);
        assert_eq!(reading.skipped, [(Skipped::NotStarted, 1)].into());
    }

    #[test]
    fn releases_of_helm_are_numbered() {
        let release = |number: u32, chart: &str, config: &str, hour: u32, status: &str| {
            format!(
                r#"{{"version":{number},"status":"{status}","chartName":"shop","chartVersion":"{chart}",
                "configDigest":"sha256:{config}","digest":"sha256:{number}","name":"checkout","namespace":"shop",
                "firstDeployed":"2026-11-20T08:00:00Z","lastDeployed":"2026-11-20T{hour:02}:00:00Z"}}"#
            )
        };
        let history = [
            release(5, "1.1.0", "c1", 13, "deployed"),
            release(4, "1.2.0", "c1", 12, "failed"),
            release(3, "1.1.0", "c1", 11, "superseded"),
            release(2, "1.1.0", "c1", 10, "superseded"),
            release(1, "1.0.0", "c1", 9, "superseded"),
        ];
        let text = object(
            "HelmRelease",
            &format!(r#"{{"history":[{}]}}"#, history.join(",")),
        );
        let reading = read_text(&text).unwrap();
        assert_eq!(
            lines(&reading),
            [
                "flux:shop:production:helm-release:shop/checkout:1:1795165200 checkout shop@1.0.0 from - 09:00:00",
                "flux:shop:production:helm-release:shop/checkout:2:1795168800 checkout shop@1.1.0 from shop@1.0.0 10:00:00",
                "flux:shop:production:helm-release:shop/checkout:4:1795176000 checkout shop@1.2.0 from shop@1.1.0 12:00:00, rolled back 13:00:00",
            ]
        );
    }

    #[test]
    fn without_a_history_the_last_revision_is_known() {
        let text = object(
            "Kustomization",
            r#"{"lastAppliedRevision":"main@sha1:111","conditions":[
            {"type":"Ready","status":"True","lastTransitionTime":"2026-11-20T09:00:00Z"}]}"#,
        );
        let mut scope = scope();
        scope.known = read(text.as_bytes(), &scope).unwrap().deployments;
        assert_eq!(scope.known.len(), 1);
        // It was not ready for a while.
        let later = read(text.replace("T09", "T10").as_bytes(), &scope).unwrap();
        assert_eq!(later.deployments, []);
        let next = text.replace("T09", "T11").replace("111", "222");
        let next = read(next.as_bytes(), &scope).unwrap();
        assert!(lines(&next)[0].contains(" main@sha1:222 from main@sha1:111 11:00:00"));
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, said) in [
            (
                r#"{"kind":"GitRepository","metadata":{"name":"a","namespace":"b"}}"#,
                "`kind`: expected `Kustomization` or `HelmRelease`, found \"GitRepository\"",
            ),
            (
                &object("Kustomization", r#"{"history":[{}]}"#),
                "missing `status.history[0].digest`",
            ),
            (
                &object("HelmRelease", r#"{"history":[{"version":"1"}]}"#),
                "`status.history[0].version`: expected an integer, found \"1\"",
            ),
        ] {
            assert_eq!(read_text(text).unwrap_err().to_string(), said);
        }
    }
}
