//! The Go templates of messages, as far as [`crate::receivers::message`] uses that language. Everything else is an error.

mod class;
mod parser;
mod render;
mod tokens;

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

pub use render::{Alert, Data};

/// A parsed template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Node>);

/// The templates that others include, by name.
pub type Definitions = BTreeMap<String, Template>;

/// A template that cannot be rendered, as it contains something that only Alertmanager interprets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    reason: String,
}

impl RenderError {
    /// Creates the error.
    pub(super) fn new(reason: impl Into<String>) -> Self {
        Self {
            reason: reason.into(),
        }
    }
}

impl fmt::Display for RenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot render the notification: {}", self.reason)
    }
}

impl Error for RenderError {}

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Text(String),
    Print(Expr),
    /// `{{ $name := value }}`
    Declare(String, Expr),
    /// `{{ $name = value }}`
    Assign(String, Expr),
    /// `{{ template "name" value }}`
    Include(String, Expr),
    If {
        condition: Expr,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    With {
        value: Expr,
        then: Vec<Node>,
        otherwise: Vec<Node>,
    },
    Range {
        /// The variables of the index and the element.
        variables: Option<(String, String)>,
        list: Expr,
        body: Vec<Node>,
    },
}

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Expr {
    Text(String),
    Number(i64),
    /// The dot, and fields of it.
    Dot(Vec<String>),
    /// A variable, and fields of it.
    Variable(String, Vec<String>),
    Call(String, Vec<Expr>),
}

impl Template {
    /// Parses a template without definitions.
    pub fn parse(text: &str) -> Result<Self, RenderError> {
        let (template, definitions) = parser::parse(text)?;
        match definitions.keys().next() {
            None => Ok(template),
            Some(name) => Err(RenderError::new(format!("unexpected definition `{name}`"))),
        }
    }

    /// Parses a file of definitions.
    pub fn definitions(text: &str) -> Result<Definitions, RenderError> {
        Ok(parser::parse(text)?.1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::go_template::{escape, quote};

    fn render(template: &str) -> Result<String, RenderError> {
        let labels = [("alertname", "Burn"), ("a", "1"), ("empty", "")];
        let labels: crate::alertmanager::notify::Texts = labels
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into();
        let alert = Alert {
            status: "firing",
            labels: &labels,
            annotations: &labels,
        };
        let data = Data {
            status: "firing",
            receiver: "a.b page",
            alerts: vec![alert, alert],
            group_labels: &labels,
            common_labels: labels.clone(),
            common_annotations: labels.clone(),
        };
        let definitions = Template::definitions(
            "{{/* a \"comment */}}\n{{ define \"one\" }}<{{ .Status }}>{{ end }}{{ define \"all\" }}{{ template \"all\" . }}{{ end }}",
        )?;
        Template::parse(template)?.render(&data, &definitions, false)
    }

    #[test]
    fn actions_are_those_of_go() {
        for (template, text) in [
            ("a {{ .Status }} b", "a firing b"),
            ("{{ .CommonLabels.a }}{{ .CommonLabels.missing }}", "1"),
            (r#"{{ "{{ \"\\\n}}" }}"#, "{{ \"\\\n}}"),
            ("{{ if .CommonLabels.a }}yes{{ else }}no{{ end }}", "yes"),
            ("{{ if .CommonLabels.empty }}yes{{ else }}no{{ end }}", "no"),
            ("{{ with .CommonLabels.a }}[{{ . }}]{{ end }}", "[1]"),
            (
                "{{ with .CommonLabels.x }}a{{ else }}{{ .Status }}{{ end }}",
                "firing",
            ),
            (
                "{{ range $i, $a := .Alerts }}{{ if eq $i 0 }}a{{ else if lt $i 9 }}b{{ end }}{{ end }}",
                "ab",
            ),
            (
                "{{ $x := 1 }}{{ if .Status }}{{ $x = 2 }}{{ end }}{{ $x }}",
                "2",
            ),
            (
                "{{ $x := 1 }}{{ if .Status }}{{ $x := 2 }}{{ end }}{{ $x }}",
                "1",
            ),
            (
                "{{ if gt (len .Alerts.Firing) 1 }}{{ len .Alerts.Resolved }}{{ end }}",
                "0",
            ),
            ("{{ template \"one\" . }}", "<firing>"),
            (
                "{{ range .CommonLabels.SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}",
                "alertname=Burn;a=1;empty=;",
            ),
            (r#"{{ reReplaceAll "[<|]" "" "a<b|c" }}"#, "abc"),
            (r#"{{ reReplaceAll "&" "&amp;" "a&&b" }}"#, "a&amp;&amp;b"),
            (
                r#"{{ reReplaceAll "[\\\\*\\[-]" "\\$0" "a*[b]-\\" }}"#,
                r"a\*\[b]\-\\",
            ),
            (r#"{{ reReplaceAll "[^ -~]" "?" "aüb\n" }}"#, "a?b?"),
            (r#"{{ printf "%.3s" "äöüß" }}"#, "äöü"),
            (
                r#"{{ template "__alertmanagerURL" . }}"#,
                r"https://ALERTMANAGER/#/alerts?receiver=a%5C.b+page",
            ),
        ] {
            assert_eq!(render(template).as_deref(), Ok(text), "{template}");
        }
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        for template in [
            "{{ .Alerts | len }}",
            "{{- .Status -}}",
            "{{ toUpper .Status }}",
            "{{ .ExternalURL }}",
            "{{ .CommonLabels.Names }}",
            "{{ $x }}",
            "{{ $x = 1 }}",
            "{{ template \"two\" . }}",
            "{{ template \"all\" . }}",
            "{{ if .Status }}",
            "{{ end }}",
            "{{ else }}",
            "{{ .Status",
            "{{ \"a",
            "{{/* a",
            "{{ .Alerts }}",
            "{{ range .Status }}{{ end }}",
            "{{ index .Alerts 2 }}",
            "{{ define \"x\" }}{{ end }}",
            "{{ }}",
            "{{ eq 1 \"1\" }}",
            r#"{{ reReplaceAll "a+" "b" "c" }}"#,
            r#"{{ reReplaceAll "[\\d]" "b" "c" }}"#,
            r#"{{ reReplaceAll "[a[b]" "b" "c" }}"#,
            r#"{{ reReplaceAll "[a]" "$0$0" "c" }}"#,
            r#"{{ printf "%s" "c" }}"#,
            r#"{{ reReplaceAll "ab" "b" "c" }}"#,
            r#"{{ reReplaceAll "a" "$1" "c" }}"#,
        ] {
            assert!(render(template).is_err(), "{template}");
        }
    }

    proptest! {
        /// Escaped texts are rendered as they are.
        #[test]
        fn escaped_texts_are_themselves(text in r#"([{}"\\ a\n.$]|\PC){0,12}"#) {
            prop_assert_eq!(render(&escape(&text)), Ok(text.clone()));
            let quoted = format!("{{{{ {} }}}}", quote(&text));
            prop_assert_eq!(render(&quoted), Ok(text));
        }

        /// No template panics.
        #[test]
        fn any_template_ends(text in r#"(\{\{|\}\}|"|if|end|else|range|with|define|[.$:=() a-z/*0-9]|\PC){0,20}"#) {
            let _ = render(&text);
        }
    }
}
