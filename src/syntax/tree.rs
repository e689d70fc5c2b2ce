//! The syntax tree of a `.nth` file.
//!
//! Every range inside an [`Item`] is relative to the start of that item. So an item that only moves has an equal tree, and
//! nothing derived from it is recomputed. Only [`ParsedFile::items`] has the place of an item.

mod expr;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

pub use expr::{
    BinaryOp, Expr, ExprNode, LabelEntry, LabelOp, QueryHole, QueryLit, StringLit, StringPart,
    TimeOfDay, TimeOfWeek, UnaryOp,
};

/// A half-open range of bytes. Inside an [`Item`], it is relative to the start of the item.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
pub struct TextRange {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl TextRange {
    /// Creates the range from `start` to `end`, exclusive.
    pub fn new(start: usize, end: usize) -> Self {
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

    /// Returns the range shifted right by `offset` bytes.
    pub fn shifted(self, offset: u32) -> Self {
        Self {
            start: self.start + offset,
            end: self.end + offset,
        }
    }

    /// Returns the length in bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// True if it is empty.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A parsed file. Parsing is total: every text has a tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParsedFile {
    /// The number of errors in addition to those of the items, whose number is limited.
    pub hidden: usize,
    /// The text of the `//!` comments at the top, without the comment marks.
    pub doc: Option<SmolStr>,
    /// The items in text order, each with the byte offset of its start.
    pub items: Vec<(u32, Arc<Item>)>,
    /// The number of items before the first part of an unclosed one, which reaches to the end of the text and is split.
    pub unsplit: usize,
}

/// A top-level item: an import, a block, a declaration, or other text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its length in bytes, from the start of its doc comment to its end.
    pub len: u32,
    /// The kind of item.
    pub node: ItemNode,
    /// Its syntax errors, in text order, one per mistake.
    pub errors: Vec<SyntaxError>,
    /// The loops around it, the outermost first, for a block that a `for` at the top level generates.
    pub turns: Vec<Turn>,
}

/// An iteration of a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The loop variable, with its range in the item of the loop.
    pub variable: Name,
    /// The element, a literal.
    pub value: Expr,
}

/// The kinds of top-level items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ItemNode {
    /// `import a.b`, `import a.b.{x, y}`, `import a.b as c`
    Import(Import),
    /// `service checkout { … }`
    Block(Block),
    /// `template dependency postgresql(instance: string) { … }`
    Template(Template),
    /// `kind slo in service { … }` and `extend kind service { … }`
    Kind(KindDecl),
    /// `enum severity { page, ticket }` and `extend enum service-type { training }`
    Enum(EnumDecl),
    /// `function budget(slo: slo) -> percent`: a value that is only known at run time.
    Function(FunctionDecl),
    /// `let name = expr`
    Let(Let),
    /// `rule name { … }`
    Rule(Rule),
    /// `for x in list { … }` over blocks
    For(For),
    /// Text that is not a valid item, with errors.
    Error,
}

/// A syntax error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyntaxError {
    /// The kind of error.
    pub kind: SyntaxErrorKind,
    /// The smallest range that shows it.
    pub range: TextRange,
    /// The place of the cause, if it is elsewhere, such as an unclosed `{`.
    pub related: Option<TextRange>,
    /// The found or expected text, if the message contains it.
    pub detail: SmolStr,
    /// An edit that fixes it, if one is certainly correct.
    pub fix: Option<(TextRange, SmolStr)>,
}

