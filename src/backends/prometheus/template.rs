//! Text that Prometheus reads as a Go template: alerts' labels and annotations.
//!
//! Everything goes through [`Template`], the only place that writes `{{`. Text cannot open an action.

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

    /// Adds the value of the first sample that a query returns, or a text if there is none.
    pub fn query(
        self,
        query: &str,
        format: ValueFormat,
        before: &str,
        after: &str,
        otherwise: &str,
    ) -> Self {
        self.action(format!("with query {}", quote(query)))
            .text(before)
            .action(format!(". | first | value | {}", function(format)))
            .text(after)
            .action("else")
            .text(otherwise)
            .action("end")
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
