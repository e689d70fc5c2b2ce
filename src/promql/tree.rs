//! The tree of a PromQL expression, with spans.
//!
//! Numbers and durations keep the text they were written with, so that printing gives back what the
//! author meant and nothing passes through a float.

use smol_str::SmolStr;

/// A half-open range of bytes in the query's text. Nodes made by the compiler have an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// A PromQL expression.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Expr {
    /// What it is.
    pub node: Node,
    /// Where it stands.
    pub span: Span,
}

/// What a PromQL expression is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// `0.5`, `1e3`, `0xff`, `Inf`, `NaN`, as written. A duration used as a number (`5m`) too.
    Number(SmolStr),
    /// `"text"`
    String(StringLit),
    /// `http_requests_total{code=~"5.."} offset 5m @ start()`
    Selector(Selector),
    /// `x[5m]`; the inner expression is a selector (or a hole that will be one).
    Range(Box<Expr>, Duration),
    /// `x[1h:5m] offset 5m`
    Subquery(Box<Subquery>),
    /// `rate(x[5m])`
    Call(Call),
    /// `sum by (job) (x)`
    Aggregate(Box<Aggregate>),
    /// `a / on (job) group_left b`
    Binary(Box<Binary>),
    /// `-x`, `+x`
    Unary(UnaryOp, Box<Expr>),
    /// `(x)`
    Paren(Box<Expr>),
    /// `${…}`: the hole's number, counted from 0 in the order of the text.
    Hole(usize),
    /// `${…} offset 5m`: a hole that will be a selector, with modifiers for it. In `${…}[5m] offset 5m` it is
    /// the inner expression of the [`Node::Range`], as a selector would be. Nothing but a hole is in it.
    Modified(Box<Expr>, Modifiers),
}

/// A quoted string. Its value is in parts because it may hold holes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StringLit {
    /// Text with escapes resolved, and holes.
    pub parts: Vec<StringPart>,
    /// Where it stands, quotes included.
    pub span: Span,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StringPart {
    /// Literal text.
    Text(String),
    /// A byte that is no part of valid UTF-8, written `\xff`. PromQL allows it.
    Byte(u8),
    /// A hole.
    Hole(usize),
}

/// A vector selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    /// The metric's name, where one was written before or inside the braces.
    pub metric: Option<MetricName>,
    /// The matchers in braces, the metric's name excluded.
    pub matchers: Vec<Matcher>,
    /// `offset`, `@` and the like.
    pub modifiers: Modifiers,
}

/// The name of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetricName {
    /// The name.
    pub text: SmolStr,
    /// Where it stands.
    pub span: Span,
}

/// `offset`, `@`, `anchored` and `smoothed`, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Modifiers {
    /// `offset -5m`
    pub offset: Option<Offset>,
    /// `@ 1609746000`, `@ start()`, `@ end()`
    pub at: Option<At>,
    /// `anchored` or `smoothed` (experimental).
    pub extended: Option<Extended>,
}

impl Modifiers {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How a range takes in the samples at its edges. Experimental in Prometheus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Extended {
    /// `anchored`: the last sample before the range counts as its start.
    Anchored,
    /// `smoothed`: the values at both edges are interpolated.
    Smoothed,
}

/// `offset 5m`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Offset {
    /// Whether it looks into the future.
    pub negative: bool,
    /// How far.
    pub duration: Duration,
}

/// `@ …`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum At {
    /// A Unix time, as written.
    Time(SmolStr),
    /// `start()`
    Start,
    /// `end()`
    End,
}

/// `code=~"5.."`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Matcher {
    /// The label's name.
    pub label: SmolStr,
    /// Where the label's name stands.
    pub label_span: Span,
    /// The operator.
    pub op: MatchOp,
    /// The value.
    pub value: StringLit,
}

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`
    Matches,
    /// `!~`
    NotMatches,
}

/// The length of a range, step or offset.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Duration {
    /// What it is.
    pub node: DurationNode,
    /// Where it stands.
    pub span: Span,
}

/// What a duration is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DurationNode {
    /// `1h30m`, or a number of seconds, as written.
    Literal(SmolStr),
    /// `$window`
    Window,
    /// `${…}`
    Hole(usize),
    /// `(5m)`
    Paren(Box<Duration>),
    /// `-5m` (experimental, but for offsets)
    Unary(UnaryOp, Box<Duration>),
    /// `5m + 1m`; the operator is arithmetic, never `atan2` (experimental)
    Binary(BinaryOp, Box<Duration>, Box<Duration>),
    /// `step()`, `range()`, `max_of(5m, step())`, `min_of(…)`; the name in lower case (experimental)
    Call(SmolStr, Vec<Duration>),
}

/// `x[1h:5m]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subquery {
    /// What is evaluated at each step.
    pub expr: Expr,
    /// Over how long.
    pub range: Duration,
    /// How often; the global evaluation interval where absent.
    pub step: Option<Duration>,
    /// `offset` and `@`
    pub modifiers: Modifiers,
}

