//! Telegram receivers: messages of a bot in a chat.

use nth_model::channel::Telegram;

use super::message::Text;
use super::secrets::Secret;
use super::{Content, Context, Entry, Name, Receiver};

/// The list of its entries.
pub const LIST: Name = Name::new("telegram_configs", "telegramConfigs");

/// The secret with the token of the bot, for all teams.
const TOKEN: &str = "telegram-token";

impl Receiver for Telegram {
    fn kind(&self) -> &'static str {
        "telegram"
    }

    fn phrase(&self) -> &'static str {
        "in Telegram"
    }

    fn address(&self) -> Option<&str> {
        None
    }

    fn label(&self) -> String {
        format!("Telegram chat {}", self.chat)
    }

    fn content(&self) -> Content {
        Content {
            text: Some("message"),
            text_limit: 4096,
            is_html: true,
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        if let Some(url) = &self.api_url {
            entry.plain(Name::new("api_url", "apiURL"), url);
        }
        let token = Secret::at_or(self.token_file.as_deref(), || TOKEN.to_owned());
        entry.secret(Name::new("bot_token_file", "botToken"), &token);
        entry.number(Name::new("chat_id", "chatID"), self.chat);
        if let Some(topic) = self.topic {
            entry.number(Name::new("message_thread_id", "messageThreadID"), topic);
        }
        entry.text("message", context.wording.text(Text::TelegramBody));
        // Alertmanager then escapes what templates print.
        entry.plain(Name::new("parse_mode", "parseMode"), "HTML");
        if self.silent {
            entry.bool(
                Name::new("disable_notifications", "disableNotifications"),
                true,
            );
        }
    }
}
