//! Addresses of Terraform resources. Each depends only on the names of its object, so that Terraform keeps it when
//! others are added or removed.

use std::collections::BTreeMap;

use super::error::Error;
use crate::fnv1a;

/// The separator between the names in an address.
const JOINT: &str = "--";

/// The length limit of the readable part of an address, in bytes.
const LONGEST: usize = 100;

/// The address of the object with these names: an identifier of Terraform's language. If the names alone would be
/// ambiguous, it includes a hash of all of them.
pub fn address(names: &[&str]) -> String {
    let is_clear = |name: &&str| {
        !name.is_empty()
            && !name.contains(JOINT)
            && !name.starts_with('-')
            && !name.ends_with('-')
            && name.chars().all(is_kept)
    };
    let joined = names.join(JOINT);
    if names.iter().all(is_clear) && begins_well(&joined) && joined.len() <= LONGEST {
        return joined;
    }
    with_hash(&joined, names)
}

/// The address of a person: `ana_at_example_com` for `ana@example.com`, with a hash if a different email address would
/// look the same.
pub fn person(email: &str) -> String {
    person_in(&[], email)
}

/// The address of a person in an object with these names, such as a membership.
pub fn person_in(names: &[&str], email: &str) -> String {
    let readable = email.replace('@', "_at_").replace('.', "_");
    let is_clear = !email.contains('_')
        && readable.split("_at_").count() == 2
        && begins_well(&readable)
        && readable
            .chars()
            .all(|c| is_kept(c) && !c.is_ascii_uppercase());
    if is_clear {
        let mut all = names.to_vec();
        all.push(&readable);
        return address(&all);
    }
    let mut all = names.to_vec();
    all.push(email);
    let mut shown = names.to_vec();
    shown.push(&readable);
    with_hash(&shown.join(JOINT), &all)
}

/// The valid characters of a text, and a hash of the names.
fn with_hash(shown: &str, names: &[&str]) -> String {
    let mut kept: String = shown
        .chars()
        .map(|c| if is_kept(c) { c } else { '_' })
        .take(LONGEST)
        .collect();
    if !begins_well(&kept) {
        kept.insert(0, '_');
    }
    format!("{kept}_{:08x}", fnv1a(&names.join("\0")))
}

fn is_kept(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn begins_well(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Adds an object at an address.
///
/// # Errors
///
/// If the address is taken: by two equal hashes, or a name that looks like one.
pub fn insert<T>(all: &mut BTreeMap<String, T>, address: String, what: T) -> Result<(), Error> {
    if all.contains_key(&address) {
        return Err(Error::TakenAddress(address));
    }
    all.insert(address, what);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_can_be_read() {
        assert_eq!(address(&["payments"]), "payments");
        assert_eq!(address(&["payments", "primary"]), "payments--primary");
        assert_eq!(person("ana.b@example.com"), "ana_b_at_example_com");
        assert_eq!(
            person_in(&["payments"], "ana@example.com"),
            "payments--ana_at_example_com"
        );
    }

    #[test]
    fn names_that_look_alike_are_told_apart() {
        let alike = [
            (address(&["a--b", "c"]), address(&["a", "b--c"])),
            (address(&["a.b"]), address(&["a:b"])),
            (address(&["a-", "b"]), address(&["a", "-b"])),
            (person("ana.b@x.com"), person("ana_b@x.com")),
            (person("a.at.b@c"), person("a@b.at.c")),
            (person("A@x.com"), person("a@x.com")),
            (person_in(&["a"], "+@x"), person_in(&["a"], "-@x")),
        ];
        for (left, right) in alike {
            assert_ne!(left, right);
        }
        assert_eq!(address(&["1st"]), format!("_1st_{:08x}", fnv1a("1st")));
    }

    #[test]
    fn nothing_is_overwritten() {
        let mut all = BTreeMap::new();
        assert!(insert(&mut all, "a".to_owned(), 1).is_ok());
        assert!(insert(&mut all, "a".to_owned(), 2).is_err());
        assert_eq!(all.get("a"), Some(&1));
    }

    proptest! {
        #[test]
        fn every_address_is_an_identifier(names in prop::collection::vec(any::<String>(), 1..4), email in any::<String>()) {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            for address in [address(&names), person(&email), person_in(&names, &email)] {
                prop_assert!(begins_well(&address) && address.chars().all(is_kept));
            }
        }

        #[test]
        fn addresses_follow_names(left in "[ab-]{0,4}", right in "[ab-]{0,4}", others in "[ab-]{0,4}", last in "[ab-]{0,4}") {
            let (one, other) = ([left.as_str(), &right], [others.as_str(), &last]);
            prop_assert_eq!(address(&one) == address(&other), one == other);
        }
    }
}
