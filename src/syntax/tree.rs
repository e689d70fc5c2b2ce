//! The syntax tree of a `.nth` file.
//!
//! Every range inside an [`Item`] is relative to the start of that item, so that text that moves as a
//! whole gives an equal tree and nothing that was computed from it is computed again. Only
//! [`ParsedFile::items`] knows where an item stands.

mod expr;

use std::sync::Arc;

use smol_str::SmolStr;

pub use expr::{
    BinaryOp, Expr, ExprNode, LabelEntry, QueryHole, QueryLit, StringLit, StringPart, TimeOfDay,
    TimeOfWeek, UnaryOp,
};

/// A half-open range of bytes. Inside an [`Item`] it counts from the start of the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TextRange {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl TextRange {
    /// A range from `start` up to, not including, `end`.
    pub fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    /// The smallest range that holds both.
    pub fn cover(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The range moved right by `offset` bytes.
    pub fn shifted(self, offset: u32) -> Self {
        Self {
            start: self.start + offset,
            end: self.end + offset,
        }
    }

    /// How many bytes it spans.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether it spans nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A whole file. Parsing is total: whatever the text, there is one of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedFile {
    /// How many errors there are besides those that the items keep: a file is not gone through for more than a person reads.
    pub hidden: usize,
    /// The text of the `//!` comments at the top, without their marks.
    pub doc: Option<SmolStr>,
    /// The items in the order of the file, each with the byte where it starts.
    pub items: Vec<(u32, Arc<Item>)>,
}

/// One top-level thing: an import, a block, a declaration, or text that is none of these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// How many bytes of the file belong to it (from the start of its doc comment to its end).
    pub len: u32,
    /// What it is.
    pub node: ItemNode,
    /// What is malformed in it, in the order of the text. One mistake gives one entry.
    pub errors: Vec<SyntaxError>,
}

/// What a top-level item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemNode {
    /// `import a.b`, `import a.b.{x, y}`, `import a.b as c`
    Import(Import),
    /// `service checkout { … }`
    Block(Block),
    /// `template dependency postgresql(instance: string) { … }`
    Template(Template),
    /// `kind slo in service { … }` and `extend kind service { … }`
    Kind(KindDecl),
    /// `enum severity { page, ticket }`
    Enum(EnumDecl),
    /// `function budget(slo: slo) -> percent`: a value known only when the service runs.
    Function(FunctionDecl),
    /// `let name = expr`
    Let(Let),
    /// `rule name { … }`
    Rule(Rule),
    /// Text that is no item; its errors say why.
    Error,
}

/// A malformed place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    /// What is wrong.
    pub kind: SyntaxErrorKind,
    /// The smallest range that shows it.
    pub range: TextRange,
    /// Where the cause stands, if elsewhere (the `{` that is never closed).
    pub related: Option<TextRange>,
    /// The text found or wanted, where the message names it.
    pub detail: SmolStr,
    /// An edit that mends it, if there is one that is surely right.
    pub fix: Option<(TextRange, SmolStr)>,
}

/// The kinds of damage that the grammar knows, each with its own production.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// `objective = %%`
    BadValue,
    /// `objective =`
    MissingValue,
    /// `objective 99%`
    MissingEquals,
    /// `{ job =~ "web-.*" }`
    Matcher,
    /// `objec` alone on its line
    HalfTypedKey,
    /// `team = teams.`
    TrailingDot,
    /// `"never closed`
    OpenString,
    /// a `` ` `` without its second
    OpenQuery,
    /// a `{` without its `}`
    MissingBrace,
    /// a `}` without its `{`
    StrayBrace,
    /// a `)` or `]` that is missing
    MissingDelimiter,
    /// text where a block, field or item should stand
    Junk,
    /// a block without a name where its form needs one, e.g. `template` without name
    MissingName,
    /// a number with an unknown unit, or one that does not fit its type
    BadLiteral,
    /// an unknown escape in a string
    BadEscape,
    /// nested deeper than [`crate::MAX_DEPTH`]
    TooDeep,
    /// a doc comment that documents nothing
    StrayDoc,
    /// a file that is larger than [`nth_diagnostics::limits::FILE_BYTES`], or has more lines and commas than
    /// [`nth_diagnostics::limits::FILE_PARTS`], or more items than [`nth_diagnostics::limits::FILE_ITEMS`]; the detail says which and how much
    TooLarge,
}

/// A name as written.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Name {
    /// The name without quotes, escapes resolved.
    pub text: SmolStr,
    /// Where it stands, quotes included.
    pub range: TextRange,
    /// Whether it was written in quotes.
    pub quoted: bool,
}

/// A dotted path, `http.availability`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Path {
    /// At least one segment.
    pub segments: Vec<Name>,
    /// The whole path.
    pub range: TextRange,
}

/// `import a.b.{x, y}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The module.
    pub path: Path,
    /// The names in braces, if there are braces.
    pub names: Option<Vec<Name>>,
    /// The name after `as`.
    pub alias: Option<Name>,
    /// The whole import.
    pub range: TextRange,
}

