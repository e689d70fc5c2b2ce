//! What every client of an HTTP API here shares: an agent with the proxies of the environment and TLS, the reasons why a request
//! failed, secrets from files, and texts of servers made safe to print.

mod error;
mod forward;
mod proxy;
mod secret;
mod tls;

use std::time::Duration;

use ureq::http::uri::Scheme;
use ureq::http::{HeaderValue, Uri};
use ureq::{Agent, unversioned::transport::DefaultConnector};

pub use self::error::{RequestError, TooMuch, request_error};
use self::forward::{ProxyConnector, ProxyResolver};
use self::proxy::Route;
pub use self::secret::{Secret, header_value, read_secret, token, without_line_end};
use super::exit::Failure;
use super::options::Connection;
pub use nth_delivery::Sanitizer;

/// The way to a server.
pub struct Way {
    /// Sends requests. It follows no redirects, and an error status is a response.
    pub agent: Agent,
    /// The address of the proxy, for messages.
    pub through: Option<String>,
    /// The value of the `Proxy-Authorization` header of each request.
    pub proxy_authorization: Option<HeaderValue>,
    /// Texts that must never be shown.
    pub secrets: Vec<String>,
}

impl Way {
    /// Finds the way to the server at `uri`. `timeout` is for each request.
    ///
    /// # Errors
    ///
    /// If an option, a file or a variable is invalid. Failures contain no secret.
    pub fn new(
        uri: &Uri,
        timeout: Duration,
        connection: &Connection,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let is_https = uri.scheme() == Some(&Scheme::HTTPS);
        let tls = tls::config(connection, is_https, variable)?;
        let route = proxy::route(uri, variable)?;
        let (tunnel, through) = match &route {
            Route::Direct => (None, None),
            Route::Tunnel(proxy) => {
                let shown = format!("{}:{}", proxy.host(), proxy.port());
                (Some(proxy.clone()), Some(shown))
            }
            Route::Forward(forward) => {
                let shown = forward.address.authority().map(ToString::to_string);
                (None, shown)
            }
        };
        // Redirects are not followed: a redirected form loses its contents, most redirects lead to a login page, and a token
        // must not go to another server.
        let config = Agent::config_builder()
            .timeout_global(Some(timeout))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("nthc/", env!("CARGO_PKG_VERSION")))
            .proxy(tunnel)
            .tls_config(tls)
            .build();
        let mut secrets = Vec::new();
        let mut proxy_authorization = None;
        let agent = match route {
            Route::Direct | Route::Tunnel(_) => config.into(),
            Route::Forward(forward) => {
                secrets.extend(forward.secrets);
                proxy_authorization = forward.authorization;
                let proxy = forward.address;
                let connector = ProxyConnector {
                    proxy: proxy.clone(),
                    inner: DefaultConnector::new(),
                };
                Agent::with_parts(config, connector, ProxyResolver { proxy })
            }
        };
        Ok(Self {
            agent,
            through,
            proxy_authorization,
            secrets,
        })
    }
}

/// Parses the URL of a server that paths are appended to. It is without a trailing slash. `option` names what it was passed in.
///
/// # Errors
///
/// If it is not such a URL, or contains a user, a password, a query or a fragment. The failure does not show it, as it may contain
/// a password. `instead` says where a user and a password belong.
pub fn base_url(
    url: &str,
    option: &str,
    example: &str,
    instead: &str,
) -> Result<(String, Uri), Failure> {
    let bad = |why: &str| Failure::usage(format!("invalid URL in `{option}`: {why}"));
    let example = format!("pass a URL such as `{example}`");
    let uri: Uri = url
        .parse()
        .map_err(|_| bad("cannot be parsed").help(&example))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(bad("does not start with `http://` or `https://`").help(example));
    }
    let Some(authority) = uri.authority().filter(|known| !known.host().is_empty()) else {
        return Err(bad("has no host").help(example));
    };
    if authority.as_str().contains('@') {
        return Err(bad("contains a user or a password").help(instead));
    }
    if uri.query().is_some() || url.contains('#') {
        return Err(bad("contains a query or a fragment").help(example));
    }
    Ok((url.trim_end_matches('/').to_owned(), uri))
}

/// Encodes a text as a part of a path or the value of a query.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
