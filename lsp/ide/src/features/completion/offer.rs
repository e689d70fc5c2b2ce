//! Completion offers, before the conversion to the protocol.

use nthc::syntax::tree::TextRange;

use crate::features::docs::Subject;

/// The sort of an offer: editors show an icon for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// A word of the language.
    Keyword,
    /// A kind of block.
    Kind,
    /// A field.
    Field,
    /// A member of an enum.
    Member,
    /// A block.
    Block,
    /// A template.
    Template,
    /// A `let` of a file or body, or a loop variable.
    Let,
    /// A parameter.
    Param,
    /// A module.
    Module,
    /// A function.
    Function,
    /// A type.
    Type,
    /// A value as it is written.
    Literal,
    /// A metric.
    Metric,
    /// A label's name.
    Label,
    /// Text: a label value, a time zone.
    Text,
}

/// A completion offer.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// The label.
    pub label: String,
    /// The sort.
    pub what: What,
    /// A short detail: its type, its module.
    pub detail: Option<String>,
    /// The subject of its documentation.
    pub subject: Subject,
    /// The text to insert, as a snippet.
    pub snippet: String,
    /// The text for clients without snippets; `None`: the label.
    pub plain: Option<String>,
    /// The sort rank: lower comes first.
    pub rank: u16,
    /// The text that the typed word is compared with; `None`: the label.
    pub filter: Option<String>,
    /// The range to replace, in bytes of the file; `None`: the word.
    pub replaces: Option<TextRange>,
    /// A required import: range to replace, and text.
    pub import: Option<(TextRange, String)>,
}

impl Offer {
    /// Creates an offer of the word itself.
    pub fn new(label: impl Into<String>, what: What, rank: u16) -> Self {
        let label = label.into();
        Self {
            snippet: escape_snippet(&label),
            label,
            what,
            detail: None,
            subject: Subject::None,
            plain: None,
            rank,
            filter: None,
            replaces: None,
            import: None,
        }
    }

    /// Sets the detail.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Sets the subject of the documentation.
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// Sets the snippet.
    pub fn snippet(mut self, snippet: impl Into<String>) -> Self {
        self.snippet = snippet.into();
        self
    }

    /// Sets the text for clients without snippets.
    pub fn plain(mut self, plain: impl Into<String>) -> Self {
        self.plain = Some(plain.into());
        self
    }

    /// Sets the inserted text, with and without snippets.
    pub fn types(self, text: &str) -> Self {
        self.snippet(escape_snippet(text)).plain(text)
    }

    /// True if the snippet contains tab stops.
    pub fn has_places(&self) -> bool {
        text_of(&self.snippet).1
    }

    /// The text for clients without snippets.
    pub fn plain_text(&self) -> String {
        match &self.plain {
            Some(plain) => plain.clone(),
            None => text_of(&self.snippet).0,
        }
    }
}

/// Escapes a text for use in a snippet.
pub fn escape_snippet(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '$' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// The text of a snippet with the defaults of its tab stops, and whether it has any.
fn text_of(snippet: &str) -> (String, bool) {
    let mut text = String::new();
    let mut has_places = false;
    let mut letters = snippet.chars().peekable();
    // In the default of a tab stop, a brace ends it; of a choice, only the first option is kept.
    let mut open = 0_usize;
    let mut skipping = false;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let next = letters.next();
                if !skipping {
                    text.extend(next);
                }
            }
            '$' => {
                has_places = true;
                let braced = letters.next_if_eq(&'{').is_some();
                while letters.next_if(char::is_ascii_digit).is_some() {}
                if braced {
                    open += 1;
                    letters.next_if(|next| matches!(next, ':' | '|'));
                }
            }
            ',' | '|'
                if open > 0
                    && (skipping || rest_is_choice(&letters.clone().collect::<String>())) =>
            {
                skipping = true;
            }
            '}' if open > 0 => {
                open -= 1;
                skipping = false;
            }
            letter if !skipping => text.push(letter),
            _ => {}
        }
    }
    (text, has_places)
}

/// True if a choice ends before the tab stop does.
fn rest_is_choice(rest: &str) -> bool {
    rest.find('}')
        .is_some_and(|end| end == 0 || rest.get(..end).is_some_and(|inner| inner.ends_with('|')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_become_what_they_hold_at_first() {
        let of = |snippet: &str| text_of(snippet).0;
        assert_eq!(of("for = ${1:5m}"), "for = 5m");
        assert_eq!(of("a = ${1|page,ticket|}"), "a = page");
        assert_eq!(of("labels = { $0 }"), "labels = {  }");
        assert_eq!(of(&escape_snippet("a ${b} \\")), "a ${b} \\");
        assert!(!text_of(&escape_snippet("${b}")).1);
        assert!(text_of("$0").1);
    }
}
