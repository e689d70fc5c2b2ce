//! Dashboards and folders of Grafana, by the API that the server offers: `/apis/dashboard.grafana.app`, or `/api/dashboards`.
//!
//! Every write names the version that it replaces. Grafana refuses it if someone else has changed the object meanwhile, and so two
//! applies at once do not overwrite each other: Grafana has no place for a lease. Its dry runs are not used: some of its APIs ignore
//! them. The older API deletes without a condition, so a dashboard is read right before it is deleted. A folder is only deleted if it
//! is empty, because Grafana deletes what is in it.
//!
//! The account needs the role Editor in the folder of the dashboards, and the permission to create a folder if nthc creates it.
//! Dashboards that provisioning files, a repository or Terraform manage in Grafana are not written.

mod classic;
mod form;
mod mark;
mod resource;
mod server;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;

pub use self::mark::folder_uid;
use self::resource::Paths;
use self::server::Server;
use super::ownership;
use crate::destination::{
    Destination, DestinationIdentity, DestinationKind, Excess, Health, ObjectHealth,
};
use crate::error::DeliveryError;
use crate::http::{HttpClient, path_segment};
use crate::lease::LeaseStore;
use crate::object::{
    ChangedBy, ContentHash, DesiredObject, LiveObject, ObjectKey, ObjectKind, Owner,
};

/// The number of dashboards that a search returns at once, the most that Grafana allows.
const PAGE: usize = 5_000;

/// Which part of a Grafana.
#[derive(Debug, Clone)]
pub struct GrafanaSettings {
    /// The namespace of the organization in the newer API: `default`, `org-2`, or `stacks-123` in Grafana Cloud.
    pub namespace: String,
    /// The id of the organization that must answer; `None` for any.
    pub organization: Option<u64>,
    /// Whose dashboards they are: a folder, and a long owner, is known by a hash only.
    pub owner: Owner,
}

/// A Grafana.
#[derive(Debug)]
pub struct Grafana {
    server: Server,
    settings: GrafanaSettings,
    /// What the server offers, once it is known: the paths of the newer API, or `None`.
    offered: OnceLock<Option<Paths>>,
}

/// A dashboard or a folder as a server returns it.
struct Item {
    content: Value,
    tags: Vec<String>,
    version: String,
    changed_by: Option<ChangedBy>,
    applied: Option<ContentHash>,
    /// What else manages it, if Grafana says so.
    manager: Option<String>,
}

impl Grafana {
    /// Creates the destination. Nothing is requested yet.
    pub fn new(client: HttpClient, settings: GrafanaSettings) -> Self {
        Self {
            server: Server { client },
            settings,
            offered: OnceLock::new(),
        }
    }

    /// Finds out which API the server offers, and whether it is the right organization.
    fn offered(&self) -> Result<Option<&Paths>, DeliveryError> {
        if let Some(offered) = self.offered.get() {
            return Ok(offered.as_ref());
        }
        let organization = self.server.document(self.server.client.get("/api/org")?)?;
        let Some(id) = organization.get("id").and_then(Value::as_u64) else {
            return Err(DeliveryError::NotTheApi {
                found: "an answer without an organization".to_owned(),
            });
        };
        if let Some(expected) = self
            .settings
            .organization
            .filter(|expected| *expected != id)
        {
            return Err(DeliveryError::WrongTenant {
                expected: expected.to_string(),
                found: id.to_string(),
            });
        }
        let answer = self.server.client.get("/apis")?;
        // An older Grafana answers with its page, or that it does not know the path.
        let is_page = answer.is_html() && answer.is_success();
        let is_older = is_page || answer.status.as_u16() == 404;
        let offered = if is_older {
            None
        } else {
            let groups = self.server.document(answer)?;
            Paths::find(&groups, &self.settings.namespace)
        };
        Ok(self.offered.get_or_init(|| offered).as_ref())
    }

