//! `alertmanager.yml`, as Alertmanager defines it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::go_template;
use nth_model::Settings;

use super::inhibit::Inhibition;
use super::matcher::Matcher;
use super::message::{self, Text, Wording};
use super::plan::{Contact, Integration, Kind, Plan};
use super::routes::{Node, group_by};
use super::secrets::Secret;

/// The file that has the texts of messages, beside this one.
pub const TEMPLATES: &str = "nthc.tmpl";
/// All of the file.
#[derive(Debug, Serialize)]
pub struct Config {
    #[serde(skip_serializing_if = "Option::is_none")]
    global: Option<Global>,
    templates: [&'static str; 1],
    route: Route,
    receivers: Vec<Receiver>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inhibit_rules: Vec<InhibitRule>,
}

/// How mail is sent.
#[derive(Debug, Serialize)]
struct Global {
    smtp_smarthost: String,
    smtp_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_auth_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smtp_auth_password_file: Option<String>,
    smtp_require_tls: bool,
}

#[derive(Debug, Serialize)]
struct Route {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matchers: Vec<String>,
    receiver: String,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    group_by: &'static [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    group_wait: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Self>,
}

#[derive(Debug, Serialize)]
struct Receiver {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pagerduty_configs: Vec<PagerDuty>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slack_configs: Vec<Slack>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_configs: Vec<Mail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook_configs: Vec<Webhook>,
}

#[derive(Debug, Serialize)]
struct PagerDuty {
    send_resolved: bool,
    routing_key_file: String,
    description: String,
    severity: String,
    source: String,
    class: &'static str,
    component: &'static str,
    group: &'static str,
    client: String,
    client_url: String,
    details: BTreeMap<&'static str, String>,
    links: Vec<Link>,
}

#[derive(Debug, Serialize)]
struct Link {
    href: String,
    text: &'static str,
}

#[derive(Debug, Serialize)]
struct Slack {
    send_resolved: bool,
    api_url_file: String,
    channel: String,
    color: String,
    title: String,
    title_link: String,
    text: String,
    fallback: String,
}

#[derive(Debug, Serialize)]
struct Mail {
    send_resolved: bool,
    to: String,
    headers: BTreeMap<&'static str, String>,
    html: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
struct Webhook {
    send_resolved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_file: Option<String>,
}

#[derive(Debug, Serialize)]
struct InhibitRule {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equal: Vec<&'static str>,
}

impl Config {
    /// The plan as the file has it.
    pub fn of(plan: &Plan<'_>, settings: &Settings) -> Self {
        let target = &settings.alertmanager;
        let sends_mail = plan.receivers.iter().any(|contact| {
            let mut integrations = contact.integrations.iter();
            integrations.any(|integration| matches!(integration.kind, Kind::Mail(_)))
        });
        let mail = target.mail().filter(|_| sends_mail);
        Self {
            global: mail.map(|mail| Global {
                smtp_smarthost: mail.smarthost.to_owned(),
                smtp_from: go_template::escape(mail.from),
                smtp_auth_username: mail.username.map(str::to_owned),
                smtp_auth_password_file: mail.username.map(|_| Secret::mail().file(target)),
                smtp_require_tls: mail.require_tls,
            }),
            templates: [TEMPLATES],
            route: Route::of(Node::root(plan, settings), group_by(settings)),
            receivers: plan
                .receivers
                .iter()
                .map(|contact| Receiver::of(contact, settings))
                .collect(),
            inhibit_rules: plan.inhibitions.iter().map(InhibitRule::of).collect(),
        }
    }
}

impl Route {
    fn of(node: Node, group_by: &'static [&'static str]) -> Self {
        Self {
            matchers: texts(&node.matchers),
            receiver: node.receiver,
            group_by,
            group_wait: node.pace.wait,
            group_interval: node.pace.interval,
            repeat_interval: node.pace.repeat,
            // Groups are those of the route above where a route does not say.
            routes: node
                .routes
                .into_iter()
                .map(|node| Self::of(node, &[]))
                .collect(),
        }
    }
}

impl Receiver {
    fn of(contact: &Contact<'_>, settings: &Settings) -> Self {
        let mut receiver = Self {
            name: contact.name.clone(),
            pagerduty_configs: Vec::new(),
            slack_configs: Vec::new(),
            email_configs: Vec::new(),
            webhook_configs: Vec::new(),
        };
        for integration in &contact.integrations {
            receiver.add(integration, settings);
        }
        receiver
    }

    fn add(&mut self, integration: &Integration<'_>, settings: &Settings) {
        // There are many receivers, and few texts.
        let wording = Wording::named(settings);
        let target = &settings.alertmanager;
        let send_resolved = integration.resolved;
        match &integration.kind {
            Kind::PagerDuty(key) => self.pagerduty_configs.push(PagerDuty {
                send_resolved,
                routing_key_file: key.file(target),
                description: wording.say(Text::Summary),
                severity: wording.say(Text::PagerDutySeverity),
                source: wording.say(Text::Source),
                class: message::CLASS,
                component: message::COMPONENT,
                group: message::GROUP,
                client: wording.say(Text::More),
                client_url: wording.say(Text::MoreUrl),
                details: message::details(settings).into_iter().collect(),
                links: wording
                    .links()
                    .map(|(text, href)| Link { href, text })
                    .into(),
            }),
            Kind::Slack { channel, url } => self.slack_configs.push(Slack {
                send_resolved,
                api_url_file: url.file(target),
                channel: channel.clone(),
                color: wording.say(Text::SlackColor),
                title: wording.slack_title(),
                title_link: wording.say(Text::MoreUrl),
                text: wording.say(Text::SlackBody),
                fallback: wording.slack_title(),
            }),
            Kind::Mail(to) => self.email_configs.push(Mail {
                send_resolved,
                to: to.clone(),
                headers: BTreeMap::from([("Subject", wording.subject())]),
                // Alertmanager's own would be shown instead of the text.
                html: "",
                text: wording.say(Text::MailBody),
            }),
            Kind::Webhook(url) => self.webhook_configs.push(Webhook {
                send_resolved,
                url: Some(url.clone()),
                url_file: None,
            }),
            Kind::SecretWebhook(url) => self.webhook_configs.push(Webhook {
                send_resolved,
                url: None,
                url_file: Some(url.file(target)),
            }),
        }
    }
}

impl InhibitRule {
    fn of(inhibition: &Inhibition) -> Self {
        Self {
            source_matchers: texts(&inhibition.source),
            target_matchers: texts(&inhibition.target),
            equal: inhibition.equal.clone(),
        }
    }
}

fn texts(matchers: &[Matcher]) -> Vec<String> {
    matchers.iter().map(Matcher::text).collect()
}
