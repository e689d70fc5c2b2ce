//! The markup of chats and trackers: how a text of an alert is shown as it is, and how a message is laid out.
//!
//! A value is an expression of Go's template language. A word joiner (U+2060), which is not visible, stands where a text could
//! otherwise begin a list, a heading or a quotation: those are only known at the beginning of a line.

use crate::go_template::quote;

/// Defines the alerts that a message is about: those that fire, or if none does any more, those that fired.
pub const SHOWN: &str =
    "{{ $shown := .Alerts.Firing }}{{ if not $shown }}{{ $shown = .Alerts.Resolved }}{{ end }}";

/// The first runbook among the alerts of the message: alerts of one group have one each.
pub const RUNBOOK: &str = concat!(
    r#"{{ $runbook := "" }}{{ range $shown }}{{ if not $runbook }}"#,
    "{{ $runbook = .Annotations.runbook_url }}{{ end }}{{ end }}"
);

/// The first dashboard among them.
pub const DASHBOARD: &str = concat!(
    r#"{{ $dashboard := "" }}{{ range $shown }}{{ if not $dashboard }}"#,
    "{{ $dashboard = .Annotations.dashboard_url }}{{ end }}{{ end }}"
);

/// The most alerts in a message with a text; the title contains the total.
pub const MOST_ALERTS: usize = 10;

/// The most characters of an alert's summary.
const SUMMARY: usize = 200;
/// The most characters of an alert's description.
const DESCRIPTION: usize = 1000;

/// How a consumer marks up texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Markup {
    /// The Markdown of cards in Microsoft Teams.
    Teams,
    /// Discord's Markdown.
    Discord,
    /// Jira's wiki markup.
    Jira,
    /// HTML, whose texts Alertmanager escapes.
    Html,
    /// None.
    Plain,
}

/// An invisible character that does not break a line.
const JOINER: char = '\u{2060}';

/// Replaces each character of a class in a value.
fn replace(class: &str, with: &str, value: &str) -> String {
    format!("reReplaceAll {} {} {value}", quote(class), quote(with))
}

/// The first characters of a value.
fn clipped(most: usize, value: &str) -> String {
    format!("printf {} {value}", quote(&format!("%.{most}s")))
}

/// The value on one line.
fn on_one_line(value: &str) -> String {
    replace("[\\n\\r]", " ", value)
}

impl Markup {
    /// A value that is shown as it is, on one line.
    fn escaped(self, value: &str) -> String {
        let escape = |class: &str, value: &str| replace(class, r"\$0", value);
        match self {
            Self::Html | Self::Plain => value.to_owned(),
            Self::Discord => escape(r"[\\*_~|@()<`\[\]]", &nested(&on_one_line(value))),
            Self::Jira => escape(r"[\\*_~|@({}+^!?\-\[\]]", &nested(&on_one_line(value))),
            Self::Teams => {
                // Cards also know functions: `{{DATE(…)}}`.
                let opened = format!("{{{JOINER}");
                let line = replace("[{]", &opened, &nested(&on_one_line(value)));
                escape(r"[\\*_~<()`\[\]]", &nested(&line))
            }
        }
    }

    /// What precedes a text that begins a line.
    fn line_start(self) -> String {
        match self {
            Self::Teams | Self::Discord | Self::Jira => JOINER.to_string(),
            Self::Html | Self::Plain => String::new(),
        }
    }

