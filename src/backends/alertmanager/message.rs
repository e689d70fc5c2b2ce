//! What a message says: Go templates that Alertmanager fills in. Nothing of a user's is in them.
//!
//! Text of an alert is shown as it is: a value that a template puts out is not read as a template again, and what Slack
//! would take for markup is escaped.

use crate::ir::Severity;

/// A text that several receivers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// One line: the first alert's summary, and how many alerts there are if there are more.
    Summary,
    /// The same, for Slack.
    SlackSummary,
    /// All of it, for Slack: each alert's summary and description, then links.
    SlackBody,
    /// All of it, in plain text.
    MailBody,
    /// What has failed; never empty, for PagerDuty takes no event without a source.
    Source,
    /// What one sees more in: the dashboard, or else Alertmanager.
    More,
    /// Where that is.
    MoreUrl,
}

/// How a shared text is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// By its name, from a file of templates.
    Named,
    /// Where it stands.
    Inline,
}

const ALL: [Text; 7] = [
    Text::Summary,
    Text::SlackSummary,
    Text::SlackBody,
    Text::MailBody,
    Text::Source,
    Text::More,
    Text::MoreUrl,
];

/// Names the alerts that a message is about: those that fire, or where none does any more, those that fired.
const SHOWN: &str =
    "{{ $shown := .Alerts.Firing }}{{ if not $shown }}{{ $shown = .Alerts.Resolved }}{{ end }}";

impl Text {
    fn name(self) -> &'static str {
        match self {
            Self::Summary => "nthc.summary",
            Self::SlackSummary => "nthc.slack.summary",
            Self::SlackBody => "nthc.slack.text",
            Self::MailBody => "nthc.mail.text",
            Self::Source => "nthc.source",
            Self::More => "nthc.more",
            Self::MoreUrl => "nthc.more_url",
        }
    }

    fn body(self) -> String {
        match self {
            Self::Summary => summary(str::to_owned),
            Self::SlackSummary => summary(for_slack),
            Self::SlackBody => slack_text(),
            Self::MailBody => concat!(
                "{{ range .Alerts }}[{{ .Status }}] {{ .Annotations.summary }}\n{{ .Annotations.description }}\n",
                "{{ range .Labels.SortedPairs }}  {{ .Name }}: {{ .Value }}\n{{ end }}\n{{ end }}",
                "{{ with .CommonAnnotations.runbook_url }}Runbook: {{ . }}\n{{ end }}",
                "{{ with .CommonAnnotations.dashboard_url }}Dashboard: {{ . }}\n{{ end }}"
            )
            .to_owned(),
            Self::Source => {
                "{{ with .CommonLabels.service }}{{ . }}{{ else }}Alertmanager{{ end }}".to_owned()
            }
            Self::More => {
                "{{ if .CommonAnnotations.dashboard_url }}Dashboard{{ else }}Alertmanager{{ end }}".to_owned()
            }
            Self::MoreUrl => concat!(
                "{{ with .CommonAnnotations.dashboard_url }}{{ . }}{{ else }}",
                r#"{{ template "__alertmanagerURL" . }}{{ end }}"#
            )
            .to_owned(),
        }
    }
}

/// One line. `escaped` is what a value is shown as.
fn summary(escaped: impl Fn(&str) -> String) -> String {
    let summary = escaped(".Annotations.summary");
    let name = escaped(".Labels.alertname");
    format!(
        "{SHOWN}{{{{ with index $shown 0 }}}}{{{{ if .Annotations.summary }}}}{{{{ {summary} }}}}{{{{ else }}}}{{{{ {name} }}}}\
         {{{{ end }}}}{{{{ end }}}}{{{{ if gt (len $shown) 1 }}}} ({{{{ len $shown }}}} alerts){{{{ end }}}}"
    )
}

