//! Comments on pull requests of Bitbucket Cloud, by its REST API.

use serde_json::{Value, json};
use ureq::http::Method;

use super::api::{Api, ApiError, path_of, query_of_address};
use super::mark::Mark;
use super::place::Place;
use super::{Forge, Found, Posted};

/// A repository of Bitbucket.
pub struct Bitbucket {
    api: Api,
    /// The path of the repository.
    path: String,
    author: Option<String>,
}

impl Bitbucket {
    /// Creates a client. `author` is the UUID of the user of the token, if it is known.
    pub fn new(api: Api, place: &Place, author: Option<String>) -> Self {
        Self {
            api,
            path: format!("/repositories/{}", path_of(&place.repository)),
            author,
        }
    }

    /// Returns the UUID of the user of the token.
    fn user(&self) -> Result<String, ApiError> {
        const WHAT: &str = "find the user of the token";
        const HELP: &str = "pass the UUID of the token's user with `--author`, with its braces";
        if let Some(author) = &self.author {
            return Ok(author.clone());
        }
        let answer = self.api.get("/user", WHAT).map_err(|mut error| {
            if error.status == Some(403) {
                error.failure.help = Some(HELP.to_owned());
            }
            error
        })?;
        answer.value["uuid"]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| {
                let mut error = self.api.invalid(WHAT, "the response has no UUID");
                error.failure.help = Some(HELP.to_owned());
                error
            })
    }

    fn pull(&self, number: u64) -> String {
        format!("{}/pullrequests/{number}", self.path)
    }

    fn address(&self, value: &Value) -> Option<String> {
        let url = value.pointer("/links/html/href")?.as_str()?;
        Some(self.api.sanitize(url))
    }
}

/// Returns a comment: Bitbucket shows HTML as text, so that the mark is the definition of a link that nothing uses.
pub fn text(mark: &Mark, markdown: &str) -> String {
    format!("{}\n\n{markdown}", mark.definition())
}

impl Forge for Bitbucket {
    fn pull_request(&self, number: u64) -> Result<Found, ApiError> {
        let what = format!("read pull request #{number}");
        let answer = self.api.get(&self.pull(number), &what)?;
        let head = answer.value.pointer("/source/commit/hash");
        Ok(Found {
            number,
            head: head.and_then(Value::as_str).map(str::to_owned),
        })
    }

    fn comments(&self, number: u64) -> Result<Vec<Posted>, ApiError> {
        let what = format!("read the comments on pull request #{number}");
        let user = self.user()?;
        let pages = self.api.pages(
            &format!("{}/comments", self.pull(number)),
            "pagelen=100",
            &what,
            |answer| query_of_address(answer.value["next"].as_str()?),
        )?;
        let mut all = Vec::new();
        for page in &pages {
            let list = page["values"].as_array();
            let list = list.ok_or_else(|| self.api.invalid(&what, "the response is not a list"))?;
            all.extend(list.iter().filter_map(|value| {
                let author = value.pointer("/user/uuid").and_then(Value::as_str);
                let body = value.pointer("/content/raw").and_then(Value::as_str);
                Some(Posted {
                    id: value["id"].as_u64()?,
                    body: body.unwrap_or_default().to_owned(),
                    is_own: author == Some(&user) && value["deleted"] != true,
                })
            }));
        }
        Ok(all)
    }

    fn create(&self, number: u64, body: &str) -> Result<Option<String>, ApiError> {
        let what = format!("comment on pull request #{number}");
        let path = format!("{}/comments", self.pull(number));
        let body = json!({ "content": { "raw": body } });
        let answer = self.api.request(&Method::POST, &path, Some(&body), &what)?;
        Ok(self.address(&answer.value))
    }

    fn edit(&self, number: u64, id: u64, body: &str) -> Result<Option<String>, ApiError> {
        let what = format!("edit the comment on pull request #{number}");
        let path = format!("{}/comments/{id}", self.pull(number));
        let body = json!({ "content": { "raw": body } });
        let answer = self.api.request(&Method::PUT, &path, Some(&body), &what)?;
        Ok(self.address(&answer.value))
    }
}
