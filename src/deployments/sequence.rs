//! Which roll-outs of an object are deployments: new artifacts are, the same artifact again is none, and a return to an
//! earlier one is a roll-back.

use std::collections::BTreeMap;

use nth_ledger::Deployment;

use crate::images::Images;
use crate::key::{key, prefix};
use crate::{Reading, Scope, Skipped};

/// The object whose roll-outs are compared with one another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object<'o> {
    /// Where it was read, which is part of the key.
    pub source: &'o str,
    /// What identifies the object in the source.
    pub parts: &'o [&'o str],
    /// The service.
    pub service: &'o str,
    /// With which roll-outs in the ledger they are compared.
    pub continues: Continues,
}

/// The roll-outs in the ledger with which those of a document are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continues {
    /// None: the document has the history, or versions do not identify artifacts.
    Nothing,
    /// Those of the same object.
    Object,
    /// Those of the same source and service.
    Source,
}

/// A roll-out.
#[derive(Debug, Clone)]
pub(crate) struct Rollout {
    /// The part of the key that identifies the version.
    pub revision: String,
    /// The version, for people.
    pub version: Option<String>,
    /// The artifact.
    pub artifact: Artifact,
    /// The start, in seconds since 1970.
    pub started: i64,
    /// The end.
    pub finished: Option<i64>,
    /// When it was rolled back, if the source says so.
    pub rolled_back: Option<i64>,
    /// A page about it.
    pub url: Option<String>,
    /// Who started it.
    pub by: Option<String>,
    /// What is known about the roll-out.
    pub kind: Kind,
}

/// What is known about a roll-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An artifact is rolled out.
    Deployed,
    /// The same, but it failed: the artifact before may still run.
    Failed,
    /// The artifact runs already; when it was rolled out is unknown.
    Baseline,
    /// An earlier artifact is rolled out again, says the source.
    Return,
}

/// What is rolled out.
#[derive(Debug, Clone)]
pub(crate) enum Artifact {
    /// A text identifies it.
    Text(String),
    /// The images of its containers.
    Images(Images),
    /// It is unknown, so that it equals no other.
    Unknown,
}

impl Artifact {
    /// Whether both are certainly the same.
    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Images(one), Self::Images(other)) => one.is_same(other),
            _ => false,
        }
    }
}

/// A roll-out whose artifact may run.
struct Running {
    artifact: Artifact,
    version: Option<String>,
    key: String,
    has_failed: bool,
}

/// Adds the deployments of an object to a reading. The roll-outs must be in the order of their starts.
pub(crate) fn add(
    reading: &mut Reading,
    scope: &Scope,
    object: Object<'_>,
    rollouts: Vec<Rollout>,
) {
    let mut rolls = Rolls::new(scope, object);
    for rollout in rollouts {
        match rolls.add(rollout) {
            Some(reason) => reading.skip(reason, 1),
            None => continue,
        }
    }
    reading.deployments.extend(rolls.changed.into_values());
    reading.sort();
}

struct Rolls<'s> {
    scope: &'s Scope,
    object: Object<'s>,
    /// The roll-outs whose artifacts may run, the newest last.
    running: Vec<Running>,
    /// The deployments by key that are new, or about which something is new.
    changed: BTreeMap<String, Deployment>,
    /// The deployments of the object in the ledger that are earlier than what is read, the next one last.
    earlier: Vec<&'s Deployment>,
}

impl<'s> Rolls<'s> {
    fn new(scope: &'s Scope, object: Object<'s>) -> Self {
        let prefix = prefix(scope, object.source, object.parts);
        let is_own = |known: &&Deployment| {
            known.service == object.service
                && match object.continues {
                    Continues::Nothing => false,
                    Continues::Object => known.key.starts_with(&prefix),
                    Continues::Source => known.source == object.source,
                }
        };
        Self {
            scope,
            object,
            running: Vec::new(),
            changed: BTreeMap::new(),
            earlier: scope.known.iter().rev().filter(is_own).collect(),
        }
    }

    /// Replays what the ledger has from before a time.
    fn replay(&mut self, until: i64) {
        let scope = self.scope;
        let runs = |known: &Deployment| known.rolled_back.is_none_or(|at| at >= until);
        self.running.retain(|running| {
            let mut known = scope.known.iter();
            known
                .find(|known| known.key == running.key)
                .is_none_or(runs)
        });
        while let Some(known) = self.earlier.last().filter(|known| known.started <= until) {
            let known = *known;
            self.earlier.pop();
            // What was rolled back by then does not run, and what it was rolled back to does.
            if runs(known) {
                self.running.push(Running {
                    artifact: match &known.version {
                        Some(version) => Artifact::Text(version.clone()),
                        None => Artifact::Unknown,
                    },
                    version: known.version.clone(),
                    key: known.key.clone(),
                    has_failed: false,
                });
            }
        }
    }

