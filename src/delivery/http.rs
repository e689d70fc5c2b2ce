//! A small HTTP client for APIs: bounded answers, errors by status, messages made safe to print. Proxies, TLS and
//! authentication come from outside, as an agent and headers.

use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use ureq::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use ureq::{Agent, Body};

use crate::error::DeliveryError;
use crate::sanitizer::Sanitizer;

/// The maximum size of an answer in bytes, after decompression: all rule groups of a tenant with 1,000 services are about 60 MB.
const MOST_BYTES: u64 = 256 << 20;
/// The maximum number of bytes of an error that are read.
const MOST_ERROR_BYTES: u64 = 64 << 10;
/// The longest time to wait that a server may ask for.
const MOST_RETRY_AFTER: Duration = Duration::from_secs(3_600);

/// The answer to a request: any status, and the body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The media type, without parameters, in lower case; empty if the answer has none.
    pub media_type: String,
    /// How long the server asks to wait before the next request.
    pub retry_after: Option<Duration>,
    /// The place that a redirect leads to.
    pub location: Option<String>,
    /// The body. That of an error is truncated to 64 KiB.
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns true for 2xx.
    pub fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Returns true if it is a page for a browser: a login, an error page of a proxy.
    pub fn is_html(&self) -> bool {
        let start = self.body.get(..64).unwrap_or(&self.body);
        let start = String::from_utf8_lossy(start).trim_start().to_lowercase();
        self.media_type == "text/html"
            || start.starts_with("<!doctype html")
            || start.starts_with("<html")
    }

    /// The body as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A client of one API.
pub struct HttpClient {
    agent: Agent,
    base: String,
    headers: HeaderMap,
    sanitizer: Sanitizer,
}

