//! Expressions and literals.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Arg, Name, TextRange};

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expr {
    /// The kind of expression.
    pub node: ExprNode,
    /// Its range.
    pub range: TextRange,
}

impl Expr {
    /// Visits the expressions that this one is made of, in the order of the text.
    pub fn each_part<'e>(&'e self, visit: &mut impl FnMut(&'e Self)) {
        match &self.node {
            ExprNode::String(string) => {
                for part in &string.parts {
                    if let StringPart::Hole(hole) = part {
                        visit(hole);
                    }
                }
            }
            ExprNode::Query(query) => query.holes.iter().for_each(|hole| visit(&hole.expr)),
            ExprNode::List(items) => items.iter().for_each(visit),
            ExprNode::Labels(entries) => entries.iter().for_each(|entry| visit(&entry.value)),
            ExprNode::Call(called, args) => {
                visit(called);
                args.iter().for_each(|arg| visit(&arg.value));
            }
            ExprNode::Member(inner, _) | ExprNode::Unary(_, inner) | ExprNode::Paren(inner) => {
                visit(inner);
            }
            ExprNode::Binary(_, left, right) => {
                visit(left);
                visit(right);
            }
            ExprNode::If(condition, then, otherwise) => {
                [condition, then, otherwise]
                    .into_iter()
                    .for_each(|part| visit(part));
            }
            ExprNode::Bool(_)
            | ExprNode::Number(_)
            | ExprNode::Percent(_)
            | ExprNode::Duration(_)
            | ExprNode::Size(_)
            | ExprNode::Rate(_)
            | ExprNode::TimeOfWeek(_)
            | ExprNode::TimeOfDay(_)
            | ExprNode::Name(_)
            | ExprNode::Error => {}
        }
    }
}

/// The kinds of expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ExprNode {
    /// `true`
    Bool(bool),
    /// `42`, `0.5`
    Number(Decimal),
    /// `99.95%`, stored as 99.95
    Percent(Decimal),
    /// `1h30m`, in milliseconds
    Duration(u64),
    /// `512MiB`, in bytes
    Size(Decimal),
    /// `100/s`, `5/m`, `1000/h`, in events per second times 3600 (exact for s, m and h)
    Rate(Decimal),
    /// `mon 09:00`
    TimeOfWeek(TimeOfWeek),
    /// `09:00`
    TimeOfDay(TimeOfDay),
    /// `"text ${expr}"` and `"""…"""`
    String(StringLit),
    /// `` `promql ${expr}` ``
    Query(QueryLit),
    /// `[a, b]`
    List(Vec<Expr>),
    /// `{ job = "checkout" }`
    Labels(Vec<LabelEntry>),
    /// `critical`
    Name(Name),
    /// `service.tier`
    Member(Box<Expr>, Name),
    /// `burn(availability, over: 1h)`
    Call(Box<Expr>, Vec<Arg>),
    /// `not x`, `-x`
    Unary(UnaryOp, Box<Expr>),
    /// `a < b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `if c { a } else { b }`
    If(Box<Expr>, Box<Expr>, Box<Expr>),
    /// `(a)`
    Paren(Box<Expr>),
    /// Missing or malformed, with a reported error.
    Error,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// A day and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TimeOfWeek {
    /// 0 is Monday.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// One entry of a set of labels or matchers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelEntry {
    /// The label's name.
    pub name: Name,
    /// The operator.
    pub op: LabelOp,
    /// The place of the operator; empty, after the name, if it is missing.
    pub op_range: TextRange,
    /// Its value.
    pub value: Expr,
    /// The text between the quotes of a value on one line, as written; `None` for other values.
    pub written: Option<SmolStr>,
}

/// The operator of a label: `=` for a value, the others for a matcher of a selector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LabelOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

impl LabelOp {
    /// Returns the operator of a source text; `None` if it is not one.
    pub fn from_text(text: &str) -> Option<Self> {
        [Self::Equal, Self::NotEqual, Self::Matches, Self::NotMatches]
            .into_iter()
            .find(|op| op.as_str() == text)
    }

    /// Returns the operator's source text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }
}

impl LabelEntry {
    /// Returns the range from the name to the end of the value.
    pub fn range(&self) -> TextRange {
        TextRange {
            start: self.name.range.start,
            end: self.value.range.end.max(self.op_range.end),
        }
    }

    /// Returns the range of the character at a byte of the value's text, as it is written: `\\` is one character. Returns
    /// the range of the whole value if it has interpolations or several lines, or if the byte is not in it.
    pub fn place_in_value(&self, at: usize) -> TextRange {
        let whole = self.value.range;
        let Some(written) = &self.written else {
            return whole;
        };
        let mut rest = written.as_str();
        let mut value_at = 0;
        while !rest.is_empty() {
            let (taken, length) = first_character(rest);
            if at < value_at + length {
                let before = written.len() - rest.len() + 1;
                let range = || {
                    let start = whole.start.checked_add(u32::try_from(before).ok()?)?;
                    let end = start.checked_add(u32::try_from(taken).ok()?)?;
                    Some(TextRange { start, end })
                };
                return range().unwrap_or(whole);
            }
            value_at += length;
            rest = rest.get(taken..).unwrap_or_default();
        }
        whole
    }
}

/// Returns the length in bytes of the first character as written, and of its value.
fn first_character(written: &str) -> (usize, usize) {
    let length = |text: &str| text.chars().next().map_or(1, char::len_utf8);
    let Some(escaped) = written.strip_prefix('\\') else {
        return (length(written), length(written));
    };
    if let Some(code) = escaped.strip_prefix("u{")
        && let Some((digits, _)) = code.split_once('}')
    {
        let value = u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32);
        return (digits.len() + 4, value.map_or(1, char::len_utf8));
    }
    (1 + length(escaped), length(escaped))
}

/// A string with interpolations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StringLit {
    /// Its text, with escapes resolved and common indent removed, and its interpolations.
    pub parts: Vec<StringPart>,
    /// True if it has triple quotes.
    pub multiline: bool,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum StringPart {
    /// Literal text.
    Text(String),
    /// `${expr}`
    Hole(Expr),
}

/// A query between backticks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryLit {
    /// The exact text between the backticks, including interpolations.
    pub text: SmolStr,
    /// The range of the text, without the backticks.
    pub text_range: TextRange,
    /// The interpolations in order. Their ranges include `${` and `}` and are relative to the item.
    pub holes: Vec<QueryHole>,
}

/// `${expr}` in a query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryHole {
    /// The range from `${` to `}`.
    pub range: TextRange,
    /// The expression to insert.
    pub expr: Expr,
}

impl QueryLit {
    /// Returns the text for the PromQL parser: each byte inside an interpolation is replaced by an underscore, so that positions do
    /// not change. `sum(${a.b})` becomes `sum(${___})`.
    pub fn masked(&self) -> String {
        let mut text = String::with_capacity(self.text.len());
        let mut at = 0;
        for hole in &self.holes {
            let start = (hole.range.start - self.text_range.start) as usize + 2;
            let end = (hole.range.end - self.text_range.start) as usize - 1;
            text.push_str(&self.text[at..start]);
            text.extend(std::iter::repeat_n('_', end - start));
            at = end;
        }
        text.push_str(&self.text[at..]);
        text
    }
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `not`
    Not,
    /// `-`
    Negate,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `in`: membership in a list
    In,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
}
