//! The files of secrets that a configuration of Alertmanager names, for servers that read no files.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::yaml;

/// The end of the names of fields that name a file with a secret; the field with the secret itself has the rest as its name.
const FILE: &str = "_file";

/// Fields of TLS, whose files hold certificates: no field of a server's configuration takes these.
const OF_TLS: [&str; 3] = ["ca_file", "cert_file", "key_file"];

/// Secrets by the names of their files.
#[derive(Clone, Default)]
pub struct SecretFiles {
    /// The directory that a configuration names: `/etc/alertmanager/secrets`.
    pub directory: String,
    /// The texts, by the names of the files in it. `None` if nobody said where the files are.
    pub secrets: Option<BTreeMap<String, String>>,
}

/// Shows names only.
impl std::fmt::Debug for SecretFiles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names = self.secrets.as_ref().map(BTreeMap::keys);
        f.debug_struct("SecretFiles")
            .field("directory", &self.directory)
            .field("secrets", &names)
            .finish()
    }
}

impl SecretFiles {
    /// Replaces the files that a configuration names by the secrets in them: `routing_key_file` by `routing_key`. A configuration
    /// that names none is returned as it is.
    ///
    /// # Errors
    ///
    /// What is wrong, without a secret: the file that is missing or empty, or is not in the directory.
    pub(super) fn inline(&self, config: &str) -> Result<String, String> {
        let Ok(mut value) = yaml::read::<Value>(config.as_bytes()) else {
            // The server says what is wrong with it.
            return Ok(config.to_owned());
        };
        let before = value.clone();
        self.replace(&mut value)?;
        if value == before {
            return Ok(config.to_owned());
        }
        String::from_utf8(yaml::write(&value)).map_err(|_| "it is not UTF-8".to_owned())
    }

    fn replace(&self, value: &mut Value) -> Result<(), String> {
        match value {
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.replace(item)),
            Value::Object(fields) => {
                let mut replaced = Map::new();
                for (name, mut field) in std::mem::take(fields) {
                    match (name.strip_suffix(FILE), &field) {
                        (Some(_), Value::String(path)) if OF_TLS.contains(&name.as_str()) => {
                            return Err(format!(
                                "it names the file {path} in `{name}`, and the server reads no files"
                            ));
                        }
                        (Some(name), Value::String(path)) => {
                            replaced.insert(name.to_owned(), self.secret(path)?.into());
                        }
                        _ if name == "http_headers" => {
                            self.replace_headers(&mut field)?;
                            replaced.insert(name, field);
                        }
                        _ => {
                            self.replace(&mut field)?;
                            replaced.insert(name, field);
                        }
                    }
                }
                *fields = replaced;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Replaces the `files` of headers by `secrets`.
    fn replace_headers(&self, headers: &mut Value) -> Result<(), String> {
        let headers = headers.as_object_mut().into_iter().flatten();
        for (_, header) in headers {
            let Some(header) = header.as_object_mut() else {
                continue;
            };
            let Some(Value::Array(files)) = header.remove("files") else {
                continue;
            };
            let mut secrets = match header.remove("secrets") {
                Some(Value::Array(secrets)) => secrets,
                _ => Vec::new(),
            };
            for file in files {
                let path = file.as_str().unwrap_or_default();
                secrets.push(self.secret(path)?.into());
            }
            header.insert("secrets".to_owned(), secrets.into());
        }
        Ok(())
    }

    /// Returns the secret in a file that a configuration names.
    fn secret(&self, path: &str) -> Result<&str, String> {
        let Some(secrets) = &self.secrets else {
            return Err(format!(
                "it names the file {path}, and the server reads no files: set `secrets` of the destination to the \
                 directory that has it here"
            ));
        };
        let below = path.strip_prefix(self.directory.trim_end_matches('/'));
        let name = below.and_then(|rest| rest.strip_prefix('/'));
        let Some(name) = name.filter(|name| !name.contains('/')) else {
            return Err(format!(
                "it names the file {path}, which is not in {}, the `secrets` of `[alertmanager]`",
                self.directory
            ));
        };
        match secrets.get(name).map(|secret| secret.trim()) {
            None => Err(format!(
                "there is no file `{name}` in the `secrets` of the destination"
            )),
            Some("") => Err(format!(
                "the file `{name}` in the `secrets` of the destination is empty"
            )),
            Some(secret) => Ok(secret),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn files(secrets: &[(&str, &str)]) -> SecretFiles {
        let secrets = secrets.iter();
        let secrets = secrets.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        SecretFiles {
            directory: "/etc/alertmanager/secrets".to_owned(),
            secrets: Some(secrets.collect()),
        }
    }

    #[test]
    fn files_are_replaced_by_the_secrets_in_them() {
        let config = "receivers:\n- name: a\n  pagerduty_configs:\n  - routing_key_file: /etc/alertmanager/secrets/key\n    \
                      send_resolved: true\n  webhook_configs:\n  - url_file: /etc/alertmanager/secrets/url\n    http_config:\n      \
                      http_headers:\n        X-Key: {files: [/etc/alertmanager/secrets/key]}\n";
        let files = files(&[("key", " s3cret\n"), ("url", "https://example.com/x\n")]);
        let inline: Value = yaml::read(files.inline(config).unwrap().as_bytes()).unwrap();
        assert_eq!(
            inline["receivers"][0],
            json!({
                "name": "a",
                "pagerduty_configs": [{"routing_key": "s3cret", "send_resolved": true}],
                "webhook_configs": [{
                    "url": "https://example.com/x",
                    "http_config": {"http_headers": {"X-Key": {"secrets": ["s3cret"]}}},
                }],
            })
        );
        assert!(!format!("{files:?}").contains("s3cret"));
    }

    #[test]
    fn a_configuration_without_files_stays_as_it_is() {
        let config = "# a comment\nroute: {receiver: a}\nreceivers: [{name: a}]\n";
        assert_eq!(files(&[]).inline(config).unwrap(), config);
        assert_eq!(SecretFiles::default().inline(config).unwrap(), config);
    }

    #[test]
    fn what_is_missing_is_named() {
        let inline = |files: &SecretFiles, path: &str| {
            files
                .inline(&format!("receivers: [{{token_file: {path}}}]"))
                .unwrap_err()
        };
        let known = files(&[("empty", " \n"), ("a", "b")]);
        let below = "/etc/alertmanager/secrets/";
        for (path, expected) in [
            ("missing", "there is no file `missing`"),
            (
                "empty",
                "`empty` in the `secrets` of the destination is empty",
            ),
            ("b/a", "which is not in /etc/alertmanager/secrets"),
        ] {
            let why = inline(&known, &format!("{below}{path}"));
            assert!(why.contains(expected), "{why}");
        }
        let why = inline(&known, "/etc/alertmanager/secrets-of-others/a");
        assert!(why.contains("which is not in"), "{why}");
        let why = inline(&SecretFiles::default(), "/a");
        assert!(why.contains("set `secrets` of the destination"), "{why}");
        let tls = known.inline("a: {tls_config: {ca_file: /ca}}").unwrap_err();
        assert!(tls.contains("the server reads no files"), "{tls}");
    }
}
