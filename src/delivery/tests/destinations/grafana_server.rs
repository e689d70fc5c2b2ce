//! A Grafana of the tests: its two APIs over one store, with their versions, conflicts, permissions and oddities.
//!
//! After Grafana's documentation and sources: a dashboard is kept as it is sent, also with members that Grafana does not know; a
//! write of the older API names a version, and 0 is that of none; the newer API replaces in a `resourceVersion`; deleting a folder
//! deletes what is in it; `dryRun` is ignored; a path outside of the API is the page of the frontend.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::stub::{Request, Response, Stub};

/// A dashboard or a folder.
#[derive(Debug, Clone, Default)]
pub struct Stored {
    /// The dashboard; of a folder its title.
    pub spec: Value,
    pub folder: String,
    pub version: u64,
    /// The `resourceVersion`.
    pub revision: u64,
    pub updated_by: String,
    pub annotations: Map<String, Value>,
    pub is_provisioned: bool,
    pub is_unconvertible: bool,
}

/// What a Grafana has.
#[derive(Debug, Default)]
pub struct Store {
    pub dashboards: BTreeMap<String, Stored>,
    pub folders: BTreeMap<String, Stored>,
    revision: u64,
    /// Whether it offers the newer API.
    pub is_new: bool,
    /// Whether the newer API keeps annotations that it does not know.
    pub keeps_annotations: bool,
    /// Whether the account may only look.
    pub is_viewer: bool,
    pub organization: u64,
}

pub type Shared = Arc<Mutex<Store>>;

/// The tags of the mark in the dashboard with a uid.
pub fn mark(owner: &str, uid: &str) -> [String; 2] {
    let mut hash = String::new();
    for byte in Sha256::digest(uid.as_bytes()) {
        hash.push_str(&format!("{byte:02x}"));
    }
    ["nthc".to_owned(), format!("nthc:{owner}@{}", &hash[..8])]
}

/// Starts one.
pub fn start(is_new: bool) -> (Stub, Shared) {
    let store: Shared = Arc::new(Mutex::new(Store {
        is_new,
        keeps_annotations: true,
        organization: 1,
        ..Store::default()
    }));
    let state = store.clone();
    let stub = Stub::start(move |request| state.lock().unwrap().answer(request));
    (stub, store)
}

fn message(status: u16, text: &str) -> Response {
    Response::json(status, &json!({ "message": text }))
}

fn reason(status: u16, text: &str, word: &str) -> Response {
    Response::json(status, &json!({ "message": text, "status": word }))
}

/// An error of the newer API.
fn status(code: u16, reason: &str, name: &str) -> Response {
    Response::json(
        code,
        &json!({
            "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": code, "reason": reason,
            "message": format!("dashboards.dashboard.grafana.app \"{name}\": {reason}"), "details": { "name": name },
        }),
    )
}

impl Store {
    fn answer(&mut self, request: &Request) -> Response {
        let segments: Vec<&str> = request.path().split('/').skip(1).collect();
        let method = request.method.as_str();
        if self.is_viewer && method != "GET" {
            return message(
                403,
                "You'll need additional permissions to perform this action.",
            );
        }
        match (method, segments.as_slice()) {
            ("GET", ["api", "org"]) => Response::json(
                200,
                &json!({ "id": self.organization, "name": "Main Org." }),
            ),
            ("GET", ["apis"]) if self.is_new => {
                let group = |name: &str| json!({ "name": name, "versions": [{ "groupVersion": format!("{name}/v1beta1") }] });
                let groups = [group("dashboard.grafana.app"), group("folder.grafana.app")];
                Response::json(200, &json!({ "kind": "APIGroupList", "groups": groups }))
            }
            ("GET", ["api", "search"]) => self.search(request),
            (_, ["api", "dashboards", rest @ ..]) => self.dashboards(method, rest, request),
            (_, ["api", "folders", rest @ ..]) => self.folders(method, rest, request),
            (
                _,
                [
                    "apis",
                    group,
                    "v1beta1",
                    "namespaces",
                    "default",
                    kind,
                    rest @ ..,
                ],
            ) if self.is_new => {
                let is_folder = *kind == "folders";
                let expected = if is_folder {
                    "folder.grafana.app"
                } else {
                    "dashboard.grafana.app"
                };
                if *group != expected {
                    return Response::text(404, "404 page not found");
                }
                self.resources(method, rest, is_folder, request)
            }
            (_, ["api", ..]) => message(404, "Not found"),
            _ => Response::html(200),
        }
    }

