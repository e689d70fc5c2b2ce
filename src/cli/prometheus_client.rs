//! Asking a Prometheus, with time-outs, and again where it may help.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::thread::sleep;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ureq::http::{HeaderValue, Response, StatusCode, Uri, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::exit::Failure;
use crate::catalogue::{self, BadAnswer, ErrorSeries, Errors, Gathered, Metadata};
use crate::policy::{self, Measurement};
use crate::preview;

/// The bearer token's variable.
const TOKEN: &str = "NTH_PROMETHEUS_TOKEN";
/// The user's.
const USER: &str = "NTH_PROMETHEUS_USER";
/// The password's.
const PASSWORD: &str = "NTH_PROMETHEUS_PASSWORD";

/// The pauses before a request is sent again.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1_800),
];

/// The largest answer that is read, in bytes: some million series.
const MOST_BYTES: u64 = 1 << 30;

/// What helps where there is no answer in time.
const MORE_TIME: &str = "Give it more with `--timeout 2m`.";
/// The same where it is also asked how far to look back.
const MORE_TIME_OR_LESS: &str =
    "Give it more with `--timeout 2m`, or look less far back with `--since`.";

/// The most of a server's words that are shown, in characters.
const MOST_WORDS: usize = 300;

/// A Prometheus.
pub struct Client {
    agent: Agent,
    /// Without a slash at its end.
    base: String,
    authorization: Option<HeaderValue>,
}

/// How a request failed.
enum Miss {
    /// It may succeed the next time.
    Passing(String),
    /// It will not.
    Lasting(String, Option<String>),
}

impl Client {
    /// A client of the Prometheus at `url`, with what the environment says of its authentication. `timeout` is each
    /// request's.
    ///
    /// # Errors
    /// Where the address or the environment cannot be used. The failure tells no secret.
    pub fn new(url: &str, timeout: Duration) -> Result<Self, Failure> {
        let base = base(url)?;
        let authorization = authorization(|name| std::env::var(name).ok())?;
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .build();
        // Redirects are not followed: a form that is sent on loses its contents, and most lead to a login page.
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("nthc/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Self {
            agent: config.into(),
            base,
            authorization,
        })
    }

    /// The address as shown.
    pub fn shown(&self) -> &str {
        &self.base
    }

    /// What targets say of all metrics.
    ///
    /// # Errors
    /// Where there is no good answer.
    pub fn metadata(&self) -> Result<Metadata, Failure> {
        let url = format!("{}/api/v1/metadata", self.base);
        let ask = || {
            let mut request = self.agent.get(&url);
            if let Some(value) = &self.authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            request.call()
        };
        self.answer(
            ask,
            catalogue::metadata,
            "what targets say of their metrics",
        )
    }

    /// The series that match `selector` and had samples in the last `since`, and what they say of `errors`.
    ///
    /// # Errors
    /// Where there is no good answer.
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
        let end = now.as_secs().to_string();
        let ask = || {
            let mut request = self.agent.post(&url);
            if let Some(value) = &self.authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            request.send_form([
                ("match[]", selector),
                ("start", start.as_str()),
                ("end", end.as_str()),
            ])
        };
        let what = format!("the series of {selector}");
        let read = |bytes: &[u8]| {
            let gathered = catalogue::series(bytes)?;
            let errors = match errors {
                Some(errors) => catalogue::initialized(bytes, errors)?,
                None => Vec::new(),
            };
            Ok((gathered, errors))
        };
        self.answer(ask, read, &what).map_err(|mut failure| {
            if failure.help.as_deref() == Some(MORE_TIME) {
                failure.help = Some(MORE_TIME_OR_LESS.to_owned());
            }
            failure
        })
    }

    /// Whether the Prometheus counts a counter's first sample, where its target says when it began. Not every server that
    /// has Prometheus's API says: what does not answer is taken not to.
    pub fn counts_first_samples(&self) -> bool {
        let mut request = self.agent.get(format!("{}/api/v1/status/flags", self.base));
        if let Some(value) = &self.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        once(request.call()).is_ok_and(|bytes| catalogue::counts_first_samples(&bytes))
    }

    /// The values of a query in a range of time, in seconds since 1970, at every `step` seconds.
    ///
    /// # Errors
    /// Where there is no good answer.
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
            let mut request = self.agent.post(&url);
            if let Some(value) = &self.authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            request.send_form([
                ("query", query),
                ("start", &from),
                ("end", &to),
                ("step", &step),
            ])
        };
        self.answer(ask, preview::series, "values")
    }

    /// The value of a query that gives one sample or none, at a time.
    ///
    /// # Errors
    /// Where there is no good answer. `what` is what is asked for, in a few words.
    pub fn instant(&self, query: &str, at: Timestamp, what: &str) -> Result<Measurement, Failure> {
        let url = format!("{}/api/v1/query", self.base);
        let time = at.as_second().to_string();
        let ask = || {
            let mut request = self.agent.post(&url);
            if let Some(value) = &self.authorization {
                request = request.header(header::AUTHORIZATION, value);
            }
            request.send_form([("query", query), ("time", &time)])
        };
        self.answer(ask, policy::instant, what)
    }

    fn answer<T>(
        &self,
        ask: impl Fn() -> Result<Response<Body>, ureq::Error>,
        read: impl Fn(&[u8]) -> Result<T, BadAnswer>,
        what: &str,
    ) -> Result<T, Failure> {
        let mut pauses = PAUSES.iter();
        loop {
            let miss = match once(ask()) {
                Ok(bytes) => match read(&bytes) {
                    Ok(answer) => return Ok(answer),
                    Err(bad) => lasting(&bad),
                },
                Err(miss) => miss,
            };
            let (why, help) = match miss {
                Miss::Passing(why) => match pauses.next() {
                    Some(pause) => {
                        sleep(*pause);
                        continue;
                    }
                    None => (why, None),
                },
                Miss::Lasting(why, help) => (why, help),
            };
            let failure = Failure::io(format!("cannot pull {what} from {}: {why}", self.base));
            return Err(match help {
                Some(help) => failure.help(help),
                None => failure,
            });
        }
    }
}