/// `kind name : base { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The kind, `service`.
    pub kind: Name,
    /// The name; a kind of which there can be only one has none.
    pub name: Option<Name>,
    /// The parts of a quoted name that has holes (`alert "lag-${region}" { … }`).
    pub name_parts: Option<StringLit>,
    /// What follows the colon.
    pub base: Option<Base>,
    /// What stands in braces. A block may have a base and no braces.
    pub body: Body,
    /// From the kind to the closing brace.
    pub range: TextRange,
    /// Kind, name and base, without the body.
    pub head: TextRange,
}

/// `http.latency(under: 300ms)`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// The path of the template, block or kind.
    pub path: Path,
    /// The arguments; `None` without parentheses.
    pub args: Option<Vec<Arg>>,
    /// Path and arguments.
    pub range: TextRange,
}

/// An argument, `under: 300ms` or `300ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arg {
    /// The parameter's name, absent for a positional argument.
    pub name: Option<Name>,
    /// The value.
    pub value: Expr,
    /// Both.
    pub range: TextRange,
}

/// The statements between braces.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Body {
    /// The statements in order.
    pub statements: Vec<Statement>,
    /// From `{` to `}`; empty at the end of the head where there are no braces.
    pub range: TextRange,
}

/// A statement of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// `name = value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The field's name.
    pub name: Name,
    /// The value; [`ExprNode::Error`] where it is missing or bad.
    pub value: Expr,
    /// Name and value.
    pub range: TextRange,
}

/// `let name = value`
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct For {
    /// The loop variable.
    pub variable: Name,
    /// The list.
    pub list: Expr,
    /// Which elements to take.
    pub condition: Option<Expr>,
    /// What to repeat.
    pub body: Body,
    /// The whole statement.
    pub range: TextRange,
}

/// `if cond { … } else { … }`; `else if` nests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct If {
    /// The condition.
    pub condition: Expr,
    /// What to take where it holds.
    pub then: Body,
    /// What to take where it does not.
    pub otherwise: Option<Body>,
    /// The whole statement.
    pub range: TextRange,
}

/// `in staging { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct In {
    /// The environment.
    pub environment: Name,
    /// What holds there.
    pub body: Body,
    /// The whole statement.
    pub range: TextRange,
}

/// `without alert x`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Without {
    /// The kind.
    pub kind: Name,
    /// The name; absent for a kind of which there can be only one.
    pub name: Option<Name>,
    /// The parts of a quoted name that has holes.
    pub name_parts: Option<StringLit>,
    /// The whole statement.
    pub range: TextRange,
}

/// `require cond else "message"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require {
    /// What must hold.
    pub condition: Expr,
    /// What to say where it does not.
    pub message: Option<Expr>,
    /// The whole statement.
    pub range: TextRange,
}

/// `template kind name(params) : base { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The kind that it makes.
    pub kind: Name,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it is based on.
    pub base: Option<Base>,
    /// What it gives.
    pub body: Body,
    /// From `template` to the closing brace.
    pub range: TextRange,
    /// Everything before the body.
    pub head: TextRange,
}

/// `instance: string = "x"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Its default; without one an argument must be given.
    pub default: Option<Expr>,
    /// The whole parameter.
    pub range: TextRange,
}

/// `kind slo in service { … }`, `kind ratio : sli { … }`, `extend kind service { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KindDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Whether it starts with `extend`.
    pub extend: bool,
    /// The kind's name.
    pub name: Name,
    /// The kinds in whose bodies it may stand; empty for a top-level kind.
    pub parents: Vec<Name>,
    /// The kind that it is a variant of (`kind ratio : sli`).
    pub base: Option<Name>,
    /// Its fields.
    pub fields: Vec<FieldDecl>,
    /// The whole declaration.
    pub range: TextRange,
}

/// `objective: percent where 0% < it < 100%`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// The field's name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// What must hold of its value, written `it`.
    pub refinement: Option<Expr>,
    /// Its value where none is set.
    pub default: Option<Expr>,
    /// The whole declaration.
    pub range: TextRange,
}

/// `enum severity { page, ticket }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnumDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Its name.
    pub name: Name,
    /// Its members, each with its doc.
    pub members: Vec<(Name, Option<SmolStr>)>,
    /// The whole declaration.
    pub range: TextRange,
}

/// `function budget(slo: slo) -> percent`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionDecl {
    /// The `///` text before it.
    pub doc: Option<SmolStr>,
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub params: Vec<Param>,
    /// What it gives.
    pub result: TypeExpr,
    /// The whole declaration.
    pub range: TextRange,
}

/// `rule name { … }`
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// A type as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeExpr {
    /// What it is.
    pub node: TypeNode,
    /// Where it stands.
    pub range: TextRange,
}

/// What a written type is.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// No type could be read.
    Error,
}
