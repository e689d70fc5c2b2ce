//! The places of keys and URLs: never in the configuration, always in files or in a `Secret`.

use crate::{file_stem, fnv1a};
use nth_model::AlertmanagerSettings;

/// A secret: a file of Alertmanager's machine, or a key of a `Secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret<'a> {
    /// One of the folder of secrets, by its name in it.
    Own(String),
    /// One that the source names by its path.
    At(&'a str),
}

impl Secret<'_> {
    /// The file that holds it.
    pub fn file(&self, settings: &AlertmanagerSettings) -> String {
        match self {
            Self::Own(name) => format!("{}/{name}", settings.secrets),
            Self::At(path) => (*path).to_owned(),
        }
    }

    /// The key of the `Secret` under which it is: the file's path in the folder of secrets, or else of all of it, as such a
    /// key can be written.
    pub fn key(&self, settings: &AlertmanagerSettings) -> String {
        match self {
            Self::Own(name) => name.clone(),
            Self::At(path) => {
                let within = path
                    .strip_prefix(settings.secrets.as_str())
                    .and_then(|rest| rest.strip_prefix('/'));
                match within {
                    Some(name) if file_stem(name) == name => name.to_owned(),
                    _ => hashed(&file_stem(path), path),
                }
            }
        }
    }
}

/// What can be kept of a name, with a hash of all of it.
pub fn hashed(stem: &str, name: &str) -> String {
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
        // Files of one name in two folders are two secrets.
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
