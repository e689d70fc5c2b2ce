//! The annotations of Grafana's HTTP API.

use std::collections::BTreeMap;
use std::thread::sleep;
use std::time::Duration;

use nth_ledger::Interval;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::super::super::exit::Failure;
use super::super::super::http::{
    RequestError, Sanitizer, Secret, TooMuch, Way, base_url, header_value, percent_encode,
    read_secret, request_error, token,
};
use super::super::super::options::{Connection, LedgerAnnotate};
use super::wanted::Annotation;

/// The variable with the token of a service account.
const TOKEN: &str = "NTH_GRAFANA_TOKEN";

/// The variable with the path of a file with the token.
const TOKEN_FILE: &str = "NTH_GRAFANA_TOKEN_FILE";

/// The annotations that are read at once. The API has no pages: if there are more, less time is read at once.
const MOST: usize = 5_000;

/// The maximum size of an answer in bytes.
const MOST_BYTES: u64 = 64 << 20;

/// The maximum number of bytes of an error that are read.
const MOST_ERROR_BYTES: u64 = 64 << 10;

/// The pauses before retries.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1_800),
];

const HELP: TooMuch = TooMuch {
    late: "allow more time with `--timeout 2m`",
    large: None,
};

const CHECK_URL: &str = "check that it is Grafana, and that the URL includes its path prefix";

/// An annotation in Grafana.
#[derive(Debug, Clone, Deserialize)]
pub struct Existing {
    /// Its number.
    pub id: i64,
    /// The start, in milliseconds since 1970.
    pub time: i64,
    #[serde(default, rename = "timeEnd")]
    time_end: Option<i64>,
    /// The text.
    #[serde(default)]
    pub text: String,
    /// The tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

impl Existing {
    /// The end; the start if it has none.
    pub fn end(&self) -> i64 {
        match self.time_end {
            Some(end) if end != 0 => end,
            _ => self.time,
        }
    }
}

/// What Grafana says about an annotation that was written.
#[derive(Deserialize)]
struct Written {
    #[allow(dead_code, reason = "an answer without it is not one of Grafana")]
    message: String,
}

/// A client of Grafana.
pub struct Grafana {
    agent: Agent,
    base: String,
    /// The address of the proxy, for messages.
    through: Option<String>,
    authorization: Option<HeaderValue>,
    proxy_authorization: Option<HeaderValue>,
    sanitizer: Sanitizer,
}

impl Grafana {
    /// Creates a client of the Grafana that the options name.
    ///
    /// # Errors
    ///
    /// If the URL, an option, a file or a variable is invalid. Failures contain no secret.
    pub fn new(
        options: &LedgerAnnotate,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let instead = format!("pass a token in {TOKEN}");
        let example = "https://grafana.example.com";
        let (base, uri) = base_url(&options.grafana, "--grafana", example, &instead)?;
        let secret = secret(options, variable)?;
        // The certificate of a client of Prometheus is not one for Grafana; root certificates and proxies are shared.
        let is_https = uri.scheme_str() == Some("https");
        let connection = Connection {
            ca: options.ca.clone().filter(|_| is_https),
            ..Connection::default()
        };
        let shared = |name: &str| match name {
            "NTH_PROMETHEUS_CERT" | "NTH_PROMETHEUS_KEY" => None,
            name => variable(name),
        };
        let way = Way::new(&uri, options.timeout, &connection, &shared)?;
        let mut secrets = way.secrets;
        let authorization = match &secret {
            Some(secret) => {
                let text = token(secret)?;
                secrets.push(text.to_owned());
                Some(header_value(&format!("Bearer {text}"), &secret.named)?)
            }
            None => None,
        };
        Ok(Self {
            agent: way.agent,
            base: base.strip_suffix("/api").unwrap_or(&base).to_owned(),
            through: way.through,
            authorization,
            proxy_authorization: way.proxy_authorization,
            sanitizer: Sanitizer::new(secrets),
        })
    }

    /// The URL, for messages.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Reads the annotations with all of some tags that overlap a time.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    pub fn annotations(&self, tags: &[String], time: Interval) -> Result<Vec<Existing>, Failure> {
        let mut found: BTreeMap<i64, Existing> = BTreeMap::new();
        let mut parts = vec![time];
        while let Some(part) = parts.pop() {
            let (from, to) = (part.from * 1_000, part.until * 1_000);
            let mut path =
                format!("/api/annotations?type=annotation&from={from}&to={to}&limit={MOST}");
            for tag in tags {
                path.push_str("&tags=");
                path.push_str(&percent_encode(tag));
            }
            let what = "read the annotations";
            let read: Vec<Existing> = self.send(&Method::GET, &path, None, what)?;
            if read.len() < MOST {
                let own = |one: &Existing| tags.iter().all(|tag| one.tags.contains(tag));
                found.extend(read.into_iter().filter(own).map(|one| (one.id, one)));
                continue;
            }
            let middle = part.from + part.seconds() / 2;
            if middle == part.from {
                let why = format!("there are more than {MOST} at one moment");
                return Err(self.failure(what, &why));
            }
            let (from, until) = (part.from, part.until);
            parts.push(Interval {
                from: middle,
                until,
            });
            parts.push(Interval {
                from,
                until: middle,
            });
        }
        Ok(found.into_values().collect())
    }

    /// Writes a new annotation.
    ///
    /// # Errors
    ///
    /// If Grafana does not accept it.
    pub fn create(&self, annotation: &Annotation) -> Result<(), Failure> {
        let path = "/api/annotations";
        let _: Written = self.send(&Method::POST, path, Some(annotation), "write an annotation")?;
        Ok(())
    }

