//! Texts of messages: Go templates that Alertmanager fills in. They contain nothing from the source except the names and label
//! values of severities, as strings of that language.
//!
//! Text of an alert is shown as it is: a value that a template prints is not parsed as a template again, and Slack's
//! markup is escaped. A message is about its first alert and has the links of that alert; others add a line each, as
//! alerts of one group are similar.

use super::markup::{DASHBOARD, MOST_ALERTS, Markup, RUNBOOK, SHOWN, sns_subject, summary};
use crate::go_template::quote;
use nth_model::{Settings, Severities, Severity, Urgency};

/// A text that several receivers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// One line: the first alert's summary, and the number of alerts if there are more.
    Summary,
    /// The summary, escaped for Slack.
    SlackSummary,
    /// The complete text for Slack: the first alert's summary and description, the summaries of others, then links.
    SlackBody,
    /// The complete text as plain text.
    MailBody,
    /// `Page: ` and the summary for Microsoft Teams.
    TeamsTitle,
    /// The text for Microsoft Teams: description, the summaries of others, links.
    TeamsBody,
    /// `Page: ` and the summary for Discord.
    DiscordTitle,
    /// The text for Discord.
    DiscordBody,
    /// The complete text for Telegram: the title, then as for the others.
    TelegramBody,
    /// The text of an issue in Jira.
    JiraBody,
    /// The text for Pushover, with links first, as it is short.
    PushoverBody,
    /// `2`, which repeats until it is acknowledged, if an alert pages; otherwise `0`.
    PushoverPriority,
    /// The subject for Amazon SNS.
    SnsSubject,
    /// The source of the event; never empty, as PagerDuty requires a source.
    Source,
    /// The title of the link to more information: the dashboard, or else Alertmanager.
    More,
    /// The URL of this link.
    MoreUrl,
    /// The URL of the runbook; empty if no alert has one.
    RunbookUrl,
    /// The URL of the dashboard; empty if no alert has one.
    DashboardUrl,
    /// `Page`, `Ticket`, the name of another severity, or `Resolved`.
    Kind,
    /// PagerDuty's severity: `critical` notifies with high urgency, `warning` with low.
    PagerDutySeverity,
    /// The color of a message in Slack.
    SlackColor,
}

/// The form of shared texts, and the severities that they tell apart.
#[derive(Debug, Clone)]
pub struct Wording {
    /// True if texts are referenced by name, from a file of templates; false if they are inlined.
    named: bool,
    severities: Severities,
}

const ALL: [Text; 21] = [
    Text::Summary,
    Text::SlackSummary,
    Text::SlackBody,
    Text::MailBody,
    Text::TeamsTitle,
    Text::TeamsBody,
    Text::DiscordTitle,
    Text::DiscordBody,
    Text::TelegramBody,
    Text::JiraBody,
    Text::PushoverBody,
    Text::PushoverPriority,
    Text::SnsSubject,
    Text::Source,
    Text::More,
    Text::MoreUrl,
    Text::RunbookUrl,
    Text::DashboardUrl,
    Text::Kind,
    Text::PagerDutySeverity,
    Text::SlackColor,
];

