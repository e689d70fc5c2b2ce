//! Comments on pull requests of GitHub, by its REST API.

use serde_json::{Value, json};
use ureq::http::Method;

use super::api::{Api, ApiError, path_of};
use super::place::Place;
use super::{Forge, Found, Posted};
use crate::http::percent_encode;

/// A repository of GitHub.
pub struct GitHub {
    api: Api,
    /// The path of the repository.
    path: String,
    author: Option<String>,
}

impl GitHub {
    /// Creates a client. `author` is the login of the user of the token, if it is known.
    pub fn new(api: Api, place: &Place, author: Option<String>) -> Self {
        Self {
            api,
            path: format!("/repos/{}", path_of(&place.repository)),
            author,
        }
    }

    /// Returns the login of the user of the token.
    fn login(&self) -> Result<String, ApiError> {
        const WHAT: &str = "find the user of the token";
        if let Some(author) = &self.author {
            return Ok(author.clone());
        }
        // The REST API has no user for the token of an app, such as that of a workflow.
        let query = json!({ "query": "query { viewer { login } }" });
        let answer = self
            .api
            .request(&Method::POST, "/graphql", Some(&query), WHAT)?;
        let login = answer
            .value
            .pointer("/data/viewer/login")
            .and_then(Value::as_str);
        login.map(str::to_owned).ok_or_else(|| {
            let mut error = self.api.invalid(WHAT, "the response has no login");
            error.failure.help = Some("pass the login with `--author`".to_owned());
            error
        })
    }

    fn address(&self, value: &Value) -> Option<String> {
        value["html_url"].as_str().map(|url| self.api.sanitize(url))
    }
}

/// Reads a pull request.
fn found(value: &Value) -> Option<Found> {
    Some(Found {
        number: value["number"].as_u64()?,
        head: value.pointer("/head/sha")?.as_str().map(str::to_owned),
    })
}

impl Forge for GitHub {
    fn pull_request(&self, number: u64) -> Result<Found, ApiError> {
        let what = format!("read pull request #{number}");
        let answer = self
            .api
            .get(&format!("{}/pulls/{number}", self.path), &what)?;
        found(&answer.value).ok_or_else(|| {
            self.api
                .invalid(&what, "the response is not a pull request")
        })
    }

    fn find_by_branch(
        &self,
        owner: &str,
        repository: Option<u64>,
        branch: &str,
    ) -> Result<Vec<Found>, ApiError> {
        let what = "find the pull request";
        let head = percent_encode(&format!("{owner}:{branch}"));
        let pages = self.api.pages(
            &format!("{}/pulls", self.path),
            &format!("state=open&head={head}&per_page=100"),
            what,
            |answer| answer.linked_query(),
        )?;
        let mut all = Vec::new();
        for value in pages.iter().flat_map(|page| page.as_array()).flatten() {
            let of_repository = value.pointer("/head/repo/id").and_then(Value::as_u64);
            if repository.is_none() || of_repository == repository {
                all.extend(found(value));
            }
        }
        Ok(all)
    }

    fn comments(&self, number: u64) -> Result<Vec<Posted>, ApiError> {
        let what = format!("read the comments on pull request #{number}");
        let login = self.login()?;
        let pages = self.api.pages(
            &format!("{}/issues/{number}/comments", self.path),
            "per_page=100",
            &what,
            |answer| answer.linked_query(),
        )?;
        let mut all = Vec::new();
        for page in &pages {
            let list = page.as_array();
            let list = list.ok_or_else(|| self.api.invalid(&what, "the response is not a list"))?;
            all.extend(list.iter().filter_map(|value| {
                let author = value.pointer("/user/login").and_then(Value::as_str);
                Some(Posted {
                    id: value["id"].as_u64()?,
                    body: value["body"].as_str().unwrap_or_default().to_owned(),
                    is_own: author.is_some_and(|author| author.eq_ignore_ascii_case(&login)),
                })
            }));
        }
        Ok(all)
    }

    fn create(&self, number: u64, body: &str) -> Result<Option<String>, ApiError> {
        let what = format!("comment on pull request #{number}");
        let path = format!("{}/issues/{number}/comments", self.path);
        let body = json!({ "body": body });
        let answer = self.api.request(&Method::POST, &path, Some(&body), &what)?;
        Ok(self.address(&answer.value))
    }

    fn edit(&self, number: u64, id: u64, body: &str) -> Result<Option<String>, ApiError> {
        let what = format!("edit the comment on pull request #{number}");
        let path = format!("{}/issues/comments/{id}", self.path);
        let body = json!({ "body": body });
        let answer = self
            .api
            .request(&Method::PATCH, &path, Some(&body), &what)?;
        Ok(self.address(&answer.value))
    }
}
