//! The kind of text that is expected at the cursor in a query.

use std::ops::Range;

use super::lex::{Kind, OPERATORS, Token, is_word, tokens};

/// The expected kind of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Unknown.
    Nothing,
    /// An expression.
    Operand,
    /// An operator, or a word after an expression. After the name of an aggregation, only `by` and `without`.
    AfterOperand {
        /// True right after the name or the parentheses of an aggregation.
        aggregation: bool,
    },
    /// A label name in braces.
    Label {
        /// The metric, if it is named.
        metric: Option<String>,
        /// The labels that have matchers already.
        given: Vec<String>,
    },
    /// A label name in the parentheses of `by`, `on` and the like.
    Grouping {
        /// The metrics of the query.
        metrics: Vec<String>,
        /// The labels that are listed already.
        given: Vec<String>,
    },
    /// A label value, in quotes.
    Value {
        /// The metric, if it is named.
        metric: Option<String>,
        /// The label.
        label: String,
        /// True if it is a regular expression.
        is_regex: bool,
    },
    /// A duration.
    Duration,
}

/// A call around the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The function or aggregation.
    pub name: String,
    /// The argument at the cursor, from 0.
    pub argument: usize,
}

/// The context of the cursor in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The expected kind of text.
    pub place: Place,
    /// The range of the word at the cursor.
    pub word: Range<usize>,
    /// The innermost call.
    pub call: Option<Call>,
}

/// An open bracket.
struct Open {
    letter: char,
    /// The word before it.
    word: Option<String>,
    /// Number of commas in it so far.
    commas: usize,
    /// The words in it that have matchers or are listed.
    words: Vec<String>,
}

/// Words before labels in parentheses.
const GROUPINGS: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];

impl At {
    /// Reads the context at a byte of a query.
    pub fn read(text: &str, offset: usize) -> Self {
        let before = text.get(..offset).unwrap_or_default();
        let word_start = before.rfind(|c| !(is_word(c) || c == ':')).map_or(0, |at| {
            at + before
                .get(at..)
                .and_then(|rest| rest.chars().next())
                .map_or(1, char::len_utf8)
        });
        let word_start = match before.get(..word_start) {
            Some(above) if above.ends_with('$') => word_start - 1,
            _ => word_start,
        };
        let after = text.get(offset..).unwrap_or_default();
        let word_end = match word_start < offset {
            true => {
                offset
                    + after
                        .find(|c| !(is_word(c) || c == ':'))
                        .unwrap_or(after.len())
            }
            false => offset,
        };
        let (all, in_comment) = tokens(before);
        let mut at = Self {
            place: Place::Nothing,
            word: word_start..word_end,
            call: None,
        };
        if in_comment {
            return at;
        }
        // A string that is open at the cursor is the last token, and unterminated.
        let open_text = all.last().filter(|token| {
            token.kind == Kind::Text
                && token.end == offset
                && is_open(before.get(token.start..offset))
        });
        let mut read: Vec<Token> = all.clone();
        if open_text.is_some() {
            read.pop();
        } else {
            read.retain(|token| token.end <= word_start);
        }
        let word = |token: &Token| before.get(token.start..token.end).unwrap_or_default();
        let mut open: Vec<Open> = Vec::new();
        let mut last: Option<&Token> = None;
        // The word before the parentheses of an aggregation may precede `by (…)`.
        let mut closed_grouping: Option<String> = None;
        for token in &read {
            match token.kind {
                Kind::Open(letter) => {
                    let name = last
                        .filter(|last| last.kind == Kind::Word)
                        .map(|last| word(last).to_owned());
                    let name = match (letter, &name, last) {
                        ('(', None, Some(last)) if last.kind == Kind::Close(')') => {
                            closed_grouping.take()
                        }
                        _ => name,
                    };
                    open.push(Open {
                        letter,
                        word: name,
                        commas: 0,
                        words: Vec::new(),
                    });
                }
                Kind::Close(_) => {
                    let closed = open.pop();
                    let is_grouping = closed
                        .as_ref()
                        .and_then(|closed| closed.word.as_deref())
                        .is_some_and(|name| {
                            GROUPINGS.contains(&name.to_ascii_lowercase().as_str())
                        });
                    closed_grouping = match is_grouping {
                        true => aggregation_before(&read, token.start, before),
                        false => None,
                    };
                }
                Kind::Sign if word(token) == "," => {
                    if let Some(open) = open.last_mut() {
                        open.commas += 1;
                    }
                }
                Kind::Word => {
                    if let Some(open) = open.last_mut() {
                        open.words.push(word(token).to_owned());
                    }
                }
                _ => {}
            }
            last = Some(token);
        }
        at.call = open.iter().rev().find_map(|open| {
            let name = open.word.as_ref().filter(|_| open.letter == '(')?;
            let is_grouping = GROUPINGS.contains(&name.to_ascii_lowercase().as_str());
            (!is_grouping).then(|| Call {
                name: name.clone(),
                argument: open.commas,
            })
        });
        let last_word = last.map(word).unwrap_or_default();
        if let Some(text) = open_text {
            at.word = text.start + 1..offset;
            at.place = value_place(&read, &open, before);
            return at;
        }
        at.place = match open.last() {
            Some(open) if open.letter == '{' => match last.map(|last| last.kind) {
                Some(Kind::Open(_)) => label(open),
                Some(Kind::Sign) if last_word == "," => label(open),
                _ => Place::Nothing,
            },
            Some(open) if open.letter == '[' => Place::Duration,
            Some(open)
                if open.word.as_deref().is_some_and(|name| {
                    GROUPINGS.contains(&name.to_ascii_lowercase().as_str())
                }) =>
            {
                Place::Grouping {
                    metrics: super::used::metrics_of(text),
                    given: open.words.clone(),
                }
            }
            _ => match last.map(|last| last.kind) {
                None | Some(Kind::Open(_)) => Place::Operand,
                Some(Kind::Sign) if last_word == "@" => Place::Nothing,
                Some(Kind::Sign) => Place::Operand,
                Some(Kind::Word) if last_word.eq_ignore_ascii_case("offset") => Place::Duration,
                Some(Kind::Word)
                    if OPERATORS.contains(&last_word.to_ascii_lowercase().as_str()) =>
                {
                    match last_word.to_ascii_lowercase().as_str() {
                        "by" | "without" | "on" | "ignoring" => Place::Nothing,
                        _ => Place::Operand,
                    }
                }
                Some(kind) => Place::AfterOperand {
                    aggregation: kind == Kind::Word
                        && nthc::promql::functions::aggregation(last_word).is_some(),
                },
            },
        };
        // Text right after a word, without a space, belongs to it; so does a number's unit.
        let glued = before
            .get(..word_start)
            .is_some_and(|above| above.ends_with([')', ']', '}', '"', '\'']));
        if word_start < offset && glued && matches!(at.place, Place::AfterOperand { .. }) {
            at.place = Place::Nothing;
        }
        let starts_with_digit = before
            .get(word_start..)
            .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
        if starts_with_digit && at.place != Place::Duration {
            at.place = Place::Nothing;
        }
        at
    }
}

