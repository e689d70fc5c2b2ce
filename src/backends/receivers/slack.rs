//! Slack receivers.

use nth_model::channel::Slack;

use super::message::Text;
use super::secrets::Secret;
use super::{Content, Context, Entry, Name, Receiver};
use crate::go_template;

/// The list of its entries.
pub const LIST: Name = Name::new("slack_configs", "slackConfigs");

/// The secret with the URL of the incoming webhook, for all teams.
const URL: &str = "slack-url";

impl Receiver for Slack {
    fn kind(&self) -> &'static str {
        "slack"
    }

    fn phrase(&self) -> &'static str {
        "in Slack"
    }

    fn address(&self) -> Option<&str> {
        Some(&self.channel)
    }

    fn label(&self) -> String {
        format!("Slack {}", self.channel)
    }

    fn content(&self) -> Content {
        Content {
            title: Some("title"),
            text: Some("text"),
            title_limit: 1024,
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let wording = context.wording;
        match &self.token_file {
            // The operator's resource has no token: the analysis has reported it.
            Some(file) => entry.secret("app_token_file".into(), &Secret::At(file)),
            None => {
                let url = Secret::at_or(self.url_file.as_deref(), || URL.to_owned());
                entry.secret(Name::new("api_url_file", "apiURL"), &url);
            }
        }
        entry.text("channel", go_template::escape(&self.channel));
        entry.text("color", wording.text(Text::SlackColor));
        entry.text("title", wording.slack_title());
        entry.text(
            Name::new("title_link", "titleLink"),
            wording.text(Text::MoreUrl),
        );
        entry.text("text", wording.text(Text::SlackBody));
        entry.text("fallback", wording.slack_title());
    }
}
