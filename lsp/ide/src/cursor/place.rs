//! What can be wanted at a cursor.

use nthc::schema::Ty;
use smol_str::SmolStr;

use super::statement::Unit;

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callee {
    /// A template of a kind, as a base.
    Base(SmolStr, Vec<SmolStr>),
    /// A function.
    Function(String),
}

/// Which kinds may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kinds {
    /// All that are no variants.
    All,
    /// All.
    Variants,
}

/// What is wanted at the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nothing that could be known.
    Nothing,
    /// A statement at the top of a file.
    Top,
    /// A statement of the innermost body.
    Body,
    /// One of these words.
    Keywords(&'static [&'static str]),
    /// The name of a module, after these words of it.
    ImportPath(Vec<String>),
    /// A name of a module, besides those that are named already.
    ImportNames(String, Vec<String>),
    /// A kind.
    Kinds(Kinds),
    /// The name of a block of that kind, in the innermost body.
    BlockName(SmolStr),
    /// A kind of which the bases have a block, to be taken out.
    RemovedKind,
    /// The name of a block of that kind that the bases have, to be taken out.
    RemovedName(SmolStr),
    /// A base for a block of that kind, after these words of its path.
    Base(SmolStr, Vec<SmolStr>),
    /// An environment.
    Environment,
    /// A type.
    Type,
    /// A value of that type.
    Value(Ty),
    /// A member of what these units are, where a value of that type is wanted.
    Member(Vec<Unit>, Ty),
    /// An argument of a call: the names that are given already, and the type of the first parameter where this can be it.
    Argument(Callee, Vec<String>, Option<Ty>),
    /// A label's name in braces, besides those that are there.
    LabelKey(Vec<String>),
    /// A number's unit.
    Unit(Ty),
    /// The text of a string of that type.
    Text(Ty),
    /// A query of that type, which that token opens.
    Query(usize, Ty),
}

/// A call around the cursor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallAt {
    /// What is called.
    pub callee: Callee,
    /// The arguments before the cursor, the last of which it stands in: the name, where one is given.
    pub arguments: Vec<Option<String>>,
    /// The names that are given anywhere in the call.
    pub named: Vec<String>,
}
