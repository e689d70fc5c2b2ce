//! The configuration file of Alertmanager with its templates, and their reload.
//!
//! The content of the one object is `{"config": text, "templates": {name: text}}`, as of
//! [`alertmanager_api`](super::alertmanager_api). All files are in one folder. The file of the configuration bears its owner's mark
//! as a comment in its first line, and each template as a comment of its own. Secrets are never shown: what a live configuration
//! has inline is hidden.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Map, Value, json};

use super::files::reload::Reloader;
use super::files::{self, FileStore, Mark, yaml};
use super::ownership;
use crate::destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
use crate::error::DeliveryError;
use crate::http::HttpClient;
use crate::lease::LeaseStore;
use crate::object::{DesiredObject, LiveObject, ObjectKey, ObjectKind, Owner};

pub use super::files::reload::Reload;

/// Where the configuration is, and how it is loaded.
#[derive(Debug, Clone)]
pub struct AlertmanagerSettings {
    /// The folder of the configuration and its templates.
    pub folder: PathBuf,
    /// The name of the file of the configuration: `alertmanager.yml`.
    pub file: String,
    /// What makes Alertmanager load it.
    pub reload: Reload,
}

/// The configuration file of an Alertmanager.
#[derive(Debug)]
pub struct Alertmanager {
    store: FileStore,
    file: String,
    reloader: Reloader,
}

/// What the first line of a template of ours begins and ends with.
const TEMPLATE_MARK: (&str, &str) = ("{{/* nthc: ", " */}}");

/// What stands for an inline secret.
const HIDDEN: &str = "<hidden>";

impl Alertmanager {
    /// Creates the destination. `client` is for the URL of Alertmanager, with its route prefix.
    ///
    /// # Errors
    ///
    /// If the folder does not exist, or the name of the file has a folder.
    pub fn new(client: HttpClient, settings: &AlertmanagerSettings) -> Result<Self, DeliveryError> {
        if !FileStore::is_name(&settings.file) {
            return Err(DeliveryError::Invalid {
                why: format!("not the name of a file: {}", settings.file.escape_debug()),
            });
        }
        Ok(Self {
            store: FileStore::new(&settings.folder)?,
            file: settings.file.clone(),
            reloader: Reloader::new(client, settings.reload, "alertmanager"),
        })
    }

    /// The key of the one object: the name of the file.
    pub fn key(&self) -> ObjectKey {
        ObjectKey::new(ObjectKind::AlertmanagerConfig, "", self.file.as_str())
    }

    fn check(&self, key: &ObjectKey) -> Result<(), DeliveryError> {
        if *key == self.key() {
            return Ok(());
        }
        Err(DeliveryError::Unsupported {
            key: key.clone(),
            why: format!(
                "Alertmanager has one configuration, `{}`",
                self.file.escape_debug()
            ),
        })
    }

    /// Reads the configuration with the templates that it names in its folder.
    fn current(&self) -> Result<Option<LiveObject>, DeliveryError> {
        let Some(found) = self.store.read(&self.file)? else {
            return Ok(None);
        };
        let mark = Mark::read(&found.text, &self.file).filter(|_| !found.is_special);
        let text = match &mark {
            Some(_) => found.text.split_once('\n').map_or("", |(_, rest)| rest),
            None => found.text.as_str(),
        };
        let config = yaml::read(text).unwrap_or(Value::Null);
        let mut versions = vec![found.version.clone()];
        let mut templates = Map::new();
        for name in template_names(&config) {
            if let Some(template) = self.store.read(&name)? {
                versions.push(template.version.clone());
                let text = without_mark(&template.text, &name);
                templates.insert(name, text.into());
            }
        }
        let content = json!({
            "config": without_secrets(text, config, mark.is_some()),
            "templates": templates,
        });
        let mut live = LiveObject::new(self.key(), mark.as_ref().map(Mark::owner), content);
        live.applied = mark.and_then(|mark| mark.content().cloned());
        live.version = Some(versions.join(" "));
        Ok(Some(live))
    }

