//! Grafana's older API: `/api/dashboards` and `/api/folders`. Each write names the version that it replaces, and never overwrites.

use serde_json::{Value, json};
use ureq::http::Method;

use super::server::Server;
use super::{Item, form};
use crate::error::DeliveryError;
use crate::http::path_segment;
use crate::object::{ChangedBy, Owner};

/// Reads a dashboard.
pub(super) fn dashboard(server: &Server, uid: &str) -> Result<Option<Item>, DeliveryError> {
    let path = format!("/api/dashboards/uid/{}", path_segment(uid));
    let Some(answer) = server.find(&path, "dashboard")? else {
        return Ok(None);
    };
    let none = Value::Null;
    let meta = answer.get("meta").unwrap_or(&none);
    let Some(document) = answer
        .get("dashboard")
        .filter(|document| document.is_object())
    else {
        return Err(malformed("a dashboard"));
    };
    let text = |name: &str| meta.get(name).and_then(Value::as_str);
    let version = meta.get("version").or_else(|| document.get("version"));
    let Some(version) = version.and_then(Value::as_i64) else {
        return Err(malformed("a dashboard with its version"));
    };
    Ok(Some(Item {
        content: form::dashboard(text("folderUid").unwrap_or_default(), document),
        tags: form::tags(document)
            .into_iter()
            .map(str::to_owned)
            .collect(),
        version: version.to_string(),
        changed_by: changed_by(text("updatedBy"), text("updated")),
        applied: None,
        manager: (meta.get("provisioned") == Some(&Value::Bool(true)))
            .then(|| "provisioning files".to_owned()),
    }))
}

/// Writes a dashboard over a version; `None` creates it.
pub(super) fn write_dashboard(
    server: &Server,
    uid: &str,
    content: &Value,
    owner: &Owner,
    version: Option<&str>,
) -> Result<(), DeliveryError> {
    // Zero is the version of none: the server refuses it if there is one.
    let version: i64 = match version {
        Some(version) => version.parse().map_err(|_| malformed("a version"))?,
        None => 0,
    };
    let mut dashboard = form::marked(content, owner, uid);
    dashboard.insert("id".to_owned(), Value::Null);
    dashboard.insert("uid".to_owned(), uid.into());
    dashboard.insert("version".to_owned(), version.into());
    let body = json!({
        "dashboard": dashboard,
        "folderUid": form::folder_of(content),
        "message": "nthc apply",
        "overwrite": false,
    });
    let written = server.send(Method::POST, "/api/dashboards/db", Some(&body))?;
    match written.get("uid").and_then(Value::as_str) {
        Some(found) if found == uid => Ok(()),
        _ => Err(malformed("the uid of the dashboard that was written")),
    }
}

/// Deletes a dashboard. The server has no condition for it.
pub(super) fn delete_dashboard(server: &Server, uid: &str) -> Result<(), DeliveryError> {
    server.delete(&format!("/api/dashboards/uid/{}", path_segment(uid)), None)
}

/// Reads a folder.
pub(super) fn folder(server: &Server, uid: &str) -> Result<Option<Item>, DeliveryError> {
    let path = format!("/api/folders/{}", path_segment(uid));
    let Some(folder) = server.find(&path, "folder")? else {
        return Ok(None);
    };
    let text = |name: &str| folder.get(name).and_then(Value::as_str);
    let (Some(title), Some(version)) =
        (text("title"), folder.get("version").and_then(Value::as_i64))
    else {
        return Err(malformed("a folder"));
    };
    Ok(Some(Item {
        content: form::folder(title),
        tags: Vec::new(),
        version: version.to_string(),
        changed_by: changed_by(text("updatedBy"), text("updated")),
        applied: None,
        manager: None,
    }))
}

/// Writes a folder over a version; `None` creates it.
pub(super) fn write_folder(
    server: &Server,
    uid: &str,
    content: &Value,
    version: Option<&str>,
) -> Result<(), DeliveryError> {
    let title = form::title(content);
    match version {
        None => {
            let body = json!({ "uid": uid, "title": title });
            server.send(Method::POST, "/api/folders", Some(&body))?;
        }
        Some(version) => {
            let version: i64 = version.parse().map_err(|_| malformed("a version"))?;
            let body = json!({ "title": title, "version": version, "overwrite": false });
            let path = format!("/api/folders/{}", path_segment(uid));
            server.send(Method::PUT, &path, Some(&body))?;
        }
    }
    Ok(())
}

/// Deletes a folder, which is empty.
pub(super) fn delete_folder(server: &Server, uid: &str) -> Result<(), DeliveryError> {
    let path = format!("/api/folders/{}?forceDeleteRules=false", path_segment(uid));
    server.delete(&path, None)
}

fn changed_by(who: Option<&str>, when: Option<&str>) -> Option<ChangedBy> {
    Some(ChangedBy {
        who: Some(who?.to_owned()),
        when: when.and_then(|time| time.parse().ok()),
        with: None,
    })
}

fn malformed(expected: &str) -> DeliveryError {
    DeliveryError::Malformed {
        why: format!("Grafana does not return {expected}"),
    }
}
