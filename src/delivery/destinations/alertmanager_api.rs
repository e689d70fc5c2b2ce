//! The configuration API of Cortex's and Mimir's Alertmanager: one configuration with its templates for each tenant.
//!
//! API: <https://cortexmetrics.io/docs/api/#alertmanager> and
//! <https://grafana.com/docs/mimir/latest/references/http-api/#alertmanager>. The server keeps the text as it is sent, so the mark
//! is a comment at its top. It has no versions and no place for a lease.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use ureq::Agent;
use ureq::http::Method;

use super::secret_files::SecretFiles;
use super::{cortex, yaml};
use crate::destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
use crate::error::DeliveryError;
use crate::http::HttpClient;
use crate::lease::LeaseStore;
use crate::object::{ContentHash, DesiredObject, LiveObject, ObjectKey, ObjectKind, Owner};

/// The name of the only object.
pub const NAME: &str = "alertmanager";
/// The path of the stored configuration.
const PATH: &str = "/api/v1/alerts";
/// The path of what is loaded.
const STATUS: &str = "/alertmanager/api/v2/status";
/// The start of the mark.
const MARK: &str = "# nthc: ";

/// The mark of an owner.
#[derive(Serialize, Deserialize)]
struct Mark {
    project: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    environment: Option<String>,
    /// The hash of the content that was written with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    content: Option<ContentHash>,
}

/// The document of the API.
#[derive(Deserialize)]
struct Stored {
    #[serde(default)]
    template_files: Option<BTreeMap<String, String>>,
    alertmanager_config: String,
}

/// The configuration API of an Alertmanager. The content of its only object is `config`, the text, and `templates`, a text by
/// name; both may contain secrets.
#[derive(Debug)]
pub struct AlertmanagerApi {
    client: HttpClient,
    settings: AlertmanagerApiSettings,
}

/// What a client of the API must know.
#[derive(Debug, Clone, Default)]
pub struct AlertmanagerApiSettings {
    /// The tenant.
    pub tenant: Option<String>,
    /// The secrets that the configuration names by their files. The server reads no files, so they are written into it.
    pub secrets: SecretFiles,
}

impl AlertmanagerApi {
    /// Creates a client of the server at `base`. `headers` are sent with each request. `secrets` are never shown: those in a header
    /// and those in the configuration.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Invalid`] if the URL, a header or the tenant is invalid.
    pub fn new(
        agent: Agent,
        base: &str,
        headers: &[(String, String)],
        mut secrets: Vec<String>,
        settings: AlertmanagerApiSettings,
    ) -> Result<Self, DeliveryError> {
        let headers = cortex::with_tenant(headers, settings.tenant.as_deref())?;
        let written = settings.secrets.secrets.iter().flatten();
        secrets.extend(written.map(|(_, secret)| secret.trim().to_owned()));
        Ok(Self {
            client: HttpClient::new(agent, base, &headers, secrets)?,
            settings,
        })
    }

    /// The key of the only object.
    pub fn key() -> ObjectKey {
        ObjectKey::new(ObjectKind::AlertmanagerConfig, "", NAME)
    }

    /// Reads what is stored.
    fn stored(&self) -> Result<Option<LiveObject>, DeliveryError> {
        let answer = self.client.get(PATH)?;
        if cortex::is_missing(&answer, "alertmanager storage object not found") {
            return Ok(None);
        }
        let answer = self.client.success(answer)?;
        let stored: Stored = yaml::read(&answer.body)?;
        // Mimir returns an empty text for a tenant without a configuration.
        if stored.alertmanager_config.trim().is_empty() {
            return Ok(None);
        }
        let (mark, text) = unmarked(&stored.alertmanager_config);
        let content = content(text, stored.template_files.unwrap_or_default());
        let owner = mark.as_ref().map(|mark| Owner {
            project: mark.project.clone(),
            environment: mark.environment.clone(),
        });
        Ok(Some(LiveObject {
            applied: mark.and_then(|mark| mark.content),
            ..LiveObject::new(Self::key(), owner, content)
        }))
    }