    /// Adds a roll-out. Returns the reason if it is no deployment.
    fn add(&mut self, rollout: Rollout) -> Option<Skipped> {
        let mut parts = self.object.parts.to_vec();
        parts.push(&rollout.revision);
        let key = key(self.scope, self.object.source, &parts, rollout.started);
        // The ledger may have this roll-out itself: it is not compared with itself.
        self.earlier.retain(|known| known.key != key);
        self.replay(rollout.started);
        let same = self.running.iter().rposition(|running| {
            !running.has_failed && running.artifact.is_same(&rollout.artifact)
        });
        if let Some(place) = same {
            let reverted = self.running.split_off(place + 1);
            let is_return = !reverted.is_empty();
            for reverted in reverted {
                self.roll_back(&reverted.key, rollout.started);
            }
            return match rollout.kind {
                Kind::Baseline => None,
                _ if is_return => Some(Skipped::RollBack),
                _ => Some(Skipped::SameArtifact),
            };
        }
        let previous = self
            .running
            .iter()
            .rev()
            .find(|running| !running.has_failed);
        let previous = previous.and_then(|running| running.version.clone());
        let running = Running {
            artifact: rollout.artifact,
            version: rollout.version.clone(),
            key: key.clone(),
            has_failed: rollout.kind == Kind::Failed,
        };
        match rollout.kind {
            Kind::Baseline => {
                self.running.push(running);
                return None;
            }
            Kind::Return => {
                // It returns to something before all that is known, so that the last one at least is reverted.
                let kept = self.running.iter().rposition(|running| !running.has_failed);
                for reverted in self.running.split_off(kept.unwrap_or(0)) {
                    self.roll_back(&reverted.key, rollout.started);
                }
                self.running.push(running);
                return Some(Skipped::RollBack);
            }
            Kind::Deployed | Kind::Failed => {}
        }
        // A roll-out that was aborted does not run any more.
        if rollout.rolled_back.is_none() {
            self.running.push(running);
        }
        let known = self.known(&key);
        let deployment = Deployment {
            project: self.scope.project.clone(),
            environment: self.scope.environment.clone(),
            service: self.object.service.to_owned(),
            started: known.map_or(rollout.started, |known| known.started),
            finished: rollout.finished.filter(|end| *end >= rollout.started),
            version: rollout.version,
            previous,
            source: self.object.source.to_owned(),
            url: rollout.url,
            by: rollout.by,
            // The first time that is read is the closest one.
            rolled_back: known
                .and_then(|known| known.rolled_back)
                .or(rollout.rolled_back)
                .filter(|end| *end >= rollout.started),
            key: key.clone(),
        };
        self.changed.insert(key, deployment);
        None
    }

