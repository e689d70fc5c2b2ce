//! Names of entities, and references to them.

use crate::fnv1a;

/// The longest name that Backstage accepts.
const LONGEST_NAME: usize = 63;

/// The kind in a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A service.
    Component,
    /// A dependency.
    Resource,
    /// A team.
    Group,
    /// A person.
    User,
}

/// A reference to an entity: `group:default/payments`.
pub fn reference(kind: Kind, namespace: &str, parts: &[&str]) -> String {
    let kind = match kind {
        Kind::Component => "component",
        Kind::Resource => "resource",
        Kind::Group => "group",
        Kind::User => "user",
    };
    format!("{kind}:{namespace}/{}", entity_name(parts))
}

/// Returns whether a text is a name, or the value of a label: letters, digits, `-`, `_` and `.`, with a letter or digit at both ends.
pub fn is_valid(name: &str) -> bool {
    let is_edge = |c: char| c.is_ascii_alphanumeric();
    let is_inner = |c: char| is_edge(c) || "-_.".contains(c);
    name.len() <= LONGEST_NAME
        && name.starts_with(is_edge)
        && name.ends_with(is_edge)
        && name.chars().all(is_inner)
}

/// The name of an entity: its parts with `.` between them, if that is valid and unambiguous. Otherwise their valid characters with a
/// hash, so that no two names become equal.
pub fn entity_name(parts: &[&str]) -> String {
    let joined = parts.join(".");
    let is_clear = parts.len() == 1 || parts.iter().all(|part| !part.contains('.'));
    if is_valid(&joined) && is_clear {
        return joined;
    }
    let hash = format!("{:08x}", fnv1a(&parts.join("\0")));
    let kept: String = joined
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(LONGEST_NAME - hash.len() - 1)
        .collect();
    match kept.trim_matches('-') {
        "" => hash,
        kept => format!("{kept}-{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Every name is valid, and different names stay different.
        #[test]
        fn names_are_valid_and_different(
            one in proptest::collection::vec("[a-b._/ -]{0,4}", 1..3),
            other in proptest::collection::vec("[a-b._/ -]{0,4}", 1..3),
        ) {
            let name = |parts: &[String]| {
                let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
                entity_name(&parts)
            };
            prop_assert!(is_valid(&name(&one)), "{}", name(&one));
            // A name that contains a dot is that of one part.
            let is_plain = one.len() == 1 || other.len() == 1;
            if one != other && !(is_plain && one.join(".") == other.join(".")) {
                prop_assert_ne!(name(&one), name(&other));
            }
        }
    }

    #[test]
    fn long_names_are_cut() {
        let long = entity_name(&["x".repeat(80).as_str()]);
        assert!(is_valid(&long), "{long}");
        assert_eq!(
            reference(Kind::Group, "default", &["payments"]),
            "group:default/payments"
        );
        assert_eq!(
            entity_name(&["checkout", "orders-db"]),
            "checkout.orders-db"
        );
    }
}
