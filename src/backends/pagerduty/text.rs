//! Text from the source, escaped for Terraform and for PagerDuty.

use serde::{Serialize, Serializer};

use crate::fnv1a;

/// The length limit of a team's name in PagerDuty, in characters (`Team.name` of its REST schema). Other objects may
/// have longer ones; one limit keeps them alike.
pub const LONGEST_NAME: usize = 100;

/// The length limit of a description in PagerDuty, in characters (`Team.description` of its REST schema).
pub const LONGEST_DESCRIPTION: usize = 1024;

/// The characters that the provider rejects in the name of an escalation policy, besides those that cannot be printed.
const FORBIDDEN: [char; 5] = ['\\', '/', '&', '<', '>'];

/// The separators between the parts of a name: a part that contains one needs a hash.
const JOINTS: [char; 4] = [':', ',', '(', ')'];

/// Literal text. Terraform reads every string of its JSON as a template; the start of an interpolation or a directive
/// is escaped on serialization, and only there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// Creates a text from unescaped text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&escape(&self.0))
    }
}

/// Escapes text for Terraform's template language.
fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A description: the author's text, cut to PagerDuty's limit, or else `otherwise`.
pub fn description(written: Option<&str>, otherwise: impl FnOnce() -> String) -> Text {
    let text = written.map(str::trim).filter(|text| !text.is_empty());
    let text = text.map_or_else(otherwise, str::to_owned);
    if text.chars().count() <= LONGEST_DESCRIPTION {
        return Text(text);
    }
    let mut short: String = text.chars().take(LONGEST_DESCRIPTION - 1).collect();
    short.push('…');
    Text(short)
}

/// A name within PagerDuty's limits, from its parts and their joined text. If that is not a valid or unambiguous name,
/// it ends with a hash of all parts, so that different names remain different and none depends on another.
pub fn name(parts: &[&str], joined: &str) -> Text {
    let printable = |c: char| {
        !FORBIDDEN.contains(&c)
            && (c.is_ascii_graphic() || c == ' ' || (!c.is_ascii() && c.is_alphanumeric()))
    };
    let is_clear = !joined.is_empty()
        && joined.trim() == joined
        && joined.chars().all(printable)
        && joined.chars().count() <= LONGEST_NAME
        && !parts.iter().any(|part| part.contains(JOINTS));
    if is_clear {
        return Text(joined.to_owned());
    }
    let hash = format!(" {:08x}", fnv1a(&parts.join("\0")));
    let kept: String = joined
        .chars()
        .map(|c| if printable(c) { c } else { '-' })
        .take(LONGEST_NAME - hash.len())
        .collect();
    let kept = match kept.trim() {
        "" => "unnamed",
        kept => kept,
    };
    Text(format!("{kept}{hash}"))
}

/// A condition of PagerDuty's condition language: a field of an event has exactly this value.
///
/// A text with a quote or a backslash is compared by a regular expression in which any character matches these, as no
/// escape for them is documented. Nothing in a text can end the string that contains it.
pub fn equals(field: &str, text: &str) -> Text {
    if text.chars().all(is_plain) {
        return Text(format!("{field} matches '{text}'"));
    }
    Text(format!("{field} matches regex '^{}$'", pattern(text)))
}

/// The condition that a field has one of these values.
pub fn equals_any(field: &str, texts: [&str; 2]) -> Text {
    let [one, other] = texts.map(pattern);
    Text(format!("{field} matches regex '^({one}|{other})$'"))
}

/// The condition that all of these hold.
pub fn all(conditions: impl IntoIterator<Item = Text>) -> Text {
    let conditions: Vec<String> = conditions.into_iter().map(|text| text.0).collect();
    Text(conditions.join(" and "))
}

/// Returns whether a character needs no escape in a string of PagerDuty's condition language.
fn is_plain(c: char) -> bool {
    c != '\'' && c != '\\' && !c.is_control()
}