/// `rate(x[5m])`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// The function's name.
    pub function: SmolStr,
    /// Where the name stands.
    pub function_span: Span,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// `topk by (job) (3, x)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// The operator's name in lower case, `sum`.
    pub op: SmolStr,
    /// Where the name stands.
    pub op_span: Span,
    /// `by` or `without`
    pub grouping: Option<Grouping>,
    /// The first argument of `topk`, `quantile`, `count_values` …
    pub param: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
}

/// `by (job, instance)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// Whether it is `without`.
    pub without: bool,
    /// The labels.
    pub labels: Vec<Label>,
}

/// A label's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The name.
    pub name: SmolStr,
    /// Where it stands.
    pub span: Span,
}

/// `a / on (job) group_left (team) b`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// Where the operator stands.
    pub op_span: Span,
    /// The left operand.
    pub left: Expr,
    /// The right operand.
    pub right: Expr,
    /// `bool`, after a comparison
    pub return_bool: bool,
    /// `on` or `ignoring`, with `group_left` or `group_right`
    pub matching: Option<Matching>,
    /// `fill`, `fill_left` and `fill_right` (experimental)
    pub fill: Fill,
}

/// The values that stand for series missing on a side: `fill (0)` sets both. Numbers as written, sign included.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Fill {
    /// For the left side.
    pub left: Option<SmolStr>,
    /// For the right side.
    pub right: Option<SmolStr>,
}

/// How the two sides of a binary operator are matched.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Matching {
    /// Whether it is `on`; otherwise `ignoring`.
    pub on: bool,
    /// The labels.
    pub labels: Vec<Label>,
    /// `group_left` or `group_right`
    pub group: Option<Group>,
}

/// `group_left (team)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// Whether it is `group_left`.
    pub left: bool,
    /// The labels taken from the side of which there is one.
    pub labels: Vec<Label>,
}

/// An operator with one operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `-`
    Minus,
    /// `+`
    Plus,
}

/// An operator with two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `unless`
    Unless,
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
    /// `</`: drops a native histogram's observations above a value
    TrimUpper,
    /// `>/`: drops a native histogram's observations below a value
    TrimLower,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `%`
    Modulo,
    /// `^`
    Power,
    /// `atan2`
    Atan2,
}

impl Span {
    /// The range from one byte to another.
    pub fn new(start: usize, end: usize) -> Self {
        // A query longer than 4 GiB is refused before anything is read, so nothing is cut off here.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest range that has both in it.
    pub fn cover(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The range for slicing a text.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Expr {
    /// An expression that the compiler makes: it stands nowhere.
    pub fn new(node: Node) -> Self {
        Self {
            node,
            span: Span::default(),
        }
    }

    /// The expression inside any parentheses.
    pub fn unparenthesised(&self) -> &Self {
        let mut expr = self;
        while let Node::Paren(inner) = &expr.node {
            expr = inner;
        }
        expr
    }
}

impl StringLit {
    /// A string that the compiler makes.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let parts = if text.is_empty() {
            Vec::new()
        } else {
            vec![StringPart::Text(text)]
        };
        Self {
            parts,
            span: Span::default(),
        }
    }

    /// The text, where it has no hole and is valid UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [StringPart::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl BinaryOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Or => "or",
            Self::And => "and",
            Self::Unless => "unless",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::TrimUpper => "</",
            Self::TrimLower => ">/",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::Power => "^",
            Self::Atan2 => "atan2",
        }
    }

    /// How tightly it binds, from 1 for `or` to 6 for `^`. A sign binds like `*`.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual
            | Self::TrimUpper
            | Self::TrimLower => 3,
            Self::Add | Self::Subtract => 4,
            Self::Multiply | Self::Divide | Self::Modulo | Self::Atan2 => 5,
            Self::Power => 6,
        }
    }

    /// Whether `a op b op c` is `a op (b op c)`.
    pub fn is_right_associative(self) -> bool {
        self == Self::Power
    }

    /// Whether it compares: `==`, `!=`, `<`, `<=`, `>`, `>=`.
    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Less
                | Self::LessOrEqual
                | Self::Greater
                | Self::GreaterOrEqual
        )
    }

    /// The comparison that holds of two numbers where this one does not; `None` where it compares nothing.
    pub fn negated(self) -> Option<Self> {
        Some(match self {
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Greater => Self::LessOrEqual,
            Self::GreaterOrEqual => Self::Less,
            _ => return None,
        })
    }

    /// Whether it is `and`, `or` or `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

impl MatchOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }

    /// Whether the value is a regular expression.
    pub fn is_regex(self) -> bool {
        matches!(self, Self::Matches | Self::NotMatches)
    }
}

impl UnaryOp {
    /// The operator as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minus => "-",
            Self::Plus => "+",
        }
    }
}

impl Duration {
    /// A duration that the compiler makes: `5m`.
    pub fn literal(text: impl Into<SmolStr>) -> Self {
        Self {
            node: DurationNode::Literal(text.into()),
            span: Span::default(),
        }
    }

    /// `$window`
    pub fn window() -> Self {
        Self {
            node: DurationNode::Window,
            span: Span::default(),
        }
    }
}
