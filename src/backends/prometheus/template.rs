//! Text that Prometheus reads as a Go template: alerts' labels and annotations.
//!
//! Everything goes through [`Template`], the only place that writes `{{`. Text cannot open an action.

use std::collections::BTreeMap;

use crate::go_template;
use nth_model::{Text, TextPart, ValueFormat};

pub use crate::go_template::quote;

/// A Go template under construction.
#[derive(Debug, Clone, Default)]
pub struct Template {
    out: String,
    /// Literal text that is not written yet: only the complete text shows which braces would open an action.
    literal: String,
}

impl Template {
    /// Adds literal text.
    pub fn text(mut self, text: impl AsRef<str>) -> Self {
        self.literal.push_str(text.as_ref());
        self
    }

    /// Adds an action; `code` is Go template code without braces, from this compiler only.
    pub fn action(mut self, code: impl AsRef<str>) -> Self {
        self.flush();
        self.out.push_str("{{ ");
        self.out.push_str(code.as_ref());
        self.out.push_str(" }}");
        self
    }

    /// Adds the value of the alert's condition.
    pub fn value(self, format: ValueFormat) -> Self {
        self.action(format!("$value | {}", function(format)))
    }

    /// Adds the value of the first sample that a query returns for the group of the alert, or a text if there is none. Matchers
    /// of the query with the value [`group_value`] of a label match the alert's value of that label.
    pub fn group_query(
        self,
        query: &str,
        by: &[String],
        format: ValueFormat,
        [before, after, otherwise]: [&str; 3],
    ) -> Self {
        self.action(format!("with {}", group_query(query, by)))
            .text(before)
            .action(format!(". | first | value | {}", function(format)))
            .text(after)
            .action("else")
            .text(otherwise)
            .action("end")
    }

    /// Adds the labels of the alert's group: `route /cart, method GET`.
    pub fn group(mut self, by: &[String]) -> Self {
        for (index, label) in by.iter().enumerate() {
            if index > 0 {
                self = self.text(", ");
            }
            self = self
                .action(format!("with {}", label_access("$labels", label)))
                .text(format!("{label} "))
                .action(".")
                .action("else")
                .text(format!("no {label}"))
                .action("end");
        }
        self
    }

    /// Adds the text of the first of some groups that has the labels of the alert, or else another text.
    pub fn of_group<'l>(
        mut self,
        groups: impl IntoIterator<Item = (&'l BTreeMap<String, String>, String)>,
        otherwise: &str,
    ) -> Self {
        let mut open = 0;
        for (labels, text) in groups {
            let equal = |(label, value): (&String, &String)| {
                let label = label_access("$labels", label);
                format!("(eq ({label}) {})", quote(value))
            };
            let all: Vec<String> = labels.iter().map(equal).collect();
            self = self
                .action(format!("if and {}", all.join(" ")))
                .text(text)
                .action("else");
            open += 1;
        }
        self = self.text(otherwise);
        for _ in 0..open {
            self = self.action("end");
        }
        self
    }

    /// The text of the template.
    pub fn finish(mut self) -> String {
        self.flush();
        self.out
    }

    fn flush(&mut self) {
        let literal = std::mem::take(&mut self.literal);
        self.out.push_str(&go_template::escape(&literal));
    }
}

/// The private-use character at both ends of [`group_value`].
const MARK: char = '\u{F8FF}';

/// The value of a matcher that stands for the value of a label in the alert's group.
pub fn group_value(index: usize) -> String {
    format!("{MARK}{index}{MARK}")
}

/// Go template code that evaluates a query whose matchers may have the values [`group_value`] of these labels.
pub fn group_query(query: &str, by: &[String]) -> String {
    let mut format = query.replace('%', "%%");
    let mut arguments = String::new();
    for (index, label) in by.iter().enumerate() {
        let marked = format!("\"{}\"", group_value(index));
        format = format.replace(&marked, &format!("%[{}]q", index + 1));
        arguments.push_str(&format!(" ({})", label_access("$labels", label)));
    }
    if by.is_empty() {
        return format!("query {}", quote(query));
    }
    format!("printf {}{arguments} | query", quote(&format))
}

/// A template that prints exactly this text.
pub fn literal(text: &str) -> String {
    Template::default().text(text).finish()
}

/// An alert's text as a template.
pub fn alert_text(text: &Text) -> String {
    let mut template = Template::default();
    for part in &text.parts {
        template = match part {
            TextPart::Literal(text) => template.text(text),
            TextPart::Value(format) => template.value(*format),
            TextPart::Label(label) => template.action(label_access("$labels", label)),
            TextPart::External(label) => template.action(label_access("$externalLabels", label)),
        };
    }
    template.finish()
}

/// The value of a label of `of`: `$labels.job`, or with `index` if the name is not a Go identifier.
pub fn label_access(of: &str, label: &str) -> String {
    let identifier = label.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if identifier {
        format!("{of}.{label}")
    } else {
        format!("index {of} {}", quote(label))
    }
}

/// The template function for a format.
fn function(format: ValueFormat) -> &'static str {
    match format {
        ValueFormat::Number => "humanize",
        ValueFormat::Percentage => "humanizePercentage",
        ValueFormat::Duration => "humanizeDuration",
        ValueFormat::Size => "humanize1024",
        ValueFormat::Rounded => "printf \"%.0f\"",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_never_a_template() {
        for (text, template) in [
            ("5 {a} 6", "5 {a} 6"),
            ("{{ $value }}", r#"{{ "{{" }} $value }}"#),
            ("a {{{ b", r#"a {{ "{{{" }} b"#),
            ("ends {", r#"ends {{ "{" }}"#),
            ("}} {{/* x */}}", r#"}} {{ "{{" }}/* x */}}"#),
        ] {
            assert_eq!(literal(text), template);
        }
    }

    #[test]
    fn a_brace_before_a_value_opens_nothing_else() {
        let text = Text {
            parts: vec![
                TextPart::Literal("{".into()),
                TextPart::Literal("{".into()),
                TextPart::Value(ValueFormat::Percentage),
                TextPart::Literal("{ of ".into()),
                TextPart::Label("job".into()),
                TextPart::Literal(" ".into()),
                TextPart::Label("k8s.pod \"x\"".into()),
            ],
        };
        assert_eq!(
            alert_text(&text),
            r#"{{ "{{" }}{{ $value | humanizePercentage }}{ of {{ $labels.job }} {{ index $labels "k8s.pod \"x\"" }}"#
        );
    }
}
