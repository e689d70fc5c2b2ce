//! GitHub: deployments and their statuses, as its REST API and its webhooks have them.
//!
//! A document has deployments (`/repos/…/deployments`), each alone or with its `statuses`; statuses
//! (`/repos/…/deployments/…/statuses`); or events `deployment_status` of a webhook. They are joined by the address of the
//! deployment. A deployment counts from its first status `in_progress`, `success`, `failure` or `error`.

use std::collections::BTreeMap;

use crate::document::{Node, objects, values};
use crate::environments::Environments;
use crate::key::page_url;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{ReadError, Reading, Scope, Skipped};

/// The name of the source.
pub const SOURCE: &str = "github";

/// A deployment of GitHub.
struct Created {
    /// `owner/name`.
    repository: String,
    environment: String,
    version: String,
    created: i64,
    by: Option<String>,
}

/// A status of a deployment.
#[derive(Clone)]
struct Status {
    at: i64,
    state: String,
    url: Option<String>,
}

/// Reads deployments, statuses and events, in any order.
///
/// # Errors
///
/// If a document is not JSON, or an object lacks what GitHub always writes.
pub fn read(bytes: &[u8], scope: &Scope) -> Result<Reading, ReadError> {
    let all = values(bytes)?;
    let mut created: BTreeMap<String, Created> = BTreeMap::new();
    let mut statuses: BTreeMap<String, Vec<Status>> = BTreeMap::new();
    for object in objects(&all)? {
        if let (Some(deployment), Some(event)) =
            (object.get("deployment"), object.get("deployment_status"))
        {
            let url = add_deployment(&deployment, &mut created, &mut statuses)?;
            statuses.entry(url).or_default().push(status(&event)?);
        } else if object.get("deployment_url").is_some() {
            let url = object.require("deployment_url")?.text()?.to_owned();
            statuses.entry(url).or_default().push(status(&object)?);
        } else {
            add_deployment(&object, &mut created, &mut statuses)?;
        }
    }
    let mut reading = Reading::default();
    let mut environments = Environments::new(scope);
    let mut rollouts: BTreeMap<String, Vec<Rollout>> = BTreeMap::new();
    for (url, created) in created {
        if !environments.accepts(&created.environment, &mut reading) {
            continue;
        }
        let statuses = statuses.remove(&url).unwrap_or_default();
        match rollout(&created, statuses) {
            Ok(rollout) => rollouts
                .entry(created.repository)
                .or_default()
                .push(rollout),
            Err(reason) => reading.skip(reason, 1),
        }
    }
    environments.finish()?;
    for (repository, mut rollouts) in rollouts {
        let name = repository.rsplit('/').next().unwrap_or(&repository);
        let Some(service) = scope.services.find(&[&repository, name]) else {
            reading.unmapped(&repository, rollouts.len());
            continue;
        };
        rollouts.sort_by_key(|rollout| rollout.started);
        let object = Object {
            source: SOURCE,
            parts: &[&repository, service],
            service,
            continues: Continues::Object,
        };
        sequence::add(&mut reading, scope, object, rollouts);
    }
    Ok(reading)
}

/// Adds a deployment with its statuses, and returns its address.
fn add_deployment(
    deployment: &Node<'_>,
    created: &mut BTreeMap<String, Created>,
    statuses: &mut BTreeMap<String, Vec<Status>>,
) -> Result<String, ReadError> {
    let url = deployment.require("url")?.text()?.to_owned();
    let repository = deployment.require("repository_url")?;
    let (_, path) = repository
        .text()?
        .rsplit_once("/repos/")
        .ok_or_else(|| repository.unexpected("the address of a repository"))?;
    let creator = deployment.get("creator");
    let by = match &creator {
        Some(creator) => creator.optional_text("login")?,
        None => None,
    };
    let found = Created {
        repository: path.to_owned(),
        environment: deployment.require("environment")?.text()?.to_owned(),
        version: deployment.require("sha")?.text()?.to_owned(),
        created: deployment.require("created_at")?.time()?,
        by: by.map(str::to_owned),
    };
    let own = statuses.entry(url.clone()).or_default();
    if let Some(list) = deployment.get("statuses").filter(Node::is_list) {
        for one in list.items()? {
            own.push(status(&one)?);
        }
    }
    created.insert(url.clone(), found);
    Ok(url)
}