/// A regular expression for a text.
fn pattern(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        match c {
            '^' => pattern.push('.'),
            c if !is_plain(c) => pattern.push('.'),
            c if c.is_ascii_punctuation() && c != '-' && c != '_' => {
                pattern.extend(['[', c, ']']);
            }
            c => pattern.push(c),
        }
    }
    pattern
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Evaluates a string of Terraform's template language without interpolations: each `$${` is `${`, each `%%{` is
    /// `%{`. `None` if an interpolation or a directive would begin.
    fn unescape(template: &str) -> Option<String> {
        let mut out = String::new();
        let mut rest = template;
        while let Some(c) = rest.chars().next() {
            if let Some(after) = rest.strip_prefix("$${") {
                out.push_str("${");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("%%{") {
                out.push_str("%{");
                rest = after;
            } else if rest.starts_with("${") || rest.starts_with("%{") {
                return None;
            } else {
                out.push(c);
                rest = rest.get(c.len_utf8()..)?;
            }
        }
        Some(out)
    }

    fn name_of(parts: &[&str]) -> String {
        name(parts, &parts.join(": ")).0
    }

    #[test]
    fn a_template_is_a_text() {
        assert_eq!(escape("${x} and %{if y}"), "$${x} and %%{if y}");
        assert_eq!(escape("$${x} 5$ 5% {"), "$$${x} 5$ 5% {");
    }

    #[test]
    fn a_fit_name_is_kept() {
        assert_eq!(name_of(&["payments", "primary"]), "payments: primary");
        assert_eq!(name_of(&["Zahlungsverkehr Süd"]), "Zahlungsverkehr Süd");
        assert_eq!(name_of(&["a/b"]), "a-b 3a8e75c1");
        assert_ne!(name_of(&["a/b"]), name_of(&["a&b"]));
        assert_ne!(name_of(&["a: b", "c"]), name_of(&["a", "b: c"]));
        assert!(name_of(&[""]).starts_with("unnamed "));
        assert_eq!(name_of(&[&"x".repeat(300)]).chars().count(), LONGEST_NAME);
    }

    #[test]
    fn no_text_ends_its_string() {
        assert_eq!(
            equals("event.x", "checkout").0,
            "event.x matches 'checkout'"
        );
        assert_eq!(
            equals("event.x", "it's.a\\b^").0,
            "event.x matches regex '^it.s[.]a.b.$'"
        );
        assert_eq!(
            all([
                equals("event.x", "a"),
                equals_any("event.y", ["b.c", "(none)"])
            ])
            .0,
            "event.x matches 'a' and event.y matches regex '^(b[.]c|[(]none[)])$'"
        );
    }

    #[test]
    fn a_description_fits() {
        let text = description(Some(&"ä".repeat(2000)), String::new);
        assert_eq!(text.0.chars().count(), LONGEST_DESCRIPTION);
        assert_eq!(description(Some("  "), || "else".to_owned()).0, "else");
    }

    proptest! {
        #[test]
        fn what_is_escaped_comes_back(text in r"([$%{}a]|.){0,24}") {
            prop_assert_eq!(unescape(&escape(&text)), Some(text));
        }

        #[test]
        fn a_name_is_fit_for_the_provider(parts in prop::collection::vec(any::<String>(), 1..4)) {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            let name = name_of(&parts);
            prop_assert!(!name.is_empty() && !name.ends_with(' '));
            prop_assert!(name.chars().count() <= LONGEST_NAME);
            prop_assert!(!name.chars().any(|c| c.is_control() || FORBIDDEN.contains(&c)));
        }

        #[test]
        fn a_condition_has_two_quotes(text in r"(['\\$^]|.){0,24}") {
            let condition = equals("event.x", &text).0;
            prop_assert_eq!(condition.matches('\'').count(), 2);
            prop_assert!(condition.ends_with('\'') && !condition.contains('\\'));
        }
    }
}
