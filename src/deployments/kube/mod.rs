//! Kubernetes, by the series of kube-state-metrics.
//!
//! A new ReplicaSet is a new pod template. It is a deployment if its containers run other images than those of the ReplicaSet
//! before: a restart, an annotation or an environment variable makes a new ReplicaSet with the same images. Scaling changes
//! the number of replicas alone, and a replaced pod belongs to the same ReplicaSet. If an earlier ReplicaSet has replicas
//! again, those after it are rolled back.
//!
//! The series: `kube_replicaset_created`, `kube_replicaset_owner`, `kube_replicaset_spec_replicas`, `kube_pod_container_info` and
//! `kube_pod_owner`.

mod queries;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

pub use queries::{images_query, replica_sets_query};

use self::timeline::{Active, Event, events};
use crate::images::Images;
use crate::sequence::{self, Artifact, Continues, Kind, Object, Rollout};
use crate::series::time;
use crate::{Reading, Scope, Series};

/// The name of the source.
pub const SOURCE: &str = "kube-state-metrics";

/// The range of time that was queried, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The first evaluation, since 1970.
    pub from: i64,
    /// The last evaluation, since 1970.
    pub until: i64,
    /// The time between two evaluations.
    pub step: i64,
}

/// Why the series cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub enum SeriesError {
    /// A value is no time in seconds.
    NotATime {
        /// The ReplicaSet, as `namespace/name`.
        replica_set: String,
        /// The value.
        value: f64,
    },
    /// Objects of the same name exist in several namespaces.
    Ambiguous {
        /// The service.
        service: String,
        /// The objects, as `namespace/name`.
        objects: Vec<String>,
    },
}

impl SeriesError {
    /// What to do about it.
    pub fn help(&self) -> String {
        match self {
            Self::NotATime { .. } => {
                "check `kube_replicaset_created` in Prometheus: something rewrites its values"
                    .to_owned()
            }
            Self::Ambiguous { service, objects } => {
                let first = objects.first().map_or("", String::as_str);
                format!("choose one with `--map {first}={service}`")
            }
        }
    }
}

impl fmt::Display for SeriesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotATime { replica_set, value } => write!(
                f,
                "the creation of ReplicaSet `{replica_set}` is not a time in seconds: {value}"
            ),
            Self::Ambiguous { service, objects } => write!(
                f,
                "service `{service}` has Deployments of the same name in several namespaces: `{}`",
                objects.join("`, `")
            ),
        }
    }
}

impl std::error::Error for SeriesError {}

/// The names of the Deployments and Rollouts of a service: those that are mapped to it, without their namespaces, or else its
/// own.
pub fn object_names(scope: &Scope, service: &str) -> BTreeSet<String> {
    let mapped = scope.services.mapped_to(service);
    let mut names: BTreeSet<String> = mapped.map(|name| split(name).1.to_owned()).collect();
    let own = scope.services.find(&[service]) == Some(service);
    if own && names.is_empty() {
        names.insert(service.to_owned());
    }
    names
}

/// A namespace, which may be missing, and a name.
fn split(path: &str) -> (Option<&str>, &str) {
    match path.rsplit_once('/') {
        Some((namespace, name)) => (Some(namespace), name),
        None => (None, path),
    }
}

/// What the series say about an object.
#[derive(Default)]
struct Observed {
    /// The ReplicaSets with replicas, by time: their names, and when they were created.
    active: BTreeMap<i64, BTreeMap<String, i64>>,
}

