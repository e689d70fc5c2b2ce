//! Argo Rollouts: `Rollout` objects, and the `ReplicaSet` objects that they own.
//!
//! A `Rollout` has no history. Its ReplicaSets have one: each is a pod template, with the time at which it was created. Without
//! them, only a roll-out in progress has a start: the time since which its condition `Completed` is false, or its first pause.
//! The fields are those of `RolloutStatus` in `pkg/apis/rollouts/v1alpha1/types.go` of Argo Rollouts.

use crate::document::{Node, objects, values};
use crate::images::Images;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{ReadError, Reading, Scope, Skipped};

/// The name of the source.
pub const SOURCE: &str = "argo-rollouts";

/// The label of a ReplicaSet with the hash of its template.
const HASH: &str = "rollouts-pod-template-hash";

/// The annotation with the number of the last roll-out of a ReplicaSet.
const REVISION: &str = "rollout.argoproj.io/revision";

/// A ReplicaSet of a Rollout.
struct ReplicaSet {
    namespace: String,
    /// The name of its Rollout.
    owner: String,
    hash: String,
    created: i64,
    /// The number of the last roll-out in which it was the new one.
    revision: i64,
    images: Images,
}

/// Reads one Rollout or several, and the ReplicaSets beside them: `kubectl get rollouts,replicasets -o json`.
///
/// # Errors
///
/// If it is not JSON, or an object lacks what Argo Rollouts and Kubernetes always write.
pub fn read(bytes: &[u8], scope: &Scope) -> Result<Reading, ReadError> {
    let values = values(bytes)?;
    let mut rollouts = Vec::new();
    let mut sets = Vec::new();
    for object in objects(&values)? {
        let kind = object.require("kind")?;
        match kind.text()? {
            "Rollout" => rollouts.push(object),
            "ReplicaSet" => sets.extend(replica_set(&object)?),
            _ => return Err(kind.unexpected("`Rollout` or `ReplicaSet`")),
        }
    }
    let mut reading = Reading::default();
    for rollout in rollouts {
        read_rollout(&rollout, &sets, scope, &mut reading)?;
    }
    Ok(reading)
}

/// Reads a ReplicaSet; `None` if no Rollout owns it.
fn replica_set(object: &Node<'_>) -> Result<Option<ReplicaSet>, ReadError> {
    let metadata = object.require("metadata")?;
    let mut owner = None;
    for reference in metadata.list("ownerReferences")? {
        if reference.require("kind")?.text()? == "Rollout" {
            owner = Some(reference.require("name")?.text()?.to_owned());
        }
    }
    let Some(owner) = owner else {
        return Ok(None);
    };
    let revision = metadata.find(&["annotations", REVISION]);
    let revision = match &revision {
        Some(node) => node
            .text()?
            .parse()
            .map_err(|_| node.unexpected("a number"))?,
        None => 0,
    };
    Ok(Some(ReplicaSet {
        namespace: metadata.require("namespace")?.text()?.to_owned(),
        owner,
        hash: metadata
            .require("labels")?
            .require(HASH)?
            .text()?
            .to_owned(),
        created: metadata.require("creationTimestamp")?.time()?,
        revision,
        images: template_images(object)?.unwrap_or_default(),
    }))
}

/// The images of a pod template; `None` if it is elsewhere, as with `workloadRef`.
fn template_images(object: &Node<'_>) -> Result<Option<Images>, ReadError> {
    let Some(spec) = object.find(&["spec", "template", "spec"]) else {
        return Ok(None);
    };
    let mut images = Images::default();
    for container in spec.list("containers")? {
        let name = container.require("name")?.text()?;
        images.add(name, container.require("image")?.text()?, "");
    }
    Ok((!images.is_empty()).then_some(images))
}

