//! Argo CD: the history in the status of its `Application` objects.
//!
//! An entry is a sync that was completed. A sync of the same revision with the same overrides is no deployment. Entries have
//! the fields of `RevisionHistory` in `pkg/apis/application/v1alpha1/types.go` of Argo CD.

use crate::document::{Node, objects, values};
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{ReadError, Reading, Scope};

/// The name of the source.
pub const SOURCE: &str = "argo-cd";

/// What overrides the contents of a revision, in a source.
const OVERRIDES: [&str; 4] = ["helm", "kustomize", "directory", "plugin"];

/// Reads one application or several: an object, a list, or the answer of `/api/v1/applications`.
///
/// # Errors
///
/// If it is not JSON, or an application or an entry of its history lacks what Argo CD always writes.
pub fn read(bytes: &[u8], scope: &Scope) -> Result<Reading, ReadError> {
    let values = values(bytes)?;
    let mut reading = Reading::default();
    for application in objects(&values)? {
        read_application(&application, scope, &mut reading)?;
    }
    Ok(reading)
}

fn read_application(
    application: &Node<'_>,
    scope: &Scope,
    reading: &mut Reading,
) -> Result<(), ReadError> {
    if let Some(kind) = application.get("kind")
        && kind.text()? != "Application"
    {
        return Err(kind.unexpected("`Application`"));
    }
    let metadata = application.require("metadata")?;
    let name = metadata.require("name")?.text()?;
    let namespace = metadata.optional_text("namespace")?.unwrap_or("argocd");
    let path = format!("{namespace}/{name}");
    let history = match application.get("status") {
        Some(status) => status.list("history")?,
        None => Vec::new(),
    };
    let mut entries = Vec::new();
    for entry in &history {
        entries.push((entry.require("id")?.integer()?, read_entry(entry)?));
    }
    let Some(service) = scope.services.find(&[&path, name]) else {
        reading.unmapped(name, entries.len());
        return Ok(());
    };
    entries.sort_by_key(|(id, rollout)| (rollout.started, *id));
    let rollouts = entries.into_iter().map(|(_, rollout)| rollout).collect();
    let object = Object {
        source: SOURCE,
        parts: &[&path],
        service,
        continues: Continues::Nothing,
    };
    sequence::add(reading, scope, object, rollouts);
    Ok(())
}

fn read_entry(entry: &Node<'_>) -> Result<Rollout, ReadError> {
    let finished = entry.require("deployedAt")?.time()?;
    let started = entry.optional_time("deployStartedAt")?;
    let revisions = entry.list("revisions")?;
    let revision = match revisions.as_slice() {
        [] => entry.require("revision")?.text()?.to_owned(),
        several => {
            let texts = several.iter().map(Node::text);
            texts.collect::<Result<Vec<_>, _>>()?.join(", ")
        }
    };
    let initiator = entry.get("initiatedBy");
    let by = match &initiator {
        Some(initiator) => match initiator.optional_text("username")? {
            Some(name) => Some(name.to_owned()),
            None => initiator.flag("automated")?.then(|| "Argo CD".to_owned()),
        },
        None => None,
    };
    Ok(Rollout {
        artifact: Artifact::Text(format!("{revision}{}", overrides(entry)?)),
        version: Some(revision.clone()),
        revision,
        started: started.unwrap_or(finished),
        finished: Some(finished),
        rolled_back: None,
        url: None,
        by,
        kind: Kind::Deployed,
    })
}

