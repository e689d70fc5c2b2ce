//! Requests to the API of a server: credentials, pages, rate limits and retries.

use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use ureq::{Agent, Body};

use super::place::Place;
use crate::exit::Failure;
use crate::http::{
    RequestError, Sanitizer, Secret, TooMuch, Way, header_value, percent_encode, read_secret,
    request_error, token,
};
use crate::options::{Comment, Connection, ForgeName};

/// The pauses before a request is sent again.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(800),
    Duration::from_millis(3_000),
];

/// The pause after a rate limit that names none, as GitHub documents it.
const UNNAMED_PAUSE: Duration = Duration::from_secs(60);

/// The shortest pause after a rate limit.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);

/// The time limit of a request.
const ONE_REQUEST: Duration = Duration::from_secs(30);

/// The maximum size of a response in bytes: a hundred comments of the greatest length.
const MOST_BYTES: u64 = 64 << 20;

/// The maximum number of bytes of an error that are read.
const MOST_ERROR_BYTES: u64 = 1 << 20;

/// The maximum number of pages of a list.
const MOST_PAGES: usize = 1_000;

const HELP: TooMuch = TooMuch {
    late: "allow more time with `--timeout 5m`",
    large: None,
};

/// Sends requests to a server.
pub struct Api {
    agent: Agent,
    /// The URL that paths are appended to.
    base: String,
    through: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    sanitizer: Sanitizer,
    /// The name of the server, for messages.
    server: &'static str,
    /// True if the token is that of a job of GitLab.
    pub is_job_token: bool,
    unauthorized: &'static str,
    forbidden: &'static str,
    deadline: Instant,
}

/// A response.
pub struct Answer {
    /// The JSON.
    pub value: Value,
    headers: HeaderMap,
}

/// The reason why there is no valid response.
#[derive(Debug)]
pub struct ApiError {
    /// The status of the response; `None` without a response.
    pub status: Option<u16>,
    /// True if the request may have been processed nevertheless.
    pub is_unsure: bool,
    /// The failure for the user.
    pub failure: Failure,
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        error.failure
    }
}

/// The failure of one request.
enum OnceError {
    /// The server accepts no request for a while.
    Limited(Duration, u16),
    /// A retry may succeed, after the pause that the server names.
    Transient(String, Option<Duration>, Option<u16>),
    /// A retry cannot succeed. The second part is the help.
    Permanent(String, Option<String>, Option<u16>),
}

impl Api {
    /// Creates a client of the API of a place.
    ///
    /// # Errors
    ///
    /// If an option, a file or a variable cannot be used. Failures contain no secret.
    pub fn new(
        place: &Place,
        options: &Comment,
        deadline: Instant,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let (secret, is_job_token) = secret(place.forge, options, variable)?;
        let token = token(&secret)?.to_owned();
        let connection = Connection {
            ca: options.ca.clone(),
            ..Connection::default()
        };
        // The variables of Prometheus's TLS are not those of a forge; the proxies are.
        let without_tls = |name: &str| match name.starts_with("NTH_") {
            true => None,
            false => variable(name),
        };
        let timeout = options.timeout.min(ONE_REQUEST);
        let way = Way::new(&place.uri, timeout, &connection, &without_tls)?;
        let bearer = || header_value(&format!("Bearer {token}"), &secret.named);
        let json = HeaderValue::from_static("application/json");
        let mut headers = match place.forge {
            ForgeName::Github => vec![
                (header::AUTHORIZATION, bearer()?),
                (
                    header::ACCEPT,
                    HeaderValue::from_static("application/vnd.github+json"),
                ),
                (
                    HeaderName::from_static("x-github-api-version"),
                    HeaderValue::from_static("2022-11-28"),
                ),
            ],
            ForgeName::Gitlab => {
                let name = match is_job_token {
                    true => "job-token",
                    false => "private-token",
                };
                let value = header_value(&token, &secret.named)?;
                vec![
                    (HeaderName::from_static(name), value),
                    (header::ACCEPT, json),
                ]
            }
            ForgeName::Bitbucket => {
                vec![(header::AUTHORIZATION, bearer()?), (header::ACCEPT, json)]
            }
        };
        if let Some(value) = way.proxy_authorization {
            headers.push((header::PROXY_AUTHORIZATION, value));
        }
        let mut secrets = way.secrets;
        secrets.push(token);
        let (server, unauthorized, forbidden) = texts(place.forge);
        Ok(Self {
            agent: way.agent,
            base: place.api.clone(),
            through: way.through,
            headers,
            sanitizer: Sanitizer::new(secrets),
            server,
            is_job_token,
            unauthorized,
            forbidden,
            deadline,
        })
    }