/// Reads the answers to [`replica_sets_query`] and [`images_query`] over the same range, for the services that are asked for.
/// Also returns the services of which no object was found.
///
/// # Errors
///
/// If a value is no time, or a service has Deployments of the same name in several namespaces.
pub fn read(
    sets: &[Series],
    images: &[Series],
    services: &[&str],
    range: Range,
    scope: &Scope,
) -> Result<(Reading, Vec<String>), SeriesError> {
    let images = collect_images(images);
    let mut objects: BTreeMap<(&str, &str), Observed> = BTreeMap::new();
    for series in sets {
        let namespace = series.label("namespace");
        let set = series.label("replicaset");
        let object = objects.entry((namespace, series.label("owner_name")));
        let object = object.or_default();
        for (at, value) in &series.samples {
            let Some(created) = time(*value, range.until) else {
                return Err(SeriesError::NotATime {
                    replica_set: format!("{namespace}/{set}"),
                    value: *value,
                });
            };
            let active = object.active.entry(*at).or_default();
            active.insert(set.to_owned(), created);
        }
    }
    let mut reading = Reading::default();
    let mut missing = Vec::new();
    for service in services {
        let own = own_objects(&objects, service, scope)?;
        if own.is_empty() {
            missing.push((*service).to_owned());
        }
        for ((namespace, name), observed) in own {
            let images = |set: &str| images.get(&(namespace.to_owned(), set.to_owned()));
            let rollouts = rollouts(observed, &images, range);
            let path = format!("{namespace}/{name}");
            let object = Object {
                source: SOURCE,
                parts: &[&path, service],
                service,
                continues: Continues::Nothing,
            };
            sequence::add(&mut reading, scope, object, rollouts);
        }
    }
    Ok((reading, missing))
}

/// The images of each ReplicaSet, by namespace and name.
fn collect_images(series: &[Series]) -> BTreeMap<(String, String), Images> {
    let mut found: BTreeMap<(String, String), Images> = BTreeMap::new();
    for series in series {
        let set = ["namespace", "owner_name"].map(|label| series.label(label).to_owned());
        let set: (String, String) = set.into();
        found.entry(set).or_default().add(
            series.label("container"),
            series.label("image"),
            series.label("image_id"),
        );
    }
    found
}

type Objects<'o> = Vec<((&'o str, &'o str), &'o Observed)>;

/// The objects of a service: those that are mapped to it, or the only one of its name.
fn own_objects<'o>(
    objects: &'o BTreeMap<(&'o str, &'o str), Observed>,
    service: &str,
    scope: &Scope,
) -> Result<Objects<'o>, SeriesError> {
    let mut own = Vec::new();
    let mut by_name: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let has_mappings = scope.services.mapped_to(service).next().is_some();
    for (&(namespace, name), observed) in objects {
        let path = format!("{namespace}/{name}");
        let mut mapped = scope.services.mapped_to(service);
        let is_path = mapped.any(|mapping| mapping == path);
        let is_name = scope.services.find(&[&path, name]) == Some(service)
            && (!has_mappings
                || scope
                    .services
                    .mapped_to(service)
                    .any(|mapping| mapping == name));
        if is_path || is_name {
            own.push(((namespace, name), observed));
        }
        if is_name && !is_path {
            by_name.entry(name).or_default().push(path);
        }
    }
    match by_name.into_values().find(|objects| objects.len() > 1) {
        Some(objects) => Err(SeriesError::Ambiguous {
            service: service.to_owned(),
            objects,
        }),
        None => Ok(own),
    }
}

/// The roll-outs of an object.
fn rollouts<'i>(
    observed: &Observed,
    images: &dyn Fn(&str) -> Option<&'i Images>,
    range: Range,
) -> Vec<Rollout> {
    let steps: Vec<Active<'_>> = observed
        .active
        .iter()
        .map(|(at, sets)| Active { at: *at, sets })
        .collect();
    let mut before: Option<&Images> = None;
    let mut rollouts = Vec::new();
    for Event {
        set,
        at,
        kind,
        finished,
    } in events(&steps, range)
    {
        let found = images(&set);
        let hash = set.rsplit('-').next().unwrap_or(&set);
        let version = found.and_then(|images| images.version(before));
        rollouts.push(Rollout {
            revision: set.clone(),
            version: Some(version.unwrap_or_else(|| hash.to_owned())),
            artifact: found.map_or(Artifact::Unknown, |images| Artifact::Images(images.clone())),
            started: at,
            finished: finished.filter(|_| kind == Kind::Deployed),
            rolled_back: None,
            url: None,
            by: None,
            kind,
        });
        before = found;
    }
    rollouts
}

#[cfg(test)]
mod tests;
