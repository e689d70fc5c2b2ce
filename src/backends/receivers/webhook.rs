//! Webhook receivers: a URL to which alerts are posted.

use nth_model::WebhookUrl;

use super::secrets::Secret;
use super::{Context, Entry, Name, Receiver};
use crate::go_template;

/// The list of its entries.
pub const LIST: Name = Name::new("webhook_configs", "webhookConfigs");

impl Receiver for WebhookUrl {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    fn phrase(&self) -> &'static str {
        "by a webhook"
    }

    fn address(&self) -> Option<&str> {
        match self {
            Self::Plain(url) => Some(url),
            Self::File(_) => None,
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, _context: &Context<'_>) {
        match self {
            Self::Plain(url) => entry.text("url", go_template::escape(url)),
            Self::File(file) => {
                entry.secret(Name::new("url_file", "urlSecret"), &Secret::At(file));
            }
        }
    }
}
