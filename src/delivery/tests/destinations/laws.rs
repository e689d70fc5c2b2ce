//! What holds after a fault at each call of an apply, for each destination: nobody else's object is touched, each of ours is as
//! before or as reviewed, and the same plan can be applied again.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use nth_delivery::destinations::grafana::{Grafana, GrafanaSettings};
use nth_delivery::destinations::kubernetes::{Kubernetes, object_key};
use nth_delivery::destinations::prometheus::Prometheus;
use nth_delivery::{Destination, ObjectKey, ObjectKind, Owner};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::cluster::Cluster;
use crate::grafana_server::{self, Shared};
use crate::mapped::Mapped;
use crate::prometheus;
use crate::stub::{Stub, patient_client};
use crate::support::faulty::Fault;
use crate::support::laws::{FAULTS, with_fault, without_fault};
use crate::support::world::{FOREIGN, World};

/// Runs cases on several threads: they mostly wait.
fn in_parallel(cases: usize, run: &(dyn Fn(usize) + Sync)) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= cases {
                        break;
                    }
                    run(case);
                }
            });
        }
    });
}

/// Every fault at every call.
fn hold(world: &(dyn Fn() -> Box<dyn World> + Sync), faults: &[Fault]) {
    let (planned, calls) = without_fault(&*world());
    assert!(calls.len() > 8, "{calls:?}");
    in_parallel(faults.len() * calls.len(), &|case| {
        let (fault, at) = (faults[case / calls.len()], case % calls.len());
        with_fault(&*world(), &planned, at, fault);
    });
}

/// Whether nothing at all of an object may change.
fn is_untouched(name: &str) -> bool {
    FOREIGN.contains(&name) || name == "same"
}

struct Files {
    folder: tempfile::TempDir,
    mapped: Mapped<Prometheus>,
    _stub: Stub,
}

impl Files {
    fn new() -> Self {
        let (stub, _) = prometheus::quiet();
        let folder = crate::support::world::folder();
        let client = patient_client(&stub.url());
        let inner = Prometheus::new(client, &prometheus::settings(folder.path())).unwrap();
        Self {
            mapped: Mapped {
                inner,
                key: |name| ObjectKey::new(ObjectKind::RuleFile, "", format!("{name}.yaml")),
                name: |key| key.name.trim_end_matches(".yaml").to_owned(),
                content: |name, group| {
                    let mut group = group.clone();
                    group["name"] = name.into();
                    json!({ "groups": [group] })
                },
            },
            folder,
            _stub: stub,
        }
    }
}

impl World for Files {
    fn destination(&self) -> &dyn Destination {
        &self.mapped
    }

    fn put(&self, key: &ObjectKey, owner: Option<&Owner>, content: &Value) {
        match owner {
            Some(owner) => self.mapped.write_for(key, owner, content),
            None => {
                let path = self.folder.path().join(format!("{}.yaml", key.name));
                fs::write(path, format!("# by hand\n{content}\n")).unwrap();
            }
        }
    }

    fn remove(&self, key: &ObjectKey) {
        fs::remove_file(self.folder.path().join(format!("{}.yaml", key.name))).unwrap();
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let files = prometheus::files(self.folder.path()).into_iter();
        files
            .filter(|(name, _)| !name.starts_with(".nthc-lease-"))
            .map(|(name, text)| (format!("/{}", name.trim_end_matches(".yaml")), text))
            .collect()
    }

    fn writes(&self) -> Option<usize> {
        None
    }
}

struct Boards {
    store: Shared,
    mapped: Mapped<Grafana>,
    _stub: Stub,
}

impl Boards {
    fn new(is_new: bool) -> Self {
        let (stub, store) = grafana_server::start(is_new);
        let settings = GrafanaSettings {
            namespace: "default".to_owned(),
            organization: None,
            owner: crate::owner(),
        };
        Self {
            store,
            mapped: Mapped {
                inner: Grafana::new(patient_client(&stub.url()), settings),
                key: |name| ObjectKey::new(ObjectKind::Dashboard, "", name),
                name: |key| key.name.clone(),
                content: |name, group| json!({ "dashboard": { "title": name, "description": group.to_string() } }),
            },
            _stub: stub,
        }
    }
}

impl World for Boards {
    fn destination(&self) -> &dyn Destination {
        &self.mapped
    }

    fn put(&self, key: &ObjectKey, owner: Option<&Owner>, content: &Value) {
        let mut spec = (self.mapped.content)(&key.name, content)["dashboard"].take();
        if let Some(owner) = owner {
            spec["tags"] = json!(grafana_server::mark(&owner.to_string(), &key.name));
        }
        let mut store = self.store.lock().unwrap();
        store.put(false, &key.name, spec, "", "alice");
    }