    fn search(&self, request: &Request) -> Response {
        let wanted = request.parameter("tag");
        let limit: usize = request.parameter("limit").unwrap().parse().unwrap();
        let page: usize = request.parameter("page").unwrap().parse().unwrap();
        let tags = |stored: &Stored| stored.spec["tags"].as_array().cloned().unwrap_or_default();
        let found: Vec<Value> = self
            .dashboards
            .iter()
            .filter(|(_, stored)| wanted.is_none_or(|wanted| tags(stored).contains(&wanted.into())))
            .skip((page - 1) * limit)
            .take(limit)
            .map(|(uid, stored)| json!({ "uid": uid, "title": stored.spec["title"], "type": "dash-db", "tags": tags(stored), "folderUid": stored.folder }))
            .collect();
        Response::json(200, &found.into())
    }

    /// How often anything was written.
    pub fn writes(&self) -> usize {
        usize::try_from(self.revision).unwrap()
    }

    fn next(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }

    /// Puts an object into the store, as any account does.
    pub fn put(
        &mut self,
        is_folder: bool,
        uid: &str,
        spec: Value,
        folder: &str,
        who: &str,
    ) -> &mut Stored {
        let revision = self.next();
        let objects = if is_folder {
            &mut self.folders
        } else {
            &mut self.dashboards
        };
        let stored = objects.entry(uid.to_owned()).or_default();
        stored.spec = spec;
        stored.folder = folder.to_owned();
        stored.version += 1;
        stored.revision = revision;
        stored.updated_by = who.to_owned();
        stored
    }

    /// The older API of dashboards.
    fn dashboards(&mut self, method: &str, rest: &[&str], request: &Request) -> Response {
        match (method, rest) {
            ("GET", ["uid", uid]) => match self.dashboards.get(*uid) {
                None => reason(404, "Dashboard not found", "not-found"),
                Some(stored) => {
                    let mut dashboard = stored.spec.clone();
                    dashboard["id"] = 7.into();
                    dashboard["uid"] = (*uid).into();
                    dashboard["version"] = stored.version.into();
                    let meta = json!({
                        "version": stored.version, "folderUid": stored.folder, "updatedBy": stored.updated_by,
                        "updated": "2026-03-01T10:00:00Z", "provisioned": stored.is_provisioned, "type": "db",
                    });
                    Response::json(200, &json!({ "meta": meta, "dashboard": dashboard }))
                }
            },
            ("DELETE", ["uid", uid]) => match self.dashboards.remove(*uid) {
                None => reason(404, "Dashboard not found", "not-found"),
                Some(_) => message(200, "Dashboard deleted"),
            },
            ("POST", ["db"]) => self.save(&request.json()),
            _ => message(404, "Not found"),
        }
    }

