//! The words of a query, classified by their context, so that a query that is being typed has colors too.

use nthc::promql::functions::{aggregation, function};
use nthc::syntax::tree::TextRange;

use super::legend::Kind;

/// The class of a word in a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Word {
    /// `sum`, `by`, `offset` and the like.
    Keyword,
    /// A function.
    Function,
    /// An aggregation.
    Aggregation,
    /// The name of a metric.
    Metric,
    /// The name of a label.
    Label,
    /// A number or a duration.
    Number,
    /// `$window`
    Window,
    /// A quoted text.
    Text,
    /// An operator.
    Operator,
    /// A comment.
    Comment,
}

impl Word {
    /// The token type.
    pub fn kind(self) -> Kind {
        match self {
            Self::Keyword => Kind::Keyword,
            Self::Function | Self::Aggregation => Kind::Function,
            Self::Metric => Kind::Variable,
            Self::Label => Kind::Property,
            Self::Number => Kind::Number,
            Self::Window => Kind::Parameter,
            Self::Text => Kind::String,
            Self::Operator => Kind::Operator,
            Self::Comment => Kind::Comment,
        }
    }
}

/// A word of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lexeme {
    /// Its range, in bytes of the query.
    pub range: TextRange,
    /// Its class.
    pub word: Word,
}

/// Operators that are words.
const WORD_OPERATORS: [&str; 4] = ["and", "or", "unless", "atan2"];
/// Words before a list of labels.
const GROUPING: [&str; 6] = [
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
];
/// Modifiers of selectors and operators.
const MODIFIERS: [&str; 7] = [
    "offset",
    "bool",
    "anchored",
    "smoothed",
    "fill",
    "fill_left",
    "fill_right",
];

/// The words of a query. `masked` is its text with interpolations replaced, byte for byte: no word is in an
/// interpolation, and a string with interpolations is in pieces.
pub fn lexemes(masked: &str) -> Vec<Lexeme> {
    let mut lexer = Lexer {
        text: masked,
        at: 0,
        open: Vec::new(),
        grouping: false,
        found: Vec::new(),
    };
    while lexer.step() {}
    lexer.found
}

/// A bracket around the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Bracket {
    /// `(`
    Round,
    /// `(` around labels
    Labels,
    /// `{`
    Curly,
    /// `[`
    Square,
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    open: Vec<Bracket>,
    /// True if labels in parentheses follow the last word.
    grouping: bool,
    found: Vec<Lexeme>,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Adds a word of this length, in bytes.
    fn push(&mut self, length: usize, word: Word) {
        self.found.push(Lexeme {
            range: TextRange::new(self.at, self.at + length),
            word,
        });
        self.at += length;
    }

    fn length(&self, of: impl Fn(char) -> bool) -> usize {
        let rest = self.rest();
        rest.find(|c| !of(c)).unwrap_or(rest.len())
    }

    fn innermost(&self) -> Option<Bracket> {
        self.open.last().copied()
    }

    /// Reads one word or sign; `false` at the end.
    fn step(&mut self) -> bool {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return false;
        };
        match first {
            c if c.is_whitespace() => self.at += c.len_utf8(),
            '#' => {
                let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
                self.push(length, Word::Comment);
            }
            '"' | '\'' => self.string(first),
            '$' if rest.starts_with("${") => self.hole(),
            '$' if rest.starts_with("$window") => self.push("$window".len(), Word::Window),
            '(' => self.open(if self.grouping {
                Bracket::Labels
            } else {
                Bracket::Round
            }),
            '{' => self.open(Bracket::Curly),
            '[' => self.open(Bracket::Square),
            ')' | ']' | '}' => {
                self.open.pop();
                self.at += 1;
            }
            c if c.is_ascii_digit() || (c == '.' && begins_number(rest)) => self.number(),
            // Between the range and the step of a subquery.
            ':' if self.innermost() == Some(Bracket::Square) => self.at += 1,
            c if c.is_ascii_alphabetic() || c == '_' || c == ':' => self.word(),
            '=' | '!' | '<' | '>' | '~' => {
                let length = self.length(|c| matches!(c, '=' | '!' | '<' | '>' | '~' | '/'));
                self.push(length, Word::Operator);
            }
            '+' | '-' | '*' | '/' | '%' | '^' | '@' => self.push(1, Word::Operator),
            c => self.at += c.len_utf8(),
        }
        true
    }

    fn open(&mut self, bracket: Bracket) {
        self.open.push(bracket);
        self.grouping = false;
        self.at += 1;
    }

    fn hole(&mut self) {
        self.grouping = false;
        self.at += self.rest().find('}').map_or(2, |end| end + 1);
    }

    /// Reads a string up to its quote or the end of the line, without its interpolations.
    fn string(&mut self, quote: char) {
        let mut length = 1;
        loop {
            let rest = self.text.get(self.at + length..).unwrap_or_default();
            let Some(c) = rest.chars().next() else { break };
            match c {
                '\n' | '\r' => break,
                '\\' => {
                    length += 1;
                    length += rest.chars().nth(1).map_or(0, char::len_utf8);
                }
                '$' if rest.starts_with("${") && rest.contains('}') => {
                    if length > 0 {
                        self.push(length, Word::Text);
                    }
                    self.hole();
                    length = 0;
                }
                c if c == quote => {
                    length += 1;
                    break;
                }
                c => length += c.len_utf8(),
            }
        }
        if length > 0 {
            self.push(length, Word::Text);
        }
    }

    fn number(&mut self) {
        let mut length = self.length(|c| is_word(c) || c == '.');
        let digits = self.rest().get(..length).unwrap_or_default();
        let is_hex = digits.starts_with("0x") || digits.starts_with("0X");
        // `1e-3`
        if digits.ends_with(['e', 'E']) && !is_hex {
            let after = self.text.get(self.at + length..).unwrap_or_default();
            let mut signs = after.chars();
            if matches!(signs.next(), Some('+' | '-'))
                && signs.next().is_some_and(|c| c.is_ascii_digit())
            {
                length += 1;
                let rest = self.text.get(self.at + length..).unwrap_or_default();
                length += rest
                    .find(|c: char| !c.is_ascii_digit())
                    .unwrap_or(rest.len());
            }
        }
        self.push(length, Word::Number);
    }

    fn word(&mut self) {
        let length = self.length(|c| is_word(c) || c == ':' || c == '.');
        let mut text = self.rest().get(..length).unwrap_or_default();
        // A dot is not part of a name, and is only valid in a number.
        if let Some(dot) = text.find('.') {
            text = text.get(..dot).unwrap_or(text);
        }
        let lower = text.to_ascii_lowercase();
        let after = self
            .text
            .get(self.at + text.len()..)
            .unwrap_or_default()
            .trim_start();
        let length = text.len();
        let word = match self.innermost() {
            Some(Bracket::Curly | Bracket::Labels) => Word::Label,
            // In a range, a word is a function of durations.
            Some(Bracket::Square) => Word::Function,
            _ => {
                let is_at = self
                    .found
                    .last()
                    .is_some_and(|last| self.slice(last.range) == "@");
                self.classify_outside(text, &lower, after, is_at)
            }
        };
        let grouping = word == Word::Keyword && GROUPING.contains(&lower.as_str());
        self.push(length, word);
        self.grouping = grouping;
    }

    fn slice(&self, range: TextRange) -> &'t str {
        self.text
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }

    /// The class of a word outside all braces and brackets.
    fn classify_outside(&self, text: &str, lower: &str, after: &str, is_at: bool) -> Word {
        let calls = after.starts_with('(');
        let begins_grouping = || {
            let next = after.find(|c| !is_word(c)).unwrap_or(after.len());
            let next = after.get(..next).unwrap_or_default().to_ascii_lowercase();
            next == "by" || next == "without"
        };
        let is_keyword = WORD_OPERATORS.contains(&lower)
            || MODIFIERS.contains(&lower)
            || (GROUPING.contains(&lower) && (calls || lower.starts_with("group_")))
            || (is_at && (text == "start" || text == "end"));
        if is_keyword {
            Word::Keyword
        } else if aggregation(lower).is_some() && (calls || begins_grouping()) {
            Word::Aggregation
        } else if matches!(lower, "inf" | "nan") {
            Word::Number
        } else if calls || (function(text).is_some() && after.is_empty()) {
            Word::Function
        } else {
            Word::Metric
        }
    }
}

