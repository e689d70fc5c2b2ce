//! What is offered, before it is said in the protocol's words.

use nthc::syntax::tree::TextRange;

use crate::features::docs::Subject;

/// What sort of thing is offered: editors show a sign for each.
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
    /// A `let`, at the top or in a body, and a loop's variable.
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
    /// Text: a label's value, a time zone.
    Text,
}

/// Something that could be typed at the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// What is shown.
    pub label: String,
    /// What it is.
    pub what: What,
    /// A few words on it: its type, where it is from.
    pub detail: Option<String>,
    /// What its documentation is about.
    pub subject: Subject,
    /// What is typed for it, in the syntax of snippets.
    pub snippet: String,
    /// What is typed where the client knows no snippets; the label where absent.
    pub plain: Option<String>,
    /// How far down it is shown: less is better.
    pub rank: u16,
    /// What the typed word is compared with; the label where absent.
    pub filter: Option<String>,
    /// The bytes of the file that it replaces; the word where absent.
    pub replaces: Option<TextRange>,
    /// An import that it needs: where, and its text.
    pub import: Option<(TextRange, String)>,
}

impl Offer {
    /// An offer of the word itself.
    pub fn new(label: impl Into<String>, what: What, rank: u16) -> Self {
        let label = label.into();
        Self {
            snippet: escaped(&label),
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

    /// With a few words on it.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With what its documentation is about.
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// That types this snippet.
    pub fn snippet(mut self, snippet: impl Into<String>) -> Self {
        self.snippet = snippet.into();
        self
    }

    /// That types this where the client knows no snippets.
    pub fn plain(mut self, plain: impl Into<String>) -> Self {
        self.plain = Some(plain.into());
        self
    }

    /// That types this text, be it with snippets or without.
    pub fn types(self, text: &str) -> Self {
        self.snippet(escaped(text)).plain(text)
    }

    /// Whether the snippet is more than text.
    pub fn has_places(&self) -> bool {
        text_of(&self.snippet).1
    }

    /// What is typed where the client knows no snippets.
    pub fn plain_text(&self) -> String {
        match &self.plain {
            Some(plain) => plain.clone(),
            None => text_of(&self.snippet).0,
        }
    }
}

/// A text in the syntax of snippets.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        if matches!(letter, '$' | '}' | '\\') {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

/// A snippet's text with what stands in its places at first, and whether it has places.
fn text_of(snippet: &str) -> (String, bool) {
    let mut text = String::new();
    let mut has_places = false;
    let mut letters = snippet.chars().peekable();
    // In a place's default, a brace ends it; in a choice, what follows the first is left out.
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

/// Whether a choice ends before the place does.
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
        assert_eq!(of(&escaped("a ${b} \\")), "a ${b} \\");
        assert!(!text_of(&escaped("${b}")).1);
        assert!(text_of("$0").1);
    }
}
