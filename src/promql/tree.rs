//! The tree of a PromQL expression, with spans.
//!
//! Numbers and durations keep their source text, so that printing is exact and nothing is rounded to a float.

use smol_str::SmolStr;

/// A half-open range of bytes in the query's text. Nodes that the compiler creates have an empty one.
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
    /// The kind of expression.
    pub node: Node,
    /// Its place in the text.
    pub span: Span,
}

/// The kinds of PromQL expressions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Node {
    /// `0.5`, `1e3`, `0xff`, `Inf`, `NaN`, as written; also a duration used as a number, `5m`.
    Number(SmolStr),
    /// `"text"`
    String(StringLit),
    /// `http_requests_total{code=~"5.."} offset 5m @ start()`
    Selector(Selector),
    /// `x[5m]`; the inner expression is a selector, or a hole for one.
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
    /// `${…}`: the hole's number, counted from 0 in text order.
    Hole(usize),
    /// `${…} offset 5m`: a hole for a selector, with modifiers. In `${…}[5m] offset 5m`, it is the inner expression of the
    /// [`Node::Range`], like a selector. It contains only holes.
    Modified(Box<Expr>, Modifiers),
}

/// A quoted string. Its value has parts, because it may contain holes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StringLit {
    /// Its text, with escapes resolved, and its holes.
    pub parts: Vec<StringPart>,
    /// Its place in the text, including the quotes.
    pub span: Span,
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StringPart {
    /// Literal text.
    Text(SmolStr),
    /// A byte that is not valid UTF-8, written `\xff`. PromQL allows it.
    Byte(u8),
    /// A hole.
    Hole(usize),
}

/// A vector selector.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    /// The metric's name, before or inside the braces; `None` if there is none.
    pub metric: Option<MetricName>,
    /// The matchers in braces, without the metric's name.
    pub matchers: Vec<Matcher>,
    /// `offset`, `@` and other modifiers.
    pub modifiers: Modifiers,
}

/// The name of a metric.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MetricName {
    /// The name.
    pub text: SmolStr,
    /// Its place in the text.
    pub span: Span,
}

/// `offset`, `@`, `anchored` and `smoothed`, in any order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Modifiers {
    /// `offset -5m`
    pub offset: Option<Box<Offset>>,
    /// `@ 1609746000`, `@ start()`, `@ end()`
    pub at: Option<At>,
    /// `anchored` or `smoothed` (experimental).
    pub extended: Option<Extended>,
}

impl Modifiers {
    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The treatment of samples at the edges of a range. Experimental in Prometheus.
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
    /// True if it shifts into the future.
    pub negative: bool,
    /// The shift.
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
    /// The place of the label's name.
    pub label_span: Span,
    /// The operator.
    pub op: MatchOp,
    /// The value.
    pub value: StringLit,
}

/// The operator of a matcher.
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
    /// The kind of duration.
    pub node: DurationNode,
    /// Its place in the text.
    pub span: Span,
}

/// The kinds of durations.
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
    /// `-5m` (experimental, except in offsets)
    Unary(UnaryOp, Box<Duration>),
    /// `5m + 1m`; the operator is arithmetic, never `atan2` (experimental)
    Binary(BinaryOp, Box<Duration>, Box<Duration>),
    /// `step()`, `range()`, `max_of(5m, step())`, `min_of(…)`; the name in lower case (experimental)
    Call(SmolStr, Vec<Duration>),
}

/// `x[1h:5m]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Subquery {
    /// The expression to evaluate at each step.
    pub expr: Expr,
    /// The length of the range.
    pub range: Duration,
    /// The step. Default: the global evaluation interval.
    pub step: Option<Duration>,
    /// `offset` and `@`
    pub modifiers: Modifiers,
}

/// `rate(x[5m])`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Call {
    /// The function's name.
    pub function: SmolStr,
    /// The place of the name.
    pub function_span: Span,
    /// Its arguments.
    pub args: Vec<Expr>,
}

