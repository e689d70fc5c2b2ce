//! A receiver of Prometheus's remote write.

use std::thread::sleep;
use std::time::Duration;

use nth_ledger::export::REMOTE_WRITE_HEADERS;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use ureq::{Agent, Body};

use super::super::exit::Failure;
use super::super::http::{
    RequestError, Sanitizer, TooMuch, Way, base_url, header_value, request_error,
};
use super::super::options::LedgerPush;
use super::super::prometheus_client::{
    PASSWORD, TENANT_HEADER, TOKEN, USER, read_credentials, tenant,
};

/// The pauses before a request is sent again.
const PAUSES: [Duration; 4] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1_800),
    Duration::from_millis(5_400),
];

/// The longest pause that a receiver can ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The maximum number of bytes of a response that are read.
const MOST_BYTES: u64 = 64 << 10;

const HELP: TooMuch = TooMuch {
    late: "allow more time with `--timeout 2m`",
    large: None,
};

/// What receivers say of samples that are older than they accept: Prometheus, then Mimir.
const TOO_OLD: [&str; 6] = [
    "out of order sample",
    "out of bounds",
    "too old sample",
    "duplicate sample for timestamp",
    "err-mimir-sample-out-of-order",
    "err-mimir-sample-timestamp-too-old",
];

/// Sends requests to a receiver.
pub struct Receiver {
    agent: Agent,
    url: String,
    /// The address of the proxy, for messages.
    through: Option<String>,
    headers: Vec<(HeaderName, HeaderValue)>,
    sanitizer: Sanitizer,
}

/// Why a request failed, and the pause that the receiver asks for.
struct Unsent {
    error: RequestError,
    pause: Option<Duration>,
}

impl From<RequestError> for Unsent {
    fn from(error: RequestError) -> Self {
        Self { error, pause: None }
    }
}

impl Receiver {
    /// Creates a client of the receiver that the options name, with the credentials of the options and the environment.
    ///
    /// # Errors
    ///
    /// If the URL, an option, a file or a variable is invalid. Failures contain no secret.
    pub fn new(options: &LedgerPush) -> Result<Self, Failure> {
        let variable = |name: &str| std::env::var(name).ok();
        let example = "http://localhost:9090/api/v1/write";
        let instead = format!("pass them in {USER} and {PASSWORD}");
        let (url, uri) = base_url(&options.remote_write, "--remote-write", example, &instead)?;
        if matches!(uri.path(), "" | "/") {
            return Err(
                Failure::usage("invalid URL in `--remote-write`: has no path").help(
                    "pass the whole URL: that of Prometheus ends with /api/v1/write, that of Mimir with /api/v1/push",
                ),
            );
        }
        let credentials = read_credentials(&options.connection, &variable)?;
        let way = Way::new(&uri, options.timeout, &options.connection, &variable)?;
        let mut headers: Vec<(HeaderName, HeaderValue)> = REMOTE_WRITE_HEADERS
            .into_iter()
            .filter_map(|(name, value)| {
                let name = HeaderName::try_from(name).ok()?;
                Some((name, HeaderValue::from_static(value)))
            })
            .collect();
        let named = match &options.tenant {
            Some(named) => Some(header_value(named, "`--tenant`")?),
            None => tenant(&variable)?,
        };
        headers.extend(named.map(|value| (HeaderName::from_static(TENANT_HEADER), value)));
        if let Some(value) = credentials.header {
            headers.push((header::AUTHORIZATION, value));
        }
        if let Some(value) = way.proxy_authorization {
            headers.push((header::PROXY_AUTHORIZATION, value));
        }
        let mut secrets = credentials.secrets;
        secrets.extend(way.secrets);
        Ok(Self {
            agent: way.agent,
            url,
            through: way.through,
            headers,
            sanitizer: Sanitizer::new(secrets),
        })
    }

    /// The URL, for messages.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Sends the body of a request, again if the receiver is overloaded or fails for a moment. A request that was processed
    /// although its response is missing can be sent again: the same samples change nothing.
    ///
    /// # Errors
    ///
    /// If the receiver does not accept it.
    pub fn send(&self, body: &[u8]) -> Result<(), Failure> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let Err(Unsent { error, pause }) = self.once(body) else {
                return Ok(());
            };
            let (why, help) = match error {
                RequestError::Transient(why) => match pauses.next() {
                    Some(own) => {
                        sleep(pause.unwrap_or(own).max(own).min(LONGEST_PAUSE));
                        continue;
                    }
                    None => (why, None),
                },
                RequestError::Permanent(why, help) => (why, help),
            };
            let to = match &self.through {
                Some(proxy) => format!("{} through the proxy {proxy}", self.url),
                None => self.url.clone(),
            };
            let failure = Failure::io(format!("cannot write to {to}: {why}"));
            return Err(match help {
                Some(help) => failure.help(help),
                None => failure,
            });
        }
    }

    fn once(&self, body: &[u8]) -> Result<(), Unsent> {
        let mut request = self.agent.post(&self.url);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let sent = request.send(body);
        let mut response = sent.map_err(|error| request_error(&error, &self.sanitizer, HELP))?;
        let status = response.status();
        let is_page = is_html(response.headers());
        if status.is_success() {
            // A login page, for example.
            return match is_page {
                true => Err(RequestError::Permanent(
                    "the response is an HTML page".to_owned(),
                    Some(CHECK_URL.to_owned()),
                )
                .into()),
                false => Ok(()),
            };
        }
        let pause = retry_after(response.headers());
        let message = match is_page {
            true => String::new(),
            false => message(&mut response),
        };
        let shown = match message.trim() {
            "" => String::new(),
            text => format!(": {}", self.sanitizer.sanitize(text)),
        };
        let why = format!("unexpected status {}{shown}", status.as_u16());
        let error = match status {
            StatusCode::TOO_MANY_REQUESTS => RequestError::Transient(why),
            status if status.is_server_error() => RequestError::Transient(why),
            status => RequestError::Permanent(why, help(status, &message)),
        };
        Err(Unsent { error, pause })
    }
}

/// The help if something else than a receiver responds.
const CHECK_URL: &str =
    "check the URL: that of Prometheus ends with /api/v1/write, that of Mimir with /api/v1/push";

fn is_html(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_lowercase());
    kind.is_some_and(|kind| {
        let kind = kind.trim_start();
        kind.starts_with("text/html") || kind.starts_with("application/xhtml")
    })
}

/// The body of a response, or as much of it as a message can be.
fn message(response: &mut Response<Body>) -> String {
    let body = response.body_mut().with_config().limit(MOST_BYTES);
    let bytes = body.read_to_vec().unwrap_or_default();
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The pause that a receiver asks for in seconds.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let value = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(value.trim().parse().ok()?))
}

fn help(status: StatusCode, message: &str) -> Option<String> {
    let text = match status {
        StatusCode::BAD_REQUEST if TOO_OLD.iter().any(|known| message.contains(known)) => {
            "the receiver does not accept samples that old: set `storage.tsdb.out_of_order_time_window` of Prometheus, or the \
             limit `out_of_order_time_window` of Mimir, to more than `--since`"
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Some(format!(
                "set {TOKEN}, or {USER} and {PASSWORD}, or pass a file with `--token-file`"
            ));
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
            "check the URL; Prometheus accepts samples only with `--web.enable-remote-write-receiver`"
        }
        status if status.is_redirection() => {
            "pass the URL that it redirects to: redirects are not followed"
        }
        _ => return None,
    };
    Some(text.to_owned())
}
