//! Where receivers send notifications. Addresses that may contain a secret are not written.

use nth_model::channel::{
    Authentication, Discord, GrafanaIrm, HeaderValue, IncidentIo, Jira, Mail, MsTeams, PagerDuty,
    Pushover, Slack, Sns, Telegram, Webhook,
};
use nth_model::{Channel, WebhookUrl};

/// Where a receiver sends notifications, with all that is set.
pub fn channel(channel: &Channel) -> String {
    match channel {
        Channel::PagerDuty(PagerDuty { routing_key_file }) => {
            listed("PagerDuty", [file("key", routing_key_file)])
        }
        Channel::IncidentIo(IncidentIo { url, token_file }) => listed(
            &format!("incident.io {}", host(url)),
            [file("token", token_file)],
        ),
        Channel::GrafanaIrm(GrafanaIrm { url_file }) => {
            listed("Grafana IRM", [file("URL", url_file)])
        }
        Channel::Pushover(Pushover {
            user_key_file,
            token_file,
            device,
            sound,
        }) => listed(
            "Pushover",
            [
                file("user key", user_key_file),
                file("token", token_file),
                set("device", device),
                set("sound", sound),
            ],
        ),
        Channel::Slack(Slack {
            channel,
            url_file,
            token_file,
        }) => listed(
            &format!("Slack {channel}"),
            [file("URL", url_file), file("token", token_file)],
        ),
        Channel::MsTeams(MsTeams { url_file }) => {
            listed("Microsoft Teams", [file("URL", url_file)])
        }
        Channel::Discord(Discord { url_file }) => listed("Discord", [file("URL", url_file)]),
        Channel::Telegram(Telegram {
            chat,
            topic,
            token_file,
            silent,
            api_url,
        }) => listed(
            &format!("Telegram chat {chat}"),
            [
                set("topic", topic),
                file("token", token_file),
                silent.then(|| "without sound".to_owned()),
                api_url.as_deref().map(|url| format!("API {}", host(url))),
            ],
        ),
        Channel::Jira(issues) => jira(issues),
        Channel::Mail(Mail { to }) => format!("email to {to}"),
        Channel::Sns(Sns { topic, role }) => listed(&format!("SNS {topic}"), [set("role", role)]),
        Channel::Webhook(hook) => webhook(hook),
    }
}

fn jira(jira: &Jira) -> String {
    let Jira {
        url,
        project,
        issue_type,
        labels,
        priority,
        resolve_transition,
        reopen_transition,
        reopen_within,
        wont_fix,
        user,
        token_file,
    } = jira;
    listed(
        &format!("Jira {} {project} {issue_type}", host(url)),
        [
            (!labels.is_empty()).then(|| format!("labels {}", labels.join(" "))),
            set("priority", priority),
            set("resolved by", resolve_transition),
            set("reopened by", reopen_transition),
            set("within", reopen_within),
            set("not if", wont_fix),
            set("user", user),
            file("token", token_file),
        ],
    )
}

fn webhook(webhook: &Webhook) -> String {
    let Webhook {
        url,
        authentication,
        headers,
        timeout,
        max_alerts,
    } = webhook;
    let url = match url {
        WebhookUrl::Plain(url) => format!("webhook {}", host(url)),
        WebhookUrl::File(file) => format!("webhook, URL in {file}"),
    };
    let authentication = authentication.as_ref().map(|known| match known {
        Authentication::Basic {
            user,
            password_file,
        } => format!("user {user}, password in {password_file}"),
        Authentication::Credentials { scheme, file } => {
            format!("{scheme}, credentials in {file}")
        }
    });
    let headers = headers.iter().map(|header| {
        Some(match &header.value {
            HeaderValue::Plain(value) => format!("header {}: {value}", header.name),
            HeaderValue::File(file) => format!("header {} in {file}", header.name),
        })
    });
    let others = [
        authentication,
        set("timeout", timeout),
        max_alerts.map(|most| format!("at most {most} alerts")),
    ];
    listed(&url, others.into_iter().chain(headers))
}

fn listed(first: &str, others: impl IntoIterator<Item = Option<String>>) -> String {
    let others = others.into_iter().flatten();
    let all: Vec<String> = std::iter::once(first.to_owned()).chain(others).collect();
    all.join(", ")
}

/// The place of a secret, if it is not the default one.
fn file(what: &str, path: &Option<String>) -> Option<String> {
    path.as_ref().map(|path| format!("{what} in {path}"))
}

fn set(what: &str, value: &Option<impl ToString>) -> Option<String> {
    value
        .as_ref()
        .map(|value| format!("{what} {}", value.to_string()))
}

/// The scheme and the host of a URL: its path may be a secret.
fn host(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return "URL".to_owned();
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let path = if rest.len() > authority.len() {
        "/…"
    } else {
        ""
    };
    format!("{scheme}://{host}{path}")
}
