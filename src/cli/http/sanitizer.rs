//! Server messages, made safe to print.

/// The maximum length of a server message, in characters.
pub const MOST_CHARACTERS: usize = 300;

/// The replacement for a secret.
const HIDDEN: &str = "<hidden>";

/// Removes secrets and control characters from server messages.
#[derive(Default)]
pub struct Sanitizer {
    secrets: Vec<String>,
}

impl Sanitizer {
    /// Creates a filter for these secrets.
    pub fn new(secrets: Vec<String>) -> Self {
        // Secrets as they appear in quoted strings.
        let escaped = secrets
            .iter()
            .map(|secret| secret.escape_debug().to_string());
        let mut all: Vec<String> = escaped.chain(secrets.iter().cloned()).collect();
        all.retain(|secret| !secret.is_empty());
        // A longer secret is replaced before its prefix.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        all.dedup();
        Self { secrets: all }
    }

    /// Returns a server message on one line, without secrets or control characters, truncated to [`MOST_CHARACTERS`] characters.
    pub fn sanitize(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        let line: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(MOST_CHARACTERS + 1)
            .collect();
        match line.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_servers_words_are_no_commands() {
        let sanitizer = Sanitizer::default();
        assert_eq!(sanitizer.sanitize("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(
            sanitizer.sanitize(&"x".repeat(400)).chars().count(),
            MOST_CHARACTERS + 1
        );
    }

    #[test]
    fn a_server_tells_no_secret() {
        let sanitizer = Sanitizer::new(vec!["hun\"ter2".to_owned(), String::new()]);
        assert_eq!(sanitizer.sanitize("no hun\"ter2!"), "no <hidden>!");
        assert_eq!(
            sanitizer.sanitize("said \"hun\\\"ter2\""),
            "said \"<hidden>\""
        );
        let long = format!("{}hun\"ter2", "x".repeat(MOST_CHARACTERS - 3));
        assert!(!sanitizer.sanitize(&long).contains("hun"));
    }
}