    /// Changes an annotation.
    ///
    /// # Errors
    ///
    /// If Grafana does not accept it.
    pub fn update(&self, id: i64, annotation: &Annotation) -> Result<(), Failure> {
        let path = format!("/api/annotations/{id}");
        let what = "change an annotation";
        let _: Written = self.send(&Method::PATCH, &path, Some(annotation), what)?;
        Ok(())
    }

    /// Deletes an annotation.
    ///
    /// # Errors
    ///
    /// If Grafana does not do so.
    pub fn delete(&self, id: i64) -> Result<(), Failure> {
        let path = format!("/api/annotations/{id}");
        let _: Written = self.send(&Method::DELETE, &path, None, "delete an annotation")?;
        Ok(())
    }

    fn send<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Annotation>,
        what: &str,
    ) -> Result<T, Failure> {
        let body = body
            .map(serde_json::to_vec)
            .transpose()
            .map_err(|error| Failure::io(error.to_string()))?;
        let mut pauses = PAUSES.iter();
        let (why, help) = loop {
            let (error, is_repeated) = match self.once(method, path, body.as_deref()) {
                Ok(answer) => return Ok(answer),
                Err(Refused { error, was_read }) => {
                    // A second annotation would be a double.
                    (error, *method != Method::POST || !was_read)
                }
            };
            match error {
                RequestError::Transient(why) => match pauses.next() {
                    Some(pause) if is_repeated => sleep(*pause),
                    _ => break (why, None),
                },
                RequestError::Permanent(why, help) => break (why, help),
            }
        };
        let failure = self.failure(what, &why);
        Err(match help {
            Some(help) => failure.help(help),
            None => failure,
        })
    }

    fn failure(&self, what: &str, why: &str) -> Failure {
        let at = match &self.through {
            Some(proxy) => format!("{} through the proxy {proxy}", self.base),
            None => self.base.clone(),
        };
        Failure::io(format!("cannot {what} of Grafana at {at}: {why}"))
    }

    fn once<T: DeserializeOwned>(
        &self,
        method: &Method,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<T, Refused> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::ACCEPT, "application/json");
        for (name, value) in [
            (header::AUTHORIZATION, &self.authorization),
            (header::PROXY_AUTHORIZATION, &self.proxy_authorization),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let invalid = |error: ureq::http::Error| {
            RequestError::Permanent(self.sanitizer.sanitize(&error.to_string()), None)
        };
        let failed = |error: &ureq::Error| request_error(error, &self.sanitizer, HELP);
        let sent = match body {
            Some(body) => {
                let request = request.header(header::CONTENT_TYPE, "application/json");
                self.agent.run(request.body(body).map_err(invalid)?)
            }
            None => self.agent.run(request.body(()).map_err(invalid)?),
        };
        let mut response = sent.map_err(|error| failed(&error))?;
        if response.status() != StatusCode::OK {
            return Err(self.status_error(&mut response));
        }
        if is_html(&response) {
            let why = "the response is an HTML page".to_owned();
            return Err(RequestError::Permanent(why, Some(CHECK_URL.to_owned())).into());
        }
        let body = response.body_mut().with_config().limit(MOST_BYTES);
        let bytes = body.read_to_vec().map_err(|error| failed(&error))?;
        serde_json::from_slice(&bytes).map_err(|_| {
            let why = "the response is not one of Grafana's API".to_owned();
            RequestError::Permanent(why, Some(CHECK_URL.to_owned())).into()
        })
    }

    fn status_error(&self, response: &mut Response<Body>) -> Refused {
        let status = response.status();
        let message = match is_html(response) {
            true => None,
            false => {
                let body = response.body_mut().with_config().limit(MOST_ERROR_BYTES);
                body.read_to_vec().ok().and_then(|bytes| message(&bytes))
            }
        };
        let message = message
            .map(|message| format!(": {}", self.sanitizer.sanitize(&message)))
            .unwrap_or_default();
        let why = format!("unexpected status {}{message}", status.as_u16());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Refused {
                error: RequestError::Transient(why),
                was_read: status.is_server_error(),
            };
        }
        let help = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(format!(
                "set {TOKEN} to a token of a service account with the role Editor, or pass a file with `--token-file`"
            )),
            StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Some(CHECK_URL.to_owned()),
            status if status.is_redirection() => {
                Some("pass the URL that it redirects to: redirects are not followed".to_owned())
            }
            _ => None,
        };
        RequestError::Permanent(why, help).into()
    }
}

/// Why a request failed.
struct Refused {
    error: RequestError,
    /// Whether Grafana may have done what it was asked for.
    was_read: bool,
}

impl From<RequestError> for Refused {
    fn from(error: RequestError) -> Self {
        Self {
            error,
            was_read: true,
        }
    }
}

fn is_html(response: &Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_lowercase());
    kind.is_some_and(|kind| {
        let kind = kind.trim_start();
        kind.starts_with("text/html") || kind.starts_with("application/xhtml")
    })
}

/// The message of an error.
fn message(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    Some(value.get("message")?.as_str()?.to_owned())
}

/// The token; `None` for anonymous access.
fn secret(
    options: &LedgerAnnotate,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Secret>, Failure> {
    if let Some(file) = &options.token_file {
        return read_secret(file, "--token-file").map(Some);
    }
    let set = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
    match (set(TOKEN), set(TOKEN_FILE)) {
        (Some(_), Some(_)) => Err(
            Failure::usage(format!("both {TOKEN} and {TOKEN_FILE} are set"))
                .help("set only one of them"),
        ),
        (Some(text), None) => Ok(Some(Secret {
            text,
            named: TOKEN.to_owned(),
        })),
        (None, Some(file)) => read_secret(file.as_ref(), TOKEN_FILE).map(Some),
        (None, None) => Ok(None),
    }
}
