//! Webhook receivers: a URL to which alerts are posted.

use nth_model::channel::{Authentication, HeaderValue, Webhook};
use nth_model::{Duration, WebhookUrl};

use super::secrets::Secret;
use super::{Content, Context, Entry, Name, Receiver};
use crate::go_template;

/// The list of its entries.
pub const LIST: Name = Name::new("webhook_configs", "webhookConfigs");

/// The list of HTTP settings in an entry.
pub const HTTP: Name = Name::new("http_config", "httpConfig");

impl Receiver for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn phrase(&self) -> &'static str {
        "by a webhook"
    }

    fn address(&self) -> Option<&str> {
        match &self.url {
            WebhookUrl::Plain(url) => Some(url),
            WebhookUrl::File(_) => None,
        }
    }

    fn label(&self) -> String {
        "webhook".to_owned()
    }

    fn content(&self) -> Content {
        Content::default()
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, _context: &Context<'_>) {
        match &self.url {
            WebhookUrl::Plain(url) => entry.text("url", go_template::escape(url)),
            WebhookUrl::File(file) => {
                entry.secret(Name::new("url_file", "urlSecret"), &Secret::At(file));
            }
        }
        entry.nested(HTTP, |http| {
            if let Some(authentication) = &self.authentication {
                authenticate(http, authentication);
            }
            // The operator's resource has no headers: the analysis has reported them.
            http.nested("http_headers", |headers| {
                for header in &self.headers {
                    headers.named(header.name.clone().into(), |one| match &header.value {
                        HeaderValue::Plain(value) => one.texts("values", vec![value.clone()]),
                        HeaderValue::File(file) => one.texts("files", vec![file.clone()]),
                    });
                }
            });
        });
        if let Some(alerts) = self.max_alerts {
            entry.number(Name::new("max_alerts", "maxAlerts"), alerts);
        }
        if let Some(timeout) = self.timeout {
            entry.plain("timeout", go_duration(timeout));
        }
    }
}

/// Adds how Alertmanager authenticates to the HTTP settings of an entry.
pub fn authenticate(http: &mut Entry<'_>, authentication: &Authentication) {
    match authentication {
        Authentication::Basic {
            user,
            password_file,
        } => http.nested(Name::new("basic_auth", "basicAuth"), |basic| {
            basic.plain("username", user);
            basic.secret(
                Name::new("password_file", "password"),
                &Secret::At(password_file),
            );
        }),
        Authentication::Credentials { scheme, file } => http.nested("authorization", |own| {
            own.plain("type", scheme);
            own.secret(
                Name::new("credentials_file", "credentials"),
                &Secret::At(file),
            );
        }),
    }
}

/// A duration as both Go and Prometheus read it: Go knows neither days nor weeks.
fn go_duration(duration: Duration) -> String {
    match duration.0 % 1000 {
        0 => format!("{}s", duration.0 / 1000),
        _ => format!("{}ms", duration.0),
    }
}
