//! What an alert's labels are compared with.

use crate::go_template::quote;

/// A condition on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label; one that is absent has an empty value.
    pub label: &'static str,
    /// How its value is compared.
    pub operator: Operator,
    /// With what.
    pub value: String,
}

/// How a label's value is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// It is this.
    Equal,
    /// It is not this.
    NotEqual,
    /// All of it matches this regular expression.
    Matches,
    /// It does not match this regular expression.
    MatchesNot,
}

impl Operator {
    /// As Alertmanager and the Prometheus operator write it.
    pub fn sign(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::MatchesNot => "!~",
        }
    }
}

impl Matcher {
    /// The label has this value.
    pub fn equal(label: &'static str, value: &str) -> Self {
        Self {
            label,
            operator: Operator::Equal,
            value: value.to_owned(),
        }
    }

    /// The label is there.
    pub fn present(label: &'static str) -> Self {
        Self {
            label,
            operator: Operator::NotEqual,
            value: String::new(),
        }
    }

    /// The label is not there.
    pub fn absent(label: &'static str) -> Self {
        Self::equal(label, "")
    }

    /// The label has a value that is none of these.
    pub fn other_than<'v>(label: &'static str, values: impl IntoIterator<Item = &'v str>) -> Self {
        // After the last `|` stands the value of a label that is absent.
        let known: String = values
            .into_iter()
            .map(|value| format!("{}|", regex_literal(value)))
            .collect();
        if known.is_empty() {
            return Self::present(label);
        }
        Self {
            label,
            operator: Operator::MatchesNot,
            value: known,
        }
    }

    /// The label's value is not this one.
    pub fn not_equal(label: &'static str, value: &str) -> Self {
        Self {
            label,
            operator: Operator::NotEqual,
            value: value.to_owned(),
        }
    }

    /// The label has this value, or is not there.
    pub fn equal_or_absent(label: &'static str, value: &str) -> Self {
        Self {
            label,
            operator: Operator::Matches,
            value: format!("{}|", regex_literal(value)),
        }
    }

    /// The label has one of these values.
    pub fn one_of<'v>(label: &'static str, values: impl IntoIterator<Item = &'v str>) -> Self {
        let values: Vec<&str> = values.into_iter().collect();
        match values.as_slice() {
            [one] => Self::equal(label, one),
            many => Self {
                label,
                operator: Operator::Matches,
                value: many
                    .iter()
                    .map(|value| regex_literal(value))
                    .collect::<Vec<_>>()
                    .join("|"),
            },
        }
    }

    /// `team="payments"`, as Alertmanager's matchers are written.
    pub fn text(&self) -> String {
        format!(
            "{}{}{}",
            self.label,
            self.operator.sign(),
            quote(&self.value)
        )
    }
}

/// Text as a regular expression of Go that matches just that.
fn regex_literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if r"\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_matched_as_they_are() {
        assert_eq!(
            Matcher::equal("team", "a\"b\\c\nd").text(),
            r#"team="a\"b\\c\nd""#
        );
        assert_eq!(
            Matcher::one_of("service", ["a.b", "c|d"]).text(),
            r#"service=~"a\\.b|c\\|d""#
        );
        assert_eq!(
            Matcher::one_of("service", ["a.b"]).text(),
            r#"service="a.b""#
        );
        assert_eq!(
            Matcher::other_than("service", ["a.b", "c"]).text(),
            r#"service!~"a\\.b|c|""#
        );
        assert_eq!(Matcher::other_than("service", []).text(), "service!=\"\"");
        assert_eq!(
            Matcher::equal_or_absent("environment", "production").text(),
            r#"environment=~"production|""#
        );
    }
}
