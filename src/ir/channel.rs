//! Channels of receivers: the ways to notify a team.
//!
//! Keys, tokens and secret URLs are always in files on the Alertmanager host. A file that is `None` is the default one in the
//! project's directory of secrets.

use super::Duration;

/// The channel of a receiver.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Channel {
    /// Events of PagerDuty.
    PagerDuty(PagerDuty),
    /// Alerts of incident.io.
    IncidentIo(IncidentIo),
    /// Alert groups of Grafana IRM.
    GrafanaIrm(GrafanaIrm),
    /// Messages of Pushover.
    Pushover(Pushover),
    /// A channel in Slack.
    Slack(Slack),
    /// A channel of Microsoft Teams.
    MsTeams(MsTeams),
    /// A channel in Discord.
    Discord(Discord),
    /// A chat in Telegram.
    Telegram(Telegram),
    /// Issues in Jira.
    Jira(Jira),
    /// An email address.
    Mail(Mail),
    /// A topic of Amazon SNS.
    Sns(Sns),
    /// A URL to which alerts are posted.
    Webhook(Webhook),
}

/// An integration or an event orchestration of PagerDuty.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PagerDuty {
    /// The file with the integration key; `None` for the team's default file.
    pub routing_key_file: Option<String>,
}

/// An alert source of incident.io.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IncidentIo {
    /// The URL of the alert source.
    pub url: String,
    /// The file with the token of the alert source; `None` for the team's default file.
    pub token_file: Option<String>,
}

/// An Alertmanager integration of Grafana IRM.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct GrafanaIrm {
    /// The file with the URL of the integration; `None` for the team's default file.
    pub url_file: Option<String>,
}

/// A user or group of Pushover.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Pushover {
    /// The file with the key of the user or group; `None` for the team's default file.
    pub user_key_file: Option<String>,
    /// The file with the token of the application; `None` for the project's default file.
    pub token_file: Option<String>,
    /// The only device that is notified; `None` for all of the user's.
    pub device: Option<String>,
    /// The sound; `None` for the user's default.
    pub sound: Option<String>,
}

/// A channel in Slack.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Slack {
    /// The channel, `#payments`.
    pub channel: String,
    /// The file with the URL of the incoming webhook; `None` for the project's default file.
    pub url_file: Option<String>,
    /// The file with the token of a bot, which then posts the messages instead of a webhook.
    pub token_file: Option<String>,
}

/// A channel of Microsoft Teams.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MsTeams {
    /// The file with the URL of the workflow; `None` for the team's default file.
    pub url_file: Option<String>,
}

/// A channel in Discord.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Discord {
    /// The file with the URL of the channel's webhook; `None` for the team's default file.
    pub url_file: Option<String>,
}

/// A chat in Telegram.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Telegram {
    /// The id of the chat.
    pub chat: i64,
    /// The id of the topic in a group with topics.
    pub topic: Option<i64>,
    /// The file with the token of the bot; `None` for the project's default file.
    pub token_file: Option<String>,
    /// True if messages arrive without a sound.
    pub silent: bool,
    /// The URL of a Bot API server; `None` for Telegram's own.
    pub api_url: Option<String>,
}

/// A project in Jira.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Jira {
    /// The URL of the site, without the path of an API and without a slash at its end.
    pub url: String,
    /// The key of the project.
    pub project: String,
    /// The type of the issues.
    pub issue_type: String,
    /// The labels of the issues.
    pub labels: Vec<String>,
    /// The priority of the issues; `None` for the project's default.
    pub priority: Option<String>,
    /// The transition of an issue whose alerts are resolved.
    pub resolve_transition: Option<String>,
    /// The transition of a closed issue whose alerts fire again.
    pub reopen_transition: Option<String>,
    /// How long after it was closed an issue is reopened rather than a new one created.
    pub reopen_within: Option<Duration>,
    /// The resolution of issues that are not reopened.
    pub wont_fix: Option<String>,
    /// The user of the token; `None` for a token that is sent alone.
    pub user: Option<String>,
    /// The file with the token; `None` for the project's default file.
    pub token_file: Option<String>,
}

/// An email address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Mail {
    /// The address.
    pub to: String,
}

/// A topic of Amazon SNS.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sns {
    /// The ARN of the topic.
    pub topic: String,
    /// The ARN of a role that is assumed.
    pub role: Option<String>,
}

impl Sns {
    /// The region of the topic, the fourth part of its ARN; `None` if that is no ARN of a topic.
    pub fn region(&self) -> Option<&str> {
        let parts: Vec<&str> = self.topic.split(':').collect();
        match parts.as_slice() {
            ["arn", partition, "sns", region, account, name]
                if partition.starts_with("aws")
                    && !region.is_empty()
                    && !name.is_empty()
                    && account.len() == 12
                    && account.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                Some(region)
            }
            _ => None,
        }
    }
}

/// A URL to which alerts are posted, and how.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Webhook {
    /// The URL.
    pub url: WebhookUrl,
    /// How Alertmanager authenticates.
    pub authentication: Option<Authentication>,
    /// Further HTTP headers, in the order of the source.
    pub headers: Vec<Header>,
    /// How long a request may take; `None` for as long as the notification may take.
    pub timeout: Option<Duration>,
    /// The most alerts in a request; `None` for all of them.
    pub max_alerts: Option<u32>,
}

/// The location of a webhook's URL.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum WebhookUrl {
    /// In the source.
    Plain(String),
    /// In a file on the Alertmanager host.
    File(String),
}

/// How Alertmanager authenticates to a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Authentication {
    /// Basic authentication.
    Basic {
        /// The user.
        user: String,
        /// The file with the password.
        password_file: String,
    },
    /// The header `Authorization`.
    Credentials {
        /// The scheme, `Bearer`.
        scheme: String,
        /// The file with the credentials.
        file: String,
    },
}

/// An HTTP header.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Header {
    /// The name.
    pub name: String,
    /// The value.
    pub value: HeaderValue,
}

/// The location of a header's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HeaderValue {
    /// In the source.
    Plain(String),
    /// In a file on the Alertmanager host.
    File(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_has_a_region() {
        let region = |topic: &str| {
            let sns = Sns {
                topic: topic.to_owned(),
                role: None,
            };
            sns.region().map(str::to_owned)
        };
        assert_eq!(
            region("arn:aws:sns:eu-west-1:123456789012:alerts").as_deref(),
            Some("eu-west-1")
        );
        assert_eq!(
            region("arn:aws-cn:sns:cn-north-1:123456789012:alerts.fifo").as_deref(),
            Some("cn-north-1")
        );
        for other in [
            "alerts",
            "arn:aws:sqs:eu-west-1:123456789012:alerts",
            "arn:aws:sns::123456789012:alerts",
            "arn:aws:sns:eu-west-1:1234:alerts",
            "arn:aws:sns:eu-west-1:123456789012:alerts:1",
        ] {
            assert_eq!(region(other), None, "{other}");
        }
    }
}
