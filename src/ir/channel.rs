//! Channels of receivers: the ways to notify a team.

/// The channel of a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Events of PagerDuty.
    PagerDuty(PagerDuty),
    /// A channel in Slack.
    Slack(Slack),
    /// An email address.
    Mail(Mail),
    /// A URL to which alerts are posted.
    Webhook(WebhookUrl),
}

/// An integration or an event orchestration of PagerDuty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PagerDuty {
    /// The file with the integration key; `None` for the team's default file.
    pub routing_key_file: Option<String>,
}

/// A channel in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slack {
    /// The channel, `#payments`.
    pub channel: String,
    /// The file with the URL of the incoming webhook; `None` for the project's default file.
    pub url_file: Option<String>,
}

/// An email address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mail {
    /// The address.
    pub to: String,
}

/// The location of a webhook's URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WebhookUrl {
    /// In the source.
    Plain(String),
    /// In a file on the Alertmanager host.
    File(String),
}
