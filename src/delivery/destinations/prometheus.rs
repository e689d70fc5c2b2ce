//! Rule files of Prometheus or Thanos Rule in a folder, and their reload.
//!
//! Each file bears its owner's mark as a comment in its first line. A file without it, a link, and what has another name than
//! `*.yml`, `*.yaml` or `*.rules` is never changed. Files are replaced whole; if the server refuses to load them, the files
//! before are put back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::files::reload::{LastReload, Reloader};
use super::files::{self, FileStore, Found, yaml};
use super::ownership;
use crate::destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
use crate::error::DeliveryError;
use crate::http::HttpClient;
use crate::lease::LeaseStore;
use crate::object::{DesiredObject, LiveObject, ObjectKey, ObjectKind, Owner};

pub use super::files::reload::Reload;

/// Which server evaluates the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evaluator {
    /// Prometheus.
    Prometheus,
    /// Thanos Rule.
    Thanos,
}

/// Where rule files are, and how they are loaded.
#[derive(Debug, Clone)]
pub struct PrometheusSettings {
    /// The folder, which `rule_files` of the server's configuration names: `rules/*.yaml`.
    pub folder: PathBuf,
    /// What makes the server load them.
    pub reload: Reload,
    /// The server.
    pub evaluator: Evaluator,
}

/// Rule files in a folder, and the server that evaluates them.
#[derive(Debug)]
pub struct Prometheus {
    store: FileStore,
    reloader: Reloader,
}

/// The zero time of Go, which servers write for a rule that was never evaluated.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl Prometheus {
    /// Creates the destination. `client` is for the server's URL, with its route prefix.
    ///
    /// # Errors
    ///
    /// If the folder does not exist.
    pub fn new(client: HttpClient, settings: &PrometheusSettings) -> Result<Self, DeliveryError> {
        let prefix = match settings.evaluator {
            Evaluator::Prometheus => "prometheus",
            Evaluator::Thanos => "thanos_rule",
        };
        Ok(Self {
            store: FileStore::new(&settings.folder)?,
            reloader: Reloader::new(client, settings.reload, prefix),
        })
    }

    /// The name of the file of a key.
    fn name<'a>(&self, key: &'a ObjectKey) -> Result<&'a str, DeliveryError> {
        let unsupported = |why: &str| DeliveryError::Unsupported {
            key: key.clone(),
            why: why.to_owned(),
        };
        if key.kind != ObjectKind::RuleFile || !key.namespace.is_empty() {
            return Err(unsupported("Prometheus has rule files only, in one folder"));
        }
        if !FileStore::is_name(&key.name) || !is_rule_file(&key.name) {
            return Err(unsupported(
                "the name of a rule file ends in `.yaml`, `.yml` or `.rules`, and has no folder",
            ));
        }
        Ok(&key.name)
    }

    fn live(&self, name: &str, found: Found) -> LiveObject {
        let key = ObjectKey::new(ObjectKind::RuleFile, "", name);
        // What is not YAML was not written by nthc, and is shown as it is.
        let content = yaml::read(&found.text).unwrap_or(Value::String(found.text.clone()));
        let owner = files::owner(&found.text).filter(|_| !found.is_special);
        let mut live = LiveObject::new(key, owner, normal(content));
        live.version = Some(found.version);
        live
    }

    /// The groups that the server has loaded, by the name of their file and their own.
    fn loaded(&self) -> Result<Vec<Loaded>, DeliveryError> {
        let client = self.reloader.client();
        let answer = client.success(client.get("/api/v1/rules")?)?;
        let malformed = || DeliveryError::Malformed {
            why: "`/api/v1/rules` returns no rule groups".to_owned(),
        };
        let document: Value = serde_json::from_slice(&answer.body).map_err(|_| malformed())?;
        let groups = document.pointer("/data/groups").ok_or_else(malformed)?;
        let text = |value: &Value, name: &str| {
            value
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let mut loaded = Vec::new();
        // Go writes `null` for an empty list.
        for group in groups.as_array().into_iter().flatten() {
            let rules = group.get("rules").and_then(Value::as_array);
            loaded.push(Loaded {
                file: text(group, "file"),
                group: text(group, "name"),
                rules: rules
                    .into_iter()
                    .flatten()
                    .map(|rule| LoadedRule {
                        name: text(rule, "name"),
                        health: text(rule, "health"),
                        error: client.sanitize(&text(rule, "lastError")),
                        is_evaluated: rule
                            .get("lastEvaluation")
                            .and_then(Value::as_str)
                            .is_some_and(|time| time != NEVER),
                    })
                    .collect(),
            });
        }
        Ok(loaded)
    }

    /// Whether the server has loaded something else than what the folder has, though nothing was changed by this run: an earlier one
    /// was killed before the reload.
    fn is_behind(&self) -> Result<bool, DeliveryError> {
        let last = self.reloader.last()?;
        for name in self.store.names()? {
            if !is_rule_file(&name) {
                continue;
            }
            let Some(found) = self.store.read(&name)? else {
                continue;
            };
            let is_ours = files::owner(&found.text).is_some();
            if is_ours && !self.reloader.has_loaded(last, found.written) {
                return Ok(true);
            }
        }
        let is_gone = |loaded: &Loaded| {
            let path = Path::new(&loaded.file);
            path.parent() == Some(self.store.folder()) && !path.exists()
        };
        Ok(self.loaded()?.iter().any(is_gone))
    }

    fn health_of(
        &self,
        key: &ObjectKey,
        last: LastReload,
        loaded: &[Loaded],
    ) -> Result<Health, DeliveryError> {
        let name = self.name(key)?;
        let Some(found) = self.store.read(name)? else {
            return Ok(failing("the file does not exist"));
        };
        let Ok(document) = yaml::read(&found.text) else {
            return Ok(failing("the file is not YAML"));
        };
        if !self.reloader.has_loaded(last, found.written) {
            return Ok(if last.is_successful {
                Health::Pending
            } else {
                failing("not loaded: the last reload of the server failed")
            });
        }
        let mut health = Health::Healthy;
        for (group, rules) in groups(&document) {
            let Some(group) = find(loaded, &self.store.folder().join(name), name, group) else {
                let folder = self.store.folder().display().to_string();
                return Ok(failing(&format!(
                    "not loaded: add `{}/*` to `rule_files` of the server",
                    folder.escape_debug()
                )));
            };
            if group.rules.iter().map(|rule| rule.name.as_str()).ne(rules) {
                health = Health::Pending;
            }
            for rule in &group.rules {
                match rule.health.as_str() {
                    "err" => {
                        return Ok(failing(&format!(
                            "{}: {}",
                            rule.name.escape_debug(),
                            rule.error
                        )));
                    }
                    "ok" if rule.is_evaluated => {}
                    _ => health = Health::Pending,
                }
            }
        }
        Ok(health)
    }
}