    /// Writes the templates that an object has, and not over a template of someone else.
    fn write_templates(&self, object: &DesiredObject, owner: &Owner) -> Result<(), DeliveryError> {
        let unsupported = |why: String| DeliveryError::Unsupported {
            key: object.key.clone(),
            why,
        };
        for (name, text) in templates(&object.content) {
            let text = text.as_str().unwrap_or_default();
            let text = format!("{}{text}", template_mark(owner, name));
            let before = self.store.read(name)?;
            if let Some(before) = &before {
                let mark = template_owner(&before.text, name);
                if before.is_special || mark.as_ref() != Some(owner) {
                    return Err(unsupported(format!(
                        "the template `{}` exists and bears no mark of this project and environment",
                        name.escape_debug()
                    )));
                }
            }
            let version = before.as_ref().map(|before| before.version.as_str());
            self.store.write(name, version, &text)?;
        }
        Ok(())
    }

    fn health_now(&self) -> Result<Health, DeliveryError> {
        let last = self.reloader.last()?;
        let mut names = vec![self.file.clone()];
        if let Some(live) = self.current()? {
            names.extend(templates(&live.content).map(|(name, _)| name.clone()));
        }
        for name in names {
            let Some(found) = self.store.read(&name)? else {
                return Ok(Health::Failing {
                    error: "the file does not exist".to_owned(),
                });
            };
            if !self.reloader.has_loaded(last, found.written) {
                return Ok(if last.is_successful {
                    Health::Pending
                } else {
                    Health::Failing {
                        error: "not loaded: the last reload of Alertmanager failed".to_owned(),
                    }
                });
            }
        }
        Ok(Health::Healthy)
    }

    /// Whether an earlier run was killed between a write and the reload.
    fn is_behind(&self) -> Result<bool, DeliveryError> {
        let is_ours = self.current()?.is_some_and(|live| live.owner.is_some());
        Ok(is_ours && self.health_now()? != Health::Healthy)
    }
}

/// A content of an Alertmanager configuration as it may be shown: inline secrets and URLs, which may contain some, are hidden. What is
/// not YAML is hidden as a whole.
pub fn without_inline_secrets(content: &Value) -> Value {
    let mut shown = content.clone();
    if let Some(Value::String(text)) = shown.get_mut("config") {
        *text = match yaml::read(text) {
            Ok(config) => without_secrets(text, config, false),
            Err(_) => HIDDEN.to_owned(),
        };
    }
    shown
}

/// The text of a configuration without its inline secrets: written anew if it has some.
fn without_secrets(text: &str, mut config: Value, is_ours: bool) -> String {
    let before = config.clone();
    hide_secrets(&mut config);
    if !is_ours {
        hide_urls(&mut config);
    }
    if config == before {
        return text.to_owned();
    }
    yaml::write(&config).unwrap_or_else(|_| HIDDEN.to_owned())
}

/// The first line of a template of this owner. JSON is written so that it does not end the comment.
fn template_mark(owner: &Owner, file: &str) -> String {
    let mark = Mark::new(owner, file, None).json().replace('/', "\\/");
    format!("{}{mark}{}\n", TEMPLATE_MARK.0, TEMPLATE_MARK.1)
}

fn template_owner(text: &str, file: &str) -> Option<Owner> {
    let line = text.lines().next()?;
    let mark = line
        .strip_prefix(TEMPLATE_MARK.0)?
        .strip_suffix(TEMPLATE_MARK.1)?;
    Mark::parse(mark, file).map(|mark| mark.owner())
}

/// A template without the line of its mark.
fn without_mark(text: &str, file: &str) -> String {
    match text.split_once('\n') {
        Some((first, rest)) if template_owner(first, file).is_some() => rest.to_owned(),
        _ => text.to_owned(),
    }
}

