//! Matchers of the labels of alerts.

use crate::go_template::quote;

/// A condition on a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matcher {
    /// The label; a missing one has an empty value.
    pub label: &'static str,
    /// The comparison of the value.
    pub operator: Operator,
    /// The value or regular expression.
    pub value: String,
}

/// The operator of a matcher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The value is equal.
    Equal,
    /// The value is not equal.
    NotEqual,
    /// The complete value matches the regular expression.
    Matches,
    /// The value does not match the regular expression.
    MatchesNot,
}

impl Operator {
    /// The operator as Alertmanager and the Prometheus operator write it.
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
    /// Matches if the label has this value.
    pub fn equal(label: &'static str, value: &str) -> Self {
        Self {
            label,
            operator: Operator::Equal,
            value: value.to_owned(),
        }
    }

    /// Matches if the label exists.
    pub fn present(label: &'static str) -> Self {
        Self {
            label,
            operator: Operator::NotEqual,
            value: String::new(),
        }
    }

    /// Matches if the label is missing.
    pub fn missing(label: &'static str) -> Self {
        Self::equal(label, "")
    }

    /// Matches if the label has a value other than these.
    pub fn other_than<'v>(label: &'static str, values: impl IntoIterator<Item = &'v str>) -> Self {
        // The empty alternative after the last `|` is the value of a missing label.
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

    /// Matches if the label does not have this value.
    pub fn not_equal(label: &'static str, value: &str) -> Self {
        Self {
            label,
            operator: Operator::NotEqual,
            value: value.to_owned(),
        }
    }

    /// Matches if the label has this value or is missing.
    pub fn equal_or_absent(label: &'static str, value: &str) -> Self {
        Self {
            label,
            operator: Operator::Matches,
            value: format!("{}|", regex_literal(value)),
        }
    }

    /// Matches if the label has one of these values.
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

    /// Returns whether a label has a value that matches; a missing label has an empty one. Regular expressions are
    /// alternatives of literal texts, as this type creates them.
    pub fn matches(&self, value: &str) -> bool {
        match self.operator {
            Operator::Equal => value == self.value,
            Operator::NotEqual => value != self.value,
            Operator::Matches => alternatives(&self.value).any(|known| known == value),
            Operator::MatchesNot => alternatives(&self.value).all(|known| known != value),
        }
    }

    /// The matcher in Alertmanager's syntax: `team="payments"`.
    pub fn text(&self) -> String {
        format!(
            "{}{}{}",
            self.label,
            self.operator.sign(),
            quote(&self.value)
        )
    }
}

/// Escapes text as a regular expression of Go that matches exactly that text.
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

/// The literal texts of a regular expression that [`regex_literal`] and `|` created.
fn alternatives(regex: &str) -> impl Iterator<Item = String> {
    let mut rest = Some(regex);
    std::iter::from_fn(move || {
        let text = rest.take()?;
        let mut literal = String::new();
        let mut chars = text.char_indices();
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => literal.extend(chars.next().map(|(_, escaped)| escaped)),
                '|' => {
                    rest = Some(&text[at + 1..]);
                    break;
                }
                c => literal.push(c),
            }
        }
        Some(literal)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Matchers of values match these values and no others.
        #[test]
        fn values_match_themselves(
            values in proptest::collection::vec(r"[ab|\\.*\n]{1,3}", 1..4),
            other in r"[ab|\\.*\n]{0,3}",
        ) {
            let named = || values.iter().map(String::as_str);
            for value in values.iter().chain([&other]) {
                let is_known = values.contains(value);
                prop_assert_eq!(Matcher::one_of("x", named()).matches(value), is_known);
                let is_other = !is_known && !value.is_empty();
                prop_assert_eq!(Matcher::other_than("x", named()).matches(value), is_other);
                let first = values.first().cloned().unwrap_or_default();
                let is_first = *value == first || value.is_empty();
                prop_assert_eq!(Matcher::equal_or_absent("x", &first).matches(value), is_first);
                prop_assert_eq!(Matcher::not_equal("x", &first).matches(value), *value != first);
            }
            prop_assert!(Matcher::missing("x").matches(""));
            prop_assert!(!Matcher::present("x").matches(""));
        }
    }

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
