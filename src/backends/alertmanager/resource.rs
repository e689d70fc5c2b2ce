//! An `AlertmanagerConfig`, as the Prometheus operator defines it: `v1alpha1`, which every operator stores and serves;
//! `v1beta1` is served only where a conversion webhook is installed besides.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::go_template;
use crate::resource::object_name;
use nth_model::Settings;

use super::inhibit::Inhibition;
use super::matcher;
use super::message::{self, Text, Wording};
use super::plan::{Contact, Integration, Kind, Plan};
use super::routes::{Node, group_by};
use super::secrets::Secret;

/// The resource.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertmanagerConfig {
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Serialize)]
struct Metadata {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    route: Route,
    receivers: Vec<Receiver>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inhibit_rules: Vec<InhibitRule>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Route {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matchers: Vec<Matcher>,
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
#[serde(rename_all = "camelCase")]
struct Matcher {
    name: &'static str,
    match_type: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Receiver {
    name: String,
    #[serde(rename = "pagerdutyConfigs", skip_serializing_if = "Vec::is_empty")]
    pagerduty_configs: Vec<PagerDuty>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slack_configs: Vec<Slack>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_configs: Vec<Mail>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook_configs: Vec<Webhook>,
}

/// A key of a `Secret`.
#[derive(Debug, Serialize)]
struct SecretKey {
    name: String,
    key: String,
}

#[derive(Debug, Serialize)]
struct KeyValue {
    key: &'static str,
    value: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PagerDuty {
    send_resolved: bool,
    routing_key: SecretKey,
    description: String,
    severity: String,
    source: String,
    class: &'static str,
    component: &'static str,
    group: &'static str,
    client: String,
    #[serde(rename = "clientURL")]
    client_url: String,
    details: Vec<KeyValue>,
    pager_duty_link_configs: Vec<Link>,
}

/// The operator calls a link's text `alt`.
#[derive(Debug, Serialize)]
struct Link {
    href: String,
    alt: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Slack {
    send_resolved: bool,
    #[serde(rename = "apiURL")]
    api_url: SecretKey,
    channel: String,
    color: String,
    title: String,
    title_link: String,
    text: String,
    fallback: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    send_resolved: bool,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    smarthost: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_password: Option<SecretKey>,
    #[serde(rename = "requireTLS", skip_serializing_if = "Option::is_none")]
    require_tls: Option<bool>,
    headers: Vec<KeyValue>,
    html: &'static str,
    text: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Webhook {
    send_resolved: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_secret: Option<SecretKey>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct InhibitRule {
    source_match: Vec<Matcher>,
    target_match: Vec<Matcher>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    equal: Vec<&'static str>,
}

impl AlertmanagerConfig {
    /// The plan as the resource has it.
    pub fn of(plan: &Plan<'_>, settings: &Settings) -> Self {
        let target = &settings.alertmanager;
        let managed = ("app.kubernetes.io/managed-by".to_owned(), "nthc".to_owned());
        let mut labels = BTreeMap::from([managed]);
        labels.extend(target.labels.clone());
        Self {
            api_version: "monitoring.coreos.com/v1alpha1",
            kind: "AlertmanagerConfig",
            metadata: Metadata {
                name: object_name(settings, &[]),
                namespace: target.namespace.clone(),
                labels,
            },
            spec: Spec {
                route: Route::of(Node::root(plan, settings), group_by(settings)),
                receivers: plan
                    .receivers
                    .iter()
                    .map(|contact| Receiver::of(contact, settings))
                    .collect(),
                inhibit_rules: plan.inhibitions.iter().map(InhibitRule::of).collect(),
            },
        }
    }
}

/// The `Secret` that holds all keys. Environments share no key of PagerDuty's, and so no secret unless one is named.
fn secret_name(settings: &Settings) -> String {
    const SECRET: &str = "alertmanager-secrets";
    match (&settings.alertmanager.secret, &settings.environment) {
        (Some(name), _) => name.clone(),
        (None, None) => SECRET.to_owned(),
        (None, Some(environment)) => {
            let safe = |c: char| if c.is_ascii_alphanumeric() { c } else { '-' };
            let environment: String = environment.to_ascii_lowercase().chars().map(safe).collect();
            let name = format!("{SECRET}-{}", environment.trim_matches('-'));
            name.trim_end_matches('-').to_owned()
        }
    }
}

impl Route {
    fn of(node: Node, group_by: &'static [&'static str]) -> Self {
        Self {
            matchers: node.matchers.iter().map(Matcher::of).collect(),
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

impl Matcher {
    fn of(matcher: &matcher::Matcher) -> Self {
        Self {
            name: matcher.label,
            match_type: matcher.operator.sign(),
            value: matcher.value.clone(),
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
        // A resource brings no file of templates.
        let wording = Wording::inline(settings);
        let target = &settings.alertmanager;
        let send_resolved = integration.resolved;
        let secret = |secret: &Secret<'_>| SecretKey {
            name: secret_name(settings),
            key: secret.key(target),
        };
        match &integration.kind {
            Kind::PagerDuty(key) => self.pagerduty_configs.push(PagerDuty {
                send_resolved,
                routing_key: secret(key),
                description: wording.say(Text::Summary),
                severity: wording.say(Text::PagerDutySeverity),
                source: wording.say(Text::Source),
                class: message::CLASS,
                component: message::COMPONENT,
                group: message::GROUP,
                client: wording.say(Text::More),
                client_url: wording.say(Text::MoreUrl),
                details: message::details(settings)
                    .into_iter()
                    .map(|(key, value)| KeyValue { key, value })
                    .collect(),
                pager_duty_link_configs: wording
                    .links()
                    .map(|(alt, href)| Link { href, alt })
                    .into(),
            }),
            Kind::Slack { channel, url } => self.slack_configs.push(Slack {
                send_resolved,
                api_url: secret(url),
                channel: channel.clone(),
                color: wording.say(Text::SlackColor),
                title: wording.slack_title(),
                title_link: wording.say(Text::MoreUrl),
                text: wording.say(Text::SlackBody),
                fallback: wording.slack_title(),
            }),
            Kind::Mail(to) => {
                let mail = target.mail();
                let username = mail.and_then(|mail| mail.username).map(str::to_owned);
                self.email_configs.push(Mail {
                    send_resolved,
                    to: to.clone(),
                    from: mail.map(|mail| go_template::escape(mail.from)),
                    smarthost: mail.map(|mail| mail.smarthost.to_owned()),
                    auth_password: username.as_ref().map(|_| secret(&Secret::mail())),
                    auth_username: username,
                    require_tls: mail.map(|mail| mail.require_tls),
                    headers: vec![KeyValue {
                        key: "Subject",
                        value: wording.subject(),
                    }],
                    // Alertmanager's own would be shown instead of the text.
                    html: "",
                    text: wording.say(Text::MailBody),
                });
            }
            Kind::Webhook(url) => self.webhook_configs.push(Webhook {
                send_resolved,
                url: Some(url.clone()),
                url_secret: None,
            }),
            Kind::SecretWebhook(url) => self.webhook_configs.push(Webhook {
                send_resolved,
                url: None,
                url_secret: Some(secret(url)),
            }),
        }
    }
}

impl InhibitRule {
    fn of(inhibition: &Inhibition) -> Self {
        Self {
            source_match: inhibition.source.iter().map(Matcher::of).collect(),
            target_match: inhibition.target.iter().map(Matcher::of).collect(),
            equal: inhibition.equal.clone(),
        }
    }
}
