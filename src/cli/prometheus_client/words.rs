//! Server messages, made safe to print.

/// The maximum length of a server message, in characters.
pub const MOST_WORDS: usize = 300;

/// The replacement for a secret.
const HIDDEN: &str = "<hidden>";

/// The secrets that must never be shown, even if a server repeats them.
#[derive(Default)]
pub struct Words {
    secrets: Vec<String>,
}

impl Words {
    /// Creates a filter for these secrets.
    pub fn without(secrets: Vec<String>) -> Self {
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

    /// Returns a server message on one line, without secrets or control characters, truncated to [`MOST_WORDS`] characters.
    pub fn harmless(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        let line: String = text
            .chars()
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .take(MOST_WORDS + 1)
            .collect();
        match line.char_indices().nth(MOST_WORDS) {
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
        let words = Words::default();
        assert_eq!(words.harmless("a\u{1b}[2Jb\nc"), "a [2Jb c");
        assert_eq!(
            words.harmless(&"x".repeat(400)).chars().count(),
            MOST_WORDS + 1
        );
    }

    #[test]
    fn a_server_tells_no_secret() {
        let words = Words::without(vec!["hun\"ter2".to_owned(), String::new()]);
        assert_eq!(words.harmless("no hun\"ter2!"), "no <hidden>!");
        assert_eq!(words.harmless("said \"hun\\\"ter2\""), "said \"<hidden>\"");
        let long = format!("{}hun\"ter2", "x".repeat(MOST_WORDS - 3));
        assert!(!words.harmless(&long).contains("hun"));
    }
}