    /// Sends a request and returns the JSON of the response. `what` continues "cannot" in messages.
    ///
    /// A request that creates something is not sent again unless it certainly was not processed.
    ///
    /// # Errors
    ///
    /// If there is no valid response within the time limit.
    pub fn request(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        what: &str,
    ) -> Result<Answer, ApiError> {
        let mut pauses = PAUSES.iter();
        let mut limits = 0;
        loop {
            let pause = match self.once(method, path, body) {
                Ok(answer) => return Ok(answer),
                Err(OnceError::Limited(pause, status)) => {
                    let pause = pause.max(SHORTEST_PAUSE);
                    limits += 1;
                    if pause >= self.left() || limits > 5 {
                        return Err(self.limited(what, pause, status));
                    }
                    pause
                }
                Err(OnceError::Transient(why, pause, status)) => {
                    let is_unsure = *method == Method::POST;
                    let next = pauses.next().copied();
                    let pause = next.map(|next| pause.unwrap_or(next).max(next));
                    match pause.filter(|pause| !is_unsure && *pause < self.left()) {
                        Some(pause) => pause,
                        None => {
                            return Err(ApiError {
                                status,
                                is_unsure,
                                failure: self.failure(what, &why, None),
                            });
                        }
                    }
                }
                Err(OnceError::Permanent(why, help, status)) => {
                    return Err(ApiError {
                        status,
                        is_unsure: false,
                        failure: self.failure(what, &why, help),
                    });
                }
            };
            sleep(pause);
        }
    }

    /// Requests JSON.
    ///
    /// # Errors
    ///
    /// If there is no valid response within the time limit.
    pub fn get(&self, path: &str, what: &str) -> Result<Answer, ApiError> {
        self.request(&Method::GET, path, None, what)
    }

    /// Requests all pages of a list. `next` returns the query of the next page, from the response. Only the query is used, so
    /// that no page is requested from another server.
    ///
    /// # Errors
    ///
    /// If there is no valid response within the time limit, or there are too many pages.
    pub fn pages(
        &self,
        path: &str,
        query: &str,
        what: &str,
        next: impl Fn(&Answer) -> Option<String>,
    ) -> Result<Vec<Value>, ApiError> {
        let mut pages = Vec::new();
        let mut query = query.to_owned();
        while pages.len() < MOST_PAGES {
            let answer = self.get(&format!("{path}?{query}"), what)?;
            let following = next(&answer);
            pages.push(answer.value);
            match following {
                Some(following) if following != query => query = following,
                _ => return Ok(pages),
            }
        }
        Err(self.invalid(what, &format!("more than {MOST_PAGES} pages")))
    }

    /// Returns the error of a response that is not what the API describes.
    pub fn invalid(&self, what: &str, why: &str) -> ApiError {
        ApiError {
            status: None,
            is_unsure: false,
            failure: self.failure(what, why, Some("check the URL of the API".to_owned())),
        }
    }