/// The kinds of syntax errors. Most have their own production in the grammar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SyntaxErrorKind {
    /// `objective = %%`
    BadValue,
    /// `objective =`
    MissingValue,
    /// `objective 99%`
    MissingEquals,
    /// `{ job == "web" }`
    TwoEquals,
    /// `objec` alone on its line
    HalfTypedKey,
    /// `team = teams.`
    TrailingDot,
    /// `"never closed`
    OpenString,
    /// a `` ` `` without a closing one
    OpenQuery,
    /// a `{` without its `}`
    MissingBrace,
    /// a `}` without its `{`
    StrayBrace,
    /// a `)` or `]` that is missing
    MissingDelimiter,
    /// text where a block, field or item is expected
    Junk,
    /// a missing name, for example after `template`
    MissingName,
    /// a number with an unknown unit, or one that does not fit its type
    BadLiteral,
    /// an unknown escape in a string
    BadEscape,
    /// nested deeper than [`crate::MAX_DEPTH`]
    TooDeep,
    /// a doc comment that is not attached to anything
    StrayDoc,
    /// a file that exceeds [`nth_diagnostics::limits::FILE_BYTES`], [`nth_diagnostics::limits::FILE_PARTS`] in lines and commas, or
    /// [`nth_diagnostics::limits::FILE_ITEMS`]; the detail has the limit and the actual number
    TooLarge,
}

/// A name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Name {
    /// The name without quotes, with escapes resolved.
    pub text: SmolStr,
    /// Its range, including quotes.
    pub range: TextRange,
    /// True if it is quoted.
    pub quoted: bool,
}

/// A dotted path, `http.availability`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Path {
    /// At least one segment.
    pub segments: Vec<Name>,
    /// The whole path.
    pub range: TextRange,
}

/// `import a.b.{x, y}`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Import {
    /// The module.
    pub path: Path,
    /// The names in braces; `None` without braces.
    pub names: Option<Vec<Name>>,
    /// The name after `as`; `None` without one.
    pub alias: Option<Name>,
    /// The whole import.
    pub range: TextRange,
}

/// `kind name : base { … }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The kind, `service`.
    pub kind: Name,
    /// The name; `None` for a kind whose blocks have no name.
    pub name: Option<Name>,
    /// The parts of a quoted name with interpolations (`alert "lag-${region}" { … }`).
    pub name_parts: Option<StringLit>,
    /// The base after the colon.
    pub base: Option<Base>,
    /// The body in braces. A block with a base may have no braces.
    pub body: Body,
    /// From the kind to the closing brace.
    pub range: TextRange,
    /// Kind, name and base, without the body.
    pub head: TextRange,
}

/// `http.latency(under: 300ms)`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// The path of the template, block or kind.
    pub path: Path,
    /// The arguments; `None` without parentheses.
    pub args: Option<Vec<Arg>>,
    /// Path and arguments.
    pub range: TextRange,
}

/// An argument, `under: 300ms` or `300ms`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arg {
    /// The parameter's name; `None` for a positional argument.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// Both.
    pub range: TextRange,
}

/// The statements between braces.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Body {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// The range from `{` to `}`; empty at the end of the head without braces.
    pub range: TextRange,
}

/// A statement of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Statement {
    /// `objective = 99.9%`
    Field(Field),
    /// a nested block
    Block(Block),
    /// `let name = expr`
    Let(Let),
    /// `for x in list where cond { … }`
    For(For),
    /// `if cond { … } else { … }`
    If(If),
    /// `in staging { … }`
    In(In),
    /// `without alert x`
    Without(Without),
    /// `require cond else "message"`, in a rule
    Require(Require),
}

impl Statement {
    /// The range of the statement, without its doc comment.
    pub fn range(&self) -> TextRange {
        match self {
            Self::Field(field) => field.range,
            Self::Block(block) => block.range,
            Self::Let(decl) => decl.range,
            Self::For(repeat) => repeat.range,
            Self::If(choice) => choice.range,
            Self::In(inner) => inner.range,
            Self::Without(without) => without.range,
            Self::Require(require) => require.range,
        }
    }
}

/// `name = value`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The field's name.
    pub name: Name,
    /// The value; [`ExprNode::Error`] if it is missing or invalid.
    pub value: Expr,
    /// Name and value.
    pub range: TextRange,
}

/// `let name = value`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Let {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The new name.
    pub name: Name,
    /// The value.
    pub value: Expr,
    /// The whole statement.
    pub range: TextRange,
}