fn status(object: &Node<'_>) -> Result<Status, ReadError> {
    let state = object.require("state")?;
    match state.text()? {
        "queued" | "pending" | "waiting" | "in_progress" | "success" | "failure" | "error"
        | "inactive" => {}
        _ => return Err(state.unexpected("a state of a deployment")),
    }
    let mut url = None;
    for name in ["log_url", "target_url"] {
        let found = object.optional_text(name)?.and_then(page_url);
        url = url.or_else(|| found.map(str::to_owned));
    }
    Ok(Status {
        at: object.require("created_at")?.time()?,
        state: state.text()?.to_owned(),
        url,
    })
}

/// The roll-out of a deployment with its statuses, or the reason why there is none.
fn rollout(created: &Created, mut statuses: Vec<Status>) -> Result<Rollout, Skipped> {
    if statuses.is_empty() {
        return Err(Skipped::NoStatus);
    }
    statuses.sort_by_key(|status| status.at);
    let first = |states: &[&str]| {
        let mut found = statuses.iter();
        found.find(|status| states.contains(&status.state.as_str()))
    };
    let begun = first(&["in_progress"]);
    let succeeded = first(&["success"]);
    let failed = first(&["failure", "error"]);
    let end = succeeded.or(failed);
    let started = match (begun, end) {
        (Some(begun), Some(end)) => begun.at.min(end.at),
        (Some(begun), None) => begun.at,
        // Tools that report the end alone: it began when it was created, if it succeeded.
        (None, Some(_)) if succeeded.is_some() => created.created,
        (None, _) => return Err(Skipped::NotStarted),
    };
    let last = statuses.iter().rev();
    Ok(Rollout {
        revision: created.version.clone(),
        version: Some(created.version.clone()),
        artifact: Artifact::Text(created.version.clone()),
        started,
        finished: end.map(|end| end.at.max(started)),
        rolled_back: None,
        url: last.filter_map(|status| status.url.clone()).next(),
        by: created.by.clone(),
        kind: match succeeded {
            None if failed.is_some() => Kind::Failed,
            _ => Kind::Deployed,
        },
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{lines, scope};

    fn deployment(id: u32, sha: &str, environment: &str, hour: u32) -> String {
        format!(
            r#"{{"id":{id},"url":"https://api.github.com/repos/shop/checkout/deployments/{id}",
            "repository_url":"https://api.github.com/repos/shop/checkout","sha":"{sha}","environment":"{environment}",
            "created_at":"2026-11-20T{hour:02}:00:00Z","creator":{{"login":"ada"}}}}"#
        )
    }

    fn status_text(id: u32, state: &str, time: &str) -> String {
        format!(
            r#"{{"state":"{state}","created_at":"2026-11-20T{time}Z","log_url":"https://ci.example.com/{id}",
            "deployment_url":"https://api.github.com/repos/shop/checkout/deployments/{id}"}}"#
        )
    }

    fn read_texts(scope: &Scope, texts: &[String]) -> Result<Reading, ReadError> {
        read(texts.join("\n").as_bytes(), scope)
    }

    #[test]
    fn statuses_say_when_it_began_and_ended() {
        let deployments = format!(
            "[{},{},{}]",
            deployment(1, "aaa", "production", 9),
            deployment(2, "bbb", "production", 10),
            deployment(3, "ccc", "staging", 11)
        );
        let statuses = [
            status_text(1, "success", "09:03:00"),
            status_text(1, "in_progress", "09:00:30"),
            status_text(2, "inactive", "12:00:00"),
            status_text(2, "success", "10:04:00"),
        ];
        let reading = read_texts(
            &scope(),
            &[deployments, format!("[{}]", statuses.join(","))],
        )
        .unwrap();
        assert_eq!(
            lines(&reading),
            [
                "github:shop:production:shop/checkout:checkout:aaa:1795165230 checkout aaa from - 09:00:30 to 09:03:00 by ada https://ci.example.com/1",
                "github:shop:production:shop/checkout:checkout:bbb:1795168800 checkout bbb from aaa 10:00:00 to 10:04:00 by ada https://ci.example.com/2",
            ]
        );
        assert_eq!(
            reading.other_environments,
            [("staging".to_owned(), 1)].into()
        );
    }

    #[test]
    fn what_was_not_rolled_out_is_none() {
        let all = [
            deployment(1, "aaa", "production", 9),
            deployment(2, "bbb", "production", 10),
            status_text(2, "failure", "10:01:00"),
            deployment(3, "ccc", "production", 11),
            status_text(3, "in_progress", "11:01:00"),
            status_text(3, "error", "11:05:00"),
            deployment(4, "ddd", "Production", 12),
            status_text(4, "waiting", "12:01:00"),
        ];
        let reading = read_texts(&scope(), &[all.join("\n")]).unwrap();
        assert_eq!(
            lines(&reading),
            [
                "github:shop:production:shop/checkout:checkout:ccc:1795172460 checkout ccc from - 11:01:00 to 11:05:00 by ada https://ci.example.com/3"
            ]
        );
        let skipped = [(Skipped::NoStatus, 1), (Skipped::NotStarted, 2)];
        assert_eq!(reading.skipped, skipped.into());
    }

    #[test]
    fn events_come_one_at_a_time() {
        let event = |id: u32, sha: &str, hour: u32| {
            format!(
                r#"{{"action":"created","deployment":{},"deployment_status":{}}}"#,
                deployment(id, sha, "production", hour),
                status_text(id, "success", &format!("{hour:02}:05:00"))
            )
        };
        let mut scope = scope();
        for (id, sha, hour, count) in [
            (1, "aaa", 9, 1),
            (2, "bbb", 10, 1),
            (3, "bbb", 11, 0),
            (4, "aaa", 12, 1),
        ] {
            let reading = read_texts(&scope, &[event(id, sha, hour)]).unwrap();
            assert_eq!(reading.deployments.len(), count, "{id}");
            if id == 4 {
                assert!(lines(&reading)[0].ends_with(", rolled back 12:00:00"));
                assert!(lines(&reading)[0].contains(" bbb from aaa "));
            }
            scope.known.extend(reading.deployments);
        }
    }

    #[test]
    fn environments_must_be_clear() {
        let mut plain = scope();
        plain.environment = None;
        plain.from_environment = None;
        let one = [
            deployment(1, "aaa", "live", 9),
            status_text(1, "success", "09:03:00"),
        ];
        assert_eq!(read_texts(&plain, &one).unwrap().deployments.len(), 1);
        let two = [
            one[0].clone(),
            one[1].clone(),
            deployment(2, "bbb", "staging", 9),
        ];
        assert_eq!(
            read_texts(&plain, &two).unwrap_err().to_string(),
            "deployments in several environments: `live`, `staging`"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, said) in [
            (r#"{"message":"Not Found"}"#, "missing `url`"),
            (
                &deployment(1, "aaa", "production", 9).replace("/repos/", "/r/"),
                "`repository_url`: expected the address of a repository, found \"https://api.github.com/r/shop/checkout\"",
            ),
            (
                &status_text(1, "done", "09:00:00"),
                "`state`: expected a state of a deployment, found \"done\"",
            ),
        ] {
            let error = read_texts(&scope(), &[text.to_owned()]).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
    }
}
