//! What a message says: Go templates that Alertmanager fills in. Nothing of a user's is in them but what pages are called,
//! as a string of that language.
//!
//! Text of an alert is shown as it is: a value that a template puts out is not read as a template again, and what Slack
//! would take for markup is escaped. A message is about its first alert, whose links it has; others add a line each, for
//! alerts of one group say much the same.

use crate::go_template::quote;
use nth_model::{Settings, Severity};

/// A text that several receivers share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// One line: the first alert's summary, and how many alerts there are if there are more.
    Summary,
    /// The same, for Slack.
    SlackSummary,
    /// All of it, for Slack: the first alert's summary and description, the summaries of others, then links.
    SlackBody,
    /// All of it, in plain text.
    MailBody,
    /// What has failed; never empty, for PagerDuty takes no event without a source.
    Source,
    /// What one sees more in: the dashboard, or else Alertmanager.
    More,
    /// Where that is.
    MoreUrl,
    /// Where the runbook is; nothing where no alert says so.
    RunbookUrl,
    /// Where the dashboard is; nothing where no alert says so.
    DashboardUrl,
    /// `Page`, `Ticket` or `Resolved`.
    Kind,
    /// What PagerDuty calls the severity: it notifies of `critical` with high urgency, of `warning` with low.
    PagerDutySeverity,
    /// The color of a message in Slack.
    SlackColor,
}

/// How shared texts are said, and which value of the label `severity` is a page.
#[derive(Debug, Clone)]
pub struct Wording {
    /// Whether by their names, from a file of templates, rather than where they stand.
    named: bool,
    page: String,
}

const ALL: [Text; 12] = [
    Text::Summary,
    Text::SlackSummary,
    Text::SlackBody,
    Text::MailBody,
    Text::Source,
    Text::More,
    Text::MoreUrl,
    Text::RunbookUrl,
    Text::DashboardUrl,
    Text::Kind,
    Text::PagerDutySeverity,
    Text::SlackColor,
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
            Self::RunbookUrl => "nthc.runbook_url",
            Self::DashboardUrl => "nthc.dashboard_url",
            Self::Kind => "nthc.kind",
            Self::PagerDutySeverity => "nthc.pagerduty.severity",
            Self::SlackColor => "nthc.slack.color",
        }
    }

    /// The template. `page` is the value of the label `severity` that pages have.
    fn body(self, page: &str) -> String {
        match self {
            Self::Summary => summary(str::to_owned),
            Self::SlackSummary => summary(for_slack),
            Self::SlackBody => slack_text(),
            Self::MailBody => mail_text(),
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
            Self::Kind => firing(&is_page(page, "Page", "Ticket"), "Resolved"),
            Self::PagerDutySeverity => is_page(page, "critical", "warning"),
            Self::SlackColor => firing(&is_page(page, "danger", "warning"), "good"),
        }
    }
}

/// The first runbook among the alerts shown: alerts of one group have one each.
const RUNBOOK: &str = concat!(
    r#"{{ $runbook := "" }}{{ range $shown }}{{ if not $runbook }}"#,
    "{{ $runbook = .Annotations.runbook_url }}{{ end }}{{ end }}"
);
/// The first dashboard among them.
const DASHBOARD: &str = concat!(
    r#"{{ $dashboard := "" }}{{ range $shown }}{{ if not $dashboard }}"#,
    "{{ $dashboard = .Annotations.dashboard_url }}{{ end }}{{ end }}"
);

/// One of two texts, by what all alerts of a message ask for.
fn is_page(label: &str, page: &str, ticket: &str) -> String {
    format!(
        "{{{{ if eq .CommonLabels.severity {} }}}}{page}{{{{ else }}}}{ticket}{{{{ end }}}}",
        quote(label)
    )
}

/// One of two texts, by whether something still fires.
fn firing(firing: &str, over: &str) -> String {
    format!(r#"{{{{ if eq .Status "firing" }}}}{firing}{{{{ else }}}}{over}{{{{ end }}}}"#)
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

/// How many alerts Slack shows; the title says how many there are.
const SHOWN_IN_SLACK: usize = 10;

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
         {{{{ else if lt $index {SHOWN_IN_SLACK} }}}}{}{{{{ end }}}}{{{{ end }}}}{}{}",
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

/// The file that shared texts are named in.
pub fn template_file(header: &str, settings: &Settings) -> String {
    let mut out = format!("{{{{/* {header} */}}}}\n");
    let page = settings.severity_label(Severity::Page);
    for text in ALL {
        let (name, body) = (text.name(), text.body(&page));
        out.push_str(&format!("{{{{ define \"{name}\" }}}}{body}{{{{ end }}}}\n"));
    }
    out
}

impl Wording {
    /// By the names that a file of templates gives them.
    pub fn named(settings: &Settings) -> Self {
        Self {
            named: true,
            page: settings.severity_label(Severity::Page),
        }
    }

    /// Where they stand.
    pub fn inline(settings: &Settings) -> Self {
        Self {
            named: false,
            ..Self::named(settings)
        }
    }

    /// A shared text.
    pub fn text(&self, text: Text) -> String {
        if self.named {
            format!("{{{{ template \"{}\" . }}}}", text.name())
        } else {
            text.body(&self.page)
        }
    }

    /// The title of a message in Slack: `Page: ` and one line.
    pub fn slack_title(&self) -> String {
        format!(
            "{}: {}",
            self.text(Text::Kind),
            self.text(Text::SlackSummary)
        )
    }

    /// The subject of a mail.
    pub fn subject(&self) -> String {
        format!("{}: {}", self.text(Text::Kind), self.text(Text::Summary))
    }

    /// Links by what they are called; Alertmanager leaves out those to nowhere.
    pub fn links(&self) -> [(&'static str, String); 2] {
        [
            ("Runbook", self.text(Text::RunbookUrl)),
            ("Dashboard", self.text(Text::DashboardUrl)),
        ]
    }
}

/// What PagerDuty sorts events by.
pub const CLASS: &str = "{{ .CommonLabels.alertname }}";
/// The part that fails.
pub const COMPONENT: &str = "{{ .CommonLabels.service }}";
/// What that part belongs to.
pub const GROUP: &str = "{{ .CommonLabels.team }}";

/// What a detail says where no alert has the label. An event orchestration cannot ask whether a detail is empty: Alertmanager
/// sends an empty one as `null`.
pub const NONE: &str = "(none)";

/// The details of an event: labels alone, by which event orchestrations route. Alertmanager reads what a detail says as
/// YAML, so texts are left to its own details, which are JSON.
pub fn details(settings: &Settings) -> Vec<(&'static str, String)> {
    let plain = |label: &'static str| (label, format!("{{{{ .CommonLabels.{label} }}}}"));
    // What is matched on says where it is absent, too.
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
