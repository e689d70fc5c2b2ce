//! Text of a person, made harmless for Terraform and for PagerDuty.

use serde::{Serialize, Serializer};

use crate::fnv1a;

/// The longest name that PagerDuty takes of a team, in characters (`Team.name` of its REST schema). Other things may have
/// longer ones; one limit keeps them alike.
pub const LONGEST_NAME: usize = 100;

/// The longest description that PagerDuty takes, in characters (`Team.description` of its REST schema).
pub const LONGEST_DESCRIPTION: usize = 1024;

/// What the provider refuses in the name of an escalation policy, besides what cannot be printed.
const FORBIDDEN: [char; 5] = ['\\', '/', '&', '<', '>'];

/// What joins the parts of a name, so that a part which has one is told by its hash.
const JOINTS: [char; 4] = [':', ',', '(', ')'];

/// A text that stands for itself. Terraform reads every string of its JSON as a template; what would begin an interpolation
/// or a directive is escaped where it is written, and only there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// A text as a person wrote it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl Serialize for Text {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&escape(&self.0))
    }
}

/// A text as Terraform's template language writes it.
fn escape(text: &str) -> String {
    text.replace("${", "$${").replace("%{", "%%{")
}

/// A description: what a person wrote, cut to what PagerDuty takes, or else `otherwise`.
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

/// A name that PagerDuty takes, of parts and of the text that they make together. Where that cannot be kept as it is, a
/// hash of all parts stands at its end, so that names which differ stay different and none depends on another.
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

/// A condition of PagerDuty's condition language: that a field of an event says exactly this.
///
/// A text with a quote or a backslash is compared by an expression in which any character stands in for these, for no
/// escape of them is documented. Nothing in a text can end the string that it is in.
pub fn says(field: &str, text: &str) -> Text {
    if text.chars().all(is_plain) {
        return Text(format!("{field} matches '{text}'"));
    }
    Text(format!("{field} matches regex '^{}$'", pattern(text)))
}

/// The condition that a field says one of these texts.
pub fn says_one_of(field: &str, texts: [&str; 2]) -> Text {
    let [one, other] = texts.map(pattern);
    Text(format!("{field} matches regex '^({one}|{other})$'"))
}

/// The condition that all of these hold.
pub fn all(conditions: impl IntoIterator<Item = Text>) -> Text {
    let conditions: Vec<String> = conditions.into_iter().map(|text| text.0).collect();
    Text(conditions.join(" and "))
}

/// What needs no escape in a string of PagerDuty's condition language.
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

    /// What Terraform's template parser makes of a string without interpolations: each `$${` is `${`, each `%%{` is `%{`.
    /// `None` where an interpolation or a directive would begin.
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

    fn named(parts: &[&str]) -> String {
        name(parts, &parts.join(": ")).0
    }

    #[test]
    fn a_template_is_a_text() {
        assert_eq!(escape("${x} and %{if y}"), "$${x} and %%{if y}");
        assert_eq!(escape("$${x} 5$ 5% {"), "$$${x} 5$ 5% {");
    }

    #[test]
    fn a_fit_name_is_kept() {
        assert_eq!(named(&["payments", "primary"]), "payments: primary");
        assert_eq!(named(&["Zahlungsverkehr Süd"]), "Zahlungsverkehr Süd");
        assert_eq!(named(&["a/b"]), "a-b 3a8e75c1");
        assert_ne!(named(&["a/b"]), named(&["a&b"]));
        assert_ne!(named(&["a: b", "c"]), named(&["a", "b: c"]));
        assert!(named(&[""]).starts_with("unnamed "));
        assert_eq!(named(&[&"x".repeat(300)]).chars().count(), LONGEST_NAME);
    }

    #[test]
    fn no_text_ends_its_string() {
        assert_eq!(says("event.x", "checkout").0, "event.x matches 'checkout'");
        assert_eq!(
            says("event.x", "it's.a\\b^").0,
            "event.x matches regex '^it.s[.]a.b.$'"
        );
        assert_eq!(
            all([
                says("event.x", "a"),
                says_one_of("event.y", ["b.c", "(none)"])
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
            let name = named(&parts);
            prop_assert!(!name.is_empty() && !name.ends_with(' '));
            prop_assert!(name.chars().count() <= LONGEST_NAME);
            prop_assert!(!name.chars().any(|c| c.is_control() || FORBIDDEN.contains(&c)));
        }

        #[test]
        fn a_condition_has_two_quotes(text in r"(['\\$^]|.){0,24}") {
            let condition = says("event.x", &text).0;
            prop_assert_eq!(condition.matches('\'').count(), 2);
            prop_assert!(condition.ends_with('\'') && !condition.contains('\\'));
        }
    }
}