    /// Checks a key, and returns the uid.
    fn uid<'a>(&self, key: &'a ObjectKey) -> Result<&'a str, DeliveryError> {
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let is_uid = !key.name.is_empty() && key.name.len() <= 40 && key.name.bytes().all(is_plain);
        let why = match key.kind {
            ObjectKind::Folder | ObjectKind::Dashboard if is_uid => return Ok(&key.name),
            ObjectKind::Folder | ObjectKind::Dashboard => {
                "a uid has at most 40 letters, digits, `-` and `_`"
            }
            _ => "Grafana has dashboards and folders only",
        };
        Err(DeliveryError::Unsupported {
            key: key.clone(),
            why: why.to_owned(),
        })
    }

    /// Reads an object.
    fn item(&self, key: &ObjectKey) -> Result<Option<Item>, DeliveryError> {
        let uid = self.uid(key)?;
        match (key.kind, self.offered()?) {
            (ObjectKind::Folder, Some(paths)) => resource::folder(&self.server, paths, uid),
            (ObjectKind::Folder, None) => classic::folder(&self.server, uid),
            (_, Some(paths)) => resource::dashboard(&self.server, paths, uid),
            (_, None) => classic::dashboard(&self.server, uid),
        }
    }

    fn live(&self, key: &ObjectKey, item: Item) -> LiveObject {
        let tags: Vec<&str> = item.tags.iter().map(String::as_str).collect();
        let owner = match key.kind {
            ObjectKind::Folder => mark::folder_owner(&key.name, &self.settings.owner),
            _ => mark::owner(&tags, &key.name, &self.settings.owner),
        };
        let key = ObjectKey::new(key.kind, "", key.name.as_str());
        let mut live = LiveObject::new(key, owner, item.content);
        live.version = Some(item.version);
        live.changed_by = item.changed_by;
        live.applied = item.applied;
        live
    }

    /// The uids of all dashboards with the tag of nthc, and the folders of this owner's.
    fn marked(&self, owner: &Owner) -> Result<BTreeSet<String>, DeliveryError> {
        let mut uids = BTreeSet::new();
        for page in 1.. {
            let path = format!(
                "/api/search?type=dash-db&tag={}&limit={PAGE}&page={page}",
                path_segment(mark::TAG)
            );
            let found = self.server.document(self.server.client.get(&path)?)?;
            let Some(found) = found.as_array() else {
                return Err(DeliveryError::NotTheApi {
                    found: "a search without results".to_owned(),
                });
            };
            for one in found {
                let Some(uid) = one.get("uid").and_then(Value::as_str) else {
                    continue;
                };
                let mark = mark::owner(&form::tags(one), uid, &self.settings.owner);
                if mark.is_some_and(|mark| mark.project == owner.project) {
                    uids.insert(uid.to_owned());
                }
            }
            if found.len() < PAGE {
                break;
            }
        }
        Ok(uids)
    }

    /// Returns true if nothing is in a folder.
    fn is_empty(&self, uid: &str) -> Result<bool, DeliveryError> {
        let path = format!("/api/folders/{}/counts", path_segment(uid));
        match self.server.find(&path, "folder")? {
            Some(Value::Object(counts)) => {
                Ok(counts.values().all(|count| count.as_u64() == Some(0)))
            }
            Some(_) => Ok(false),
            None => Ok(true),
        }
    }

    fn unsupported(&self, key: &ObjectKey, why: String) -> DeliveryError {
        DeliveryError::Unsupported {
            key: key.clone(),
            why,
        }
    }

    /// Refuses an object that something else manages in Grafana.
    fn refuse_managed(&self, key: &ObjectKey, item: &Item) -> Result<(), DeliveryError> {
        match &item.manager {
            Some(manager) => Err(self.unsupported(
                key,
                format!("in Grafana it is managed by {}", manager.escape_debug()),
            )),
            None => Ok(()),
        }
    }
}

/// The version of what was live a moment ago.
fn version(live: &LiveObject) -> Result<&str, DeliveryError> {
    live.version
        .as_deref()
        .ok_or_else(|| DeliveryError::Invalid {
            why: format!("no version is known of {}", live.key),
        })
}

impl Destination for Grafana {
    fn identity(&self) -> DestinationIdentity {
        DestinationIdentity {
            kind: DestinationKind::Grafana,
            url: self.server.client.base().to_owned(),
            scope: Some(match self.settings.organization {
                Some(id) => format!("organization {id}"),
                None => self.settings.namespace.clone(),
            }),
        }
    }

    /// The content of a dashboard is `{"folder": uid, "dashboard": {…}}`, with the uid of its folder or without it; the key may name
    /// the folder too. That of a folder is `{"title": …}`, and its name is [`folder_uid`].
    fn normalize(&self, object: DesiredObject) -> Result<DesiredObject, DeliveryError> {
        let uid = self.uid(&object.key)?.to_owned();
        let content = if object.key.kind == ObjectKind::Folder {
            if uid != folder_uid(&self.settings.owner) {
                let why = format!("expected the uid `{}`", folder_uid(&self.settings.owner));
                return Err(self.unsupported(&object.key, why));
            }
            let title = form::title(&object.content);
            if title.is_empty() {
                return Err(self.unsupported(&object.key, "it has no title".to_owned()));
            }
            form::folder(title)
        } else {
            let document = object.content.get("dashboard");
            let Some(document) = document.filter(|document| document.is_object()) else {
                let why = "its content has no `dashboard`".to_owned();
                return Err(self.unsupported(&object.key, why));
            };
            if document
                .get("uid")
                .is_some_and(|known| known != uid.as_str())
            {
                let why = "its key is not its uid".to_owned();
                return Err(self.unsupported(&object.key, why));
            }
            let folder = match form::folder_of(&object.content) {
                "" => object.key.namespace.as_str(),
                folder => folder,
            };
            form::dashboard(folder, document)
        };
        Ok(DesiredObject {
            key: ObjectKey::new(object.key.kind, "", uid),
            content,
            ..object
        })
    }

