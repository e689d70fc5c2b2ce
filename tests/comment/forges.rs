//! Servers on loopback that keep comments and speak the APIs of GitHub, GitLab and Bitbucket, as far as comments need them.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::support::loopback::{Act, Loopback, ReceivedRequest, answer};

/// The token that the servers accept.
pub const TOKEN: &str = "hunter2-token";

/// A comment with its author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub id: u64,
    pub author: String,
    pub body: String,
}

/// What a server does with a request instead of processing it.
#[derive(Debug, Clone)]
pub struct Trouble {
    /// The method of the requests that it is for.
    pub method: &'static str,
    /// A part of their path.
    pub path: &'static str,
    /// How many times.
    pub times: usize,
    /// The status.
    pub status: &'static str,
    /// The headers, each with a line end.
    pub headers: String,
    /// The body.
    pub body: Value,
    /// True if the request is processed nevertheless.
    pub is_processed: bool,
}

/// The state of a server.
pub struct State {
    pub comments: Vec<Kept>,
    pub troubles: Vec<Trouble>,
    /// The user of the token.
    pub user: String,
    /// The pull request: its number, and the commit that it is at.
    pub number: u64,
    pub head: String,
    /// The branch of the pull request, with the owner of its repository.
    pub branch: String,
    /// The requests that were processed: method and path without the query.
    pub log: Vec<String>,
}

/// The API of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    GitHub,
    GitLab,
    Bitbucket,
}

/// The number of comments of a page.
pub const PAGE: usize = 30;

/// A server.
pub struct Server {
    pub server: Loopback,
    state: Arc<Mutex<State>>,
}

impl Server {
    pub fn new(api: Api) -> Self {
        let user = match api {
            Api::GitHub => "github-actions[bot]",
            Api::GitLab => "project_7_bot",
            Api::Bitbucket => "{7c0f5f3e-0000-4000-8000-000000000001}",
        };
        let state = Arc::new(Mutex::new(State {
            comments: Vec::new(),
            troubles: Vec::new(),
            user: user.to_owned(),
            number: 7,
            head: "a".repeat(40),
            branch: "ana:feature".to_owned(),
            log: Vec::new(),
        }));
        let shared = state.clone();
        let server = Loopback::new(move |request| {
            let mut state = shared.lock().unwrap();
            react(api, &mut state, request)
        });
        Self { server, state }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn url(&self) -> String {
        self.server.url.clone()
    }

    /// Adds a comment and returns its id.
    pub fn add(&self, author: &str, body: &str) -> u64 {
        add(&mut self.state(), author, body)
    }

    /// Adds comments of people.
    pub fn chat(&self, count: usize) {
        for number in 0..count {
            self.add("ana", &format!("remark {number}"));
        }
    }

    pub fn trouble(&self, trouble: Trouble) {
        self.state().troubles.push(trouble);
    }

    pub fn comments(&self) -> Vec<Kept> {
        self.state().comments.clone()
    }

    /// The requests since the last call that change something.
    pub fn writes(&self) -> Vec<String> {
        let log = std::mem::take(&mut self.state().log);
        log.into_iter()
            .filter(|line| !line.starts_with("GET ") && !line.contains("graphql"))
            .collect()
    }
}

fn add(state: &mut State, author: &str, body: &str) -> u64 {
    let id = state.comments.len() as u64 + 1001;
    state.comments.push(Kept {
        id,
        author: author.to_owned(),
        body: body.to_owned(),
    });
    id
}

fn json(status: &str, headers: &str, body: &Value) -> Act {
    let headers = format!("Content-Type: application/json\r\n{headers}");
    answer(status, &headers, body.to_string())
}

/// The value of a parameter of a query.
fn parameter<'q>(query: &'q str, name: &str) -> Option<&'q str> {
    let mut fields = query.split('&').filter_map(|field| field.split_once('='));
    fields
        .find(|(known, _)| *known == name)
        .map(|(_, value)| value)
}

fn react(api: Api, state: &mut State, request: &ReceivedRequest) -> Act {
    let mut parts = request.line.split(' ');
    let (method, target) = (parts.next().unwrap(), parts.next().unwrap());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    state.log.push(format!("{method} {path}"));
    let sent = match api {
        Api::GitLab => request.header("private-token").map(str::to_owned),
        _ => request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned),
    };
    if sent.as_deref() != Some(TOKEN) {
        return json(
            "401 Unauthorized",
            "",
            &json!({"message": "Bad credentials"}),
        );
    }
    let hit = state.troubles.iter_mut().find(|trouble| {
        trouble.times > 0 && trouble.method == method && path.contains(trouble.path)
    });
    if let Some(trouble) = hit {
        trouble.times -= 1;
        let trouble = trouble.clone();
        if trouble.is_processed {
            process(api, state, method, path, query, &request.body);
        }
        return json(trouble.status, &trouble.headers, &trouble.body);
    }
    process(api, state, method, path, query, &request.body)
}