/// The names in `templates` that are files right in the folder.
fn template_names(config: &Value) -> Vec<String> {
    let names = config.get("templates").and_then(Value::as_array);
    names
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| FileStore::is_name(name) && !name.contains(['*', '?', '[']))
        .map(str::to_owned)
        .collect()
}

/// The templates of a content, by name.
fn templates(content: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let files = content.get("templates").and_then(Value::as_object);
    files.into_iter().flatten()
}

/// Replaces the inline secrets of a configuration: Alertmanager's types `Secret` and `SecretURL`.
fn hide_secrets(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_secrets),
        Value::Object(members) => {
            for (name, member) in members {
                if is_secret(name) && (member.is_string() || member.is_number()) {
                    *member = HIDDEN.into();
                } else if let (true, Value::Array(items)) = (is_secret(name), &mut *member) {
                    items.fill(HIDDEN.into());
                } else {
                    hide_secrets(member);
                }
            }
        }
        _ => {}
    }
}

/// Returns true for the fields that hold a secret: not those that name a file with one.
fn is_secret(field: &str) -> bool {
    let is_file = field.ends_with("_file") || field.ends_with("_ref");
    let words = [
        "password",
        "secret",
        "token",
        "credentials",
        "_key",
        "api_url",
        "webhook_url",
    ];
    !is_file && field != "opsgenie_api_url" && words.iter().any(|word| field.contains(word))
}

/// Replaces the URLs of webhooks, which Alertmanager treats as secrets: those of someone else may contain a token. Those of ours are
/// in the source, or in a file.
fn hide_urls(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(hide_urls),
        Value::Object(members) => {
            for (name, member) in members {
                if name == "url" && member.is_string() {
                    *member = HIDDEN.into();
                } else {
                    hide_urls(member);
                }
            }
        }
        _ => {}
    }
}

