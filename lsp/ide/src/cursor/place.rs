//! The kinds of text that can be expected at a cursor.

use nthc::schema::Ty;
use smol_str::SmolStr;

use super::statement::Unit;

/// A template or function that is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// A template of a kind, as a base.
    Base(SmolStr, Vec<SmolStr>),
    /// A function.
    Function(String),
}

/// A selection of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// All kinds except variants.
    All,
    /// All kinds.
    Variants,
}

/// The kind of text that is expected at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Unknown.
    Nothing,
    /// A statement at the top of a file.
    Top,
    /// A statement of the innermost body.
    Body,
    /// One of these words.
    Keywords(&'static [&'static str]),
    /// The name of a module, after these parts of it.
    ImportPath(Vec<String>),
    /// A name from a module, in addition to the names already listed.
    ImportNames(String, Vec<String>),
    /// A kind.
    Kinds(Kinds),
    /// The name of a block of this kind, in the innermost body.
    BlockName(SmolStr),
    /// After `without`: a kind of a block in the bases.
    RemovedKind,
    /// After `without` and this kind: the name of a block in the bases.
    RemovedName(SmolStr),
    /// A base for a block of this kind, after these parts of its path.
    Base(SmolStr, Vec<SmolStr>),
    /// An environment.
    Environment,
    /// A type.
    Type,
    /// A value of this type.
    Value(Ty),
    /// A member of the expression in these units, where a value of this type is expected.
    Member(Vec<Unit>, Ty),
    /// An argument: the call, the names already given, and the type of the first parameter if the argument can be
    /// positional.
    Argument(Callee, Vec<String>, Option<Ty>),
    /// A label name in braces, in addition to those already there.
    LabelKey(Vec<String>),
    /// The unit of a number of this type.
    Unit(Ty),
    /// The text of a string of this type.
    Text(Ty),
    /// A query of this type, which starts at this token.
    Query(usize, Ty),
}

/// A call around the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAt {
    /// The template or function.
    pub callee: Callee,
    /// The arguments up to the one at the cursor: their names, `None` for positional ones.
    pub arguments: Vec<Option<String>>,
    /// The names given anywhere in the call.
    pub named: Vec<String>,
}