impl Text {
    fn name(self) -> &'static str {
        match self {
            Self::Summary => "nthc.summary",
            Self::SlackSummary => "nthc.slack.summary",
            Self::SlackBody => "nthc.slack.text",
            Self::MailBody => "nthc.mail.text",
            Self::TeamsTitle => "nthc.msteams.title",
            Self::TeamsBody => "nthc.msteams.text",
            Self::DiscordTitle => "nthc.discord.title",
            Self::DiscordBody => "nthc.discord.text",
            Self::TelegramBody => "nthc.telegram.text",
            Self::JiraBody => "nthc.jira.text",
            Self::PushoverBody => "nthc.pushover.text",
            Self::PushoverPriority => "nthc.pushover.priority",
            Self::SnsSubject => "nthc.sns.subject",
            Self::Source => "nthc.source",
            Self::More => "nthc.more",
            Self::MoreUrl => "nthc.more_url",
            Self::RunbookUrl => "nthc.runbook_url",
            Self::DashboardUrl => "nthc.dashboard_url",
            Self::Kind => "nthc.kind",
            Self::PagerDutySeverity => "nthc.pagerduty.severity",
            Self::SlackColor => "nthc.slack.color",
        }
    }

    /// The template.
    fn body(self, severities: &Severities) -> String {
        match self {
            Self::Summary => summary(str::to_owned),
            Self::SlackSummary => summary(for_slack),
            Self::SlackBody => slack_text(),
            Self::MailBody => mail_text(),
            Self::TeamsTitle => Markup::Teams.title(&Self::Kind.body(severities)),
            Self::TeamsBody => Markup::Teams.body(false),
            Self::DiscordTitle => Markup::Discord.title(&Self::Kind.body(severities)),
            Self::DiscordBody => Markup::Discord.body(false),
            Self::TelegramBody => format!(
                "<b>{}</b>\n{}",
                Markup::Html.title(&Self::Kind.body(severities)),
                Markup::Html.body(false).replacen(SHOWN, "", 1)
            ),
            Self::JiraBody => Markup::Jira.body(false),
            Self::PushoverBody => Markup::Plain.body(true),
            Self::PushoverPriority => by_state(
                &is_one_of(labels(severities, Severity::pages), "2", "0"),
                "0",
            ),
            Self::SnsSubject => sns_subject(),
            Self::Source => {
                "{{ with .CommonLabels.service }}{{ . }}{{ else }}Alertmanager{{ end }}".to_owned()
            }
            Self::More => format!(
                "{SHOWN}{DASHBOARD}{{{{ if $dashboard }}}}Dashboard{{{{ else }}}}Alertmanager{{{{ end }}}}"
            ),
            Self::MoreUrl => format!(
                "{SHOWN}{DASHBOARD}{{{{ if $dashboard }}}}{{{{ $dashboard }}}}{{{{ else }}}}{}{{{{ end }}}}",
                r#"{{ template "__alertmanagerURL" . }}"#
            ),
            Self::RunbookUrl => format!("{SHOWN}{RUNBOOK}{{{{ $runbook }}}}"),
            Self::DashboardUrl => format!("{SHOWN}{DASHBOARD}{{{{ $dashboard }}}}"),
            Self::Kind => by_state(&kind(severities), "Resolved"),
            Self::PagerDutySeverity => {
                is_one_of(labels(severities, is_urgent), "critical", "warning")
            }
            Self::SlackColor => {
                let color = is_one_of(labels(severities, Severity::pages), "danger", "warning");
                by_state(&color, "good")
            }
        }
    }
}

/// Returns whether PagerDuty notifies about a severity with high urgency.
fn is_urgent(severity: &Severity) -> bool {
    severity.urgency() == Urgency::High
}

/// The values of the label `severity` of some severities, as strings of a template.
fn labels(severities: &Severities, is_chosen: impl Fn(&Severity) -> bool) -> Vec<String> {
    let chosen = severities.all().iter().filter(|one| is_chosen(one));
    chosen.map(|severity| quote(severity.label())).collect()
}

/// One of two texts, by whether the common severity of a message's alerts has one of these labels.
fn is_one_of(labels: Vec<String>, then: &str, otherwise: &str) -> String {
    if labels.is_empty() {
        return otherwise.to_owned();
    }
    format!(
        "{{{{ if eq .CommonLabels.severity {} }}}}{then}{{{{ else }}}}{otherwise}{{{{ end }}}}",
        labels.join(" ")
    )
}

/// The name of the common severity of a message's alerts, and `Ticket` if they have several.
fn kind(severities: &Severities) -> String {
    let mut all: Vec<Severity> = severities.all().to_vec();
    all.retain(|severity| severity.name() != Severity::TICKET);
    let mut text = String::new();
    for (index, severity) in all.iter().enumerate() {
        let word = if index == 0 { "if" } else { "else if" };
        text.push_str(&format!(
            "{{{{ {word} eq .CommonLabels.severity {} }}}}{}",
            quote(severity.label()),
            capitalized(severity.name())
        ));
    }
    text + "{{ else }}Ticket{{ end }}"
}

