//! Receivers of Amazon SNS: messages of a topic.

use nth_model::channel::Sns;

use super::message::Text;
use super::{Content, Context, Entry, Name, Receiver};
use crate::go_template::escape;

/// The list of its entries.
pub const LIST: Name = Name::new("sns_configs", "snsConfigs");

impl Receiver for Sns {
    fn kind(&self) -> &'static str {
        "sns"
    }

    fn phrase(&self) -> &'static str {
        "by Amazon SNS"
    }

    fn address(&self) -> Option<&str> {
        Some(&self.topic)
    }

    fn label(&self) -> String {
        let name = self.topic.rsplit(':').next();
        format!("SNS {}", name.unwrap_or_default())
    }

    fn content(&self) -> Content {
        Content {
            title: Some("subject"),
            text: Some("message"),
            ..Content::default()
        }
    }

    fn list(&self) -> Name {
        LIST
    }

    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>) {
        let wording = context.wording;
        entry.nested("sigv4", |own| {
            if let Some(region) = self.region() {
                own.plain("region", region);
            }
            if let Some(role) = &self.role {
                own.plain(Name::new("role_arn", "roleArn"), role);
            }
        });
        entry.text(Name::new("topic_arn", "topicARN"), escape(&self.topic));
        entry.text("subject", wording.text(Text::SnsSubject));
        entry.text("message", wording.text(Text::MailBody));
    }
}