/// `for x in list where cond { … }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct For {
    /// The loop variable.
    pub variable: Name,
    /// The list.
    pub list: Expr,
    /// The condition of elements to include.
    pub condition: Option<Expr>,
    /// The body of the loop.
    pub body: Body,
    /// The whole statement.
    pub range: TextRange,
}

/// `if cond { … } else { … }`; `else if` nests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// The body if the condition is true.
    pub then: Body,
    /// The body if it is false.
    pub otherwise: Option<Body>,
    /// The whole statement.
    pub range: TextRange,
}

/// `in staging { … }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct In {
    /// The environment.
    pub environment: Name,
    /// The statements for that environment.
    pub body: Body,
    /// The whole statement.
    pub range: TextRange,
}

/// `without alert x`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Without {
    /// The kind.
    pub kind: Name,
    /// The name; `None` for a kind whose blocks have no name.
    pub name: Option<Name>,
    /// The parts of a quoted name with interpolations.
    pub name_parts: Option<StringLit>,
    /// The whole statement.
    pub range: TextRange,
}

/// `require cond else "message"`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Require {
    /// The required condition.
    pub condition: Expr,
    /// The message if it is false.
    pub message: Option<Expr>,
    /// The whole statement.
    pub range: TextRange,
}

/// `template kind name(params) : base { … }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Template {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The kind of its blocks.
    pub kind: Name,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// Its base.
    pub base: Option<Base>,
    /// Its body.
    pub body: Body,
    /// From `template` to the closing brace.
    pub range: TextRange,
    /// Everything before the body.
    pub head: TextRange,
}

/// `instance: string = "x"`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default; `None` if an argument is required.
    pub default: Option<Expr>,
    /// The whole parameter.
    pub range: TextRange,
}

/// `kind slo in service { … }`, `kind ratio : sli { … }`, `extend kind service { … }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// True for `extend kind`.
    pub extend: bool,
    /// The kind's name.
    pub name: Name,
    /// The kinds whose bodies may contain it; empty for a top-level kind.
    pub parents: Vec<Name>,
    /// The kind that it is a variant of (`kind ratio : sli`).
    pub base: Option<Name>,
    /// Its fields.
    pub fields: Vec<FieldDecl>,
    /// The whole declaration.
    pub range: TextRange,
}

/// `objective: percent where 0% < it < 100%`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The field's name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// The condition for its value, which is written `it`.
    pub refinement: Option<Expr>,
    /// Its default; `None` if it has none.
    pub default: Option<Expr>,
    /// The whole declaration.
    pub range: TextRange,
}

/// `enum severity { page, ticket }`, `extend enum service-type { training }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnumDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// True for `extend enum`.
    pub extend: bool,
    /// Its name.
    pub name: Name,
    /// Its members, each with its doc.
    pub members: Vec<(Name, Option<SmolStr>)>,
    /// The whole declaration.
    pub range: TextRange,
}

/// `function budget(slo: slo) -> percent`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FunctionDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// The type of its result.
    pub result: TypeExpr,
    /// The whole declaration.
    pub range: TextRange,
}

/// `rule name { … }`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Its name.
    pub name: Name,
    /// `let`, `for`, `if` and `require` statements.
    pub body: Body,
    /// The whole rule.
    pub range: TextRange,
}

/// A type expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeExpr {
    /// The kind of type expression.
    pub node: TypeNode,
    /// Its range.
    pub range: TextRange,
}

/// The kinds of type expressions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeNode {
    /// `percent`, `slo`
    Name(Name),
    /// `string?`
    Optional(Box<TypeExpr>),
    /// `list<string>`
    List(Box<TypeExpr>),
    /// `selector | windowed`
    Union(Vec<TypeExpr>),
    /// `one sli`: exactly one nested block of that kind; `one sli?` at most one.
    One(Name),
    /// Not a valid type.
    Error,
}
