//! The reasons why a request failed.

use std::io::ErrorKind;

use super::Sanitizer;
use super::tls;
use nthc::project::io_cause;

/// The failure of a request.
pub enum RequestError {
    /// A retry may succeed.
    Transient(String),
    /// A retry cannot succeed. The second part is the help.
    Permanent(String, Option<String>),
}

/// The help if a response takes too long or is too large.
#[derive(Debug, Clone, Copy)]
pub struct TooMuch {
    /// The help after a timeout.
    pub late: &'static str,
    /// The help if the response is too large.
    pub large: Option<&'static str>,
}

/// Describes an error of the HTTP client, without secrets.
pub fn request_error(error: &ureq::Error, sanitizer: &Sanitizer, help: TooMuch) -> RequestError {
    let permanent = |why: &str| RequestError::Permanent(why.to_owned(), None);
    match error {
        ureq::Error::Timeout(_) => {
            RequestError::Permanent("request timed out".to_owned(), Some(help.late.to_owned()))
        }
        ureq::Error::HostNotFound => permanent("host not found"),
        ureq::Error::BodyExceedsLimit(limit) => {
            let most = limit >> 20;
            let why = format!("response larger than {most} MiB");
            RequestError::Permanent(why, help.large.map(str::to_owned))
        }
        ureq::Error::LargeResponseHeader(..) => permanent("response headers too long"),
        ureq::Error::Decompress(..) => permanent("cannot decompress the response"),
        ureq::Error::Protocol(cause) => {
            let why = sanitizer.sanitize(&cause.to_string());
            RequestError::Permanent(format!("not an HTTP response: {why}"), None)
        }
        ureq::Error::ConnectProxyFailed(why) => {
            let why = sanitizer.sanitize(why);
            RequestError::Permanent(format!("proxy connection failed: {why}"), None)
        }
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::UnexpectedEof => {
            RequestError::Transient("connection closed before the response".to_owned())
        }
        // For example, a certificate of an unknown issuer.
        ureq::Error::Io(cause) if cause.kind() == ErrorKind::InvalidData => {
            let why = sanitizer.sanitize(&io_cause(cause));
            let of_tls = cause.get_ref().and_then(|cause| cause.downcast_ref());
            RequestError::Permanent(why, of_tls.and_then(tls::help).map(str::to_owned))
        }
        ureq::Error::Rustls(cause) => {
            let why = sanitizer.sanitize(&cause.to_string());
            RequestError::Permanent(why, tls::help(cause).map(str::to_owned))
        }
        ureq::Error::Io(cause) => RequestError::Transient(sanitizer.sanitize(&io_cause(cause))),
        ureq::Error::ConnectionFailed => RequestError::Transient("connection failed".to_owned()),
        other => RequestError::Permanent(sanitizer.sanitize(&other.to_string()), None),
    }
}