impl Destination for Alertmanager {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Alertmanager,
            url: self.reloader.client().base().to_owned(),
            scope: Some(self.store.folder().join(&self.file).display().to_string()),
        }
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        self.check(&object.key)?;
        let unsupported = |why: String| DeliveryError::Unsupported {
            key: object.key.clone(),
            why,
        };
        let text = object.content.get("config").and_then(Value::as_str);
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
            return Err(unsupported("its content has no text `config`".to_owned()));
        };
        let Ok(config) = yaml::read(text) else {
            return Err(unsupported("its `config` is not YAML".to_owned()));
        };
        if without_secrets(text, config.clone(), true) != text {
            return Err(unsupported(
                "it contains an inline secret: name a file with it instead".to_owned(),
            ));
        }
        let named = template_names(&config);
        for (name, text) in templates(&object.content) {
            if !named.contains(name) || !text.is_string() {
                return Err(unsupported(format!(
                    "the template `{}` is not named in `templates`",
                    name.escape_debug()
                )));
            }
        }
        let templates: Map<String, Value> = templates(&object.content)
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect();
        Ok(DesiredObject {
            content: json!({ "config": text, "templates": templates }),
            ..object
        })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        // Whether it is Alertmanager at all is known before anything is planned.
        self.reloader.last()?;
        for key in wanted {
            self.check(key)?;
        }
        let is_read = |live: &LiveObject| {
            !wanted.is_empty()
                || live
                    .owner
                    .as_ref()
                    .is_some_and(|mark| mark.project == owner.project)
        };
        Ok(self.current()?.into_iter().filter(is_read).collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        self.check(key)?;
        self.current()
    }

    fn limits(&self, _: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        Ok(Vec::new())
    }

    /// Writes the templates, then the configuration, which names them.
    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        self.check(&object.key)?;
        ownership::refuse_other(&object.key, before, owner)?;
        let now = self.current()?;
        if now.as_ref().map(|live| &live.version) != before.map(|live| &live.version) {
            return Err(DeliveryError::Conflict {
                cause: "the configuration or a template was edited".to_owned(),
            });
        }
        self.write_templates(object, owner)?;
        let version = files::version(before)?.and_then(|versions| versions.split(' ').next());
        let text = object.content.get("config").and_then(Value::as_str);
        let mark = Mark::new(owner, &self.file, Some(object.hash()));
        let text = format!("{}{}", mark.line(), text.unwrap_or_default());
        self.store.write(&self.file, version, &text)
    }

    /// Alertmanager does not run without a configuration.
    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        Err(DeliveryError::Unsupported {
            key: object.key.clone(),
            why: "Alertmanager does not run without its configuration".to_owned(),
        })
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        if self.store.changed_names().is_empty() && !self.is_behind()? {
            return Ok(());
        }
        self.reloader.reload(&self.store)
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let mut health = BTreeMap::new();
        for key in keys {
            self.check(key)?;
            if health.is_empty() {
                health.insert((), self.health_now()?);
            }
        }
        let of = health.remove(&()).unwrap_or(Health::Unknown);
        Ok(keys
            .iter()
            .map(|key| ObjectHealth {
                key: key.clone(),
                health: of.clone(),
            })
            .collect())
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        Some(&self.store)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_of_a_template_does_not_end_its_comment() {
        let strange = Owner {
            project: "a */}} {{ .Evil }} {{/* b".to_owned(),
            environment: None,
        };
        let mark = template_mark(&strange, "a.tmpl");
        assert_eq!(mark.matches("*/").count(), 1);
        assert_eq!(mark.lines().count(), 1);
        assert_eq!(template_owner(&mark, "a.tmpl"), Some(strange));
        assert_eq!(
            without_mark(&format!("{mark}{{{{ define }}}}\n"), "a.tmpl"),
            "{{ define }}\n"
        );
        assert_eq!(without_mark("a\nb\n", "a.tmpl"), "a\nb\n");
    }

    #[test]
    fn a_content_is_shown_without_secrets() {
        let content = json!({
            "config": "# hunter2\nreceivers: [{name: a, slack_configs: [{api_url: hunter2}]}]\n",
            "templates": { "a.tmpl": "x" },
        });
        let shown = without_inline_secrets(&content);
        assert!(!shown.to_string().contains("hunter2"), "{shown}");
        assert_eq!(shown["templates"], content["templates"]);
        let broken = json!({ "config": "a: [hunter2" });
        assert_eq!(without_inline_secrets(&broken), json!({ "config": HIDDEN }));
        let plain = json!({ "config": "route: { receiver: a }\n" });
        assert_eq!(without_inline_secrets(&plain), plain);
    }

    #[test]
    fn inline_secrets_are_hidden_and_files_are_not() {
        let mut config = json!({
            "global": { "smtp_auth_password": "p", "slack_api_url": "https://hooks/x", "smtp_smarthost": "mail:587", "pagerduty_url": "https://events" },
            "receivers": [{
                "name": "a",
                "pagerduty_configs": [{ "service_key": "k", "routing_key_file": "/secrets/k" }],
                "webhook_configs": [{ "url": "https://x/token", "url_file": "/f", "http_config": { "basic_auth": { "username": "u", "password": "p" }, "authorization": { "credentials": "c" }, "http_headers": { "X-Key": { "secrets": ["k"] } } } }],
            }],
        });
        hide_secrets(&mut config);
        assert_eq!(
            config["receivers"][0]["webhook_configs"][0]["url"],
            "https://x/token"
        );
        hide_urls(&mut config);
        let expected = json!({
            "global": { "smtp_auth_password": HIDDEN, "slack_api_url": HIDDEN, "smtp_smarthost": "mail:587", "pagerduty_url": "https://events" },
            "receivers": [{
                "name": "a",
                "pagerduty_configs": [{ "service_key": HIDDEN, "routing_key_file": "/secrets/k" }],
                "webhook_configs": [{ "url": HIDDEN, "url_file": "/f", "http_config": { "basic_auth": { "username": "u", "password": HIDDEN }, "authorization": { "credentials": HIDDEN }, "http_headers": { "X-Key": { "secrets": [HIDDEN] } } } }],
            }],
        });
        assert_eq!(config, expected);
    }
}