    /// Returns a text of the server in a form that can be printed.
    pub fn sanitize(&self, text: &str) -> String {
        self.sanitizer.sanitize(text)
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn failure(&self, what: &str, why: &str, help: Option<String>) -> Failure {
        let from = match &self.through {
            Some(proxy) => format!("{} through the proxy {proxy}", self.base),
            None => self.base.clone(),
        };
        let failure = Failure::io(format!("cannot {what} at {from}: {why}"));
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }

    fn limited(&self, what: &str, pause: Duration, status: u16) -> ApiError {
        let why = format!(
            "{} limits the rate of requests, and accepts the next one in {}s",
            self.server,
            pause.as_secs().max(1)
        );
        let help = "run again later, or allow more time with `--timeout 10m`".to_owned();
        ApiError {
            status: Some(status),
            is_unsure: false,
            failure: self.failure(what, &why, Some(help)),
        }
    }

    fn url(&self, path: &str) -> String {
        // A GitHub Enterprise Server has its REST API at `/api/v3`, and this one beside it.
        match (path, self.base.strip_suffix("/v3")) {
            ("/graphql", Some(base)) => format!("{base}{path}"),
            _ => format!("{}{path}", self.base),
        }
    }

    fn once(&self, method: &Method, path: &str, body: Option<&Value>) -> Result<Answer, OnceError> {
        let mut request = Request::builder().method(method).uri(self.url(path));
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = match body {
            Some(body) => {
                let request = request
                    .header(header::CONTENT_TYPE, "application/json")
                    .body(body.to_string());
                request.map(|request| self.agent.run(request))
            }
            None => request.body(()).map(|request| self.agent.run(request)),
        };
        let sent = sent
            .map_err(|_| OnceError::Permanent("invalid URL".to_owned(), None, None))?
            .map_err(|error| self.transport_error(&error, None))?;
        self.read(sent)
    }

    fn transport_error(&self, error: &ureq::Error, status: Option<u16>) -> OnceError {
        match request_error(error, &self.sanitizer, HELP) {
            RequestError::Transient(why) => OnceError::Transient(why, None, status),
            // A request that timed out may have been processed.
            RequestError::Permanent(why, _) if matches!(error, ureq::Error::Timeout(_)) => {
                OnceError::Transient(why, None, status)
            }
            RequestError::Permanent(why, help) => OnceError::Permanent(why, help, status),
        }
    }

    fn read(&self, mut response: ureq::http::Response<Body>) -> Result<Answer, OnceError> {
        let status = response.status();
        let headers = response.headers().clone();
        let most = match status.is_success() {
            true => MOST_BYTES,
            false => MOST_ERROR_BYTES,
        };
        let body = response.body_mut().with_config().limit(most).read_to_vec();
        let code = status.as_u16();
        if status.is_success() {
            let bytes = body.map_err(|error| self.transport_error(&error, Some(code)))?;
            let value = serde_json::from_slice(&bytes).map_err(|_| {
                let help = "check the URL of the API".to_owned();
                OnceError::Permanent(
                    "the response is not JSON".to_owned(),
                    Some(help),
                    Some(code),
                )
            })?;
            return Ok(Answer { value, headers });
        }
        let message = body.ok().and_then(|bytes| server_message(&bytes));
        let pause = requested_pause(&headers);
        let is_exhausted = ["x-ratelimit-remaining", "ratelimit-remaining"]
            .iter()
            .any(|name| headers.get(*name).is_some_and(|value| value == "0"));
        let says_limit = message
            .as_deref()
            .is_some_and(|message| message.to_lowercase().contains("rate limit"));
        let is_limited = match status {
            StatusCode::TOO_MANY_REQUESTS => true,
            StatusCode::FORBIDDEN => {
                is_exhausted || says_limit || headers.contains_key(header::RETRY_AFTER)
            }
            _ => false,
        };
        if is_limited {
            return Err(OnceError::Limited(pause.unwrap_or(UNNAMED_PAUSE), code));
        }
        let message = message
            .map(|message| format!(": {}", self.sanitizer.sanitize(&message)))
            .unwrap_or_default();
        let why = format!("unexpected status {code}{message}");
        if status.is_server_error() {
            return Err(OnceError::Transient(why, pause, Some(code)));
        }
        let help = match status {
            StatusCode::UNAUTHORIZED => Some(self.unauthorized),
            StatusCode::FORBIDDEN => Some(self.forbidden),
            StatusCode::NOT_FOUND => {
                Some("check the repository and the number, and that the token can read them")
            }
            status if status.is_redirection() => {
                Some("pass the URL that it redirects to with `--api`: redirects are not followed")
            }
            _ => None,
        };
        Err(OnceError::Permanent(
            why,
            help.map(str::to_owned),
            Some(code),
        ))
    }
}

impl Answer {
    /// Returns a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Returns the query of the next page in the `Link` header (RFC 8288).
    pub fn linked_query(&self) -> Option<String> {
        let links = self.headers.get_all(header::LINK);
        let links = links.iter().filter_map(|value| value.to_str().ok());
        links.flat_map(|value| value.split(',')).find_map(|link| {
            let (address, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
            let is_next = parameters
                .split(';')
                .any(|parameter| matches!(parameter.trim(), "rel=\"next\"" | "rel=next"));
            is_next.then(|| query_of_address(address)).flatten()
        })
    }
}

/// Returns the query of an address.
pub fn query_of_address(address: &str) -> Option<String> {
    let (_, query) = address.split_once('?')?;
    let query = query.split('#').next().unwrap_or_default();
    let is_plain = query.chars().all(|letter| letter.is_ascii_graphic());
    (is_plain && !query.is_empty()).then(|| query.to_owned())
}

/// Returns names as a path.
pub fn path_of(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| percent_encode(name)).collect();
    names.join("/")
}

/// Returns the token of a forge, and whether it is that of a job.
fn secret(
    forge: ForgeName,
    options: &Comment,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(Secret, bool), Failure> {
    if let Some(file) = &options.token_file {
        return Ok((read_secret(file, "--token-file")?, false));
    }
    let names: &[&str] = match forge {
        ForgeName::Github => &["GITHUB_TOKEN"],
        ForgeName::Gitlab => &["GITLAB_TOKEN", "CI_JOB_TOKEN"],
        ForgeName::Bitbucket => &["BITBUCKET_TOKEN"],
    };
    let found = names.iter().find_map(|name| {
        let text = variable(name).filter(|value| !value.trim().is_empty())?;
        let named = (*name).to_owned();
        Some((Secret { text, named }, *name == "CI_JOB_TOKEN"))
    });
    let first = names.first().copied().unwrap_or_default();
    found.ok_or_else(|| {
        Failure::usage("missing token")
            .help(format!("set {first}, or pass a file with `--token-file`"))
    })
}

/// Returns the name of a server, the help for a token that is not valid, and that for one that may not write.
fn texts(forge: ForgeName) -> (&'static str, &'static str, &'static str) {
    match forge {
        ForgeName::Github => (
            "GitHub",
            "set a valid token in GITHUB_TOKEN, or pass a file with `--token-file`; for a pull request from a fork, post from \
            a workflow on `workflow_run`",
            "give the token the permission `pull-requests: write`; for a pull request from a fork, upload the JSON document \
            and post it from a workflow on `workflow_run`",
        ),
        ForgeName::Gitlab => (
            "GitLab",
            "set a project access token with the scope `api` in GITLAB_TOKEN, or pass a file with `--token-file`",
            "set a project access token with the scope `api` and the role Reporter in GITLAB_TOKEN: the token of a job \
            cannot write comments; for a merge request from a fork, post from a pipeline of the parent project",
        ),
        ForgeName::Bitbucket => (
            "Bitbucket",
            "set a repository access token in BITBUCKET_TOKEN, or pass a file with `--token-file`",
            "give the token the scope `pullrequest:write`; pipelines of forks have no token that can write",
        ),
    }
}

/// Returns the pause that a server requests.
fn requested_pause(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    if let Some(after) = text("retry-after") {
        if let Ok(seconds) = after.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let at: Timestamp = rfc2822::parse(after).ok()?.timestamp();
        let at = Duration::from_secs(u64::try_from(at.as_second()).ok()?);
        return Some(at.saturating_sub(now));
    }
    let reset = text("x-ratelimit-reset").or_else(|| text("ratelimit-reset"))?;
    let at = Duration::from_secs(reset.parse().ok()?);
    // The limit is over at the end of that second.
    Some(at.saturating_sub(now) + Duration::from_secs(1))
}

/// Returns the message of an error, in the forms of the forges.
fn server_message(bytes: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    [
        &value["message"],
        &value["error"]["message"],
        &value["error_description"],
        &value["error"],
    ]
    .into_iter()
    .find_map(|message| message.as_str().map(str::to_owned))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(link: &'static str) -> Answer {
        let mut headers = HeaderMap::new();
        headers.insert(header::LINK, HeaderValue::from_static(link));
        Answer {
            value: Value::Null,
            headers,
        }
    }

    #[test]
    fn of_the_next_page_only_the_query_is_used() {
        let link = "<https://evil.example.com/x?page=1>; rel=\"prev\", <https://evil.example.com/x?per_page=30&page=3>; rel=\"next\"";
        assert_eq!(answer(link).linked_query().unwrap(), "per_page=30&page=3");
        for none in [
            "",
            "<https://a/x?page=1>; rel=\"prev\"",
            "<https://a/x>; rel=\"next\"",
            "x",
        ] {
            assert_eq!(answer(none).linked_query(), None, "{none}");
        }
    }

    #[test]
    fn a_pause_is_a_number_or_a_date() {
        let pause = |name: &'static str, value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, HeaderValue::try_from(value).unwrap());
            requested_pause(&headers)
        };
        assert_eq!(pause("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(
            pause("retry-after", "Wed, 21 Oct 2015 07:28:00 GMT"),
            Some(Duration::ZERO)
        );
        assert_eq!(pause("retry-after", "soon"), None);
        assert_eq!(
            pause("x-ratelimit-reset", "1000"),
            Some(Duration::from_secs(1))
        );
        assert!(pause("ratelimit-reset", "99999999999").unwrap() > Duration::from_secs(1_000_000));
        assert_eq!(pause("x-ratelimit-reset", "-5"), None);
    }
}
