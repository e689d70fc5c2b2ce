//! The notes of an item, as they are asked.

use crate::db::{ItemKey, SourceFile, Span};
use crate::eval::value::{BlockRef, Value};
use crate::schema::Ty;
use nth_syntax::tree::TextRange;
use smol_str::SmolStr;

/// What a name stands for. Two names that stand for the same have equal meanings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Meaning {
    /// A module.
    Module(SourceFile),
    /// A top-level template, `let`, rule, enum or run-time function; also an `extend kind` by its name.
    Item(ItemKey),
    /// A block, be it a nested one. Its place is the item and the blocks on the way to it.
    Block(BlockRef),
    /// The block around it by its kind: `service` in `service.tier`.
    Enclosing(BlockRef),
    /// A parameter, a `let` of a body, or a loop's variable: where its name is declared.
    Local(Span),
    /// A kind.
    Kind(SmolStr),
    /// A field, with the kind that declares it.
    Field(SmolStr, SmolStr),
    /// An enum.
    Enum(SmolStr),
    /// A member of an enum.
    Member(SmolStr, SmolStr),
    /// A run-time function.
    Function(SmolStr),
    /// A parameter of a run-time function.
    FunctionParam(SmolStr, SmolStr),
    /// A function that is computed at compile time, or what a text shows when its alert fires.
    CompileTime(SmolStr),
    /// A type that is no kind's and no enum's.
    Type(SmolStr),
}

/// A name and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedPlace {
    /// Where it stands, from the start of the item.
    pub range: TextRange,
    /// What it stands for.
    pub meaning: Meaning,
    /// Whether this is where that gets its name. A block that amends one of its base's says its name anew.
    pub declares: bool,
}

/// An expression, what its place wants and what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedPlace {
    /// Where it stands, from the start of the item; empty where a value is missing.
    pub range: TextRange,
    /// The type that is wanted there.
    pub expected: Ty,
    /// Its value, in no environment. In a loop, that of the first round.
    pub value: Value,
}

/// A body of a block, and what the block has in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPlace {
    /// From `{` to `}`, from the start of the item; empty for a block without braces.
    pub range: TextRange,
    /// The block; `None` in a rule.
    pub block: Option<BlockRef>,
    /// The block's kind.
    pub kind: SmolStr,
    /// The kind whose fields it has: its variant, or else its kind.
    pub variant: SmolStr,
    /// The fields that its bodies set, its bases' among them.
    pub set: Vec<SmolStr>,
    /// The kinds and names of the blocks in it, its bases' among them.
    pub children: Vec<(SmolStr, SmolStr)>,
}

/// A block that stands in another, and where its name is written: in the bases that have it, where bodies amend it, and
/// where `without` removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockNames {
    /// The block. One that a loop makes has a name for each round, written in the same place.
    pub block: BlockRef,
    /// Where its name is written, first where it comes from.
    pub places: Vec<Span>,
}

/// What is noted of an item.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes {
    /// The names, in the order of the text.
    pub names: Vec<NamedPlace>,
    /// The expressions, in the order of the text, outer ones before inner ones.
    pub values: Vec<TypedPlace>,
    /// The bodies, in the order of the text, outer ones before inner ones.
    pub bodies: Vec<BodyPlace>,
    /// The named blocks in the item's block, its bases' among them.
    pub blocks: Vec<BlockNames>,
}

impl Notes {
    /// Where the name of a nested block is written, first where it comes from.
    pub fn places_of(&self, block: &BlockRef) -> &[Span] {
        let found = self.blocks.iter().find(|known| known.block == *block);
        found.map_or(&[], |known| &known.places)
    }

    /// The name that holds a byte, or that ends there.
    pub fn name_at(&self, offset: u32) -> Option<&NamedPlace> {
        self.names
            .iter()
            .filter(|name| name.range.start <= offset && offset <= name.range.end)
            // A byte between two names belongs to the one that begins there.
            .max_by_key(|name| (name.range.start, std::cmp::Reverse(name.range.end)))
    }

    /// The innermost expression that holds a byte, or that ends there.
    pub fn value_at(&self, offset: u32) -> Option<&TypedPlace> {
        self.values
            .iter()
            .filter(|value| value.range.start <= offset && offset <= value.range.end)
            .min_by_key(|value| (value.range.len(), std::cmp::Reverse(value.range.start)))
    }

    /// The innermost body that holds a byte between its braces.
    pub fn body_at(&self, offset: u32) -> Option<&BodyPlace> {
        self.bodies
            .iter()
            .filter(|body| body.range.start < offset && offset < body.range.end)
            .min_by_key(|body| body.range.len())
    }
}