    /// Compares what is loaded with what is stored.
    fn loaded(&self) -> Result<Health, DeliveryError> {
        #[derive(Deserialize)]
        struct Status {
            config: Loaded,
        }
        #[derive(Deserialize)]
        struct Loaded {
            original: String,
        }
        let Some(stored) = self.stored()? else {
            return Ok(Health::Failing {
                error: "the configuration does not exist".to_owned(),
            });
        };
        let answer = self.client.get(STATUS)?;
        if cortex::is_missing(&answer, "not configured") {
            return Ok(Health::Pending);
        }
        let answer = self.client.success(answer)?;
        let status: Status =
            serde_json::from_slice(&answer.body).map_err(|_| DeliveryError::Malformed {
                why: "not the status of Alertmanager".to_owned(),
            })?;
        let text = stored.content.get("config").and_then(Value::as_str);
        let stored: Option<Value> = text.and_then(|text| yaml::read(text.as_bytes()).ok());
        let loaded: Option<Value> = yaml::read(status.config.original.as_bytes()).ok();
        Ok(match (stored, loaded) {
            (Some(stored), Some(loaded)) => compare(&stored, &loaded),
            _ => Health::Unknown,
        })
    }
}

/// Says whether `loaded`, which the server prints with defaults, in its own notation and with hidden secrets, is `stored`. One that
/// differs from it only in secrets counts as loaded.
fn compare(stored: &Value, loaded: &Value) -> Health {
    if skeleton(stored) != skeleton(loaded) {
        return Health::Pending;
    }
    if is_within(stored, loaded) {
        Health::Healthy
    } else {
        Health::Unknown
    }
}

/// The names of receivers, and the tree of routes with the receiver of each.
fn skeleton(config: &Value) -> Value {
    fn routes(route: &Value) -> Value {
        let children = route.get("routes").and_then(Value::as_array);
        let children = children.into_iter().flatten().map(routes);
        json!([route.get("receiver"), children.collect::<Value>()])
    }
    let receivers = config.get("receivers").and_then(Value::as_array);
    let names = receivers.into_iter().flatten().map(|one| one.get("name"));
    json!([config.get("route").map(routes), names.collect::<Vec<_>>(),])
}

/// Returns true if each value of `stored` is in `loaded`.
fn is_within(stored: &Value, loaded: &Value) -> bool {
    match (stored, loaded) {
        (Value::Object(stored), Value::Object(loaded)) => stored.iter().all(|(name, value)| {
            let found = loaded.get(name);
            found.is_some_and(|found| is_within(value, found))
        }),
        (Value::Array(stored), Value::Array(loaded)) => {
            stored.len() == loaded.len()
                && stored
                    .iter()
                    .zip(loaded)
                    .all(|(stored, loaded)| is_within(stored, loaded))
        }
        (_, Value::String(hidden)) if hidden == "<secret>" => true,
        _ => stored == loaded,
    }
}

/// The content of the object.
fn content(text: &str, templates: BTreeMap<String, String>) -> Value {
    json!({"config": text.trim_end(), "templates": templates})
}

/// Splits a configuration into the mark and the rest.
fn unmarked(text: &str) -> (Option<Mark>, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mark = first.strip_prefix(MARK);
    match mark.and_then(|mark| serde_json::from_str(mark).ok()) {
        Some(mark) => (Some(mark), rest),
        None => (None, text),
    }
}

