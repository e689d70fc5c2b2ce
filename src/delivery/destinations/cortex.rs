//! What the APIs of Cortex and Mimir share: tenants, "does not exist", and the limits of a tenant.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::destinations::yaml;
use crate::error::DeliveryError;
use crate::http::{Answer, HttpClient};

/// The header of the tenant.
const TENANT: &str = "X-Scope-OrgID";
/// The longest name of a tenant, in bytes.
const MOST_TENANT_BYTES: usize = 150;

/// Adds the header of the tenant to those of the settings.
pub(super) fn with_tenant(
    headers: &[(String, String)],
    tenant: Option<&str>,
) -> Result<Vec<(String, String)>, DeliveryError> {
    let invalid = |why: String| Err(DeliveryError::Invalid { why });
    let mut headers = headers.to_vec();
    if headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case(TENANT))
    {
        return invalid(format!(
            "`{TENANT}` is not a header of its own: set the tenant"
        ));
    }
    let Some(tenant) = tenant else {
        return Ok(headers);
    };
    // https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/; `a|b` are several tenants, which cannot be written.
    let is_allowed = |letter: char| letter.is_ascii_alphanumeric() || "!-_.*'()".contains(letter);
    let is_valid = !matches!(tenant, "" | "." | ".." | "__mimir_cluster")
        && tenant.len() <= MOST_TENANT_BYTES
        && tenant.chars().all(is_allowed);
    if !is_valid {
        return invalid(format!("invalid tenant `{}`", tenant.escape_debug()));
    }
    headers.push((TENANT.to_owned(), tenant.to_owned()));
    Ok(headers)
}

/// Returns true if the API itself says that something does not exist; a 404 of anything else does not say it.
pub(super) fn is_missing(answer: &Answer, words: &str) -> bool {
    answer.status == 404 && !answer.is_html() && answer.text().contains(words)
}

/// Reads the numbers among the limits of a tenant: Mimir's of the tenant, else Cortex's of the server with those of the tenant.
/// Limits of zero, which are none, are omitted. Empty if the server publishes none.
pub(super) fn limits(
    client: &HttpClient,
    tenant: Option<&str>,
) -> Result<BTreeMap<String, u64>, DeliveryError> {
    let mut limits = BTreeMap::new();
    if let Some(document) = published(client, "/api/v1/user_limits")? {
        add(&mut limits, Some(&document));
    } else {
        if let Some(document) = published(client, "/config")? {
            add(&mut limits, document.get("limits"));
        }
        if let (Some(tenant), Some(document)) = (tenant, published(client, "/runtime_config")?) {
            let overrides = document.get("overrides");
            add(&mut limits, overrides.and_then(|all| all.get(tenant)));
        }
    }
    limits.retain(|_, limit| *limit > 0);
    Ok(limits)
}

/// Adds the numbers of a document.
fn add(limits: &mut BTreeMap<String, u64>, document: Option<&Value>) {
    for (name, value) in document.and_then(Value::as_object).into_iter().flatten() {
        if let Some(number) = value.as_u64() {
            limits.insert(name.clone(), number);
        }
    }
}

/// Reads a document that not every server publishes, and not every gateway lets through.
fn published(client: &HttpClient, path: &str) -> Result<Option<Value>, DeliveryError> {
    let answer = client.get(path)?;
    if answer.status.is_server_error() || answer.status == 429 {
        return Err(client.error(&answer));
    }
    if !answer.is_success() || answer.is_html() {
        return Ok(None);
    }
    Ok(yaml::read::<Value>(&answer.body).ok())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_one_tenant() {
        let headers = with_tenant(&[], Some("shop")).unwrap();
        assert_eq!(headers, [(TENANT.to_owned(), "shop".to_owned())]);
        for tenant in ["", "a|b", "..", "a\nb", "ü", &"x".repeat(151)] {
            assert!(with_tenant(&[], Some(tenant)).is_err(), "{tenant}");
        }
        let own = [("x-scope-orgid".to_owned(), "other".to_owned())];
        assert!(with_tenant(&own, Some("shop")).is_err());
        assert!(with_tenant(&own, None).is_err());
    }
}