fn process(api: Api, state: &mut State, method: &str, path: &str, query: &str, body: &str) -> Act {
    let body: Value = serde_json::from_str(body).unwrap_or_default();
    let (number, user) = (state.number, state.user.clone());
    let (list, one, pull) = match api {
        Api::GitHub => (
            format!("/repos/example/shop/issues/{number}/comments"),
            "/repos/example/shop/issues/comments/".to_owned(),
            format!("/repos/example/shop/pulls/{number}"),
        ),
        Api::GitLab => (
            format!("/projects/example%2Fshop/merge_requests/{number}/notes"),
            format!("/projects/example%2Fshop/merge_requests/{number}/notes/"),
            format!("/projects/example%2Fshop/merge_requests/{number}"),
        ),
        Api::Bitbucket => (
            format!("/repositories/example/shop/pullrequests/{number}/comments"),
            format!("/repositories/example/shop/pullrequests/{number}/comments/"),
            format!("/repositories/example/shop/pullrequests/{number}"),
        ),
    };
    let text = |body: &Value| {
        let text = match api {
            Api::Bitbucket => &body["content"]["raw"],
            _ => &body["body"],
        };
        text.as_str().unwrap().to_owned()
    };
    match (api, method, path) {
        (Api::GitHub, "POST", "/graphql") => {
            let viewer = json!({"data": {"viewer": {"login": user}}});
            json("200 OK", "", &viewer)
        }
        (Api::GitLab, "GET", "/user") => json("200 OK", "", &json!({"id": 1, "username": user})),
        (Api::Bitbucket, "GET", "/user") => json("200 OK", "", &json!({"uuid": user})),
        (Api::GitHub, "GET", "/repos/example/shop/pulls") => {
            let head = parameter(query, "head")
                .unwrap_or_default()
                .replace("%3A", ":");
            let found = match head == state.branch {
                true => vec![shown_pull(api, state)],
                false => Vec::new(),
            };
            json("200 OK", "", &Value::from(found))
        }
        (_, "GET", path) if path == pull => json("200 OK", "", &shown_pull(api, state)),
        (_, "GET", path) if path == list => page(api, state, path, query),
        (_, "POST", path) if path == list => {
            let id = add(state, &user, &text(&body));
            json("201 Created", "", &shown_comment(api, state, id))
        }
        (_, "PATCH" | "PUT", path) if path.starts_with(&one) => {
            assert_eq!(method == "PATCH", api == Api::GitHub);
            let id: u64 = path.trim_start_matches(&one).parse().unwrap();
            let found = state.comments.iter_mut().find(|kept| kept.id == id);
            let Some(kept) = found.filter(|kept| kept.author == user) else {
                return json("403 Forbidden", "", &json!({"message": "Not yours"}));
            };
            kept.body = text(&body);
            json("200 OK", "", &shown_comment(api, state, id))
        }
        _ => json("404 Not Found", "", &json!({"message": "Not Found"})),
    }
}

fn shown_pull(api: Api, state: &State) -> Value {
    match api {
        Api::GitHub => json!({
            "number": state.number,
            "head": {"sha": state.head, "repo": {"id": 42}},
        }),
        Api::GitLab => json!({"iid": state.number, "sha": state.head}),
        // Bitbucket shortens hashes.
        Api::Bitbucket => json!({
            "id": state.number,
            "source": {"commit": {"hash": &state.head[..12]}},
        }),
    }
}

fn shown_comment(api: Api, state: &State, id: u64) -> Value {
    let kept = state.comments.iter().find(|kept| kept.id == id).unwrap();
    match api {
        Api::GitHub => json!({
            "id": id,
            "html_url": format!("https://github.example.com/example/shop/pull/7#{id}"),
            "body": kept.body,
            "user": {"login": kept.author},
        }),
        Api::GitLab => json!({
            "id": id, "body": kept.body, "author": {"username": kept.author}, "system": false,
        }),
        Api::Bitbucket => json!({
            "id": id, "content": {"raw": kept.body}, "user": {"uuid": kept.author}, "deleted": false,
        }),
    }
}

/// A page of comments, of 30 whatever is requested, with the next one in the form of the API.
fn page(api: Api, state: &State, path: &str, query: &str) -> Act {
    let number: usize = parameter(query, "page").map_or(1, |page| page.parse().unwrap());
    let shown: Vec<Value> = state
        .comments
        .iter()
        .skip((number - 1) * PAGE)
        .take(PAGE)
        .map(|kept| shown_comment(api, state, kept.id))
        .collect();
    let has_next = state.comments.len() > number * PAGE;
    let next = number + 1;
    // As behind a proxy: the address is that of another host, to which no token may go.
    let address = format!("http://elsewhere.example.com{path}?page={next}");
    match api {
        Api::GitHub => {
            let link = match has_next {
                true => format!(
                    "Link: <http://elsewhere.example.com{path}?page=1>; rel=\"first\", <{address}>; rel=\"next\"\r\n"
                ),
                false => String::new(),
            };
            json("200 OK", &link, &Value::from(shown))
        }
        Api::GitLab => {
            let next = match has_next {
                true => format!("X-Next-Page: {next}\r\n"),
                false => "X-Next-Page: \r\n".to_owned(),
            };
            json("200 OK", &next, &Value::from(shown))
        }
        Api::Bitbucket => {
            let mut body = json!({"values": shown});
            if has_next {
                body["next"] = address.into();
            }
            json("200 OK", "", &body)
        }
    }
}