/// What overrides the contents of the revisions: parameters of Helm, images of Kustomize.
fn overrides(entry: &Node<'_>) -> Result<String, ReadError> {
    let mut sources = entry.list("sources")?;
    if sources.is_empty() {
        sources.extend(entry.get("source"));
    }
    let mut text = String::new();
    for source in &sources {
        for name in OVERRIDES {
            if let Some(set) = source.get(name) {
                text.push_str(&format!("\n{name} {}", set.json()));
            }
        }
    }
    Ok(text)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Skipped;
    use crate::tests::{lines, scope};

    fn application(history: &str) -> String {
        format!(
            r#"{{"kind":"Application","metadata":{{"name":"checkout","namespace":"argocd"}},"status":{{"history":[{history}]}}}}"#
        )
    }

    fn entry(id: u32, revision: &str, hour: u32, more: &str) -> String {
        format!(
            r#"{{"id":{id},"revision":"{revision}","deployStartedAt":"2026-11-20T{hour:02}:00:00Z","deployedAt":"2026-11-20T{hour:02}:01:00Z"{more}}}"#
        )
    }

    fn read_text(text: &str) -> Result<Reading, ReadError> {
        read(text.as_bytes(), &scope())
    }

    #[test]
    fn each_revision_is_a_deployment() {
        let history = [
            entry(0, "aaa", 9, r#","initiatedBy":{"username":"ada"}"#),
            entry(1, "aaa", 10, ""),
            entry(2, "bbb", 11, r#","initiatedBy":{"automated":true}"#),
            entry(3, "aaa", 12, ""),
        ];
        let reading = read_text(&application(&history.join(","))).unwrap();
        assert_eq!(
            lines(&reading),
            [
                "argo-cd:shop:production:argocd/checkout:aaa:1795165200 checkout aaa from - 09:00:00 to 09:01:00 by ada",
                "argo-cd:shop:production:argocd/checkout:bbb:1795172400 checkout bbb from aaa 11:00:00 to 11:01:00 by Argo CD, rolled back 12:00:00",
            ]
        );
        assert_eq!(
            reading.skipped,
            [(Skipped::SameArtifact, 1), (Skipped::RollBack, 1)].into()
        );
    }

    #[test]
    fn overrides_are_a_part_of_the_artifact() {
        let image = |tag: &str| {
            format!(
                r#","source":{{"targetRevision":"main","kustomize":{{"images":["app:{tag}"]}}}}"#
            )
        };
        let history = [
            entry(0, "aaa", 9, &image("1.4")),
            entry(1, "aaa", 10, &image("1.5")),
            entry(2, "aaa", 11, &image("1.5")),
        ];
        let reading = read_text(&application(&history.join(","))).unwrap();
        assert_eq!(reading.deployments.len(), 2);
        assert_eq!(reading.skipped, [(Skipped::SameArtifact, 1)].into());
    }

    #[test]
    fn several_sources_have_several_revisions() {
        let history = r#"{"id":7,"revisions":["aaa","1.2.0"],"deployedAt":"2026-11-20T09:00:00Z"}"#;
        let reading = read_text(&application(history)).unwrap();
        assert_eq!(
            lines(&reading),
            [
                "argo-cd:shop:production:argocd/checkout:aaa, 1.2.0:1795165200 checkout aaa, 1.2.0 from - 09:00:00 to 09:00:00"
            ]
        );
    }

    #[test]
    fn lists_have_applications_of_other_projects() {
        let list = format!(
            r#"{{"items":[{},{{"metadata":{{"name":"other"}},"status":{{"history":[{}]}}}},{{"metadata":{{"name":"new"}}}}]}}"#,
            application(&entry(0, "aaa", 9, "")),
            entry(0, "ccc", 9, ""),
        );
        let reading = read_text(&list).unwrap();
        assert_eq!(reading.deployments.len(), 1);
        assert_eq!(reading.unmapped, [("other".to_owned(), 1)].into());
        assert_eq!(
            read_text(r#"{"metadata":{},"items":null}"#).unwrap(),
            Reading::default()
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, said) in [
            (
                r#"{"kind":"Rollout"}"#,
                "`kind`: expected `Application`, found \"Rollout\"",
            ),
            (
                r#"{"error":"permission denied","code":7}"#,
                "missing `metadata`",
            ),
            (
                &application(r#"{"id":1,"deployedAt":"2026-11-20T09:00:00Z"}"#),
                "missing `status.history[0].revision`",
            ),
            (
                &application(r#"{"id":1,"revision":"a","deployedAt":7}"#),
                "`status.history[0].deployedAt`: expected a text, found 7",
            ),
            (
                r#"{"metadata":{"name":"checkout"},"status":{"history":{}}}"#,
                "`status.history`: expected a list, found an object",
            ),
        ] {
            assert_eq!(read_text(text).unwrap_err().to_string(), said);
        }
    }
}