fn begins_number(rest: &str) -> bool {
    rest.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `sum:Aggregation (…`: each word with its class.
    fn marked_tokens(text: &str) -> String {
        let words = lexemes(text).into_iter().map(|found| {
            let range = found.range.start as usize..found.range.end as usize;
            format!("{}:{:?}", &text[range], found.word)
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_what_they_stand_for() {
        assert_eq!(
            marked_tokens(
                r#"sum by (job) (rate(http_requests_total{code=~"5..", job!='x'}[5m] offset 1h)) > bool 0.5"#
            ),
            r#"sum:Aggregation by:Keyword job:Label rate:Function http_requests_total:Metric code:Label =~:Operator "5..":Text job:Label !=:Operator 'x':Text 5m:Number offset:Keyword 1h:Number >:Operator bool:Keyword 0.5:Number"#
        );
        assert_eq!(
            marked_tokens("max(a) / on (x, by) group_left b{le=\"1\"}[$window:] @ start()"),
            "max:Aggregation a:Metric /:Operator on:Keyword x:Label by:Label group_left:Keyword b:Metric le:Label =:Operator \"1\":Text $window:Window @:Operator start:Keyword"
        );
        assert_eq!(
            marked_tokens("1e-3 + Inf - 0xff * .5 # why\nand x:y:z"),
            "1e-3:Number +:Operator Inf:Number -:Operator 0xff:Number *:Operator .5:Number # why:Comment and:Keyword x:y:z:Metric"
        );
    }

    #[test]
    fn a_range_may_have_a_step() {
        assert_eq!(marked_tokens("x[1h:5m]"), "x:Metric 1h:Number 5m:Number");
        assert_eq!(marked_tokens("x[$window:]"), "x:Metric $window:Window");
    }

    #[test]
    fn names_that_are_words_elsewhere_are_names() {
        assert_eq!(marked_tokens("sum + on"), "sum:Metric +:Operator on:Metric");
        assert_eq!(
            marked_tokens("x{by=\"1\"}"),
            "x:Metric by:Label =:Operator \"1\":Text"
        );
    }

    #[test]
    fn holes_are_left_out() {
        assert_eq!(
            marked_tokens("rate(${_____}[${__}]) > ${___}"),
            "rate:Function >:Operator"
        );
        assert_eq!(
            marked_tokens(r#"x{a="b${__}c"}"#),
            r#"x:Metric a:Label =:Operator "b:Text c":Text"#
        );
    }

    #[test]
    fn half_of_a_query_has_its_colors() {
        assert_eq!(
            marked_tokens("sum(rate(http_"),
            "sum:Aggregation rate:Function http_:Metric"
        );
        assert_eq!(
            marked_tokens("x{a=\"b"),
            "x:Metric a:Label =:Operator \"b:Text"
        );
        assert_eq!(marked_tokens("x}{)]("), "x:Metric");
        assert_eq!(marked_tokens("${"), "");
        assert_eq!(
            marked_tokens("x{a=\"\\"),
            "x:Metric a:Label =:Operator \"\\:Text"
        );
    }
}
