//! Ways to notify a team, one file each: its secret, its Alertmanager configuration, and its names in other targets.
//!
//! A new one is a kind in the prelude, a [`Channel`] with its evaluation in the analysis, and a file here with a line
//! of [`LISTS`].

mod entry;
mod mail;
pub mod message;
mod pagerduty;
mod secrets;
mod slack;
mod webhook;

use nth_model::{Channel, Settings};

pub use entry::{Entry, Language, Name};
pub use mail::smtp;

use message::Wording;

/// A way to notify a team.
pub trait Receiver {
    /// OpenSLO's `target` of a notification target.
    fn kind(&self) -> &'static str;

    /// The channel in prose, after "Notifies team payments": `in Slack`.
    fn phrase(&self) -> &'static str;

    /// The channel, address or URL; `None` if that is a secret, or there is none.
    fn address(&self) -> Option<&str>;

    /// The list in an Alertmanager receiver that contains its entries.
    fn list(&self) -> Name;

    /// Writes the entry, except for `send_resolved`.
    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>);

    /// True if it needs a mail server.
    fn needs_mail_server(&self) -> bool {
        false
    }
}

/// The context of an entry.
#[derive(Debug)]
pub struct Context<'a> {
    /// The team that is notified.
    pub team: &'a str,
    /// The texts of messages.
    pub wording: &'a Wording,
    /// The settings of the project.
    pub settings: &'a Settings,
}

/// The lists of an Alertmanager receiver in the order in which they are written.
pub const LISTS: [Name; 4] = [pagerduty::LIST, slack::LIST, mail::LIST, webhook::LIST];

/// Returns the description of a channel.
pub fn describe(channel: &Channel) -> &dyn Receiver {
    match channel {
        Channel::PagerDuty(pagerduty) => pagerduty,
        Channel::Slack(slack) => slack,
        Channel::Mail(mail) => mail,
        Channel::Webhook(url) => url,
    }
}

#[cfg(test)]
mod tests {
    use nth_model::WebhookUrl;
    use nth_model::channel::{Mail, PagerDuty, Slack};

    use super::*;

    #[test]
    fn every_channel_is_written_into_a_list_of_its_own() {
        let text = || "x".to_owned();
        let channels = [
            Channel::PagerDuty(PagerDuty {
                routing_key_file: None,
            }),
            Channel::Slack(Slack {
                channel: text(),
                url_file: None,
            }),
            Channel::Mail(Mail { to: text() }),
            Channel::Webhook(WebhookUrl::Plain(text())),
        ];
        assert_eq!(channels.map(|channel| describe(&channel).list()), LISTS);
    }
}
