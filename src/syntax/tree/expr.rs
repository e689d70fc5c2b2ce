//! Expressions, and the literals in them.

use rust_decimal::Decimal;
use smol_str::SmolStr;

use super::{Arg, Name, TextRange};

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub node: ExprNode,
    /// Where it stands.
    pub range: TextRange,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprNode {
    /// `true`
    Bool(bool),
    /// `42`, `0.5`
    Number(Decimal),
    /// `99.95%`, kept as written: 99.95
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
    /// Missing or malformed; an error was reported.
    Error,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfDay {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// A day and a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TimeOfWeek {
    /// 0 is Monday.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
}

/// One entry of a label set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelEntry {
    /// The label's name.
    pub name: Name,
    /// Its value.
    pub value: Expr,
}

/// A string with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StringLit {
    /// Text, with escapes resolved and the common indent taken away, and holes.
    pub parts: Vec<StringPart>,
    /// Whether it was written with three quotes.
    pub multiline: bool,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StringPart {
    /// Literal text.
    Text(String),
    /// `${expr}`
    Hole(Expr),
}

/// A query between backticks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryLit {
    /// Exactly the text between the backticks, holes included.
    pub text: SmolStr,
    /// Where that text stands (without the backticks).
    pub text_range: TextRange,
    /// The holes in order; their ranges hold `${` and `}` and are relative to the item, like all.
    pub holes: Vec<QueryHole>,
}

/// `${expr}` in a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryHole {
    /// From `${` to `}`.
    pub range: TextRange,
    /// What is to be put there.
    pub expr: Expr,
}

impl QueryLit {
    /// The text with the inside of each hole replaced by underscores, byte for byte, so that positions
    /// stay: `sum(${a.b})` becomes `sum(${___})`. This is what the PromQL parser reads.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `not`
    Not,
    /// `-`
    Negate,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// `in`: membership of a list
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