    fn save(&mut self, command: &Value) -> Response {
        let mut dashboard = command["dashboard"].clone();
        let uid = dashboard["uid"].as_str().unwrap().to_owned();
        let folder = command["folderUid"].as_str().unwrap_or_default().to_owned();
        let tags = dashboard["tags"].as_array().cloned().unwrap_or_default();
        if tags
            .iter()
            .any(|tag| tag.as_str().unwrap().chars().count() > 50)
        {
            return reason(
                400,
                "dashboard tag too long, max 50 characters",
                "tag-too-long",
            );
        }
        if !folder.is_empty() && !self.folders.contains_key(&folder) {
            return message(404, "folder not found");
        }
        let is_forced = command["overwrite"] == true;
        let known = self.dashboards.get(&uid);
        if known.is_some_and(|stored| stored.is_provisioned) {
            return message(400, "Cannot save provisioned dashboard");
        }
        let version = dashboard["version"].as_u64().unwrap_or_default();
        if known.is_some_and(|stored| stored.version != version) && !is_forced {
            return reason(
                412,
                "The dashboard has been changed by someone else",
                "version-mismatch",
            );
        }
        let has_title = |(other, stored): (&String, &Stored)| {
            *other != uid && stored.folder == folder && stored.spec["title"] == dashboard["title"]
        };
        if self.dashboards.iter().any(has_title) && !is_forced {
            return reason(
                412,
                "A dashboard with the same name in the folder already exists",
                "name-exists",
            );
        }
        dashboard.as_object_mut().unwrap().remove("id");
        let stored = self.put(false, &uid, dashboard, &folder, "sa-nthc");
        let version = stored.version;
        Response::json(
            200,
            &json!({ "id": 7, "uid": uid, "status": "success", "version": version, "slug": "x", "url": "/d/x" }),
        )
    }

    /// The older API of folders.
    fn folders(&mut self, method: &str, rest: &[&str], request: &Request) -> Response {
        let dto = |uid: &str, stored: &Stored| {
            json!({
                "id": 3, "uid": uid, "title": stored.spec["title"], "version": stored.version, "updatedBy": stored.updated_by,
                "updated": "2026-03-01T10:00:00+01:00", "canSave": true,
            })
        };
        let body = request.json();
        match (method, rest) {
            ("GET", [uid]) => match self.folders.get(*uid) {
                None => reason(404, "folder not found", "not-found"),
                Some(stored) => Response::json(200, &dto(uid, stored)),
            },
            ("GET", [uid, "counts"]) => {
                let inside = self
                    .dashboards
                    .values()
                    .filter(|stored| stored.folder == **uid);
                Response::json(
                    200,
                    &json!({ "dashboard": inside.count(), "folder": 0, "alertrule": 0 }),
                )
            }
            ("POST", []) => {
                let uid = body["uid"].as_str().unwrap().to_owned();
                if self.folders.contains_key(&uid) {
                    return message(409, "a folder with that name already exists");
                }
                let stored = self
                    .put(true, &uid, json!({ "title": body["title"] }), "", "sa-nthc")
                    .clone();
                Response::json(200, &dto(&uid, &stored))
            }
            ("PUT", [uid]) => {
                let Some(known) = self.folders.get(*uid) else {
                    return reason(404, "folder not found", "not-found");
                };
                if body["version"].as_u64() != Some(known.version) && body["overwrite"] != true {
                    return reason(
                        412,
                        "the folder has been changed by someone else",
                        "version-mismatch",
                    );
                }
                let stored = self
                    .put(true, uid, json!({ "title": body["title"] }), "", "sa-nthc")
                    .clone();
                Response::json(200, &dto(uid, &stored))
            }
            ("DELETE", [uid]) => {
                if self.folders.remove(*uid).is_none() {
                    return reason(404, "folder not found", "not-found");
                }
                self.dashboards.retain(|_, stored| stored.folder != **uid);
                message(200, "Folder deleted")
            }
            _ => message(404, "Not found"),
        }
    }

