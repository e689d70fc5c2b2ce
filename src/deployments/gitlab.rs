//! GitLab: the deployments of its API (`/projects/…/deployments`).
//!
//! A deployment counts once its job has started. One that failed counts too, since the new version may run.

use std::collections::BTreeMap;

use crate::document::{Node, objects, values};
use crate::environments::Environments;
use crate::key::page_url;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::{ReadError, Reading, Scope, Skipped};

/// The name of the source.
pub const SOURCE: &str = "gitlab";

/// Reads one deployment or several.
///
/// # Errors
///
/// If it is not JSON, or a deployment lacks what GitLab always writes.
pub fn read(bytes: &[u8], scope: &Scope) -> Result<Reading, ReadError> {
    let values = values(bytes)?;
    let mut reading = Reading::default();
    let mut environments = Environments::new(scope);
    let mut rollouts: BTreeMap<String, Vec<Rollout>> = BTreeMap::new();
    for deployment in objects(&values)? {
        let environment = deployment.require("environment")?.require("name")?.text()?;
        let project = project(&deployment)?;
        let found = rollout(&deployment)?;
        if !environments.accepts(environment, &mut reading) {
            continue;
        }
        match found {
            Ok(rollout) => rollouts.entry(project).or_default().push(rollout),
            Err(reason) => reading.skip(reason, 1),
        }
    }
    environments.finish()?;
    for (project, mut rollouts) in rollouts {
        let name = project.rsplit('/').next().unwrap_or(&project);
        let Some(service) = scope.services.find(&[&project, name]) else {
            let name = match project.as_str() {
                "" => "a project without a name",
                name => name,
            };
            reading.unmapped(name, rollouts.len());
            continue;
        };
        rollouts.sort_by_key(|rollout| rollout.started);
        let object = Object {
            source: SOURCE,
            parts: &[&project, service],
            service,
            continues: Continues::Object,
        };
        sequence::add(&mut reading, scope, object, rollouts);
    }
    Ok(reading)
}

/// The path of the project, `group/name`, from the address of the pipeline or the job. Empty if the deployment has neither.
fn project(deployment: &Node<'_>) -> Result<String, ReadError> {
    for path in [
        &["deployable", "pipeline", "web_url"][..],
        &["deployable", "web_url"],
        &["deployable", "commit", "web_url"],
    ] {
        let Some(node) = deployment.find(path) else {
            continue;
        };
        let url = node.text()?;
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let page = rest.split_once("/-/").map_or(rest, |(page, _)| page);
        return match page.split_once('/') {
            Some((_, project)) if !project.is_empty() => Ok(project.to_owned()),
            _ => Err(node.unexpected("the address of a page in a project")),
        };
    }
    Ok(String::new())
}

