//! A client of the Prometheus HTTP API, with timeouts and retries.

mod auth;
mod deployments;
mod history;
mod raw;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use rust_decimal::Decimal;
use ureq::http::{HeaderMap, HeaderValue, Response, StatusCode, Uri, header};
use ureq::{Agent, Body, RequestBuilder};

pub use self::deployments::DeploymentQueries;

pub use self::auth::{PASSWORD, TENANT_HEADER, TOKEN, USER, read_credentials, tenant};
use super::exit::Failure;
use super::http::{RequestError, Sanitizer, TooMuch, Way, base_url, request_error};
use super::options::Connection;
use nthc::catalogue::{self, BadAnswer, ErrorSeries, Errors, Gathered, Metadata};
use nthc::policy::{self, NotFinite};
use nthc::preview;

/// The pauses before retries.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1_800),
];

/// Limits of an answer.
#[derive(Clone, Copy)]
struct AnswerLimits {
    /// The maximum size in bytes, after decompression.
    bytes: u64,
    /// True if the answer must come from the server itself and not from a cache.
    fresh: bool,
    /// The help after a timeout.
    late: &'static str,
    /// The help if the query or the answer is too large.
    large: Option<&'static str>,
}

/// One sample or none, with warnings.
const FACT: AnswerLimits = AnswerLimits {
    bytes: 16 << 20,
    fresh: true,
    late: MORE_TIME,
    large: None,
};
/// The metadata of all metrics.
const CATALOGUE: AnswerLimits = AnswerLimits {
    bytes: 256 << 20,
    fresh: false,
    late: MORE_TIME,
    large: None,
};
/// The series of a selector: about a million.
const SERIES: AnswerLimits = AnswerLimits {
    late: "allow more time with `--timeout 2m`, or look less far back with `--since`",
    ..CATALOGUE
};
/// The series of a panel.
const PANEL: AnswerLimits = AnswerLimits {
    bytes: 64 << 20,
    fresh: false,
    late: MORE_TIME,
    large: None,
};
/// The series of a rule's query over some days.
const HISTORY: AnswerLimits = AnswerLimits {
    bytes: 256 << 20,
    fresh: false,
    late: "allow more time with `--timeout 10m`, or read fewer series in the query",
    large: Some(
        "read fewer series in the query, raise the limit of the server, or backtest the other services by name",
    ),
};
/// The maximum number of bytes of an error that are read.
const MOST_ERROR_BYTES: u64 = 1 << 20;

/// The help after a timeout.
const MORE_TIME: &str = "allow more time with `--timeout 2m`";

/// The maximum number of warnings that are kept.
const MOST_REMARKS: usize = 20;

/// A client of a Prometheus server.
pub struct Client {
    agent: Agent,
    /// The base URL without a trailing slash.
    base: String,
    /// The URL of the proxy, for messages.
    through: Option<String>,
    timeout: Duration,
    authorization: Option<HeaderValue>,
    proxy_authorization: Option<HeaderValue>,
    tenant: Option<HeaderValue>,
    sanitizer: Sanitizer,
    /// The warnings in answers.
    remarks: Mutex<Vec<String>>,
}

