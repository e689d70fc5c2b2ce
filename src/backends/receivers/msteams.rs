//! Receivers of Microsoft Teams: adaptive cards that a workflow posts in a channel.

use nth_model::channel::MsTeams;

use super::message::Text;
use super::secrets::{Secret, team_file};
use super::{Content, Context, Entry, Name, Receiver};

/// The list of its entries.
pub const LIST: Name = Name::new("msteamsv2_configs", "msteamsv2Configs");

impl Receiver for MsTeams {
    fn kind(&self) -> &'static str {
        "msteams"
    }

    fn phrase(&self) -> &'static str {
        "in Microsoft Teams"
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn label(&self) -> String {
        "Microsoft Teams".to_owned()
    }

    fn content(&self) -> Content {
        Content {
            title: Some("title"),
            text: Some("text"),
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let url = Secret::at_or(self.url_file.as_deref(), || {
            team_file("msteams", context.team)
        });
        entry.secret(Name::new("webhook_url_file", "webhookURL"), &url);
        entry.text("title", context.wording.text(Text::TeamsTitle));
        entry.text("text", context.wording.text(Text::TeamsBody));
    }
}
