//! Requests to an API server: its answers as JSON, and its errors as ours.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fmt;
use std::future::Future;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Limited};
use kube::client::Body;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;
use tokio::runtime::{Builder, Handle, Runtime};
use ureq::http::{Method, Request, header};

use super::form::ResourceType;
use super::proxy;
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::sanitizer::Sanitizer;

/// The largest answer that is read, in bytes.
const MOST_BYTES: usize = 256 << 20;

/// The number of objects that are read at once.
const PAGE: usize = 500;

/// How to find and enter a cluster.
#[derive(Clone, Default)]
pub struct ClusterAccess {
    /// The kubeconfig; `None` for `KUBECONFIG` or `~/.kube/config`, or else the service account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; `None` for the current one.
    pub context: Option<String>,
    /// The URL of an API server that needs no credentials, such as `kubectl proxy`, instead of a kubeconfig.
    pub url: Option<String>,
}

/// An API server.
pub(super) struct Api {
    runtime: Runtime,
    client: Client,
    /// Its URL, without credentials.
    pub url: String,
    /// The namespace of the context.
    pub namespace: String,
    timeout: Duration,
    sanitizer: Sanitizer,
    /// What the server has of each group and version: kinds with the names in their paths. `None`: it is not served.
    known: Mutex<BTreeMap<String, Option<BTreeMap<String, String>>>>,
}

/// Without credentials.
impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// An answer: its status and document.
pub(super) struct Answer {
    pub status: u16,
    media_type: String,
    retry_after: Option<Duration>,
    body: Vec<u8>,
    /// The document; null if it is not JSON.
    pub document: Value,
}

impl Answer {
    fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns true if the server says of one object that it does not exist.
    pub fn is_missing(&self) -> bool {
        let text = |pointer: &str| self.document.pointer(pointer).and_then(Value::as_str);
        self.status == 404
            && text("/kind") == Some("Status")
            && text("/reason") == Some("NotFound")
            && text("/details/kind") != Some("namespaces")
            && text("/details/name").is_some()
    }
}

