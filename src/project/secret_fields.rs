//! Secrets in a configuration of Alertmanager: the fields of its types `Secret` and `SecretURL`, except for the URLs of webhooks.

use std::ops::Range;

use crate::yaml::{Key, Node, Value};

/// A field that contains a secret.
#[derive(Debug)]
pub(super) struct InlineSecret {
    /// The field.
    pub key: Key,
    /// The place of the secret.
    pub value: Range<usize>,
    /// What to write instead.
    pub help: String,
}

/// Returns the secrets of a document.
pub(super) fn inline_secrets(document: &Node) -> Vec<InlineSecret> {
    let mut found = Vec::new();
    collect(document, "", &mut found);
    found
}

/// `list` is the nearest key above, such as `slack_configs`.
fn collect(node: &Node, parent: &str, found: &mut Vec<InlineSecret>) {
    match &node.value {
        Value::Scalar { .. } => {}
        Value::List(items) => {
            for item in items {
                collect(item, parent, found);
            }
        }
        Value::Map(entries) => {
            for (key, value) in entries {
                if is_secret(&key.text, parent) && is_filled(value) {
                    found.push(InlineSecret {
                        key: key.clone(),
                        value: value.span.clone(),
                        help: help(&key.text),
                    });
                } else {
                    collect(value, &key.text, found);
                }
            }
        }
    }
}

/// Returns true for values that can be a secret: also a list of them, as in `http_headers`.
fn is_filled(node: &Node) -> bool {
    match &node.value {
        Value::Scalar { text, .. } => !node.is_null() && !text.is_empty(),
        Value::List(items) => items.iter().any(is_filled),
        Value::Map(_) => false,
    }
}

fn is_secret(field: &str, parent: &str) -> bool {
    match field {
        "api_url" => parent == "slack_configs",
        // VictorOps has a routing key that is no secret.
        "routing_key" => parent != "victorops_configs",
        "key" => parent == "tls_config",
        "slack_api_url" => true,
        _ => {
            let is_file = ["_file", "_files", "_ref", "files"];
            let is_place = field.ends_with("_url") && !field.ends_with("webhook_url");
            let words = [
                "password",
                "secret",
                "token",
                "credentials",
                "_key",
                "webhook_url",
            ];
            // The identity of a key, and fields of Jira, are no secrets.
            let is_name = matches!(field, "access_key" | "issue_key" | "project_key");
            !is_name
                && !is_place
                && !is_file.iter().any(|end| field.ends_with(end))
                && words.iter().any(|word| field.contains(word))
        }
    }
}

fn help(field: &str) -> String {
    let file = match field {
        "secrets" => "files".to_owned(),
        field => format!("{field}_file"),
    };
    format!(
        "put it in a file on the Alertmanager host and name that in `{file}`, if the receiver has this field; \
         or set `format = \"fragment\"`, which does not copy the file"
    )
}

/// The character that hides a byte of a secret, so that all places remain.
const HIDDEN: &str = "*";

/// Returns the text with the secrets hidden, and with everything that may be one: in a file that is not well-formed no secret is found,
/// and a URL may contain a token.
pub(super) fn without_secrets(text: &str, secrets: &[InlineSecret]) -> String {
    let mut hidden: Vec<Range<usize>> = secrets.iter().map(|one| one.value.clone()).collect();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if let Some(at) = suspicious(line) {
            hidden.push(start + at..start + line.trim_end().len().max(at));
        }
        start += line.len();
    }
    hidden.sort_by_key(|range| range.start);
    let mut hidden = hidden.into_iter().peekable();
    // The end of what has begun so far.
    let mut end = 0;
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        while let Some(range) = hidden.next_if(|range| range.start <= at) {
            end = end.max(range.end);
        }
        if at < end && !character.is_whitespace() {
            shown.push_str(&HIDDEN.repeat(character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Where a secret may begin in a line: after the colon of the first field that may contain one.
fn suspicious(line: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = line.get(from..)?.find(':') {
        let colon = from + at;
        let before = line.get(..colon)?;
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let field = before.trim_end_matches(['"', '\'', ' ']);
        let word = field.rfind(|c| !is_word(c)).map_or(0, |last| last + 1);
        let field = field.get(word..)?;
        let may_be = field == "url"
            || field == "key"
            || field == "api_url"
            || is_secret(field, "slack_configs");
        if may_be && !field.is_empty() {
            return Some(colon + 1);
        }
        from = colon + 1;
    }
    None
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn secrets(text: &str) -> Vec<String> {
        let documents = crate::yaml::documents(text).unwrap();
        let found = inline_secrets(&documents[0]);
        found.into_iter().map(|one| one.key.text).collect()
    }

    #[test]
    fn fields_with_secrets_are_known() {
        let text = "global:\n  slack_api_url: https://hooks.example.com/x\n  opsgenie_api_url: https://a.example.com\n  \
            smtp_auth_password: x\n  smtp_auth_password_file: /x\nreceivers:\n- name: a\n  slack_configs:\n  - api_url: x\n  \
            telegram_configs:\n  - api_url: https://api.example.com\n    bot_token: x\n  victorops_configs:\n  - routing_key: \
            team\n  pagerduty_configs:\n  - routing_key: x\n  webhook_configs:\n  - url: http://localhost\n    http_config:\n      \
            oauth2: {token_url: x, client_secret: x}\n      http_headers: {X-Key: {secrets: [x]}}\n      tls_config: {key: x}\n";
        assert_eq!(
            secrets(text),
            [
                "slack_api_url",
                "smtp_auth_password",
                "api_url",
                "bot_token",
                "routing_key",
                "client_secret",
                "secrets",
                "key"
            ]
        );
    }

    #[test]
    fn secrets_are_hidden_and_places_remain() {
        let text = "a: {password: \"t\u{f6}p\", b: c}\nurl: http://x/y\npassword: |\n  one\n  two\nname: d\n";
        let documents = crate::yaml::documents(text).unwrap();
        let shown = without_secrets(text, &inline_secrets(&documents[0]));
        assert_eq!(shown.len(), text.len());
        assert!(shown.starts_with("a: {password: ****"), "{shown}");
        assert!(shown.ends_with("name: d\n"), "{shown}");
        for secret in ["p\"", "http", "one", "two"] {
            assert!(!shown.contains(secret), "{shown}");
        }
        // One that is not well-formed has no secrets that are known.
        let broken = "a: [\npassword: s3cret\n";
        assert!(!without_secrets(broken, &[]).contains("s3cret"));
    }
}
