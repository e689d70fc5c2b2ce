//! Whose a dashboard or a folder of Grafana is.
//!
//! A dashboard bears two tags, which both of Grafana's APIs, its search and an edit by hand keep: `nthc`, and one with the owner.
//! Members that Grafana does not know are dropped by an edit by hand and refused by the newer API, and its annotations are not kept by
//! every server. A tag has at most 50 characters, so a long owner is a hash. Grafana keeps the tags in a copy, so the second one ends with
//! a hash of the uid. A folder has no tags: its uid is computed from the owner.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::object::Owner;

/// The tag that all dashboards of nthc have.
pub(super) const TAG: &str = "nthc";

/// What the tag with the owner begins with: `nthc:shop/production@1b2c3d4e`.
const OWNER: &str = "nthc:";

/// What the tag of a long owner begins with.
const HASHED: &str = "nthc#";

/// The longest tag, in characters: `dashboard tag too long, max 50 characters`.
const MOST: usize = 50;

/// What the uid of a folder begins with.
const FOLDER: &str = "nthc-";

/// The tag with the owner of the dashboard with a uid.
pub(super) fn tag(owner: &Owner, uid: &str) -> String {
    let mut plain = format!("{OWNER}{}", escape(&owner.project));
    if let Some(environment) = &owner.environment {
        plain.push('/');
        plain.push_str(&escape(environment));
    }
    let uid = hash(uid, 8);
    let tag = format!("{plain}@{uid}");
    if tag.chars().count() <= MOST {
        tag
    } else {
        format!("{HASHED}{}@{uid}", hash(&one_text(owner), 32))
    }
}

/// The owner in the tags of the dashboard with a uid. `ours` is known by its hash too; another long owner has the hash for a name.
pub(super) fn owner(tags: &[&str], uid: &str, ours: &Owner) -> Option<Owner> {
    if !tags.contains(&TAG) {
        return None;
    }
    let own = tag(ours, uid);
    let mut found = tags.iter().filter(|tag| is_owner(tag));
    let first = found.next()?;
    // Two owners are nobody's: whoever copied a dashboard decides.
    if found.next().is_some() {
        return None;
    }
    if *first == own {
        return Some(ours.clone());
    }
    let (known, of) = first.rsplit_once('@')?;
    if of != hash(uid, 8) {
        return None;
    }
    let Some(plain) = known.strip_prefix(OWNER) else {
        return Some(Owner {
            project: known.to_owned(),
            environment: None,
        });
    };
    let (project, environment) = match plain.split_once('/') {
        Some((project, environment)) => (project, Some(environment)),
        None => (plain, None),
    };
    Some(Owner {
        project: unescape(project),
        environment: environment.map(unescape),
    })
}

fn is_owner(tag: &str) -> bool {
    tag.starts_with(OWNER) || tag.starts_with(HASHED)
}

/// Returns true for the tags of the mark.
pub(super) fn is_mark(tag: &Value) -> bool {
    tag.as_str().is_some_and(|tag| tag == TAG || is_owner(tag))
}

/// The uid of the folder of an owner: at most 40 letters, digits, `-` and `_`.
pub fn folder_uid(owner: &Owner) -> String {
    format!("{FOLDER}{}", hash(&one_text(owner), 24))
}

/// The owner of a folder with a uid: `ours`, someone else whose folder nthc created, or nobody.
pub(super) fn folder_owner(uid: &str, ours: &Owner) -> Option<Owner> {
    let is_hash =
        |hash: &str| hash.len() == 24 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    if uid == folder_uid(ours) {
        Some(ours.clone())
    } else if uid.strip_prefix(FOLDER).is_some_and(is_hash) {
        Some(Owner {
            project: uid.to_owned(),
            environment: None,
        })
    } else {
        None
    }
}

/// An owner as one text, which no other owner has.
fn one_text(owner: &Owner) -> String {
    let mut text = owner.project.clone();
    if let Some(environment) = &owner.environment {
        // No name contains it.
        text.push('\0');
        text.push_str(environment);
    }
    text
}

/// The first digits of the SHA-256 of a text.
fn hash(text: &str, digits: usize) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(digits);
    hex
}

/// A name without a slash.
fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

fn unescape(name: &str) -> String {
    name.replace("%2F", "/").replace("%25", "%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner_of(project: &str, environment: Option<&str>) -> Owner {
        Owner {
            project: project.to_owned(),
            environment: environment.map(str::to_owned),
        }
    }

    #[test]
    fn an_owner_is_read_from_its_tag() {
        let ours = owner_of("shop", Some("production"));
        assert_eq!(tag(&ours, "u"), "nthc:shop/production@0bfe935e");
        for other in [
            ours.clone(),
            owner_of("shop", None),
            owner_of("a/b%2F", Some("c@d")),
            owner_of("é", None),
        ] {
            let tag = tag(&other, "u");
            assert!(tag.chars().count() <= MOST);
            assert_eq!(owner(&["team:a", TAG, &tag], "u", &ours), Some(other));
            // Of a copy.
            assert_eq!(owner(&["team:a", TAG, &tag], "copy", &ours), None);
        }
        let long = owner_of(&"x".repeat(60), None);
        let tag = tag(&long, "u");
        assert_eq!(tag.chars().count(), 46);
        assert_eq!(owner(&[TAG, &tag], "u", &long), Some(long.clone()));
        assert_eq!(owner(&[TAG, &tag], "copy", &long), None);
        // Someone else's.
        let other = owner(&[TAG, &tag], "u", &ours);
        assert!(other.is_some_and(|other| tag.starts_with(&other.project)));
    }

    #[test]
    fn without_both_tags_a_dashboard_is_nobodys() {
        let ours = owner_of("shop", None);
        let (own, other) = (tag(&ours, "u"), tag(&owner_of("other", None), "u"));
        for tags in [
            vec![],
            vec![TAG],
            vec![own.as_str()],
            vec![TAG, "nthc:shop"],
            vec![TAG, own.as_str(), other.as_str()],
        ] {
            assert_eq!(owner(&tags, "u", &ours), None, "{tags:?}");
        }
    }

    #[test]
    fn the_uid_of_a_folder_tells_whose_it_is() {
        let ours = owner_of("shop", Some("production"));
        let other = owner_of("shop", None);
        assert_ne!(folder_uid(&ours), folder_uid(&other));
        assert_ne!(
            folder_uid(&owner_of("a", Some("b"))),
            folder_uid(&owner_of("ab", None))
        );
        assert_eq!(folder_owner(&folder_uid(&ours), &ours), Some(ours.clone()));
        assert!(folder_owner(&folder_uid(&other), &ours).is_some_and(|found| found != ours));
        assert_eq!(folder_owner("nthc-by-hand", &ours), None);
    }
}