    fn known(&self, key: &str) -> Option<&'s Deployment> {
        self.scope.known.iter().find(|known| known.key == key)
    }

    /// Marks a deployment as rolled back, unless it was before.
    fn roll_back(&mut self, key: &str, at: i64) {
        let known = self.known(key);
        if let Some(changed) = self.changed.get_mut(key) {
            changed.rolled_back.get_or_insert(at.max(changed.started));
        } else if let Some(known) = known.filter(|known| known.rolled_back.is_none()) {
            let mut known = known.clone();
            known.rolled_back = Some(at.max(known.started));
            self.changed.insert(key.to_owned(), known);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::scope;

    fn rollout(version: &str, started: i64, kind: Kind) -> Rollout {
        Rollout {
            revision: version.to_owned(),
            version: Some(version.to_owned()),
            artifact: Artifact::Text(version.to_owned()),
            started,
            finished: None,
            rolled_back: None,
            url: None,
            by: None,
            kind,
        }
    }

    fn read(scope: &Scope, rollouts: &[(&str, i64, Kind)]) -> Reading {
        let object = Object {
            source: "test",
            parts: &["shop/checkout"],
            service: "checkout",
            continues: Continues::Object,
        };
        let mut reading = Reading::default();
        let rollouts = rollouts
            .iter()
            .map(|(version, started, kind)| rollout(version, *started, *kind));
        add(&mut reading, scope, object, rollouts.collect());
        reading
    }

    /// Deployments as `version<previous@start!rolled back`.
    fn texts(reading: &Reading) -> Vec<String> {
        let text = |found: &Deployment| {
            let version = found.version.clone().unwrap_or_default();
            let previous = found.previous.clone().unwrap_or_default();
            let end = found.rolled_back.map(|end| format!("!{end}"));
            format!(
                "{version}<{previous}@{}{}",
                found.started,
                end.unwrap_or_default()
            )
        };
        reading.deployments.iter().map(text).collect()
    }

    #[test]
    fn the_same_artifact_again_is_none() {
        use Kind::Deployed;
        let reading = read(
            &scope(),
            &[
                ("a", 1, Deployed),
                ("a", 2, Deployed),
                ("b", 3, Deployed),
                ("b", 4, Deployed),
            ],
        );
        assert_eq!(texts(&reading), ["a<@1", "b<a@3"]);
        assert_eq!(reading.skipped, [(Skipped::SameArtifact, 2)].into());
    }

    #[test]
    fn a_return_rolls_back_all_that_it_reverts() {
        use Kind::Deployed;
        let reading = read(
            &scope(),
            &[
                ("a", 1, Deployed),
                ("b", 2, Deployed),
                ("c", 3, Deployed),
                ("a", 4, Deployed),
            ],
        );
        assert_eq!(texts(&reading), ["a<@1", "b<a@2!4", "c<b@3!4"]);
        // What was reverted can be deployed again.
        let reading = read(
            &scope(),
            &[
                ("a", 1, Deployed),
                ("b", 2, Deployed),
                ("a", 3, Deployed),
                ("b", 4, Deployed),
            ],
        );
        assert_eq!(texts(&reading), ["a<@1", "b<a@2!3", "b<a@4"]);
    }

    #[test]
    fn a_failed_roll_out_is_one_and_may_be_repeated() {
        use Kind::{Deployed, Failed};
        let reading = read(
            &scope(),
            &[("a", 1, Deployed), ("b", 2, Failed), ("b", 3, Deployed)],
        );
        assert_eq!(texts(&reading), ["a<@1", "b<a@2", "b<a@3"]);
        let reading = read(
            &scope(),
            &[("a", 1, Deployed), ("b", 2, Failed), ("a", 3, Deployed)],
        );
        assert_eq!(texts(&reading), ["a<@1", "b<a@2!3"]);
    }

    #[test]
    fn a_baseline_is_no_deployment() {
        use Kind::{Baseline, Deployed, Return};
        let reading = read(&scope(), &[("a", 1, Baseline), ("b", 2, Deployed)]);
        assert_eq!(texts(&reading), ["b<a@2"]);
        // A return to something unknown reverts the last one.
        let reading = read(
            &scope(),
            &[
                ("b", 1, Baseline),
                ("c", 2, Deployed),
                ("d", 3, Deployed),
                ("a", 4, Return),
            ],
        );
        assert_eq!(texts(&reading), ["c<b@2", "d<c@3!4"]);
        assert_eq!(reading.skipped, [(Skipped::RollBack, 1)].into());
    }

    #[test]
    fn documents_continue_one_another() {
        use Kind::Deployed;
        let mut scope = scope();
        for (version, at) in [("a", 1), ("b", 2)] {
            let reading = read(&scope, &[(version, at, Deployed)]);
            assert_eq!(reading.deployments.len(), 1);
            scope.known.extend(reading.deployments);
        }
        // A document that is read again says the same.
        let again = read(&scope, &[("a", 1, Deployed), ("b", 2, Deployed)]);
        assert_eq!(again.deployments, scope.known);
        let alone = read(&scope, &[("b", 2, Deployed)]);
        assert_eq!(alone.deployments, scope.known[1..]);
        let same = read(&scope, &[("b", 3, Deployed)]);
        assert_eq!(same.deployments, []);
        let next = read(&scope, &[("c", 3, Deployed)]);
        assert_eq!(texts(&next), ["c<b@3"]);
        let back = read(&scope, &[("a", 4, Deployed)]);
        assert_eq!(texts(&back), ["b<a@2!4"]);
        scope.known[1] = back.deployments[0].clone();
        // It was rolled back at 4, and is not again.
        let again = read(&scope, &[("a", 9, Deployed)]);
        assert_eq!(again.deployments, []);
        // An older document does not know of the roll-back.
        let older = read(&scope, &[("b", 2, Deployed)]);
        assert_eq!(texts(&older), ["b<a@2!4"]);
    }
}
