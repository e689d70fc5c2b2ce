//! Discord receivers: an embed in a channel.

use nth_model::channel::Discord;

use super::message::Text;
use super::secrets::{Secret, team_file};
use super::{Content, Context, Entry, Name, Receiver};

/// The list of its entries.
pub const LIST: Name = Name::new("discord_configs", "discordConfigs");

impl Receiver for Discord {
    fn kind(&self) -> &'static str {
        "discord"
    }

    fn phrase(&self) -> &'static str {
        "in Discord"
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn label(&self) -> String {
        "Discord".to_owned()
    }

    fn content(&self) -> Content {
        Content {
            title: Some("title"),
            text: Some("message"),
            title_limit: 256,
            text_limit: 4096,
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let url = Secret::at_or(self.url_file.as_deref(), || {
            team_file("discord", context.team)
        });
        entry.secret(Name::new("webhook_url_file", "apiURL"), &url);
        entry.text("title", context.wording.text(Text::DiscordTitle));
        entry.text("message", context.wording.text(Text::DiscordBody));
    }
}