    /// The newer API.
    fn resources(
        &mut self,
        method: &str,
        rest: &[&str],
        is_folder: bool,
        request: &Request,
    ) -> Response {
        let body = request.json();
        let objects = if is_folder {
            &self.folders
        } else {
            &self.dashboards
        };
        match (method, rest) {
            ("GET", [uid]) => match objects.get(*uid) {
                None => status(404, "NotFound", uid),
                Some(stored) => Response::json(200, &resource(uid, stored, is_folder)),
            },
            ("POST", []) => {
                let uid = body["metadata"]["name"].as_str().unwrap().to_owned();
                if objects.contains_key(&uid) {
                    return status(409, "AlreadyExists", &uid);
                }
                self.replace(&uid, &body, is_folder, 201)
            }
            ("PUT", [uid]) => {
                let Some(known) = objects.get(*uid) else {
                    return status(404, "NotFound", uid);
                };
                // Without a version it overwrites.
                let version = body["metadata"]["resourceVersion"].as_str();
                if version.is_some_and(|version| version != known.revision.to_string()) {
                    return status(409, "Conflict", uid);
                }
                self.replace(uid, &body, is_folder, 200)
            }
            ("DELETE", [uid]) => {
                let Some(known) = objects.get(*uid) else {
                    return status(404, "NotFound", uid);
                };
                let version = body["preconditions"]["resourceVersion"].as_str();
                if version.is_some_and(|version| version != known.revision.to_string()) {
                    return status(409, "Conflict", uid);
                }
                let removed = resource(uid, known, is_folder);
                if is_folder {
                    self.folders.remove(*uid);
                    self.dashboards.retain(|_, stored| stored.folder != **uid);
                } else {
                    self.dashboards.remove(*uid);
                }
                Response::json(200, &removed)
            }
            _ => Response::text(404, "404 page not found"),
        }
    }

    fn replace(&mut self, uid: &str, body: &Value, is_folder: bool, code: u16) -> Response {
        let mut annotations = body["metadata"]["annotations"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let folder = annotations.remove("grafana.app/folder");
        let folder = folder
            .and_then(|folder| folder.as_str().map(str::to_owned))
            .unwrap_or_default();
        if !folder.is_empty() && !self.folders.contains_key(&folder) {
            return Response::json(
                404,
                &json!({ "kind": "Status", "message": "folder not found", "reason": "NotFound", "code": 404 }),
            );
        }
        annotations.remove("grafana.app/message");
        if !self.keeps_annotations {
            annotations.retain(|name, _| name.starts_with("grafana.app/"));
        }
        let mut spec = body["spec"].clone();
        spec.as_object_mut().unwrap().remove("version");
        let stored = self.put(is_folder, uid, spec, &folder, "service-account:nthc");
        stored.annotations = annotations;
        let stored = stored.clone();
        Response::json(code, &resource(uid, &stored, is_folder))
    }
}

/// An object of the newer API.
pub fn resource(uid: &str, stored: &Stored, is_folder: bool) -> Value {
    let mut annotations = stored.annotations.clone();
    annotations.insert(
        "grafana.app/updatedBy".to_owned(),
        stored.updated_by.as_str().into(),
    );
    annotations.insert(
        "grafana.app/updatedTimestamp".to_owned(),
        "2026-03-01T10:00:00Z".into(),
    );
    if !stored.folder.is_empty() {
        annotations.insert(
            "grafana.app/folder".to_owned(),
            stored.folder.as_str().into(),
        );
    }
    let (kind, group) = if is_folder {
        ("Folder", "folder")
    } else {
        ("Dashboard", "dashboard")
    };
    let mut object = json!({
        "kind": kind, "apiVersion": format!("{group}.grafana.app/v1beta1"),
        "metadata": {
            "name": uid, "namespace": "default", "uid": "Cc7fA5ffHY94NnHZyMxXvFlpFtOmkK3qkBcVZPKSPXcX",
            "resourceVersion": stored.revision.to_string(), "generation": stored.version,
            "creationTimestamp": "2026-03-01T09:00:00Z",
            "labels": { "grafana.app/deprecatedInternalID": "7" }, "annotations": annotations,
        },
        "spec": stored.spec,
    });
    if stored.is_unconvertible {
        object["status"] = json!({ "conversion": { "failed": true, "storedVersion": "v2" } });
    }
    object
}