impl Client {
    /// Creates a client of the Prometheus at `url`, with the options of `connection` and the environment. `timeout` is for
    /// each request; a request that timed out is not sent again.
    ///
    /// # Errors
    ///
    /// If the URL, an option, a file or a variable is invalid. Failures contain no secret.
    pub fn new(url: &str, timeout: Duration, connection: &Connection) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let (base, uri) = base(url)?;
        let credentials = read_credentials(connection, &variable)?;
        let way = Way::new(&uri, timeout, connection, &variable)?;
        let mut secrets = credentials.secrets;
        secrets.extend(way.secrets);
        Ok(Self {
            agent: way.agent,
            base,
            through: way.through,
            timeout,
            authorization: credentials.header,
            proxy_authorization: way.proxy_authorization,
            tenant: tenant(&variable)?,
            sanitizer: Sanitizer::new(secrets),
            remarks: Mutex::new(Vec::new()),
        })
    }

    /// Returns the URL for messages.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Requests the metadata of all metrics.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    pub fn metadata(&self) -> Result<Metadata, Failure> {
        let url = format!("{}/api/v1/metadata", self.base);
        let ask = || self.with_headers(self.agent.get(&url)).call();
        self.answer(
            ask,
            catalogue::metadata,
            "the metadata of targets",
            CATALOGUE,
        )
    }

    /// Requests the series that match `selector` and had samples in the last `since`. Also returns which of them are series
    /// of `errors`.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    pub fn series(
        &self,
        selector: &str,
        since: Duration,
        errors: Option<&BTreeSet<Errors>>,
    ) -> Result<(Gathered, Vec<ErrorSeries>), Failure> {
        let url = format!("{}/api/v1/series", self.base);
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let start = now.saturating_sub(since).as_secs().to_string();
        // Rounded up: otherwise, series of which the first sample is of this second are missed.
        let end = now.as_secs().saturating_add(1).to_string();
        let ask = || {
            self.with_headers(self.agent.post(&url)).send_form([
                ("match[]", selector),
                ("start", start.as_str()),
                ("end", end.as_str()),
            ])
        };
        let what = format!("the series of {selector}");
        let read = |bytes: &[u8]| {
            let gathered = catalogue::series(bytes)?;
            let errors = match errors {
                Some(errors) => catalogue::find_error_series(bytes, errors)?,
                None => Vec::new(),
            };
            Ok((gathered, errors))
        };
        self.answer(ask, read, &what, SERIES)
    }

    /// Returns true if Prometheus counts the first sample of a counter whose target exposes its creation time. Not every
    /// server with Prometheus's API reports this; without an answer, it is false.
    pub fn counts_first_samples(&self) -> bool {
        let url = format!("{}/api/v1/status/flags", self.base);
        let sent = self.with_headers(self.agent.get(&url)).call();
        self.once(sent, CATALOGUE)
            .is_ok_and(|bytes| catalogue::counts_first_samples(&bytes))
    }

    /// Evaluates a query over a range of time, in seconds since 1970, every `step` seconds.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    pub fn values(
        &self,
        query: &str,
        from: u64,
        to: u64,
        step: u64,
    ) -> Result<Vec<preview::Series>, Failure> {
        let url = format!("{}/api/v1/query_range", self.base);
        let (from, to, step) = (from.to_string(), to.to_string(), step.to_string());
        let ask = || {
            self.with_headers(self.agent.post(&url)).send_form([
                ("query", query),
                ("start", &from),
                ("end", &to),
                ("step", &step),
            ])
        };
        self.answer(ask, preview::series, "values", PANEL)
    }

    /// Evaluates a query that gives at most one sample. The warnings in the answer are kept for [`Client::remarks`].
    ///
    /// # Errors
    ///
    /// If there is no valid answer. The message describes the query as `what`.
    pub fn instant(
        &self,
        query: &str,
        at: Timestamp,
        what: &str,
        not_finite: NotFinite,
    ) -> Result<Option<Decimal>, Failure> {
        let read = |bytes: &[u8]| policy::parse_instant(bytes, at, not_finite);
        let measured = self.query(query, at, what, read)?;
        self.remark(measured.remarks, what);
        Ok(measured.value)
    }

    /// Evaluates a query that gives a sample for each group of some labels; by their labels. The warnings in the answer are kept
    /// for [`Client::remarks`].
    ///
    /// # Errors
    ///
    /// If there is no valid answer. The message describes the query as `what`.
    pub fn groups(
        &self,
        query: &str,
        at: Timestamp,
        what: &str,
        not_finite: NotFinite,
    ) -> Result<BTreeMap<BTreeMap<String, String>, Decimal>, Failure> {
        let read = |bytes: &[u8]| policy::parse_groups(bytes, at, not_finite);
        let measured = self.query(query, at, what, read)?;
        self.remark(measured.remarks, what);
        Ok(measured.values)
    }

    /// Sends an instant query, and reads the answer.
    fn query<T>(
        &self,
        query: &str,
        at: Timestamp,
        what: &str,
        read: impl Fn(&[u8]) -> Result<T, BadAnswer>,
    ) -> Result<T, Failure> {
        let url = format!("{}/api/v1/query", self.base);
        let time = at.as_second().to_string();
        let ask = || {
            self.with_headers(self.agent.post(&url)).send_form([
                ("query", query),
                ("time", &time),
                // Thanos and VictoriaMetrics then fail if a part of them fails; others ignore the parameter.
                ("partial_response", "false"),
                ("deny_partial_response", "1"),
            ])
        };
        self.answer(ask, read, what, FACT)
    }

    /// Keeps the warnings in an answer.
    fn remark(&self, found: Vec<String>, what: &str) {
        let mut remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        for remark in found {
            let warning = self.sanitizer.sanitize(&format!("{remark:?}"));
            let remark = format!("{what}: the server warns {warning}");
            if remarks.len() < MOST_REMARKS && !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
    }

    /// Returns the warnings in the answers to [`Client::instant`] that did not make them unusable, a sentence each.
    pub fn remarks(&self) -> Vec<String> {
        let remarks = self.remarks.lock().unwrap_or_else(PoisonError::into_inner);
        remarks.clone()
    }

    /// Adds the headers of every request.
    fn with_headers<B>(&self, mut request: RequestBuilder<B>) -> RequestBuilder<B> {
        request = request.header(header::CACHE_CONTROL, "no-cache");
        if let Some(value) = &self.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some(value) = &self.proxy_authorization {
            request = request.header(header::PROXY_AUTHORIZATION, value);
        }
        if let Some(value) = &self.tenant {
            request = request.header(TENANT_HEADER, value);
        }
        request
    }

    fn answer<T>(
        &self,
        ask: impl Fn() -> Result<Response<Body>, ureq::Error>,
        read: impl Fn(&[u8]) -> Result<T, BadAnswer>,
        what: &str,
        limits: AnswerLimits,
    ) -> Result<T, Failure> {
        let mut pauses = PAUSES.iter();
        let began = Instant::now();
        loop {
            let error = match self.once(ask(), limits) {
                Ok(bytes) => match read(&bytes) {
                    Ok(answer) => return Ok(answer),
                    Err(bad) => self.bad_answer(&bad),
                },
                Err(error) => error,
            };
            let (why, help) = match error {
                RequestError::Transient(why) => match pauses.next() {
                    Some(pause) if began.elapsed() + *pause < self.timeout => {
                        sleep(*pause);
                        continue;
                    }
                    _ => (why, None),
                },
                RequestError::Permanent(why, help) => (why, help),
            };
            let from = match &self.through {
                Some(proxy) => format!("{} through the proxy {proxy}", self.base),
                None => self.base.clone(),
            };
            let failure = Failure::io(format!("cannot query {what} at {from}: {why}"));
            return Err(match help {
                Some(help) => failure.help(help),
                None => failure,
            });
        }
    }

    fn bad_answer(&self, bad: &BadAnswer) -> RequestError {
        let help = match bad {
            BadAnswer::Html => Some(
                "check that it is a Prometheus, and that the URL includes its path \
                prefix",
            ),
            BadAnswer::OtherTime(..) => {
                Some("query Prometheus directly, not a cache that rounds times or keeps responses")
            }
            _ => None,
        };
        RequestError::Permanent(
            self.sanitizer.sanitize(&bad.to_string()),
            help.map(str::to_owned),
        )
    }

    /// Reads the body of a successful answer.
    fn once(
        &self,
        sent: Result<Response<Body>, ureq::Error>,
        limits: AnswerLimits,
    ) -> Result<Vec<u8>, RequestError> {
        let mut response = sent.map_err(|error| self.request_error(&error, limits))?;
        let status = response.status();
        let bad = match status {
            StatusCode::OK => self.unusable(response.headers(), limits),
            _ => None,
        };
        if let Some(error) = bad {
            return Err(error);
        }
        let most = match status {
            StatusCode::OK => limits.bytes,
            _ => MOST_ERROR_BYTES,
        };
        let body = response.body_mut().with_config().limit(most).read_to_vec();
        if status == StatusCode::OK {
            return body.map_err(|error| self.request_error(&error, limits));
        }
        let message = body
            .ok()
            .and_then(|bytes| catalogue::server_error(&bytes))
            .map(|message| format!(": {}", self.sanitizer.sanitize(&message)))
            .unwrap_or_default();
        let why = format!("unexpected status {}{message}", status.as_u16());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(RequestError::Transient(why));
        }
        let help = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(format!(
                "set {TOKEN}, or {USER} and {PASSWORD}, or pass a file with `--token-file`"
            )),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => Some(
                "pass the proxy's credentials: `http://user:password@proxy.example.com`"
                    .to_owned(),
            ),
            StatusCode::NOT_FOUND => {
                Some("check that it is a Prometheus, and that the URL includes its path prefix".to_owned())
            }
            StatusCode::NON_AUTHORITATIVE_INFORMATION => Some(
                "query Prometheus directly: something on the way changed the response".to_owned(),
            ),
            StatusCode::PARTIAL_CONTENT => Some(
                "query Prometheus directly: this is a partial response, and Prometheus sends a whole \
                one with status 200"
                    .to_owned(),
            ),
            // Too many samples or series, for example.
            StatusCode::UNPROCESSABLE_ENTITY => limits.large.map(str::to_owned),
            status if status.is_success() => Some("query Prometheus directly: it responds with status \
                200".to_owned()),
            status if status.is_redirection() => {
                Some("pass the URL that it redirects to: redirects are not followed".to_owned())
            }
            _ => None,
        };
        Err(RequestError::Permanent(why, help))
    }

    /// Returns the reason why an answer is unusable, from its headers.
    fn unusable(&self, headers: &HeaderMap, limits: AnswerLimits) -> Option<RequestError> {
        let of = |name: &str| {
            let value = headers.get(name)?;
            Some(
                String::from_utf8_lossy(value.as_bytes())
                    .trim()
                    .to_lowercase(),
            )
        };
        if let Some(kind) = of("content-type")
            && (kind.starts_with("text/html") || kind.starts_with("application/xhtml"))
        {
            return Some(self.bad_answer(&BadAnswer::Html));
        }
        let permanent =
            |why: String| Some(RequestError::Permanent(self.sanitizer.sanitize(&why), None));
        // The client removes the header when it decompresses the answer.
        if let Some(encoding) = of("content-encoding").filter(|encoding| encoding != "identity") {
            return permanent(format!("unexpected encoding of the response: {encoding:?}"));
        }
        // M3 reports omitted series in this header.
        if let Some(limits) = of("m3-results-limited") {
            return permanent(format!(
                "incomplete response: `M3-Results-Limited: {limits}`"
            ));
        }
        match of("age") {
            Some(age) if limits.fresh && age != "0" => {
                permanent(format!("cached response: `Age: {age}`"))
            }
            _ => None,
        }
    }

    fn request_error(&self, error: &ureq::Error, limits: AnswerLimits) -> RequestError {
        let help = TooMuch {
            late: limits.late,
            large: limits.large,
        };
        request_error(error, &self.sanitizer, help)
    }
}