/// Without headers, which contain credentials.
impl std::fmt::Debug for HttpClient {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpClient")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl HttpClient {
    /// Creates a client of the API at `base`, an `http` or `https` URL. `headers` are sent with each request. `secrets` are texts
    /// that no message may contain, such as a password in a header.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Invalid`] if the URL has another scheme, a user or password, a query or a fragment, or a header cannot be
    /// sent. The error contains neither.
    pub fn new(
        agent: Agent,
        base: &str,
        headers: &[(String, String)],
        secrets: Vec<String>,
    ) -> Result<Self, DeliveryError> {
        let invalid = |why: &str| DeliveryError::Invalid {
            why: format!("invalid URL of the destination: {why}"),
        };
        let uri: Uri = base.parse().map_err(|_| invalid("cannot be parsed"))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(invalid("does not start with `http://` or `https://`"));
        }
        let authority = uri.authority().filter(|known| !known.host().is_empty());
        let authority = authority.ok_or_else(|| invalid("has no host"))?;
        if authority.as_str().contains('@') {
            return Err(invalid("contains a user or a password"));
        }
        if uri.query().is_some() || base.contains('#') {
            return Err(invalid("contains a query or a fragment"));
        }
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let invalid = || DeliveryError::Invalid {
                why: format!("invalid header `{}`", name.escape_debug()),
            };
            let name = HeaderName::try_from(name.as_str()).map_err(|_| invalid())?;
            let mut value = HeaderValue::try_from(value.as_str()).map_err(|_| invalid())?;
            value.set_sensitive(true);
            map.insert(name, value);
        }
        Ok(Self {
            agent,
            base: base.trim_end_matches('/').to_owned(),
            headers: map,
            sanitizer: Sanitizer::new(secrets),
        })
    }

    /// The URL without a trailing slash. It contains no credentials.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Makes a message of the server safe to print.
    pub fn sanitize(&self, text: &str) -> String {
        self.sanitizer.sanitize(text)
    }

    /// Sends a GET to a path below the base, which starts with `/`.
    ///
    /// # Errors
    ///
    /// If there is no answer. Any status is an answer.
    pub fn get(&self, path: &str) -> Result<Answer, DeliveryError> {
        self.send(Method::GET, path, None)
    }

    /// Sends a request. `body` is its media type and the bytes.
    ///
    /// # Errors
    ///
    /// If there is no answer. Any status is an answer.
    pub fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<Answer, DeliveryError> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.clone());
        }
        let media_type = body.as_ref().map(|(media_type, _)| *media_type);
        if let Some(media_type) = media_type {
            request = request.header(header::CONTENT_TYPE, media_type);
        }
        let invalid = |_| DeliveryError::Invalid {
            why: "the request cannot be sent: invalid URL or header".to_owned(),
        };
        let response = match body {
            Some((_, bytes)) => {
                let request = request.body(bytes).map_err(invalid)?;
                // Redirects are not followed: most lead to a login page, and a token must not go to another server.
                let request = self.agent.configure_request(request);
                let request = request.http_status_as_error(false).max_redirects(0);
                self.agent
                    .run(request.max_redirects_will_error(false).build())
            }
            None => {
                let request = request.body(()).map_err(invalid)?;
                let request = self.agent.configure_request(request);
                let request = request.http_status_as_error(false).max_redirects(0);
                self.agent
                    .run(request.max_redirects_will_error(false).build())
            }
        };
        response
            .and_then(read)
            .map_err(|error| self.failure(&error))
    }

    /// Describes an error of the HTTP library.
    fn failure(&self, error: &ureq::Error) -> DeliveryError {
        let unavailable = |cause: &str| DeliveryError::Unavailable {
            cause: cause.to_owned(),
        };
        let invalid = |why: String| DeliveryError::Invalid { why };
        match error {
            ureq::Error::Timeout(_) => unavailable("request timed out"),
            ureq::Error::HostNotFound => invalid("cannot connect: host not found".to_owned()),
            ureq::Error::ConnectionFailed => unavailable("connection failed"),
            ureq::Error::BodyExceedsLimit(limit) => DeliveryError::Malformed {
                why: format!("larger than {} MiB", limit >> 20),
            },
            ureq::Error::LargeResponseHeader(..) => DeliveryError::Malformed {
                why: "its headers are too long".to_owned(),
            },
            ureq::Error::Decompress(..) => DeliveryError::Malformed {
                why: "cannot be decompressed".to_owned(),
            },
            ureq::Error::Protocol(cause) => DeliveryError::Malformed {
                why: format!("not HTTP: {}", self.sanitize(&cause.to_string())),
            },
            ureq::Error::Io(cause) if cause.kind() == ErrorKind::UnexpectedEof => {
                unavailable("connection closed before the answer")
            }
            // For example, a certificate of an unknown issuer.
            ureq::Error::Io(cause) if cause.kind() == ErrorKind::InvalidData => {
                invalid(self.sanitize(&format!("cannot connect: {}", cause_of(cause))))
            }
            ureq::Error::Io(cause) => unavailable(&self.sanitize(&cause_of(cause))),
            ureq::Error::Rustls(cause) => {
                invalid(self.sanitize(&format!("cannot connect: {cause}")))
            }
            other => invalid(self.sanitize(&format!("cannot send the request: {other}"))),
        }
    }

    /// Returns the answer if it is 2xx and no page of HTML.
    ///
    /// # Errors
    ///
    /// The error that [`error`](Self::error) makes of it.
    pub fn success(&self, answer: Answer) -> Result<Answer, DeliveryError> {
        if answer.is_success() && !answer.is_html() {
            Ok(answer)
        } else {
            Err(self.error(&answer))
        }
    }

    /// The error that an answer is. A destination asks for the statuses with a meaning of their own in its API before, such as
    /// 404 for an object that does not exist.
    pub fn error(&self, answer: &Answer) -> DeliveryError {
        let status = answer.status;
        let is_html = answer.is_html();
        let words = if is_html {
            String::new()
        } else {
            answer.text()
        };
        let words = self.sanitize(&words);
        let cause = if words.is_empty() {
            status.to_string()
        } else {
            format!("{}: {words}", status.as_u16())
        };
        match status.as_u16() {
            401 | 407 => DeliveryError::Unauthorized { cause },
            403 => DeliveryError::Forbidden { cause },
            408 | 425 => DeliveryError::Unavailable { cause },
            409 | 412 => DeliveryError::Conflict { cause },
            413 => DeliveryError::LimitExceeded { cause },
            429 => DeliveryError::RateLimited {
                retry_after: answer.retry_after,
                cause,
            },
            300..=399 => DeliveryError::NotTheApi {
                found: match &answer.location {
                    Some(location) => format!("a redirect to {}", self.place(location)),
                    None => format!("a redirect ({status})"),
                },
            },
            404 | 405 | 410 | 501 => DeliveryError::NotTheApi {
                found: if is_html {
                    format!("a page of HTML ({status})")
                } else {
                    cause
                },
            },
            500..=599 => DeliveryError::Unavailable { cause },
            _ if is_html => DeliveryError::NotTheApi {
                found: "a page of HTML".to_owned(),
            },
            400..=499 => DeliveryError::Rejected { cause },
            _ => DeliveryError::Malformed {
                why: format!("status {status}"),
            },
        }
    }

    /// A place of a redirect without what may be secret in it: its query.
    fn place(&self, location: &str) -> String {
        let end = location.find(['?', '#']).unwrap_or(location.len());
        let place = location.get(..end).unwrap_or_default();
        match place.parse::<Uri>() {
            Ok(uri) if uri.authority().is_some_and(|at| at.as_str().contains('@')) => {
                "another server".to_owned()
            }
            _ => self.sanitize(place),
        }
    }
}

/// The innermost cause of an error of the system.
fn cause_of(error: &std::io::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = cause.to_string();
        next = cause.source();
    }
    text
}