fn lasting(bad: &BadAnswer) -> Miss {
    let help = match bad {
        BadAnswer::Html => Some("Is it a Prometheus, and is its path prefix in the address?"),
        _ => None,
    };
    Miss::Lasting(harmless(&bad.to_string()), help.map(str::to_owned))
}

/// An answer's bytes, if the request went well.
fn once(sent: Result<Response<Body>, ureq::Error>) -> Result<Vec<u8>, Miss> {
    let mut response = sent.map_err(|error| missed(&error))?;
    let status = response.status();
    let body = response
        .body_mut()
        .with_config()
        .limit(MOST_BYTES)
        .read_to_vec();
    if status.is_success() {
        return body.map_err(|error| missed(&error));
    }
    let said = body
        .ok()
        .and_then(|bytes| catalogue::error_of(&bytes))
        .map(|said| format!(": {}", harmless(&said)))
        .unwrap_or_default();
    let why = format!("it answered with status {}{said}", status.as_u16());
    if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        return Err(Miss::Passing(why));
    }
    let help = match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(format!(
            "Set {TOKEN}, or {USER} and {PASSWORD}, to what it lets in."
        )),
        StatusCode::NOT_FOUND => {
            Some("Is it a Prometheus, and is its path prefix in the address?".to_owned())
        }
        status if status.is_redirection() => {
            Some("Redirects are not followed: give the address that it leads to.".to_owned())
        }
        _ => None,
    };
    Err(Miss::Lasting(why, help))
}

fn missed(error: &ureq::Error) -> Miss {
    match error {
        ureq::Error::Timeout(_) => Miss::Lasting(
            "it did not answer in time".to_owned(),
            Some(MORE_TIME.to_owned()),
        ),
        ureq::Error::HostNotFound => {
            Miss::Lasting("there is no host of that name".to_owned(), None)
        }
        ureq::Error::BodyExceedsLimit(limit) => {
            Miss::Lasting(format!("its answer has more than {limit} bytes"), None)
        }
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::UnexpectedEof => {
            Miss::Passing("it ended the connection before its answer".to_owned())
        }
        // As a certificate that nobody vouches for.
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::InvalidData => {
            Miss::Lasting(harmless(&crate::project::io_cause(cause)), None)
        }
        ureq::Error::Io(cause) => Miss::Passing(harmless(&crate::project::io_cause(cause))),
        ureq::Error::ConnectionFailed => Miss::Passing("it cannot be connected to".to_owned()),
        other => Miss::Lasting(harmless(&other.to_string()), None),
    }
}

