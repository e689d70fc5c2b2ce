//! The API of Argo CD.

use std::thread::sleep;
use std::time::Duration;

use nth_deployments::{ReadError, Reading, Scope, argo_cd};
use ureq::http::{HeaderValue, Response, StatusCode, header};
use ureq::{Agent, Body};

use crate::exit::Failure;
use crate::http::{
    RequestError, Sanitizer, Secret, TooMuch, Way, base_url, header_value, read_secret,
    request_error, token,
};
use crate::options::{Connection, DeploysPull};

/// The variable with the token.
const TOKEN: &str = "NTH_ARGOCD_TOKEN";

/// The variable with the path of a file with the token.
const TOKEN_FILE: &str = "NTH_ARGOCD_TOKEN_FILE";

/// The maximum size of an answer in bytes: some thousand applications.
const MOST_BYTES: u64 = 256 << 20;

/// The maximum number of bytes of an error that are read.
const MOST_ERROR_BYTES: u64 = 1 << 20;

/// The pauses before retries.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(600),
    Duration::from_millis(1_800),
];

const HELP: TooMuch = TooMuch {
    late: "allow more time with `--timeout 5m`",
    large: Some("import them in parts: `argocd app list -o json --project …`"),
};

/// A client of Argo CD.
pub struct ArgoCd {
    agent: Agent,
    base: String,
    through: Option<String>,
    authorization: Option<HeaderValue>,
    proxy_authorization: Option<HeaderValue>,
    sanitizer: Sanitizer,
}

impl ArgoCd {
    /// Creates a client of the Argo CD at `url`.
    ///
    /// # Errors
    ///
    /// If the URL, an option, a file or a variable is invalid. Failures contain no secret.
    pub fn new(
        url: &str,
        options: &DeploysPull,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Failure> {
        let instead = format!("pass a token in {TOKEN}");
        let example = "https://argocd.example.com";
        let (base, uri) = base_url(url, "--argo-cd", example, &instead)?;
        let base = base.strip_suffix("/api/v1").unwrap_or(&base).to_owned();
        let secret = secret(options, variable)?;
        // The certificates and the token of Prometheus are not those of Argo CD; root certificates and proxies are shared.
        let is_https = uri.scheme_str() == Some("https");
        let connection = Connection {
            ca: options.connection.ca.clone().filter(|_| is_https),
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
            base,
            through: way.through,
            authorization,
            proxy_authorization: way.proxy_authorization,
            sanitizer: Sanitizer::new(secrets),
        })
    }

    /// Reads the history of all applications that the token may see.
    ///
    /// # Errors
    ///
    /// If there is no valid answer.
    pub fn applications(&self, scope: &Scope) -> Result<Reading, Failure> {
        let mut pauses = PAUSES.iter();
        let (why, help) = loop {
            match self.once(scope) {
                Ok(reading) => return Ok(reading),
                Err(RequestError::Transient(why)) => match pauses.next() {
                    Some(pause) => sleep(*pause),
                    None => break (why, None),
                },
                Err(RequestError::Permanent(why, help)) => break (why, help),
            }
        };
        let from = match &self.through {
            Some(proxy) => format!("{} through the proxy {proxy}", self.base),
            None => self.base.clone(),
        };
        let failure = Failure::io(format!(
            "cannot read the applications of Argo CD at {from}: {why}"
        ));
        Err(match help {
            Some(help) => failure.help(help),
            None => failure,
        })
    }

    fn once(&self, scope: &Scope) -> Result<Reading, RequestError> {
        let url = format!("{}/api/v1/applications", self.base);
        let mut request = self.agent.get(&url);
        request = request.header(header::ACCEPT, "application/json");
        if let Some(value) = &self.authorization {
            request = request.header(header::AUTHORIZATION, value);
        }
        if let Some(value) = &self.proxy_authorization {
            request = request.header(header::PROXY_AUTHORIZATION, value);
        }
        let failed = |error: &ureq::Error| request_error(error, &self.sanitizer, HELP);
        let mut response = request.call().map_err(|error| failed(&error))?;
        let is_ok = response.status() == StatusCode::OK;
        let most = if is_ok { MOST_BYTES } else { MOST_ERROR_BYTES };
        let body = response.body_mut().with_config().limit(most).read_to_vec();
        if !is_ok {
            return Err(self.status_error(&response, body.ok()));
        }
        let bytes = body.map_err(|error| failed(&error))?;
        argo_cd::read(&bytes, scope).map_err(|error| {
            let help = match &error {
                ReadError::Html | ReadError::Empty | ReadError::NotJson { .. } => Some(
                    "check that it is Argo CD, and that the URL includes its path prefix"
                        .to_owned(),
                ),
                other => other.help(),
            };
            RequestError::Permanent(self.sanitizer.sanitize(&error.to_string()), help)
        })
    }

    fn status_error(&self, response: &Response<Body>, body: Option<Vec<u8>>) -> RequestError {
        let status = response.status();
        let message = body.and_then(|bytes| message(&bytes));
        let message = message
            .map(|message| format!(": {}", self.sanitizer.sanitize(&message)))
            .unwrap_or_default();
        let why = format!("unexpected status {}{message}", status.as_u16());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return RequestError::Transient(why);
        }
        let help = match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Some(format!(
                "set {TOKEN} to a token whose account may `get` applications, or pass a file with `--argo-cd-token-file`"
            )),
            StatusCode::NOT_FOUND => Some(
                "check that it is Argo CD, and that the URL includes its path prefix".to_owned(),
            ),
            status if status.is_redirection() => {
                Some("pass the URL that it redirects to: redirects are not followed".to_owned())
            }
            _ => None,
        };
        RequestError::Permanent(why, help)
    }
}

/// The message of an error.
fn message(bytes: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    let text = |name: &str| value.get(name)?.as_str().map(str::to_owned);
    text("message").or_else(|| text("error"))
}

/// The token; `None` for anonymous access.
fn secret(
    options: &DeploysPull,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Secret>, Failure> {
    if let Some(file) = &options.argo_cd_token_file {
        return read_secret(file, "--argo-cd-token-file").map(Some);
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
