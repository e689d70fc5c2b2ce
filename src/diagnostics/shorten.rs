//! Keeps texts of diagnostics readable if a name or a value in them is very long.

use super::Diagnostic;
use crate::limits;

impl<S> Diagnostic<S> {
    /// Shortens the texts to a readable length: names, values and paths in them keep their first [`limits::SHOWN`]
    /// characters. Replacements of fixes are not changed.
    #[must_use]
    pub fn with_short_texts(mut self) -> Self {
        shorten(&mut self.message);
        shorten(&mut self.primary.text);
        for label in &mut self.secondary {
            shorten(&mut label.text);
        }
        self.notes.iter_mut().for_each(shorten);
        self.help.iter_mut().for_each(shorten);
        for fix in &mut self.fixes {
            shorten(&mut fix.title);
        }
        self
    }
}

/// Cuts pieces between backticks and pieces without a blank if they are too long; then each line, at ten times the
/// length, which only lists of many names reach.
fn shorten(text: &mut String) {
    if text.len() <= limits::SHOWN {
        return;
    }
    let quoted: Vec<String> = text.split('`').map(cut_words).collect();
    let last = quoted.len().saturating_sub(1);
    let quoted: Vec<String> = quoted
        .into_iter()
        .enumerate()
        // Every second piece is between backticks.
        .map(|(number, piece)| match number % 2 == 1 && number < last {
            true => cut(&piece, limits::SHOWN),
            false => piece,
        })
        .collect();
    let lines: Vec<String> = quoted
        .join("`")
        .split('\n')
        .map(|line| cut(line, 10 * limits::SHOWN))
        .collect();
    *text = lines.join("\n");
}

fn cut_words(text: &str) -> String {
    if text.len() <= limits::SHOWN {
        return text.to_owned();
    }
    let words: Vec<String> = text
        .split(' ')
        .map(|word| cut(word, limits::SHOWN))
        .collect();
    words.join(" ")
}

/// The first characters of a text, and an ellipsis if there are more.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shorten_text(text: &str) -> String {
        let mut text = text.to_owned();
        shorten(&mut text);
        text
    }

    #[test]
    fn names_of_a_megabyte_keep_their_first_characters() {
        let name = "é".repeat(1_000_000);
        let cut = format!("{}…", "é".repeat(limits::SHOWN));
        assert_eq!(
            shorten_text(&format!("unknown team `{name}`")),
            format!("unknown team `{cut}`")
        );
        assert_eq!(shorten_text(&format!("see {name}")), format!("see {cut}"));
    }

    #[test]
    fn many_words_stay() {
        let list = vec!["`name`"; 60].join(", ");
        assert_eq!(shorten_text(&list), list);
        let words = vec!["word"; 1_000_000].join(" ");
        assert!(shorten_text(&words).chars().count() <= 10 * limits::SHOWN + 1);
    }
}