/// A server's words on one line, without what a terminal would obey, and not too many.
fn harmless(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(MOST_WORDS + 1)
        .collect();
    match line.char_indices().nth(MOST_WORDS) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}

/// The address that paths are appended to.
fn base(url: &str) -> Result<String, Failure> {
    // An address that cannot be read is not shown: there may be a password in it.
    let bad = |why: &str| Failure::usage(format!("the address of `--prometheus` {why}"));
    let example = "An address is written as `https://prometheus.example.com/path`.";
    let uri: Uri = url
        .parse()
        .map_err(|_| bad("cannot be read").help(example))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(bad("does not begin with `http://` or `https://`").help(example));
    }
    let Some(authority) = uri.authority().filter(|known| !known.host().is_empty()) else {
        return Err(bad("names no host").help(example));
    };
    if authority.as_str().contains('@') {
        return Err(
            bad("holds a user or a password").help(format!("Give them in {USER} and {PASSWORD}."))
        );
    }
    if uri.query().is_some() || url.contains('#') {
        return Err(bad("holds a query or a fragment").help(example));
    }
    let base = url.trim_end_matches('/');
    Ok(base.strip_suffix("/api/v1").unwrap_or(base).to_owned())
}

/// The header that says who asks, from variables of the environment. An empty one is none.
fn authorization(
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<HeaderValue>, Failure> {
    let [token, user, password] =
        [TOKEN, USER, PASSWORD].map(|name| variable(name).filter(|value| !value.is_empty()));
    let (text, named) = match (token, user, password) {
        (None, None, None) => return Ok(None),
        (Some(token), None, None) => (format!("Bearer {}", token.trim()), TOKEN),
        (None, Some(user), Some(password)) => {
            let pair = STANDARD.encode(format!("{user}:{password}"));
            (format!("Basic {pair}"), PASSWORD)
        }
        (None, None, Some(_)) => {
            return Err(Failure::usage(format!(
                "{PASSWORD} is set, and {USER} is not"
            )));
        }
        (None, Some(_), None) => {
            return Err(Failure::usage(format!(
                "{USER} is set, and {PASSWORD} is not"
            )));
        }
        (Some(_), ..) => {
            return Err(
                Failure::usage(format!("both {TOKEN} and {USER} or {PASSWORD} are set"))
                    .help("Set the one or the other."),
            );
        }
    };
    let mut value = HeaderValue::try_from(text)
        .map_err(|_| Failure::usage(format!("{named} holds what no header can")))?;
    value.set_sensitive(true);
    Ok(Some(value))
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
            assert_eq!(base(given).unwrap(), taken);
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

    fn header_of(set: &[(&str, &str)]) -> Result<Option<HeaderValue>, Failure> {
        authorization(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_environment_says_who_asks() {
        assert!(header_of(&[]).unwrap().is_none());
        assert!(header_of(&[(TOKEN, "")]).unwrap().is_none());
        assert_eq!(
            header_of(&[(TOKEN, "t0p\n")]).unwrap().unwrap(),
            "Bearer t0p"
        );
        // The pair of RFC 7617, section 2.
        let basic = header_of(&[(USER, "Aladdin"), (PASSWORD, "open sesame")]);
        assert_eq!(
            basic.unwrap().unwrap(),
            "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="
        );
        for wrong in [
            &[(USER, "ana")][..],
            &[(PASSWORD, "hunter2")],
            &[(TOKEN, "hunter2"), (USER, "ana"), (PASSWORD, "hunter2")],
            &[(TOKEN, "hunter2\nx")],
        ] {
            let failure = header_of(wrong).unwrap_err();
            assert!(!format!("{failure:?}").contains("hunter2"), "{failure:?}");
        }
    }

    #[test]
    fn a_servers_words_are_no_commands() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(harmless(&"x".repeat(400)).chars().count(), MOST_WORDS + 1);
    }
}