/// Reads an answer.
fn read(response: ureq::http::Response<Body>) -> Result<Answer, ureq::Error> {
    let (parts, mut body) = response.into_parts();
    let header = |name: HeaderName| {
        let value = parts.headers.get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let media_type = header(header::CONTENT_TYPE).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default();
    let bytes = if parts.status.is_success() {
        body.with_config().limit(MOST_BYTES).read_to_vec()?
    } else {
        // One byte more is an error; whoever sends so much for an error sends no message.
        match body.with_config().limit(MOST_ERROR_BYTES).read_to_vec() {
            Ok(bytes) => bytes,
            Err(ureq::Error::BodyExceedsLimit(_)) => Vec::new(),
            Err(error) => return Err(error),
        }
    };
    Ok(Answer {
        status: parts.status,
        media_type: media_type.trim().to_lowercase(),
        retry_after: header(header::RETRY_AFTER)
            .and_then(|text| retry_after(&text, Timestamp::now())),
        location: header(header::LOCATION),
        body: bytes,
    })
}

/// Reads `Retry-After`: seconds or a date (RFC 9110, section 10.2.3). At most an hour.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    let text = text.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let date = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
            Duration::try_from(date.duration_since(now)).unwrap_or_default()
        }
    };
    Some(wait.min(MOST_RETRY_AFTER))
}

/// Encodes a name as one segment of a path: all but letters, digits, `-`, `_` and `~`, and a `.` that is not alone (RFC 3986,
/// sections 2.3 and 3.3).
pub fn path_segment(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    let is_relative = matches!(name, "." | "..");
    for byte in name.bytes() {
        match byte {
            b'.' if is_relative => out.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'~' | b'.' => {
                out.push(char::from(byte));
            }
            _ => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = DIGITS.get(usize::from(digit)).copied();
                    out.push(char::from(digit.unwrap_or(b'0')));
                }
            }
        }
    }
    out
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn client(base: &str) -> Result<HttpClient, DeliveryError> {
        let headers = [("Authorization".to_owned(), "Bearer s3cret".to_owned())];
        let secrets = vec!["s3cret".to_owned()];
        HttpClient::new(Agent::new_with_defaults(), base, &headers, secrets)
    }

    fn answer(status: u16, media_type: &str, body: &str) -> Answer {
        Answer {
            status: StatusCode::from_u16(status).unwrap(),
            media_type: media_type.to_owned(),
            retry_after: None,
            location: None,
            body: body.as_bytes().to_vec(),
        }
    }

    #[test]
    fn a_url_with_a_password_is_refused_without_showing_it() {
        for url in [
            "https://user:s3cret@example.com",
            "https://example.com/?token=s3cret",
            "https://example.com/#s3cret",
            "ftp://example.com/s3cret",
            "s3cret",
        ] {
            let error = client(url).unwrap_err();
            assert!(matches!(error, DeliveryError::Invalid { .. }), "{url}");
            assert!(!error.to_string().contains("s3cret"), "{error}");
        }
        let client = client("https://example.com/prometheus/").unwrap();
        assert_eq!(client.base(), "https://example.com/prometheus");
        assert!(!format!("{client:?}").contains("s3cret"));
    }

    #[test]
    fn what_is_not_the_api_is_never_nothing() {
        let client = client("https://example.com").unwrap();
        let page = "<!DOCTYPE html><html>Sign in</html>";
        assert!(client.success(answer(200, "text/html", page)).is_err());
        assert!(client.success(answer(200, "", page)).is_err());
        for (status, expected) in [
            (200, "expected the API, found a page of HTML"),
            (
                404,
                "expected the API, found a page of HTML (404 Not Found)",
            ),
            (401, "not authorized: 401 Unauthorized"),
            (403, "not allowed: 403 Forbidden"),
            (502, "the server is unavailable: 502 Bad Gateway"),
        ] {
            let error = client.error(&answer(status, "text/html", page));
            assert_eq!(error.to_string(), expected);
        }
        let login = Answer {
            location: Some("https://login.example.com/?next=s3cret".to_owned()),
            ..answer(302, "", "")
        };
        assert_eq!(
            client.error(&login).to_string(),
            "expected the API, found a redirect to https://login.example.com/"
        );
    }

    #[test]
    fn a_servers_message_is_safe_to_print() {
        let client = client("https://example.com").unwrap();
        let error = client.error(&answer(400, "text/plain", "bad\u{1b}[2J token s3cret\n"));
        assert_eq!(
            error.to_string(),
            "the server rejects it: 400: bad [2J token <hidden>"
        );
    }

    #[test]
    fn the_time_to_wait_is_seconds_or_a_date() {
        let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
        for (text, seconds) in [
            ("7", Some(7)),
            ("Sun, 01 Mar 2026 10:00:30 GMT", Some(30)),
            ("Sun, 01 Mar 2026 09:00:00 GMT", Some(0)),
            ("999999999", Some(3_600)),
            ("soon", None),
            ("-1", None),
        ] {
            let expected = seconds.map(Duration::from_secs);
            assert_eq!(retry_after(text, now), expected, "{text}");
        }
    }

    #[test]
    fn a_name_is_one_segment() {
        for (name, segment) in [
            ("checkout", "checkout"),
            ("a/b c", "a%2Fb%20c"),
            ("..", "%2E%2E"),
            ("v1.2", "v1.2"),
            ("ü%?#", "%C3%BC%25%3F%23"),
        ] {
            assert_eq!(path_segment(name), segment);
        }
    }
}
