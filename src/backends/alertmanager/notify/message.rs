//! The texts of a notification, rendered from the templates that the configuration contains.

use nth_model::Settings;

use super::series::order;
use super::template::{Alert, Data, Definitions, RenderError, Template};
use super::{AlertInstance, Notification, Texts};
use crate::receivers::message::{Wording, template_file};
use crate::receivers::{Context, Entry, Language, describe};

/// What a notification contains.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The title in a chat, the subject of an email, the summary of an event of PagerDuty or an issue; empty for webhooks.
    pub title: String,
    /// The text in a chat, an issue or an email. PagerDuty and webhooks get the alerts as data instead: then the annotations of each
    /// alert, `summary: checkout is down`, one a line.
    pub body: String,
    /// All texts by their names in the configuration, `details.service`; the title and the text are in it before they are
    /// shortened.
    pub fields: Vec<(String, String)>,
}

impl Message {
    /// Returns whether the title, the text or a field contains a text.
    pub fn contains(&self, text: &str) -> bool {
        let fields = self.fields.iter().map(|(_, value)| value);
        let mut all = [&self.title, &self.body].into_iter().chain(fields);
        all.any(|known| known.contains(text))
    }
}

/// The texts of the messages of a project.
#[derive(Debug)]
pub struct Messages<'s> {
    settings: &'s Settings,
    wording: Wording,
    definitions: Definitions,
}

impl<'s> Messages<'s> {
    /// Reads the templates.
    pub(super) fn new(settings: &'s Settings) -> Result<Self, RenderError> {
        Ok(Self {
            settings,
            wording: Wording::by_name(settings),
            definitions: Template::definitions(&template_file("", settings))?,
        })
    }

    /// The message of a notification about some of these alerts, the ones of the simulation.
    ///
    /// # Errors
    ///
    /// Returns an error if a template contains something that is not interpreted.
    pub fn message(
        &self,
        notification: &Notification<'_>,
        alerts: &[AlertInstance],
    ) -> Result<Message, RenderError> {
        let labels = Labels::new(notification, alerts);
        let data = labels.data(notification, alerts);
        let recipient = notification.recipient;
        // The file has the same texts as the resource.
        let mut entry = Entry::new(Language::File, &self.settings.alertmanager);
        let context = Context {
            team: recipient.team,
            wording: &self.wording,
            settings: self.settings,
        };
        let channel = describe(recipient.channel);
        channel.write(&mut entry, &context);
        let content = channel.content();
        let mut fields = Vec::new();
        for (name, template) in entry.templates() {
            let is_html = content.is_html && content.text == Some(name.as_str());
            let text = Template::parse(template)?.render(&data, &self.definitions, is_html)?;
            fields.push((name, text));
        }
        let field = |wanted: &str| {
            let mut known = fields.iter();
            let found = known.find(|(name, _)| name == wanted);
            found.map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let title = content.title.map(field).unwrap_or_default();
        let body = match content.text {
            Some(text) => shortened(field(text), content.text_limit),
            None => annotations(&data),
        };
        let title = shortened(title, content.title_limit);
        Ok(Message {
            title,
            body,
            fields,
        })
    }
}

/// A text with the most characters that Alertmanager sends.
fn shortened(text: String, most: usize) -> String {
    if text.chars().count() <= most {
        return text;
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

/// The annotations of all alerts, one a line.
fn annotations(data: &Data<'_>) -> String {
    let of_alert = data.alerts.iter().flat_map(|alert| alert.annotations);
    of_alert
        .map(|(name, text)| format!("{name}: {text}\n"))
        .collect()
}

/// The labels of the alerts of a notification without empty ones, first of those that fire.
struct Labels(Vec<Texts>);

impl Labels {
    fn new(notification: &Notification<'_>, alerts: &[AlertInstance]) -> Self {
        let of = notification.firing.iter().chain(&notification.resolved);
        let labels = of.map(|index| {
            let mut labels = alerts
                .get(*index)
                .map(|alert| alert.labels.clone())
                .unwrap_or_default();
            labels.retain(|_, value| !value.is_empty());
            labels
        });
        Self(labels.collect())
    }

    fn data<'d>(
        &'d self,
        notification: &'d Notification<'_>,
        alerts: &'d [AlertInstance],
    ) -> Data<'d> {
        const NONE: &Texts = &Texts::new();
        let firing = notification.firing.iter().map(|index| (index, "firing"));
        let resolved = notification
            .resolved
            .iter()
            .map(|index| (index, "resolved"));
        let mut all: Vec<Alert<'d>> = firing
            .chain(resolved)
            .zip(&self.0)
            .map(|((index, status), labels)| {
                let alert = alerts.get(*index);
                Alert {
                    status,
                    labels,
                    annotations: alert
                        .and_then(|alert| alert.annotations_at(notification.at))
                        .unwrap_or(NONE),
                }
            })
            .collect();
        all.sort_by(|one, other| order(one.labels, other.labels));
        Data {
            status: if notification.is_resolved() {
                "resolved"
            } else {
                "firing"
            },
            receiver: notification.recipient.receiver,
            group_labels: &notification.group_labels,
            common_labels: common(all.iter().map(|alert| alert.labels)),
            common_annotations: common(all.iter().map(|alert| alert.annotations)),
            alerts: all,
        }
    }
}

/// The texts that are the same everywhere.
fn common<'t>(mut all: impl Iterator<Item = &'t Texts>) -> Texts {
    let mut common = all.next().cloned().unwrap_or_default();
    for texts in all {
        common.retain(|name, value| texts.get(name) == Some(value));
    }
    common
}