/// A value for Slack, where `&`, `<` and `>` are markup: `<!channel>` wakes everybody.
fn for_slack(value: &str) -> String {
    format!(
        r#"reReplaceAll ">" "&gt;" (reReplaceAll "<" "&lt;" (reReplaceAll "&" "&amp;" {value}))"#
    )
}

fn slack_text() -> String {
    let text = for_slack(".");
    let link = |annotation: &str, title: &str| {
        let url = r#"reReplaceAll "[<>|]" "" ."#;
        format!(
            "{{{{ with .CommonAnnotations.{annotation} }}}}<{{{{ {url} }}}}|{title}> {{{{ end }}}}"
        )
    };
    format!(
        "{SHOWN}{{{{ range $shown }}}}{{{{ with .Annotations.summary }}}}*{{{{ {text} }}}}*\n{{{{ end }}}}\
         {{{{ with .Annotations.description }}}}{{{{ {text} }}}}\n{{{{ end }}}}{{{{ end }}}}{}{}",
        link("runbook_url", "Runbook"),
        link("dashboard_url", "Dashboard"),
    )
}

/// The file that shared texts are named in.
pub fn template_file(header: &str) -> String {
    let mut out = format!("{{{{/* {header} */}}}}\n");
    for text in ALL {
        let (name, body) = (text.name(), text.body());
        out.push_str(&format!("{{{{ define \"{name}\" }}}}{body}{{{{ end }}}}\n"));
    }
    out
}

impl Wording {
    /// A shared text.
    pub fn say(self, text: Text) -> String {
        match self {
            Self::Named => format!("{{{{ template \"{}\" . }}}}", text.name()),
            Self::Inline => text.body(),
        }
    }

    /// The title of a message in Slack.
    pub fn slack_title(self, severity: Severity) -> String {
        titled(severity, &self.say(Text::SlackSummary))
    }

    /// The subject of a mail.
    pub fn subject(self, severity: Severity) -> String {
        titled(severity, &self.say(Text::Summary))
    }
}

/// `Page: ` and one line, or `Resolved: ` and the same.
fn titled(severity: Severity, line: &str) -> String {
    let firing = match severity {
        Severity::Page => "Page",
        Severity::Ticket => "Ticket",
    };
    format!(
        r#"{{{{ if eq .Status "firing" }}}}{firing}{{{{ else }}}}Resolved{{{{ end }}}}: {line}"#
    )
}

/// The colour of a message in Slack.
pub fn slack_color(severity: Severity) -> String {
    let firing = match severity {
        Severity::Page => "danger",
        Severity::Ticket => "warning",
    };
    format!(r#"{{{{ if eq .Status "firing" }}}}{firing}{{{{ else }}}}good{{{{ end }}}}"#)
}

/// What PagerDuty calls a severity.
pub fn pagerduty_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Page => "critical",
        Severity::Ticket => "warning",
    }
}

/// What PagerDuty sorts events by.
pub const CLASS: &str = "{{ .CommonLabels.alertname }}";
/// The part that fails.
pub const COMPONENT: &str = "{{ .CommonLabels.service }}";
/// What that part belongs to.
pub const GROUP: &str = "{{ .CommonLabels.team }}";

/// The details of an event: labels alone, by which event orchestrations route. Alertmanager reads what a detail says as
/// YAML, so texts are left to its own details, which are JSON.
pub const DETAILS: [(&str, &str); 6] = [
    ("dependency", "{{ .CommonLabels.dependency }}"),
    ("environment", "{{ .CommonLabels.environment }}"),
    ("service", "{{ .CommonLabels.service }}"),
    ("slo", "{{ .CommonLabels.slo }}"),
    ("team", "{{ .CommonLabels.team }}"),
    ("tier", "{{ .CommonLabels.tier }}"),
];

/// Links by what they are called; Alertmanager leaves out those to nowhere.
pub const LINKS: [(&str, &str); 2] = [
    ("Runbook", "{{ .CommonAnnotations.runbook_url }}"),
    ("Dashboard", "{{ .CommonAnnotations.dashboard_url }}"),
];