/// `topk by (job) (3, x)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Aggregate {
    /// The operator's name in lower case, `sum`.
    pub op: SmolStr,
    /// The place of the name.
    pub op_span: Span,
    /// `by` or `without`
    pub grouping: Option<Grouping>,
    /// The first argument of operators such as `topk`, `quantile` and `count_values`.
    pub param: Option<Expr>,
    /// The aggregated expression.
    pub expr: Expr,
}

/// `by (job, instance)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Grouping {
    /// True for `without`, false for `by`.
    pub without: bool,
    /// The labels.
    pub labels: Vec<Label>,
}

/// A label's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Label {
    /// The name.
    pub name: SmolStr,
    /// Its place in the text.
    pub span: Span,
}

/// `a / on (job) group_left (team) b`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// The place of the operator.
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

/// The values to use for missing series on each side: `fill (0)` sets both. Numbers as written, including the sign.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Fill {
    /// For the left side.
    pub left: Option<SmolStr>,
    /// For the right side.
    pub right: Option<SmolStr>,
}

/// The vector matching of a binary operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Matching {
    /// True for `on`, false for `ignoring`.
    pub on: bool,
    /// The labels.
    pub labels: Vec<Label>,
    /// `group_left` or `group_right`
    pub group: Option<Group>,
}

/// `group_left (team)`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Group {
    /// True for `group_left`, false for `group_right`.
    pub left: bool,
    /// The labels to copy from the "one" side.
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
    /// Creates the range from `start` to `end`, exclusive.
    pub fn new(start: usize, end: usize) -> Self {
        // A query longer than 4 GiB is rejected before parsing, so nothing is truncated here.
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// Returns the smallest range that contains both.
    pub fn cover(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// Returns the range as indices for slicing.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

impl Expr {
    /// Creates an expression without a place in a text.
    pub fn new(node: Node) -> Self {
        Self {
            node,
            span: Span::default(),
        }
    }

    /// Returns the expression inside any parentheses.
    pub fn unparenthesised(&self) -> &Self {
        let mut expr = self;
        while let Node::Paren(inner) = &expr.node {
            expr = inner;
        }
        expr
    }
}

impl StringLit {
    /// Creates a string without a place in a text.
    pub fn new(text: impl Into<SmolStr>) -> Self {
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

    /// Returns the text; `None` if it has holes or is not valid UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [StringPart::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl BinaryOp {
    /// Returns the operator's source text.
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

    /// Returns the precedence, from 1 for `or` to 6 for `^`. A sign has that of `*`.
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

    /// True if `a op b op c` is `a op (b op c)`.
    pub fn is_right_associative(self) -> bool {
        self == Self::Power
    }

    /// True for a comparison: `==`, `!=`, `<`, `<=`, `>`, `>=`.
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

    /// Returns the negated comparison of two numbers; `None` if it is not a comparison.
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

    /// Returns the comparison with its sides swapped: `5 < x` is `x > 5`. Other operators stay as they are.
    pub fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            other => other,
        }
    }

    /// True for `and`, `or` and `unless`.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

impl MatchOp {
    /// Returns the operator's source text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Matches => "=~",
            Self::NotMatches => "!~",
        }
    }

    /// True if the value is a regular expression.
    pub fn is_regex(self) -> bool {
        matches!(self, Self::Matches | Self::NotMatches)
    }
}

impl UnaryOp {
    /// Returns the operator's source text.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Minus => "-",
            Self::Plus => "+",
        }
    }
}

impl Duration {
    /// Creates a literal duration, such as `5m`, without a place in a text.
    pub fn literal(text: impl Into<SmolStr>) -> Self {
        Self {
            node: DurationNode::Literal(text.into()),
            span: Span::default(),
        }
    }

    /// Creates the duration `$window`, without a place in a text.
    pub fn window() -> Self {
        Self {
            node: DurationNode::Window,
            span: Span::default(),
        }
    }
}
