//! Keys of deployments, and addresses of pages about them.

use crate::Scope;

/// The key of a deployment: the same for every report of the same deployment by the same source.
pub(crate) fn key(scope: &Scope, source: &str, parts: &[&str], start: i64) -> String {
    format!("{}{start}", prefix(scope, source, parts))
}

/// The beginning that the keys of all deployments of an object have. Keys are unique in a ledger, which several projects and
/// environments may share.
pub(crate) fn prefix(scope: &Scope, source: &str, parts: &[&str]) -> String {
    let environment = scope.environment.as_deref().unwrap_or_default();
    let mut prefix = source.to_owned();
    for part in [scope.project.as_str(), environment].iter().chain(parts) {
        prefix.push(':');
        push_escaped(&mut prefix, part);
    }
    prefix.push(':');
    prefix
}

fn push_escaped(key: &mut String, part: &str) {
    for letter in part.chars() {
        match letter {
            '%' => key.push_str("%25"),
            ':' => key.push_str("%3A"),
            letter => key.push(letter),
        }
    }
}

/// The address of a page, if it is one that can be stored and printed: HTTP, and without a user or a password.
pub fn page_url(text: &str) -> Option<&str> {
    let rest = ["https://", "http://"]
        .iter()
        .find_map(|scheme| text.strip_prefix(scheme))?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let authority = rest.get(..end)?;
    let is_plain = text.chars().all(|letter| letter.is_ascii_graphic());
    (is_plain && !authority.is_empty() && !authority.contains('@')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::scope;

    #[test]
    fn parts_of_a_key_are_apart() {
        let scope = scope();
        let key = |parts: &[&str]| key(&scope, "a", parts, 7);
        let prefix = prefix(&scope, "a", &["b"]);
        assert_eq!(key(&["b:c", "d"]), "a:shop:production:b%3Ac:d:7");
        assert_ne!(key(&["b", "c%3Ad"]), key(&["b", "c:d"]));
        assert!(key(&["b", "c"]).starts_with(&prefix));
        assert!(!key(&["b:c"]).starts_with(&prefix));
    }

    #[test]
    fn no_address_has_a_password() {
        for good in ["https://ci.example.com/1?x=a@b", "http://[::1]:8080/x"] {
            assert_eq!(page_url(good), Some(good));
        }
        for bad in [
            "https://ana:hunter2@ci.example.com/1",
            "https://token@ci.example.com",
            "https://",
            "javascript:alert(1)",
            "https://ci.example.com/\u{1b}[2J",
            "https://ci.example.com/a b",
            "ci.example.com",
        ] {
            assert_eq!(page_url(bad), None, "{bad}");
        }
    }
}
