//! Messages of servers and programs, made safe to print.

/// The maximum length of a message, in characters.
pub const MOST_CHARACTERS: usize = 300;

/// The replacement for a secret.
const HIDDEN: &str = "<hidden>";

/// Removes secrets, control characters and characters that reorder text from messages.
#[derive(Clone, Default)]
pub struct Sanitizer {
    secrets: Vec<String>,
}

/// Without the secrets.
impl std::fmt::Debug for Sanitizer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sanitizer").finish_non_exhaustive()
    }
}

impl Sanitizer {
    /// Creates a filter for these secrets: passwords, tokens, and values of headers with one.
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

    /// Returns a message on one line, without secrets, control characters and characters that reorder text, truncated to
    /// `MOST_CHARACTERS` characters.
    pub fn sanitize(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        let line: String = text
            .trim()
            .chars()
            .map(|letter| if is_printable(letter) { letter } else { ' ' })
            .take(MOST_CHARACTERS + 1)
            .collect();
        match line.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
            None => line,
        }
    }
}

/// Returns false for control characters, line and paragraph separators, and what reorders or hides text.
fn is_printable(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_no_command() {
        let sanitizer = Sanitizer::default();
        assert_eq!(
            sanitizer.sanitize("a\u{1b}[2Jb\nc\u{202e}d\n"),
            "a [2Jb c d"
        );
        assert_eq!(
            sanitizer.sanitize(&"x".repeat(400)).chars().count(),
            MOST_CHARACTERS + 1
        );
    }

    #[test]
    fn a_message_contains_no_secret() {
        let sanitizer = Sanitizer::new(vec!["hun\"ter2".to_owned(), String::new()]);
        assert_eq!(sanitizer.sanitize("no hun\"ter2!"), "no <hidden>!");
        assert_eq!(
            sanitizer.sanitize("said \"hun\\\"ter2\""),
            "said \"<hidden>\""
        );
        assert!(!format!("{sanitizer:?}").contains("hun"));
        let long = format!("{}hun\"ter2", "x".repeat(MOST_CHARACTERS - 3));
        assert!(!sanitizer.sanitize(&long).contains("hun"));
    }
}