/// The roll-out of a deployment, or the reason why there is none.
fn rollout(deployment: &Node<'_>) -> Result<Result<Rollout, Skipped>, ReadError> {
    let status = deployment.require("status")?;
    let kind = match status.text()? {
        "success" | "running" => Kind::Deployed,
        "failed" => Kind::Failed,
        "created" | "canceled" | "blocked" | "skipped" => return Ok(Err(Skipped::NotStarted)),
        _ => return Err(status.unexpected("a status of a deployment")),
    };
    let is_running = status.text()? == "running";
    let created = deployment.require("created_at")?.time()?;
    let version = deployment.require("sha")?.text()?.to_owned();
    let job = deployment.get("deployable");
    let (mut started, mut finished, mut url) = (None, None, None);
    if let Some(job) = &job {
        started = job.optional_time("started_at")?;
        finished = job.optional_time("finished_at")?;
        let page = match job.optional_text("web_url")? {
            Some(page) => Some(page),
            None => match job.get("pipeline") {
                Some(pipeline) => pipeline.optional_text("web_url")?,
                None => None,
            },
        };
        url = page.and_then(page_url).map(str::to_owned);
        if kind == Kind::Failed && started.is_none() {
            return Ok(Err(Skipped::NotStarted));
        }
    }
    let finished = match (finished, deployment.optional_time("finished_at")?) {
        (Some(job), _) => Some(job),
        (None, Some(end)) => Some(end),
        (None, None) => deployment.optional_time("updated_at")?,
    };
    let user = deployment.get("user");
    let by = match &user {
        Some(user) => user.optional_text("username")?,
        None => None,
    };
    Ok(Ok(Rollout {
        revision: version.clone(),
        artifact: Artifact::Text(version.clone()),
        version: Some(version),
        started: started.unwrap_or(created),
        finished: finished.filter(|_| !is_running),
        rolled_back: None,
        url,
        by: by.map(str::to_owned),
        kind,
    }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::tests::{lines, scope};

    fn deployment(sha: &str, status: &str, hour: u32) -> String {
        format!(
            r#"{{"id":{hour},"sha":"{sha}","ref":"main","status":"{status}","created_at":"2026-11-20T{hour:02}:00:00.123Z",
            "updated_at":"2026-11-20T{hour:02}:09:00.000Z","environment":{{"id":1,"name":"production"}},
            "user":{{"username":"ada"}},
            "deployable":{{"id":7,"started_at":"2026-11-20T{hour:02}:01:00.5Z","finished_at":"2026-11-20T{hour:02}:05:00Z",
            "pipeline":{{"id":3,"web_url":"https://gitlab.example.com/shop/web/checkout/-/pipelines/3"}}}}}}"#
        )
    }

    #[test]
    fn jobs_say_when_it_began_and_ended() {
        let all = [
            deployment("aaa", "success", 9),
            deployment("bbb", "failed", 10),
            deployment("bbb", "created", 11),
            deployment("aaa", "success", 12),
            deployment("ccc", "running", 13)
                .replace(r#""finished_at":"2026-11-20T13:05:00Z","#, ""),
        ];
        let reading = read(format!("[{}]", all.join(",")).as_bytes(), &scope()).unwrap();
        let page = "https://gitlab.example.com/shop/web/checkout/-/pipelines/3";
        assert_eq!(
            lines(&reading),
            [
                format!(
                    "gitlab:shop:production:shop/web/checkout:checkout:aaa:1795165260 checkout aaa from - 09:01:00 to 09:05:00 by ada {page}"
                ),
                format!(
                    "gitlab:shop:production:shop/web/checkout:checkout:bbb:1795168860 checkout bbb from aaa 10:01:00 to 10:05:00 by ada {page}, rolled back 12:01:00"
                ),
                format!(
                    "gitlab:shop:production:shop/web/checkout:checkout:ccc:1795179660 checkout ccc from aaa 13:01:00 by ada {page}"
                ),
            ]
        );
        let skipped = [(Skipped::RollBack, 1), (Skipped::NotStarted, 1)];
        assert_eq!(reading.skipped, skipped.into());
    }

    #[test]
    fn a_project_may_have_no_name() {
        let text = r#"{"sha":"aaa","status":"success","created_at":"2026-11-20T09:00:00Z","environment":{"name":"production"},"deployable":null}"#;
        let reading = read(text.as_bytes(), &scope()).unwrap();
        assert_eq!(
            reading.unmapped,
            [("a project without a name".to_owned(), 1)].into()
        );
        let mut scope = scope();
        scope.services = scope.services.only("checkout");
        let reading = read(text.as_bytes(), &scope).unwrap();
        assert_eq!(
            lines(&reading),
            ["gitlab:shop:production::checkout:aaa:1795165200 checkout aaa from - 09:00:00"]
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        for (text, said) in [
            (r#"{"message":"401 Unauthorized"}"#, "missing `environment`"),
            (
                &deployment("aaa", "done", 9),
                "`status`: expected a status of a deployment, found \"done\"",
            ),
            (
                &deployment("aaa", "success", 9).replace("/shop/web/checkout/-/pipelines/3", ""),
                "`deployable.pipeline.web_url`: expected the address of a page in a project, found \"https://gitlab.example.com\"",
            ),
        ] {
            assert_eq!(
                read(text.as_bytes(), &scope()).unwrap_err().to_string(),
                said
            );
        }
    }
}