/// The status of a Rollout.
struct Status {
    /// The hash of the template that is rolled out, or was last.
    current: String,
    /// The hash of the template that runs for sure.
    stable: Option<String>,
    /// When the current roll-out was aborted.
    aborted: Option<i64>,
    /// When the current roll-out was completed.
    completed: Option<i64>,
    /// The start of the current roll-out, if it shows.
    started: Option<i64>,
}

fn status(rollout: &Node<'_>) -> Result<Option<Status>, ReadError> {
    let Some(status) = rollout.get("status") else {
        return Ok(None);
    };
    let Some(current) = status.optional_text("currentPodHash")? else {
        return Ok(None);
    };
    let stable = status.optional_text("stableRS")?.map(str::to_owned);
    let (mut completed, mut started) = (None, None);
    let mut progress = None;
    for condition in status.list("conditions")? {
        let kind = condition.require("type")?.text()?;
        let since = condition.optional_time("lastTransitionTime")?;
        let is_true = condition.require("status")?.text()? == "True";
        match (kind, is_true) {
            ("Completed", true) => completed = since,
            ("Completed", false) => started = since,
            ("Progressing", _) => progress = since,
            _ => {}
        }
    }
    for pause in status.list("pauseConditions")? {
        let since = pause.require("startTime")?.time()?;
        started = Some(started.map_or(since, |known| known.min(since)));
    }
    let is_aborted = status.flag("abort")?;
    let aborted = match status.optional_time("abortedAt")? {
        Some(at) => Some(at),
        None => progress,
    };
    let is_complete = stable.as_deref() == Some(current) && !is_aborted;
    Ok(Some(Status {
        current: current.to_owned(),
        aborted: aborted.filter(|_| is_aborted),
        completed: completed.or(progress).filter(|_| is_complete),
        started: started.filter(|_| !is_complete),
        stable,
    }))
}

fn read_rollout(
    rollout: &Node<'_>,
    sets: &[ReplicaSet],
    scope: &Scope,
    reading: &mut Reading,
) -> Result<(), ReadError> {
    let metadata = rollout.require("metadata")?;
    let name = metadata.require("name")?.text()?;
    let namespace = metadata.require("namespace")?.text()?;
    let path = format!("{namespace}/{name}");
    let Some(status) = status(rollout)? else {
        reading.skip(Skipped::NotStarted, 1);
        return Ok(());
    };
    let is_own = |set: &&ReplicaSet| set.namespace == namespace && set.owner == name;
    let mut own: Vec<&ReplicaSet> = sets.iter().filter(is_own).collect();
    own.sort_by_key(|set| (set.created, set.revision));
    let Some(service) = scope.services.find(&[&path, name]) else {
        reading.unmapped(name, own.len().max(1));
        return Ok(());
    };
    let has_current = own.iter().any(|set| set.hash == status.current);
    let mut rollouts = from_sets(&own, &status);
    if !has_current {
        match status.started {
            Some(started) => {
                rollouts.extend(from_status(rollout, &status, started)?);
            }
            None => reading.skip(Skipped::NoStart, 1),
        }
    }
    let object = Object {
        source: SOURCE,
        parts: &[&path],
        service,
        continues: Continues::Nothing,
    };
    sequence::add(reading, scope, object, rollouts);
    Ok(())
}

/// The roll-outs of the ReplicaSets, and the return to an earlier one if it was the last.
fn from_sets(sets: &[&ReplicaSet], status: &Status) -> Vec<Rollout> {
    let mut rollouts: Vec<Rollout> = Vec::new();
    let mut before: Option<&Images> = None;
    for set in sets {
        let is_current = set.hash == status.current;
        rollouts.push(Rollout {
            revision: set.hash.clone(),
            version: set.images.version(before),
            artifact: artifact(&set.images),
            started: set.created,
            finished: status.completed.filter(|_| is_current),
            rolled_back: status.aborted.filter(|_| is_current),
            url: None,
            by: None,
            kind: Kind::Deployed,
        });
        before = Some(&set.images);
    }
    let last = sets.last().filter(|last| last.hash != status.current);
    let current = sets.iter().find(|set| set.hash == status.current);
    let at = status.completed.or(status.started);
    // A later number than that of a newer ReplicaSet: it was rolled out again.
    if let (Some(last), Some(current), Some(at)) = (last, current, at)
        && current.revision > last.revision
        && at > last.created
    {
        if let Some(first) = rollouts
            .iter_mut()
            .find(|one| one.revision == status.current)
        {
            // That time is of the second roll-out.
            first.finished = None;
        }
        rollouts.push(Rollout {
            revision: current.hash.clone(),
            version: current.images.version(None),
            artifact: artifact(&current.images),
            started: at,
            finished: None,
            rolled_back: None,
            url: None,
            by: None,
            kind: Kind::Return,
        });
    }
    rollouts
}

