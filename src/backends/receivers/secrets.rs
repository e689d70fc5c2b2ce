//! The places of keys and URLs: never in the configuration, always in files or in a `Secret`.

use crate::{file_stem, fnv1a};
use nth_model::AlertmanagerSettings;

/// A secret: a file on the Alertmanager host, or a key of a `Secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret<'a> {
    /// A file in the directory of secrets, by its name.
    Own(String),
    /// A file that the source sets by its path.
    At(&'a str),
}

impl Secret<'_> {
    /// The path of the file.
    pub fn file(&self, settings: &AlertmanagerSettings) -> String {
        match self {
            Self::Own(name) => format!("{}/{name}", settings.secrets),
            Self::At(path) => (*path).to_owned(),
        }
    }

    /// The key in the `Secret`: the file's path in the directory of secrets, or otherwise its complete path, with valid
    /// characters only.
    pub fn key(&self, settings: &AlertmanagerSettings) -> String {
        match self {
            Self::Own(name) => name.clone(),
            Self::At(path) => {
                let within = path
                    .strip_prefix(settings.secrets.as_str())
                    .and_then(|rest| rest.strip_prefix('/'));
                match within {
                    Some(name) if file_stem(name) == name => name.to_owned(),
                    _ => with_hash(&file_stem(path), path),
                }
            }
        }
    }
}

impl<'a> Secret<'a> {
    /// The file that the source sets, or else one in the directory of secrets.
    pub fn at_or(file: Option<&'a str>, own: impl FnOnce() -> String) -> Self {
        file.map_or_else(|| Self::Own(own()), Self::At)
    }
}

/// The name of a secret that each team has: `pagerduty-payments`.
pub fn team_file(prefix: &str, team: &str) -> String {
    let stem = file_stem(team);
    // Two teams must not share a key by accident.
    let name = if stem == team {
        stem
    } else {
        with_hash(&stem, team)
    };
    format!("{prefix}-{name}")
}

/// The valid characters of a name, with a hash of the complete name.
pub fn with_hash(stem: &str, name: &str) -> String {
    format!("{stem}-{:08x}", fnv1a(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_key() {
        let settings = AlertmanagerSettings::default();
        let key = |path| Secret::At(path).key(&settings);
        assert_eq!(key("/etc/alertmanager/secrets/hook"), "hook");
        // Files with the same name in two folders are two secrets.
        assert_ne!(key("/a/hook"), key("/b/hook"));
        assert_ne!(key("/a/hook"), "hook");
        assert_ne!(key("/a/b"), key("/a-b"));
        for path in ["/a b/ü", "/etc/alertmanager/secrets/../x", "/"] {
            let key = key(path);
            let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
            assert!(key.chars().all(fits) && !key.starts_with('.'), "{key}");
        }
    }
}
