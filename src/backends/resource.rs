//! Names of Kubernetes objects.
//!
//! Objects of all projects and environments may be applied to one namespace, so every name includes both.

use super::fnv1a;
use nth_model::Settings;

/// The length limit of a name that becomes a label's value or a host's name, such as a job's: an RFC 1123 label. It
/// applies to all objects.
const LONGEST_NAME: usize = 63;

/// The separator between the parts of a name.
const JOIN: &str = "--";

/// The name of an object of a project: `shop--checkout--production` for its `checkout`, with the environment if there
/// is one.
pub fn object_name(settings: &Settings, parts: &[&str]) -> String {
    name_of(&settings.project, settings.environment.as_deref(), parts)
}

/// Like [`object_name`], from the names of a project and an environment.
pub fn name_of(project: &str, environment: Option<&str>, parts: &[&str]) -> String {
    let all: Vec<&str> = std::iter::once(project)
        .chain(parts.iter().copied())
        .chain(environment)
        .collect();
    dns_label(&all)
}

/// An RFC 1123 label from names: joined if the result is unambiguous and valid, and otherwise their valid characters
/// with a hash of all of them, so that cutting or replacing makes no two names equal.
fn dns_label(parts: &[&str]) -> String {
    let joined = parts.join(JOIN);
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let clear = |part: &&str| {
        !part.is_empty() && !part.contains(JOIN) && !part.starts_with('-') && !part.ends_with('-')
    };
    if joined.len() <= LONGEST_NAME && joined.bytes().all(plain) && parts.iter().all(clear) {
        return joined;
    }
    let hash = format!("{:08x}", fnv1a(&parts.join("\0")));
    let mut kept: String = joined
        .to_ascii_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .take(LONGEST_NAME - hash.len() - 1)
        .collect();
    kept.truncate(kept.trim_end_matches('-').len());
    match kept.trim_start_matches('-') {
        "" => hash,
        kept => format!("{kept}-{hash}"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn is_label(name: &str) -> bool {
        let ends =
            |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        (1..=LONGEST_NAME).contains(&name.len())
            && ends(name.chars().next())
            && ends(name.chars().next_back())
            && name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }

    #[test]
    fn names_have_the_project_and_the_environment() {
        assert_eq!(
            name_of("shop", Some("production"), &["checkout"]),
            "shop--checkout--production"
        );
        assert_eq!(
            name_of("shop", None, &["checkout", "release"]),
            "shop--checkout--release"
        );
        assert_eq!(name_of("shop", Some("eu-1"), &[]), "shop--eu-1");
    }

    #[test]
    fn names_that_look_alike_stay_apart() {
        for (one, other) in [
            (vec!["a--b", "c"], vec!["a", "b--c"]),
            (vec!["a_b"], vec!["a-b"]),
            (vec!["Checkout"], vec!["checkout"]),
            (vec!["a-", "b"], vec!["a", "-b"]),
            (vec!["ü"], vec!["ö"]),
        ] {
            assert_ne!(name_of("p", None, &one), name_of("p", None, &other));
        }
        // Names are not cut where they differ.
        let long = "x".repeat(80);
        assert_ne!(
            name_of("p", Some("staging"), &[&long]),
            name_of("p", Some("production"), &[&long])
        );
    }

    proptest! {
        #[test]
        fn every_name_is_a_label_and_its_own(
            all in proptest::collection::vec(
                ("[a-zA-Z_][a-z0-9_-]{0,70}", proptest::option::of("[a-z_-]{1,9}"), any::<String>(), "[a-z-]{0,90}"),
                1..30,
            ),
        ) {
            let mut seen = HashMap::new();
            for (project, environment, service, gate) in &all {
                let name = name_of(project, environment.as_deref(), &[service, gate]);
                prop_assert!(is_label(&name), "{name}");
                let what = (project, environment, service, gate);
                let before = seen.insert(name, what);
                prop_assert!(before.is_none_or(|before| before == what));
            }
        }
    }
}
