//! Images of containers.

use std::collections::{BTreeMap, BTreeSet};

/// The images of the containers of a pod template, by container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Images {
    containers: BTreeMap<String, Image>,
}

/// The image of a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Image {
    /// Its names. Pods may name the same one differently.
    names: BTreeSet<String>,
    /// The digests that its pods run.
    digests: BTreeSet<String>,
}

impl Images {
    /// Adds what a pod runs. An image id has a digest after `@`, or is one.
    pub(crate) fn add(&mut self, container: &str, image: &str, image_id: &str) {
        let entry = self.containers.entry(container.to_owned()).or_default();
        if !image.is_empty() {
            entry.names.insert(image.to_owned());
        }
        if let Some(digest) = digest(image_id).or_else(|| digest(image)) {
            entry.digests.insert(digest.to_owned());
        }
    }

    /// Whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.containers.is_empty()
    }

    /// Whether all containers run the same images: the same digests if both are known, or else the same names.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let names = |images: &Self| images.containers.keys().cloned().collect::<Vec<_>>();
        names(self) == names(other)
            && self
                .containers
                .iter()
                .zip(&other.containers)
                .all(|((_, one), (_, other))| one.is_same(other))
    }

    /// The version for people: the tag of the only container's image; of several containers, those of the images in `after`
    /// that differ from the ones before, or of all, with their names.
    pub(crate) fn version(&self, before: Option<&Self>) -> Option<String> {
        let differs = |container: &String, image: &Image| match before {
            Some(before) => !before
                .containers
                .get(container)
                .is_some_and(|other| other.is_same(image)),
            None => true,
        };
        let all: Vec<(&String, &Image)> = self.containers.iter().collect();
        let changed: Vec<(&String, &Image)> = all
            .iter()
            .copied()
            .filter(|(container, image)| differs(container, image))
            .collect();
        let listed = if changed.is_empty() { &all } else { &changed };
        match (listed.as_slice(), all.len()) {
            ([], _) => None,
            ([(_, image)], 1) => Some(image.version(false)),
            (several, _) => {
                let versions: Vec<String> = several
                    .iter()
                    .map(|(_, image)| image.version(true))
                    .collect();
                Some(versions.join(", "))
            }
        }
    }
}

impl Image {
    fn is_same(&self, other: &Self) -> bool {
        if self.digests.is_empty() || other.digests.is_empty() {
            return !self.names.is_disjoint(&other.names);
        }
        !self.digests.is_disjoint(&other.digests)
    }

    fn version(&self, is_named: bool) -> String {
        let name = self.names.first().map_or("", String::as_str);
        let (repository, tag) = split(name);
        let short = repository.rsplit('/').next().unwrap_or(repository);
        let version = tag
            .map(str::to_owned)
            .or_else(|| self.digests.first().cloned());
        match (version, is_named) {
            (Some(version), true) => format!("{short}:{version}"),
            (Some(version), false) => version,
            (None, _) => short.to_owned(),
        }
    }
}

/// The repository of an image, and its tag. A digest is none of both.
fn split(image: &str) -> (&str, Option<&str>) {
    let name = image.split('@').next().unwrap_or(image);
    match name.rsplit_once(':') {
        // A colon before a slash belongs to the port of a registry. A digest alone has no repository.
        Some((repository, tag)) if !tag.contains('/') && digest(name).is_none() => {
            (repository, Some(tag))
        }
        _ => (name, None),
    }
}

/// The digest in an image or its id: `docker-pullable://registry.example.com/checkout@sha256:…`, or `sha256:…` alone.
fn digest(id: &str) -> Option<&str> {
    let id = id.rsplit_once('@').map_or(id, |(_, digest)| digest);
    let (algorithm, hash) = id.split_once(':')?;
    let is_hash = hash.len() >= 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_hash && algorithm.starts_with("sha")).then_some(id)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const ONE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
    const TWO: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

    fn images(all: &[(&str, &str, &str)]) -> Images {
        let mut images = Images::default();
        for (container, image, id) in all {
            images.add(container, image, id);
        }
        images
    }

    #[test]
    fn digests_decide_before_names() {
        let app = |image: &str, id: &str| images(&[("app", image, id)]);
        let id = |digest: &str| format!("docker-pullable://registry.example.com/app@{digest}");
        let one = app("app:latest", &id(ONE));
        assert!(one.is_same(&app("mirror.example.com/app:latest", ONE)));
        assert!(!one.is_same(&app("app:latest", &id(TWO))));
        assert!(one.is_same(&app("app:latest", "")));
        assert!(!one.is_same(&app("app:1.5", "")));
        // A pod that replaced another one may run a newer image of the same name.
        let both = images(&[("app", "app:latest", ONE), ("app", "app:latest", TWO)]);
        assert!(both.is_same(&one));
        assert!(!one.is_same(&images(&[("app", "app:latest", ONE), ("log", "log:1", "")])));
    }

    #[test]
    fn versions_are_short() {
        let one = |image: &str, id: &str| images(&[("app", image, id)]).version(None).unwrap();
        assert_eq!(one("registry.example.com:5000/shop/app:1.4", ONE), "1.4");
        assert_eq!(one("registry.example.com:5000/shop/app", ONE), ONE);
        assert_eq!(one("registry.example.com:5000/shop/app", ""), "app");
        assert_eq!(one(&format!("app:1.4@{ONE}"), ""), "1.4");
        assert_eq!(one(&format!("app@{ONE}"), ""), ONE);
        let before = images(&[("app", "shop/app:1.4", ""), ("proxy", "envoy:1.29", "")]);
        let after = images(&[("app", "shop/app:1.5", ""), ("proxy", "envoy:1.29", "")]);
        assert_eq!(after.version(Some(&before)).unwrap(), "app:1.5");
        assert_eq!(after.version(None).unwrap(), "app:1.5, envoy:1.29");
        assert_eq!(after.version(Some(&after)).unwrap(), "app:1.5, envoy:1.29");
        assert_eq!(Images::default().version(None), None);
    }
}
