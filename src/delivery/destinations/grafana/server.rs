//! Requests to Grafana, and what its answers mean.

use serde_json::Value;
use ureq::http::Method;

use crate::error::DeliveryError;
use crate::http::{Answer, HttpClient};

/// A Grafana.
#[derive(Debug)]
pub(super) struct Server {
    pub client: HttpClient,
}

/// A text of a document.
fn text<'a>(document: &'a Value, name: &str) -> &'a str {
    document
        .get(name)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

impl Server {
    /// Reads a document; `None` if Grafana says that this object does not exist. `kind` is the word for it in the older API.
    pub fn find(&self, path: &str, kind: &str) -> Result<Option<Value>, DeliveryError> {
        let answer = self.client.get(path)?;
        if answer.status.as_u16() == 404 && is_missing(&answer, kind) {
            return Ok(None);
        }
        self.document(answer).map(Some)
    }

    /// Sends a document, and returns the one that comes back.
    pub fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, DeliveryError> {
        let body = body.map(|document| ("application/json", document.to_string().into_bytes()));
        self.document(self.client.send(method, path, body)?)
    }

    /// Deletes an object. That it does not exist is no error.
    pub fn delete(&self, path: &str, options: Option<&Value>) -> Result<(), DeliveryError> {
        let body = options.map(|document| ("application/json", document.to_string().into_bytes()));
        let answer = self.client.send(Method::DELETE, path, body)?;
        if answer.status.as_u16() == 404
            && (is_missing(&answer, "dashboard") || is_missing(&answer, "folder"))
        {
            return Ok(());
        }
        self.document(answer).map(drop)
    }

    /// The document of an answer.
    pub fn document(&self, answer: Answer) -> Result<Value, DeliveryError> {
        if !answer.is_success() || answer.is_html() {
            return Err(self.error(answer));
        }
        serde_json::from_slice(&answer.body).map_err(|_| DeliveryError::NotTheApi {
            found: "an answer that is not JSON".to_owned(),
        })
    }

    /// The error that an answer is, with Grafana's message alone.
    fn error(&self, mut answer: Answer) -> DeliveryError {
        let document: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        let message = document.get("message").and_then(Value::as_str);
        if let Some(message) = message {
            answer.body = message.as_bytes().to_vec();
        }
        let code = answer.status.as_u16();
        let refused = message.map(|message| DeliveryError::Rejected {
            cause: self.client.sanitize(message),
        });
        match (code, refused) {
            // Not a conflict: another dashboard has this title, or a plugin owns it.
            (412, Some(refused))
                if matches!(
                    text(&document, "status"),
                    "name-exists" | "plugin-dashboard"
                ) =>
            {
                refused
            }
            // The folder of a dashboard.
            (404, Some(refused))
                if message.is_some_and(|text| text.to_lowercase().contains("folder")) =>
            {
                refused
            }
            _ => self.client.error(&answer),
        }
    }
}

/// Returns true if Grafana says of an object that it does not exist: not of a path, which it answers with `Not found`.
fn is_missing(answer: &Answer, kind: &str) -> bool {
    let Ok(document) = serde_json::from_slice::<Value>(&answer.body) else {
        return false;
    };
    let message = document.get("message").and_then(Value::as_str);
    let message = message.unwrap_or_default().to_lowercase();
    let is_status = document.get("kind").and_then(Value::as_str) == Some("Status");
    if is_status {
        return text(&document, "reason") == "NotFound"
            && document.pointer("/details/name").is_some();
    }
    !kind.is_empty() && message.contains(kind) && message.contains("not found")
}