fn is_open(text: Option<&str>) -> bool {
    let Some(text) = text else { return false };
    let Some(quote) = text.chars().next() else {
        return false;
    };
    let escapes = |text: &str| text.len() - text.trim_end_matches('\\').len();
    match text.get(1..).and_then(|rest| rest.strip_suffix(quote)) {
        Some(inner) => escapes(inner) % 2 == 1,
        None => true,
    }
}

fn label(open: &Open) -> Place {
    Place::Label {
        metric: open.word.clone(),
        given: open.words.clone(),
    }
}

fn value_place(read: &[Token], open: &[Open], before: &str) -> Place {
    let word = |token: &Token| before.get(token.start..token.end).unwrap_or_default();
    match (open.last(), read) {
        (Some(open), [.., label, sign]) if open.letter == '{' && sign.kind == Kind::Sign => {
            Place::Value {
                metric: open.word.clone(),
                label: word(label).trim_matches(['"', '\'']).to_owned(),
                is_regex: word(sign).ends_with('~'),
            }
        }
        _ => Place::Nothing,
    }
}

/// The aggregation before the grouping that ends at a byte: `sum by (job)`.
fn aggregation_before(read: &[Token], end: usize, text: &str) -> Option<String> {
    let mut depth = 0_usize;
    let closed = read.iter().rposition(|token| token.start == end)?;
    for at in (0..=closed).rev() {
        let token = read.get(at)?;
        match token.kind {
            Kind::Close(_) => depth += 1,
            Kind::Open(_) => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    let name = read.get(at.checked_sub(2)?)?;
                    return (name.kind == Kind::Word).then(|| {
                        text.get(name.start..name.end)
                            .unwrap_or_default()
                            .to_owned()
                    });
                }
            }
            _ => {}
        }
    }
    None
}
