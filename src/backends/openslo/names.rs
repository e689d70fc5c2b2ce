//! Names and texts within the limits of the format.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::document::Metadata;
use crate::fnv1a;
use nth_model::{Duration, Settings, number::decimal_text};

/// The length limit of a name, an RFC 1123 label.
const LONGEST_NAME: usize = 63;

/// The length limit of a display name in the Go SDK, in characters.
const LONGEST_DISPLAY_NAME: usize = 63;

/// The length limit of a description, in characters.
const LONGEST_DESCRIPTION: usize = 1050;

/// The separator between the parts of a name.
const JOIN: &str = "--";

/// The annotation with the name in the source, if that is not a valid name here.
const NAME: &str = "nthc.name";

/// Joins the parts of a name in the source: `checkout--availability`. If the result is not an RFC 1123 label, is too
/// long or is ambiguous, it ends with a hash of all parts.
pub fn name(parts: &[&str]) -> String {
    let joined = parts.join(JOIN);
    let clear = |part: &&str| {
        !part.is_empty() && !part.contains(JOIN) && !part.starts_with('-') && !part.ends_with('-')
    };
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if joined.len() <= LONGEST_NAME && joined.chars().all(plain) && parts.iter().all(clear) {
        return joined;
    }
    let hash = format!("{:08x}", fnv1a(&parts.join("\0")));
    let mut safe = String::new();
    for c in joined.chars() {
        let c = c.to_ascii_lowercase();
        if plain(c) && c != '-' {
            safe.push(c);
        } else if !safe.is_empty() && !safe.ends_with('-') {
            safe.push('-');
        }
    }
    safe.truncate(LONGEST_NAME - hash.len() - 1);
    match safe.trim_end_matches('-') {
        "" => hash,
        kept => format!("{kept}-{hash}"),
    }
}

/// Like [`name`], with the environment and, if others share the readers of its documents, the project:
/// `checkout--availability--production`.
pub fn name_in(settings: &Settings, parts: &[&str]) -> String {
    let project = settings.shared_as().into_iter();
    let environment = settings.environment.as_deref();
    let all: Vec<&str> = project
        .chain(parts.iter().copied())
        .chain(environment)
        .collect();
    name(&all)
}

/// The metadata of an object with this name in the source, the last of `parts`.
pub fn metadata(settings: &Settings, parts: &[&str], display: &str) -> Metadata {
    metadata_with_name(name_in(settings, parts), parts, display)
}

/// Like [`metadata`], with a name that does not depend on the environment.
pub fn metadata_with_name(name: String, parts: &[&str], display: &str) -> Metadata {
    let own = parts.last().copied().unwrap_or_default();
    let mut annotations = BTreeMap::new();
    if name != parts.join(JOIN) {
        annotations.insert(NAME.to_owned(), own.to_owned());
    }
    Metadata {
        name,
        display_name: Some(cut(display, LONGEST_DISPLAY_NAME)).filter(|text| !text.is_empty()),
        labels: BTreeMap::new(),
        annotations,
    }
}

/// A description, cut to the length limit.
pub fn description(text: &str) -> String {
    cut(text, LONGEST_DESCRIPTION)
}

/// A display name, cut to the length limit.
pub fn display_name(text: &str) -> String {
    cut(text, LONGEST_DISPLAY_NAME)
}

/// Cuts text to at most `most` characters, with an ellipsis if some are removed.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(most - 1).collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// The valid labels, and the names of the invalid ones, which begin or end with `_` or are too long.
pub fn labels(labels: BTreeMap<String, String>) -> (BTreeMap<String, String>, Vec<String>) {
    let (taken, left): (BTreeMap<_, _>, BTreeMap<_, _>) = labels
        .into_iter()
        .partition(|(label, _)| is_label_key(label));
    (taken, left.into_keys().collect())
}

/// `^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$`
fn is_label_key(key: &str) -> bool {
    let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    key.len() <= 63
        && ends(key.chars().next())
        && ends(key.chars().next_back())
        && key
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
}

/// A duration in one unit, `36h`: minutes are the smallest, rounded up.
pub fn duration(duration: Duration) -> String {
    for (unit, length) in [("d", Duration::DAY), ("h", Duration::HOUR)] {
        if duration.0 > 0 && duration.0.is_multiple_of(length.0) {
            return format!("{}{unit}", duration.0 / length.0);
        }
    }
    format!("{}m", duration.0.div_ceil(Duration::MINUTE.0).max(1))
}

/// The nearest double of a number, which is written with the fewest digits that identify it.
pub fn number(number: Decimal) -> f64 {
    decimal_text(number).parse().unwrap_or(f64::NAN)
}

/// A share below 1, even if the nearest double is 1 because of many nines.
pub fn share(of: Decimal) -> f64 {
    number(of).min(1.0 - f64::EPSILON / 2.0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_labels() {
        assert_eq!(
            name(&["checkout", "availability"]),
            "checkout--availability"
        );
        assert_eq!(name(&["a_b"]), format!("a-b-{:08x}", fnv1a("a_b")));
        assert_ne!(name(&["a--b", "c"]), name(&["a", "b--c"]));
        assert_ne!(name(&["Checkout"]), name(&["checkout"]));
        assert_eq!(name(&[&"x".repeat(99)]).len(), 63);
        assert_eq!(name(&["ü"]).len(), 8);
    }

    #[test]
    fn durations_have_one_unit() {
        for (millis, text) in [
            (Duration::days(30), "30d"),
            (Duration::hours(36), "36h"),
            (Duration::minutes(90), "90m"),
            (Duration::seconds(30), "1m"),
            (Duration::seconds(61), "2m"),
        ] {
            assert_eq!(duration(millis), text);
        }
    }

    #[test]
    fn shares_are_below_one() {
        let nines: Decimal = "0.99999999999999999999".parse().unwrap();
        assert!(share(nines) < 1.0);
        assert_eq!(share(Decimal::new(9995, 4)).to_string(), "0.9995");
    }

    #[test]
    fn long_texts_are_cut_at_a_character() {
        let text = cut(&"ü".repeat(2000), LONGEST_DESCRIPTION);
        assert_eq!(text.chars().count(), LONGEST_DESCRIPTION);
        assert!(text.ends_with("ü…"));
        assert_eq!(cut(&"x".repeat(1050), LONGEST_DESCRIPTION).len(), 1050);
    }

    proptest! {
        #[test]
        fn every_name_is_a_label_and_its_own(texts in proptest::collection::vec(any::<(String, String)>(), 1..20)) {
            let mut seen = HashMap::new();
            for (a, b) in &texts {
                let name = name(&[a, b]);
                prop_assert!((1..=LONGEST_NAME).contains(&name.len()));
                prop_assert!(name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
                prop_assert!(!name.starts_with('-') && !name.ends_with('-'));
                if let Some(other) = seen.insert(name, (a, b)) {
                    prop_assert_eq!(other, (a, b));
                }
            }
        }
    }
}
