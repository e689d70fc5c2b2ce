//! Makes a server load its files again, and knows whether it has.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use ureq::http::Method;

use super::FileStore;
use crate::error::DeliveryError;
use crate::http::{Answer, HttpClient};

/// How a server comes to load changed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reload {
    /// By `POST /-/reload`. Prometheus needs `--web.enable-lifecycle`.
    Http,
    /// Something else watches the folder, such as a sidecar.
    Elsewhere,
}

/// What a server reports of its last reload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastReload {
    /// False if it failed: the server goes on with the files before.
    pub is_successful: bool,
    /// When the last successful one was.
    pub success: Option<SystemTime>,
}

/// A server that loads files.
#[derive(Debug)]
pub struct Reloader {
    client: HttpClient,
    how: Reload,
    /// What the names of the metrics begin with: `prometheus`.
    prefix: &'static str,
    /// When this run has made the server reload, by the clock of this machine.
    done: Mutex<Option<SystemTime>>,
}

impl Reloader {
    /// Creates it for a server whose metrics have a prefix.
    pub fn new(client: HttpClient, how: Reload, prefix: &'static str) -> Self {
        Self {
            client,
            how,
            prefix,
            done: Mutex::new(None),
        }
    }

    /// The client of the server.
    pub fn client(&self) -> &HttpClient {
        &self.client
    }

    /// Reads `<prefix>_config_last_reload_successful` and `…_success_timestamp_seconds`.
    ///
    /// # Errors
    ///
    /// If the metrics cannot be read, or are those of something else.
    pub fn last(&self) -> Result<LastReload, DeliveryError> {
        let answer = self.client.success(self.client.get("/metrics")?)?;
        let text = answer.text();
        let name = format!("{}_config_last_reload_successful", self.prefix);
        let Some(success) = metric(&text, &name) else {
            return Err(DeliveryError::NotTheApi {
                found: format!("metrics without `{name}`"),
            });
        };
        let name = format!(
            "{}_config_last_reload_success_timestamp_seconds",
            self.prefix
        );
        Ok(LastReload {
            is_successful: success == 1.0,
            success: metric(&text, &name)
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)),
        })
    }

    /// Returns true if a file that was written at this time is loaded.
    pub fn has_loaded(&self, last: LastReload, written: Option<SystemTime>) -> bool {
        let done = *self.done.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(written) = written else {
            return false;
        };
        [last.success, done]
            .into_iter()
            .flatten()
            .any(|loaded| loaded >= written)
    }

    /// Makes the server load the files. If it refuses them, the files are put back, and the server loads those.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::Rejected`] with the server's own words if it refuses them; another one if it is not known whether it has
    /// loaded them, and then the files stay.
    pub fn reload(&self, store: &FileStore) -> Result<(), DeliveryError> {
        if self.how == Reload::Elsewhere {
            store.accept();
            return Ok(());
        }
        let answer = self.client.send(Method::POST, "/-/reload", None)?;
        if answer.is_success() && !answer.is_html() && self.last()?.is_successful {
            *self.done.lock().unwrap_or_else(PoisonError::into_inner) = Some(SystemTime::now());
            store.accept();
            return Ok(());
        }
        let error = self.refusal(&answer)?;
        Err(self.undo(store, error))
    }

    /// What an answer that is no success says; an error if that is not known.
    fn refusal(&self, answer: &Answer) -> Result<DeliveryError, DeliveryError> {
        let error = self.client.error(answer);
        match answer.status.as_u16() {
            // A proxy may answer 500 too.
            200 | 500 if !answer.is_html() => {
                let words = self.client.sanitize(&answer.text());
                if self.last()?.is_successful && !words.contains("reload") {
                    return Err(error);
                }
                let cause = match words.as_str() {
                    "" => "the reload failed".to_owned(),
                    _ => words,
                };
                Ok(DeliveryError::Rejected { cause })
            }
            403 => Ok(DeliveryError::Forbidden {
                cause: match error {
                    DeliveryError::Forbidden { cause } => {
                        format!("{cause} (reload: does the server have `--web.enable-lifecycle`?)")
                    }
                    other => other.to_string(),
                },
            }),
            _ if error.is_transient() => Err(error),
            _ => Ok(error),
        }
    }

    /// Puts the files back after a refusal, and adds to the error what is there now.
    fn undo(&self, store: &FileStore, error: DeliveryError) -> DeliveryError {
        let names = store.changed_names();
        let left = match store.put_back() {
            Ok(left) => left,
            Err(failed) => return failed,
        };
        // What was there before was loaded before. If it fails now, the first error says why.
        let is_loaded = self
            .client
            .send(Method::POST, "/-/reload", None)
            .is_ok_and(|answer| answer.is_success());
        let mut more = Vec::new();
        let back: Vec<&String> = names.iter().filter(|name| !left.contains(name)).collect();
        if !back.is_empty() {
            more.push(format!("put back: {}", list(&back)));
        }
        if !left.is_empty() {
            let left: Vec<&String> = left.iter().collect();
            more.push(format!("edited meanwhile, left as it is: {}", list(&left)));
        }
        if !is_loaded {
            more.push("the files before cannot be loaded either".to_owned());
        }
        let add = |cause: String| match more.is_empty() {
            true => cause,
            false => format!("{cause} ({})", more.join("; ")),
        };
        match error {
            DeliveryError::Rejected { cause } => DeliveryError::Rejected { cause: add(cause) },
            DeliveryError::Forbidden { cause } => DeliveryError::Forbidden { cause: add(cause) },
            DeliveryError::Unauthorized { cause } => {
                DeliveryError::Unauthorized { cause: add(cause) }
            }
            DeliveryError::NotTheApi { found } => DeliveryError::NotTheApi { found: add(found) },
            other => other,
        }
    }
}

/// Names in backticks, at most ten.
fn list(names: &[&String]) -> String {
    const MOST: usize = 10;
    let mut listed: Vec<String> = names
        .iter()
        .take(MOST)
        .map(|name| format!("`{}`", name.escape_debug()))
        .collect();
    if names.len() > MOST {
        listed.push(format!("{} more", names.len() - MOST));
    }
    listed.join(", ")
}

/// The value of a metric without labels in Prometheus's text format.
fn metric(text: &str, name: &str) -> Option<f64> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix(name)?;
        let rest = rest.strip_prefix(' ')?;
        rest.split_whitespace().next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_is_found_by_its_whole_name() {
        let text = "# HELP a_b x\na_b_more 1\na_b 1.7e+09 1700\na 0\n";
        assert_eq!(metric(text, "a_b"), Some(1.7e9));
        assert_eq!(metric(text, "a"), Some(0.0));
        assert_eq!(metric(text, "b"), None);
    }
}