impl Api {
    /// Connects. Nothing is requested yet.
    pub fn new(access: &ClusterAccess, timeout: Duration) -> Result<Self, DeliveryError> {
        let invalid = |why: String| DeliveryError::Invalid { why };
        if Handle::try_current().is_ok() {
            return Err(invalid(
                "a cluster cannot be used from asynchronous code".to_owned(),
            ));
        }
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|cause| invalid(format!("no event loop can be started: {cause}")))?;
        let sanitizer = Sanitizer::default();
        let mut config = runtime.block_on(configure(access)).map_err(|cause| {
            invalid(sanitizer.sanitize(&format!("cannot find a cluster: {cause}")))
        })?;
        // The caller repeats requests.
        config.default_retry = false;
        config.connect_timeout = Some(timeout);
        config.read_timeout = Some(timeout);
        if let Some(proxy) = &config.proxy_url {
            let variable = |name: &str| std::env::var(name).ok();
            if proxy::is_passed_by(proxy, &config.cluster_url, &variable) {
                config.proxy_url = None;
            } else if !proxy::is_http(proxy) {
                // Its URL may contain a password, and so may any message about it.
                return Err(invalid(
                    "only an HTTP proxy can be used for a cluster".to_owned(),
                ));
            }
        }
        let url = without_credentials(&config.cluster_url);
        let namespace = config.default_namespace.clone();
        let client = {
            let _inside = runtime.enter();
            Client::try_from(config)
        };
        let client = client.map_err(|cause| {
            invalid(sanitizer.sanitize(&format!("cannot use the cluster: {cause}")))
        })?;
        Ok(Self {
            runtime,
            client,
            url,
            namespace,
            timeout,
            sanitizer,
            known: Mutex::default(),
        })
    }

    fn run<T>(
        &self,
        work: impl Future<Output = Result<T, DeliveryError>>,
    ) -> Result<T, DeliveryError> {
        self.runtime.block_on(async {
            match tokio::time::timeout(self.timeout, work).await {
                Ok(result) => result,
                Err(_) => Err(DeliveryError::Unavailable {
                    cause: "request timed out".to_owned(),
                }),
            }
        })
    }

    /// Sends a request to a path with a query.
    pub fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<(&str, &Value)>,
    ) -> Result<Answer, DeliveryError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/json");
        let mut bytes = Vec::new();
        if let Some((media_type, document)) = body {
            request = request.header(header::CONTENT_TYPE, media_type);
            bytes = document.to_string().into_bytes();
        }
        let request = request
            .body(Body::from(bytes))
            .map_err(|_| DeliveryError::Invalid {
                why: "the request cannot be sent: invalid path".to_owned(),
            })?;
        self.run(async {
            let response = self.client.send(request).await;
            let response = response.map_err(|error| self.failure(&error))?;
            let (parts, body) = response.into_parts();
            let text = |name: header::HeaderName| {
                let value = parts.headers.get(name)?;
                value.to_str().ok()
            };
            let media_type = text(header::CONTENT_TYPE)
                .unwrap_or_default()
                .to_lowercase();
            let retry_after = text(header::RETRY_AFTER)
                .and_then(|seconds| seconds.trim().parse().ok())
                .map(|seconds: u64| Duration::from_secs(seconds.min(3_600)));
            let read = Limited::new(body, MOST_BYTES).collect().await;
            let bytes = read.map_err(|cause| DeliveryError::Unavailable {
                cause: self.sanitizer.sanitize(&cause.to_string()),
            })?;
            let body = bytes.to_bytes().to_vec();
            Ok(Answer {
                status: parts.status.as_u16(),
                media_type,
                retry_after,
                document: serde_json::from_slice(&body).unwrap_or(Value::Null),
                body,
            })
        })
    }

    /// Sends a request whose answer must be a document.
    pub fn success(&self, answer: Answer) -> Result<Value, DeliveryError> {
        if answer.is_success() && answer.document.is_object() {
            Ok(answer.document)
        } else {
            Err(self.error(&answer))
        }
    }

    /// The error of a failed request.
    fn failure(&self, error: &kube::Error) -> DeliveryError {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(cause) = next {
            text = cause.to_string();
            next = cause.source();
        }
        let text = self.sanitizer.sanitize(&text);
        match error {
            kube::Error::Auth(_) => DeliveryError::Unauthorized {
                cause: format!("no credentials: {text}"),
            },
            _ if text.contains("certificate") => DeliveryError::Invalid {
                why: format!("cannot connect: {text}"),
            },
            _ => DeliveryError::Unavailable { cause: text },
        }
    }

    /// The error that an answer is.
    pub fn error(&self, answer: &Answer) -> DeliveryError {
        let document = &answer.document;
        let is_status = document.get("kind").and_then(Value::as_str) == Some("Status");
        let start = answer.body.get(..64).unwrap_or(&answer.body);
        let is_page = answer.media_type.starts_with("text/html")
            || String::from_utf8_lossy(start)
                .trim_start()
                .to_lowercase()
                .starts_with("<");
        let message = document.get("message").and_then(Value::as_str);
        let words = match message {
            Some(message) => message.to_owned(),
            None if is_page => String::new(),
            None => String::from_utf8_lossy(answer.body.get(..2_000).unwrap_or(&answer.body))
                .into_owned(),
        };
        let words = self.sanitizer.sanitize(&words);
        let status = answer.status;
        let cause = if words.is_empty() {
            format!("status {status}")
        } else {
            words
        };
        match status {
            200..=299 => DeliveryError::NotTheApi {
                found: if is_page {
                    "a page of HTML"
                } else {
                    "an answer that is not JSON"
                }
                .to_owned(),
            },
            300..=399 => DeliveryError::NotTheApi {
                found: format!("a redirect ({status})"),
            },
            401 => DeliveryError::Unauthorized { cause },
            403 if cause.contains("exceeded quota") => DeliveryError::LimitExceeded { cause },
            403 => DeliveryError::Forbidden { cause },
            404 if is_status && message.is_some_and(|text| text.starts_with("namespaces ")) => {
                DeliveryError::Rejected { cause }
            }
            404 | 405 | 410 => DeliveryError::NotTheApi {
                found: if is_page {
                    format!("a page of HTML ({status})")
                } else {
                    format!("{status}: {cause}")
                },
            },
            409 => DeliveryError::Conflict {
                cause: self.conflict(document).unwrap_or(cause),
            },
            413 => DeliveryError::LimitExceeded { cause },
            // A field that is not in the schema.
            500 if cause.contains("failed to create typed patch object") => {
                DeliveryError::Rejected { cause }
            }
            429 => DeliveryError::RateLimited {
                retry_after: answer.retry_after,
                cause,
            },
            500.. => DeliveryError::Unavailable { cause },
            _ if is_page => DeliveryError::NotTheApi {
                found: format!("a page of HTML ({status})"),
            },
            _ => DeliveryError::Rejected { cause },
        }
    }

    /// The fields of a conflict, each with who else manages it; `None` if it is another conflict.
    fn conflict(&self, status: &Value) -> Option<String> {
        let causes = status.pointer("/details/causes")?.as_array()?;
        let mut conflicts: Vec<String> = Vec::new();
        for cause in causes {
            let text = |name: &str| cause.get(name).and_then(Value::as_str);
            if text("reason") != Some("FieldManagerConflict") {
                return None;
            }
            let field = text("field").unwrap_or_default();
            let who = text("message").and_then(|message| message.split('"').nth(1));
            conflicts.push(format!("`{field}` is managed by `{}`", who.unwrap_or("?")));
        }
        let joined = self.sanitizer.sanitize(&conflicts.join("; "));
        (!conflicts.is_empty()).then_some(joined)
    }

    /// The path of the objects of a type in a namespace; `None` if the server does not have the type.
    pub fn path(
        &self,
        of: &ResourceType,
        namespace: &str,
    ) -> Result<Option<String>, DeliveryError> {
        let group = match of.group.as_str() {
            "" => format!("/api/{}", path_segment(&of.version)),
            group => format!(
                "/apis/{}/{}",
                path_segment(group),
                path_segment(&of.version)
            ),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.contains_key(&group) {
            let resources = self.resources(of, &group)?;
            known.insert(group.clone(), resources);
        }
        let name = known
            .get(&group)
            .and_then(Option::as_ref)
            .and_then(|kinds| kinds.get(&of.kind));
        Ok(name.map(|name| {
            format!(
                "{group}/namespaces/{}/{}",
                path_segment(namespace),
                path_segment(name)
            )
        }))
    }

    /// The kinds of a group and version that are in namespaces, each with the name in its path; `None` if the server does not have
    /// the group in this version, which it says itself.
    fn resources(
        &self,
        of: &ResourceType,
        path: &str,
    ) -> Result<Option<BTreeMap<String, String>>, DeliveryError> {
        if !of.group.is_empty() {
            let groups = self.success(self.send(Method::GET, "/apis", None)?)?;
            let Some(groups) = groups.get("groups").and_then(Value::as_array) else {
                return Err(DeliveryError::NotTheApi {
                    found: "an answer without API groups".to_owned(),
                });
            };
            let is_served = groups
                .iter()
                .filter_map(|group| group.get("versions")?.as_array())
                .flatten()
                .any(|version| {
                    let served = version.get("groupVersion").and_then(Value::as_str);
                    served == Some(of.api_version().as_str())
                });
            if !is_served {
                return Ok(None);
            }
        }
        let list = self.success(self.send(Method::GET, path, None)?)?;
        let Some(resources) = list.get("resources").and_then(Value::as_array) else {
            return Err(DeliveryError::NotTheApi {
                found: "an answer without API resources".to_owned(),
            });
        };
        let named = resources.iter().filter_map(|resource| {
            let text = |name: &str| resource.get(name).and_then(Value::as_str);
            let name = text("name").filter(|name| !name.contains('/'))?;
            let is_namespaced = resource.get("namespaced") == Some(&Value::Bool(true));
            is_namespaced.then_some((text("kind")?.to_owned(), name.to_owned()))
        });
        Ok(Some(named.collect()))
    }

    /// Lists the objects in a path with a label.
    pub fn list(&self, path: &str, selector: &str) -> Result<Vec<Value>, DeliveryError> {
        let mut objects = Vec::new();
        let mut next = String::new();
        loop {
            let mut query = format!(
                "{path}?labelSelector={}&limit={PAGE}",
                path_segment(selector)
            );
            if !next.is_empty() {
                query.push_str(&format!("&continue={}", path_segment(&next)));
            }
            let mut page = self.success(self.send(Method::GET, &query, None)?)?;
            next = page
                .pointer("/metadata/continue")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned();
            match page.get_mut("items").map(Value::take) {
                Some(Value::Array(items)) => objects.extend(items),
                _ => {
                    return Err(DeliveryError::NotTheApi {
                        found: "an answer without items".to_owned(),
                    });
                }
            }
            if next.is_empty() {
                return Ok(objects);
            }
        }
    }
}

/// Finds the cluster.
async fn configure(access: &ClusterAccess) -> Result<Config, String> {
    if let Some(url) = &access.url {
        let url = url.parse().map_err(|_| "invalid URL".to_owned())?;
        return Ok(Config::new(url));
    }
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    if let Some(path) = &access.kubeconfig {
        let kubeconfig = Kubeconfig::read_from(path).map_err(|cause| cause.to_string())?;
        return Config::from_custom_kubeconfig(kubeconfig, &options)
            .await
            .map_err(|cause| cause.to_string());
    }
    if access.context.is_some() {
        return Config::from_kubeconfig(&options)
            .await
            .map_err(|cause| cause.to_string());
    }
    Config::infer().await.map_err(|cause| cause.to_string())
}

/// A URL without a user and a password.
fn without_credentials(url: &ureq::http::Uri) -> String {
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let host = authority.rsplit('@').next().unwrap_or_default();
    let scheme = url.scheme_str().unwrap_or("https");
    format!("{scheme}://{host}{}", url.path().trim_end_matches('/'))
}