/// A group of rules that a server has loaded.
struct Loaded {
    file: String,
    group: String,
    rules: Vec<LoadedRule>,
}

struct LoadedRule {
    name: String,
    health: String,
    error: String,
    is_evaluated: bool,
}

/// The loaded group of a file. In a container the server may see the folder at another place, so the name of the file suffices if
/// no group is from exactly this path.
fn find<'a>(loaded: &'a [Loaded], path: &Path, name: &str, group: &str) -> Option<&'a Loaded> {
    let mut same_name = loaded.iter().filter(|loaded| {
        loaded.group == group
            && Path::new(&loaded.file)
                .file_name()
                .is_some_and(|file| file == name)
    });
    let first = same_name.next()?;
    std::iter::once(first)
        .chain(same_name)
        .find(|loaded| Path::new(&loaded.file) == path)
        .or(Some(first))
}

/// The groups of a rule file, each with the names of its rules.
fn groups(document: &Value) -> Vec<(&str, Vec<&str>)> {
    let list = document.get("groups").and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .map(|group| {
            let rules = group.get("rules").and_then(Value::as_array);
            let names = rules.into_iter().flatten().map(|rule| {
                let name = rule.get("record").or_else(|| rule.get("alert"));
                name.and_then(Value::as_str).unwrap_or_default()
            });
            let name = group.get("name").and_then(Value::as_str);
            (name.unwrap_or_default(), names.collect())
        })
        .collect()
}

fn failing(error: &str) -> Health {
    Health::Failing {
        error: error.to_owned(),
    }
}

fn is_rule_file(name: &str) -> bool {
    let ending = Path::new(name).extension();
    ending.is_some_and(|ending| {
        ["yaml", "yml", "rules"]
            .iter()
            .any(|known| ending == *known)
    })
}

/// The form of a rule file in which equal meaning is equal JSON.
fn normal(document: Value) -> Value {
    document
}

impl Destination for Prometheus {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Prometheus,
            url: self.reloader.client().base().to_owned(),
            scope: Some(self.store.folder().display().to_string()),
        }
    }

    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        self.name(&object.key)?;
        if !object.content.get("groups").is_some_and(Value::is_array) {
            return Err(DeliveryError::Unsupported {
                why: "a rule file has a list of `groups`".to_owned(),
                key: object.key,
            });
        }
        Ok(DesiredObject {
            content: normal(object.content),
            ..object
        })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        // Whether it is this server at all is known before anything is planned.
        self.reloader.last()?;
        let mut live = BTreeMap::new();
        for name in self.store.names()? {
            if !is_rule_file(&name) || !FileStore::is_name(&name) {
                continue;
            }
            let Some(found) = self.store.read(&name)? else {
                continue;
            };
            if files::owner(&found.text).is_some_and(|mark| mark.project == owner.project) {
                live.insert(name.clone(), self.live(&name, found));
            }
        }
        for key in wanted {
            let name = self.name(key)?;
            if let Some(found) = self.store.read(name)? {
                live.insert(name.to_owned(), self.live(name, found));
            }
        }
        Ok(live.into_values().collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        let name = self.name(key)?;
        Ok(self.store.read(name)?.map(|found| self.live(name, found)))
    }

    fn limits(&self, _: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        // Neither Prometheus nor Thanos limits rules.
        Ok(Vec::new())
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        let name = self.name(&object.key)?;
        ownership::refuse_other(&object.key, before, owner)?;
        let document =
            yaml::write(&object.content).map_err(|cause| DeliveryError::Unsupported {
                key: object.key.clone(),
                why: self.reloader.client().sanitize(&cause.0),
            })?;
        let text = format!("{}{document}", files::mark(owner));
        self.store.write(name, files::version(before)?, &text)
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        let name = self.name(&object.key)?;
        ownership::refuse_unmarked(object)?;
        match files::version(Some(object))? {
            Some(version) => self.store.remove(name, version),
            None => Ok(()),
        }
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        if self.store.changed_names().is_empty() && !self.is_behind()? {
            return Ok(());
        }
        self.reloader.reload(&self.store)
    }

    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let last = self.reloader.last()?;
        let loaded = self.loaded()?;
        keys.iter()
            .map(|key| {
                Ok(ObjectHealth {
                    key: key.clone(),
                    health: self.health_of(key, last, &loaded)?,
                })
            })
            .collect()
    }

    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        Some(&self.store)
    }
}