/// A name with a capital letter: names of severities are letters, digits and `_`.
fn capitalized(name: &str) -> String {
    let mut letters = name
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '_');
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// One of two texts, by whether an alert still fires.
fn by_state(firing: &str, over: &str) -> String {
    format!(r#"{{{{ if eq .Status "firing" }}}}{firing}{{{{ else }}}}{over}{{{{ end }}}}"#)
}

/// Escapes a value for Slack, where `&`, `<` and `>` are markup: `<!channel>` notifies everyone.
fn for_slack(value: &str) -> String {
    format!(
        r#"reReplaceAll ">" "&gt;" (reReplaceAll "<" "&lt;" (reReplaceAll "&" "&amp;" {value}))"#
    )
}

fn slack_text() -> String {
    let text = for_slack(".");
    let link = |variable: &str, title: &str| {
        let url = r#"reReplaceAll "[<>|]" "" ."#;
        format!("{{{{ with {variable} }}}}<{{{{ {url} }}}}|{title}> {{{{ end }}}}")
    };
    let of = |annotation: &str, before: &str, after: &str| {
        format!(
            "{{{{ with .Annotations.{annotation} }}}}{before}{{{{ {text} }}}}{after}\n{{{{ end }}}}"
        )
    };
    format!(
        "{SHOWN}{RUNBOOK}{DASHBOARD}{{{{ range $index, $alert := $shown }}}}{{{{ if eq $index 0 }}}}{}{}\
         {{{{ else if lt $index {MOST_ALERTS} }}}}{}{{{{ end }}}}{{{{ end }}}}{}{}",
        of("summary", "*", "*"),
        of("description", "", ""),
        of("summary", "• ", ""),
        link("$runbook", "Runbook"),
        link("$dashboard", "Dashboard"),
    )
}

fn mail_text() -> String {
    format!(
        "{SHOWN}{RUNBOOK}{DASHBOARD}{}{}{}",
        concat!(
            "{{ range $index, $alert := $shown }}{{ if eq $index 0 }}[{{ .Status }}] {{ .Annotations.summary }}\n",
            "{{ .Annotations.description }}\n{{ else }}- {{ .Annotations.summary }}\n{{ end }}{{ end }}\n",
        ),
        "{{ range .CommonLabels.SortedPairs }}  {{ .Name }}: {{ .Value }}\n{{ end }}\n",
        concat!(
            "{{ with $runbook }}Runbook: {{ . }}\n{{ end }}",
            "{{ with $dashboard }}Dashboard: {{ . }}\n{{ end }}"
        ),
    )
}

/// The file that defines the shared texts.
pub fn template_file(header: &str, settings: &Settings) -> String {
    let mut out = format!("{{{{/* {header} */}}}}\n");
    for text in ALL {
        let (name, body) = (text.name(), text.body(&settings.severities));
        out.push_str(&format!("{{{{ define \"{name}\" }}}}{body}{{{{ end }}}}\n"));
    }
    out
}

impl Wording {
    /// References texts by their names in a file of templates.
    pub fn by_name(settings: &Settings) -> Self {
        Self {
            named: true,
            severities: settings.severities.clone(),
        }
    }

    /// Inlines texts.
    pub fn inline(settings: &Settings) -> Self {
        Self {
            named: false,
            ..Self::by_name(settings)
        }
    }

    /// The form of a shared text.
    pub fn text(&self, text: Text) -> String {
        if self.named {
            format!("{{{{ template \"{}\" . }}}}", text.name())
        } else {
            text.body(&self.severities)
        }
    }

    /// The title of a message in Slack: `Page: ` and the summary.
    pub fn slack_title(&self) -> String {
        format!(
            "{}: {}",
            self.text(Text::Kind),
            self.text(Text::SlackSummary)
        )
    }

    /// The subject of an email.
    pub fn subject(&self) -> String {
        format!("{}: {}", self.text(Text::Kind), self.text(Text::Summary))
    }

    /// Links with their titles; Alertmanager omits those with an empty URL.
    pub fn links(&self) -> [(&'static str, String); 2] {
        [
            ("Runbook", self.text(Text::RunbookUrl)),
            ("Dashboard", self.text(Text::DashboardUrl)),
        ]
    }
}

/// PagerDuty's class of an event.
pub const CLASS: &str = "{{ .CommonLabels.alertname }}";
/// PagerDuty's component: the part that fails.
pub const COMPONENT: &str = "{{ .CommonLabels.service }}";
/// PagerDuty's group: the owner of the component.
pub const GROUP: &str = "{{ .CommonLabels.team }}";

/// The value of a detail if no alert has the label. An event orchestration cannot check whether a detail is empty:
/// Alertmanager sends an empty one as `null`.
pub const NONE: &str = "(none)";

/// The details of an event: only labels, by which event orchestrations route. Alertmanager parses a detail as YAML, so
/// texts are in its own details, which are JSON.
pub fn details(settings: &Settings) -> Vec<(&'static str, String)> {
    let plain = |label: &'static str| (label, format!("{{{{ .CommonLabels.{label} }}}}"));
    // Details for routing have a value even if the label is missing.
    let matched = |label: &'static str| {
        let value = format!(
            "{{{{ with .CommonLabels.{label} }}}}{{{{ . }}}}{{{{ else }}}}{NONE}{{{{ end }}}}"
        );
        (label, value)
    };
    let of_environment = match settings.environment {
        Some(_) => matched("environment"),
        None => plain("environment"),
    };
    let mut details = vec![
        plain("dependency"),
        of_environment,
        matched("service"),
        plain("severity"),
        plain("slo"),
        plain("team"),
        matched("tier"),
    ];
    details.extend(settings.shared_as().map(|_| matched("project")));
    details.sort_unstable();
    details
}
