//! Notes on merge requests of GitLab, by its REST API.

use serde_json::{Value, json};
use ureq::http::Method;

use super::api::{Answer, Api, ApiError};
use super::place::Place;
use super::{Forge, Found, Posted};
use crate::http::percent_encode;

/// A project of GitLab.
pub struct GitLab {
    api: Api,
    /// The path of the project.
    path: String,
    author: Option<String>,
}

impl GitLab {
    /// Creates a client. `author` is the name of the user of the token, if it is known.
    pub fn new(api: Api, place: &Place, author: Option<String>) -> Self {
        let name = percent_encode(&place.repository.join("/"));
        Self {
            api,
            path: format!("/projects/{name}"),
            author,
        }
    }

    /// Returns the name of the user of the token.
    fn user(&self) -> Result<String, ApiError> {
        const WHAT: &str = "find the user of the token";
        if let Some(author) = &self.author {
            return Ok(author.clone());
        }
        let (path, pointer) = match self.api.is_job_token {
            true => ("/job", "/user/username"),
            false => ("/user", "/username"),
        };
        let answer = self.api.get(path, WHAT)?;
        let name = answer.value.pointer(pointer).and_then(Value::as_str);
        name.map(str::to_owned).ok_or_else(|| {
            let mut error = self.api.invalid(WHAT, "the response has no user");
            error.failure.help = Some("pass the user name with `--author`".to_owned());
            error
        })
    }

    fn notes(&self, number: u64) -> String {
        format!("{}/merge_requests/{number}/notes", self.path)
    }
}

/// The number of notes of a page.
const PAGE: &str = "sort=asc&order_by=created_at&per_page=100";

/// Returns the query of the next page. Behind a proxy, the addresses in `Link` may be those of another host; the number is not.
fn next(answer: &Answer) -> Option<String> {
    match answer.header("x-next-page") {
        Some(page) => {
            let page: u64 = page.trim().parse().ok()?;
            Some(format!("{PAGE}&page={page}"))
        }
        None => answer.linked_query(),
    }
}

impl Forge for GitLab {
    fn pull_request(&self, number: u64) -> Result<Found, ApiError> {
        let what = format!("read merge request !{number}");
        let path = format!("{}/merge_requests/{number}", self.path);
        let answer = self.api.get(&path, &what)?;
        Ok(Found {
            number,
            head: answer.value["sha"].as_str().map(str::to_owned),
        })
    }

    fn comments(&self, number: u64) -> Result<Vec<Posted>, ApiError> {
        let what = format!("read the notes of merge request !{number}");
        let user = self.user()?;
        let pages = self.api.pages(&self.notes(number), PAGE, &what, next)?;
        let mut all = Vec::new();
        for page in &pages {
            let list = page.as_array();
            let list = list.ok_or_else(|| self.api.invalid(&what, "the response is not a list"))?;
            all.extend(list.iter().filter_map(|value| {
                let author = value.pointer("/author/username").and_then(Value::as_str);
                Some(Posted {
                    id: value["id"].as_u64()?,
                    body: value["body"].as_str().unwrap_or_default().to_owned(),
                    is_own: author == Some(&user) && value["system"] != true,
                })
            }));
        }
        Ok(all)
    }

    fn create(&self, number: u64, body: &str) -> Result<Option<String>, ApiError> {
        let what = format!("comment on merge request !{number}");
        let body = json!({ "body": body });
        self.api
            .request(&Method::POST, &self.notes(number), Some(&body), &what)?;
        Ok(None)
    }

    fn edit(&self, number: u64, id: u64, body: &str) -> Result<Option<String>, ApiError> {
        let what = format!("edit the note on merge request !{number}");
        let path = format!("{}/{id}", self.notes(number));
        let body = json!({ "body": body });
        self.api.request(&Method::PUT, &path, Some(&body), &what)?;
        Ok(None)
    }
}
