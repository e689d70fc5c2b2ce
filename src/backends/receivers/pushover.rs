//! Pushover receivers: notifications on phones.

use nth_model::channel::Pushover;

use super::message::Text;
use super::secrets::{Secret, team_file};
use super::{Content, Context, Entry, Name, Receiver};
use crate::go_template::escape;

/// The list of its entries.
pub const LIST: Name = Name::new("pushover_configs", "pushoverConfigs");

/// The secret with the token of the application, for all teams.
const TOKEN: &str = "pushover-token";

impl Receiver for Pushover {
    fn kind(&self) -> &'static str {
        "pushover"
    }

    fn phrase(&self) -> &'static str {
        "by Pushover"
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn label(&self) -> String {
        "Pushover".to_owned()
    }

    fn content(&self) -> Content {
        Content {
            title: Some("title"),
            text: Some("message"),
            title_limit: 250,
            text_limit: 1024,
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let wording = context.wording;
        let user = Secret::at_or(self.user_key_file.as_deref(), || {
            team_file("pushover", context.team)
        });
        entry.secret(Name::new("user_key_file", "userKey"), &user);
        let token = Secret::at_or(self.token_file.as_deref(), || TOKEN.to_owned());
        entry.secret(Name::new("token_file", "token"), &token);
        entry.text("title", wording.subject());
        entry.text("message", wording.text(Text::PushoverBody));
        entry.text("url", wording.text(Text::MoreUrl));
        entry.text(Name::new("url_title", "urlTitle"), wording.text(Text::More));
        entry.text("priority", wording.text(Text::PushoverPriority));
        if let Some(device) = &self.device {
            entry.text("device", escape(device));
        }
        if let Some(sound) = &self.sound {
            entry.text("sound", escape(sound));
        }
    }
}
