//! Ways to notify a team, one file each: its secret, its Alertmanager configuration, and its names in other targets.
//!
//! A new one is a kind in the prelude, a [`Channel`] with its evaluation in the analysis, and a file here with a line
//! of [`LISTS`].

mod discord;
mod entry;
mod grafana_irm;
mod incidentio;
mod jira;
mod mail;
mod markup;
pub mod message;
mod msteams;
mod pagerduty;
mod pushover;
mod secrets;
mod slack;
mod sns;
mod telegram;
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

    /// The channel in a list of notifications: `Slack #payments`.
    fn label(&self) -> String;

    /// Where its texts are in an entry.
    fn content(&self) -> Content;

    /// The list in an Alertmanager receiver that contains its entries.
    fn list(&self) -> Name;

    /// Writes the entry, except for `send_resolved`.
    fn write(&self, entry: &mut Entry<'_>, context: &Context<'_>);

    /// True if it needs a mail server.
    fn needs_mail_server(&self) -> bool {
        false
    }
}

/// The fields of an entry of `alertmanager.yml` with the texts of a message. Both are `None` if alerts are sent as data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// The field with the title.
    pub title: Option<&'static str>,
    /// The field with the text.
    pub text: Option<&'static str>,
    /// The most characters of a title that Alertmanager sends.
    pub title_limit: usize,
    /// The most characters of a text that Alertmanager sends.
    pub text_limit: usize,
    /// True if Alertmanager renders the text as HTML, and escapes what templates print.
    pub is_html: bool,
}

impl Default for Content {
    fn default() -> Self {
        Self {
            title: None,
            text: None,
            title_limit: usize::MAX,
            text_limit: usize::MAX,
            is_html: false,
        }
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
pub const LISTS: [Name; 11] = [
    pagerduty::LIST,
    incidentio::LIST,
    pushover::LIST,
    slack::LIST,
    msteams::LIST,
    discord::LIST,
    telegram::LIST,
    jira::LIST,
    mail::LIST,
    sns::LIST,
    webhook::LIST,
];

/// Returns the description of a channel.
pub fn describe(channel: &Channel) -> &dyn Receiver {
    match channel {
        Channel::PagerDuty(channel) => channel,
        Channel::IncidentIo(channel) => channel,
        Channel::GrafanaIrm(channel) => channel,
        Channel::Pushover(channel) => channel,
        Channel::Slack(channel) => channel,
        Channel::MsTeams(channel) => channel,
        Channel::Discord(channel) => channel,
        Channel::Telegram(channel) => channel,
        Channel::Jira(channel) => channel,
        Channel::Mail(channel) => channel,
        Channel::Sns(channel) => channel,
        Channel::Webhook(channel) => channel,
    }
}