impl Destination for AlertmanagerApi {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::AlertmanagerApi,
            url: self.client.base().to_owned(),
            scope: self.settings.tenant.clone(),
        }
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        let unsupported = |why: &str| {
            Err(DeliveryError::Unsupported {
                key: object.key.clone(),
                why: why.to_owned(),
            })
        };
        if object.key != Self::key() {
            return unsupported("a tenant has one Alertmanager configuration");
        }
        let config = object.content.get("config").and_then(Value::as_str);
        let Some(config) = config.filter(|text| !text.trim().is_empty()) else {
            return unsupported("it has no text");
        };
        if unmarked(config).0.is_some() {
            return unsupported("its first line is a mark");
        }
        let templates = object.content.get("templates").cloned();
        let templates = serde_json::from_value(templates.unwrap_or_else(|| json!({})));
        let Ok(templates) = templates else {
            return unsupported("its templates are not texts by name");
        };
        let config = match self.settings.secrets.inline(config) {
            Ok(config) => config,
            Err(why) => return unsupported(&why),
        };
        Ok(DesiredObject {
            content: content(&config, templates),
            ..object
        })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        let stored = self.stored()?.into_iter();
        let is_read = |object: &LiveObject| {
            let found = object.owner.as_ref();
            found.is_some_and(|found| found.project == owner.project)
                || wanted.contains(&object.key)
        };
        Ok(stored.filter(is_read).collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        Ok(self.stored()?.filter(|object| object.key == *key))
    }

    fn limits(&self, desired: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        let limits = cortex::limits(&self.client, self.settings.tenant.as_deref())?;
        let mut found = Vec::new();
        let mut check = |key: &ObjectKey, limit: &str, needed: usize| {
            let needed = u64::try_from(needed).unwrap_or(u64::MAX);
            let allowed = limits
                .get(limit)
                .copied()
                .filter(|allowed| needed > *allowed);
            found.extend(allowed.map(|allowed| Excess {
                key: Some(key.clone()),
                limit: limit.to_owned(),
                allowed,
                needed,
            }));
        };
        for object in desired {
            let key = &object.key;
            // The mark has about 200 bytes; what the server counts is the whole document.
            let size = yaml::write(&object.content).len().saturating_add(200);
            check(key, "alertmanager_max_config_size_bytes", size);
            let templates = object.content.get("templates").and_then(Value::as_object);
            let templates = templates.into_iter().flatten();
            check(
                key,
                "alertmanager_max_templates_count",
                templates.clone().count(),
            );
            let largest = templates
                .filter_map(|(_, text)| text.as_str().map(str::len))
                .max();
            check(
                key,
                "alertmanager_max_template_size_bytes",
                largest.unwrap_or(0),
            );
        }
        Ok(found)
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        _before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        let mark = json!(Mark {
            project: owner.project.clone(),
            environment: owner.environment.clone(),
            content: Some(object.hash()),
        });
        let text = object.content.get("config").and_then(Value::as_str);
        let body = json!({
            "template_files": object.content.get("templates"),
            "alertmanager_config": format!("{MARK}{mark}\n{}\n", text.unwrap_or_default()),
        });
        let body = Some(("application/yaml", yaml::write(&body)));
        let answer = self.client.send(Method::POST, PATH, body)?;
        let words = answer.text();
        let is_limit = ["too big", "too many templates"]
            .iter()
            .any(|limit| words.contains(limit));
        if answer.status == 400 && is_limit {
            return Err(DeliveryError::LimitExceeded {
                cause: self.client.sanitize(&words),
            });
        }
        self.client.success(answer).map(|_| ())
    }

    fn delete(&self, _object: &LiveObject) -> Result<(), DeliveryError> {
        let answer = self.client.send(Method::DELETE, PATH, None)?;
        self.client.success(answer).map(|_| ())
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        // Alertmanager polls its store.
        Ok(())
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let health = self.loaded()?;
        Ok(keys
            .iter()
            .map(|key| ObjectHealth {
                key: key.clone(),
                health: health.clone(),
            })
            .collect())
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_is_compared_by_meaning() {
        let stored = json!({
            "route": {"receiver": "a", "routes": [{"receiver": "b", "matchers": ["x=\"y\""]}]},
            "receivers": [{"name": "a", "webhook_configs": [{"url": "https://example.com/s3cret"}]}, {"name": "b"}],
        });
        let mut loaded = json!({
            "global": {"resolve_timeout": "5m"},
            "route": {"receiver": "a", "continue": false, "routes": [{"receiver": "b", "matchers": ["x=\"y\""]}]},
            "receivers": [
                {"name": "a", "webhook_configs": [{"url": "<secret>", "max_alerts": 0}]},
                {"name": "b"},
            ],
        });
        assert_eq!(compare(&stored, &loaded), Health::Healthy);
        loaded["route"]["routes"][0]["matchers"] = json!(["x=y"]);
        assert_eq!(compare(&stored, &loaded), Health::Unknown);
        loaded["route"]["routes"][0]["receiver"] = json!("a");
        assert_eq!(compare(&stored, &loaded), Health::Pending);
    }

    #[test]
    fn only_the_first_line_is_a_mark() {
        let marked = "# nthc: {\"project\":\"shop\"}\nroute: {}\n";
        let (mark, text) = unmarked(marked);
        assert_eq!(mark.map(|mark| mark.project).as_deref(), Some("shop"));
        assert_eq!(text, "route: {}\n");
        let later = format!("# a comment\n{marked}");
        assert!(unmarked(&later).0.is_none());
        assert!(unmarked("# nthc: yes\n").0.is_none());
    }
}
