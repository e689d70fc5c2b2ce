//! Ways to notify a team: what a receiver is.

/// What a receiver is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channel {
    /// PagerDuty's events.
    PagerDuty(PagerDuty),
    /// A channel in Slack.
    Slack(Slack),
    /// An email address.
    Mail(Mail),
    /// A URL that alerts are posted to.
    Webhook(WebhookUrl),
}

/// An integration or an event orchestration of PagerDuty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PagerDuty {
    /// The file with the integration key; the team's default where absent.
    pub routing_key_file: Option<String>,
}

/// A channel in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slack {
    /// The channel, `#payments`.
    pub channel: String,
    /// The file with the URL of the incoming webhook; the project's default where absent.
    pub url_file: Option<String>,
}

/// An email address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mail {
    /// The address.
    pub to: String,
}

/// Where a webhook's URL is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WebhookUrl {
    /// In the source.
    Plain(String),
    /// In a file on the Alertmanager host.
    File(String),
}