    fn read(&self, owner: &Owner, wanted: &[ObjectKey]) -> Result<Vec<LiveObject>, DeliveryError> {
        self.offered()?;
        let dashboards = self.marked(owner)?;
        let mut keys: BTreeSet<ObjectKey> = dashboards
            .into_iter()
            .map(|uid| ObjectKey::new(ObjectKind::Dashboard, "", uid))
            .collect();
        let folder = folder_uid(&self.settings.owner);
        keys.insert(ObjectKey::new(ObjectKind::Folder, "", folder));
        keys.extend(wanted.iter().cloned());
        let mut found = BTreeMap::new();
        for key in keys {
            if let Some(item) = self.item(&key)? {
                found.insert(key.clone(), self.live(&key, item));
            }
        }
        Ok(found.into_values().collect())
    }

    fn read_one(&self, key: &ObjectKey) -> Result<Option<LiveObject>, DeliveryError> {
        let item = self.item(key)?;
        Ok(item.map(|item| self.live(key, item)))
    }

    fn limits(&self, _: &[DesiredObject]) -> Result<Vec<Excess>, DeliveryError> {
        Ok(Vec::new())
    }

    fn write(
        &self,
        object: &DesiredObject,
        owner: &Owner,
        before: Option<&LiveObject>,
    ) -> Result<(), DeliveryError> {
        let (key, content) = (&object.key, &object.content);
        ownership::refuse_other(key, before, owner)?;
        if *owner != self.settings.owner {
            return Err(self.unsupported(key, "it is for another owner".to_owned()));
        }
        let uid = self.uid(key)?;
        let version = before.map(version).transpose()?;
        if let Some(version) = version {
            let conflict = |cause: &str| DeliveryError::Conflict {
                cause: cause.to_owned(),
            };
            // The older API would create a dashboard that was deleted.
            let Some(item) = self.item(key)? else {
                return Err(conflict("it was deleted"));
            };
            self.refuse_managed(key, &item)?;
            if item.version != version {
                return Err(conflict("it is another version"));
            }
        }
        let server = &self.server;
        match (key.kind, self.offered()?) {
            (ObjectKind::Folder, Some(paths)) => {
                resource::write_folder(server, paths, uid, content, owner, version)
            }
            (ObjectKind::Folder, None) => classic::write_folder(server, uid, content, version),
            (_, Some(paths)) => {
                resource::write_dashboard(server, paths, uid, content, owner, version)
            }
            (_, None) => classic::write_dashboard(server, uid, content, owner, version),
        }
    }

    fn delete(&self, object: &LiveObject) -> Result<(), DeliveryError> {
        ownership::refuse_unmarked(object)?;
        let key = &object.key;
        let uid = self.uid(key)?;
        let version = version(object)?;
        let Some(item) = self.item(key)? else {
            return Ok(());
        };
        self.refuse_managed(key, &item)?;
        if item.version != version {
            return Err(DeliveryError::Conflict {
                cause: "it is another version".to_owned(),
            });
        }
        if key.kind == ObjectKind::Folder && !self.is_empty(uid)? {
            let why = "it is not empty, and Grafana would delete what is in it".to_owned();
            return Err(self.unsupported(key, why));
        }
        let server = &self.server;
        match (key.kind, self.offered()?) {
            (ObjectKind::Folder, Some(paths)) => {
                resource::delete(server, &paths.folders, uid, version)
            }
            (ObjectKind::Folder, None) => classic::delete_folder(server, uid),
            (_, Some(paths)) => resource::delete(server, &paths.dashboards, uid, version),
            (_, None) => classic::delete_dashboard(server, uid),
        }
    }

    fn finish(&self) -> Result<(), DeliveryError> {
        Ok(())
    }

    /// Healthy if it exists: Grafana evaluates a dashboard only when someone looks at it.
    fn health(&self, keys: &[ObjectKey]) -> Result<Vec<ObjectHealth>, DeliveryError> {
        let mut all = Vec::new();
        for key in keys {
            let health = match self.item(key)? {
                Some(_) => Health::Healthy,
                None => Health::Failing {
                    error: "it does not exist".to_owned(),
                },
            };
            all.push(ObjectHealth {
                key: key.clone(),
                health,
            });
        }
        Ok(all)
    }

    /// None: Grafana has no place for one. The versions of its objects protect them.
    fn lease_store(&self) -> Option<&dyn LeaseStore> {
        None
    }
}