fn artifact(images: &Images) -> Artifact {
    match images.is_empty() {
        true => Artifact::Unknown,
        false => Artifact::Images(images.clone()),
    }
}

/// The roll-out in progress of a Rollout without ReplicaSets. What ran before is known by its hash alone.
fn from_status(
    rollout: &Node<'_>,
    status: &Status,
    started: i64,
) -> Result<Vec<Rollout>, ReadError> {
    let images = template_images(rollout)?.unwrap_or_default();
    let current = Rollout {
        revision: status.current.clone(),
        version: images
            .version(None)
            .or_else(|| Some(status.current.clone())),
        artifact: artifact(&images),
        started,
        finished: status.completed,
        rolled_back: status.aborted,
        url: None,
        by: None,
        kind: Kind::Deployed,
    };
    let stable = status.stable.as_ref().map(|hash| Rollout {
        revision: hash.clone(),
        version: Some(hash.clone()),
        artifact: Artifact::Unknown,
        finished: None,
        rolled_back: None,
        kind: Kind::Baseline,
        ..current.clone()
    });
    Ok(stable.into_iter().chain([current]).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{lines, scope};

    fn rollout(tag: &str, status: &str) -> String {
        format!(
            r#"{{"kind":"Rollout","metadata":{{"name":"checkout","namespace":"shop"}},
            "spec":{{"template":{{"spec":{{"containers":[{{"name":"app","image":"registry.example.com/checkout:{tag}"}}]}}}}}},
            "status":{status}}}"#
        )
    }

    fn set(hash: &str, revision: u32, hour: u32, tag: &str) -> String {
        format!(
            r#"{{"kind":"ReplicaSet","metadata":{{"name":"checkout-{hash}","namespace":"shop",
            "creationTimestamp":"2026-11-20T{hour:02}:00:00Z",
            "labels":{{"rollouts-pod-template-hash":"{hash}"}},
            "annotations":{{"rollout.argoproj.io/revision":"{revision}"}},
            "ownerReferences":[{{"kind":"Rollout","name":"checkout"}}]}},
            "spec":{{"template":{{"spec":{{"containers":[{{"name":"app","image":"registry.example.com/checkout:{tag}"}}]}}}}}}}}"#
        )
    }

    fn read_text(objects: &[String]) -> Result<Reading, ReadError> {
        let list = format!(r#"{{"kind":"List","items":[{}]}}"#, objects.join(","));
        read(list.as_bytes(), &scope())
    }

    const ABORTED: &str = r#"{"phase":"Degraded","abort":true,"abortedAt":"2026-11-20T12:05:00Z",
        "stableRS":"aaa","currentPodHash":"bbb",
        "conditions":[{"type":"Completed","status":"False","lastTransitionTime":"2026-11-20T12:00:01Z"}]}"#;

    #[test]
    fn replica_sets_are_the_history() {
        let healthy = r#"{"phase":"Healthy","stableRS":"bbb","currentPodHash":"bbb",
            "conditions":[{"type":"Completed","status":"True","lastTransitionTime":"2026-11-20T12:20:00Z"}]}"#;
        let reading = read_text(&[
            set("bbb", 3, 12, "1.5"),
            set("aaa", 1, 9, "1.4"),
            set("abc", 2, 10, "1.4"),
            rollout("1.5", healthy),
        ]);
        let reading = reading.unwrap();
        assert_eq!(
            lines(&reading),
            [
                "argo-rollouts:shop:production:shop/checkout:aaa:1795165200 checkout 1.4 from - 09:00:00",
                "argo-rollouts:shop:production:shop/checkout:bbb:1795176000 checkout 1.5 from 1.4 12:00:00 to 12:20:00",
            ]
        );
        assert_eq!(reading.skipped, [(Skipped::SameArtifact, 1)].into());
    }

    #[test]
    fn an_aborted_roll_out_is_rolled_back() {
        let with_sets = [
            set("aaa", 1, 9, "1.4"),
            set("bbb", 2, 12, "1.5"),
            rollout("1.5", ABORTED),
        ];
        assert_eq!(
            lines(&read_text(&with_sets).unwrap())[1..],
            [
                "argo-rollouts:shop:production:shop/checkout:bbb:1795176000 checkout 1.5 from 1.4 12:00:00, rolled back 12:05:00"
            ]
        );
        // Without ReplicaSets, the start is that of the condition.
        assert_eq!(
            lines(&read_text(&[rollout("1.5", ABORTED)]).unwrap()),
            [
                "argo-rollouts:shop:production:shop/checkout:bbb:1795176001 checkout 1.5 from aaa 12:00:01, rolled back 12:05:00"
            ]
        );
    }

    #[test]
    fn a_return_to_an_earlier_replica_set_is_a_roll_back() {
        let healthy = r#"{"phase":"Healthy","stableRS":"aaa","currentPodHash":"aaa",
            "conditions":[{"type":"Completed","status":"True","lastTransitionTime":"2026-11-20T13:00:00Z"}]}"#;
        let reading = read_text(&[
            set("aaa", 3, 9, "1.4"),
            set("bbb", 2, 12, "1.5"),
            rollout("1.4", healthy),
        ]);
        assert_eq!(
            lines(&reading.unwrap()),
            [
                "argo-rollouts:shop:production:shop/checkout:aaa:1795165200 checkout 1.4 from - 09:00:00",
                "argo-rollouts:shop:production:shop/checkout:bbb:1795176000 checkout 1.5 from 1.4 12:00:00, rolled back 13:00:00",
            ]
        );
    }

    #[test]
    fn a_roll_out_without_a_start_is_none() {
        let healthy = r#"{"phase":"Healthy","stableRS":"bbb","currentPodHash":"bbb",
            "conditions":[{"type":"Progressing","status":"True","lastTransitionTime":"2026-11-20T12:20:00Z"}]}"#;
        let reading = read_text(&[rollout("1.5", healthy)]).unwrap();
        assert_eq!(reading.deployments, []);
        assert_eq!(reading.skipped, [(Skipped::NoStart, 1)].into());
        let new = read_text(&[rollout("1.5", "{}")]).unwrap();
        assert_eq!(new.skipped, [(Skipped::NotStarted, 1)].into());
    }

    #[test]
    fn what_is_missing_is_named() {
        for (object, said) in [
            (
                r#"{"kind":"Deployment"}"#,
                "`items[0].kind`: expected `Rollout` or `ReplicaSet`, found \"Deployment\"",
            ),
            (
                r#"{"kind":"Rollout","metadata":{"name":"a"}}"#,
                "missing `items[0].metadata.namespace`",
            ),
            (
                &rollout(
                    "1",
                    r#"{"currentPodHash":"a","conditions":[{"type":"Completed","status":"False","lastTransitionTime":"x"}]}"#,
                ),
                "`items[0].status.conditions[0].lastTransitionTime`: expected a time, e.g. `2026-12-24T12:00:00Z`, found \"x\"",
            ),
        ] {
            assert_eq!(
                read_text(&[object.to_owned()]).unwrap_err().to_string(),
                said
            );
        }
    }
}