    /// What precedes the summary of another alert.
    fn item(self) -> &'static str {
        match self {
            Self::Jira => "* ",
            Self::Teams | Self::Plain => "- ",
            Self::Discord | Self::Html => "• ",
        }
    }

    /// What ends a paragraph.
    fn paragraph(self) -> &'static str {
        match self {
            Self::Teams => "\n\n",
            _ => "\n",
        }
    }

    /// A link to the value of a variable.
    fn link(self, variable: &str, title: &str) -> String {
        let shown = match self {
            Self::Discord => format!("[{title}](<{{{{ {} }}}}>) ", replace("[<> ]", "", ".")),
            Self::Teams => {
                let url = replace("[<> ]", "", ".");
                let url = replace("[(]", "%28", &nested(&url));
                format!(
                    "[{title}]({{{{ {} }}}}) ",
                    replace("[)]", "%29", &nested(&url))
                )
            }
            Self::Jira => format!("[{title}|{{{{ {} }}}}] ", replace(r"[|{} \[\]]", "", ".")),
            Self::Html | Self::Plain => format!("{title}: {{{{ . }}}}\n"),
        };
        format!("{{{{ with {variable} }}}}{shown}{{{{ end }}}}")
    }

    /// The title of a message: the kind of its alerts, the first alert's summary, and the number of alerts if there are more.
    pub fn title(self, kind: &str) -> String {
        format!(
            "{kind}: {}",
            summary(|value| self.escaped(&nested(&clipped(SUMMARY, value))))
        )
    }

    /// The text of a message: the first alert's description, the summaries of others, and links. Links come first if
    /// `links_first`, as a text that is too long is cut at its end.
    pub fn body(self, links_first: bool) -> String {
        let part = |annotation: &str, most: usize, before: &str| {
            let value = self.escaped(&nested(&clipped(most, ".")));
            format!(
                "{{{{ with .Annotations.{annotation} }}}}{before}{{{{ {value} }}}}{}{{{{ end }}}}",
                match annotation {
                    "description" => self.paragraph(),
                    _ => "\n",
                }
            )
        };
        let links = [
            self.link("$runbook", "Runbook"),
            self.link("$dashboard", "Dashboard"),
        ]
        .concat();
        let first = part("description", DESCRIPTION, &self.line_start());
        let other = part("summary", SUMMARY, self.item());
        let (early, late) = match links_first {
            true => (links.as_str(), ""),
            false => ("", links.as_str()),
        };
        // A paragraph ends a list.
        let end = match self {
            Self::Teams => "{{ if gt (len $shown) 1 }}\n{{ end }}",
            _ => "",
        };
        format!(
            "{SHOWN}{RUNBOOK}{DASHBOARD}{{{{ range $index, $alert := $shown }}}}{{{{ if eq $index 0 }}}}{first}{early}\
             {{{{ else if lt $index {MOST_ALERTS} }}}}{other}{{{{ end }}}}{{{{ end }}}}{end}{late}"
        )
    }
}

fn nested(value: &str) -> String {
    match value.contains(' ') {
        true => format!("({value})"),
        false => value.to_owned(),
    }
}

/// The summary on one line. `escaped` formats a value.
pub fn summary(escaped: impl Fn(&str) -> String) -> String {
    let summary = escaped(".Annotations.summary");
    let name = escaped(".Labels.alertname");
    format!(
        "{SHOWN}{{{{ with index $shown 0 }}}}{{{{ if .Annotations.summary }}}}{{{{ {summary} }}}}{{{{ else }}}}{{{{ {name} }}}}\
         {{{{ end }}}}{{{{ end }}}}{{{{ if gt (len $shown) 1 }}}} ({{{{ len $shown }}}} alerts){{{{ end }}}}"
    )
}

/// The first alert's summary as the subject of a message of Amazon SNS, which refuses subjects of 100 characters and more, and
/// characters that are not ASCII.
pub fn sns_subject() -> String {
    let line = |value: &str| clipped(99, &nested(&replace("[^ -~]", "?", value)));
    format!(
        "{SHOWN}{{{{ with index $shown 0 }}}}{{{{ if .Annotations.summary }}}}{{{{ {} }}}}{{{{ else }}}}{{{{ {} }}}}{{{{ end }}}}{{{{ end }}}}",
        line(".Annotations.summary"),
        line(".Labels.alertname"),
    )
}
