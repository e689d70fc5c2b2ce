//! Where keys and URLs are: never in the configuration, always in files or in a `Secret`.

use crate::{file_stem, fnv1a};
use nth_model::AlertmanagerSettings;

/// The file of the URL of Slack's incoming webhook, for all teams.
const SLACK: &str = "slack-url";
/// The file of the password of who sends mail.
const MAIL: &str = "smtp-password";
/// What the files of PagerDuty's integration keys begin with.
const PAGERDUTY: &str = "pagerduty-";

/// A secret: a file of Alertmanager's machine, or a key of a `Secret`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret<'a> {
    /// One of the folder of secrets, by its name in it.
    Own(String),
    /// One that the source names by its path.
    At(&'a str),
}

impl<'a> Secret<'a> {
    /// The key of a team's integration in PagerDuty: one a team, for a team has one event orchestration.
    pub fn pagerduty(team: &str, file: Option<&'a str>) -> Self {
        let stem = file_stem(team);
        // Two teams must not come to share a key.
        let name = if stem == team {
            stem
        } else {
            hashed(&stem, team)
        };
        file.map_or_else(|| Self::Own(format!("{PAGERDUTY}{name}")), Self::At)
    }

    /// The URL of Slack's incoming webhook.
    pub fn slack(file: Option<&'a str>) -> Self {
        file.map_or_else(|| Self::Own(SLACK.to_owned()), Self::At)
    }

    /// The password of who sends mail.
    pub fn mail() -> Self {
        Self::Own(MAIL.to_owned())
    }

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
fn hashed(stem: &str, name: &str) -> String {
    format!("{stem}-{:08x}", fnv1a(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_team_has_a_key_of_its_own() {
        let settings = AlertmanagerSettings::default();
        let file = |team| Secret::pagerduty(team, None).file(&settings);
        assert_eq!(
            file("payments"),
            "/etc/alertmanager/secrets/pagerduty-payments"
        );
        assert_ne!(file("a/b"), file("a:b"));
        assert!(!file("../../x").contains(".."));
        let own = Secret::pagerduty("payments", Some("/run/keys/payments"));
        assert_eq!(own.file(&settings), "/run/keys/payments");
    }

    #[test]
    fn a_path_becomes_a_key() {
        let settings = AlertmanagerSettings::default();
        let key = |path| Secret::At(path).key(&settings);
        assert_eq!(key("/etc/alertmanager/secrets/hook"), "hook");
        assert_eq!(Secret::slack(None).key(&settings), "slack-url");
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
