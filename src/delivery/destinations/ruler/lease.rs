//! The lease of a ruler: a rule group of its own, which records no series. The API cannot compare and replace, so whoever takes
//! the lease reads it again.

use jiff::Timestamp;
use serde_json::{Value, json};
use ureq::http::Method;

use super::{Ruler, group};
use crate::destinations::{cortex, yaml};
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::lease::{Lease, LeaseStore};
use crate::object::Owner;

/// The namespace of the leases.
pub const LEASES: &str = "nthc-lease";
/// The name of the rule.
const RULE: &str = "nthc_lease";

/// The length of the holder in bytes. Cortex writes files of its file system storage in place: as all leases of an owner have the same
/// length, two runs that write at the same moment leave one of both, and no mixture.
const HOLDER_BYTES: usize = 96;

/// The name of the group of an owner's lease.
fn name(owner: &Owner) -> String {
    match &owner.environment {
        Some(environment) => format!("{}/{environment}", owner.project),
        None => owner.project.clone(),
    }
}

/// A text with exactly [`HOLDER_BYTES`] bytes.
fn padded(text: &str) -> String {
    let mut end = HOLDER_BYTES.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut padded = text.get(..end).unwrap_or_default().to_owned();
    padded.extend(std::iter::repeat_n(' ', HOLDER_BYTES - end));
    padded
}

/// The group of a lease.
fn write(lease: &Lease) -> Value {
    let mut labels = json!({
        "project": lease.owner.project,
        "holder": padded(&lease.holder),
        "token": lease.token,
        "expires": lease.expires.as_second().to_string(),
    });
    if let (Value::Object(labels), Some(environment)) = (&mut labels, &lease.owner.environment) {
        labels.insert("environment".to_owned(), environment.clone().into());
    }
    json!({
        "name": name(&lease.owner),
        // Never true: no series.
        "rules": [{"record": RULE, "expr": "vector(1) < 0", "labels": labels}],
    })
}

/// Reads the group of a lease.
fn read(group: &Value) -> Option<Lease> {
    let [rule] = group.get("rules")?.as_array()?.as_slice() else {
        return None;
    };
    let label = |name| group::label(rule, name).map(str::to_owned);
    Some(Lease {
        owner: Owner {
            project: label("project")?,
            environment: label("environment"),
        },
        holder: label("holder")?.trim_end().to_owned(),
        token: label("token")?,
        expires: Timestamp::from_second(label("expires")?.parse().ok()?).ok()?,
    })
}

impl LeaseStore for Ruler {
    fn read_lease(&self, owner: &Owner) -> Result<Option<Lease>, DeliveryError> {
        let Some(group) = self.get_group(LEASES, &name(owner))? else {
            return Ok(None);
        };
        match read(&group) {
            Some(lease) if lease.owner == *owner => Ok(Some(lease)),
            _ => Err(DeliveryError::Malformed {
                why: format!("a group of the namespace `{LEASES}` is not the lease of {owner}"),
            }),
        }
    }

    fn replace_lease(
        &self,
        owner: &Owner,
        _before: Option<&Lease>,
        after: Option<&Lease>,
    ) -> Result<(), DeliveryError> {
        match after {
            Some(lease) => self.post_group(LEASES, &write(lease)),
            None => self.delete_group(LEASES, &name(owner)),
        }
    }

    fn is_atomic(&self) -> bool {
        false
    }
}

impl Ruler {
    /// Reads a group as the server returns it; `None` if it does not exist.
    pub(super) fn get_group(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, DeliveryError> {
        let path = self.group_path(namespace, name);
        let answer = self.client.get(&path)?;
        if cortex::is_missing(&answer, "group does not exist") {
            return Ok(None);
        }
        let answer = self.success(answer)?;
        let group: Value = yaml::read(&answer.body)?;
        if group.get("name").and_then(Value::as_str) != Some(name) {
            return Err(DeliveryError::Malformed {
                why: "not the rule group of this name".to_owned(),
            });
        }
        Ok(Some(group))
    }

    /// Creates or replaces a group.
    pub(super) fn post_group(&self, namespace: &str, group: &Value) -> Result<(), DeliveryError> {
        let path = format!("{}/{}", self.rules, path_segment(namespace));
        let body = Some(("application/yaml", yaml::write(group)));
        let answer = self.client.send(Method::POST, &path, body)?;
        let is_limit = answer.status == 400 && {
            let text = answer.text();
            text.contains("limit") && text.contains("exceeded")
        };
        if is_limit {
            return Err(DeliveryError::LimitExceeded {
                cause: self.client.sanitize(&answer.text()),
            });
        }
        self.client.success(answer).map(|_| ())
    }

    /// Deletes a group, if it exists.
    pub(super) fn delete_group(&self, namespace: &str, name: &str) -> Result<(), DeliveryError> {
        let path = self.group_path(namespace, name);
        let answer = self.client.send(Method::DELETE, &path, None)?;
        if cortex::is_missing(&answer, "group does not exist") {
            return Ok(());
        }
        self.client.success(answer).map(|_| ())
    }

    fn group_path(&self, namespace: &str, name: &str) -> String {
        let (namespace, name) = (path_segment(namespace), path_segment(name));
        format!("{}/{namespace}/{name}", self.rules)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn all_leases_of_an_owner_have_the_same_length() {
        let lease = |holder: &str| Lease {
            owner: Owner {
                project: "shop".to_owned(),
                environment: Some("production".to_owned()),
            },
            holder: holder.to_owned(),
            token: "0123456789abcdef".to_owned(),
            expires: Timestamp::from_second(1_772_359_200).unwrap(),
        };
        for holder in ["", "ana@ci", "zoë@laptop"] {
            let group = write(&lease(holder));
            assert_eq!(read(&group), Some(lease(holder)));
        }
        let holder = |text: &str| padded(text).len();
        for text in [
            "",
            "ana",
            &"ü".repeat(200),
            &format!("a{}", "ü".repeat(200)),
        ] {
            assert_eq!(holder(text), HOLDER_BYTES);
        }
    }
}
