//! The index of an item, and its lookups by position.

use crate::db::{ItemKey, SourceFile, Span};
use crate::eval::value::{BlockRef, Value};
use crate::schema::Ty;
use nth_syntax::tree::TextRange;
use smol_str::SmolStr;

/// The definition that a name refers to. Two names with the same definition have equal values.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Definition {
    /// A module.
    Module(SourceFile),
    /// A top-level template, `let`, rule, enum or run-time function; also an `extend kind` by its name.
    Item(ItemKey),
    /// A block, top-level or nested.
    Block(BlockRef),
    /// The enclosing block, referred to by its kind: `service` in `service.tier`.
    Enclosing(BlockRef),
    /// A parameter, a `let` of a body, or a loop variable, by the place of its declaration.
    Local(Span),
    /// A kind.
    Kind(SmolStr),
    /// A field: the kind that declares it, then its name.
    Field(SmolStr, SmolStr),
    /// An enum.
    Enum(SmolStr),
    /// A member of an enum: the enum, then the member.
    Member(SmolStr, SmolStr),
    /// A run-time function.
    Function(SmolStr),
    /// A parameter of a run-time function: the function, then the parameter.
    FunctionParam(SmolStr, SmolStr),
    /// A function that is evaluated at compile time, or a text's placeholder for a value of the firing alert.
    CompileTime(SmolStr),
    /// A built-in type.
    Type(SmolStr),
}

/// A name in an item's text, with its definition.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedPlace {
    /// Its range, relative to the start of the item.
    pub range: TextRange,
    /// The definition that it refers to.
    pub meaning: Definition,
    /// True if this is the declaration. A block that overrides one of its base declares the name again.
    pub declares: bool,
}

/// An expression, with its expected type and its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypedPlace {
    /// Its range, relative to the start of the item. Empty if a value is missing.
    pub range: TextRange,
    /// The type that is expected at this place.
    pub expected: Ty,
    /// Its value, without an environment. In a loop, the value of the first iteration.
    pub value: Value,
}

/// A body of a block, with the fields and children of the complete block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BodyPlace {
    /// The range from `{` to `}`, relative to the start of the item. Empty for a block without braces.
    pub range: TextRange,
    /// The block; `None` in a rule.
    pub block: Option<BlockRef>,
    /// The block's kind.
    pub kind: SmolStr,
    /// The kind that defines its fields: its variant, or else its kind.
    pub variant: SmolStr,
    /// The fields that its bodies set, including those of its bases.
    pub set: Vec<SmolStr>,
    /// The kind and name of each child block, including those of its bases.
    pub children: Vec<(SmolStr, SmolStr)>,
}

/// A nested block and the occurrences of its name: in the bases that have it, in the bodies that override it, and in the
/// `without` that removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockNames {
    /// The block. A block in a loop has one name per iteration, all at the same place.
    pub block: BlockRef,
    /// The occurrences of its name, starting with its declaration.
    pub places: Vec<Span>,
}

/// Names, expressions and bodies of an item, for the editor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemIndex {
    /// The names, in text order.
    pub names: Vec<NamedPlace>,
    /// The expressions, in text order, outer before inner.
    pub values: Vec<TypedPlace>,
    /// The bodies, in text order, outer before inner.
    pub bodies: Vec<BodyPlace>,
    /// The named child blocks of the item's block, including those of its bases.
    pub blocks: Vec<BlockNames>,
}

impl ItemIndex {
    /// Returns where the name of a nested block is written, starting with its declaration.
    pub fn occurrences(&self, block: &BlockRef) -> &[Span] {
        let found = self.blocks.iter().find(|known| known.block == *block);
        found.map_or(&[], |known| &known.places)
    }

    /// Returns the name that contains `offset` or ends there.
    pub fn name_at(&self, offset: u32) -> Option<&NamedPlace> {
        self.names
            .iter()
            .filter(|name| name.range.start <= offset && offset <= name.range.end)
            // Between two adjacent names, prefer the one that begins at `offset`.
            .max_by_key(|name| (name.range.start, std::cmp::Reverse(name.range.end)))
    }

    /// Returns the innermost expression that contains `offset` or ends there.
    pub fn value_at(&self, offset: u32) -> Option<&TypedPlace> {
        self.values
            .iter()
            .filter(|value| value.range.start <= offset && offset <= value.range.end)
            .min_by_key(|value| (value.range.len(), std::cmp::Reverse(value.range.start)))
    }

    /// Returns the innermost body with `offset` between its braces.
    pub fn body_at(&self, offset: u32) -> Option<&BodyPlace> {
        self.bodies
            .iter()
            .filter(|body| body.range.start < offset && offset < body.range.end)
            .min_by_key(|body| body.range.len())
    }
}