/// Returns the URL that paths are appended to.
fn base(url: &str) -> Result<(String, Uri), Failure> {
    let instead = format!("pass them in {USER} and {PASSWORD}");
    let example = "https://prometheus.example.com/path";
    let (base, uri) = base_url(url, "--prometheus", example, &instead)?;
    Ok((
        base.strip_suffix("/api/v1").unwrap_or(&base).to_owned(),
        uri,
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_as_people_give_it() {
        for (given, taken) in [
            ("http://localhost:9090", "http://localhost:9090"),
            ("http://localhost:9090/", "http://localhost:9090"),
            (
                "https://mimir/prometheus/api/v1/",
                "https://mimir/prometheus",
            ),
            ("http://[::1]:9090", "http://[::1]:9090"),
        ] {
            assert_eq!(base(given).unwrap().0, taken);
        }
    }

    #[test]
    fn no_secret_in_an_address_is_taken_or_told() {
        for given in [
            "http://ana:hunter2@localhost:9090",
            "http://hunter2@localhost",
            "ftp://ana:hunter2@localhost",
            "http://local host/hunter2",
            "ana:hunter2@localhost",
            "http://localhost?token=hunter2",
            "http://localhost#hunter2",
            "localhost:9090",
        ] {
            let failure = base(given).unwrap_err();
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }
}