    fn remove(&self, key: &ObjectKey) {
        self.store.lock().unwrap().dashboards.remove(&key.name);
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let store = self.store.lock().unwrap();
        let shown = |(name, stored): (&String, &grafana_server::Stored)| {
            let mut spec = stored.spec.clone();
            // The older API has them in the dashboard.
            for own in ["uid", "version"] {
                spec.as_object_mut().unwrap().remove(own);
            }
            let version = if is_untouched(name) {
                stored.version
            } else {
                0
            };
            (
                format!("/{name}"),
                format!("{spec} {} {version}", stored.folder),
            )
        };
        store.dashboards.iter().map(shown).collect()
    }

    fn writes(&self) -> Option<usize> {
        Some(self.store.lock().unwrap().writes())
    }
}

struct Maps<'a> {
    cluster: &'a Cluster,
    namespace: String,
    /// The versions in which the objects were put there.
    put: Mutex<BTreeMap<String, Value>>,
    mapped: Mapped<Kubernetes>,
}

impl<'a> Maps<'a> {
    fn new(cluster: &'a Cluster) -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let namespace = format!("case-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        cluster.create_namespace(&namespace);
        Self {
            cluster,
            mapped: Mapped {
                inner: cluster.destination_in("admin-token", Some(&namespace)),
                key: |name| {
                    let mut key = object_key(&json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name } })).unwrap();
                    key.namespace.clear();
                    key
                },
                name: |key| key.name.rsplit('/').next().unwrap().to_owned(),
                content: |name, group| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": name }, "data": { "group": group.to_string() } }),
            },
            namespace,
            put: Mutex::default(),
        }
    }

    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", self.namespace)
    }
}

impl World for Maps<'_> {
    fn destination(&self) -> &dyn Destination {
        &self.mapped
    }

    fn put(&self, key: &ObjectKey, owner: Option<&Owner>, content: &Value) {
        match owner {
            Some(owner) => self.mapped.write_for(key, owner, content),
            None => {
                let object = (self.mapped.content)(&key.name, content);
                let (status, answer) =
                    self.cluster
                        .send(Method::POST, &self.path(), "application/json", &object);
                assert_eq!(status, 201, "{answer}");
            }
        }
        let (_, object) = self.cluster.get(&format!("{}/{}", self.path(), key.name));
        let version = object["metadata"]["resourceVersion"].clone();
        self.put.lock().unwrap().insert(key.name.clone(), version);
    }

    fn remove(&self, key: &ObjectKey) {
        let path = format!("{}/{}", self.path(), key.name);
        assert_eq!(
            self.cluster
                .send(Method::DELETE, &path, "application/json", &json!({}))
                .0,
            200
        );
    }

    fn dump(&self) -> BTreeMap<String, String> {
        let (_, list) = self.cluster.get(&self.path());
        let objects = list["items"].as_array().unwrap().iter();
        objects
            .map(|object| {
                let metadata = &object["metadata"];
                let name = metadata["name"].as_str().unwrap();
                let put = self.put.lock().unwrap().get(name).cloned();
                let is_as_put =
                    is_untouched(name) && put.as_ref() == Some(&metadata["resourceVersion"]);
                // The hash of the content has the namespace, which each case has of its own.
                let mut annotations = metadata["annotations"].clone();
                if let Some(annotations) = annotations.as_object_mut() {
                    annotations
                        .retain(|name, _| name != "nth.dev/content" && name != "nth.dev/name");
                }
                let shown = json!([object["data"], metadata["labels"], annotations, is_as_put]);
                (format!("/{name}"), shown.to_string())
            })
            .collect()
    }

    fn writes(&self) -> Option<usize> {
        None
    }
}

#[test]
fn files_are_whole_after_a_fault_at_each_call() {
    hold(&|| Box::new(Files::new()), &FAULTS);
}

#[test]
fn dashboards_are_whole_after_a_fault_at_each_call() {
    for is_new in [false, true] {
        hold(&move || Box::new(Boards::new(is_new)), &FAULTS);
    }
}

#[test]
fn objects_of_a_real_cluster_are_whole_after_a_fault_at_each_call() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let (planned, calls) = {
        let world = Maps::new(&cluster);
        without_fault(&world)
    };
    let faults = [
        Fault::KilledBefore,
        Fault::KilledAfter,
        Fault::LostAfter,
        Fault::Unauthorized,
    ];
    in_parallel(faults.len() * calls.len(), &|case| {
        let (fault, at) = (faults[case / calls.len()], case % calls.len());
        with_fault(&Maps::new(&cluster), &planned, at, fault);
    });
}
